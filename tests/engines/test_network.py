"""What an agent may reach: a list of hosts is all there is, by proxy, and nothing else by any way."""

from __future__ import annotations

import dataclasses
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bee.config.network import Network, agreed, allows, is_host, is_private_name, is_public
from bee.config.schema import RoleSettings
from bee.host import Host
from bee.model.errors import UsageError
from bee.model.roles import Role
from bee.status.logs import LogReading, find_run
from tests.belt.plays import runs, verb_log
from tests.belt.stage import staged
from tests.engines.hosts import BOXED, host
from tests.engines.models import Move, Say, Shell, serving
from tests.sandbox.test_egress import serving as upstream

needs_box = pytest.mark.skipif(not BOXED, reason="bubblewrap is not installed here")
LOOK = """
import os, socket, urllib.request
def way(name, act):
    try: print("WAY", name, act())
    except Exception as problem: print("WAY", name, "refused", type(problem).__name__, getattr(problem, "code", ""))
def direct(port):
    with socket.create_connection(("127.0.0.1", port), 3) as peer: return "reached"
way("listed", lambda: urllib.request.urlopen("http://127.0.0.1:LISTED/x", timeout=9).read().decode())
way("other", lambda: urllib.request.urlopen("http://127.0.0.1:OTHER/x", timeout=9).read().decode())
way("tunnel", lambda: urllib.request.urlopen("https://evil.example/", timeout=9).read().decode())
bare = urllib.request.build_opener(urllib.request.ProxyHandler({}))
way("past", lambda: bare.open("http://127.0.0.1:LISTED/x", timeout=3).read())
way("direct", lambda: direct(OTHER))
way("name", lambda: socket.getaddrinfo("example.com", 443))
print("LINKS", sorted(os.listdir("/sys/class/net")) if os.path.isdir("/sys/class/net") else [])
"""


