"""The tables that bee help and the documents show."""
