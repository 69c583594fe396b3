"""Tries every attack and prints what stopped it: `python -m tests.attacks [--deep] [--write] [ID ...]`.

`--write` makes the table in SECURITY.md anew and tries nothing. The exit code is 1 when an attack succeeded.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.attacks import catalogue
from tests.attacks.rows import Skipped, try_out


def main(argv: list[str]) -> int:
    """Try the attacks that are asked for, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--deep", action="store_true", help="those that take minutes, too")
    parser.add_argument("--write", action="store_true", help="make the table in SECURITY.md anew")
    parser.add_argument("ids", nargs="*", help="parts of the names of attacks")
    asked = parser.parse_args(argv)
    if asked.write:
        catalogue.write()
        return 0
    chosen = [one for one in catalogue.ATTACKS if asked.deep or not one.deep]
    chosen = [one for one in chosen if not asked.ids or any(part in one.id for part in asked.ids)]
    by: Counter[str] = Counter()
    blocked = skipped = 0
    for one in chosen:
        with tempfile.TemporaryDirectory(prefix="attack-") as folder:
            try:
                tried = try_out(one, Path(folder))
            except Skipped as reason:
                skipped += 1
                print(f"SKIPPED  {one.id}: {reason}")
                continue
        if tried.problems:
            print(f"FAILED   {one.id}: {'; '.join(tried.problems)}")
            continue
        blocked += 1
        by.update(str(layer) for layer in tried.stopped_by)
        print(f"blocked  {one.id}: {'; '.join(tried.stopped_by)}{' (the only layer)' if one.single else ''}")
    count = len(chosen) - skipped
    single = sum(one.single for one in chosen)
    print(f"\n{count} attacks tried, {blocked} blocked, {single} by one layer alone, {skipped} skipped; by layer:")
    for layer, stopped in by.most_common():
        print(f"  {stopped:3}  {layer}")
    return 0 if blocked == count else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
