"""What bee takes out of a merge queue, and what it makes of others taking out: each condition, a line."""

from __future__ import annotations

from typing import Any

import pytest

from bee.model.items import QueueEntry, Removal
from bee.model.outcomes import Outcome
from bee.model.roles import Role
from bee.pipeline.merge_queue import taken_out, to_take_out
from tests.pipeline import worlds as w

PUT_IN = w.run(Outcome.WAITING, "key", w.NOW - w.HOUR, Role.MERGER, head=w.HEAD)

STOPPED = w.run(Outcome.STALE_INPUT, "key", w.NOW - w.HOUR, Role.MERGER, head=w.HEAD)
REVIEWED = w.run(Outcome.PROGRESSED, "key", w.NOW - w.HOUR, Role.REVIEWER, head=w.HEAD)


def queued(by: Any = w.BEE, **more: Any) -> Any:
    """A pull request in the queue that a person has stopped since."""
    labels = {"label_names": w.names("breeze:human"), "events": (w.labeled("breeze:human", w.NOW - w.MINUTE),)}
    return w.pull(**{"queued": QueueEntry(2, by), **labels, **more})


@pytest.mark.parametrize(
    ("pull", "ledger", "out"),
    [
        (queued(), w.history(PUT_IN, number=7), True),
        (queued(), w.history(STOPPED, number=7), True),
        (queued(), w.history(REVIEWED, number=7), False),
        (queued(by=w.ANN), w.history(PUT_IN, number=7), False),
        (queued(by=None), w.history(PUT_IN, number=7), False),
        (queued(), w.history(number=7), False),
        (queued(), w.claimed(7, role="merger", history=(PUT_IN,)), False),
        (queued(label_names=frozenset(), events=(), queued=None), w.history(PUT_IN, number=7), False),
    ],
    ids=["bee's, and stopped", "stopped as it went in", "only reviewed", "put in again by a person",
         "by nobody", "bee never put it in", "a run is at it",
         "not in the queue"],
)  # fmt: skip
def test_bee_takes_out_what_it_put_in_and_nothing_else(pull: Any, ledger: Any, out: bool) -> None:
    view = w.view(pull, ledger={7: ledger})
    status = w.placed(pull, ledger={7: ledger})
    assert bool(to_take_out(pull, status.placement, view)) is out


@pytest.mark.parametrize(
    ("more", "waits"),
    [
        ({}, True),
        ({"head": w.OLD_HEAD}, False),
        ({"removals": ()}, False),
        ({"removals": (Removal(w.NOW - 2 * w.HOUR, w.ANN, ""),)}, False),
        ({"events": (w.unlabeled("breeze:human", w.NOW - w.MINUTE),)}, False),
    ],
    ids=["a person took it out", "another head since", "nobody did", "before it went in", "they let it go on"],
)
def test_what_a_person_took_out_waits_for_them_at_that_head(more: dict[str, Any], waits: bool) -> None:
    pull = w.pull(**{"removals": (Removal(w.NOW - w.HOUR // 2, w.ANN, ""),), **more})
    view = w.view(pull, ledger={7: w.history(PUT_IN, number=7)})
    assert (taken_out(pull, Role.MERGER, "key", view) is not None) is waits
