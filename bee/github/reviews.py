"""What reviews tell in GraphQL's answers, and what people say when they take one back. Sends nothing."""

from __future__ import annotations

from typing import Final

from bee.github.json import JsonReader
from bee.model.items import Review, ReviewState, Who

DISMISSAL: Final = "createdAt databaseId url dismissalMessage previousReviewState review { author { ...Who } }"


def submitted_at(data: JsonReader) -> int:
    """When a review was submitted, in seconds since the epoch."""
    submitted = data.time_or_null("submittedAt")
    return data.time("createdAt") if submitted is None else submitted


def commit_of(data: JsonReader) -> str | None:
    """The commit that a review names."""
    commit = data.one_or_null("commit")
    return commit.text("oid") if commit else None


def taken_back(data: JsonReader, who: Who | None) -> Review | None:
    """What a person said when they dismissed their own approval, by what a `ReviewDismissedEvent` tells; `who` did it.

    One that a push dismissed has no message (https://docs.github.com/en/rest/using-the-rest-api/issue-event-types).
    """
    review, said = data.one_or_null("review"), data.text_or_null("dismissalMessage")
    author = review.one_or_null("author") if review else None
    approved = data.word("previousReviewState", ReviewState) is ReviewState.APPROVED
    if not (said and approved and who and author and author.text("login") == who.login):
        return None
    return Review(
        id=data.number_or_null("databaseId") or 0, author=who, body=said, at=data.time("createdAt"),
        url=data.text("url"), state=ReviewState.COMMENTED, commit=None,
    )  # fmt: skip
