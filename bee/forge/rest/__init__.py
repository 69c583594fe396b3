"""The REST door: one module per resource, each with its `ROUTES`."""
