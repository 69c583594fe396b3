"""What has a body: the edit history, and the fields that issues, comments and reviews share."""

from __future__ import annotations

from typing import Any

from bee.forge.core import edits
from bee.forge.core.repos import association
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.graph import people
from bee.forge.graph.base import Batch, Connection, Node, connect


class UserContentEdit(Node):
    """One entry of an edit history; `diff` holds the whole text after it."""

    typename = "UserContentEdit"

    def __init__(self, call: Call, row: Row) -> None:
        super().__init__(call)
        self.row = row

    def key(self) -> tuple[object, ...]:
        """By number."""
        return (self.row["id"],)

    def edited_at(self) -> str:
        """When the edit was made."""
        return str(self.row["edited_at"])

    created_at = updated_at = edited_at

    def diff(self) -> str | None:
        """The text after the edit; None when a person deleted the entry."""
        return self.row["diff"]  # type: ignore[no-any-return]

    def editor(self) -> people.Account | None:
        """Who edited."""
        return people.by_number(self.call, self.row["editor_id"])

    def deleted_at(self) -> str | None:
        """When the entry was deleted."""
        return self.row["deleted_at"]  # type: ignore[no-any-return]

    def deleted_by(self) -> people.Account | None:
        """Who deleted the entry."""
        return people.by_number(self.call, self.row["deleted_by"])


class Text(Node):
    """An issue, pull request, comment or review."""

    edit_kind = ""

    def __init__(self, call: Call, repo: Repo, row: Row, batch: Batch) -> None:
        super().__init__(call)
        self.repo, self.row, self.batch = repo, row, batch

    def key(self) -> tuple[object, ...]:
        """By number."""
        return (self.row["id"],)

    def database_id(self) -> int:
        """The number that REST calls `id`."""
        return int(self.row["id"])

    def full_database_id(self) -> str:
        """The same, as GraphQL's BigInt."""
        return str(self.row["id"])

    def body(self) -> str:
        """The text as written."""
        return self.row["body"] or ""

    body_text = body

    def created_at(self) -> str:
        """When it was made."""
        return str(self.row["created_at"])

    def published_at(self) -> str | None:
        """When it became visible."""
        return self.created_at()

    def updated_at(self) -> str:
        """When it last changed."""
        return str(self.row["updated_at"])

    def last_edited_at(self) -> str | None:
        """When the text was last edited."""
        return self.row["last_edited_at"]  # type: ignore[no-any-return]

    def editor(self) -> people.Account | None:
        """Who edited it last."""
        return people.by_number(self.call, self.row["editor_id"])

    def author(self) -> people.Account | None:
        """Who wrote it."""
        return people.by_number(self.call, self.row["author_id"])

    def author_association(self) -> str:
        """How the author stands to the repository."""
        return association(self.call, self.repo, self.row["author_id"])

    def includes_created_edit(self) -> bool:
        """Whether the history starts with the original text."""
        return self.row["last_edited_at"] is not None

    def created_via_email(self) -> bool:
        """Nothing here comes by mail."""
        return False

    is_minimized = created_via_email

    def minimized_reason(self) -> None:
        """Nothing here is hidden."""

    def reaction_groups(self) -> list[Any]:
        """Reactions are not served."""
        return []

    def viewer_did_author(self) -> bool:
        """Whether who asks wrote it."""
        return self.call.viewer is not None and self.call.viewer.id == self.row["author_id"]

    def viewer_can_update(self) -> bool:
        """Whether who asks may edit it."""
        return self.viewer_did_author() or self.call.may(self.repo, "write")

    def repository(self) -> Node:
        """The repository."""
        from bee.forge.graph.repository import Repository

        return Repository(self.call, self.repo)

    def user_content_edits(self, **args: Any) -> Connection:
        """The edit history, newest first."""
        call, kind = self.call, self.edit_kind
        rows = self.batch.load("edits", lambda ids: edits.of_subjects(call, kind, ids))[self.row["id"]]
        return connect(call, rows, lambda row: UserContentEdit(call, row), args, key=_newest_first)


def _newest_first(row: Row) -> str:
    return f"{2**62 - int(row['id']):020d}"
