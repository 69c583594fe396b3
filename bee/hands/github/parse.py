"""GitHub's JSON becomes bee's values here, and nowhere else. Strict: a missing field is an error, never a guess."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterable, Mapping
from typing import Any

from bee.words.errors import ServerError
from bee.words.model import (
    Check,
    CheckState,
    Comment,
    Edit,
    Issue,
    Item,
    LabelEvent,
    Permission,
    Pull,
    PullRef,
    PullState,
    Rename,
    Review,
    ReviewState,
    Tip,
    Who,
)
from bee.words.records import decode

Json = Mapping[str, Any]


def seconds(text: str | None) -> int | None:
    """Seconds since the epoch of GitHub's `2026-01-31T12:00:00Z`; None for None."""
    if text is None:
        return None
    try:
        return calendar.timegm(time.strptime(text[:19] + "Z", "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError as problem:
        raise ServerError(f"GitHub sent a time bee cannot read: {text[:40]!r}") from problem


def _at(text: str | None) -> int:
    when = seconds(text)
    if when is None:
        raise ServerError("GitHub sent no time where there must be one")
    return when


def who(data: Json | None) -> Who | None:
    """An account of GraphQL's `Actor`; None for a deleted one."""
    if data is None:
        return None
    return Who(str(data["login"]), data.get("databaseId"), data.get("__typename") == "Bot")


def comment(data: Json) -> Comment:
    """An issue or pull request comment."""
    return Comment(
        int(data["fullDatabaseId"] or 0), who(data["author"]), data["body"], _at(data["createdAt"]),
        seconds(data["lastEditedAt"]), who(data["editor"]), data["url"], data["id"],
    )  # fmt: skip


def review(data: Json) -> Review:
    """A submitted review."""
    commit = data["commit"]
    return Review(
        int(data["fullDatabaseId"] or 0), who(data["author"]), ReviewState(data["state"]), data["body"],
        _at(data["submittedAt"] or data["createdAt"]), commit["oid"] if commit else None,
        seconds(data["lastEditedAt"]), who(data["editor"]), data["url"],
    )  # fmt: skip


def edit(data: Json) -> Edit:
    """One revision of a body. GitHub's `diff` holds the whole text of the revision; a deleted one has none."""
    text = data["diff"] if data["deletedAt"] is None else None
    return Edit(who(data["editor"]), _at(data["editedAt"]), text)


def label_events(nodes: Iterable[Json]) -> tuple[LabelEvent, ...]:
    """The label events among timeline items."""
    kinds = {"LabeledEvent": True, "UnlabeledEvent": False}
    return tuple(
        LabelEvent(node["label"]["name"], kinds[node["__typename"]], who(node["actor"]), _at(node["createdAt"]))
        for node in nodes
        if node["__typename"] in kinds
    )


def renames(nodes: Iterable[Json]) -> tuple[Rename, ...]:
    """The changes of the title among timeline items."""
    return tuple(
        Rename(who(node["actor"]), _at(node["createdAt"]), node["previousTitle"])
        for node in nodes
        if node["__typename"] == "RenamedTitleEvent"
    )


def pull_ref(data: Json) -> PullRef:
    """A pull request as another thing points to it."""
    commit = data["mergeCommit"]
    return PullRef(
        int(data["number"]), PullState(data["state"]), data["headRefName"], data["headRefOid"], data["baseRefName"],
        who(data["author"]), bool(data["isCrossRepository"]), seconds(data["mergedAt"]), seconds(data["closedAt"]),
        commit["oid"] if commit else None, data["url"],
    )  # fmt: skip


def _pulls(nodes: Iterable[Json]) -> tuple[PullRef, ...]:
    found = {}
    for node in nodes:
        if node["__typename"] == "CrossReferencedEvent" and node["source"]["__typename"] == "PullRequest":
            ref = pull_ref(node["source"])
            if not node["isCrossRepository"]:
                found[ref.number] = ref
    return tuple(found.values())


def issue(data: Json) -> Issue:
    """An issue whose lists are complete."""
    timeline = data["timelineItems"]["nodes"]
    summary = data["subIssuesSummary"]
    return Issue(
        number=int(data["number"]),
        node_id=data["id"],
        title=data["title"],
        body=data["body"],
        author=who(data["author"]),
        created_at=_at(data["createdAt"]),
        open=data["issueState"] == "OPEN",
        edited_at=seconds(data["lastEditedAt"]),
        editor=who(data["editor"]),
        label_names=frozenset(node["name"] for node in data["labels"]["nodes"]),
        events=label_events(timeline),
        comments=tuple(comment(node) for node in data["comments"]["nodes"]),
        edits=_edits(data),
        renames=renames(timeline),
        pulls=_pulls(timeline),
        sub_issues_open=int(summary["total"]) - int(summary["completed"]),
        url=data["url"],
    )


def _edits(data: Json) -> tuple[Edit, ...]:
    edits = data["userContentEdits"]
    return tuple(edit(node) for node in edits["nodes"]) if edits else ()


def pull(data: Json) -> Pull:
    """A pull request whose lists are complete."""
    commit = data["commits"]["nodes"][-1]["commit"] if data["commits"]["nodes"] else None
    base = data["baseRef"]
    return Pull(
        number=int(data["number"]),
        node_id=data["id"],
        title=data["title"],
        body=data["body"],
        author=who(data["author"]),
        created_at=_at(data["createdAt"]),
        head_ref=data["headRefName"],
        head=data["headRefOid"],
        head_committed_at=_at(commit["committedDate"]) if commit else _at(data["createdAt"]),
        base_ref=data["baseRefName"],
        base=base["target"]["oid"] if base and base["target"] else "",
        open=data["pullState"] == "OPEN",
        merged=bool(data["merged"]),
        draft=bool(data["isDraft"]),
        mergeable={"MERGEABLE": True, "CONFLICTING": False}.get(data["mergeable"]),
        cross_repository=bool(data["isCrossRepository"]),
        edited_at=seconds(data["lastEditedAt"]),
        editor=who(data["editor"]),
        label_names=frozenset(node["name"] for node in data["labels"]["nodes"]),
        events=label_events(data["timelineItems"]["nodes"]),
        comments=tuple(comment(node) for node in data["comments"]["nodes"]),
        edits=_edits(data),
        renames=renames(data["timelineItems"]["nodes"]),
        reviews=tuple(review(node) for node in (data["reviews"] or {"nodes": []})["nodes"]),
        checks=checks(commit),
        url=data["url"],
    )


def item(data: Json) -> Item:
    """An issue or a pull request, by its `__typename`."""
    return pull(data) if data["__typename"] == "PullRequest" else issue(data)


def checks(commit: Json | None) -> tuple[Check, ...]:
    """The checks of a head: the latest status of each context, and every check run."""
    rollup = commit["statusCheckRollup"] if commit else None
    return tuple(check(node) for node in rollup["contexts"]["nodes"]) if rollup else ()


_GREEN = frozenset({"SUCCESS", "NEUTRAL", "SKIPPED"})


def check(data: Json) -> Check:
    """A commit status or a check run."""
    if data["__typename"] == "StatusContext":
        return Check(
            data["context"], status_state(data["state"]), _at(data["createdAt"]), who(data["creator"]),
            data["description"] or "", data["targetUrl"] or "",
        )  # fmt: skip
    done = data["status"] == "COMPLETED"
    state = CheckState.PENDING if not done else run_state(data["conclusion"])
    return Check(data["name"], state, seconds(data["completedAt"]), None, "", data["detailsUrl"] or "")


def status_state(state: str) -> CheckState:
    """A commit status' state, folded; any word bee does not know is red, never green."""
    return {"SUCCESS": CheckState.GREEN, "PENDING": CheckState.PENDING, "EXPECTED": CheckState.PENDING}.get(
        state.upper(), CheckState.RED
    )


def run_state(conclusion: str | None) -> CheckState:
    """A completed check run's conclusion, folded; any word bee does not know is red, never green."""
    return CheckState.GREEN if (conclusion or "").upper() in _GREEN else CheckState.RED


def tip(data: Json) -> Tip:
    """One of bee's refs with its record."""
    target = data["target"]
    message = target.get("message") if target else None
    return Tip(target["oid"], decode(message) if message else None)


def permission(text: str | None) -> Permission:
    """A permission of GraphQL or REST; any word bee does not know is NONE."""
    try:
        return Permission((text or "none").upper())
    except ValueError:
        return Permission.NONE
