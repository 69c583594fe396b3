"""What a role looks at, as one hash: the key under which a dispatch is recorded. Pure.

It covers nothing bee itself wrote, with one exception: a drafter's reply without commits is part of what the
reviewer looks at, or a dispute could never come back to review (rounds bound it).
"""

from __future__ import annotations

import json
from typing import Any

from bee.model import markers
from bee.model.items import Comment, Issue, Item, Pull
from bee.model.plan import read_body
from bee.model.roles import Role
from bee.model.text import digest
from bee.pipeline.evidence import Verdict, e2e_here, e2e_results
from bee.pipeline.facts import View
from bee.pipeline.pull_facts import said_of
from bee.pipeline.trust import resumed_at


def fingerprint(item: Item, role: Role, view: View) -> str:
    """16 hex digits that change exactly when what `role` looks at on `item` changes."""
    seen: dict[str, Any] = {"role": role, "resumed": resumed_at(item, view.trust)}
    seen |= _of_issue(item, role, view) if isinstance(item, Issue) else _of_pull(item, role, view)
    return digest(json.dumps(seen, sort_keys=True))


def trusted_comments(item: Item, view: View) -> tuple[Comment, ...]:
    """The comments that count and that no run of bee's posted."""
    return tuple(c for c in item.comments if view.trust.counts(c) and not markers.named(c.body, markers.RUN))


def _of_issue(issue: Issue, role: Role, view: View) -> dict[str, Any]:
    body = read_body(issue.body)
    said = [[c.id, c.edited_at] for c in trusted_comments(issue, view)]
    if role is Role.PLANNER:
        return {"design": body.design_text, "plan": body.plan_text, "comments": said}
    steps = [[step.id, step.ticked] for step in body.plan.steps] if body.plan else []
    return {"design": body.design_text, "plan": body.plan_hash, "steps": steps, "comments": said}


def _of_pull(pull: Pull, role: Role, view: View) -> dict[str, Any]:
    said = [word for word in said_of(pull, view) if word.head == pull.head]
    if role is Role.DRAFTER:
        return {
            "head": pull.head,
            "base": pull.base_ref,
            "verdicts": [[word.verdict, word.id] for word in said],
            "checks": sorted([c.name, str(c.state)] for c in pull.checks if not c.name.startswith("bee/")),
            "comments": [[c.id, c.edited_at] for c in trusted_comments(pull, view)],
        }
    if role is Role.REVIEWER:
        replies = [word.id for word in said if word.verdict is Verdict.REPLIED]
        return {"head": pull.head, "base": pull.base_ref, "replies": replies}
    lazy = [r.at for r in e2e_here(e2e_results(pull, view.trust), pull.head, pull.base) if r.cls == "lazy-run"]
    return {"head": pull.head, "base": pull.base, "lazy": len(lazy) if role is Role.TEST else 0}
