"""The doors from a terminal."""
