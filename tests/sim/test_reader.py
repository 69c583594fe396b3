"""The judge reads with a reader of its own: it says what bee's says, and imports nothing of bee that reads."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bee.model import markers, records
from bee.model.effects import PostComment, SetLabels
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind, Record
from tests.sim import reader

READS = ("bee.model.markers", "bee.model.records", "bee.model.effects", "bee.model.seals", "bee.model.refs",
         "bee.model.labels", "bee.model.markdown", "bee.model.outcomes", "bee.publish", "bee.lease",
         "bee.run")  # fmt: skip
HERE = Path(__file__).parent
RUN = "<!-- bee:run id=r1 role=reviewer key=0af verdict=approve -->"


def imported(path: Path) -> set[str]:
    """Every module, and every name from one, that a file imports."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{one.name}" for one in node.names}
    return found


@pytest.mark.parametrize("name", ["judge", "outbox", "reader", "signs"])
def test_the_judge_reads_nothing_by_bees_readers(name: str) -> None:
    names = imported(HERE / f"{name}.py")
    assert len(names) > 5
    assert not [one for one in names if one.startswith(READS)]


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (f"Words.\n\n{RUN}", 1),
        ("<!-- bee:approved-for-e2e sha=0af1234 base_ref=main -->", 1),
        ("<!-- bee:hint -->", 1),
        (f"> {RUN}", 0),
        (f"```\n{RUN}\n```", 0),
        (f"```\n{RUN}\n```\n{RUN}", 1),
        (f"`{RUN}`", 0),
        ("<!-- bee:run id=a b -->", 0),
    ],
)
def test_a_marker_is_read_as_bee_reads_it(body: str, count: int) -> None:
    own, bees = reader.markers(body), markers.parse(body)
    assert len(own) == count
    assert [(one.name, one.values) for one in own] == [(one.name, dict(one.values)) for one in bees]


def test_a_record_is_read_as_bee_writes_it() -> None:
    effects = (PostComment(1, "Words.", "0af"), SetLabels(1, (), ("breeze:wip",)))
    made = Record(kind=Kind.PUBLISHED, number=1, run="r", role="drafter", at=5, nonce="n", host="h", expires_at=9,
                  started_at=4, fingerprint="f", outcome=Outcome.ERROR, failure=Failure.CRASH,
                  outbox=effects)  # fmt: skip
    read = reader.record(records.encode(made))
    assert read is not None
    for name in ("kind", "number", "run", "role", "at", "host", "expires_at", "started_at", "fingerprint", "outcome"):
        assert getattr(read, name) == getattr(made, name)
    assert (read.failure, read.holds, len(read.runs)) == ("crash", True, 1)
    assert [(one.do, one.number) for one in read.outbox] == [("PostComment", 1), ("SetLabels", 1)]
    assert reader.record("Not a record.") is None


def test_what_is_not_a_try_is_what_bee_does_not_count() -> None:
    assert {str(one) for one in Failure if not one.counts} == reader.NOT_A_TRY
