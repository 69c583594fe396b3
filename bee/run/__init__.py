"""One run: workspace, prompt, broker, verbs, end-to-end check, outcome."""
