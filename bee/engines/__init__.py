"""Engines: the programs that play a role. One file and one row of `table` each; `base` says what an engine is."""
