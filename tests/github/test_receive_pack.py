"""git's own push as bee speaks it: what it sends, and what it makes of what comes back."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from bee.github import git_database, receive_pack
from bee.github.client import GitHubClient, Servers, session_of
from bee.github.git_database import RefMove
from bee.github.receive_pack import Object, oid_of, record_objects
from bee.model.errors import ForbiddenError, NotFoundError, RefusedError, RuleError, ServerError
from bee.model.records import TREE
from tests.belt.stage import Stage
from tests.sim.transport import response

ONE, TWO = "refs/bee/items/1", "refs/bee/items/2"


def made(message: str, parent: str = "") -> tuple[str, list[Object]]:
    """A record's commit and what it needs, and its oid."""
    objects = record_objects(message, parent, "1+bee@users.noreply.github.com", 1_700_000_000)
    return oid_of(objects[0]), objects


def test_its_objects_are_gits_own(tmp_path: Path) -> None:
    """Name by name, as git writes them; the tree is the one that records have."""
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path)], check=True)
    for kind, data in made("A first line\n\n{\u00e4}" * 40, "0" * 39 + "1")[1]:
        argv = ["git", "hash-object", "-w", "--literally", "-t", kind, "--stdin"]
        written = subprocess.run(argv, cwd=tmp_path, input=data, capture_output=True, check=True).stdout
        assert written.decode().strip() == oid_of((kind, data))
    assert oid_of(made("x")[1][1]) == TREE


def test_a_record_is_dated_by_githubs_clock() -> None:
    (kind, commit), *_ = made("x")[1]
    assert kind == "commit"
    assert commit.count(b"users.noreply.github.com> 1700000000 +0000\n") == 2


@dataclass
class Wire:
    """A server that says one thing to every push, and what it was sent."""

    said: bytes
    sent: list[bytes] = field(default_factory=list)

    def request(self, *_: object, data: bytes, **__: object) -> requests.Response:
        """Take it, and say that."""
        self.sent.append(data)
        return response(200, self.said, 0)


REPORT = b"000eunpack ok\n%04xok %s\n0000" % (len(ONE) + 8, ONE.encode())
WHOLE = b"%04x\1%s0000" % (len(REPORT) + 5, REPORT)


def test_what_only_goes_brings_no_pack() -> None:
    """git's server reads none then, and would take it for something else."""
    wire = Wire(WHOLE)
    client = GitHubClient(Servers(), "t", wire)
    receive_pack.move_refs(client, "ada/calc", [RefMove(ONE, "1" * 40, None)])
    receive_pack.move_refs(client, "ada/calc", [RefMove(ONE, None, "1" * 40)])
    assert [b"PACK" in sent for sent in wire.sent] == [False, True]
    assert wire.sent[0].endswith(b"0000")


def test_an_answer_that_was_cut_is_no_answer() -> None:
    for length in (len(WHOLE) - 5, len(WHOLE) // 2, 3):
        client = GitHubClient(Servers(), "t", Wire(WHOLE[:length]))
        with pytest.raises(ServerError):
            receive_pack.move_refs(client, "ada/calc", [RefMove(ONE, None, "1" * 40)])


def test_git_is_given_the_token_as_git_gives_it() -> None:
    """By Basic: git's server knows no bearer."""
    session = session_of(lambda: "secret")
    given = []
    for url in ("https://github.com/ada/calc.git/git-receive-pack", "https://api.github.com/user"):
        request = requests.Request("POST", url, auth=session.auth).prepare()  # type: ignore[attr-defined]
        given.append(request.headers["Authorization"])
    assert given == ["Basic " + base64.b64encode(b"x-access-token:secret").decode(), "Bearer secret"]


def test_refs_move_from_where_they_were_seen_all_or_none(stage: Stage) -> None:
    """Created, moved, put at a commit that is there already, and taken away; a stale one holds the others back."""
    client, (first, objects) = stage.client(), made("first")
    receive_pack.move_refs(client, stage.repo, [RefMove(ONE, None, first)], objects)
    second, more = made("second" * 9_000, first)
    receive_pack.move_refs(client, stage.repo, [RefMove(ONE, first, second), RefMove(TWO, None, first)], more)
    assert stage.refs("refs/bee/") == {ONE: second, TWO: first}
    third, last = made("third", second)
    for moves in ([RefMove(ONE, first, third)], [RefMove(ONE, None, third)],
                  [RefMove(ONE, second, third), RefMove(TWO, second, None)]):  # fmt: skip
        with pytest.raises(RefusedError) as caught:
            receive_pack.move_refs(client, stage.repo, moves, last)
        assert not isinstance(caught.value, RuleError)
        assert stage.refs("refs/bee/") == {ONE: second, TWO: first}
    receive_pack.move_refs(client, stage.repo, [RefMove(TWO, first, second)])
    receive_pack.move_refs(client, stage.repo, [RefMove(TWO, second, None)])
    assert stage.refs("refs/bee/") == {ONE: second}
    assert (client.requests, client.writes, client.charged) == (0, 0, 0), "it is git traffic"
    assert git_database.read_commit(client, stage.repo, second) == (TREE, (first,))


def test_what_a_server_says_instead_is_an_error_of_its_own(stage: Stage) -> None:
    """A rule in GitHub's words; who may not write; another name; and an answer that says nothing of the refs."""
    client, (oid, objects) = stage.client(), made("first")
    push = {"path": "git-receive-pack$", "login": "bee"}

    def refused(error: type[Exception], repo: str = stage.repo) -> str:
        with pytest.raises(error) as caught:
            receive_pack.move_refs(client, repo, [RefMove(ONE, None, oid)], objects)
        stage.lift()
        return str(caught.value)

    stage.fault("refuse_ref", ref=ONE, match={"login": "bee"})
    assert "creations being restricted" in refused(RuleError)
    stage.fault("status", match=push, status=403, message="Resource not accessible by personal access token")
    refused(ForbiddenError)
    refused(NotFoundError, "ada/other")
    for said in ("", "0000", "not git", "0009\1000", "000eunpack ok\n"):
        stage.fault("status", match=push, status=200, body=said)
        refused(ServerError)
    report = "000eunpack ok\n0028ng refs/bee/items/1 failed to update\n0000"
    stage.fault("status", match=push, status=200, body=f"{len(report) + 5:04x}\1{report}0000")
    refused(RefusedError)
    assert stage.refs("refs/bee/") == {}
