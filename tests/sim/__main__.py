"""`python -m tests.sim`: seeds run alone, with their story."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.sim.kinds import MORE
from tests.sim.world import KINDS, simulate


def main() -> int:
    """Run seeds; 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed and tell its story")
    parser.add_argument("--seeds", default="0:100", help="run seeds A:B (B is not among them)")
    parser.add_argument("--story", action="store_true", help="tell the story of every failing seed")
    parser.add_argument("--coverage", action="store_true", help="say how often everything was reached")
    parser.add_argument("--faults", default="", help="only these, with commas between them (such as: freeze after)")
    parser.add_argument("--kinds", default="", help="every project has these (such as: merge settings, other bases)")
    parser.add_argument("--first", action="store_true", help="stop at the first that fails")
    args = parser.parse_args()
    only = {name.strip(): 1 for name in args.faults.split(",")} if args.faults else None
    kinds = frozenset(name.strip() for name in args.kinds.split(",") if name.strip())
    if unknown := kinds - {*KINDS, *(kind.name for kind in MORE)}:
        parser.error(f"no such kind: {', '.join(unknown)}")
    first, _, last = args.seeds.partition(":")
    seeds = [args.seed] if args.seed is not None else range(int(first), int(last))
    began, total, failed = time.monotonic(), Counter[str](), []
    sums: Counter[str] = Counter()
    for seed in seeds:
        result = simulate(seed, args.seed is not None, only, besides=kinds)
        total.update(result.counts)
        sums.update(seeds=1, ticks=result.ticks, requests=result.requests)
        if sums["seeds"] % 50 == 0:
            print(f"{sums['seeds']} of {len(seeds)} seeds, {len(failed)} failed", file=sys.stderr, flush=True)
        if result.problems:
            failed.append(seed)
            print(f"seed {seed} failed: {result.problems[0]}", flush=True)
            if args.first:
                break
        story = result.story if args.seed is not None else []
        if result.problems and args.story and not story:
            story = simulate(seed, True, only, besides=kinds).story
        print("\n".join(story), end="\n" if story else "")
    if args.coverage:
        print("\n".join(f"{count:7} {name}" for name, count in sorted(total.items())))
    print(f"{len(seeds)} seeds, {sums['ticks']} ticks, {sums['requests']} requests, {len(failed)} failed {failed}, "
          f"{time.monotonic() - began:.1f} s")  # fmt: skip
    return 1 if failed else 0


sys.exit(main())
