"""The timeline: what happened to an issue or pull request, and who named it."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo

_CODE: Final = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|<!--.*?-->", re.DOTALL)
_REFERENCE: Final = re.compile(
    r"(?:https?://[^\s/]+/(?P<uo>[\w.-]+)/(?P<un>[\w.-]+)/(?:issues|pull)/(?P<ui>\d+))"
    r"|(?<![\w/&#])(?:(?P<o>[\w-]+(?:\[bot\])?)/(?P<n>[\w.-]+))?#(?P<i>\d+)\b"
)
# https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
_CLOSING: Final = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:(?P<o>[\w-]+)/(?P<n>[\w.-]+))?#(?P<i>\d+)\b", re.IGNORECASE
)


def add(call: Call, repo_id: int, issue_id: int, kind: str, actor: User | None, **data: Any) -> int:
    """Record one event; `source_id` is the item that caused it."""
    return call.run(
        "INSERT INTO events (repo_id, issue_id, kind, actor_id, created_at, source_id, data) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        repo_id, issue_id, kind, actor.id if actor else None, call.now(), data.pop("source_id", None),
        json.dumps(data),
    )  # fmt: skip


def of_items(call: Call, issue_ids: list[int]) -> dict[int, list[Row]]:
    """The events of several items at once, oldest first."""
    found: dict[int, list[Row]] = {issue_id: [] for issue_id in issue_ids}
    for row in call.among("SELECT * FROM events WHERE issue_id IN ({}) ORDER BY id", issue_ids):
        if row["created_at"] <= call.cutoff():
            found[row["issue_id"]].append(row)
    return found


def closing_numbers(repo: Repo, text: str | None) -> list[int]:
    """The issues of this repository that a text promises to close."""
    plain = _CODE.sub(" ", text or "")
    found = [
        int(match["i"])
        for match in _CLOSING.finditer(plain)
        if match["o"] is None or f"{match['o']}/{match['n']}".lower() == repo.full_name.lower()
    ]
    return list(dict.fromkeys(found))


def _named(call: Call, repo: Repo, text: str | None) -> list[Row]:
    targets = []
    for match in _REFERENCE.finditer(_CODE.sub(" ", text or "")):
        owner, name = match["uo"] or match["o"], match["un"] or match["n"]
        number = int(match["ui"] or match["i"])
        if number > 2**31:
            continue
        target = call.row(
            "SELECT issues.* FROM issues JOIN repos ON repos.id = issues.repo_id JOIN users ON users.id = owner_id "
            "WHERE users.login = ? COLLATE NOCASE AND repos.name = ? AND number = ?",
            owner or repo.owner.login, name or repo.name, number,
        )  # fmt: skip
        if target is not None:
            targets.append(target)
    return targets


def cross_reference(call: Call, repo: Repo, source: Row, text: str | None, actor: User | None) -> None:
    """Tell every item that the text names, once for each source; a code span names nothing."""
    for target in _named(call, repo, text):
        if target["id"] == source["id"]:
            continue
        known = call.row(
            "SELECT 1 FROM events WHERE issue_id = ? AND kind = 'cross-referenced' AND source_id = ?",
            target["id"], source["id"],
        )  # fmt: skip
        if known is None:
            add(call, target["repo_id"], target["id"], "cross-referenced", actor, source_id=source["id"])


def refer_commit(call: Call, repo: Repo, target: Row, oid: str, actor: User | None) -> None:
    """Record that a commit on the default branch names an item."""
    add(call, repo.id, target["id"], "referenced", actor, commit_id=oid)
