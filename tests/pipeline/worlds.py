"""Small worlds: snapshots and what is in them, with sane defaults, so that a test names only what it is about.

`ann` may write, `mia` maintains, `sam` is a stranger, `bot` is an app, and `bee` is the account bee writes with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bee.config.schema import Policy
from bee.model.checks import CheckState
from bee.model.effects import TraceResult
from bee.model.items import (
    Check,
    Comment,
    Edit,
    Issue,
    LabelEvent,
    LineComment,
    Link,
    Permission,
    Pull,
    PullRef,
    PullState,
    Review,
    ReviewState,
    Snapshot,
    Thread,
    Tip,
    Who,
)
from bee.model.labels import Label
from bee.model.outcomes import Failure, Outcome
from bee.model.plan import Plan, read_body, render_section
from bee.model.records import Kind, Phase, Record, RunSummary, run_name
from bee.model.roles import Role
from bee.model.steps import Step
from bee.pipeline.decide import Decision, decide
from bee.pipeline.facts import View, view_of
from bee.pipeline.positions import Placement
from bee.pipeline.status import ItemStatus, status_of, survey
from bee.wording import texts

NOW = 1_800_000_000
MINUTE = 60
HOUR = 60 * MINUTE
REPO = "octo/calc"

ANN = Who("ann", 11)
MIA = Who("mia", 12)
TRI = Who("tri", 13)
SAM = Who("sam", 14)
BEE = Who("bee-account", 99)
BOT = Who("helper[bot]", 15, bot=True)

HEAD = "a" * 40
OLD_HEAD = "b" * 40
BASE = "c" * 40
OLD_BASE = "d" * 40

PERMISSIONS: Mapping[int, Permission] = {
    11: Permission.WRITE,
    12: Permission.MAINTAIN,
    13: Permission.TRIAGE,
    14: Permission.READ,
    99: Permission.WRITE,
}

AUTO = Policy(intake="all", plan_approval="auto")
ALL = Policy(intake="all")
OPTED_IN = Policy(intake="opted-in")

PULL_BODY = texts.pull_body(1, "task", "The step.", "", HEAD)

DESIGN = "# Calc\n\nIt adds.\n\n## Design finalized\n\n- [x] go\n"
DESIGN_OPEN = DESIGN.replace("[x]", "[ ]")
STEPS = (
    Step(id="parser", title="Read expressions", accept="`python -m unittest` passes", files=("calc/parser.py",)),
    Step(
        id="printer",
        title="Print results",
        accept="the output is right",
        files=("calc/printer.py", "tests/test_printer.py"),
    ),
)


def planned(body: str = DESIGN, steps: Iterable[Step] = STEPS, gate: bool = False, design: str = "") -> str:
    """A body with a plan that was made from its design text (or from another, by `design`)."""
    plan = Plan(tuple(steps), design or read_body(body).design_hash)
    return f"{body}\n{render_section(plan, gate)}"


def ticked(*ids: str) -> tuple[Step, ...]:
    """The steps, these of them ticked."""
    return tuple(replace(step, ticked=step.id in ids) for step in STEPS)


def issue(number: int = 1, body: str = "Please add a menu.", **more: Any) -> Issue:
    """An issue of ann's; without a gate it is a task."""
    values: dict[str, Any] = {
        "node_id": f"I_{number}", "title": f"Issue {number}", "author": ANN, "created_at": NOW - 9 * HOUR + number,
    }  # fmt: skip
    return Issue(number=number, body=body, **{**values, **more})


def pull(number: int = 7, branch: str = "bee/1-task", **more: Any) -> Pull:
    """An open pull request of bee's, fresh, mergeable and green."""
    values: dict[str, Any] = {
        "node_id": f"P_{number}", "title": f"Pull {number}", "body": PULL_BODY, "author": BEE,
        "created_at": NOW - 8 * HOUR + number, "head": HEAD, "head_committed_at": NOW - HOUR,
        "base_ref": "main", "base": BASE, "mergeable": True,
    }  # fmt: skip
    return Pull(number=number, head_ref=branch, **{**values, **more})


def ref(number: int = 7, step: str = "task", state: PullState = PullState.MERGED, of: int = 1, **more: Any) -> PullRef:
    """A pull request of bee's in an issue's timeline."""
    at = {} if state is PullState.OPEN else {"closed_at": NOW - HOUR}
    values: dict[str, Any] = {"author": BEE, "cross_repository": False, **at, **more}
    return PullRef(number=number, state=state, head_ref=f"bee/{of}-{step}", head=HEAD, base_ref="main", **values)


