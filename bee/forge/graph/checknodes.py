"""Statuses and check runs of a commit."""

from __future__ import annotations

import json
from typing import Any

from bee.forge.core import checks, protection
from bee.forge.core.ids import parse_node_id
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.graph import people
from bee.forge.graph.base import Connection, Node, connect, repo_of


class _Check(Node):
    def __init__(self, call: Call, row: Row) -> None:
        super().__init__(call)
        self.row = row

    def key(self) -> tuple[object, ...]:
        """By number."""
        return (self.row["id"],)

    def database_id(self) -> int:
        """The number."""
        return int(self.row["id"])

    def commit(self) -> Node:
        """The commit."""
        from bee.forge.graph.gitnodes import CommitNode

        return CommitNode(self.call, repo_of(self.call, self.row["repo_id"]), self.row["sha"])

    def repository(self) -> Node:
        """The repository."""
        from bee.forge.graph.repository import Repository

        return Repository(self.call, repo_of(self.call, self.row["repo_id"]))

    def _name(self) -> str:
        return str(self.row["context"])

    def is_required(self, pull_request_id: str | None = None, pull_request_number: int | None = None) -> bool:
        """Whether the base branch of that pull request asks for it."""
        parsed = parse_node_id(pull_request_id) if pull_request_id else None
        sql = "SELECT base_ref FROM pulls JOIN issues ON issues.id = issue_id WHERE pulls.repo_id = ? AND "
        column, value = ("issue_id", parsed[1][0]) if parsed else ("number", str(pull_request_number))
        pull = self.call.row(sql + f"{column} = ?", self.row["repo_id"], value)
        repo = repo_of(self.call, self.row["repo_id"])
        rules = protection.find(self.call, repo, pull["base_ref"]) if pull else None
        return self._name() in protection.required_contexts(rules)


class StatusContext(_Check):
    """The latest status of one context."""

    typename = "StatusContext"

    def context(self) -> str:
        """The name."""
        return str(self.row["context"])

    def state(self) -> str:
        """The state, upper case."""
        return str(self.row["state"]).upper()

    def description(self) -> str | None:
        """The text."""
        return self.row["description"]  # type: ignore[no-any-return]

    def target_url(self) -> str | None:
        """Where more stands."""
        return self.row["target_url"]  # type: ignore[no-any-return]

    def created_at(self) -> str:
        """When it was set."""
        return str(self.row["created_at"])

    def creator(self) -> people.Account | None:
        """Who set it."""
        return people.by_number(self.call, self.row["creator_id"])

    def avatar_url(self, size: int | None = None) -> str | None:
        """The creator's picture."""
        creator = self.creator()
        return creator.avatar_url(size) if creator else None


class CheckRun(_Check):
    """The latest run of one check."""

    typename = "CheckRun"

    def _name(self) -> str:
        return str(self.row["name"])

    def name(self) -> str:
        """The name."""
        return self._name()

    def status(self) -> str:
        """How far it is."""
        return str(self.row["status"]).upper()

    def conclusion(self) -> str | None:
        """How it ended."""
        return str(self.row["conclusion"]).upper() if self.row["conclusion"] else None

    def started_at(self) -> str | None:
        """When it started."""
        return self.row["started_at"]  # type: ignore[no-any-return]

    def completed_at(self) -> str | None:
        """When it ended."""
        return self.row["completed_at"]  # type: ignore[no-any-return]

    def details_url(self) -> str | None:
        """Where more stands."""
        return self.row["details_url"] or self.url()

    def external_id(self) -> str | None:
        """The name that its maker gave."""
        return self.row["external_id"]  # type: ignore[no-any-return]

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"/{repo_of(self.call, self.row['repo_id']).full_name}/runs/{self.row['id']}"

    def url(self) -> str:
        """The web page."""
        return self.call.web + self.resource_path()

    permalink = url

    def _output(self, name: str) -> str | None:
        found: str | None = json.loads(self.row["output"]).get(name)
        return found

    def title(self) -> str | None:
        """The headline of its output."""
        return self._output("title")

    def summary(self) -> str | None:
        """The summary of its output."""
        return self._output("summary")

    def text(self) -> str | None:
        """The text of its output."""
        return self._output("text")

    def check_suite(self) -> Node:
        """The suite it stands in."""
        return CheckSuite(self.call, self.row)


