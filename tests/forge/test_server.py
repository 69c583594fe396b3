"""What every answer has: authentication, limits, ETags, faults, proxies; and surviving a kill."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.forge.world import Person, World, serve

ROOT = Path(__file__).resolve().parents[2]


def test_three_ways_to_log_in_and_none(world: World) -> None:
    url = world.api + "/user"
    for header in ("token t-wil", "Bearer t-wil"):
        assert requests.get(url, headers={"Authorization": header}, timeout=9).json()["login"] == "wil"
    assert requests.get(url, auth=("anyone", "t-wil"), timeout=9).json()["login"] == "wil"
    wrong = requests.get(url, headers={"Authorization": "token nope"}, timeout=9)
    assert (wrong.status_code, wrong.json()["message"]) == (401, "Bad credentials")
    assert requests.get(url, timeout=9).status_code == 401
    assert requests.get(world.api + "/repos/ada/calc", timeout=9).json()["permissions"]["push"] is False
    assert requests.post(world.graphql, json={"query": "{ viewer { login } }"}, timeout=9).status_code == 401


def test_private_repositories_are_unknown_to_strangers(world: World, ada: Person, zoe: Person) -> None:
    ada.post("/user/repos", {"name": "secret", "private": True})
    assert zoe.get("/repos/ada/secret", 404)["message"] == "Not Found"
    world.people["rea"].get("/repos/ada/secret")
    query = '{ repository(owner: "ada", name: "secret") { id } }'
    found = zoe.graph(query)
    assert found["data"] == {"repository": None}
    assert found["errors"][0]["type"] == "NOT_FOUND"
    assert found["errors"][0]["message"] == "Could not resolve to a Repository with the name 'ada/secret'."


def test_permissions_of_people(world: World, ada: Person, zoe: Person) -> None:
    found = {one["login"]: one["role_name"] for one in ada.get("collaborators")}
    assert found == {"ada": "admin", "wil": "write", "tri": "triage", "rea": "read", "bee[bot]": "write"}
    assert "push access" in zoe.get("collaborators", 403)["message"]
    assert ada.get("collaborators/tri/permission") | {"user": 0} == {
        "permission": "read",
        "role_name": "triage",
        "user": 0,
    }
    assert ada.get("collaborators/zoe/permission")["permission"] == "read"
    ada.get("collaborators/nobody/permission", 404)
    ada.send("PUT", "collaborators/zoe", {"permission": "maintain"}, 204)
    assert ada.get("collaborators/zoe/permission")["role_name"] == "maintain"
    query = '{ repository(owner: "ada", name: "calc") { viewerPermission collaborators(first: 9, query: "zoe") { ' \
            'edges { permission node { login } } } } }'  # fmt: skip
    edges = [{"permission": "MAINTAIN", "node": {"login": "zoe"}}]
    assert ada.data(query)["repository"] == {"viewerPermission": "ADMIN", "collaborators": {"edges": edges}}
    found = world.people["rea"].graph(query)
    assert found["data"]["repository"] == {"viewerPermission": "READ", "collaborators": None}
    assert found["errors"][0]["type"] == "FORBIDDEN"


def test_etags_make_unchanged_reads_free(ada: Person) -> None:
    first = ada.ask("GET", "issues")
    again = ada.ask("GET", "issues", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]
    ada.post("issues", {"title": "new"})
    assert ada.ask("GET", "issues", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_limits_are_counted_and_kept(tmp_path: Path) -> None:
    for world in serve(tmp_path, rate_limit=10):
        wil = world.people["wil"]
        answers = [wil.ask("GET", "") for _ in range(11)]
        assert [one.headers["x-ratelimit-remaining"] for one in answers[:10]] == [str(n) for n in range(9, -1, -1)]
        assert (answers[10].status_code, answers[10].headers["x-ratelimit-resource"]) == (403, "core")
        assert "API rate limit exceeded" in answers[10].json()["message"]
        assert wil.get("/rate_limit")["resources"]["core"]["remaining"] == 0
        found = wil.data("{ rateLimit { cost limit remaining used } }")["rateLimit"]
        assert found == {"cost": 1, "limit": 10, "remaining": 9, "used": 1}
        world.control("POST", "clock", {"advance_seconds": 3601})
        assert wil.ask("GET", "").status_code == 200


def test_the_clock_can_be_advanced(world: World, ada: Person) -> None:
    before = ada.post("issues", {"title": "now"})
    world.control("POST", "clock", {"advance_seconds": 86400})
    after = ada.ask("POST", "issues", {"title": "tomorrow"})
    assert after.json()["created_at"][:10] > before["created_at"][:10]
    assert str(int(after.json()["created_at"][8:10])).zfill(2) in after.headers["Date"]


def test_queries_are_bounded_like_githubs(ada: Person) -> None:
    repo = '{ repository(owner: "ada", name: "calc") { %s } }'
    for fields, kind in (
        ("issues { nodes { id } }", "MISSING_PAGINATION_BOUNDARIES"),
        ("issues(first: 101) { totalCount }", "EXCESSIVE_PAGINATION"),
        ("issues(first: 100) { nodes { comments(first: 100) { nodes { "
         "userContentEdits(first: 100) { totalCount } } } } }", "MAX_NODE_LIMIT_EXCEEDED"),
    ):  # fmt: skip
        found = ada.graph(repo % fields)
        assert found["errors"][0]["type"] == kind
        assert "data" not in found
    assert "errors" in ada.graph("{ viewer { nothing } }")
    assert "errors" in ada.graph("{ viewer {")
    assert ada.graph('{ node(id: "nonsense") { id } }')["errors"][0]["type"] == "NOT_FOUND"


@pytest.mark.parametrize("at", ["", "seven", "|", "x|y", "9" * 5000], ids=["empty", "a word", "a bar", "words", "long"])
@pytest.mark.parametrize(
    "fields",
    [
        "labels(first: 9, after: $at) { totalCount }",
        "labels(last: 9, before: $at) { totalCount }",
        "issues(first: 9, after: $at) { totalCount }",
        "issues(first: 9, after: $at, orderBy: {field: COMMENTS, direction: ASC}) { totalCount }",
        "pullRequests(last: 9, before: $at) { totalCount }",
    ],
)
def test_a_cursor_that_names_no_place_is_refused(ada: Person, fields: str, at: str) -> None:
    cursor = base64.b64encode(f"cursor:v2:{at}".encode()).decode()
    query = 'query ($at: String) { repository(owner: "ada", name: "calc") { ' + fields + " } }"
    [error] = ada.graph(query, at=cursor)["errors"]
    assert error["type"] == "INVALID_CURSOR_ARGUMENTS"
    assert error["message"] == f"`{cursor}` does not appear to be a valid cursor."


def test_small_pages_make_clients_page(tmp_path: Path) -> None:
    for world in serve(tmp_path, page_size=2):
        ada = world.people["ada"]
        for number in range(3):
            ada.post("issues", {"title": f"{number}"})
        assert len(ada.get("issues?per_page=100")) == 2
        query = """{ repository(owner: "ada", name: "calc") {
          issues(first: 100) { pageInfo { hasNextPage } nodes { id } } } }"""
        found = ada.data(query)["repository"]["issues"]
        assert (len(found["nodes"]), found["pageInfo"]["hasNextPage"]) == (2, True)


def test_links_and_addresses_follow_the_host_and_the_prefix(world: World, ada: Person) -> None:
    for number in range(2):
        ada.post("issues", {"title": f"{number}"})
    proxies = {"http": world.api}
    headers = {"Authorization": "token t-ada"}
    got = requests.get(
        "http://api.github.localhost/repos/ada/calc/issues?per_page=1", headers=headers, proxies=proxies, timeout=9
    )
    assert got.links["next"]["url"].startswith("http://api.github.localhost/repos/ada/calc/issues?")
    assert got.json()[0]["html_url"] == "http://github.localhost/ada/calc/issues/2"
    got = ada.session.get(world.api + "/api/v3/repos/ada/calc/issues?per_page=1", timeout=9)
    assert got.links["next"]["url"].startswith(world.api + "/api/v3/repos/")
    data = {"query": "{ viewer { login } }"}
    assert ada.session.post(world.api + "/api/graphql", json=data, timeout=9).json()["data"]["viewer"]["login"] == "ada"


def test_one_connection_serves_many_requests(world: World) -> None:
    with socket.create_connection(("127.0.0.1", int(world.api.rpartition(":")[2]))) as connection:
        file = connection.makefile("rb")
        for _ in range(3):
            connection.sendall(f"GET /meta HTTP/1.1\r\nHost: {world.api[7:]}\r\n\r\n".encode())
            assert file.readline() == b"HTTP/1.1 200 OK\r\n"
            length = 0
            while line := file.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            assert json.loads(file.read(length))
        file.close()


_POST = b"POST /user/repos HTTP/1.1\r\nHost: HOST\r\nAuthorization: token t-ada\r\n"
BROKEN = {
    "no request line": (b"NONSENSE\r\n\r\n", b"Bad request syntax"),
    "a header without a colon": (b"GET /meta HTTP/1.1\r\nnocolon\r\n\r\n", b"the headers are malformed"),
    "a length that is not a number": (_POST + b"Content-Length: abc\r\n\r\n", b"the length is malformed"),
    "a chunk without a size": (_POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"a chunk has no size"),
    "a body that ends early": (_POST + b"Content-Length: 50\r\n\r\n{}", b"the body ended early"),
}


@pytest.mark.parametrize(("sent", "told"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_http_is_told_and_the_connection_closed(world: World, sent: bytes, told: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(world.api.rpartition(":")[2])), timeout=9) as connection:
        connection.sendall(sent.replace(b"HOST", world.api[7:].encode()))
        connection.shutdown(socket.SHUT_WR)
        got = b"".join(iter(lambda: connection.recv(65536), b""))
    assert got.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Connection: close\r\n" in got
    assert told in got
    assert got.count(b"HTTP/1.1") == 1


def test_bots_are_bots(world: World, ada: Person) -> None:
    bot = world.people["bee[bot]"]
    bot.post("issues", {"title": "by a bot"})
    query = """{ viewer { login } repository(owner: "ada", name: "calc") {
      issue(number: 1) { author { __typename login } } } }"""
    found = bot.data(query)
    assert found["viewer"] == {"login": "bee[bot]"}
    assert found["repository"]["issue"]["author"] == {"__typename": "Bot", "login": "bee"}
    assert ada.get("issues/1")["user"] | {"type": "Bot", "login": "bee[bot]"} == ada.get("issues/1")["user"]


# -- faults -----------------------------------------------------------------------------------------


def test_a_write_can_take_effect_and_its_answer_be_lost(world: World, ada: Person) -> None:
    fault = {"match": {"method": "POST", "path": "/issues$", "nth": 2}, "action": "drop_after"}
    world.control("POST", "faults", [fault])
    ada.post("issues", {"title": "one"})
    with pytest.raises(requests.ConnectionError):
        ada.ask("POST", "issues", {"title": "two"})
    ada.post("issues", {"title": "three"})
    assert [one["title"] for one in ada.get("issues")] == ["three", "two", "one"]
    world.control("POST", "faults", [{"match": {"method": "POST"}, "action": "drop_before"}])
    with pytest.raises(requests.ConnectionError):
        ada.ask("POST", "issues", {"title": "four"})
    assert len(ada.get("issues")) == 3


def test_the_other_faults(world: World, ada: Person) -> None:
    world.control("POST", "faults", {"action": "status", "status": 503, "times": 2, "match": {"kind": "rest"}})
    assert [ada.ask("GET", "").status_code for _ in range(3)] == [503, 503, 200]
    world.control("POST", "faults", {"action": "secondary_rate_limit", "retry_after": 7, "match": {"write": True}})
    assert ada.ask("GET", "").status_code == 200
    limited = ada.ask("POST", "issues", {"title": "x"})
    assert (limited.status_code, limited.headers["Retry-After"]) == (403, "7")
    world.control("POST", "faults", {"action": "primary_rate_limit", "match": {"operation": "Ask"}})
    assert ada.graph("query Ask { viewer { login } }")["errors"][0]["type"] == "RATE_LIMITED"
    ada.data("query Ask { viewer { login } }")
    world.control("POST", "faults", {"action": "latency", "seconds": 0.2})
    started = time.monotonic()
    ada.get("")
    assert time.monotonic() - started >= 0.2
    ada.post("issues", {"title": "fresh"})
    world.control("POST", "faults", {"action": "stale_list", "seconds": 30, "times": 0})
    assert ada.get("issues") == []
    assert ada.get("issues/1")["title"] == "fresh"
    world.control("DELETE", "faults")
    assert len(ada.get("issues")) == 1
    assert world.ask_control("POST", "faults", {"action": "explode"}).status_code == 400


@pytest.mark.parametrize(
    "wrong", [{"files": ["a"]}, {"files": {"a": 1}}, {"files": {"a": "b"}, "auto_init": True}], ids=str
)
def test_first_files_are_committed_or_refused_whole(world: World, ada: Person, wrong: dict[str, Any]) -> None:
    asked = {"owner": "ada", "name": "filled", "files": {"a/b/c.txt": "c", "a/d.txt": "d", "e": "e"}}
    refused = world.ask_control("POST", "repos", {**asked, **wrong})
    assert (refused.status_code, refused.json()["message"][:17]) == (400, "ValueError: files")
    world.control("POST", "repos", asked)
    tree = ada.get("/repos/ada/filled/git/trees/main?recursive=1")["tree"]
    assert [one["path"] for one in tree if one["type"] == "blob"] == ["a/b/c.txt", "a/d.txt", "e"]


def test_requests_are_counted_and_logged(world: World, ada: Person) -> None:
    before = world.control("GET", "stats")
    ada.get("issues")
    ada.data("query Look { viewer { login } }")
    world.clone()
    after = world.control("GET", "stats")
    assert {key: after[key] - before[key] for key in ("rest", "graphql", "api_requests")} == {
        "rest": 1, "graphql": 1, "api_requests": 2}  # fmt: skip
    assert after["git"] > before["git"]
    entries = world.control("GET", "log?after=0")
    look = next(entry for entry in entries if entry["operation"] == "Look")
    assert (look["login"], look["write"], look["status"], look["kind"]) == ("ada", False, 200, "graphql")
    assert world.control("GET", f"log?after={entries[-1]['seq']}") == []


def test_control_makes_users_and_repositories(world: World) -> None:
    world.control("POST", "users", {"login": "new", "token": "t-new", "permission": "write"})
    world.control("POST", "repos", {"owner": "acme", "name": "lib", "private": True, "default_branch": "trunk"})
    found = Person(world, "t-new").get("/repos/acme/lib")
    assert (found["owner"]["type"], found["default_branch"], found["private"]) == ("Organization", "trunk", True)


# -- as a program -------------------------------------------------------------------------------------


def start(folder: Path, **more: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A forge as a program, with these variables in its environment; and its start line."""
    argv = [sys.executable, "-m", "bee.forge", "--root", str(folder), "--user", "ada:t-ada:admin"]
    env = {"PATH": os.environ["PATH"], **more}
    program = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=env)
    assert program.stdout is not None
    try:
        yield program, json.loads(program.stdout.readline())
    finally:
        program.terminate()
        program.wait(timeout=9)
        program.stdout.close()


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    headers = {"Authorization": "token t-ada"}
    for program, ready in start(tmp_path / "f"):
        api, headers["X-Forge-Token"] = ready["api_url"], ready["control_token"]
        requests.post(f"{api}/user/repos", json={"name": "calc", "auto_init": True}, headers=headers, timeout=9)
        requests.post(f"{api}/_forge/clock", json={"advance_seconds": 1000}, headers=headers, timeout=9)
        for number in range(20):
            requests.post(f"{api}/repos/ada/calc/issues", json={"title": f"{number}"}, headers=headers, timeout=9)
        program.send_signal(signal.SIGKILL)
        assert program.wait(timeout=9) == -signal.SIGKILL
    for program, ready in start(tmp_path / "f"):
        api, headers["X-Forge-Token"] = ready["api_url"], ready["control_token"]
        got = requests.get(f"{api}/repos/ada/calc/issues?per_page=100", headers=headers, timeout=9)
        assert len(got.json()) == 20
        clock = requests.get(f"{api}/_forge/clock", headers=headers, timeout=9)
        assert clock.json()["offset_seconds"] == 1000
        program.terminate()
        assert program.wait(timeout=9) == 0


