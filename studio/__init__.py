"""The studio: pages and HTTP. Floor: 7."""
