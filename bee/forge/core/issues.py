"""Issues, and what issues and pull requests share: numbers, texts, states, assignees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bee.forge.core import edits, events, labels
from bee.forge.core.errors import Refused, custom, forbidden, invalid, not_found
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo

BODY_CHARACTERS_MAX: Final = 65536
TITLE_CHARACTERS_MAX: Final = 256


def find(call: Call, repo: Repo, number: int, is_pull: bool | None = None) -> Row | None:
    """An issue (or pull request) by number, or None."""
    sql = "SELECT * FROM issues WHERE repo_id = ? AND number = ? AND is_pull = coalesce(?, is_pull)"
    return call.row(sql, repo.id, min(number, 2**62), is_pull)


def get(call: Call, repo: Repo, number: int, is_pull: bool | None = None) -> Row:
    """An issue (or pull request) by number; raises 404."""
    row = find(call, repo, number, is_pull)
    if row is None:
        raise not_found()
    return row


def by_id(call: Call, issue_id: int) -> Row | None:
    """An issue or pull request by its identifier."""
    return call.row("SELECT * FROM issues WHERE id = ?", issue_id)


def numbered(call: Call, issue_id: int) -> Row:
    """An item by its identifier, for its number and kind, which never change: looked up once in a request."""
    return call.once(("numbered", issue_id), lambda: call.get("issues", issue_id))


def again(call: Call, issue: Row) -> Row:
    """The same item, read anew."""
    return call.get("issues", issue["id"])


def checked_text(resource: str, field: str, value: Any, characters_max: int = BODY_CHARACTERS_MAX) -> str:
    """A text within GitHub's bounds; raises 422."""
    if not isinstance(value, str):
        raise invalid(resource, field, "missing_field" if value is None else "invalid")
    if len(value) > characters_max:
        raise custom(resource, field, f"{field} is too long (maximum is {characters_max} characters)")
    return value


def checked_title(resource: str, value: Any) -> str:
    """A title that is not blank. Raises Refused (422)."""
    title = checked_text(resource, "title", value, TITLE_CHARACTERS_MAX).strip()
    if not title:
        raise invalid(resource, "title", "missing_field")
    return title


def insert(call: Call, repo: Repo, title: str, body: str | None, *, is_pull: bool) -> Row:
    """Take the next number of the repository for a new item by who asks."""
    actor, now = call.actor(), call.now()
    call.run("UPDATE repos SET next_number = next_number + 1 WHERE id = ?", repo.id)
    number = call.count("SELECT next_number - 1 FROM repos WHERE id = ?", repo.id)
    row = call.insert(
        "issues", repo_id=repo.id, number=number, is_pull=is_pull, title=title, body=body, author_id=actor.id,
        created_at=now, updated_at=now,
    )  # fmt: skip
    events.cross_reference(call, repo, row, f"{title}\n{body or ''}", actor)
    return row


def create(
    call: Call, repo: Repo, title: Any, body: Any = None, label_names: Sequence[Any] = (), assignees: Sequence[str] = ()
) -> Row:
    """Open an issue. Labels and assignees of those who may not set them are dropped silently, as on GitHub.

    Raises Refused (410).
    """
    if repo.settings.get("has_issues") is False:
        raise Refused(410, "Issues are disabled for this repo", kind="NOT_FOUND")
    text = None if body is None else checked_text("Issue", "body", body)
    issue = insert(call, repo, checked_title("Issue", title), text, is_pull=False)
    if call.may(repo, "triage"):
        labels.add(call, issue, [labels.ensure(call, repo, name) for name in label_names], call.actor())
        assign(call, repo, issue, assignees)
    return again(call, issue)


def need_author_or(call: Call, repo: Repo, author_id: int, permission: str) -> None:
    """Let authors touch what is theirs, and everyone else by permission. Raises Refused (403)."""
    if call.actor().id != author_id and not call.may(repo, permission):
        raise forbidden("Must have admin rights to Repository.")


def edit(call: Call, repo: Repo, issue: Row, changes: dict[str, Any]) -> Row:
    """Change title, body, state, labels or assignees, each with its own permission."""
    actor = call.actor()
    if {"title", "body"} & changes.keys():
        need_author_or(call, repo, issue["author_id"], "write")
        _edit_texts(call, repo, issue, changes)
    if changes.get("state") is not None:
        need_author_or(call, repo, issue["author_id"], "triage")
        set_state(call, repo, issue, changes["state"], changes.get("state_reason"))
    if call.may(repo, "triage"):
        if changes.get("labels") is not None:
            names = [one["name"] if isinstance(one, dict) else one for one in changes["labels"]]
            labels.replace(call, issue, [labels.ensure(call, repo, name) for name in names], actor)
        if changes.get("assignees") is not None:
            held = [user.login for user in assignees_of(call, [issue["id"]])[issue["id"]]]
            unassign(call, repo, issue, [login for login in held if login not in changes["assignees"]])
            assign(call, repo, issue, changes["assignees"])
    return again(call, issue)


