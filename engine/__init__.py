"""Flowloom's engine: YAML in, a running company out."""

__version__ = "0.1.0"
