"""Built-in functions, one a file. Floor: 4."""
