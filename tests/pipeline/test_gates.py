"""The gates in an issue body: who ticked, and what was changed since."""

from __future__ import annotations

from typing import Any

import pytest

from bee.config.schema import TrustPolicy
from bee.model.items import Issue, Who
from bee.model.labels import Label
from bee.model.plan import Plan, read_body, render_section, with_plan, with_tick
from bee.pipeline.gates import Gate, design_gate, plan_gate, plan_print
from bee.pipeline.trust import trust_of
from bee.wording import texts
from tests.pipeline import worlds as w

TRUST = trust_of(w.snapshot(), TrustPolicy())
OPEN, TICKED = w.DESIGN_OPEN, w.DESIGN
OTHER = TICKED.replace("It adds.", "It sends the keys away.")
PLANNED_OPEN = w.planned(gate=True)
PLANNED = PLANNED_OPEN.replace("[ ] The plan", "[x] The plan")


def told(*edits: tuple[str | None, Who | None], author: Who = w.ANN) -> Issue:
    """An issue that was edited like this, a minute apart."""
    start = w.NOW - w.HOUR
    item = w.issue(author=author, created_at=start)
    return w.edited(item, *(w.edit(text, start + 60 * at, who) for at, (text, who) in enumerate(edits)))


@pytest.mark.parametrize(
    ("edits", "gate"),
    [
        ([("no gate", w.ANN)], Gate.ABSENT),
        ([(OPEN, w.ANN)], Gate.OPEN),
        ([(TICKED, w.ANN)], Gate.TICKED),
        ([(TICKED, w.SAM)], Gate.VOID),
        ([(OPEN, w.SAM), (TICKED, w.ANN)], Gate.TICKED),
        ([(OPEN, w.ANN), (TICKED, w.SAM)], Gate.VOID),
        ([(OPEN, w.ANN), (TICKED, w.TRI)], Gate.VOID),
        ([(OPEN, w.ANN), (TICKED, None)], Gate.VOID),
        ([(TICKED, w.ANN), (OTHER, w.SAM)], Gate.VOID),
        ([(TICKED, w.ANN), (OTHER, w.MIA)], Gate.TICKED),
        ([(TICKED, w.ANN), (OTHER, w.SAM), (TICKED, w.SAM)], Gate.VOID),
        ([(TICKED, w.ANN), (OTHER, w.SAM), (TICKED, w.ANN)], Gate.VOID),
        ([(TICKED, w.ANN), (OTHER, w.SAM), (OPEN, w.ANN), (TICKED, w.ANN)], Gate.TICKED),
        ([(TICKED, w.ANN), (OPEN, w.SAM), (TICKED, w.SAM)], Gate.VOID),
        ([(TICKED, w.ANN), (OPEN, w.ANN)], Gate.OPEN),
        ([(TICKED, w.ANN), (TICKED.replace("[x]", "[X]"), w.SAM)], Gate.TICKED),
        ([(TICKED, w.ANN), (TICKED.replace("\n", "\r\n"), w.SAM)], Gate.TICKED),
        ([(TICKED, w.ANN), (TICKED.replace("go\n", "go   \n\n\n"), w.SAM)], Gate.TICKED),
        ([(OPEN, w.ANN), (OTHER, w.ANN)], Gate.TICKED),
        ([(None, w.ANN), (TICKED, w.ANN)], Gate.VOID),
        ([(OPEN, w.SAM), (None, w.SAM), (TICKED, w.ANN)], Gate.VOID),
        ([(OPEN, w.ANN), (None, w.SAM), (OPEN, w.ANN), (TICKED, w.ANN)], Gate.TICKED),
        ([(TICKED, w.ANN), (w.planned(TICKED), w.BEE)], Gate.TICKED),
    ],
    ids=[
        "absent", "open", "ticked-by-a-trusted-author", "ticked-by-a-stranger", "stranger-wrote-trusted-ticked",
        "trusted-wrote-stranger-ticked", "ticked-by-triage", "ticked-by-a-ghost", "text-changed-by-a-stranger",
        "text-changed-by-a-trusted-person", "changed-and-put-back-by-a-stranger", "put-back-by-a-trusted-person",
        "ticked-anew-after-a-stranger", "unticked-and-ticked-by-a-stranger", "unticked", "capital-x", "line-ends",
        "trailing-space", "ticked-and-changed-at-once", "first-revision-deleted", "stranger-hides-the-ticking-revision",
        "ticked-anew-after-a-hidden-one", "bee-wrote-its-plan",
    ],
)  # fmt: skip
def test_a_tick_counts_when_a_trusted_person_made_it_and_no_stranger_changed_the_text(edits: Any, gate: Gate) -> None:
    assert design_gate(told(*edits), TRUST) is gate


