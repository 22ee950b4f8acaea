"""Built-in steps, one a file. Floor: 4."""
