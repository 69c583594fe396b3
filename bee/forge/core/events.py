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

# The kinds of events and their names in GraphQL.
KINDS: Final = {
    "labeled": "LabeledEvent", "unlabeled": "UnlabeledEvent", "cross-referenced": "CrossReferencedEvent",
    "closed": "ClosedEvent", "reopened": "ReopenedEvent", "renamed": "RenamedTitleEvent",
    "assigned": "AssignedEvent", "unassigned": "UnassignedEvent", "merged": "MergedEvent",
    "head_ref_deleted": "HeadRefDeletedEvent", "head_ref_force_pushed": "HeadRefForcePushedEvent",
    "ready_for_review": "ReadyForReviewEvent", "convert_to_draft": "ConvertToDraftEvent",
    "review_requested": "ReviewRequestedEvent", "review_request_removed": "ReviewRequestRemovedEvent",
    "review_dismissed": "ReviewDismissedEvent", "referenced": "ReferencedEvent",
    "base_ref_changed": "BaseRefChangedEvent", "base_ref_deleted": "BaseRefDeletedEvent",
    "base_ref_force_pushed": "BaseRefForcePushedEvent",
    "automatic_base_change_succeeded": "AutomaticBaseChangeSucceededEvent", "sub_issue_added": "SubIssueAddedEvent",
    "sub_issue_removed": "SubIssueRemovedEvent", "parent_issue_added": "ParentIssueAddedEvent",
    "parent_issue_removed": "ParentIssueRemovedEvent", "added_to_merge_queue": "AddedToMergeQueueEvent",
    "removed_from_merge_queue": "RemovedFromMergeQueueEvent", "locked": "LockedEvent", "unlocked": "UnlockedEvent",
    "connected": "ConnectedEvent", "disconnected": "DisconnectedEvent",
}  # fmt: skip


def add(call: Call, item: Row, kind: str, actor: User | None, *, source_id: int | None = None, **data: Any) -> None:
    """Record an event of an item; `source_id` is the item that caused it."""
    call.insert(
        "events", repo_id=item["repo_id"], issue_id=item["id"], kind=kind, actor_id=actor.id if actor else None,
        created_at=call.now(), source_id=source_id, data=json.dumps(data),
    )  # fmt: skip


def of_items(call: Call, issue_ids: list[int]) -> dict[int, list[Row]]:
    """The events of several items at once, oldest first."""
    sql = "SELECT * FROM events WHERE issue_id IN ({}) AND created_at <= ? ORDER BY id"
    return call.grouped("issue_id", sql, issue_ids, call.cutoff())


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
    sql = """SELECT issues.* FROM issues JOIN repos ON repos.id = issues.repo_id JOIN users ON users.id = owner_id
        WHERE users.login = ? COLLATE NOCASE AND repos.name = ? AND number = ?"""
    targets = []
    for match in _REFERENCE.finditer(_CODE.sub(" ", text or "")):
        owner, name = match["uo"] or match["o"] or repo.owner.login, match["un"] or match["n"] or repo.name
        targets += call.rows(sql, owner, name, min(int(match["ui"] or match["i"]), 2**31))
    return targets


def cross_reference(call: Call, repo: Repo, source: Row, text: str | None, actor: User | None) -> None:
    """Record on every item that the text names it, once for each source; a code span names nothing."""
    for target in _named(call, repo, text):
        if target["id"] == source["id"]:
            continue
        sql = "SELECT 1 FROM events WHERE issue_id = ? AND kind = 'cross-referenced' AND source_id = ?"
        if call.row(sql, target["id"], source["id"]) is None:
            add(call, target, "cross-referenced", actor, source_id=source["id"])
