"""What a run wants done on GitHub after its commit point: the outbox. Values only, no writing.

Each effect is one API write that can find itself: its `key` stands in the `bee:run` marker of what it posts,
or the thing it makes is its own evidence (a label, a status, a pull request for a branch).
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bee.model.text import digest


@dataclass(frozen=True, slots=True)
class OpenPull:
    """One pull request for one branch."""

    head_ref: str
    base_ref: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class PostComment:
    """A comment on issue or pull request `number`."""

    number: int
    body: str
    key: str


@dataclass(frozen=True, slots=True)
class PostReview:
    """A review of `head`; `event` is APPROVE, REQUEST_CHANGES or COMMENT (COMMENT on bee's own pull requests)."""

    number: int
    head: str
    event: str
    body: str
    key: str


@dataclass(frozen=True, slots=True)
class AnswerThread:
    """A reply in the review thread of pull request `number` that begins with the comment `thread`."""

    number: int
    thread: int
    body: str
    key: str


@dataclass(frozen=True, slots=True)
class SetStatus:
    """A commit status; `state` is success, failure, error or pending. It links to the post whose key is `evidence`."""

    sha: str
    context: str
    state: str
    description: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class WritePlan:
    """The plan section of issue `number`, made from the design text with hash `design`."""

    number: int
    section: str
    design: str


@dataclass(frozen=True, slots=True)
class TickStep:
    """The box of one step of issue `number`."""

    number: int
    step: str


BY_QUEUE: Final = "queue"
OWN_ORIGIN: Final = "origin"


@dataclass(frozen=True, slots=True)
class MergePull:
    """A merge, through the merge gate only. `base` is the oid the E2E pass was made on.

    `method` BY_QUEUE: the pull request is put into its base's merge queue, and GitHub merges it later.
    """

    number: int
    head: str
    base_ref: str
    base: str
    method: str


@dataclass(frozen=True, slots=True)
class Dequeue:
    """Pull request `number` out of the merge queue."""

    number: int


@dataclass(frozen=True, slots=True)
class CloseIssue:
    """Issue `number` closed as completed."""

    number: int


@dataclass(frozen=True, slots=True)
class DeleteBranch:
    """A branch of bee's, while it still stands at `head`."""

    head_ref: str
    head: str


@dataclass(frozen=True, slots=True)
class SetLabels:
    """bee's labels on `number`, as a difference: first `add`, then `remove`."""

    number: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusComment:
    """The one comment of `number` that says where it stands: made once, then edited in place."""

    number: int
    body: str
    key: str


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """One alert issue per key, never a second."""

    alert: str
    title: str
    body: str


Effect = (
    OpenPull | PostComment | PostReview | AnswerThread | SetStatus | WritePlan | TickStep | MergePull | Dequeue
    | CloseIssue | DeleteBranch | SetLabels | StatusComment | OpenAlert
)  # fmt: skip

_KINDS: Final[dict[str, type[Any]]] = {kind.__name__: kind for kind in typing.get_args(Effect)}


def to_json(effect: Effect) -> dict[str, Any]:
    """The effect as JSON-ready data: its kind and its fields."""
    return {"do": type(effect).__name__, **dataclasses.asdict(effect)}


def from_json(data: Mapping[str, Any]) -> Effect:
    """The effect `to_json` wrote. Raises ValueError or TypeError for anything else."""
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items() if key != "do"}
    kind = _KINDS.get(str(data.get("do")))
    if kind is None:
        raise ValueError(f"unknown effect {data.get('do')!r}")
    effect: Effect = kind(**fields)
    return effect


def effect_key(number: int, role: str, fingerprint: str, kind: str) -> str:
    """The key under which one effect of one run finds itself again."""
    return digest(f"{number} {role} {fingerprint} {kind}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceResult:
    """One E2E run as its step records tell it; `ref` and `tip` are where the trace will be.

    `origin`: of which repository, as `git fetch` takes it: the address of another than the item's own.
    """

    passed: bool
    head: str
    base: str
    ref: str
    tip: str
    lines: tuple[str, ...]
    output: str = ""
    origin: str = OWN_ORIGIN

    @property
    def apart(self) -> bool:
        """Whether it goes into another repository than the item's own."""
        return self.origin != OWN_ORIGIN

    @property
    def fetched(self) -> str:
        """What `git fetch` takes to get it."""
        return f"{self.origin} {self.ref}"
