"""bee carries a design-doc issue on GitHub to merged pull requests while nobody watches.

Importing this package does no work. The floors, from the bottom: `words`, `thinking`, `hands`,
`verbs`, `doors`; each imports only from those below it. `forge` is an embedded GitHub, a world of its own.
"""

__version__ = "0.1.0"
