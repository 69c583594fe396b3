"""`python -m tests.sabotage [WORDS]`: the faults with these words in their names, one by one; 1 where one survives."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.sabotage.faults import Tree, table


def main(words: str) -> int:
    """Try the faults, a line each; those that survive with what was printed."""
    chosen = [fault for fault in table() if words in f"{fault.file} {fault.name}"]
    survived = 0
    with tempfile.TemporaryDirectory(prefix="bee-sabotage-") as folder:
        tree = Tree(Path(folder) / "tree")
        for fault in chosen:
            began = time.monotonic()
            killed, said = tree.killed(fault)
            survived += not killed
            print(
                f"{'killed  ' if killed else 'SURVIVED'} {time.monotonic() - began:5.1f} s  {fault.file}: {fault.name}"
            )
            print("" if killed and "-v" not in sys.argv else said, end="", flush=True)
    print(f"{len(chosen)} faults, {len(chosen) - survived} killed, {survived} survived")
    return 1 if survived or not chosen else 0


sys.exit(main(" ".join(word for word in sys.argv[1:] if word != "-v")))
