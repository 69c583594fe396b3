"""The milestone plan in an issue body: read, checked, written. Pure.

A plan is a section that starts with its marker and the heading and holds one task-list item per step:

    <!-- bee:plan design=0123456789abcdef -->
    ## Milestone plan

    - [ ] `parser` Read expressions
      - Accept: `python -m unittest` passes, with a test for nested brackets
      - Files: `calc/parser.py`, `tests/test_parser.py`
      - Note: anything the drafter should know

One step is one pull request. The box is ticked when that pull request has been merged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bee.model import markers
from bee.model.markdown import (
    BODIES_KEPT_MAX,
    Line,
    Reading,
    closed,
    may_begin,
    reading,
    ticked,
    words_of,
)
from bee.model.steps import Step, parse_steps, render_steps, step_id_of, strays, with_words
from bee.model.text import digest, neutralised, normalised, unix

HEADING: Final = "## Milestone plan"
PLAN_GATE_HEADING: Final = "## Plan finalized"
DESIGN_GATE_HEADINGS: Final = ("## Design finalized", "## Finalization gate")
DESIGN_GATE_LINE: Final = "- [ ] The design is complete: bee may plan it"
PLAN_GATE_LINE: Final = "- [ ] The plan is right: bee may start"

_HINTS: Final = ("final", "plan")
_PLAN: Final = re.compile(r"milestone plan\W*$", re.IGNORECASE)
_SIGN: Final = r"(?:[^\w,.;!?]|_)"  # whatever sign, but not the end of a clause
_PLAN_GATE: Final = re.compile(rf"plan{_SIGN}+finali[sz]ed\b", re.IGNORECASE)
_DESIGN_GATE: Final = re.compile(rf"(?:design{_SIGN}+finali[sz]ed|finali[sz]ation{_SIGN}+gate)\b", re.IGNORECASE)
# What a person may have meant as a gate, in a heading or at a box: it stops, and is none.
_NEARLY: Final = (
    rf"(?:(?:{_SIGN}*\b(?:and|or)\b|[^\w,.;!?&+/]*[&+/]){_SIGN}*(?!(?:un)?finali[sz])\w{{1,20}}\b"
    rf"|{_SIGN}*(?:is|was|are|be|been|has|have|not|yet|now|fully|plan|design|docs?|document|review|spec|proposal)\b)*+"
    rf"{_SIGN}*"
)
_BEFORE: Final = rf"(?:(?:the|gate|step{_SIGN}*[0-9]{{1,3}}){_SIGN}+)*"
_STEP: Final = r"finali[sz](?:ation|e|ed|ing)s?"
_LIKE: Final = {
    _PLAN_GATE: re.compile(
        rf"{_BEFORE}plan(?:{_NEARLY}(?:un)?finali[sz]ed\b|{_SIGN}+{_STEP}(?:{_SIGN}*gates?\b|\W*$))", re.IGNORECASE
    ),
    _DESIGN_GATE: re.compile(
        rf"{_BEFORE}(?:design(?:{_NEARLY}(?:un)?finali[sz]ed\b|{_SIGN}+{_STEP}(?:{_SIGN}*gates?\b|\W*$))"
        rf"|{_STEP}{_SIGN}*gates?\b)",
        re.IGNORECASE,
    ),
}
# What a person may have meant as a box.
_ALMOST: Final = re.compile(r"(?:(?:[-*+]|[0-9]{1,9}[.)])\s+)?\[[^\[\]0-9^]{0,3}\](?![(\[:])")
_BOXED: Final = re.compile(r"^\s*(?:[-*+]|[0-9]{1,9}[.)])\s+\[[ xX]\]")


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in order, and the hash of the design text the plan was made from.

    `answers`: the last comment with a person's request for changes that its planner read, and `edited` the last edit of
    one (seconds since the epoch); 0 where there was none.
    """

    steps: tuple[Step, ...]
    design: str
    answers: int = 0
    edited: int = 0

    def has_read(self, request: int, edited_at: int | None) -> bool:
        """Whether its planner had read this request for changes, as it was edited last."""
        return request <= self.answers and (edited_at or 0) <= self.edited

    def step(self, step_id: str) -> Step | None:
        """The step with this id."""
        return next((step for step in self.steps if step.id == step_id), None)


