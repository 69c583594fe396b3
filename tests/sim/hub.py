"""The state of the model of GitHub and what changes it: one repository, its people, items and refs.

Every method is one effect, whole or refused. Time comes from outside; nothing here waits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.sim.gitmodel import Objects

ZERO: Final = "0" * 40
RANKS: Final = ("none", "read", "triage", "write", "maintain", "admin")
_MENTION: Final = re.compile(r"#([0-9]{1,9})\b")
_CLOSING: Final = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? #([0-9]{1,9})\b", re.IGNORECASE)


class No(Exception):
    """GitHub refuses: a status and its message."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(f"{status}: {message}")


@dataclass(slots=True)
class User:
    """An account and what it may do here."""

    id: int
    login: str
    role: str


@dataclass(slots=True)
class Post:
    """A comment, or a review with its state and the commit it speaks of."""

    id: int
    author: User
    body: str
    at: int
    state: str = ""
    commit: str = ""
    edited_at: int | None = None
    editor: User | None = None


@dataclass(slots=True)
class Thing:
    """An issue or a pull request (then with a head)."""

    number: int
    title: str
    body: str
    author: User
    at: int
    state: str = "OPEN"
    edits: list[tuple[User, int, str]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    comments: list[Post] = field(default_factory=list)
    blocked_by: list[int] = field(default_factory=list)
    updated_at: int = 0
    closed_at: int | None = None
    closed_by: User | None = None
    hidden_until: float = 0.0
    head_ref: str = ""
    head: str = ""
    base_ref: str = ""
    fork: bool = False
    draft: bool = False
    reviews: list[Post] = field(default_factory=list)
    merged_by: User | None = None
    merge_commit: str | None = None
    base_last: str = ""
    known: tuple[str, str] | None = None
    known_at: float = 0.0
    mergeable: bool = False

    @property
    def is_pull(self) -> bool:
        """Whether it is a pull request."""
        return bool(self.head_ref)

    @property
    def node_id(self) -> str:
        """Its id in GraphQL."""
        return f"{'PR' if self.is_pull else 'I'}_{self.number}"


@dataclass(slots=True)
class Hub:
    """The model. `seen` is told of every effect: (what, the account, facts)."""

    repo: str
    objects: Objects
    clock: Callable[[], float]
    users: dict[str, User] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    things: dict[int, Thing] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    seen: Callable[[str, User, dict[str, Any]], None] = lambda what, who, facts: None
    stale_seconds: float = 0.0
    settle_seconds: Callable[[], float] = lambda: 0.3
    refuse_collaborators: bool = False
    has_update_refs: bool = True
    _ids: int = 1000

    @property
    def now(self) -> int:
        """GitHub's clock, in whole seconds."""
        return int(self.clock())

    def _saw(self, what: str, who: User, facts: dict[str, Any]) -> None:
        if "thing" in facts:
            facts["thing"].updated_at = self.now
        self.seen(what, who, facts)

    def user(self, login: str, role: str) -> User:
        """A new account."""
        made = self.users[login] = User(len(self.users) + 1, login, role)
        return made

    def may(self, who: User, role: str) -> bool:
        """Whether an account has at least this role."""
        return RANKS.index(who.role) >= RANKS.index(role)

    def need(self, who: User, role: str) -> None:
        """Raises No (403)."""
        if not self.may(who, role):
            raise No(403, "Must have the right permission to do this.")

    def next_id(self) -> int:
        """A new database id."""
        self._ids += 1
        return self._ids

    def thing(self, number: int) -> Thing:
        """An item. Raises No (404)."""
        if number not in self.things:
            raise No(404, "Not Found")
        return self.things[number]

    def by_node(self, node_id: str) -> Thing:
        """An item by its GraphQL id."""
        found = self.thing(int(node_id.partition("_")[2]))
        if found.node_id != node_id:
            raise No(404, "Not Found")
        return found

    # ---- issues, labels, comments -------------------------------------------------------------------------------

    def open_issue(self, who: User, title: str, body: str, labels: Sequence[str] = ()) -> Thing:
        """A new issue; labels only from who may."""
        made = Thing(len(self.things) + 1, title, body, who, self.now)
        self._add(made, who)
        if self.may(who, "triage"):
            self.add_labels(who, made, labels)
        return made

    def _add(self, made: Thing, who: User) -> None:
        self.things[made.number] = made
        if self.stale_seconds:
            made.hidden_until = self.clock() + self.stale_seconds
        if made.is_pull:
            for number in dict.fromkeys(int(n) for n in _MENTION.findall(made.body)):
                if number in self.things and number != made.number:
                    self.things[number].events.append({"kind": "CrossReferencedEvent", "at": self.now, "pull": made})
        self._saw("opened", who, {"thing": made})

    def edit_body(self, who: User, one: Thing, body: str) -> None:
        """A new body, by the author or by who may write."""
        if who is not one.author:
            self.need(who, "triage")
        if body == one.body:
            return
        if not one.edits:
            one.edits.append((one.author, one.at, one.body))
        before, one.body = one.body, body
        one.edits.append((who, self.now, body))
        self._saw("edited", who, {"thing": one, "before": before})

    def set_state(self, who: User, one: Thing, state: str) -> None:
        """Close or reopen."""
        if who is not one.author:
            self.need(who, "triage")
        if one.state == "MERGED" or one.state == state:
            return
        if state == "OPEN" and one.is_pull and not one.fork and f"refs/heads/{one.head_ref}" not in self.refs:
            raise No(422, "Validation Failed; state cannot be changed. The branch has been deleted.")
        one.state, one.closed_at = state, self.now if state == "CLOSED" else None
        one.closed_by = who if state == "CLOSED" else None
        if state == "OPEN" and one.is_pull and not one.fork:
            one.head = self.refs[f"refs/heads/{one.head_ref}"]
        self._saw("closed" if state == "CLOSED" else "reopened", who, {"thing": one})

    def label_name(self, name: str) -> str:
        """The label's own spelling; GitHub folds case, and makes unknown labels on use."""
        return self.labels.setdefault(name.lower(), name)

    def add_labels(self, who: User, one: Thing, names: Sequence[str]) -> None:
        """Labels on; one that is there stays."""
        self.need(who, "triage")
        for name in names:
            if name.lower() not in one.labels:
                one.labels[name.lower()] = self.label_name(name)
                one.events.append({"kind": "LabeledEvent", "at": self.now, "label": self.label_name(name), "who": who})
                self._saw("labeled", who, {"thing": one, "label": name.lower()})

    def remove_label(self, who: User, one: Thing, name: str) -> bool:
        """A label off; False when it was not there."""
        self.need(who, "triage")
        if one.labels.pop(name.lower(), None) is None:
            return False
        one.events.append({"kind": "UnlabeledEvent", "at": self.now, "label": self.label_name(name), "who": who})
        self._saw("unlabeled", who, {"thing": one, "label": name.lower()})
        return True

    def comment(self, who: User, one: Thing, body: str) -> Post:
        """A comment."""
        made = Post(self.next_id(), who, body, self.now)
        one.comments.append(made)
        self._saw("commented", who, {"thing": one, "post": made})
        return made

    def find_comment(self, number: int) -> tuple[Thing, Post]:
        """A comment by its id. Raises No (404)."""
        for one in self.things.values():
            for post in one.comments:
                if post.id == number:
                    return one, post
        raise No(404, "Not Found")

    def edit_comment(self, who: User, number: int, body: str) -> Post:
        """A comment's new words, by its author or who may write."""
        one, post = self.find_comment(number)
        if who is not post.author:
            self.need(who, "write")
        post.body, post.edited_at, post.editor = body, self.now, who
        self._saw("comment-edited", who, {"thing": one, "post": post})
        return post

    def delete_comment(self, who: User, number: int) -> None:
        """A comment gone."""
        one, post = self.find_comment(number)
        if who is not post.author:
            self.need(who, "write")
        one.comments.remove(post)
        self._saw("comment-deleted", who, {"thing": one, "post": post})

    # ---- pull requests --------------------------------------------------------------------------------------------

    def open_pull(self, who: User, title: str, body: str, head_ref: str, base_ref: str, fork: str = "") -> Thing:
        """A pull request; `fork` is the head commit of one that comes from a fork."""
        if not fork:
            self.need(who, "write")
        head, base = fork or self.refs.get(f"refs/heads/{head_ref}"), self.refs.get(f"refs/heads/{base_ref}")
        if head is None or base is None:
            raise No(422, "Validation Failed; PullRequest head invalid")
        for one in self.things.values():
            if one.is_pull and one.state == "OPEN" and not one.fork and not fork and one.head_ref == head_ref:
                raise No(422, f"Validation Failed; A pull request already exists for ada:{head_ref}.")
        if self.objects.is_ancestor(head, base):
            raise No(422, f"Validation Failed; No commits between {base_ref} and {head_ref}")
        made = Thing(len(self.things) + 1, title, body, who, self.now)
        made.head_ref, made.head, made.base_ref, made.fork = head_ref, head, base_ref, bool(fork)
        made.base_last = base
        self._add(made, who)
        return made

    def base_of(self, pull: Thing) -> str | None:
        """Where a pull request's base branch stands."""
        return self.refs.get(f"refs/heads/{pull.base_ref}")

    def set_draft(self, who: User, pull: Thing, draft: bool) -> None:
        """A pull request becomes a draft, or is one no more."""
        self.need(who, "write")
        pull.draft = draft
        self._saw("draft", who, {"thing": pull})

    def look_mergeable(self, pull: Thing) -> bool | None:
        """GitHub's `mergeable`: null until the job that this read starts has finished."""
        base = self.base_of(pull)
        if pull.state != "OPEN" or base is None:
            return None
        if pull.known != (pull.head, base):
            pull.known, pull.known_at = (pull.head, base), self.clock() + self.settle_seconds()
            pull.mergeable = self.objects.merged(base, pull.head) is not None
        return pull.mergeable if self.clock() >= pull.known_at else None

    def merge(self, who: User, pull: Thing, sha: str | None, method: str, title: str) -> str:
        """Merge; 405 and 409 as GitHub has them."""
        self.need(who, "write")
        base = self.base_of(pull)
        if pull.draft:
            raise No(405, "Pull Request is still a draft")
        if pull.state != "OPEN" or base is None:
            raise No(405, "Pull Request is not mergeable")
        if sha is not None and sha != pull.head:
            raise No(409, "Head branch was modified. Review and try the merge again.")
        files = self.objects.merged(base, pull.head)
        if files is None:
            raise No(405, "Pull Request is not mergeable")
        parents = (base, pull.head) if method == "merge" else (base,)
        made = self.objects.commit(self.objects.tree(files), parents, title, self.now, who.login)
        self.refs[f"refs/heads/{pull.base_ref}"] = made
        pull.state, pull.merged_by, pull.merge_commit, pull.closed_at = "MERGED", who, made, self.now
        pull.base_last = base
        self._saw("merged", who, {"thing": pull, "base": base, "commit": made})
        for number in {int(n) for n in _CLOSING.findall(pull.body)}:
            if number in self.things and not self.things[number].is_pull:
                self.set_state(who, self.things[number], "CLOSED")
        return made

    def review(self, who: User, pull: Thing, event: str, body: str, commit: str | None) -> Post:
        """A review; nobody judges their own pull request."""
        if who is pull.author and event != "COMMENT":
            word = "approve" if event == "APPROVE" else "request changes on"
            raise No(422, f"Review Can not {word} your own pull request")
        oid = commit or pull.head
        if oid not in self.objects.history(pull.head):
            raise No(422, "Validation Failed; commit_id is not part of the pull request")
        state = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}[event]
        made = Post(self.next_id(), who, body, self.now, state, oid)
        pull.reviews.append(made)
        self._saw("reviewed", who, {"thing": pull, "post": made})
        return made

    def edit_review(self, who: User, pull: Thing, number: int, body: str) -> Post:
        """A review's new words, by its author or who may write; its verdict stays. Raises No (404)."""
        post = next((post for post in pull.reviews if post.id == number), None)
        if post is None:
            raise No(404, "Not Found")
        if who is not post.author:
            self.need(who, "write")
        post.body, post.edited_at, post.editor = body, self.now, who
        self._saw("review-edited", who, {"thing": pull, "post": post})
        return post

    def set_status(self, who: User, sha: str, context: str, state: str, description: str) -> None:
        """A commit status."""
        self.need(who, "write")
        if sha not in self.objects.commits:
            raise No(422, f"No commit found for SHA: {sha}")
        facts = {"context": context, "state": state.upper(), "description": description, "at": self.now, "who": who}
        self.statuses.setdefault(sha, []).append(facts)
        self._saw("status", who, {"sha": sha, **facts})

    def rollup(self, sha: str) -> list[dict[str, Any]]:
        """The latest status of each context."""
        latest = {status["context"]: status for status in self.statuses.get(sha, [])}
        return list(latest.values())

    # ---- refs -------------------------------------------------------------------------------------------------------

    def move_refs(self, who: User, moves: Sequence[tuple[str, str | None, str | None]], forced: bool = True) -> None:
        """Move refs by compare-and-swap, all or none. Raises No (409, 422)."""
        self.need(who, "write")
        for name, before, after in moves:
            if self.refs.get(name) != before:
                raise No(409, f"{name} is at {self.refs.get(name) or 'nothing'}, not at {before or 'nothing'}")
            if after is not None and after not in self.objects.commits:
                raise No(422, f"No such object: {after}")
            if not forced and before and after and not self.objects.is_ancestor(before, after):
                raise No(422, "Update is not a fast forward")
        for name, before, after in moves:
            self._saw("ref", who, {"ref": name, "before": before, "after": after})
        for name, _, after in moves:
            if after is None:
                self.refs.pop(name, None)
            else:
                self.refs[name] = after
            if name.startswith("refs/heads/"):
                self._pushed(who, name.removeprefix("refs/heads/"), after)

    def _pushed(self, who: User, branch: str, after: str | None) -> None:
        for one in self.things.values():
            if one.is_pull and one.state == "OPEN" and not one.fork and one.head_ref == branch:
                if after is None:
                    one.state, one.closed_at = "CLOSED", self.now
                else:
                    one.head = after
                one.updated_at = self.now
