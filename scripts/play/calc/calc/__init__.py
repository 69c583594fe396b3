"""A calculator for the command line."""
