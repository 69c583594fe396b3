"""What one tick knows of a repository, as immutable values. No parsing, no I/O, no decisions.

All times are whole seconds since the epoch (UTC), by GitHub's clock. All oids are 40 hex digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from bee.model.checks import CheckState, Required
from bee.model.labels import Label, known
from bee.model.records import Record
from bee.model.rules import METHODS, BaseRules, ReviewDecision
from bee.model.seals import Foreign


class Permission(StrEnum):
    """A person's role on the repository, as GitHub's `RepositoryPermission` has it, plus NONE."""

    ADMIN = "ADMIN"
    MAINTAIN = "MAINTAIN"
    WRITE = "WRITE"
    TRIAGE = "TRIAGE"
    READ = "READ"
    NONE = "NONE"


MAY_WRITE: Final = frozenset({Permission.ADMIN, Permission.MAINTAIN, Permission.WRITE})


@dataclass(frozen=True, slots=True)
class Who:
    """An account. `id` is None where it is neither a person's nor an app's (an organisation, a Mannequin)."""

    login: str
    id: int | None = None
    bot: bool = False

    @property
    def address(self) -> str:
        """What its commits are signed with, so that GitHub takes them for its own.

        Without the number the address is that of an old account of this name:
        https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
        """
        return f"{'' if self.id is None else f'{self.id}+'}{self.login}@users.noreply.github.com"


@dataclass(frozen=True, slots=True)
class Edit:
    """One revision of a body; `text` is the body after it, None where GitHub no longer has it."""

    editor: Who | None
    at: int
    text: str | None


class LabelEvent(NamedTuple):
    """A label was put on (`added`) or taken off."""

    label: str
    added: bool
    actor: Who | None
    at: int


class Rename(NamedTuple):
    """The title was changed; `before` is what it was."""

    actor: Who | None
    at: int
    before: str


class Assignment(NamedTuple):
    """An account was assigned (`added`) or taken off."""

    who: Who | None
    added: bool
    at: int


class Link(Assignment):
    """An account linked a pull request to the issue by hand (`added`), or took the link away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a comment, a review and a line comment have in common."""

    id: int
    author: Who | None
    body: str
    at: int
    edited_at: int | None = None
    editor: Who | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Post):
    """A comment of an issue or pull request."""

    node_id: str = ""


class ReviewState(StrEnum):
    """GitHub's `PullRequestReviewState`."""

    APPROVED = "APPROVED"
    CHANGES_REQUESTED = "CHANGES_REQUESTED"
    COMMENTED = "COMMENTED"
    DISMISSED = "DISMISSED"
    PENDING = "PENDING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Post):
    """A submitted review, or what its author said on taking an approval back; `commit` is the head it names, if any."""

    state: ReviewState
    commit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineComment(Post):
    """A comment in a review thread. `approving`: the id of the review that approves and that it came with, or 0."""

    approving: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A review thread, its comments oldest first; drafts that nobody submitted are in none.

    `id` is that of its first comment. `start` and `line` are its lines, in the commit it was opened on where it is
    `outdated`, else in the head; None for a comment on the whole file, and `start` for one on a single line.
    """

    id: int
    path: str
    comments: tuple[LineComment, ...]
    start: int | None = None
    line: int | None = None
    resolved: bool = False
    outdated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A commit status or a check run on the head.

    `creator` is the account that set a status, `app` the id of the App that made a check run.
    """

    name: str
    state: CheckState
    at: int | None = None
    creator: Who | None = None
    app: int | None = None
    description: str = ""
    url: str = ""


class QueueEntry(NamedTuple):
    """A pull request's entry of its base's merge queue: its place, from 1 (0: not known), and who put it there."""

    place: int
    by: Who | None


class Removal(NamedTuple):
    """A pull request was taken out of a merge queue without being merged; why, in GitHub's words."""

    at: int
    actor: Who | None
    reason: str


