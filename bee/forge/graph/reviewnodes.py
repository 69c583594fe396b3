"""Reviews of pull requests and their comments on lines."""

from __future__ import annotations

from typing import Any

from bee.forge.core import issues, reviews
from bee.forge.core.store import Row
from bee.forge.core.users import level
from bee.forge.core.world import Call
from bee.forge.graph import people
from bee.forge.graph.base import Batch, Connection, Node, connect, repo_of
from bee.forge.graph.gitnodes import git_object
from bee.forge.graph.texts import Text


class PullRequestReview(Text):
    """A review."""

    typename = "PullRequestReview"
    edit_kind = "review"

    def _issue(self) -> Row:
        def load(_ids: list[int]) -> Row | None:
            return issues.by_id(self.call, self.row["issue_id"])

        row = self.batch.load(f"issue {self.row['issue_id']}", load)
        assert row is not None
        return row

    def state(self) -> str:
        """What it says."""
        return str(self.row["state"])

    def submitted_at(self) -> str | None:
        """When it was submitted."""
        return self.row["submitted_at"]  # type: ignore[no-any-return]

    published_at = submitted_at

    def author_can_push_to_repository(self) -> bool:
        """Whether its author may push."""
        user = self.call.user(self.row["author_id"])
        return level(self.call.permission(self.repo, user)) >= level("write")

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"/{self.repo.full_name}/pull/{self._issue()['number']}#pullrequestreview-{self.row['id']}"

    def url(self) -> str:
        """The web page."""
        return self.call.web + self.resource_path()

    def commit(self) -> Node | None:
        """The commit that was reviewed."""
        return git_object(self.call, self.repo, self.row["commit_sha"])

    def pull_request(self) -> Node:
        """The pull request."""
        from bee.forge.graph.items import wrap

        return wrap(self.call, [self._issue()])[0]

    def comments(self, **args: Any) -> Connection:
        """Its comments on lines."""
        rows = reviews.review_comments(self.call, self._issue(), self.row["id"])
        return connect(self.call, rows, lambda row: PullRequestReviewComment(self.call, row), args)


class PullRequestReviewComment(Node):
    """A comment on a line."""

    typename = "PullRequestReviewComment"

    def __init__(self, call: Call, row: Row) -> None:
        super().__init__(call)
        self.row = row

    def key(self) -> tuple[object, ...]:
        """By number."""
        return (self.row["id"],)

    def database_id(self) -> int:
        """The number that REST calls `id`."""
        return int(self.row["id"])

    def body(self) -> str:
        """The text."""
        return str(self.row["body"])

    def path(self) -> str:
        """The file."""
        return str(self.row["path"])

    def line(self) -> int | None:
        """The line."""
        return self.row["line"]  # type: ignore[no-any-return]

    def created_at(self) -> str:
        """When it was made."""
        return str(self.row["created_at"])

    def updated_at(self) -> str:
        """When it last changed."""
        return str(self.row["updated_at"])

    def author(self) -> people.Account | None:
        """Who wrote it."""
        return people.by_number(self.call, self.row["author_id"])

    def _issue(self) -> Row:
        row = issues.by_id(self.call, self.row["issue_id"])
        assert row is not None
        return row

    def commit(self) -> Node | None:
        """The commit it speaks of."""
        issue = self._issue()
        return git_object(self.call, repo_of(self.call, issue["repo_id"]), self.row["commit_sha"])

    def pull_request(self) -> Node:
        """The pull request."""
        from bee.forge.graph.items import wrap

        return wrap(self.call, [self._issue()])[0]

    def url(self) -> str:
        """The web page."""
        issue = self._issue()
        repo = repo_of(self.call, issue["repo_id"])
        return f"{self.call.web}/{repo.full_name}/pull/{issue['number']}#discussion_r{self.row['id']}"


class PullRequestReviewThread(Node):
    """A comment on a line and the replies to it."""

    typename = "PullRequestReviewThread"

    def __init__(self, call: Call, rows: list[Row]) -> None:
        super().__init__(call)
        self.rows = rows

    def key(self) -> tuple[object, ...]:
        """By its first comment."""
        return (self.rows[0]["id"],)

    def is_resolved(self) -> bool:
        """Resolving is not served."""
        return False

    def path(self) -> str:
        """The file."""
        return str(self.rows[0]["path"])

    def line(self) -> int | None:
        """The line."""
        return self.rows[0]["line"]  # type: ignore[no-any-return]

    def comments(self, **args: Any) -> Connection:
        """The comment and its replies."""
        return connect(self.call, self.rows, lambda row: PullRequestReviewComment(self.call, row), args)


def threads(call: Call, issue: Row) -> list[PullRequestReviewThread]:
    """The threads of a pull request."""
    found: dict[int, list[Row]] = {}
    for row in reviews.review_comments(call, issue):
        found.setdefault(row["in_reply_to"] or row["id"], []).append(row)
    return [PullRequestReviewThread(call, rows) for rows in found.values()]


def of_id(call: Call, review_id: int) -> PullRequestReview | None:
    """A review by its number."""
    row = call.row("SELECT * FROM reviews WHERE id = ?", review_id)
    issue = issues.by_id(call, row["issue_id"]) if row else None
    if row is None or issue is None:
        return None
    return PullRequestReview(call, repo_of(call, issue["repo_id"]), row, Batch([review_id]))


class ReviewRequest(Node):
    """A review that is asked for."""

    typename = "ReviewRequest"

    def __init__(self, call: Call, issue_id: int, user_id: int) -> None:
        super().__init__(call)
        self.issue_id, self.user_id = issue_id, user_id

    def key(self) -> tuple[object, ...]:
        """By pull request and user."""
        return (self.issue_id, self.user_id)

    def database_id(self) -> int:
        """The user's number stands for it."""
        return self.user_id

    def as_code_owner(self) -> bool:
        """Code owners are not served."""
        return False

    def requested_reviewer(self) -> people.Account | None:
        """Whose review is asked for."""
        return people.by_number(self.call, self.user_id)
