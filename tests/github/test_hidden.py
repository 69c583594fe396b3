"""Refs that GraphQL does not show, listed by REST: all of them are read, or nothing is decided."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from bee.github import hidden
from bee.github.client import GitHubClient
from bee.model.errors import CutOffError
from bee.model.refs import ITEM_REFS
from tests.sim.machine import KEYS, SERVERS
from tests.sim.still import REPO, Still
from tests.sim.transport import Asked, Transport, response


class Memos(dict[str, str]):
    """What a home remembers."""

    def memo(self, name: str) -> str:
        """What was remembered, or nothing."""
        return self.get(name, "")

    def set_memo(self, name: str, text: str) -> None:
        """Remember it."""
        self[name] = text


@pytest.mark.parametrize("gone", [False, True])
def test_a_ref_that_goes_away_while_it_is_read_decides_nothing(tmp_path: Path, gone: bool) -> None:
    """It was a lease a moment ago, and is not taken for none."""
    still = Still(tmp_path)
    main = still.hub.git.refs.all["refs/heads/main"]
    still.hub.move_refs(still.hub.users("bee"), [(f"{ITEM_REFS}7", None, main)])

    def around(request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
        answer = act()
        if request.path == "/graphql" and gone:
            data = json.loads(answer.content)
            data["data"]["repository"]["object0"] = None
            return response(200, data, still.hub.now)
        return answer

    transport = Transport(still.hub, still.hub.users("bee"), around)
    client = GitHubClient(SERVERS, "t", transport, still.clock, KEYS.keys, memos=Memos())
    hidden.remember(client, REPO, False)
    if gone:
        with pytest.raises(CutOffError):
            hidden.refs_by_rest(client, REPO)
        return
    found = hidden.refs_by_rest(client, REPO)
    assert [node.text("name") for node in found[ITEM_REFS]] == ["7"]
    assert found[ITEM_REFS][0].one("target").text("oid") == main
