"""One table of fields for each GraphQL type: what a query asks for, and bee's value that is read from the answer.

Each field is named once, so nothing is asked for that is not read, or read that was not asked for. Strict: a missing
field is an error, never a guess. Sends nothing; `queries` makes documents of these, `read` reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Generic, TypeVar

from bee.github import reviews, rules
from bee.github.json import JsonReader
from bee.model import items, limits
from bee.model.checks import CheckState

T = TypeVar("T")
PAGE_INFO: Final = "pageInfo { hasNextPage endCursor }"


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """What a query asks of an object, and the value that is read from it."""

    query: str
    read: Callable[[JsonReader], T]


Fields = dict[str, Field[Any]]


def _scalar(read: Callable[[JsonReader, str], T], query: str) -> Field[T]:
    """One field (`name`, or `alias: name`) by the method of JsonReader for its type."""
    key = query.partition(":")[0]
    return Field(query, lambda data: read(data, key))


_text = partial(_scalar, JsonReader.text)
_flag = partial(_scalar, JsonReader.flag)
_number = partial(_scalar, JsonReader.number)
_time = partial(_scalar, JsonReader.time)
_time_or_null = partial(_scalar, JsonReader.time_or_null)


def _or_empty(name: str) -> Field[str]:
    return Field(name, lambda data: data.text_or_null(name) or "")


def table(make: Callable[..., T], **fields: Field[Any]) -> Field[T]:
    """A value made of several fields, each given by the name it has in the value."""
    rows = {name: field.read for name, field in fields.items()}
    query = " ".join(field.query for field in fields.values())
    return Field(query, lambda data: make(**{name: read(data) for name, read in rows.items()}))


def _by_type(**types: Field[T]) -> Field[T]:
    """An object of one of these types. Any other is an error: bee asks only for these."""
    query = " ".join(f"... on {name} {{ {field.query} }}" for name, field in types.items())
    return Field(f"__typename {query}", lambda data: data.word("__typename", types.__getitem__).read(data))


def pages(name: str, node: Field[T], given: str = "", nullable: bool = False) -> Field[tuple[T, ...]]:
    """A connection, asked for page by page (`$after`), oldest first, and read once it is whole."""

    def read(data: JsonReader) -> tuple[T, ...]:
        found = data.one_or_null(name) if nullable else data.one(name)
        return tuple(map(node.read, found.many("nodes"))) if found else ()

    return Field(f"{name}(first: 100, after: $after{given}) {{ {PAGE_INFO} nodes {{ {node.query} }} }}", read)


def first_page(pages: Field[Any]) -> str:
    """What asks for the first page of a connection."""
    return pages.query.replace(", after: $after", "")


def _first(pages: Field[T]) -> Field[T]:
    return Field(first_page(pages), pages.read)


# ---- people, posts, edits ----

WHO: Final = "__typename login ... on User { databaseId } ... on Bot { databaseId }"


def _who(name: str) -> Field[items.Who | None]:
    """An account of GraphQL's `Actor`; None for a deleted one."""

    def read(data: JsonReader) -> items.Who | None:
        actor = data.one_or_null(name)
        if actor is None:
            return None
        kind = actor.text("__typename")
        known = kind in ("User", "Bot")  # no other kind of actor has a `databaseId`
        return items.Who(actor.text("login"), actor.number_or_null("databaseId") if known else None, kind == "Bot")

    return Field(f"{name} {{ ...Who }}", read)


_LAST_EDIT: Final[Fields] = {"edited_at": _time_or_null("lastEditedAt"), "editor": _who("editor")}
POST: Final[Fields] = {
    "id": Field("fullDatabaseId", lambda data: data.number_or_null("fullDatabaseId") or 0),
    "author": _who("author"), "body": _text("body"), "url": _text("url"), **_LAST_EDIT,
}  # fmt: skip
COMMENTS: Final = pages("comments", table(items.Comment, **POST, at=_time("createdAt"), node_id=_text("id")))


REVIEWS: Final = pages(
    "reviews",
    table(
        items.Review, **POST,
        state=Field("state", lambda data: data.word("state", items.ReviewState)),
        at=Field("submittedAt createdAt", reviews.submitted_at),
        commit=Field("commit { oid }", reviews.commit_of),
    ),
    nullable=True,
)  # fmt: skip


def _text_after(data: JsonReader) -> str | None:
    """GitHub's `diff` holds the whole text of a revision, in spite of its name; a deleted revision has none."""
    text, deleted = data.text_or_null("diff"), data.time_or_null("deletedAt")
    return text if deleted is None else None


