"""Issues, and what issues and pull requests share: numbers, texts, states, assignees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bee.forge.core import edits, events, labels
from bee.forge.core.errors import forbidden, invalid, not_found
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo

BODY_CHARACTERS_MAX: Final = 65536
TITLE_CHARACTERS_MAX: Final = 256


def find(call: Call, repo: Repo, number: int, is_pull: bool | None = None) -> Row | None:
    """An issue (or pull request) by number, or None."""
    row = call.row("SELECT * FROM issues WHERE repo_id = ? AND number = ?", repo.id, min(number, 2**62))
    if row is None or (is_pull is not None and bool(row["is_pull"]) != is_pull):
        return None
    return row


def get(call: Call, repo: Repo, number: int, is_pull: bool | None = None) -> Row:
    """An issue (or pull request) by number; raises 404."""
    row = find(call, repo, number, is_pull)
    if row is None:
        raise not_found()
    return row


def by_id(call: Call, issue_id: int) -> Row | None:
    """An issue or pull request by its identifier."""
    return call.row("SELECT * FROM issues WHERE id = ?", issue_id)


def again(call: Call, issue: Row) -> Row:
    """The same item, read anew."""
    row = by_id(call, issue["id"])
    assert row is not None
    return row


def checked_text(resource: str, field: str, value: Any, characters_max: int) -> str:
    """A text within GitHub's bounds; raises 422."""
    if not isinstance(value, str):
        raise invalid(resource, field, "missing_field" if value is None else "invalid")
    if len(value) > characters_max:
        raise invalid(
            resource, field, "custom", message=f"{field} is too long (maximum is {characters_max} characters)"
        )
    return value


def checked_title(resource: str, value: Any) -> str:
    """A title that is not blank."""
    title = checked_text(resource, "title", value, TITLE_CHARACTERS_MAX).strip()
    if not title:
        raise invalid(resource, "title", "missing_field")
    return title


def insert(call: Call, repo: Repo, title: str, body: str | None, author: User, is_pull: bool) -> Row:
    """Take the next number of the repository for a new item."""
    number = call.row("SELECT next_number FROM repos WHERE id = ?", repo.id)
    assert number is not None
    call.run("UPDATE repos SET next_number = next_number + 1 WHERE id = ?", repo.id)
    now = call.now()
    issue_id = call.run(
        "INSERT INTO issues (repo_id, number, is_pull, title, body, author_id, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        repo.id, number[0], int(is_pull), title, body, author.id, now, now,
    )  # fmt: skip
    row = by_id(call, issue_id)
    assert row is not None
    events.cross_reference(call, repo, row, f"{title}\n{body or ''}", author)
    return row


def create(
    call: Call, repo: Repo, title: Any, body: Any = None,
    label_names: Sequence[Any] = (), assignees: Sequence[str] = (),
) -> Row:  # fmt: skip
    """Open an issue. Labels and assignees of those who may not set them are dropped silently, as on GitHub."""
    actor = call.actor()
    if repo.settings.get("has_issues") is False:
        raise _disabled()
    text = None if body is None else checked_text("Issue", "body", body, BODY_CHARACTERS_MAX)
    issue = insert(call, repo, checked_title("Issue", title), text, actor, is_pull=False)
    if call.may(repo, "triage"):
        rows = [labels.ensure(call, repo, name) for name in label_names]
        labels.add(call, repo, issue, rows, actor)
        assign(call, repo, issue, assignees)
    return again(call, issue)


def _disabled() -> Exception:
    error = not_found("Issues are disabled for this repo")
    error.status = 410
    return error


def need_author_or(call: Call, repo: Repo, author_id: int, permission: str) -> None:
    """Let authors touch what is theirs, and everyone else by permission."""
    if call.actor().id != author_id and not call.may(repo, permission):
        raise forbidden("Must have admin rights to Repository.")


