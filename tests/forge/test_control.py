"""Who may ask the forge: its control endpoints want a token, and no web page in a person's browser gets anything."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.forge.test_server import start
from tests.forge.world import World

ADMIN = json.dumps({"login": "mallory", "token": "t-mallory", "permission": "admin"})
CONTROLS = [
    ("GET", "stats", None),
    ("GET", "log", None),
    ("GET", "clock", None),
    ("POST", "clock", '{"advance_seconds": 86400}'),
    ("GET", "faults", None),
    ("POST", "faults", '{"action": "status", "status": 503, "times": 0}'),
    ("DELETE", "faults", None),
    ("POST", "users", ADMIN),
    ("POST", "repos", '{"owner": "mallory", "name": "evil"}'),
    ("POST", "workflow_runs", '{"repo": "ada/calc", "head_sha": "x"}'),
    ("POST", "links", '{"repo": "ada/calc", "issue": 1, "pull": 2, "login": "ada"}'),
    ("POST", "nothing", None),
]


def ask(
    world: World, method: str, target: str, body: str | None = None, host: str | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    """One request with just these headers; status, message and headers of the answer. Underscores are hyphens."""
    connection = http.client.HTTPConnection("127.0.0.1", world.running.port, timeout=9)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", world.api[7:] if host is None else host)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.putheader("Content-Length", str(len(body or "")))
    connection.endheaders((body or "").encode())
    answer = connection.getresponse()
    found: Any = json.loads(answer.read())
    connection.close()
    message = str(found["message"]) if isinstance(found, dict) and "message" in found else ""
    return answer.status, message, dict(answer.getheaders())


def admins(world: World) -> list[str]:
    """Who is an admin of the forge."""
    return [user.login for user in world.running.app.forge.users.all() if user.permission == "admin"]


def state(world: World) -> list[Any]:
    """What control requests change."""
    return [world.control("GET", what) for what in ("stats", "log", "faults")] + [
        world.control("GET", "clock")["offset_seconds"], admins(world),
    ]  # fmt: skip


@pytest.mark.parametrize("token", [None, "", "wrong", "t-ada", "wr\u00f6ng"], ids=str)
def test_case_t22_without_the_token_no_control_endpoint_does_anything(world: World, token: str | None) -> None:
    before = state(world)
    for method, what, body in CONTROLS:
        headers = {"Content_Type": "application/json", "Authorization": "token t-ada"}
        headers |= {} if token is None else {"X_Forge_Token": token}
        status, message, _ = ask(world, method, f"/_forge/{what}", body, **headers)
        assert (status, message[:49]) == (403, "control requests need the header X-Forge-Token: t"), what
    assert state(world) == before
    assert requests.get(f"{world.api}/user", headers={"Authorization": "token t-mallory"}, timeout=9).status_code == 401


def test_case_t22_the_token_is_in_the_start_line_and_another_one_at_each_start(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        for _program, ready in start(tmp_path / "forge"):
            seen.append(ready["control_token"])
            got = requests.get(f"{ready['api_url']}/_forge/stats", headers={"X-Forge-Token": seen[-1]}, timeout=9)
            assert got.json()["api_requests"] == 0
            old = requests.get(f"{ready['api_url']}/_forge/stats", headers={"X-Forge-Token": seen[0]}, timeout=9)
            assert old.status_code == (200 if len(seen) == 1 else 403)
    assert len(set(seen)) == 2
    assert min(len(token) for token in seen) >= 40
    assert not any(token.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
                   for token in seen)  # fmt: skip


def test_case_t22_a_script_chooses_the_token(tmp_path: Path) -> None:
    for _program, ready in start(tmp_path / "forge", FORGE_CONTROL_TOKEN="chosen"):
        assert ready["control_token"] == "chosen"
        got = requests.get(f"{ready['api_url']}/_forge/stats", headers={"X-Forge-Token": "chosen"}, timeout=9)
        assert got.status_code == 200


FOREIGN = [
    "evil.example",
    "evil.example:PORT",
    "127.0.0.1.evil.example:PORT",
    "localhost.evil.example:PORT",
    "evil.localhost:PORT",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost:80",
    "github.localhost",
    "192.168.0.1:PORT",
    "ada@127.0.0.1:PORT",
    "[::1",
    "",
]


@pytest.mark.parametrize("host", FOREIGN)
def test_case_t22_a_page_whose_name_was_rebound_gets_nothing(world: World, host: str) -> None:
    host = host.replace("PORT", str(world.running.port))
    before, token = state(world), world.running.control_token
    for method, target, body in (
        ("POST", "/_forge/users", ADMIN),
        ("GET", "/repos/ada/calc", None),
        ("POST", "/user/repos", '{"name": "evil"}'),
        ("POST", "/graphql", '{"query": "{ viewer { login } }"}'),
        ("GET", "/ada/calc.git/info/refs?service=git-upload-pack", None),
    ):
        status, message, _ = ask(world, method, target, body, host, Content_Type="application/json",
                                 Authorization="token t-ada", X_Forge_Token=token)  # fmt: skip
        told = f"this is the embedded GitHub at {world.api[7:]}; it does not answer for the host {host!r}"
        assert (status, message) == (421, told), target
    assert state(world) == before


@pytest.mark.parametrize("host", ["evil.example", "evil.example:PORT", "evil.localhost", "github.localhost:1"])
def test_case_t22_it_is_no_proxy_for_other_hosts(world: World, host: str) -> None:
    host = host.replace("PORT", str(world.running.port))
    status, message, _ = ask(world, "GET", f"http://{host}/repos/ada/calc", Authorization="token t-ada")
    assert (status, message[-len(repr(host)) :]) == (421, repr(host))


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:PORT", "http://localhost:PORT", "http://LocalHost:PORT", "http://[::1]:PORT",
     "http://api.github.localhost:PORT"],
)  # fmt: skip
def test_case_t22_its_own_names_are_answered(world: World, target: str) -> None:
    target = target.replace("PORT", str(world.running.port))
    assert ask(world, "GET", "/repos/ada/calc", host=target[7:])[0] == 200
    assert ask(world, "GET", f"{target}/repos/ada/calc")[0] == 200


@pytest.mark.parametrize("host", ["api.github.localhost", "api.github.localhost:80", "github.localhost"])
def test_case_t22_as_a_proxy_it_is_github_localhost(world: World, host: str) -> None:
    assert ask(world, "GET", f"http://{host}/repos/ada/calc", host=host)[0] == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "",
             "text/plain; x=application/json", "application/jsonp"],
)  # fmt: skip
def test_case_t22_what_a_form_or_a_simple_request_sends_is_not_json(world: World, kind: str) -> None:
    """https://fetch.spec.whatwg.org/#cors-safelisted-request-header: these types need nobody's leave."""
    headers = {"Content_Type": kind} if kind else {}
    before, origin = state(world), {"Origin": "https://evil.example"}
    assert ask(world, "POST", "/_forge/users", ADMIN, **headers, **origin)[0] == 403
    assert ask(world, "POST", "/_forge/users", ADMIN, **headers)[0] == 403
    status, message, _ = ask(
        world, "POST", "/_forge/users", ADMIN, X_Forge_Token=world.running.control_token, **headers
    )
    assert (status, message[:26]) == (415, "control requests take JSON")
    assert state(world) == before


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:PORT",
               "http://localhost:PORT", "http://127.0.0.1:PORT.evil.example", ""],
)  # fmt: skip
def test_case_t22_a_page_of_another_origin_gets_nothing(world: World, origin: str) -> None:
    """Not even with the token, nor with the password that a browser remembers for the API."""
    origin = origin.replace("PORT", str(world.running.port))
    before = state(world)
    for target, body in (("/_forge/users", ADMIN), ("/user/repos", '{"name": "evil"}')):
        status, message, headers = ask(
            world, "POST", target, body, Origin=origin, Content_Type="application/json", Authorization="token t-ada",
            X_Forge_Token=world.running.control_token,
        )  # fmt: skip
        assert (status, message) == (403, f"the embedded GitHub answers no page of another origin: {origin!r}")
        assert not any(name.lower().startswith("access-control-") for name in headers)
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "x-forge-token,content-type"}
    status, _, headers = ask(world, "OPTIONS", "/_forge/users", Origin=origin, **asked)
    assert status == 403
    assert not any(name.lower().startswith("access-control-") for name in headers)
    assert state(world) == before


def test_case_t22_whoever_has_the_token_makes_an_admin(world: World) -> None:
    """The other side: nothing but what is missing above stops those requests."""
    for number, kind in enumerate(("application/json", "Application/JSON; charset=utf-8")):
        login = {"login": f"new-{number}", "token": f"t-new-{number}", "permission": "admin"}
        status, _, _ = ask(world, "POST", "/_forge/users", json.dumps(login), Content_Type=kind, Origin=world.api,
                           X_Forge_Token=world.running.control_token)  # fmt: skip
        assert status == 201
    assert admins(world) == ["ada", "new-0", "new-1"]