EDITS: Final = pages(
    "userContentEdits",
    table(items.Edit, editor=_who("editor"), at=_time("editedAt"), text=Field("diff deletedAt", _text_after)),
    nullable=True,
)
LABELS: Final = pages("labels", _text("name"))

# ---- what happened to an item ----


def _merge_commit(data: JsonReader) -> str:
    commit = data.one_or_null("mergeCommit")
    return commit.text("oid") if commit else ""


PULL_REF: Final = table(
    items.PullRef,
    number=_number("number"), state=Field("state", lambda data: data.word("state", items.PullState)),
    head_ref=_text("headRefName"), head=_text("headRefOid"), base_ref=_text("baseRefName"), author=_who("author"),
    cross_repository=_flag("isCrossRepository"), closed_at=_time_or_null("closedAt"), url=_text("url"),
    draft=_flag("isDraft"), merge_commit=Field("mergeCommit { oid }", _merge_commit),
)  # fmt: skip


def _own_pull(data: JsonReader, *ends: str) -> items.PullRef | None:
    """The pull request of this repository at an end of an event."""
    own = () if data.flag("isCrossRepository") else map(data.one, ends)
    pull = next((one for one in own if one.text("__typename") == "PullRequest"), None)
    return replace(PULL_REF.read(pull), named_at=data.time("createdAt")) if pull else None


def _named(data: JsonReader) -> items.PullRef | None:
    return (ref := _own_pull(data, "source")) and replace(ref, closes=data.flag("willCloseTarget"))


def _linked(data: JsonReader, added: bool) -> items.PullRef | None:
    """Which end of the event is the issue depends on where a person linked them."""
    ref = _own_pull(data, "source", "subject")
    return ref and replace(ref, named_at=0, links=(items.Link(_EVENT["actor"].read(data), added, ref.named_at),))


_EVENT: Final[Fields] = {"actor": _who("actor"), "at": _time("createdAt")}
_LABEL: Final = Field("label { name }", lambda data: data.one("label").text("name"))
_EVENTS: Final[Fields] = {
    "LabeledEvent": table(partial(items.LabelEvent, added=True), label=_LABEL, **_EVENT),
    "UnlabeledEvent": table(partial(items.LabelEvent, added=False), label=_LABEL, **_EVENT),
    "RenamedTitleEvent": table(items.Rename, before=_text("previousTitle"), **_EVENT),
}
_PULL: Final = f"{{ __typename ... on PullRequest {{ {PULL_REF.query} }} }}"
_NAMED: Final = Field(f"isCrossRepository willCloseTarget createdAt source {_PULL}", _named)
_ENDS: Final = f"isCrossRepository createdAt {_EVENT['actor'].query} source {_PULL} subject {_PULL}"
_ASSIGNED: Final[Fields] = {"who": _who("assignee"), "at": _time("createdAt")}
_KINDS: Final = "LABELED_EVENT, UNLABELED_EVENT, RENAMED_TITLE_EVENT"
ISSUE_TIMELINE: Final = pages(
    "timelineItems",
    _by_type(
        **_EVENTS,
        AssignedEvent=table(partial(items.Assignment, added=True), **_ASSIGNED),
        UnassignedEvent=table(partial(items.Assignment, added=False), **_ASSIGNED),
        CrossReferencedEvent=_NAMED,
        ConnectedEvent=Field(_ENDS, partial(_linked, added=True)),
        DisconnectedEvent=Field(_ENDS, partial(_linked, added=False)),
    ),
    f", itemTypes: [{_KINDS}, ASSIGNED_EVENT, UNASSIGNED_EVENT, CROSS_REFERENCED_EVENT, CONNECTED_EVENT, "
    "DISCONNECTED_EVENT]",
)
# Whatever makes the base another branch, or another history: a person's retarget, and GitHub's own after a branch was
# renamed or deleted (https://docs.github.com/en/rest/using-the-rest-api/issue-event-types). Its time is all of it.
_BASE_CHANGES: Final[Fields] = dict.fromkeys(
    ("AutomaticBaseChangeSucceededEvent", "BaseRefChangedEvent", "BaseRefDeletedEvent", "BaseRefForcePushedEvent"),
    _time("createdAt"),
)
_DISMISSAL: Final = Field(
    f"{_EVENT['actor'].query} {reviews.DISMISSAL}", lambda data: reviews.taken_back(data, _EVENT["actor"].read(data))
)
_REMOVAL: Final = table(items.Removal, **_EVENT, reason=_or_empty("reason"))
PULL_TIMELINE: Final = pages(
    "timelineItems",
    _by_type(**_EVENTS, **_BASE_CHANGES, RemovedFromMergeQueueEvent=_REMOVAL, ReviewDismissedEvent=_DISMISSAL),
    f", itemTypes: [{_KINDS}, AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT, BASE_REF_CHANGED_EVENT, BASE_REF_DELETED_EVENT, "
    "BASE_REF_FORCE_PUSHED_EVENT, REMOVED_FROM_MERGE_QUEUE_EVENT, REVIEW_DISMISSED_EVENT]",
)

