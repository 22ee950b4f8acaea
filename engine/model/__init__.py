"""What things are: one frozen class a kind, and the Manifest of a site. Floor: 3."""
