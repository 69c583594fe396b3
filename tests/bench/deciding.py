"""Seconds that deciding over many items takes, in a process of its own:  python -m tests.bench.deciding COUNT"""

from __future__ import annotations

import sys
import time

from bee.pipeline.decide import Dispatch, decide
from tests.pipeline import worlds


def main(count: int) -> None:
    """Half tasks that wait for a person, half design docs with an open gate, and the last one an agent's."""
    held = worlds.labeled("breeze:human")
    issues = [
        worlds.issue(number, worlds.DESIGN_OPEN)
        if number % 2
        else worlds.issue(number, label_names=frozenset({"breeze:human"}), events=(held,))
        for number in range(1, count)
    ]
    view = worlds.view(*issues, worlds.issue(count))
    began = time.process_time()
    decision = decide([view])
    seconds = time.process_time() - began
    assert len(decision.statuses) == count
    assert isinstance(decision.choice, Dispatch)
    assert decision.choice.status.number == count
    print(seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]))
