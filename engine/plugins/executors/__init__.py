"""Built-in executors, one a file. Floor: 4."""
