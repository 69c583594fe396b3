"""The box that agents and verify commands run in, and what it may reach."""
