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
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from bee.model import markers
from bee.model.limits import PLAN_STEPS_MAX
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
from bee.model.refs import STEP_ID
from bee.model.text import clipped, digest, neutralised, normalised, plain, unix

HEADING: Final = "## Milestone plan"
PLAN_GATE_HEADING: Final = "## Plan finalized"
DESIGN_GATE_HEADINGS: Final = ("## Design finalized", "## Finalization gate")
DESIGN_GATE_LINE: Final = "- [ ] The design is complete: bee may plan it"
PLAN_GATE_LINE: Final = "- [ ] The plan is right: bee may start"

_HINTS: Final = ("final", "plan")
_PLAN: Final = re.compile(r"milestone plan\W*$", re.IGNORECASE)
_PLAN_GATE: Final = re.compile(r"plan[\s_-]+finali[sz]ed\b", re.IGNORECASE)
_DESIGN_GATE: Final = re.compile(r"(?:design[\s_-]+finali[sz]ed|finali[sz]ation[\s_-]+gate)\b", re.IGNORECASE)
# What a person may have meant as a box.
_ALMOST: Final = re.compile(r"\[[^\[\]0-9^]{0,3}\](?![(\[:])")
_STEP: Final = re.compile(r"^[-*+] \[([ xX])\] `([^`\n]{0,80})`\s+(\S.*)$")
_BOXED: Final = re.compile(r"^\s*(?:[-*+]|[0-9]{1,9}[.)])\s+\[[ xX]\]")
_DETAIL: Final = re.compile(r"^\s+[-*+] (Accept|Files|Note):\s*(.*)$")
_PATH: Final = re.compile(r"`([^`\n]{1,300})`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a stable id, a title, how it is accepted, and the files it is expected to touch."""

    id: str
    title: str
    accept: str
    files: tuple[str, ...]
    note: str = ""
    ticked: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in order, and the hash of the design text the plan was made from.

    `answers`: the last comment with a person's request for changes that its planner read; 0 where there was none.
    """

    steps: tuple[Step, ...]
    design: str
    answers: int = 0

    def step(self, step_id: str) -> Step | None:
        """The step with this id."""
        return next((step for step in self.steps if step.id == step_id), None)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing wrong with a plan: a stable name, the line (1-based) and what to do."""

    name: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.name}: {self.text}"


def parse_steps(text: str) -> tuple[tuple[Step, ...], tuple[Diagnostic, ...]]:
    """The steps of a plan text and everything that is wrong with it."""
    steps: list[Step] = []
    lines_of: list[int] = []
    problems: list[Diagnostic] = []
    for index, line in enumerate(unix(text).split("\n"), 1):
        step, detail = _STEP.match(line), _DETAIL.match(line)
        if step:
            steps.append(Step(id=step[2], title=step[3].strip(), accept="", files=(), ticked=step[1] != " "))
            lines_of.append(index)
        elif detail and steps:
            steps[-1] = _with_detail(steps[-1], detail[1], detail[2].strip())
        elif _BOXED.match(line):
            problems.append(Diagnostic("step-form", index, "write a step as: - [ ] `id` Title"))
        elif _is_stray(line):
            problems.append(
                Diagnostic("stray-line", index, "only steps and their Accept, Files and Note lines stand here")
            )
    problems.extend(_lint(steps, lines_of))
    return tuple(steps), tuple(sorted(problems, key=lambda problem: problem.line))


def _with_detail(step: Step, name: str, value: str) -> Step:
    if name == "Accept":
        return replace(step, accept=value)
    if name == "Files":
        return replace(step, files=tuple(_PATH.findall(value)))
    return replace(step, note=value)