# ---- the checks of a head ----


def _state_of_run(data: JsonReader) -> CheckState:
    conclusion = data.text_or_null("conclusion")
    return CheckState.of_conclusion(conclusion) if data.text("status") == "COMPLETED" else CheckState.PENDING


def _app(data: JsonReader) -> int | None:
    app = data.at("checkSuite", "app")
    return app.number_or_null("databaseId") if app else None


CHECKS: Final = pages(
    "contexts",
    _by_type(
        StatusContext=table(
            items.Check,
            name=_text("context"), state=Field("state", lambda data: CheckState.of_status(data.text("state"))),
            at=_time("createdAt"), creator=_who("creator"), description=_or_empty("description"),
            url=_or_empty("targetUrl"),
        ),
        CheckRun=table(
            items.Check,
            name=_text("name"), state=Field("status conclusion", _state_of_run), at=_time_or_null("completedAt"),
            app=Field("checkSuite { app { databaseId } }", _app), url=_or_empty("detailsUrl"),
        ),
    ),
)  # fmt: skip


def head_with(checks: str) -> str:
    """What asks for the head of a pull request, with `checks` of it."""
    return f"commits(last: 1) {{ nodes {{ commit {{ oid committedDate statusCheckRollup {{ {checks} }} }} }} }}"


def head_commit(data: JsonReader) -> JsonReader | None:
    """The head of a pull request, with its checks."""
    nodes = data.one("commits").many("nodes")
    return nodes[-1].one("commit") if nodes else None


def _committed_at(data: JsonReader) -> int:
    commit = head_commit(data)
    return commit.time("committedDate") if commit else data.time("createdAt")


def rollup_of(data: JsonReader) -> JsonReader | None:
    """What holds the checks of a pull request's head: the latest status of each context, and every check run."""
    commit = head_commit(data)
    return commit.one_or_null("statusCheckRollup") if commit else None


def checks(data: JsonReader) -> tuple[items.Check, ...]:
    """The checks of a pull request's head."""
    rollup = rollup_of(data)
    return CHECKS.read(rollup) if rollup else ()


# What tells whether a merged pull request had checks.
_REPORTERS: Final = "nodes { __typename ... on StatusContext { context creator { ...Who } } ... on CheckRun { name } }"
MERGED: Final = "baseRefName mergedAt " + head_with(
    f"contexts(first: {limits.MERGED_CHECKS_READ_MAX}) {{ {_REPORTERS} }}"
)
_WHO: Final = _who("creator")


def reporters(data: JsonReader) -> tuple[tuple[str, items.Who | None], ...]:
    """What reported on the head of a merged pull request (MERGED), and who set it where it is a status."""
    rollup = rollup_of(data)
    nodes = rollup.one("contexts").many("nodes") if rollup else []
    return tuple(
        (node.text("context"), _WHO.read(node)) if node.text("__typename") == "StatusContext"
        else (node.text("name"), None) for node in nodes
    )  # fmt: skip


# ---- items ----

# The lists of an item that can be finished singly where the first page was not the whole of it.
LISTS: Final[dict[str, tuple[Field[Any], ...]]] = {
    "Issue": (LABELS, COMMENTS, EDITS, ISSUE_TIMELINE),
    "PullRequest": (LABELS, COMMENTS, EDITS, PULL_TIMELINE, REVIEWS),
}
_ITEM: Final[Fields] = {
    "number": _number("number"), "node_id": _text("id"), "title": _text("title"), "body": _text("body"),
    "url": _text("url"), "author": _who("author"), "created_at": _time("createdAt"), **_LAST_EDIT,
    "label_names": _first(LABELS), "comments": _first(COMMENTS), "edits": _first(EDITS),
}  # fmt: skip


def _of(kind: type[T], timeline: Iterable[Any]) -> tuple[T, ...]:
    return tuple(event for event in timeline if isinstance(event, kind))


def _item(make: Callable[..., T], label_names: Iterable[str], timeline: Iterable[Any], **facts: Any) -> T:
    """An issue or a pull request, with its timeline sorted by kind."""
    events, renames = _of(items.LabelEvent, timeline), _of(items.Rename, timeline)
    return make(label_names=frozenset(label_names), events=events, renames=renames, **facts)


