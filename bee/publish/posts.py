"""Issues and comments, written by who holds a lease or by a person's command."""

from __future__ import annotations

from bee.github import write
from bee.lease.store import Lease, Writer
from bee.model.items import LineComment, Review
from bee.model.records import OWN_ROLE
from bee.pipeline.leftovers import Twin
from bee.wording import texts


def create_issue(lease: Lease, title: str, body: str) -> int:
    """An issue; its number."""
    return write.create_issue(lease.client, lease.repo, title, body)


def write_body(writer: Writer, number: int, body: str) -> None:
    """A whole new body of an issue or pull request."""
    write.edit_issue(writer.client, writer.repo, number, body=body)


def close_issue(writer: Writer, number: int) -> None:
    """An issue closed as completed."""
    write.edit_issue(writer.client, writer.repo, number, state="closed", state_reason="completed")


def reopen(person: Writer, number: int) -> None:
    """A closed issue or pull request opened again."""
    write.edit_issue(person.client, person.repo, number, state="open")


def comment(writer: Writer, number: int, body: str) -> str:
    """A comment on an issue or pull request; its address for people."""
    return write.comment(writer.client, writer.repo, number, body)


def reply_to_line(lease: Lease, number: int, thread: int, body: str) -> str:
    """A reply in a review thread; its address for people. Raises NotFoundError when the thread is gone."""
    return write.reply_to_line(lease.client, lease.repo, number, thread, body)


def edit_comment(writer: Writer, comment_id: int, body: str) -> None:
    """Another body for a comment. Raises NotFoundError when it is gone."""
    write.edit_comment(writer.client, writer.repo, comment_id, body)


def take_away(lease: Lease, twin: Twin) -> None:
    """Remove a duplicate: delete a comment; mark a review, which cannot be deleted, as a duplicate."""
    if isinstance(twin.post, Review):
        words = texts.said_twice(OWN_ROLE, twin.number, twin.post.id)
        write.edit_review(lease.client, lease.repo, twin.number, twin.post.id, words)
    elif isinstance(twin.post, LineComment):
        write.delete_line_comment(lease.client, lease.repo, twin.post.id)
    else:
        write.delete_comment(lease.client, lease.repo, twin.post.id)