class PullState(StrEnum):
    """GitHub's `PullRequestState`."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    MERGED = "MERGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRef:
    """A pull request as an issue's timeline shows it: open, closed or merged.

    `closes`: its words close the issue when it is merged. `named_at`: when they named the issue (0: not known).
    `links`: who linked it by hand. `merge_commit`: what it was merged as; empty where it was not, or GitHub is silent.
    """

    number: int
    state: PullState
    head_ref: str
    head: str
    base_ref: str
    author: Who | None
    cross_repository: bool
    closed_at: int | None = None
    url: str = ""
    draft: bool = False
    closes: bool = False
    named_at: int = 0
    links: tuple[Link, ...] = ()
    merge_commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """What an issue and a pull request have in common."""

    number: int
    node_id: str
    title: str
    body: str
    author: Who | None
    created_at: int
    open: bool = True
    edited_at: int | None = None
    editor: Who | None = None
    label_names: frozenset[str] = frozenset()
    events: tuple[LabelEvent, ...] = ()
    comments: tuple[Comment, ...] = ()
    edits: tuple[Edit, ...] = ()
    renames: tuple[Rename, ...] = ()
    url: str = ""

    @property
    def labels(self) -> frozenset[Label]:
        """The labels bee knows among those on the item."""
        return known(self.label_names)


class Settled(NamedTuple):
    """Something an issue waited for that is closed: `#N`, or `owner/name#N` elsewhere; when (0: not known), and how."""

    ref: str
    at: int
    completed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Numbered):
    """An open (or singly read) issue. `closed_blockers` are read where it would otherwise be an agent's to move.

    `sub_issues_closed`: how many of its sub-issues are, however; GitHub calls each of them completed.
    """

    pulls: tuple[PullRef, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    sub_issues_open: int = 0
    sub_issues_closed: int = 0
    blocked_by_open: int = 0
    blockers: tuple[int, ...] = ()
    blockers_elsewhere: tuple[str, ...] = ()
    closed_blockers: tuple[Settled, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull(Numbered):
    """An open (or singly read) pull request. `mergeable` is None while GitHub has not computed it.

    `base_changes`: when its base became another branch, or another history of the same one, oldest first. `required`
    are the checks that rules of its base require. `unread`: this token may not read the head's check runs. `clean`:
    GitHub says that everything on the head is green, whoever may read it; `blocked`, that a rule of the base stands
    against a merge; `behind`, that only this does: the head must contain the base. `decision` is None where no reviews
    are required. `rules` are those that came with the pull request; an agent's has all of them. `thread_count`: how
    many review threads there are; `threads` are read only where they can matter. `queue` is how its base's merge queue
    merges, empty where it has none; `queued` its entry there, `removals` when it was taken out, oldest first.
    """

    head_ref: str
    head: str
    head_committed_at: int
    base_ref: str
    base: str
    merged: bool = False
    draft: bool = False
    mergeable: bool | None = None
    cross_repository: bool = False
    reviews: tuple[Review, ...] = ()
    base_changes: tuple[int, ...] = ()
    checks: tuple[Check, ...] = ()
    required: tuple[Required, ...] = ()
    unread: bool = False
    clean: bool = False
    thread_count: int = 0
    threads: tuple[Thread, ...] = ()
    blocked: bool = False
    behind: bool = False
    decision: ReviewDecision | None = None
    rules: BaseRules = field(default_factory=BaseRules)
    queue: str = ""
    queued: QueueEntry | None = None
    removals: tuple[Removal, ...] = ()


Item = Issue | Pull


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A closed item as the list of the latest changes shows it.

    `finished`: merged, or closed as completed. `head_ref`: the pull request's branch of this repository.
    """

    number: int
    label_names: frozenset[str]
    finished: bool
    head_ref: str = ""

    @property
    def labels(self) -> frozenset[Label]:
        """The labels bee knows among those on the item."""
        return known(self.label_names)


@dataclass(frozen=True, slots=True)
class Tip:
    """Where one of bee's refs stands: its oid, and the last record there that verifies (None where there is none).

    `foreign` is what stands on top of that record and does not verify. The oid is empty where the ref is gone and must
    not be.
    """

    oid: str
    record: Record | None
    foreign: Foreign | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything one tick reads of one repository.

    `label_ids` are the node ids of bee's labels by name. `permissions` maps account ids to permissions; who is
    absent has not been looked up and is a stranger; `listed`: GitHub listed everybody who has one. `items`, `merges`
    and `alerts` are the tips of the lease refs by item number, by base branch and by key. `fixed` are the quarantined
    items whose bug was closed as completed by somebody trusted. `checked` are the base branches of which any of the
    last three merged pull requests had checks of others than bee. `changed_at` is when any issue or pull request, open
    or closed, was last changed; 0 where there is none. `stopped` are the issues that open pull requests of bee's belong
    to and that are not open. `merge_methods` are those that the repository allows. `astray` are merged pull requests
    that count for a step, and whose commit is not on the default branch. `closed` are the closed items among those
    changed last. `no_trace`: why no E2E trace may go where the policy says; asked where something is to be tested.
    """

    repo: str
    repo_id: str
    default_branch: str
    default_head: str
    default_tree: str
    viewer: Who
    now: int
    policy_text: str | None = None
    private: bool = False
    viewer_permission: Permission = Permission.READ
    label_ids: Mapping[str, str] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    pulls: tuple[Pull, ...] = ()
    permissions: Mapping[int, Permission] = field(default_factory=dict)
    listed: bool = True
    items: Mapping[int, Tip] = field(default_factory=dict)
    merges: Mapping[str, Tip] = field(default_factory=dict)
    alerts: Mapping[str, Tip] = field(default_factory=dict)
    control: Tip | None = None
    branches: Mapping[str, str] = field(default_factory=dict)
    fixed: frozenset[int] = frozenset()
    checked: frozenset[str] = frozenset()
    changed_at: int = 0
    stopped: frozenset[int] = frozenset()
    astray: frozenset[int] = frozenset()
    merge_methods: frozenset[str] = METHODS
    closed: tuple[Closed, ...] = ()
    no_trace: str = ""

    def item(self, number: int) -> Item | None:
        """The open item with this number, if the snapshot has it."""
        everything: tuple[Item, ...] = (*self.issues, *self.pulls)
        return next((item for item in everything if item.number == number), None)


def posts_of(item: Numbered) -> list[Post]:
    """Everything that was said on an item: comments, then reviews, then what its review threads hold."""
    posts: list[Post] = [*item.comments]
    if isinstance(item, Pull):
        posts += item.reviews
        posts += (line for thread in item.threads for line in thread.comments)
    return posts


def kind_of(item: Item) -> Literal["issue", "pull"]:
    """`issue` or `pull`, as `--json` prints it."""
    return "pull" if isinstance(item, Pull) else "issue"
