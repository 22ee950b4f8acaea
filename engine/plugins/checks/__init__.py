"""Built-in checks, one a file. Floor: 4."""
