"""`python -m bee.forge`: start a forge in the foreground."""

from __future__ import annotations

import sys

from bee.forge.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
