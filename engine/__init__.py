"""Flowloom's engine: YAML in, a running company out. Floor: 1."""

__version__ = "0.1.0"
