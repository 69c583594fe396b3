"""The steps of a plan: read as GitHub renders them, in people's own spelling; checked; written. Pure.

What stands in a plan and belongs to none of its steps is stray: somebody else wrote it there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal

from bee.model.limits import PLAN_STEPS_MAX
from bee.model.markdown import BODIES_KEPT_MAX, Line, Task, reading
from bee.model.refs import STEP_ID
from bee.model.text import clipped, neutralised, plain, unix

# After the box: the id as code, also in bold and with a colon; then the title.
_STEP: Final = re.compile(r"(\*{0,3}|_{0,3})`([^`\n]{0,80})`(?:\*{0,3}|_{0,3})(?::(?=\s)|(?=\s))\s*(\S.*)$")
_DETAIL: Final = re.compile(
    r"[*_]{0,3}(accept|files|note)(?:ance)?(?: criteria)?[*_]{0,3}\s*:[*_]{0,3}\s*(.*)$", re.IGNORECASE
)
_ITEM: Final = re.compile(r"\s*(?:[-*+]|[0-9]{1,9}[.)])\s+")
_PATH: Final = re.compile(r"`([^`\n]{1,300})`")
_TITLE: Final = "title"


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
class Diagnostic:
    """One thing wrong with a plan: a stable name, the line (1-based) and what to do."""

    name: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.name}: {self.text}"


@dataclass(frozen=True, slots=True)
class _Drafted:
    """A step as it is read: the line of its box, its id, and the words of each part as they stand."""

    index: int
    id: str
    ticked: bool
    words: dict[str, list[str]] = field(default_factory=dict)

    def add(self, part: str, words: str) -> None:
        """More words of a part; what is said twice of one is all of it."""
        self.words.setdefault(part, []).extend([words] if words else [])

    def step(self) -> Step:
        """What was read of it."""
        said = {name: " ".join(parts) for name, parts in self.words.items()}
        files = tuple(_PATH.findall(said.pop("files", "")))
        return Step(id=self.id, ticked=self.ticked, files=files, **{"accept": "", **said})


@dataclass(slots=True)
class _Reader:
    """Goes through the lines of a plan. `at` is where it is: in a step, in an item that is none (False), or in none."""

    drafted: list[_Drafted] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    strays: list[int] = field(default_factory=list)
    at: _Drafted | Literal[False] | None = None
    part: str = _TITLE

    def box(self, index: int, task: Task, line: str, depth: int) -> None:
        """A list item with a box: a step, if it stands in no other list and has the form of one."""
        found = _STEP.match(_after_box(line, task)) if depth == 1 else None
        if found is None:
            self.problems.append(Diagnostic("step-form", index + 1, "write a step as: - [ ] `id` Title"))
            self.at = False if depth <= 1 else self.at
            return
        self.at, self.part = _Drafted(index, found[2], task.ticked), _TITLE
        self.at.add(_TITLE, found[3].removesuffix(found[1]).rstrip() if found[1] else found[3].strip())
        self.drafted.append(self.at)

    def line(self, index: int, line: str, shown: Line | None) -> None:
        """Any other line: of the step before it, or nobody's."""
        item = _ITEM.match(line) if shown is None or shown.first else None
        words = line[item.end() :].strip() if item else line.strip()
        detail = _DETAIL.match(words)
        top = item is not None and shown is not None and shown.depth == 1
        inside = (line[0].isspace() or item is not None) and (shown is None or shown.depth > 0)
        if self.at is None or not inside or (top and not (detail and self.at)):
            self.at = None
            self.strays.append(index)
            self.problems.append(
                Diagnostic("stray-line", index + 1, "only steps and their Accept, Files and Note lines stand here")
            )
        elif self.at:
            self.part, words = (detail[1].lower(), detail[2]) if detail else (self.part, words)
            self.at.add(self.part, words)


def _after_box(line: str, task: Task) -> str:
    return line[task.at + 2 :].strip()


def step_id_of(line: str, task: Task) -> str | None:
    """The id of the step whose box a line holds; None where it is no step's."""
    found = _STEP.match(_after_box(line, task))
    return found[2] if found else None


@lru_cache(maxsize=BODIES_KEPT_MAX)
def _read(text: str) -> _Reader:
    read, found = reading(text), _Reader()
    tasks, lines = {task.index: task for task in read.tasks}, {line.index: line for line in read.lines}
    headings = {index for heading in read.headings for index in range(heading.index, heading.below)}
    for index, line in enumerate(unix(text).split("\n")):
        if not line.strip() or index in headings or line.startswith("<!--"):
            continue
        shown = lines.get(index)
        if index in tasks:
            found.box(index, tasks[index], line, shown.depth if shown else 0)
        else:
            found.line(index, line, shown)
    return found


def strays(text: str) -> tuple[int, ...]:
    """The lines of a plan text, by index, that belong to no step of it."""
    return tuple(_read(text).strays)


def parse_steps(text: str) -> tuple[tuple[Step, ...], tuple[Diagnostic, ...]]:
    """The steps of a plan text and everything that is wrong with it."""
    read = _read(text)
    steps = tuple(drafted.step() for drafted in read.drafted)
    problems = [*read.problems, *_lint(steps, [drafted.index + 1 for drafted in read.drafted])]
    return steps, tuple(sorted(problems, key=lambda problem: problem.line))


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


def brief(step: Step) -> str:
    """The step as a prompt shows it."""
    note = f"\nNote: {step.note}" if step.note else ""
    return clipped(f"`{step.id}` {step.title}\nAccept: {step.accept}\nFiles: {', '.join(step.files)}{note}", 8_000)
