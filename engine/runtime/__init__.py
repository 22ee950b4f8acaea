"""A Manifest comes to life. Floor: 5."""