def _edit_texts(call: Call, repo: Repo, issue: Row, changes: dict[str, Any]) -> None:
    resource = "PullRequest" if issue["is_pull"] else "Issue"
    if changes.get("title") is not None:
        title = checked_title(resource, str(changes["title"]))
        if title != issue["title"]:
            call.update("issues", issue["id"], title=title, updated_at=call.now())
            events.add(call, issue, "renamed", call.actor(), rename={"from": issue["title"], "to": title})
    if "body" in changes:
        body = None if changes["body"] is None else checked_text(resource, "body", changes["body"])
        if (body or "") != (issue["body"] or ""):
            edits.record(call, "issue", issue, body)
            events.cross_reference(call, repo, issue, body, call.actor())


def set_state(
    call: Call, repo: Repo, issue: Row, state: str, reason: str | None = None, *,
    actor: User | None = None, **why: Any,
) -> None:  # fmt: skip
    """Close or reopen an item; setting the state it has is not an event. Raises Refused (422)."""
    if state not in ("open", "closed"):
        raise invalid("Issue", "state")
    if reason not in (None, "completed", "not_planned", "duplicate", "reopened"):
        raise invalid("Issue", "state_reason")
    issue = again(call, issue)
    if issue["is_pull"] and state == "open" and issue["state"] == "closed":
        _may_reopen_pull(call, issue)
    actor = actor or call.actor()
    word = None if issue["is_pull"] else ((reason or "completed") if state == "closed" else "reopened")
    if state == issue["state"]:
        if state == "closed" and reason and reason != issue["state_reason"]:
            call.update("issues", issue["id"], state_reason=word)
        return
    now = call.now()
    at, by = (now, actor.id) if state == "closed" else (None, None)
    call.update("issues", issue["id"], state=state, state_reason=word, closed_at=at, closed_by=by, updated_at=now)
    events.add(call, issue, "closed" if state == "closed" else "reopened", actor, state_reason=word, **why)


def _may_reopen_pull(call: Call, issue: Row) -> None:
    pull = call.row("SELECT * FROM pulls WHERE issue_id = ?", issue["id"])
    if pull is not None and pull["merged_at"]:
        raise custom("PullRequest", "state", "state cannot be changed. The pull request is merged.")
    head_repo = call.repo_by_id(pull["head_repo_id"]) if pull else None
    if pull and (head_repo is None or head_repo.git.refs.get(f"refs/heads/{pull['head_ref']}") is None):
        message = f"state cannot be changed. The {pull['head_ref']} branch has been deleted."
        raise custom("PullRequest", "state", message)


# -- conversations --------------------------------------------------------------------------------


LOCK_REASONS: Final = ("off-topic", "too heated", "resolved", "spam")


def lock(call: Call, repo: Repo, issue: Row, locked: bool, reason: str | None = None) -> None:
    """Let only those who may write take part, or everybody again. Raises Refused (422)."""
    call.need(repo, "triage")
    if reason is not None and reason not in LOCK_REASONS:
        raise invalid("Issue", "lock_reason")
    if bool(issue["locked"]) != locked:
        call.update("issues", issue["id"], locked=locked, lock_reason=reason, updated_at=call.now())
        events.add(call, issue, "locked" if locked else "unlocked", call.viewer, lock_reason=reason)


def need_open_conversation(call: Call, repo: Repo, issue: Row) -> None:
    """Refuse words of those who may not write where the conversation is locked. Raises Refused (403)."""
    if again(call, issue)["locked"] and not call.may(repo, "write"):
        raise Refused(403, "Unable to create comment because issue is locked.")


# -- assignees ------------------------------------------------------------------------------------


def assignees_of(call: Call, issue_ids: list[int]) -> dict[int, list[User]]:
    """The assignees of several items at once."""
    rows = call.grouped("issue_id", "SELECT * FROM assignees WHERE issue_id IN ({}) ORDER BY user_id", issue_ids)
    return {key: [user for row in held if (user := call.user(row["user_id"]))] for key, held in rows.items()}


def assign(call: Call, repo: Repo, issue: Row, logins: Sequence[str]) -> None:
    """Assign users; raises 422 for one who has no access."""
    for login in logins:
        user = call.forge.users.by_login(login)
        if user is None or (call.permission(repo, user) == "none" and user.id != issue["author_id"]):
            raise invalid("Issue", "assignees", value=login)
        if call.run("INSERT OR IGNORE INTO assignees (issue_id, user_id) VALUES (?, ?)", issue["id"], user.id):
            events.add(call, issue, "assigned", call.viewer, assignee=user.login)