def links(*acts: Who | tuple[Who] | None, at: int = NOW - HOUR) -> tuple[Link, ...]:
    """Who linked a pull request by hand, in their order; an account in brackets took the link away."""
    return tuple(Link(*act, False, at) if isinstance(act, tuple) else Link(act, True, at) for act in acts)


def labeled(label: Label | str, at: int = NOW - HOUR, actor: Who | None = ANN) -> LabelEvent:
    """A label was put on."""
    return LabelEvent(str(label), True, actor, at)


def unlabeled(label: Label | str, at: int = NOW - HOUR, actor: Who | None = ANN) -> LabelEvent:
    """A label was taken off."""
    return LabelEvent(str(label), False, actor, at)


def names(*labels: Label | str) -> frozenset[str]:
    """Label names as an item has them."""
    return frozenset(str(label) for label in labels)


def comment(body: str, at: int = NOW - 30 * MINUTE, author: Who | None = ANN, id: int = 0, **more: Any) -> Comment:
    """A comment; its id follows from its time unless it is given."""
    return Comment(id=id or at % 1_000_000 + 1, author=author, body=body, at=at, **more)


def review(state: ReviewState, at: int = NOW - 30 * MINUTE, author: Who | None = ANN, **more: Any) -> Review:
    """A review of the head."""
    values: dict[str, Any] = {"id": at % 1_000_000 + 2, "body": "", "commit": HEAD, **more}
    return Review(author=author, state=state, at=at, **values)


def line(body: str, at: int = NOW - 30 * MINUTE, author: Who | None = ANN, id: int = 901, **more: Any) -> LineComment:
    """A comment in a review thread."""
    return LineComment(id=id, author=author, body=body, at=at, url=f"u{id}", **more)


def thread(*lines: LineComment, **more: Any) -> Thread:
    """A review thread on a line of the head."""
    return Thread(**{"id": 901, "path": "a.py", "line": 3, "comments": lines, **more})


def heard(upto: int = 901, of: int = 901, id: int = 902, began: int = NOW - 10 * MINUTE, author: Who = BEE,
          **more: Any) -> LineComment:  # fmt: skip
    """The drafter's answer in a thread, by a run that began then and had read it up to a comment."""
    run = run_name("drafter", 7, began, "x")
    body = texts.marked(texts.reply("So."), run, "drafter", f"key{id}", thread=str(of), line=str(upto),
                        **more.pop("values", {}))  # fmt: skip
    return line(body, began + MINUTE, author, id, **more)


def edit(text: str | None, at: int, editor: Who | None = ANN) -> Edit:
    """One revision of a body."""
    return Edit(editor, at, text)


def edited(item: Issue, *edits: Edit) -> Issue:
    """The item after these revisions, oldest first, as GitHub lists them (newest first)."""
    last = edits[-1]
    body = item.body if last.text is None else last.text
    return replace(item, body=body, edits=tuple(reversed(edits)), edited_at=last.at, editor=last.editor)


def reviewed(said: str, at: int = NOW - 30 * MINUTE, head: str = HEAD, author: Who = BEE, **more: Any) -> Comment:
    """The reviewer's verdict (`approve` or `changes`) as bee posts it on its own pull requests."""
    key = f"{said}{at}{more.get('n', '')}"
    base = {"base_ref": more.pop("base_ref", "main"), "base_changes": more.pop("base_changes", "0")}
    body = texts.marked(texts.reviewed(said == "approve", "text", head), more.pop("run", "run-1"), "reviewer",
                        key, more.pop("n", 0), head=head, verdict=said, **base)  # fmt: skip
    return comment(body, at, author, **more)


def replied(at: int, head: str = HEAD, n: int = 0, answers: str = "", **more: Any) -> Comment:
    """The drafter's answer without commits."""
    values = {"head": head, "verdict": "reply", "answers": answers}
    body = texts.marked(texts.reply("no"), "run-2", "drafter", f"key{at}{n or ''}", n, **values)
    return comment(body, at, BEE, **more)


def e2e(result: str, at: int = NOW - 20 * MINUTE, head: str = HEAD, base: str = BASE, author: Who = BEE, cls: str = "",
        **more: Any) -> Comment:  # fmt: skip
    """An E2E result comment."""
    values = {"head": head, "base": base, "result": result, "trace": "refs/bee/traces/7/run-3"}
    text = texts.e2e_result(
        TraceResult(passed=result == "pass", head=head, base=base, ref="refs/x", tip="", lines=()),
        "main",
        "- `sh verify.sh`: exit 0, 1 s",
        cls,
    )
    body = texts.marked(
        text,
        "run-3",
        "test",
        f"{result}{cls}{head}{base}{at}",
        more.pop("n", 0),
        **values,
        **({"class": cls} if cls else {}),
    )
    return comment(body, at, author, **more)