def edit(call: Call, repo: Repo, issue: Row, changes: dict[str, Any]) -> Row:
    """Change title, body, state, labels or assignees, each with its own permission."""
    actor = call.actor()
    resource = "PullRequest" if issue["is_pull"] else "Issue"
    if {"title", "body"} & changes.keys():
        need_author_or(call, repo, issue["author_id"], "write")
        _edit_title(call, repo, issue, changes, actor, resource)
        if "body" in changes:
            body = changes["body"]
            text = None if body is None else checked_text(resource, "body", body, BODY_CHARACTERS_MAX)
            _edit_body(call, repo, issue, text, actor)
    if changes.get("state") is not None:
        need_author_or(call, repo, issue["author_id"], "triage")
        set_state(call, repo, issue, changes["state"], changes.get("state_reason"))
    if call.may(repo, "triage"):
        if changes.get("labels") is not None:
            names = [one["name"] if isinstance(one, dict) else one for one in changes["labels"]]
            labels.replace(call, repo, issue, [labels.ensure(call, repo, name) for name in names], actor)
        if changes.get("assignees") is not None:
            unassign(call, repo, issue, [u.login for u in assignees_of(call, [issue["id"]])[issue["id"]]
                                         if u.login not in changes["assignees"]])  # fmt: skip
            assign(call, repo, issue, changes["assignees"])
    return again(call, issue)


def _edit_title(call: Call, repo: Repo, issue: Row, changes: dict[str, Any], actor: User, resource: str) -> None:
    if changes.get("title") is None:
        return
    title = checked_title(resource, str(changes["title"]))
    if title != issue["title"]:
        call.run("UPDATE issues SET title = ?, updated_at = ? WHERE id = ?", title, call.now(), issue["id"])
        events.add(call, repo.id, issue["id"], "renamed", actor, rename={"from": issue["title"], "to": title})


def _edit_body(call: Call, repo: Repo, issue: Row, body: str | None, actor: User) -> None:
    if (body or "") == (issue["body"] or ""):
        return
    edits.record(call, "issue", issue, actor, body)
    now = call.now()
    call.run(
        "UPDATE issues SET body = ?, editor_id = ?, last_edited_at = ?, updated_at = ? WHERE id = ?",
        body, actor.id, now, now, issue["id"],
    )  # fmt: skip
    events.cross_reference(call, repo, issue, body, actor)


def set_state(
    call: Call, repo: Repo, issue: Row, state: str, reason: str | None = None, *,
    actor: User | None = None, **why: Any,
) -> None:  # fmt: skip
    """Close or reopen an item; the state it is in already is no event."""
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
            call.run("UPDATE issues SET state_reason = ? WHERE id = ?", word, issue["id"])
        return
    now = call.now()
    closed = (now, actor.id) if state == "closed" else (None, None)
    call.run(
        "UPDATE issues SET state = ?, state_reason = ?, closed_at = ?, closed_by = ?, updated_at = ? WHERE id = ?",
        state, word, *closed, now, issue["id"],
    )  # fmt: skip
    kind = "closed" if state == "closed" else "reopened"
    events.add(call, repo.id, issue["id"], kind, actor, state_reason=word, **why)


def _may_reopen_pull(call: Call, issue: Row) -> None:
    pull = call.row("SELECT * FROM pulls WHERE issue_id = ?", issue["id"])
    if pull is not None and pull["merged_at"]:
        raise invalid("PullRequest", "state", "custom", message="state cannot be changed. The pull request is merged.")
    head_repo = call.repo_by_id(pull["head_repo_id"]) if pull else None
    if pull and (head_repo is None or head_repo.git.refs.get(f"refs/heads/{pull['head_ref']}") is None):
        message = f"state cannot be changed. The {pull['head_ref']} branch has been deleted."
        raise invalid("PullRequest", "state", "custom", message=message)


# -- assignees ------------------------------------------------------------------------------------


def assignees_of(call: Call, issue_ids: list[int]) -> dict[int, list[User]]:
    """The assignees of several items at once."""
    found: dict[int, list[User]] = {issue_id: [] for issue_id in issue_ids}
    for row in call.among("SELECT * FROM assignees WHERE issue_id IN ({}) ORDER BY user_id", issue_ids):
        user = call.user(row["user_id"])
        if user:
            found[row["issue_id"]].append(user)
    return found


def assign(call: Call, repo: Repo, issue: Row, logins: Sequence[str]) -> None:
    """Assign users; raises 422 for one who has no access."""
    for login in logins:
        user = call.forge.users.by_login(login)
        if user is None or (call.permission(repo, user) == "none" and user.id != issue["author_id"]):
            raise invalid("Issue", "assignees", value=login)
        sql = "INSERT OR IGNORE INTO assignees (issue_id, user_id) VALUES (?, ?)"
        if call.db.execute(sql, (issue["id"], user.id)).rowcount:
            events.add(call, repo.id, issue["id"], "assigned", call.viewer, assignee=user.login)


