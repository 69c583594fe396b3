"""Values and formats: items, labels, markers, plans, records, effects, limits, errors. Pure."""