@contextmanager
def web(text: str) -> Iterator[int]:
    """A web server on loopback that says one thing; its port."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


def with_network(played: Host, network: object) -> Host:
    """The host, its roles under a network policy."""
    roles = {role: dataclasses.replace(own, network=network) for role, own in played.settings.roles.items()}
    settings = dataclasses.replace(played.settings, roles=roles)
    runner = dataclasses.replace(played.runner(), settings=settings)  # type: ignore[type-var]
    return dataclasses.replace(played, settings=settings, runner=lambda: runner)


def look(listed: int, other: int) -> str:
    script = LOOK.replace("LISTED", str(listed)).replace("OTHER", str(other))
    return f"cat > /tmp/look.py <<'END'\n{script}\nEND\n{sys.executable} /tmp/look.py"


@needs_box
@pytest.mark.parametrize(
    "engine", ["claude", pytest.param("codex", marks=pytest.mark.deep), pytest.param("gemini", marks=pytest.mark.deep)]
)
def test_x5_an_agent_reaches_what_is_on_the_list_and_nothing_else(engine: str, tmp_path: Path) -> None:
    """The true program talks to its own model server and to a listed host; other hosts and ways past are shut."""
    with staged(tmp_path) as stage, web("page of the listed") as listed, web("page of the other") as other:
        moves: list[Move] = [Shell(look(listed, other)), Shell('bee pause "I have looked."'), Say("Done.")]
        with serving({"drafter": moves}) as models:
            number = stage.issue()
            played = with_network(host(stage, engine, models.url), (f"127.0.0.1:{listed}", "*.pypi.org"))
            assert stage.tick(played).run
            seen = models.outputs("drafter")[0]
            assert "WAY listed page of the listed" in seen, seen
            assert "WAY other refused HTTPError 403" in seen
            assert seen.count("refused") == 5
            assert [verb for verb, ok, _ in verb_log(played) if ok] == ["pause"]
            told = _told(played, number)
            assert f"bee network: 127.0.0.1:{other} is not on the list" in told
            assert "bee network: evil.example:443 is not on the list" in told
            assert "the network policy kept it from " in stage.record(number).note


def _told(played: Host, number: int) -> str:
    about, _ = find_run(played.home, played.settings.repos, number, "")
    assert about is not None
    return "\n".join(line.text for line in LogReading(played.home, about, played.settings).new(to_end=True))


ASK_BEYOND = """
import os, urllib.request
print("SAID", urllib.request.urlopen("http://far.invalid:81/x", timeout=9).read().decode())
try: urllib.request.urlopen("http://evil.invalid:81/x", timeout=9)
except OSError as problem: print("SAID", getattr(problem, "code", problem))
print("SAID", sorted(value for name, value in os.environ.items() if "proxy" in name.lower() and "ada" in value))
"""


@needs_box
def test_an_agent_in_the_box_goes_out_by_the_machines_own_proxy(tmp_path: Path) -> None:
    """It names the host, which only that proxy can resolve; what is not on the list is not asked of it."""
    answer = b"HTTP/1.1 200 Fine\r\nContent-Length: 11\r\n\r\nfrom beyond"
    with staged(tmp_path) as stage, upstream(answer) as proxy:
        script = f"cat > ask.py <<'END'\n{ASK_BEYOND}\nEND\n{sys.executable} ask.py\nbee pause 'I have looked.'\n"
        played = stage.host(
            moves={"drafter": script},
            sandbox="required",
            roles={Role.DRAFTER: RoleSettings(network=("far.invalid:81",))},
        )
        behind = {**played.env, "HTTP_PROXY": f"http://ada:word@127.0.0.1:{proxy.port}", "NO_PROXY": "127.0.0.1"}
        runner = dataclasses.replace(played.runner(), env=behind)  # type: ignore[type-var]
        stage.issue()
        run = stage.tick(dataclasses.replace(played, runner=lambda: runner)).run
        text = (played.home.path / "runs" / run / "transcript.log").read_text()
        assert text.count("SAID from beyond") == text.count("SAID 403") == text.count("SAID []") == 1, text
        (asked,) = proxy.got
        assert asked.startswith(b"GET http://far.invalid:81/x HTTP/1.1\r\nProxy-Authorization: Basic ")


@needs_box
def test_x5_the_policy_of_the_repository_narrows_and_none_is_none(tmp_path: Path) -> None:
    """`network: none` there leaves a command without any network, whatever this machine allows."""
    with staged(tmp_path) as stage, web("page") as port:
        stage.edit_policy("version: 1\nintake: all\nroles:\n  drafter:\n    network: none\n")
        script = (
            f"{look(port, port)} > seen.txt 2>&1; cat seen.txt; git add -A; git commit -qm x; bee submit --title x\n"
        )
        played = stage.host(moves={"drafter": script}, sandbox="required")
        number = stage.issue()
        run = stage.tick(played).run
        text = (played.home.path / "runs" / run / "transcript.log").read_text()
        assert text.count("refused") == 6, text
        assert verb_log(played)[0][:2] == ("submit", True)
        assert runs(stage, played, number)


@needs_box
def test_verify_commands_have_a_loopback_of_their_own_and_nothing_else(tmp_path: Path) -> None:
    script = """python3 - <<'END'
import socket
own = socket.create_server(("127.0.0.1", 0))
socket.create_connection(own.getsockname(), 3)
print("own loopback")
for way in (("127.0.0.1", PORT), ("192.0.2.1", 443), ("example.com", 443)):
    try: print("reached", socket.create_connection(way, 3))
    except OSError: print("refused")
