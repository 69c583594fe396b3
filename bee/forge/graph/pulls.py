"""Pull requests."""

from __future__ import annotations

from typing import Any

from bee.forge.core import diffs, events, issues, merge, mergeability, protection, pulls, reviews
from bee.forge.core.store import Row
from bee.forge.core.world import Repo
from bee.forge.graph import people
from bee.forge.graph.base import Batch, Connection, Edge, Node, connect
from bee.forge.graph.checknodes import expect, rollup
from bee.forge.graph.gitnodes import CommitNode, git_object, ref
from bee.forge.graph.items import Item, by_id, wrap
from bee.forge.graph.reviewnodes import PullRequestReview, ReviewRequest, threads


class PullRequest(Item):
    """A pull request."""

    typename = "PullRequest"

    @property
    def pull(self) -> Row:
        """Its own half of the row."""
        found: Row = self.batch.load("pulls", lambda ids: pulls.rows(self.call, ids))[self.row["id"]]
        return found

    def state(self) -> str:
        """OPEN, CLOSED or MERGED."""
        return pulls.state_of(self.row, self.pull)

    def merged(self) -> bool:
        """Whether it is merged."""
        return self.pull["merged_at"] is not None

    def merged_at(self) -> str | None:
        """When it was merged."""
        return self.pull["merged_at"]  # type: ignore[no-any-return]

    def merged_by(self) -> people.Account | None:
        """Who merged it."""
        return people.by_number(self.call, self.pull["merged_by"])

    def merge_commit(self) -> Node | None:
        """The commit that brought it into the base."""
        sha = self.pull["merge_sha"]
        return git_object(self.call, self.repo, sha) if sha else None

    def potential_merge_commit(self) -> Node | None:
        """The commit that merging would make."""
        sha = self.pull["test_sha"]
        return git_object(self.call, self.repo, sha) if sha and self.mergeable() == "MERGEABLE" else None

    def mergeable(self) -> str:
        """UNKNOWN also starts the job that finds out."""
        known = mergeability.of(self.call, self.repo, self.row, self.pull)
        return "UNKNOWN" if known is None else "MERGEABLE" if known else "CONFLICTING"

    def merge_state_status(self) -> str:
        """What GitHub's merge button would say."""
        return mergeability.merge_state(self.call, self.repo, self.row, self.pull)

    def is_draft(self) -> bool:
        """Whether it is a draft."""
        return bool(self.pull["draft"])

    def is_cross_repository(self) -> bool:
        """Whether it comes from a fork."""
        return bool(self.pull["head_repo_id"] != self.repo.id)

    def maintainer_can_modify(self) -> bool:
        """Whether maintainers may push to the fork's branch."""
        return bool(self.pull["maintainer_can_modify"])

    permalink = Item.url

    def _head_repo(self) -> Repo | None:
        return self.repo if self.pull["head_repo_id"] == self.repo.id else self.call.repo_by_id(
            self.pull["head_repo_id"])  # fmt: skip

    def head_ref(self) -> Node | None:
        """The branch, while it exists."""
        repo = self._head_repo()
        return ref(self.call, repo, f"refs/heads/{self.pull['head_ref']}") if repo else None

    def head_ref_name(self) -> str:
        """The branch's name."""
        return str(self.pull["head_ref"])

    def head_ref_oid(self) -> str:
        """The proposed commit."""
        return str(self.pull["head_sha"])

    def head_repository(self) -> Node | None:
        """Where the branch is."""
        from bee.forge.graph.repository import Repository

        repo = self._head_repo()
        return Repository(self.call, repo) if repo else None

    def head_repository_owner(self) -> people.Account | None:
        """Whose branch it is."""
        return people.by_number(self.call, self.pull["head_owner_id"])

    def base_ref(self) -> Node | None:
        """The base branch, while it exists."""
        return ref(self.call, self.repo, f"refs/heads/{self.pull['base_ref']}")

    def base_ref_name(self) -> str:
        """The base branch's name."""
        return str(self.pull["base_ref"])

    def base_ref_oid(self) -> str:
        """The base as it was at the last push to the pull request."""
        return str(self.pull["base_sha"])

    def base_repository(self) -> Node:
        """Where the base is."""
        return self.repository()

    # -- what it changes ---------------------------------------------------------------------------

    def _files(self) -> list[diffs.File]:
        return diffs.of_pull(self.call, self.repo, self.pull)

    def additions(self) -> int:
        """Lines added."""
        return sum(file.additions for file in self._files())

    def deletions(self) -> int:
        """Lines taken away."""
        return sum(file.deletions for file in self._files())

    def changed_files(self) -> int:
        """Files changed."""
        return len(self._files())

    def files(self, **args: Any) -> Connection:
        """The changed files."""
        return connect(self.call, self._files(), changed_file, args)

    def commits(self, **args: Any) -> Connection:
        """The proposed commits, oldest first; `last: 1` needs no look at the history."""
        call, repo, pull = self.call, self.repo, self.pull
        if args.get("last") == 1 and not args.get("before"):
            self.batch.load("expected checks", lambda ids: expect(call, repo, self._heads(ids)))
            node = PullRequestCommit(self, pull["head_sha"])
            total = lambda: len(pulls.commits(call, repo, pull))  # noqa: E731
            return Connection([Edge(node, 0)], False, False, total)
        oids = pulls.commits(call, repo, pull)
        return connect(call, oids, lambda oid: PullRequestCommit(self, oid), args)

    def _heads(self, ids: list[int]) -> list[str]:
        return [row["head_sha"] for row in self.batch.load("pulls", lambda ids: pulls.rows(self.call, ids)).values()]

    def status_check_rollup(self) -> Node | None:
        """All checks of the head together."""
        return rollup(self.call, self.repo, self.pull["head_sha"])

    # -- reviews -----------------------------------------------------------------------------------

    def _review_nodes(self) -> list[PullRequestReview]:
        def load(ids: list[int]) -> tuple[dict[int, list[Row]], Batch]:
            rows = reviews.of_items(self.call, ids)
            return rows, Batch([row["id"] for listed in rows.values() for row in listed])

        rows, batch = self.batch.load("reviews", load)
        return [PullRequestReview(self.call, self.repo, row, batch) for row in rows[self.row["id"]]]

    def reviews(self, **args: Any) -> Connection:
        """The reviews, oldest first."""
        nodes = self._review_nodes()
        if args.get("states"):
            nodes = [node for node in nodes if node.state() in args["states"]]
        if args.get("author"):
            nodes = [node for node in nodes if (a := node.author()) and a.login() == args["author"]]
        return connect(self.call, nodes, lambda node: node, args, key=lambda node: by_id(node.row))

    def latest_reviews(self, **args: Any) -> Connection:
        """The latest review of each reviewer."""
        latest = {node.row["author_id"]: node for node in self._review_nodes() if node.state() != "PENDING"}
        return connect(self.call, list(latest.values()), lambda node: node, args)

    def review_requests(self, **args: Any) -> Connection:
        """Whose review is asked for."""
        call, issue_id = self.call, self.row["id"]
        users = self.batch.load("reviewers", lambda ids: reviews.requested(call, ids))[issue_id]
        return connect(call, users, lambda user: ReviewRequest(call, issue_id, user), args)

    def review_decision(self) -> str | None:
        """What the reviews come to; None where the base asks for none."""
        rules = protection.find(self.call, self.repo, self.pull["base_ref"])
        needed = protection.required_approvals(rules)
        standing = reviews.standing(self.call, self.repo, self.row["id"])
        if "CHANGES_REQUESTED" in standing:
            return "CHANGES_REQUESTED"
        if not needed:
            return "APPROVED" if "APPROVED" in standing and rules else None
        return "APPROVED" if standing.count("APPROVED") >= needed else "REVIEW_REQUIRED"

    def review_threads(self, **args: Any) -> Connection:
        """The threads on lines."""
        return connect(self.call, threads(self.call, self.row), lambda node: node, args)

    # -- the rest ----------------------------------------------------------------------------------

    def closing_issues_references(self, **args: Any) -> Connection:
        """The issues that merging it closes."""
        found = []
        if self.pull["base_ref"] == self.repo.default_branch:
            for number in events.closing_numbers(self.repo, self.row["body"]):
                row = issues.find(self.call, self.repo, number, is_pull=False)
                found += wrap(self.call, [row]) if row else []
        return connect(self.call, found, lambda item: item, args)

    def viewer_can_delete_head_ref(self) -> bool:
        """Whether who asks may delete the branch now."""
        repo = self._head_repo()
        return bool(repo and self.row["state"] == "closed" and self.call.may(repo, "write") and self.head_ref())

    def auto_merge_request(self) -> None:
        """Auto-merge is not served."""

    def viewer_merge_headline_text(self, merge_type: str = "MERGE") -> str:
        """The first line that a merge would get."""
        return merge.words(self.call, self.repo, self.row, self.pull, merge.Wish(merge_type.lower()))[0]

    def viewer_merge_body_text(self, merge_type: str = "MERGE") -> str:
        """The text that a merge would get."""
        return merge.words(self.call, self.repo, self.row, self.pull, merge.Wish(merge_type.lower()))[1]

    def timeline_extras(self, wanted: set[str] | None) -> list[tuple[str, int, Node]]:
        """Commits and reviews."""
        rows: list[tuple[str, int, Node]] = []
        if wanted is None or "PullRequestCommit" in wanted:
            for oid in pulls.commits(self.call, self.repo, self.pull):
                node = PullRequestCommit(self, oid)
                rows.append((node.commit().committed_date(), 0, node))
        if wanted is None or "PullRequestReview" in wanted:
            rows += [(node.row["submitted_at"] or node.row["created_at"], 3, node) for node in self._review_nodes()]
        return rows


class PullRequestCommit(Node):
    """A commit of a pull request."""

    typename = "PullRequestCommit"

    def __init__(self, item: PullRequest, oid: str) -> None:
        super().__init__(item.call)
        self.item, self.oid = item, oid

    def key(self) -> tuple[object, ...]:
        """By pull request and commit."""
        return self.item.row["id"], self.oid

    def commit(self) -> CommitNode:
        """The commit."""
        return CommitNode(self.call, self.item.repo, self.oid)

    def pull_request(self) -> PullRequest:
        """The pull request."""
        return self.item

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"{self.item.resource_path()}/commits/{self.oid}"

    def url(self) -> str:
        """The web page."""
        return self.call.web + self.resource_path()


def changed_file(file: diffs.File) -> dict[str, Any]:
    """A changed file as `PullRequestChangedFile`."""
    kinds = {"removed": "DELETED"}
    kind = kinds.get(file.status, file.status.upper())
    return {"path": file.path, "additions": file.additions, "deletions": file.deletions, "changeType": kind}
