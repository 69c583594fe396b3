"""GitHub's JSON becomes bee's values here, and nowhere else. Strict: a missing field is an error, never a guess."""

from __future__ import annotations

from collections.abc import Iterable

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
    return Comment(
        _id(data), who(data.one_or_null("author")), data.text("body"), data.time("createdAt"),
        data.time_or_null("lastEditedAt"), who(data.one_or_null("editor")), data.text("url"), data.text("id"),
    )  # fmt: skip


def _id(data: JsonReader) -> int:
    return data.number_or_null("fullDatabaseId") or 0


def review(data: JsonReader) -> Review:
    """A submitted review."""
    commit = data.one_or_null("commit")
    submitted = data.time_or_null("submittedAt")
    return Review(
        _id(data), who(data.one_or_null("author")), data.word("state", ReviewState), data.text("body"),
        data.time("createdAt") if submitted is None else submitted, commit.text("oid") if commit else None,
        data.time_or_null("lastEditedAt"), who(data.one_or_null("editor")), data.text("url"),
    )  # fmt: skip


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
    commit = data.one_or_null("mergeCommit")
    return PullRef(
        data.number("number"), data.word("state", PullState), data.text("headRefName"), data.text("headRefOid"),
        data.text("baseRefName"), who(data.one_or_null("author")), data.flag("isCrossRepository"),
        data.time_or_null("mergedAt"), data.time_or_null("closedAt"), commit.text("oid") if commit else None,
        data.text("url"),
    )  # fmt: skip


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


def issue(data: JsonReader) -> Issue:
    """An issue whose lists are complete."""
    timeline = data.one("timelineItems").many("nodes")
    summary = data.one("subIssuesSummary")
    return Issue(
        number=data.number("number"),
        node_id=data.text("id"),
        title=data.text("title"),
        body=data.text("body"),
        author=who(data.one_or_null("author")),
        created_at=data.time("createdAt"),
        open=data.text("issueState") == "OPEN",
        edited_at=data.time_or_null("lastEditedAt"),
        editor=who(data.one_or_null("editor")),
        label_names=_labels(data),
        events=label_events(timeline),
        comments=tuple(map(comment, data.one("comments").many("nodes"))),
        edits=_edits(data),
        renames=renames(timeline),
        pulls=_pulls(timeline),
        sub_issues_open=summary.number("total") - summary.number("completed"),
        url=data.text("url"),
    )


def _labels(data: JsonReader) -> frozenset[str]:
    return frozenset(node.text("name") for node in data.one("labels").many("nodes"))


def _edits(data: JsonReader) -> tuple[Edit, ...]:
    edits = data.one_or_null("userContentEdits")
    return tuple(map(edit, edits.many("nodes"))) if edits else ()


def pull(data: JsonReader) -> Pull:
    """A pull request whose lists are complete."""
    commit = head_commit(data)
    base = data.one_or_null("baseRef")
    target = base.one_or_null("target") if base else None
    timeline = data.one("timelineItems").many("nodes")
    reviews = data.one_or_null("reviews")
    return Pull(
        number=data.number("number"),
        node_id=data.text("id"),
        title=data.text("title"),
        body=data.text("body"),
        author=who(data.one_or_null("author")),
        created_at=data.time("createdAt"),
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
        edited_at=data.time_or_null("lastEditedAt"),
        editor=who(data.one_or_null("editor")),
        label_names=_labels(data),
        events=label_events(timeline),
        comments=tuple(map(comment, data.one("comments").many("nodes"))),
        edits=_edits(data),
        renames=renames(timeline),
        reviews=tuple(map(review, reviews.many("nodes"))) if reviews else (),
        checks=checks(commit),
        url=data.text("url"),
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
            data.text("context"), CheckState.of_status(data.text("state")), data.time("createdAt"),
            who(data.one_or_null("creator")), data.text_or_null("description") or "",
            data.text_or_null("targetUrl") or "",
        )  # fmt: skip
    ended = data.text("status") == "COMPLETED"
    state = CheckState.of_conclusion(data.text_or_null("conclusion")) if ended else CheckState.PENDING
    details = data.text_or_null("detailsUrl") or ""
    return Check(data.text("name"), state, data.time_or_null("completedAt"), None, "", details)


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
