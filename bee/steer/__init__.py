"""What a person tells bee to do with an item."""
