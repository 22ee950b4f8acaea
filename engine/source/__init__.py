"""Text with positions: read, check bounds, edit in place. Floor: 2."""
