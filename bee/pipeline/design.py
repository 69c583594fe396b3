"""What a design doc needs, judged by its text alone: one table of parts, and the linter that goes by it. Pure.

`bee new` judges with it before an issue is opened, and `bee why` while its gate is open. The issue form of `bee init`,
the form that `bee new` opens in an editor, and the table in the author's guide are made from the same parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bee.model import markers
from bee.model.limits import BODY_BYTES_MAX, TITLE_CHARACTERS_MAX
from bee.model.markdown import outside_code, reading
from bee.model.plan import DESIGN_GATE_HEADINGS, DESIGN_GATE_LINE, HEADING, PLAN_GATE_HEADING, read_body
from bee.model.text import unix
from bee.wording import unread

GATE: Final = f"{DESIGN_GATE_HEADINGS[0]}\n\n{DESIGN_GATE_LINE}\n"
_OPEN_QUESTION: Final = re.compile(r"\bTBD\b|\?\?\?")
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)


class Severity(StrEnum):
    """How bad a finding is: an error keeps `bee new` from opening the issue."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a design doc. `form`: the headings that the form has for it, each with what belongs below it."""

    name: str
    severity: Severity
    form: tuple[tuple[str, str], ...]
    synonyms: tuple[str, ...]

    @property
    def headings(self) -> frozenset[str]:
        """Every heading it may stand under, in lower case."""
        return frozenset(name.lower() for name in (*(heading for heading, _ in self.form), *self.synonyms))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a design doc: a stable name, how bad it is, and what to do."""

    name: str
    severity: Severity
    text: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.text}"


PROBLEM: Final = Part(
    "problem", Severity.ERROR,
    (("Problem", "What is wrong today, for whom, and what should be true instead."),),
    ("Why", "Background", "Motivation", "Context", "Summary"),
)  # fmt: skip
SHAPE: Final = Part(
    "shape", Severity.WARNING,
    (("The shape", "Names, commands, formats, exit codes: whatever others will rely on."),),
    ("Shape", "Design", "Behaviour", "Behavior", "Interface", "Proposal"),
)  # fmt: skip
CONSTRAINTS: Final = Part(
    "constraints", Severity.WARNING,
    (("Edge cases", "Each with what should happen."), ("Not part of this", "What you do not want touched.")),
    ("Constraints", "Non-goals", "Out of scope"),
)  # fmt: skip
DONE: Final = Part(
    "done", Severity.ERROR,
    (("Done when", "The command that proves it, and what it prints."),),
    ("Definition of done", "Acceptance", "Acceptance criteria", "How it is shown"),
)  # fmt: skip
PARTS: Final = (PROBLEM, SHAPE, CONSTRAINTS, DONE)
_FORM: Final = tuple(row for part in PARTS for row in part.form)
_ASKED: Final = frozenset(asks for _, asks in _FORM)
SKELETON: Final = "\n".join(f"## {heading}\n\n{asks}\n" for heading, asks in _FORM) + f"\n{GATE}"


def sections_of(body: str) -> list[tuple[str, str]]:
    """(heading, text below it) of the second level in order; the first has no heading. A heading in code is none."""
    lines = unix(body).split("\n")
    found = [heading for heading in reading(body).headings if heading.level == 2]
    below = [(heading.below, heading.source) for heading in found]
    ends = [*(heading.index for heading in found), len(lines)]
    return [(name, "\n".join(lines[at:end])) for (at, name), end in zip([(0, ""), *below], ends, strict=True)]


def with_gate(body: str) -> str:
    """The body with an open design gate at its end, where it has none."""
    if read_body(body).design_gate is not None:
        return body
    return f"{body.rstrip()}\n\n{GATE}"


def gate_is_ticked(body: str) -> bool:
    """Whether the text comes with its gate ticked: the word of whoever wrote it."""
    return read_body(body).design_gate is True


def lint(title: str, body: str) -> tuple[Finding, ...]:
    """Everything wrong with a design doc, errors first."""
    return tuple(sorted(_findings(title, body), key=lambda one: one.severity is not Severity.ERROR))


def _findings(title: str, body: str) -> Iterator[Finding]:
    if not title.strip():
        yield Finding("title", Severity.ERROR, "it has no title: begin it with a line `# Title`")
    elif len(title) > TITLE_CHARACTERS_MAX:
        text = f"its title has {len(title)} characters, and GitHub takes {TITLE_CHARACTERS_MAX}"
        yield Finding("title", Severity.ERROR, text)
    if len(body.encode("utf-8", "replace")) > BODY_BYTES_MAX:
        text = f"it has more than {BODY_BYTES_MAX:,} bytes: split it into several"
        yield Finding("size", Severity.ERROR, text)
    yield from _missing_parts(body)
    yield from _gate_findings(body)
    yield from _foreign(body)
    for _, line in outside_code(body):
        if _OPEN_QUESTION.search(line):
            text = f"a question is left open, and comes back to you as a pause: {line.strip()[:60]!r}"
            yield Finding("open-question", Severity.WARNING, text)


def _missing_parts(body: str) -> Iterator[Finding]:
    written = {heading.lower(): text for heading, text in sections_of(body) if _says_something(text)}
    for part in PARTS:
        # What stands before the first heading is the problem.
        if part.headings & set(written) or (part is PROBLEM and "" in written):
            continue
        heading, asks = part.form[0]
        yield Finding(part.name, part.severity, f"it says nothing under `## {heading}`. {asks}")
    done = "".join(written.get(heading, "") for heading in DONE.headings)
    if done and "`" not in done and "~~~" not in done:
        text = f"`## {DONE.form[0][0]}` has no command in backticks: what would a machine run to see it?"
        yield Finding("done-command", Severity.WARNING, text)


def _says_something(text: str) -> bool:
    """Whether there is a word in it that is not the form's own."""
    kept = (line.strip() for line in _COMMENT.sub("", text).split("\n"))
    return any(line and line not in _ASKED for line in kept)


def _gate_findings(body: str) -> Iterator[Finding]:
    read = read_body(body)
    if read.design_gate is None:
        text = f"it has no gate, so it is a task without a plan: end it with `{DESIGN_GATE_HEADINGS[0]}` and a box"
        yield Finding("gate", Severity.ERROR, text)
    elif read.design_unread:
        text = unread.gate(read.design_unread, DESIGN_GATE_HEADINGS[0], DESIGN_GATE_LINE)
        yield Finding("gate", Severity.ERROR, text)


def _foreign(body: str) -> Iterator[Finding]:
    """What is bee's to write, or would be read as a person's order."""
    read = read_body(body)
    for name, there in ((HEADING, read.plan_text is not None), (PLAN_GATE_HEADING, read.plan_gate is not None)):
        if there:
            yield Finding("plan", Severity.ERROR, f"`{name}` is the planner's to write: leave it out")
    for marker in (one for one in markers.parse(body) if one.name != markers.NEW):
        yield Finding("marker", Severity.ERROR, f"`bee:{marker.name}` is a marker of bee's: leave it out")
