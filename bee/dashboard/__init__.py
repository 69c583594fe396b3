"""The dashboard issue."""