def _lint(steps: Sequence[Step], lines_of: Sequence[int]) -> list[Diagnostic]:
    if not steps:
        return [Diagnostic("no-steps", 1, "a plan needs at least one step: - [ ] `id` Title")]
    problems = []
    if len(steps) > PLAN_STEPS_MAX:
        problems.append(Diagnostic("too-many-steps", lines_of[PLAN_STEPS_MAX], f"at most {PLAN_STEPS_MAX} steps"))
    seen: set[str] = set()
    for step, line in zip(steps, lines_of, strict=True):
        harmless = with_words(step, neutralised)
        outside = (path for path in step.files if not _is_inside(path))
        rows = (
            ("bad-id", not STEP_ID.fullmatch(step.id), f"`{step.id}`: use 1 to 40 of a-z, 0-9 and - as the id"),
            ("duplicate-id", step.id in seen, f"`{step.id}` stands twice"),
            ("no-title", not harmless.title, f"`{step.id}` needs a title that people can see"),
            ("no-accept", not harmless.accept, f"`{step.id}` needs '  - Accept: how it is checked'"),
            ("no-files", not step.files, f"`{step.id}` needs '  - Files: `path`, `path`'"),
            *(("bad-path", True, f"`{path}` is not a path inside the repository") for path in outside),
        )
        problems += [Diagnostic(name, line, text) for name, wrong, text in rows if wrong]
        seen.add(step.id)
    return problems


def _is_inside(path: str) -> bool:
    """Whether it may be a path of the repository; one with what nobody sees in it is not."""
    unseen = "<!--" in path or plain(path) != path
    return not (unseen or path.startswith(("/", "~")) or ".." in path.split("/"))


def lint_replan(steps: Sequence[Step], started: Collection[str]) -> tuple[Diagnostic, ...]:
    """What a new plan does to steps that already have a pull request: their ids must stay."""
    ids = {step.id for step in steps}
    return tuple(
        Diagnostic("started-step-gone", 1, f"`{step_id}` already has a pull request: keep its id in the plan")
        for step_id in sorted(started)
        if step_id not in ids
    )


def with_words(step: Step, made: Callable[[str], str]) -> Step:
    """The step with its words (all but its id and its paths) as `made` makes them."""
    title, accept, note = (made(text).strip() for text in (step.title, step.accept, step.note))
    return replace(step, title=title, accept=accept, note=note)


def render_steps(steps: Sequence[Step]) -> str:
    """The task list of a plan; `parse_steps` reads it back."""
    lines = []
    for step in steps:
        files = ", ".join(f"`{path}`" for path in step.files)
        box = "x" if step.ticked else " "
        lines += [f"- [{box}] `{step.id}` {step.title}", f"  - Accept: {step.accept}", f"  - Files: {files}"]
        lines += [f"  - Note: {step.note}"] if step.note else []
    return "\n".join(lines)


def render_section(plan: Plan, with_gate: bool) -> str:
    """The whole plan section, with the plan gate after it where a person must approve the plan.

    What the planner wrote is neutralised in it; a path stands in a code span, where GitHub acts on nothing.
    """
    answers = {"answers": str(plan.answers)} if plan.answers else {}
    head = markers.render(markers.Marker(markers.PLAN, {"design": plan.design, **answers}))
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
    answers = marker.get("answers")
    return Plan(steps, marker.get("design"), int(answers) if answers.isascii() and answers.isdecimal() else 0)


def _design_of(section: _Section) -> list[str]:
    """The lines of a section that are the design's; in bee's own sections, those that somebody else wrote there."""
    lines = section.lines[section.heading :]
    if section.owner is _PLAN:
        lines = [line for line in lines if _is_stray(line) and not _STEP.match(line)]
    elif section.owner is _PLAN_GATE:
        lines = [line for line in lines if line.strip() and not _BOXED.match(line)]
    return [line for line in lines if not markers.may_hold(line) or not markers.named(line, markers.PLAN)]


def _is_stray(line: str) -> bool:
    """Whether a line of a plan is neither blank, nor indented, nor a heading, comment or checkbox."""
    return bool(line.strip()) and not line.startswith(("#", "<!--", " ")) and not _BOXED.match(line)


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
        step = _STEP.match(lines[task.index])
        if step and step[2] == step_id and not task.ticked:
            body = ticked(body, task)
    return body


def brief(step: Step) -> str:
    """The step as a prompt shows it."""
    note = f"\nNote: {step.note}" if step.note else ""
    return clipped(f"`{step.id}` {step.title}\nAccept: {step.accept}\nFiles: {', '.join(step.files)}{note}", 8_000)
