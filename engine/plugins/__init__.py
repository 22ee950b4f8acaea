"""Every contract on one page, the registry, and the built-in plugins. Floor: 4."""
