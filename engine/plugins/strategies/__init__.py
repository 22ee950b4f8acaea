"""Built-in strategies, one a file. Floor: 4."""
