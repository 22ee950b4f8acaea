"""Commands for people and scripts. Floor: 7."""
