"""Edit history of bodies, as `userContentEdits` shows it."""

from __future__ import annotations

from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call


def record(call: Call, kind: str, subject: Row, editor: User, body: str | None) -> None:
    """Record that a body became `body`.

    The first edit also creates an entry for the original text, as GitHub does; each entry's `diff` is
    the whole text after that edit (https://docs.github.com/graphql/reference/objects#usercontentedit).
    """
    sql = "INSERT INTO edits (kind, subject_id, editor_id, edited_at, diff) VALUES (?, ?, ?, ?, ?)"
    if subject["last_edited_at"] is None:
        made = subject["created_at"]
        call.run(sql, kind, subject["id"], subject["author_id"], made, subject["body"] or "")
    call.run(sql, kind, subject["id"], editor.id, call.now(), body or "")


def of_subjects(call: Call, kind: str, ids: list[int]) -> dict[int, list[Row]]:
    """The edits of several subjects at once, newest first."""
    found: dict[int, list[Row]] = {one: [] for one in ids}
    listed = ",".join(str(int(one)) for one in ids)
    sql = f"SELECT * FROM edits WHERE kind = ? AND subject_id IN ({listed}) ORDER BY id DESC"
    for row in call.rows(sql, kind):
        found[row["subject_id"]].append(row)
    return found
