"""Two people at once, ten thousand times."""