def unassign(call: Call, repo: Repo, issue: Row, logins: Sequence[str]) -> None:
    """Take assignees off."""
    for login in logins:
        user = call.forge.users.by_login(login)
        sql = "DELETE FROM assignees WHERE issue_id = ? AND user_id = ?"
        if user and call.run(sql, issue["id"], user.id):
            events.add(call, issue, "unassigned", call.viewer, assignee=user.login)


# -- lists ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What a list asks for; `is_pull` None means both kinds."""

    is_pull: bool | None = False
    states: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    any_label: bool = False
    since: str | None = None
    assignee: str | None = None
    author: str | None = None
    mentioned: str | None = None
    head_ref: str | None = None
    head_owner: str | None = None
    base_ref: str | None = None
    order: str = "created_at"
    descending: bool = True


_STATES: Final = {
    "open": "issues.state = 'open'",
    "closed": "issues.state = 'closed' AND pulls.merged_at IS NULL",
    "merged": "pulls.merged_at IS NOT NULL",
}
_ASSIGNED: Final = {
    "none": "issues.id NOT IN (SELECT issue_id FROM assignees)",
    "*": "issues.id IN (SELECT issue_id FROM assignees)",
}
_BY_LABEL: Final = "issues.id IN (SELECT issue_id FROM issue_labels WHERE label_id IN ({}))"


def where(call: Call, repo: Repo, wanted: Filter) -> tuple[str, list[Any]]:
    """The condition of a list as SQL, over `issues LEFT JOIN pulls`."""

    def account(login: str | None) -> int | None:
        found = call.forge.users.by_login(login) if login is not None else None
        return found.id if found else None if login is None else 0

    assigned = _ASSIGNED.get(wanted.assignee or "")
    assignee = account(None if assigned else wanted.assignee)
    mentioned = f"%@{wanted.mentioned}%" if wanted.mentioned is not None else None
    terms = {
        "issues.repo_id = ?": repo.id,
        "issues.is_pull = ?": wanted.is_pull,
        "issues.updated_at >= ?": wanted.since,
        "issues.author_id = ?": account(wanted.author),
        "coalesce(issues.body, '') || ' ' || issues.title LIKE ?": mentioned,
        "issues.id IN (SELECT issue_id FROM assignees WHERE user_id = ?)": assignee,
        "pulls.head_ref = ?": wanted.head_ref,
        "pulls.base_ref = ?": wanted.base_ref,
        "pulls.head_owner_id = ?": account(wanted.head_owner),
        # GitHub finds the pull requests of a branch at once.
        "issues.created_at <= ?": call.cutoff(False) if call.stale_seconds and wanted.head_ref is None else None,
    }
    asked = {term: value for term, value in terms.items() if value is not None}
    plain = [f"({' OR '.join(_STATES[state] for state in wanted.states)})"] if wanted.states else []
    found = [labels.find(call, repo, name) for name in wanted.labels]
    ids = [str(row["id"] if row else 0) for row in found]
    if ids:
        plain += [_BY_LABEL.format(one) for one in ([",".join(ids)] if wanted.any_label else ids)]
    return " AND ".join([*asked, *plain, *([assigned] if assigned else [])]), list(asked.values())


def count(call: Call, repo: Repo, wanted: Filter) -> int:
    """How many items a list has."""
    condition, values = where(call, repo, wanted)
    sql = f"SELECT count(*) FROM issues LEFT JOIN pulls ON pulls.issue_id = issues.id WHERE {condition}"
    return call.count(sql, *values)


def page(
    call: Call, repo: Repo, wanted: Filter, limit: int, offset: int = 0, *,
    beyond: tuple[Any, int] | None = None, backwards: bool = False,
) -> list[Row]:  # fmt: skip
    """Part of a list, by offset (REST) or beyond a key `(order value, id)` (GraphQL cursors).

    Cursors name a place in the order, not a count, so that an item that leaves the list between two
    pages does not push another one out of sight.
    """
    condition, values = where(call, repo, wanted)
    descending = wanted.descending != backwards
    if beyond is not None:
        condition += f" AND (issues.{wanted.order}, issues.id) {'<' if descending else '>'} (?, ?)"
        values += list(beyond)
    word = "DESC" if descending else "ASC"
    sql = f"""SELECT issues.* FROM issues LEFT JOIN pulls ON pulls.issue_id = issues.id WHERE {condition}
        ORDER BY issues.{wanted.order} {word}, issues.id {word} LIMIT ? OFFSET ?"""
    rows = call.rows(sql, *values, limit, offset)
    return rows[::-1] if backwards else rows
