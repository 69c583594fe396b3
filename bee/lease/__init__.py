"""The lease of an item: claimed, renewed, moved and ended by compare-and-swap on a ref."""
