"""What the tables of mutations are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bee.forge.core.errors import Refused, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.graph.base import RowNode
from bee.forge.graph.fields import Args
from bee.forge.graph.nodes import ACCOUNTS
from bee.forge.graph.query import need

Payload = dict[str, Any]
Write = Callable[[Call, Args], Payload]


def on(argument: str, *typenames: str, do: Callable[[Any, Args], object], level: str = "", **answer: str) -> Write:
    """A write on the node whose id is in `argument`, for those who have `level` in its repository.

    `answer` has the payload's fields, each with the argument of the node that it shows as it is afterwards.
    """

    def write(call: Call, asked: Args) -> Payload:
        if asked.get(argument) is None:
            raise unprocessable(f"{argument} is required by this forge")
        node = need(call, asked[argument], *typenames)
        if level:
            call.need(node.repo, level)
        do(node, asked)
        return {field: need(call, asked[source]) for field, source in answer.items()}

    return write


def at(node: RowNode) -> tuple[Call, Repo, Row]:
    """What most functions of the core take first."""
    return node.call, node.repo, node.data


def plain(refusal: Refused) -> Refused:
    """A refusal with its details in the message, as in GraphQL's errors."""
    details = [one["message"] if isinstance(one, dict) and "message" in one else one for one in refusal.errors or []]
    texts = [one if isinstance(one, str) else f"{one.get('field')} is {one.get('code')}" for one in details]
    return Refused(refusal.status, ", ".join(texts) or refusal.message, kind=refusal.kind)


def logins(call: Call, ids: list[str] | None) -> list[str]:
    """The logins of accounts by their ids."""
    return [need(call, one, *ACCOUNTS).data.login for one in ids or []]
