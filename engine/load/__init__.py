"""YAML becomes a Manifest. Floor: 5."""
