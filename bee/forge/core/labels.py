"""Labels of repositories and of items. Names keep their case and are compared without it."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from bee.forge.core import events
from bee.forge.core.errors import custom, invalid, not_found
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo

NAME_CHARACTERS_MAX: Final = 50
LABELS_OF_ITEM_MAX: Final = 100
DEFAULT_COLOR: Final = "ededed"


def find(call: Call, repo: Repo, name: str) -> Row | None:
    """A label by name, ignoring case."""
    return call.row("SELECT * FROM labels WHERE repo_id = ? AND name = ?", repo.id, name)


def listed(call: Call, repo: Repo) -> list[Row]:
    """Every label of a repository, by name."""
    return call.rows("SELECT * FROM labels WHERE repo_id = ? ORDER BY name", repo.id)


def _checked(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise invalid("Label", "name", "missing_field")
    if len(name) > NAME_CHARACTERS_MAX:
        raise invalid("Label", "name", message="name is too long (maximum is 50 characters)")
    return name.strip()


def create(call: Call, repo: Repo, name: Any, color: Any = None, description: Any = None) -> Row:
    """Create a label; 422 `already_exists` when one differs by case at most. Raises Refused."""
    checked = _checked(name)
    if find(call, repo, checked) is not None:
        raise invalid("Label", "name", "already_exists")
    shade = color if color is not None else hashlib.sha1(checked.encode(), usedforsecurity=False).hexdigest()[:6]
    if not isinstance(shade, str) or len(shade) != 6 or any(c not in "0123456789abcdefABCDEF" for c in shade):
        raise invalid("Label", "color")
    row = {"name": checked, "color": shade.lower(), "description": description}
    return call.insert("labels", repo_id=repo.id, created_at=call.now(), **row)


def update(call: Call, repo: Repo, label: Row, changes: dict[str, Any]) -> Row:
    """Rename, recolour or describe a label. Raises Refused (422)."""
    name = _checked(changes.get("new_name", changes.get("name", label["name"])))
    other = find(call, repo, name)
    if other is not None and other["id"] != label["id"]:
        raise invalid("Label", "name", "already_exists")
    color = str(changes.get("color", label["color"])).lower()
    description = changes.get("description", label["description"])
    call.update("labels", label["id"], name=name, color=color, description=description)
    return call.get("labels", label["id"])


def delete(call: Call, label: Row) -> None:
    """Delete a label and take it off every item."""
    call.run("DELETE FROM issue_labels WHERE label_id = ?", label["id"])
    call.run("DELETE FROM labels WHERE id = ?", label["id"])


def of_items(call: Call, issue_ids: list[int]) -> dict[int, list[Row]]:
    """The labels of several items at once, in the order of their names."""
    sql = """SELECT issue_labels.issue_id, labels.* FROM issue_labels JOIN labels ON labels.id = label_id
        WHERE issue_labels.issue_id IN ({}) ORDER BY labels.name"""
    return call.grouped("issue_id", sql, issue_ids)


def of_item(call: Call, issue: Row) -> list[Row]:
    """The labels of one item."""
    return of_items(call, [issue["id"]])[issue["id"]]


def ensure(call: Call, repo: Repo, name: Any) -> Row:
    """A label by name, created on use as GitHub does."""
    checked = _checked(name)
    return find(call, repo, checked) or create(call, repo, checked, DEFAULT_COLOR)


def add(call: Call, issue: Row, rows: list[Row], actor: User) -> None:
    """Put labels on an item; one that it has already changes nothing. 422 where they would be too many.

    Raises Refused.
    """
    held = {row["id"] for row in of_item(call, issue)}
    if len(held | {row["id"] for row in rows}) > LABELS_OF_ITEM_MAX:
        raise custom("Issue", "labels", f"cannot have more than {LABELS_OF_ITEM_MAX} labels")
    sql = "INSERT OR IGNORE INTO issue_labels (issue_id, label_id) VALUES (?, ?)"
    _change(call, issue, "labeled", sql, rows, actor)


def remove(call: Call, issue: Row, rows: list[Row], actor: User) -> None:
    """Take labels off an item; those it does not have are skipped."""
    sql = "DELETE FROM issue_labels WHERE issue_id = ? AND label_id = ?"
    _change(call, issue, "unlabeled", sql, rows, actor)


def _change(call: Call, issue: Row, kind: str, sql: str, rows: list[Row], actor: User) -> None:
    for label in rows:
        if call.run(sql, issue["id"], label["id"]):
            call.update("issues", issue["id"], updated_at=call.now())
            events.add(call, issue, kind, actor, label={name: label[name] for name in ("id", "name", "color")})


def replace(call: Call, issue: Row, rows: list[Row], actor: User) -> None:
    """Give an item exactly these labels."""
    wanted = {row["id"] for row in rows}
    remove(call, issue, [row for row in of_item(call, issue) if row["id"] not in wanted], actor)
    add(call, issue, rows, actor)


def carried(call: Call, issue: Row, name: str) -> Row:
    """A label that the item has; 404 in GitHub's words otherwise. Raises Refused."""
    for row in of_item(call, issue):
        if row["name"].lower() == name.lower():
            return row
    raise not_found("Label does not exist")
