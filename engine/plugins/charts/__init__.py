"""Built-in charts, one a file. Floor: 4."""
