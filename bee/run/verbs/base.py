"""What a verb of an agent is: its command line, who has it, its check, and what comes of it when it is accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bee.git.mirror import Mirror
from bee.model.effects import TraceResult
from bee.model.errors import Refusal
from bee.model.roles import Role
from bee.model.verb_answer import Answer
from bee.pipeline.output_checks import OutputChecks
from bee.run.outcome import Outbox, Result
from bee.run.prompt import Brief

Argument = dict[str, Any]
Args = Mapping[str, Any]


def file(name: str, text_of: str, help_text: str = "a file with the text, - for stdin") -> Argument:
    """An argument that names a file, whose text is sent as the value `text_of`."""
    return {"name": name, "text_of": text_of, "metavar": "FILE", "help": help_text}


def either(*arguments: Argument, required: bool = True) -> Argument:
    """Arguments of which at most one may be given; exactly one, where it is required."""
    return {"one_of": arguments, "required": required}


BODY: Final = either(
    {"name": "--body", "metavar": "TEXT", "default": "", "help": "the text"},
    file("--body-file", "body"),
    required=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """A verb, or an action of one, as an agent types it; `bee.run.agent_cli` makes its command line from it.

    An argument is what argparse's `add_argument` takes, its name or flag as `name`; or made by `file` or `either`.
    `waits`: the answer may take any time. `commits`: the client sends the clone's commits with it.
    """

    name: str
    help: str
    example: str
    arguments: tuple[Argument, ...] = ()
    actions: tuple[Syntax, ...] = ()
    waits: bool = False
    commits: bool = False


@dataclass(slots=True)
class Accepted:
    """What was accepted in one run, by verb. `refused`: what the output checks held back last, nothing accepted since.

    The values are the verbs' own: what `check` keeps, `effects` gets. `answers` are those to review threads, by the id
    of each; empty where the commits are the answer. `said`: what was accepted of the verbs that are said again.
    """

    values: dict[str, Any] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    refused: str = ""
    said: list[tuple[str, Args]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Session:
    """One agent's session: what its verbs are checked against, and what was accepted.

    `take_in` takes an agent's pack into a quarantine and answers with that; `now` is GitHub's time, in seconds since
    the epoch. `run_e2e` runs E2E and answers with its result; `commit_pause` commits a pause now; `log` is told every
    answer.
    """

    brief: Brief
    files: Mapping[str, str]
    checks: OutputChecks
    take_in: Callable[[bytes], Mirror]
    now: Callable[[], int]
    run_e2e: Callable[[], TraceResult]
    commit_pause: Callable[[str], None]
    accepted: Accepted = field(default_factory=Accepted)
    log: Callable[[str, Answer], None] = lambda verb, answer: None

    def given(self, args: Args, name: str) -> str:
        """A text that must be given. Raises Refusal."""
        value = args.get(name)
        if not isinstance(value, str) or not value.strip():
            raise Refusal(f"`{name}` is missing or empty")
        return value

    def perhaps(self, args: Args, name: str) -> str:
        """A text that may be left out. Raises Refusal for what is not one."""
        return self.given(args, name) if args.get(name) else ""

    def checked(self, args: Args, name: str) -> str:
        """A text that must be given and pass the output checks. Raises Refusal."""
        text = self.given(args, name)
        self.check_text(text)
        return text

    def check_text(self, text: str) -> None:
        """Raises Refusal where the output checks hold a text back."""
        problems = self.checks.refuse_text(text)
        if problems:
            raise self.held("; ".join(problems))

    def held(self, why: str) -> Refusal:
        """What the output checks hold back. Where nothing better comes, a person reads it as why the run failed."""
        self.accepted.refused = why
        return Refusal(why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One verb. `check` keeps what it accepts in the session and answers; it raises Refusal or GitError.

    `effects` turns what was kept into the run's result, or None where it is not one; a verb that only reads has none.
    `again`: where GitHub does not take the result, a later run says it again, without an agent.
    """

    syntax: Syntax
    check: Callable[[Session, Args], Answer]
    effects: Callable[[Outbox, Any], Result | None] | None = None
    roles: tuple[Role, ...] = tuple(Role)
    again: bool = False
