"""Built-in field types, one a file. Floor: 4."""