def render_section(plan: Plan, with_gate: bool) -> str:
    """The whole plan section, with the plan gate after it where a person must approve the plan.

    What the planner wrote is neutralised in it; a path stands in a code span, where GitHub acts on nothing.
    """
    read = {key: str(value) for key, value in (("answers", plan.answers), ("edited", plan.edited)) if value}
    head = markers.render(markers.Marker(markers.PLAN, {"design": plan.design, **read}))
    section = f"{head}\n{HEADING}\n\n{render_steps([with_words(step, neutralised) for step in plan.steps])}\n"
    return f"{section}\n{PLAN_GATE_HEADING}\n\n{PLAN_GATE_LINE}\n" if with_gate else section


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An issue body taken apart.

    `design_gate` and `plan_gate`: whether every box of every place that begins with the gate's words is ticked; None
    where nothing does. `design_unread` and `plan_unread` are the first line that looks like the gate, or like its box,
    and cannot be read; with such a line it is not ticked.
    """

    design_text: str
    plan_text: str | None
    plan: Plan | None
    design_gate: bool | None
    design_unread: Line | None
    plan_gate: bool | None
    plan_unread: Line | None

    @property
    def design_hash(self) -> str:
        """The hash that binds plan and gate to the design text."""
        return digest(self.design_text)

    @property
    def plan_hash(self) -> str:
        """The hash that binds the plan gate to the plan; empty without a plan."""
        return digest(normalised(self.plan_text)) if self.plan_text is not None else ""


def _begins(source: str, words: re.Pattern[str]) -> bool:
    return may_begin(source, *_HINTS) and words.match(words_of(source).lstrip("`")) is not None


def _gate(read: Reading, words: re.Pattern[str]) -> tuple[bool | None, Line | None]:
    """The gate whose headings, boxes or lines begin with `words`: whether it is ticked, and what cannot be read."""
    sections = [heading for heading in read.headings if _begins(heading.source, words)]
    boxes = [task for task in read.tasks if _begins(task.source, words)]
    unread = [line for line in read.lines if _begins(line.source, words)]
    boxed = {task.index for task in read.tasks}
    for section in sections:
        inside = read.tasks_of(section)
        boxes += inside
        unread += [line for line in read.lines_of(section) if _ALMOST.match(line.source)]
        unread += [] if inside else [Line(section.index, section.source)]
    unread = [line for line in unread if line.index not in boxed]
    signs = [Line(one.index, one.source) for one in read.headings] + [Line(one.index, one.source) for one in read.tasks]
    unread += [one for one in signs if not _begins(one.source, words) and _begins(one.source, _LIKE[words])]
    if not boxes and not unread:
        return None, None
    first = min(unread, key=lambda line: line.index, default=None)
    return first is None and all(box.ticked for box in boxes), first


@dataclass(frozen=True, slots=True)
class _Section:
    """Lines of a body: under a heading of bee's own (plan, plan gate), which is how many of them; or anybody's."""

    owner: re.Pattern[str] | None
    lines: list[str]
    heading: int = 0


def _sections(body: str) -> list[_Section]:
    """The body cut where a section of bee's own begins or ends."""
    lines = unix(body).split("\n")
    found: list[_Section] = []
    at, below, owner, until = 0, 0, None, len(lines)
    for heading in reading(body).headings:
        own = next((words for words in (_PLAN, _PLAN_GATE) if _begins(heading.source, words)), None)
        if own is None and heading.index < until:
            continue
        found.append(_Section(owner, lines[at : heading.index], below - at))
        at, below, owner = heading.index, heading.below if own else heading.index, own
        until = heading.end if own else len(lines)
    return [*found, _Section(owner, lines[at:], below - at)]


def _marker_of_plan(lines: list[str]) -> markers.Marker | None:
    last = next((line for line in reversed(lines) if line.strip()), "")
    found = markers.named(last, markers.PLAN)
    return found[-1] if found and found[-1].get("design") else None


def _plan(steps: tuple[Step, ...], marker: markers.Marker) -> Plan:
    read = (marker.get(key) for key in ("answers", "edited"))
    answers, edited = (int(value) if value.isascii() and value.isdecimal() else 0 for value in read)
    return Plan(steps, marker.get("design"), answers, edited)


def _design_of(section: _Section) -> list[str]:
    """The lines of a section that are the design's; in bee's own sections, those that somebody else wrote there."""
    lines = section.lines[section.heading :]
    if section.owner is _PLAN:
        lines = [section.lines[index] for index in strays("\n".join(section.lines)) if index >= section.heading]
    elif section.owner is _PLAN_GATE:
        lines = [line for line in lines if line.strip() and not _BOXED.match(line)]
    return [line for line in lines if not markers.may_hold(line) or not markers.named(line, markers.PLAN)]


@lru_cache(maxsize=BODIES_KEPT_MAX)
def read_body(body: str) -> Body:
    """An issue body, taken apart. Total: whatever is there, something sensible comes back."""
    read, sections = reading(body), _sections(body)
    design = [line for section in sections for line in _design_of(section)]
    plan_text, plan = None, None
    at = next((at for at, section in enumerate(sections) if section.owner is _PLAN), None)
    if at is not None:
        plan_text = "\n".join(sections[at].lines)
        steps, problems = parse_steps(plan_text)
        marker = _marker_of_plan(sections[at - 1].lines)  # the first section is nobody's
        plan = _plan(steps, marker) if marker and not problems else None
    design_gate, design_unread = _gate(read, _DESIGN_GATE)
    plan_gate, plan_unread = _gate(read, _PLAN_GATE)
    return Body(
        design_text=normalised("\n".join(design)), plan_text=plan_text, plan=plan, design_gate=design_gate,
        design_unread=design_unread, plan_gate=plan_gate, plan_unread=plan_unread,
    )  # fmt: skip


def with_plan(body: str, section: str) -> str:
    """The body with its plan section (and plan gate) replaced by `section`, which comes at its end.

    What somebody else wrote in those sections is kept as design text.
    """
    kept = [line for section in _sections(body) for line in _design_of(section)]
    return closed("\n".join(kept).rstrip("\n")) + "\n\n" + section


def with_tick(body: str, step_id: str) -> str:
    """The body with the box of one step ticked and no other character changed; as it is without such a step."""
    read, lines = reading(body), unix(body).split("\n")
    plans = [heading for heading in read.headings if _begins(heading.source, _PLAN)]
    for task in (task for plan in plans for task in read.tasks_of(plan)):
        if step_id_of(lines[task.index], task) == step_id and not task.ticked:
            body = ticked(body, task)
    return body
