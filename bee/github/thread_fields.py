"""The fields of review threads and of the comments in them; `fields` has the others. Sends nothing."""

from __future__ import annotations

from typing import Any, Final

from bee.github.fields import POST, Field, first_page, pages, table
from bee.github.json import JsonReader
from bee.model import items


def _published_at(data: JsonReader) -> int:
    """A comment that waited in a draft was said when its review was submitted."""
    published = data.time_or_null("publishedAt")
    return data.time("createdAt") if published is None else published


def _approval(data: JsonReader) -> int:
    review = data.one_or_null("pullRequestReview")
    if review is None or review.text("state") != items.ReviewState.APPROVED:
        return 0
    return review.number_or_null("fullDatabaseId") or 0


_COMMENT: Final = table(
    items.LineComment, **POST, at=Field("publishedAt createdAt", _published_at),
    approving=Field("pullRequestReview { state fullDatabaseId }", _approval),
)  # fmt: skip


def _said(data: JsonReader) -> items.LineComment | None:
    """A token sees the drafts of its own account, which nobody has said yet."""
    return None if data.text("state") == "PENDING" else _COMMENT.read(data)


# More comments of a thread are asked for by the id of the thread itself.
LINE_COMMENTS: Final = pages("comments", Field(f"state {_COMMENT.query}", _said))


def _now_or_then(now: str, then: str) -> Field[int | None]:
    """A line in the head; of an outdated thread, the one it was opened on."""

    def read(data: JsonReader) -> int | None:
        line = data.number_or_null(now)
        return data.number_or_null(then) if line is None else line

    return Field(f"{now} {then}", read)


def _thread(comments: tuple[items.LineComment | None, ...], **facts: Any) -> items.Thread | None:
    said = tuple(comment for comment in comments if comment is not None)
    return items.Thread(id=said[0].id, comments=said, **facts) if said else None


# None for a thread that is all draft.
THREAD: Final[Field[items.Thread | None]] = table(
    _thread,
    path=Field("path", lambda data: data.text("path")),
    resolved=Field("isResolved", lambda data: data.flag("isResolved")),
    outdated=Field("isOutdated", lambda data: data.flag("isOutdated")),
    start=_now_or_then("startLine", "originalStartLine"),
    line=_now_or_then("line", "originalLine"),
    comments=Field(f"id {first_page(LINE_COMMENTS)}", LINE_COMMENTS.read),
)
THREADS: Final = pages("reviewThreads", THREAD)
