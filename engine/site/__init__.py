"""One company's site in operation: where load, store and runtime are joined. Floor: 6."""
