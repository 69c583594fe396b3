"""What the forge knows and does: state, git and rules. Nothing here speaks HTTP."""
