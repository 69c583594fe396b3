"""A scripted agent for tests: runs the shell script of its role, in the clone, as a real process would.

argv: a folder that holds `<role>.sh`. A role without a script ends with exit 0 and no verb.
"""

import os
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Play the role of BEE_ROLE."""
    sys.stdin.read()
    script = Path(sys.argv[1]) / f"{os.environ['BEE_ROLE']}.sh"
    if not script.exists():
        return 0
    return subprocess.run(["sh", "-eu", str(script)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
