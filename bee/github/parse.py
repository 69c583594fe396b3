"""GitHub's JSON becomes bee's values here, and nowhere else. Strict: a missing field is an error, never a guess."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bee.github.json import JsonReader
from bee.model.items import (
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
from bee.model.records import decode


def who(data: JsonReader | None) -> Who | None:
    """An account of GraphQL's `Actor`; None for a deleted one."""
    if data is None:
        return None
    kind = data.text("__typename")
    number = data.number_or_null("databaseId") if kind in ("User", "Bot") else None  # bee asks no others for theirs
    return Who(data.text("login"), number, kind == "Bot")


def comment(data: JsonReader) -> Comment:
    """An issue or pull request comment."""
    return Comment(**_post(data), at=data.time("createdAt"), node_id=data.text("id"))


def _post(data: JsonReader) -> dict[str, Any]:
    """What a comment and a review have in common."""
    return {
        "id": data.number_or_null("fullDatabaseId") or 0,
        "author": who(data.one_or_null("author")),
        "body": data.text("body"),
        "edited_at": data.time_or_null("lastEditedAt"),
        "editor": who(data.one_or_null("editor")),
        "url": data.text("url"),
    }


def review(data: JsonReader) -> Review:
    """A submitted review."""
    commit = data.one_or_null("commit")
    submitted = data.time_or_null("submittedAt")
    return Review(
        **_post(data),
        state=data.word("state", ReviewState),
        at=data.time("createdAt") if submitted is None else submitted,
        commit=commit.text("oid") if commit else None,
    )


def edit(data: JsonReader) -> Edit:
    """One revision of a body. GitHub's `diff` holds the whole text of the revision; a deleted one has none."""
    text, deleted = data.text_or_null("diff"), data.time_or_null("deletedAt")
    return Edit(who(data.one_or_null("editor")), data.time("editedAt"), text if deleted is None else None)


def label_events(nodes: Iterable[JsonReader]) -> tuple[LabelEvent, ...]:
    """The label events among timeline items."""
    kinds = {"LabeledEvent": True, "UnlabeledEvent": False}
    return tuple(
        LabelEvent(node.one("label").text("name"), kinds[kind], who(node.one_or_null("actor")), node.time("createdAt"))
        for node in nodes
        if (kind := node.text("__typename")) in kinds
    )


def renames(nodes: Iterable[JsonReader]) -> tuple[Rename, ...]:
    """The changes of the title among timeline items."""
    return tuple(
        Rename(who(node.one_or_null("actor")), node.time("createdAt"), node.text("previousTitle"))
        for node in nodes
        if node.text("__typename") == "RenamedTitleEvent"
    )


def pull_ref(data: JsonReader) -> PullRef:
    """A pull request as another thing points to it."""
    return PullRef(
        number=data.number("number"),
        state=data.word("state", PullState),
        head_ref=data.text("headRefName"),
        head=data.text("headRefOid"),
        base_ref=data.text("baseRefName"),
        author=who(data.one_or_null("author")),
        cross_repository=data.flag("isCrossRepository"),
        closed_at=data.time_or_null("closedAt"),
        url=data.text("url"),
    )


def _pulls(nodes: Iterable[JsonReader]) -> tuple[PullRef, ...]:
    found = {}
    for node in nodes:
        if node.text("__typename") != "CrossReferencedEvent":
            continue
        source = node.one("source")
        if source.text("__typename") == "PullRequest" and not node.flag("isCrossRepository"):
            ref = pull_ref(source)
            found[ref.number] = ref
    return tuple(found.values())


def _item(data: JsonReader) -> dict[str, Any]:
    """What an issue and a pull request have in common."""
    timeline = data.one("timelineItems").many("nodes")
    edits = data.one_or_null("userContentEdits")
    return {
        "number": data.number("number"),
        "node_id": data.text("id"),
        "title": data.text("title"),
        "body": data.text("body"),
        "author": who(data.one_or_null("author")),
        "created_at": data.time("createdAt"),
        "edited_at": data.time_or_null("lastEditedAt"),
        "editor": who(data.one_or_null("editor")),
        "label_names": frozenset(node.text("name") for node in data.one("labels").many("nodes")),
        "events": label_events(timeline),
        "comments": tuple(map(comment, data.one("comments").many("nodes"))),
        "edits": tuple(map(edit, edits.many("nodes"))) if edits else (),
        "renames": renames(timeline),
        "url": data.text("url"),
    }


def issue(data: JsonReader) -> Issue:
    """An issue whose lists are complete."""
    summary = data.one("subIssuesSummary")
    return Issue(
        **_item(data),
        open=data.text("issueState") == "OPEN",
        pulls=_pulls(data.one("timelineItems").many("nodes")),
        sub_issues_open=summary.number("total") - summary.number("completed"),
    )


def pull(data: JsonReader) -> Pull:
    """A pull request whose lists are complete."""
    commit = head_commit(data)
    base = data.one_or_null("baseRef")
    target = base.one_or_null("target") if base else None
    reviews = data.one_or_null("reviews")
    return Pull(
        **_item(data),
        head_ref=data.text("headRefName"),
        head=data.text("headRefOid"),
        head_committed_at=commit.time("committedDate") if commit else data.time("createdAt"),
        base_ref=data.text("baseRefName"),
        base=target.text("oid") if target else "",
        open=data.text("pullState") == "OPEN",
        merged=data.flag("merged"),
        draft=data.flag("isDraft"),
        mergeable={"MERGEABLE": True, "CONFLICTING": False}.get(data.text("mergeable")),
        cross_repository=data.flag("isCrossRepository"),
        reviews=tuple(map(review, reviews.many("nodes"))) if reviews else (),
        checks=checks(commit),
    )


def item(data: JsonReader) -> Item:
    """An issue or a pull request, by its `__typename`."""
    return pull(data) if data.text("__typename") == "PullRequest" else issue(data)


def head_commit(data: JsonReader) -> JsonReader | None:
    """The head of a pull request, with its checks."""
    nodes = data.one("commits").many("nodes")
    return nodes[-1].one("commit") if nodes else None


def checks(commit: JsonReader | None) -> tuple[Check, ...]:
    """The checks of a head: the latest status of each context, and every check run."""
    rollup = commit.one_or_null("statusCheckRollup") if commit else None
    return tuple(map(check, rollup.one("contexts").many("nodes"))) if rollup else ()


def check(data: JsonReader) -> Check:
    """A commit status or a check run."""
    if data.text("__typename") == "StatusContext":
        return Check(
            name=data.text("context"),
            state=CheckState.of_status(data.text("state")),
            at=data.time("createdAt"),
            creator=who(data.one_or_null("creator")),
            description=data.text_or_null("description") or "",
            url=data.text_or_null("targetUrl") or "",
        )
    conclusion = data.text_or_null("conclusion")
    state = CheckState.of_conclusion(conclusion) if data.text("status") == "COMPLETED" else CheckState.PENDING
    ended_at, details = data.time_or_null("completedAt"), data.text_or_null("detailsUrl") or ""
    return Check(name=data.text("name"), state=state, at=ended_at, url=details)


def tip(data: JsonReader) -> Tip:
    """One of bee's refs with its record, where it points to a commit that holds one."""
    target = data.one("target")
    if target.text("__typename") != "Commit":
        return Tip(target.text("oid"), None)
    return Tip(target.text("oid"), decode(target.text("message")))


def permission(text: str | None) -> Permission:
    """A permission of GraphQL or REST; any word bee does not know is NONE."""
    try:
        return Permission((text or "none").upper())
    except ValueError:
        return Permission.NONE
