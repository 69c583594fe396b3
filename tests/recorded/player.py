"""Plays a recording of `bee doctor --prove` back: the same requests, in their order, get the same answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import requests

from bee.git.mirror import Mirror
from bee.github.client import GitHubClient, Servers
from bee.github.tape import Tape
from bee.model import errors
from bee.model.text import digest
from bee.setup.checks import DoctorCheck
from bee.setup.prove import Prover, prove

T = TypeVar("T")
SERVERS = Servers("https://api.github.example", "https://api.github.example/graphql", "https://github.example")


class AskedOtherwise(Exception):
    """The recording answers another question: bee asks for more, or less, by now."""


class Player(Tape):
    """What stands in for GitHub and git: the lines that are left. A request that was not recorded is an error."""

    def __init__(self, lines: Iterable[dict[str, Any]]) -> None:
        super().__init__(requests.Session(), [])
        self.outdated = False
        self.left = list(lines)

    def request(self, *what: Any, **how: Any) -> requests.Response:
        """The next answer."""
        line = self.left.pop(0)
        query = (how.get("json") or {}).get("query")
        if line.get("method") != what[0] or (query is not None and line.get("asked") != digest(query)):
            self.outdated = True
            raise AskedOtherwise(what)
        answer = requests.Response()
        answer.status_code, answer._content = line["status"], b""
        if line["body"] is not None:
            answer._content = json.dumps(line["body"]).encode()
        answer.headers.update(line["headers"])
        answer.request = requests.Request(*what).prepare()
        return answer

    def git(self, command: str, do: Callable[[], T]) -> T:
        """What the next command came to."""
        if self.outdated:
            return {}  # type: ignore[return-value]  # nothing is there to be tidied
        line = self.left.pop(0)
        assert line["git"] == command, (command, line)
        if "error" in line:
            kind = getattr(errors, line["error"])
            raise kind(0, line["said"]) if issubclass(kind, errors.RefusedError) else kind(line["said"])
        came: T = line["came"]
        return came


class Remembered(dict[str, str]):
    """What a home remembers, for as long as the recording plays."""

    def memo(self, name: str) -> str:
        """The text of a memo."""
        return self.get(name, "")

    def set_memo(self, name: str, text: str) -> None:
        """Remember it."""
        self[name] = text


def played(text: str, nowhere: Mirror) -> tuple[list[DoctorCheck], Player]:
    """The checks that bee makes of a recording; the player, with what it was not asked for.

    Of a recording that answers what bee asked once and asks no more, the checks up to there.
    """
    head, *lines = map(json.loads, text.splitlines())
    player = Player(lines)
    client = GitHubClient(SERVERS, "t", player, memos=Remembered())
    prover = Prover(client=client, pusher=client, mirror=nowhere, tape=player, repo="owner/name", nonce=head["nonce"])
    checks = []
    with contextlib.suppress(AskedOtherwise):
        for check in prove(prover):
            checks.append(check)
        return checks, player
    player.left = []
    return checks, player
