"""Edit history of bodies, as `userContentEdits` shows it."""

from __future__ import annotations

from typing import Final

from bee.forge.core.store import Row
from bee.forge.core.world import Call

_TABLES: Final = {"issue": "issues", "comment": "comments", "review": "reviews", "line": "review_comments"}


def record(call: Call, kind: str, subject: Row, body: str | None) -> None:
    """Change a body and record it: `kind` is a key of `_TABLES`, the editor is who asks.

    The first edit also creates an entry for the original text, as GitHub does; each entry's `diff` is
    the whole text after that edit (https://docs.github.com/graphql/reference/objects#usercontentedit).
    """
    editor, now, subject_id = call.actor().id, call.now(), subject["id"]
    if subject["last_edited_at"] is None:
        made, author, text = subject["created_at"], subject["author_id"], subject["body"] or ""
        call.insert("edits", kind=kind, subject_id=subject_id, editor_id=author, edited_at=made, diff=text)
    call.insert("edits", kind=kind, subject_id=subject_id, editor_id=editor, edited_at=now, diff=body or "")
    call.update(_TABLES[kind], subject_id, body=body, updated_at=now, editor_id=editor, last_edited_at=now)


def of_subjects(call: Call, kind: str, ids: list[int]) -> dict[int, list[Row]]:
    """The edits of several subjects at once, newest first."""
    sql = "SELECT * FROM edits WHERE kind = ? AND subject_id IN ({}) ORDER BY id DESC"
    return call.grouped("subject_id", sql, ids, kind)
