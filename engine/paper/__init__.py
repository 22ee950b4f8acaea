"""Documents made and files read, each in a process of its own that can reach nothing. Floor: 2."""