def _issue(timeline: Iterable[Any], **facts: Any) -> items.Issue:
    refs, pulls = _of(items.PullRef, timeline), dict[int, items.PullRef]()
    for ref in refs:
        if before := pulls.get(ref.number):
            named_at, links = max(before.named_at, ref.named_at), (*before.links, *ref.links)
            ref = replace(ref, closes=before.closes or ref.closes, named_at=named_at, links=links)
        pulls[ref.number] = ref
    assignments = _of(items.Assignment, timeline)
    return _item(items.Issue, timeline=timeline, pulls=tuple(pulls.values()), assignments=assignments, **facts)


def _pull(timeline: Iterable[Any], reviewed: Iterable[items.Review], **facts: Any) -> items.Pull:
    facts["reviews"] = (*reviewed, *_of(items.Review, timeline))
    changes, removals = _of(int, timeline), _of(items.Removal, timeline)
    return _item(items.Pull, timeline=timeline, base_changes=changes, removals=removals, **facts)


def _sub_issues_open(data: JsonReader) -> int:
    summary = data.one("subIssuesSummary")
    return summary.number("total") - summary.number("completed")


def _base(data: JsonReader) -> str:
    """Where the base stands; empty where the branch is gone."""
    target = data.at("baseRef", "target")
    return target.text("oid") if target else ""


def _mergeable(data: JsonReader) -> bool | None:
    return {"MERGEABLE": True, "CONFLICTING": False}.get(data.text("mergeable"))


def _queue(data: JsonReader) -> str:
    """How the base's merge queue merges; empty where it has none."""
    queue = data.one_or_null("mergeQueue")
    asked = queue.one_or_null("configuration") if queue else None
    return asked.text("mergeMethod").lower() if asked else "merge" if queue else ""


_ENTRY: Final = table(items.QueueEntry, place=_number("position"), by=_who("enqueuer"))


def _queued(data: JsonReader) -> items.QueueEntry | None:
    entry = data.one_or_null("mergeQueueEntry")
    return _ENTRY.read(entry) if entry else None


# `state` under two names: its type is another in each, and GraphQL wants one type for one name.
ISSUE: Final = table(
    _issue, **_ITEM, timeline=_first(ISSUE_TIMELINE),
    open=Field("issueState: state", lambda data: data.text("issueState") == "OPEN"),
    sub_issues_open=Field("subIssuesSummary { total completed }", _sub_issues_open),
    sub_issues_closed=Field("", lambda data: data.one("subIssuesSummary").number("completed")),
)  # fmt: skip
PULL: Final = table(
    _pull, **_ITEM, timeline=_first(PULL_TIMELINE), reviewed=_first(REVIEWS),
    open=Field("pullState: state", lambda data: data.text("pullState") == "OPEN"),
    head_ref=_text("headRefName"), head=_text("headRefOid"), base_ref=_text("baseRefName"),
    base=Field(f"baseRef {{ target {{ oid }} refUpdateRule {{ {rules.RULE} }} }}", _base),
    required=Field("", rules.required), rules=Field("", rules.demanded),
    decision=Field("reviewDecision", rules.decision),
    clean=Field("mergeStateStatus", rules.state_is("CLEAN", "HAS_HOOKS")), blocked=Field("", rules.state_is("BLOCKED")),
    behind=Field("", rules.state_is("BEHIND")), merged=_flag("merged"),
    queue=Field("mergeQueue { configuration { mergeMethod } }", _queue),
    queued=Field(f"mergeQueueEntry {{ {_ENTRY.query} }}", _queued),
    draft=_flag("isDraft"), cross_repository=_flag("isCrossRepository"), mergeable=Field("mergeable", _mergeable),
    thread_count=Field("reviewThreads { totalCount }", lambda data: data.one("reviewThreads").number("totalCount")),
    head_committed_at=Field(head_with(first_page(CHECKS)), _committed_at), checks=Field("", checks),
)  # fmt: skip
ITEMS: Final[Fields] = {"Issue": ISSUE, "PullRequest": PULL}


def item(data: JsonReader) -> items.Item:
    """An issue or a pull request, by its `__typename`. Its lists are complete."""
    found: items.Item = data.word("__typename", ITEMS.__getitem__).read(data)
    return found


def permission(text: str | None) -> items.Permission:
    """A permission of GraphQL or REST; any word bee does not know is NONE."""
    try:
        return items.Permission((text or "none").upper())
    except ValueError:
        return items.Permission.NONE
