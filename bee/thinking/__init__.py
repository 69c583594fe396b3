"""Pure functions over the words: trust, positions, decisions, history, prompts, wording."""
