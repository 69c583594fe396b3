"""Statuses and check runs of commits."""

from __future__ import annotations

import json
from typing import Any, Final

from bee.forge.core import checks, protection
from bee.forge.core.ids import node_id, parse_node_id
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.graph import nodes
from bee.forge.graph.base import Node, RepoNode
from bee.forge.graph.fields import NUMBERED, Args, Fields, Reader, WithArgs, columns, constant, upper, web_page
from bee.forge.graph.nodes import CheckData
from bee.forge.graph.pages import pages
from bee.forge.graph.types.accounts import avatar


def _is_required(name: str) -> WithArgs[RepoNode[Row]]:
    """Whether the base branch of the pull request in the arguments asks for the check in the column `name`."""

    def read(node: RepoNode[Row], args: Args) -> bool:
        parsed = parse_node_id(args.get("pullRequestId") or "")
        key, value = ("issue_id", parsed[1][0]) if parsed else ("number", str(args.get("pullRequestNumber")))
        sql = f"SELECT base_ref FROM pulls JOIN issues ON issues.id = issue_id WHERE pulls.repo_id = ? AND {key} = ?"
        pull = node.call.row(sql, node.repo.id, value)
        required = protection.required_checks(node.call, node.repo, pull["base_ref"]) if pull else ()
        return node.data[name] in required

    return WithArgs(read)


def _avatar(node: RepoNode[Row], args: Args) -> str | None:
    creator = nodes.account_of("creator_id")(node)
    return avatar(creator, args) if creator else None


def _run_path(node: RepoNode[Row]) -> str:
    return f"/{node.repo.full_name}/runs/{node.data['id']}"


def _output(name: str) -> Reader:
    return lambda node: json.loads(node.data["output"]).get(name)


_CHECK: Final[Fields[RepoNode[Row]]] = {
    **NUMBERED,
    "commit": lambda node: nodes.commit(node.call, node.repo, node.data["sha"]),
    "repository": nodes.repository_of,
}
STATUS_CONTEXT: Final[Fields[RepoNode[Row]]] = {
    **_CHECK,
    **columns("context description targetUrl createdAt"),
    "state": upper("state"),
    "creator": nodes.account_of("creator_id"),
    "avatarUrl": WithArgs(_avatar),
    "isRequired": _is_required("context"),
}
CHECK_RUN: Final[Fields[RepoNode[Row]]] = {
    **_CHECK,
    **columns("name startedAt completedAt externalId"),
    "status": upper("status"),
    "conclusion": upper("conclusion"),
    **web_page(_run_path),
    "permalink": lambda node: node.call.web + _run_path(node),
    "detailsUrl": lambda node: node.data["details_url"] or node.call.web + _run_path(node),
    "title": _output("title"),
    "summary": _output("summary"),
    "text": _output("text"),
    "checkSuite": lambda node: nodes.check_nodes(node, "CheckSuite", [node.data])[0],
    "isRequired": _is_required("name"),
}
APP: Final[Fields[Node[User]]] = {
    "databaseId": lambda node: node.data.id,
    "name": lambda node: node.data.login,
    "slug": lambda node: node.data.login.removesuffix("[bot]").lower(),
}


def _app(node: RepoNode[Row]) -> Node[User] | None:
    """GitHub takes check runs from Apps only; here the account that made one stands for its App."""
    user = node.call.user(node.data["creator_id"])
    return Node(node.call, "App", user) if user else None


CHECK_SUITE: Final[Fields[RepoNode[Row]]] = {
    **_CHECK,
    "app": _app,
    "status": upper("status"),
    "conclusion": upper("conclusion"),
    **dict.fromkeys(("createdAt", "updatedAt"), lambda node: node.data["started_at"] or node.call.now()),
    **web_page(lambda node: f"/{node.repo.full_name}/commit/{node.data['sha']}/checks"),
    **constant(None, "workflowRun"),  # check runs made through the API belong to no workflow
}


def _states(node: RepoNode[CheckData]) -> list[str]:
    return [row["state"].upper() for row in node.data.statuses]


def _runs_and_statuses(node: RepoNode[CheckData], _args: Args) -> list[RepoNode[Row]]:
    return nodes.check_nodes(node, "CheckRun", node.data.runs) + nodes.check_nodes(
        node, "StatusContext", node.data.statuses
    )


STATUS_CHECK_ROLLUP: Final[Fields[RepoNode[CheckData]]] = {
    "id": lambda node: node.id(node.repo.id, node.data.sha),
    "state": lambda node: checks.combined([*_states(node), *map(checks.run_state, node.data.runs)]),
    "commit": lambda node: nodes.commit(node.call, node.repo, node.data.sha),
    "contexts": pages(_runs_and_statuses),
}
STATUS: Final[Fields[RepoNode[CheckData]]] = {
    "id": lambda node: "S" + node_id("StatusCheckRollup", node.repo.id, node.data.sha),
    "state": lambda node: checks.combined(_states(node)),
    "commit": STATUS_CHECK_ROLLUP["commit"],
    "contexts": lambda node: nodes.check_nodes(node, "StatusContext", node.data.statuses),
}
TYPES: Final[dict[str, Fields[Any]]] = {
    "StatusContext": STATUS_CONTEXT, "CheckRun": CHECK_RUN, "CheckSuite": CHECK_SUITE, "App": APP, "Status": STATUS,
    "StatusCheckRollup": STATUS_CHECK_ROLLUP,
}  # fmt: skip
