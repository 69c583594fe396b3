"""Where an item is and who moves it: trust, evidence, positions, history, decisions. Pure."""
