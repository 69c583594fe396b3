"""Sabotage: named faults put into bee one at a time, each of which a test must kill."""