def check(name: str, state: CheckState, creator: Who | None = None, app: int | None = None) -> Check:
    """A status of the head, or an App's check run."""
    return Check(name=name, state=state, at=NOW - HOUR, creator=creator, app=app)


def approved(*more: Comment) -> tuple[Comment, ...]:
    """An approval of the head, and whatever else was posted."""
    return (reviewed("approve"), *more)


def run(
    outcome: Outcome, fingerprint: str, started_at: int, role: Role | str = Role.DRAFTER, **more: Any
) -> RunSummary:
    """One ended run of a minute."""
    values: dict[str, Any] = {"ended_at": started_at + MINUTE, **more}
    return RunSummary(
        run=f"run-{started_at}",
        role=str(role),
        fingerprint=fingerprint,
        outcome=outcome,
        started_at=started_at,
        **values,
    )


def record(kind: Kind = Kind.FINISHED, number: int = 1, **more: Any) -> Record:
    """The tip of a ledger: by default a repair of bee's that ended well an hour ago, and holds nothing."""
    values: dict[str, Any] = {
        "run": "run-9", "role": "bee", "at": NOW - HOUR, "nonce": "n", "host": "here", "boot": "b",
        "started_at": NOW - HOUR - MINUTE, "fingerprint": "labels",
    }  # fmt: skip
    if kind is Kind.FINISHED:
        values["outcome"] = Outcome.PROGRESSED
    return Record(kind=kind, number=number, **{**values, **more})


def claimed(number: int = 1, kind: Kind = Kind.CLAIMED, **more: Any) -> Record:
    """A lease of a drafter that is held for another ten minutes."""
    values: dict[str, Any] = {
        "role": "drafter", "at": NOW - MINUTE, "started_at": NOW - MINUTE, "expires_at": NOW + 10 * MINUTE,
        "fingerprint": "f" * 16, "position": "needs-step",
    }  # fmt: skip
    return record(kind, number, **{**values, **more})


def tip(of: Record | None) -> Tip:
    """A ref that stands at this record."""
    return Tip("e" * 40, of)


def history(*runs: RunSummary, number: int = 1) -> Record:
    """A ledger with these runs behind it, and nothing held."""
    return record(number=number, history=runs)


def snapshot(*items: Issue | Pull, repo: str = REPO, **more: Any) -> Snapshot:
    """A repository with these items. `ledger` maps numbers to records."""
    ledger = more.pop("ledger", {})
    values: dict[str, Any] = {
        "repo_id": "R_1", "default_branch": "main", "default_head": BASE, "default_tree": "7" * 40, "viewer": BEE,
        "now": NOW, "permissions": PERMISSIONS, "items": {number: tip(of) for number, of in ledger.items()},
        "issues": tuple(item for item in items if isinstance(item, Issue)),
        "pulls": tuple(item for item in items if isinstance(item, Pull)),
    }  # fmt: skip
    return Snapshot(repo=repo, **{**values, **more})


def view(*items: Issue | Pull, policy: Policy = AUTO, phases: Mapping[str, Phase] | None = None, own_run: str = "",
         **more: Any) -> View:  # fmt: skip
    """A view of a repository with these items."""
    return view_of(snapshot(*items, **more), policy, phases, own_run)


def placed(*items: Issue | Pull, **more: Any) -> ItemStatus:
    """The first of the items in its place, among all of them."""
    return next(one for one in survey(view(*items, **more)) if one.number == items[0].number)


def place(*items: Issue | Pull, **more: Any) -> Placement:
    """The place of the first of the items."""
    return placed(*items, **more).placement


def decided(*items: Issue | Pull, **more: Any) -> Decision:
    """The decision over a repository with these items."""
    return decide([view(*items, **more)])


def key_of(item: Issue | Pull, **more: Any) -> str:
    """The fingerprint under which the item would be dispatched now."""
    return status_of(item, view(item, **more)).fingerprint


def failures(
    count: int,
    fingerprint: str,
    role: Role | str = Role.DRAFTER,
    last_at: int = NOW - HOUR,
    outcome: Outcome = Outcome.ERROR,
    failure: Failure | None = Failure.CRASH,
) -> tuple[RunSummary, ...]:
    """`count` failed runs; the last one ended at `last_at`."""
    starts = [last_at - MINUTE - 2 * HOUR * back for back in reversed(range(count))]
    return tuple(run(outcome, fingerprint, at, role, failure=failure, note="it broke") for at in starts)