def test_a_body_that_was_never_edited_was_ticked_by_its_author() -> None:
    assert design_gate(w.issue(body=TICKED), TRUST) is Gate.TICKED
    assert design_gate(w.issue(body=TICKED, author=w.SAM), TRUST) is Gate.VOID


def test_an_adopted_issue_still_needs_a_trusted_tick() -> None:
    """Ticked by its author before or after the adoption: neither opens the gate."""
    item = told((OPEN, w.SAM), (TICKED, w.SAM), author=w.SAM)
    adopted = w.issue(
        author=w.SAM, body=TICKED, events=(w.labeled(Label.NEW, w.NOW),), edits=item.edits, edited_at=w.NOW
    )
    assert design_gate(adopted, TRUST) is Gate.VOID


@pytest.mark.parametrize("heading", ["## Design finalized", "## Finalization gate", "## design FINALIZED"])
def test_either_heading_is_a_design_gate(heading: str) -> None:
    assert design_gate(w.issue(body=f"{heading}\r\n\r\n- [X] go\r\n"), TRUST) is Gate.TICKED


@pytest.mark.parametrize(
    ("section", "gate"),
    [
        ("- [x] one\n- [ ] two", Gate.OPEN),
        ("- [x] one\n- [x] two", Gate.TICKED),
        ("nothing to tick", Gate.OPEN),
        ("```\n- [x] example\n```\n- [ ] go", Gate.OPEN),
        ("```\n- [x] example\n```", Gate.OPEN),
        ("> - [x] quoted", Gate.OPEN),
        ("* [x] star", Gate.TICKED),
        ("- [x ] typo", Gate.OPEN),
    ],
)
def test_every_visible_box_of_the_gate_must_be_ticked(section: str, gate: Gate) -> None:
    assert (
        design_gate(w.issue(body=f"## Design finalized\n\n{section}\n\n## More\n\n- [x] not a gate\n"), TRUST) is gate
    )


def test_a_gate_in_a_code_block_is_no_gate() -> None:
    assert design_gate(w.issue(body="```\n## Design finalized\n- [x] go\n```\n"), TRUST) is Gate.ABSENT


@pytest.mark.parametrize(
    ("edits", "gate"),
    [
        ([(PLANNED_OPEN, w.BEE)], Gate.OPEN),
        ([(PLANNED_OPEN, w.BEE), (PLANNED, w.ANN)], Gate.TICKED),
        ([(PLANNED_OPEN, w.BEE), (PLANNED, w.SAM)], Gate.VOID),
        ([(PLANNED_OPEN, w.BEE), (PLANNED, w.ANN), (PLANNED.replace("Print results", "Send keys"), w.SAM)], Gate.VOID),
        ([(PLANNED_OPEN, w.BEE), (PLANNED, w.ANN), (PLANNED.replace("It adds", "It sends"), w.SAM)], Gate.VOID),
        ([(PLANNED_OPEN, w.BEE), (PLANNED, w.ANN), (PLANNED.replace("Print results", "Print all"), w.MIA)],
             Gate.TICKED),
        ([(PLANNED_OPEN, w.BEE), (PLANNED, w.ANN), (with_tick(PLANNED, "parser"), w.BEE)], Gate.TICKED),
        ([(PLANNED_OPEN, w.BEE), (PLANNED, w.ANN), (with_tick(PLANNED, "parser"), w.SAM)], Gate.TICKED),
    ],
    ids=["open", "ticked", "stranger", "plan-changed", "design-changed", "trusted-change", "bee-ticks-a-step",
         "somebody-ticks-a-step"],
)  # fmt: skip
def test_the_plan_gate_guards_plan_and_design(edits: Any, gate: Gate) -> None:
    assert plan_gate(told(*edits), TRUST) is gate


def test_a_new_plan_needs_a_new_tick() -> None:
    section = render_section(Plan(w.STEPS[:1], read_body(PLANNED).design_hash), with_gate=True)
    replanned = with_plan(PLANNED, section)
    assert plan_gate(told((PLANNED, w.ANN), (replanned, w.BEE)), TRUST) is Gate.OPEN


def test_words_approve_the_plan_that_they_name_and_no_other() -> None:
    body = w.planned(gate=True)
    for named, gate in ((body, Gate.TICKED), (w.planned(steps=w.STEPS[:1], gate=True), Gate.OPEN)):
        said = w.comment(texts.plan_approved(w.ANN, plan_print(named)))
        assert plan_gate(w.issue(body=body, comments=(said,)), TRUST) is gate
