"""The crash rig: a driver with a journal of its own, a killer, and a reader that shares no code with the product."""
