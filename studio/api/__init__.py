"""Blueprints, one a noun. Floor: 7."""