def unassign(call: Call, repo: Repo, issue: Row, logins: Sequence[str]) -> None:
    """Take assignees off."""
    for login in logins:
        user = call.forge.users.by_login(login)
        sql = "DELETE FROM assignees WHERE issue_id = ? AND user_id = ?"
        if user and call.db.execute(sql, (issue["id"], user.id)).rowcount:
            events.add(call, repo.id, issue["id"], "unassigned", call.viewer, assignee=user.login)


# -- lists ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
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


def _state_term(states: tuple[str, ...]) -> str:
    terms = {
        "open": "issues.state = 'open'",
        "closed": "(issues.state = 'closed' AND pulls.merged_at IS NULL)",
        "merged": "pulls.merged_at IS NOT NULL",
    }
    return "(" + " OR ".join(terms[state] for state in states) + ")"


def _label_term(call: Call, repo: Repo, wanted: Filter, terms: list[str], values: list[Any]) -> None:
    found = [labels.find(call, repo, name) for name in wanted.labels]
    ids = [str(row["id"] if row else 0) for row in found]
    if wanted.any_label:
        terms.append(f"issues.id IN (SELECT issue_id FROM issue_labels WHERE label_id IN ({','.join(ids)}))")
        return
    for one in ids:
        terms.append("issues.id IN (SELECT issue_id FROM issue_labels WHERE label_id = ?)")
        values.append(int(one))


def _people_terms(call: Call, wanted: Filter, terms: list[str], values: list[Any]) -> None:
    if wanted.author is not None:
        user = call.forge.users.by_login(wanted.author)
        terms.append("issues.author_id = ?")
        values.append(user.id if user else 0)
    if wanted.mentioned is not None:
        terms.append("(issues.body LIKE ? OR issues.title LIKE ?)")
        values += [f"%@{wanted.mentioned}%"] * 2
    if wanted.assignee in ("none", "*"):
        word = "NOT IN" if wanted.assignee == "none" else "IN"
        terms.append(f"issues.id {word} (SELECT issue_id FROM assignees)")
    elif wanted.assignee is not None:
        user = call.forge.users.by_login(wanted.assignee)
        terms.append("issues.id IN (SELECT issue_id FROM assignees WHERE user_id = ?)")
        values.append(user.id if user else 0)


def where(call: Call, repo: Repo, wanted: Filter) -> tuple[str, list[Any]]:
    """The condition of a list as SQL, over `issues LEFT JOIN pulls`."""
    terms: list[str] = ["issues.repo_id = ?"]
    values: list[Any] = [repo.id]
    if wanted.is_pull is not None:
        terms.append("issues.is_pull = ?")
        values.append(int(wanted.is_pull))
    if wanted.states:
        terms.append(_state_term(wanted.states))
    if wanted.labels:
        _label_term(call, repo, wanted, terms, values)
    if wanted.since is not None:
        terms.append("issues.updated_at >= ?")
        values.append(wanted.since)
    _people_terms(call, wanted, terms, values)
    for column, value in (("pulls.head_ref", wanted.head_ref), ("pulls.base_ref", wanted.base_ref)):
        if value is not None:
            terms.append(f"{column} = ?")
            values.append(value)
    if wanted.head_owner is not None:
        owner = call.forge.users.by_login(wanted.head_owner)
        terms.append("pulls.head_owner_id = ?")
        values.append(owner.id if owner else 0)
    if call.stale_seconds:
        terms.append("issues.created_at <= ?")
        values.append(call.cutoff())
    return " AND ".join(terms), values


def count(call: Call, repo: Repo, wanted: Filter) -> int:
    """How many items a list has."""
    condition, values = where(call, repo, wanted)
    sql = f"SELECT count(*) FROM issues LEFT JOIN pulls ON pulls.issue_id = issues.id WHERE {condition}"
    row = call.row(sql, *values)
    return int(row[0]) if row else 0


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
    sql = (
        f"SELECT issues.* FROM issues LEFT JOIN pulls ON pulls.issue_id = issues.id WHERE {condition} "
        f"ORDER BY issues.{wanted.order} {word}, issues.id {word} LIMIT ? OFFSET ?"
    )
    rows = call.rows(sql, *values, limit, offset)
    return rows[::-1] if backwards else rows


def number_of(text: str) -> int:
    """An issue number in an address; 404 where it is none."""
    if not text.isdecimal():
        raise not_found()
    return int(text)
