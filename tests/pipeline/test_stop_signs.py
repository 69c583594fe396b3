"""Labels and titles that say that something must wait: in any spelling, by whoever may set them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bee.config.schema import HOLD_LABELS, Policy
from bee.model.items import Issue, Pull
from bee.pipeline.positions import Mover, Position
from bee.pipeline.stop_signs import sign_in_title, stop_signs
from tests.pipeline import worlds as w

READY = w.pull(comments=w.approved(w.e2e("pass")))
PLACES = [(w.issue(), Position.NEEDS_STEP), (READY, Position.READY_TO_MERGE)]
LABELS = (
    "do-not-merge", "Do Not Merge", "DO_NOT_MERGE", "do not merge!", "don't merge", "Don\u2019t Merge", "DNM",
    "do-not-merge/hold", "do-not-merge/work-in-progress", "no-merge", "wip", "WIP", ":construction: WIP",
    "\U0001f6a7 wip", "status: wip", "work-in-progress", "work in progress", "status/on-hold", "On Hold", "on-hold",
    "hold", "state:hold", "blocked", "Blocked", "Status: Blocked", "blocked: upstream", "S-blocked/ci",
)  # fmt: skip
OTHERS = (
    "bug", "unblocked", "breeze:wip", "Breeze:WIP", "hold-button", "threshold", "area: blocking", "merge",
    "priority:high", "not blocked", "household", "", "wip2", "on-holiday", "ready to merge",
)  # fmt: skip
TITLES = (
    "WIP", "WIP: a menu", "wip a menu", "[WIP] A menu", "A menu [WIP]", "(wip) A menu", "A menu (WIP)",
    "[ WIP ] A menu",
    "WIP - a menu", "[DNM] A menu", "DNM: a menu", "[do not merge] A menu", "Do not merge: a menu", "DO NOT MERGE",
    "[DO-NOT-MERGE] A menu", "[donotmerge] A menu", "[Don't merge] A menu", "Draft: a menu", "[Draft] A menu",
    "(Draft) A menu", "{wip} A menu", "\U0001f6a7 A menu", "A menu \U0001f6a7", "[Work in progress] A menu",
    "Work in progress: a menu", "[work-in-progress] A menu", "On hold: a menu", "[on hold] A menu",
    "Draft \u2013 a menu", "**WIP** A menu",
)  # fmt: skip
PLAIN = (
    "A menu", "Draft a letter", "Draft emails are lost", "Swipe to delete", "Show what is on hold in the list",
    "Blocked users can log in", "Hold the button to reset", "Do not merge twice the same row", "wipe the cache",
    "Drafts: keep them", "Merge two lists", "A wip-limit for columns", "[x] Work in the office",
)  # fmt: skip


@pytest.mark.parametrize("label", LABELS)
def test_a_label_that_holds_holds_in_any_spelling(label: str) -> None:
    assert stop_signs(w.issue(label_names=frozenset({label, "bug"})), HOLD_LABELS) == [f"the label `{label}`"]


def test_other_labels_hold_nothing_and_those_of_bee_are_not_meant() -> None:
    assert stop_signs(w.issue(label_names=frozenset(OTHERS)), HOLD_LABELS) == []


@pytest.mark.parametrize("title", TITLES)
def test_a_title_that_says_so_holds(title: str) -> None:
    assert stop_signs(w.issue(title=title), HOLD_LABELS) == [f"\u201c{sign_in_title(title)}\u201d in its title"]


@pytest.mark.parametrize("title", PLAIN)
def test_a_title_about_something_else_holds_nothing(title: str) -> None:
    assert sign_in_title(title) == ""


@pytest.mark.parametrize(("item", "before"), PLACES)
def test_what_is_held_waits_in_a_place_that_names_it_until_the_sign_is_gone(
    item: Issue | Pull, before: Position
) -> None:
    """A person moves next, and nobody is pressed; history does not matter, and neither does who set it."""
    assert w.place(item).position is before
    for held, named in (
        (replace(item, label_names=item.label_names | {"Do-Not-Merge"}), "the label `Do-Not-Merge`"),
        (replace(item, title="[WIP] A menu"), "\u201c[WIP]\u201d in its title"),
    ):
        found = w.place(held)
        assert (found.position, found.mover, found.cause) == (Position.ON_HOLD, Mover.PERSON, None)
        assert found.reason == f"a label or its title says that it must wait: {named}"


def test_the_policy_says_which_labels_hold() -> None:
    labelled = replace(READY, label_names=frozenset({"blocked", "needs docs"}))
    for labels, place in (((), Position.READY_TO_MERGE), (("Needs-Docs",), Position.ON_HOLD)):
        policy = Policy(intake="all", plan_approval="auto", hold_labels=labels)
        assert w.place(labelled, policy=policy).position is place
