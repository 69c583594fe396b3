"""`python -m bee`: the same program as the console script `bee`."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from bee.cli.main import main

    sys.exit(main())
