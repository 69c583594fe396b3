"""bee carries a design-doc issue on GitHub to merged pull requests while nobody watches.

Importing this package does no work. Its packages are by subject, each importing only from those before it in the order
of docs/architecture.md. `forge` is an embedded GitHub, a world of its own.
"""

__version__ = "0.1.0"
