"""Connectors, one system a file. Floor: 5."""
