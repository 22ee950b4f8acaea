"""The one compiler that every question to the tables goes through. Floor: 3."""
