"""What a role looks at, as one hash: the key under which a dispatch is recorded. Pure.

It covers nothing bee itself wrote, with one exception: a drafter's reply without commits is part of what the
reviewer looks at, or a dispute could never come back to review (rounds bound it).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bee.model import markers
from bee.model.items import Comment, Issue, Item, Pull
from bee.model.plan import read_body
from bee.model.refs import parse_branch
from bee.model.roles import ROLES, Role
from bee.model.text import digest
from bee.pipeline.checks import counted
from bee.pipeline.evidence import Verdict, Word, e2e_here, e2e_results
from bee.pipeline.facts import View
from bee.pipeline.pull_facts import is_own, said_of
from bee.pipeline.trust import resumed_at


def fingerprint(item: Item, role: Role, view: View) -> str:
    """16 hex digits that change exactly when what `role` looks at on `item` changes, or a person has it go on."""
    return digest(json.dumps([role, resumed_at(item, view.trust), _seen(item, role, view)]))


def material(item: Item, role: Role, view: View) -> str:
    """The same, whether or not a person has it go on: what an agent of `role` is given to read."""
    return digest(json.dumps(_seen(item, role, view)))


def _seen(item: Item, role: Role, view: View) -> list[tuple[str, Any]]:
    parts = _of_issue(item, view) if isinstance(item, Issue) else _of_pull(item, view)
    return [(name, parts[name]()) for name in ROLES[role].looks_at if name in parts]


def trusted_comments(item: Item, view: View) -> tuple[Comment, ...]:
    """The comments that count and that no run of bee's posted."""
    return tuple(c for c in item.comments if view.trust.counts(c) and not markers.named(c.body, markers.RUN))


def _lines(pull: Pull, view: View) -> list[list[int | None]]:
    """What people said in review threads that are not resolved."""
    lines = (line for thread in pull.threads if not thread.resolved for line in thread.comments)
    own = (line for line in lines if view.trust.counts(line) and not markers.named(line.body, markers.RUN))
    return [[line.id, line.edited_at] for line in own]


def _comments(item: Item, view: View) -> list[list[int | None]]:
    return [[c.id, c.edited_at] for c in trusted_comments(item, view)]


def _of_issue(issue: Issue, view: View) -> dict[str, Callable[[], Any]]:
    body = read_body(issue.body)
    return {
        "design": lambda: body.design_text,
        "plan-text": lambda: body.plan_text,
        "plan": lambda: body.plan_hash,
        "steps": lambda: [[step.id, step.ticked] for step in body.plan.steps] if body.plan else [],
        "comments": lambda: _comments(issue, view),
    }


def _of_pull(pull: Pull, view: View) -> dict[str, Callable[[], Any]]:
    def said() -> list[Word]:
        return [word for word in said_of(pull, view) if word.head == pull.head]

    def task() -> list[str]:
        branch = parse_branch(pull.head_ref) if is_own(pull) else None
        issue = view.snapshot.item(branch[0]) if branch else None
        return [issue.title, read_body(issue.body).design_text] if isinstance(issue, Issue) else []

    def lazy_runs() -> int:
        here = e2e_here(e2e_results(pull, view.trust), pull.head, pull.base)
        return sum(1 for result in here if result.cls == "lazy-run")

    return {
        "head": lambda: pull.head,
        "task": task,
        "base": lambda: pull.base,
        "base-name": lambda: [pull.base_ref, len(pull.base_changes)],
        "verdicts": lambda: [[word.verdict, word.id, word.at] for word in said()],
        "threads": lambda: _lines(pull, view),
        "replies": lambda: [word.id for word in said() if word.verdict is Verdict.REPLIED],
        "checks": lambda: sorted([c.name, str(c.state)] for c in counted(pull, view.trust)),
        "comments": lambda: _comments(pull, view),
        "lazy-runs": lazy_runs,
        "settings": lambda: [
            pull.blocked,
            pull.behind,
            pull.decision,
            sorted(pull.rules.kinds),
            sorted(pull.rules.methods),
            view.policy.merge_method,
            sorted(view.snapshot.merge_methods),
        ],
    }
