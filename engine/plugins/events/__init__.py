"""Built-in events, one a file. Floor: 4."""
