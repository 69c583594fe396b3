"""What the newest published agent CLIs say of themselves:  python -m tests.engines.newest

Each as `bee doctor` asks it: its version, and whether its help still names every flag that bee tells it. Exit 1 where
one does not. Whether they work is told by the deep lane alone.
"""

from __future__ import annotations

import sys

from bee.setup.checks import Level
from bee.setup.engines import drift
from bee.system.process import SYSTEM_PATH
from tests.engines import fetch


def main() -> int:
    """Ask each that was brought."""
    checks = [drift(name, f"{fetch.programs(name, fetch.NEWEST)}:{SYSTEM_PATH}") for name in fetch.NAMES]
    said = [check for found in checks for check in found]
    drifted = [check.text for check in said if check.status is not Level.OK]
    seen = [check.text.partition(" (")[0].replace(" is ", " ") for check in said]
    lost = [name for name, found in zip(fetch.NAMES, checks, strict=True) if not found]
    print("; ".join([*drifted, *(f"{name} did not start" for name in lost)]) or ", ".join(seen))
    return 1 if drifted or lost else 0


if __name__ == "__main__":
    sys.exit(main())