def test_a_merge_that_was_killed_halfway_is_finished_after_the_restart(world: World, ada: Person) -> None:
    """The base has moved and the database does not know it: the note written before tells the rest."""
    from bee.forge.core import merge, pulls

    made = world.pull(body="Fixes nothing")
    forge = world.running.app.forge
    tree = ada.get(f"git/commits/{made['head']['sha']}")["tree"]["sha"]
    base = ada.get("git/ref/heads/main")["object"]["sha"]
    squashed = ada.post("git/commits", {"message": "squashed", "tree": tree, "parents": [base]})["sha"]
    with forge.call() as call, call.writing():
        note = json.dumps({"sha": squashed, "actor": call.forge.users.by_login("wil").id})
        call.run("UPDATE pulls SET pending = ?", note)
    repository = forge.gits.at("ada", "calc")
    repository.git("update-ref", "refs/heads/main", squashed)
    with forge.call() as call:
        merge.recover(call)
        assert pulls.rows(call, [made["id"]])[made["id"]]["merge_sha"] == squashed
    found = ada.get("pulls/1")
    assert (found["merged"], found["merge_commit_sha"], found["merged_by"]["login"]) == (True, squashed, "wil")


def test_wrong_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    from bee.forge.server import main

    with pytest.raises(SystemExit) as left:
        main(["--root", "/nowhere", "--user", "ada:x:god"])
    assert left.value.code == 2
    assert "is not a permission" in capsys.readouterr().err