class CheckSuite(_Check):
    """A suite of one run; the forge makes one for each run."""

    typename = "CheckSuite"

    def status(self) -> str:
        """How far it is."""
        return str(self.row["status"]).upper()

    def conclusion(self) -> str | None:
        """How it ended."""
        return str(self.row["conclusion"]).upper() if self.row["conclusion"] else None

    def created_at(self) -> str:
        """When it started."""
        return self.row["started_at"] or self.call.now()

    updated_at = created_at

    def workflow_run(self) -> None:
        """Check runs made through the API belong to no workflow."""

    def resource_path(self) -> str:
        """The path of the web page."""
        return f"/{repo_of(self.call, self.row['repo_id']).full_name}/commit/{self.row['sha']}/checks"

    def url(self) -> str:
        """The web page."""
        return self.call.web + self.resource_path()


class _Together(Node):
    def __init__(self, call: Call, repo: Repo, sha: str, rows: tuple[list[Row], list[Row]]) -> None:
        super().__init__(call)
        self.repo, self.sha, self.rows = repo, sha, rows

    def key(self) -> tuple[object, ...]:
        """By repository and commit."""
        return (self.repo.id, self.sha)

    def commit(self) -> Node:
        """The commit."""
        from bee.forge.graph.gitnodes import CommitNode

        return CommitNode(self.call, self.repo, self.sha)


class StatusCheckRollup(_Together):
    """Everything that speaks about a commit."""

    typename = "StatusCheckRollup"

    def state(self) -> str:
        """All of it as one state."""
        states = [row["state"].upper() for row in self.rows[0]] + [checks.run_state(row) for row in self.rows[1]]
        return checks.combined(states)

    def contexts(self, **args: Any) -> Connection:
        """Check runs and statuses."""
        made: list[_Check] = [CheckRun(self.call, row) for row in self.rows[1]]
        made += [StatusContext(self.call, row) for row in self.rows[0]]
        return connect(self.call, made, lambda node: node, args)


class Status(_Together):
    """The statuses of a commit."""

    typename = "Status"

    def id(self) -> str:
        """Made like a rollup's."""
        return "S" + StatusCheckRollup(self.call, self.repo, self.sha, self.rows).id()

    def state(self) -> str:
        """All of them as one state."""
        return checks.combined([row["state"].upper() for row in self.rows[0]])

    def contexts(self) -> list[StatusContext]:
        """The statuses."""
        return [StatusContext(self.call, row) for row in self.rows[0]]


def _latest(call: Call, repo: Repo, sha: str) -> tuple[list[Row], list[Row]]:
    known: dict[str, tuple[list[Row], list[Row]]] = call.cache.setdefault(("checks", repo.id), {})
    if sha not in known:
        ahead: set[str] = call.cache.get(("heads", repo.id), set())
        known.update(checks.latest(call, repo.id, list(dict.fromkeys([sha, *sorted(ahead - known.keys())]))))
    return known[sha]


def expect(call: Call, repo: Repo, shas: list[str]) -> None:
    """Say which commits this page will ask about, so that all are loaded at the first question."""
    call.cache.setdefault(("heads", repo.id), set()).update(shas)


def rollup(call: Call, repo: Repo, sha: str) -> StatusCheckRollup | None:
    """Everything that speaks about a commit, or None."""
    rows = _latest(call, repo, sha)
    return StatusCheckRollup(call, repo, sha, rows) if any(rows) else None


def status(call: Call, repo: Repo, sha: str) -> Status | None:
    """The statuses of a commit, or None."""
    rows = _latest(call, repo, sha)
    return Status(call, repo, sha, rows) if rows[0] else None


def check_suites(call: Call, repo: Repo, sha: str, args: dict[str, Any]) -> Connection:
    """The suites of a commit."""
    return connect(call, _latest(call, repo, sha)[1], lambda row: CheckSuite(call, row), args)