END"""
    where, home = tmp_path / "where", tmp_path / "own-home"
    for folder in (where, home):
        folder.mkdir()
    with web("page") as port, staged(tmp_path / "stage") as stage:
        runner = stage.host(sandbox="required").runner()
        ended = runner.verify(script.replace("PORT", str(port)), where, home, where, 30)
    assert ended.out.decode().split("\n") == ["own loopback", "refused", "refused", "refused", ""]


def test_a_network_that_cannot_be_kept_claims_nothing(tmp_path: Path) -> None:
    """Without the box nothing would keep an agent from the network: nothing is dispatched, and it is said why."""
    with staged(tmp_path) as stage:
        number = stage.issue()
        with pytest.raises(UsageError, match="`network` needs the box"):
            _ready(stage.configure(roles={"drafter": {"network": []}}))
        assert stage.labels(number) == set()


def _ready(played: Host) -> None:
    read = json.loads(played.home.config_path.read_text())
    assert read["roles"] == {"drafter": {"network": []}}
    from bee.cli import wiring

    settings = wiring.settings_at(played.home, repo_given=False)
    assert settings.role(Role.DRAFTER).network == ()
    dataclasses.replace(played.runner(), settings=settings).ready(Role.DRAFTER, "")  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("pattern", "host", "port", "covered"),
    [
        ("pypi.org", "pypi.org", 443, True), ("pypi.org", "PyPI.org.", 443, True), ("pypi.org", "pypi.org", 80, False),
        ("pypi.org", "pypi.org", 22, False), ("pypi.org", "a.pypi.org", 443, False),
        ("pypi.org:80", "pypi.org", 80, True), ("pypi.org:443", "pypi.org", 22, False),
        ("*.pypi.org", "files.pypi.org", 443, True), ("*.pypi.org", "pypi.org", 443, False),
        ("*.pypi.org", "evilpypi.org", 443, False), ("pypi.org", "pypi.org.evil.example", 443, False),
        ("127.0.0.1:80", "127.0.0.1", 80, True), ("[::1]:80", "::1", 80, True), ("[::1]", "::2", 443, False),
        ("*", "a.example", 443, True), ("*", "a.example", 80, False), ("*:80", "a.example", 80, True),
    ],
)  # fmt: skip
def test_a_name_on_the_list_means_that_name_and_443(pattern: str, host: str, port: int, covered: bool) -> None:
    assert is_host(pattern)
    assert allows((pattern,), host, port) is covered


@pytest.mark.parametrize(
    ("machine", "policy", "reach"),
    [
        ("", "", ()), ("", "open", ("*", "*:80")), ("", "none", "none"), ("", ("a",), ("a",)), ("", (), ()),
        ("open", "", "open"), ("open", "open", "open"), ("open", ("a",), ("a",)), ("open", (), ()),
        ("none", "", "none"), ("none", "open", "none"), ("none", ("a",), "none"),
        (("a",), "", ("a",)), (("a",), "open", ("a",)), (("a",), "none", "none"), ((), ("a",), ()), (("a",), (), ()),
        (("a", "*.b.org", "c:443"), ("x.b.org", "c", "d"), ("c:443", "c", "x.b.org")),
    ],
)  # fmt: skip
def test_closed_by_default_and_a_policy_never_widens_what_a_machine_says(
    machine: Network, policy: Network, reach: Network
) -> None:
    found = agreed(machine, policy)
    assert set(found) == set(reach) if isinstance(reach, tuple) else found == reach


def test_what_is_no_host() -> None:
    assert not any(map(is_host, ("", "*.", "*a", "**", "http://a", "a b", "a/b", "a..b", "a:x", "-a")))


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 127.8.9.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200 "
    "168.63.129.16 192.0.0.192 192.0.0.8 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 "
    "::1 :: fe80::1 fe80::1%eth0 "
    "fc00::1 fd00:ec2::254 fec0::1 ff02::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 2002:7f00:1:: "
    "2002:a9fe:a9fe:: 2001:db8::1 2001::1 ::127.0.0.1".split(),
)
def test_t23_what_is_not_the_internets(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", "1.1.1.1 140.82.112.3 2606:4700::1111 64:ff9b::101:101 ::ffff:1.1.1.1".split())
def test_what_is_the_internets(address: str) -> None:
    assert is_public(address)


def test_t23_a_policy_names_nothing_private_by_itself() -> None:
    assert all(map(is_private_name, ("localhost", "a.localhost:80", "127.0.0.1", "10.0.0.1:443", "[::1]", "[fd00::1]")))
    assert not any(map(is_private_name, ("pypi.org", "*", "*.pypi.org", "1.1.1.1", "[2606:4700::1111]:443")))
