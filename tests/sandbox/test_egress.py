"""The door out of the box, talked to as a hostile program would, over its own socket."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from bee.model.errors import UsageError
from bee.sandbox import egress
from bee.sandbox.egress import Egress, Refused, Upstream, parsed


@dataclass
class Peer:
    """A server on loopback that answers every connection alike and keeps what it was sent."""

    port: int
    got: list[bytes] = field(default_factory=list)


@contextmanager
def serving(answer: bytes, host: str = "127.0.0.1", ends: bytes = b"\r\n\r\n") -> Iterator[Peer]:
    with socket.create_server((host, 0)) as server:
        peer = Peer(server.getsockname()[1])

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    with client:
                        data = b""
                        while not data.endswith(ends) and (chunk := client.recv(65536)):
                            data += chunk
                        peer.got.append(data)
                        client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield peer
        server.shutdown(socket.SHUT_RDWR)


def said(door: Egress, *parts: bytes, seconds: float = 5) -> bytes:
    """What the door answers to these bytes, to its end; OPEN where it leaves the connection standing."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(seconds)
        client.connect(str(door.socket))
        out = b""
        try:
            for part in parts:
                client.sendall(part)
            while chunk := client.recv(65536):
                out += chunk
        except TimeoutError:
            return out + b"OPEN"
        except OSError:
            return out
        return out


@contextmanager
def door(*hosts: str, private: tuple[str, ...] = (), upstream: Upstream = egress.NOBODY) -> Iterator[Egress]:
    told: list[str] = []
    with Egress(hosts, lambda name, why: told.append(f"{name} {why}"), private, upstream) as found:
        found.told = told  # type: ignore[attr-defined]
        yield found


def tunnel(target: str) -> bytes:
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
@pytest.mark.parametrize("how", ["tunnel", "plain"])
def test_case_t23_a_listed_name_that_leads_to_this_machine_is_refused(name: str, how: str) -> None:
    """However loopback is written, and whether by CONNECT or by GET; the name on the list is no excuse."""
    with serving(b"HTTP/1.1 200 OK\r\n\r\nsecret") as peer, door(f"{name}:{peer.port}") as way:
        target = f"{name}:{peer.port}"
        asked = tunnel(target) if how == "tunnel" else f"GET http://{target}/ HTTP/1.1\r\n\r\n".encode()
        answer = said(way, asked, b"GET / HTTP/1.1\r\n\r\n" if how == "tunnel" else b"")
        assert answer.startswith(b"HTTP/1.1 403"), answer
        assert b"private" in answer
        assert peer.got == []
        assert "private" in way.told[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_case_t23_a_private_address_that_the_machine_names_is_reached(name: str) -> None:
    with serving(b"HTTP/1.1 200 OK\r\n\r\npage") as peer:
        target = f"{name}:{peer.port}"
        with door(target, private=(target,)) as way:
            assert said(way, f"GET http://{target}/x?y HTTP/1.1\r\nHost: evil\r\n\r\n".encode()).endswith(b"page")
            assert said(way, tunnel(target), b"GET / HTTP/1.1\r\n\r\n").endswith(b"page")
        plain, through = peer.got
        assert plain == f"GET /x?y HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n".encode()
        assert through == b"GET / HTTP/1.1\r\n\r\n"


def test_case_t23_an_exception_is_for_one_port() -> None:
    with serving(b"HTTP/1.1 200 OK\r\n\r\nsecret") as peer, door("127.0.0.1", "*", private=("127.0.0.1:1",)) as way:
        assert said(way, tunnel(f"127.0.0.1:{peer.port}")).startswith(b"HTTP/1.1 403")
        assert peer.got == []


def test_the_public_address_of_this_very_machine_is_as_private_as_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that nobody would call private, but that is ours: seen when the connection stands."""
    with serving(b"HTTP/1.1 200 OK\r\n\r\nsecret") as peer, door(f"own.example:{peer.port}") as way:
        own = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", peer.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: own)
        connect = socket.socket.connect

        def home(self: socket.socket, address: object) -> None:
            connect(self, ("127.0.0.1", peer.port) if address == ("1.1.1.1", peer.port) else address)  # type: ignore[arg-type]

        monkeypatch.setattr(socket.socket, "connect", home)
        assert said(way, tunnel(f"own.example:{peer.port}")).startswith(b"HTTP/1.1 403")


def test_case_t23_what_is_connected_is_what_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is looked at and private a moment later (DNS rebinding) is asked for once."""
    asked: list[str] = []

    def rebinding(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        ip = "192.0.2.1" if len(asked) > 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]

    with serving(b"HTTP/1.1 200 OK\r\n\r\npage") as peer:
        target = f"twice.example:{peer.port}"
        with door(target, private=(target,)) as way:
            monkeypatch.setattr(socket, "getaddrinfo", rebinding)
            assert said(way, tunnel(target), b"GET / HTTP/1.1\r\n\r\n").endswith(b"page")
        assert asked == ["twice.example"]


def test_of_several_addresses_only_the_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []

    def connect(self: socket.socket, address: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    both = [(socket.AF_INET, 1, 6, "", (ip, 443)) for ip in ("10.0.0.1", "1.1.1.1", "169.254.169.254")]
    with door("mixed.example") as way, socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(way.socket))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        monkeypatch.setattr(socket.socket, "connect", connect)
        client.sendall(tunnel("mixed.example:443"))
        assert client.recv(100).startswith(b"HTTP/1.1 502")
    assert tried == [("1.1.1.1", 443)]


# ---- hostile input --------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[bytes, bytes]] = {
    "another host": (tunnel("evil.example:443"), b"403"),
    "no port is 443": (b"CONNECT evil.example HTTP/1.1\r\n\r\n", b"403"),
    "port 0": (tunnel("listed.example:0"), b"403"),
    "port of another service": (tunnel("listed.example:22"), b"403"),
    "port too large": (tunnel("listed.example:999999"), b"400"),
    "port of letters": (tunnel("listed.example:https"), b"400"),
    "bad UTF-8": (b"CONNECT \xff\xfe:443 HTTP/1.1\r\n\r\n", b"400"),
    "a NUL": (b"CONNECT listed\0.example:443 HTTP/1.1\r\n\r\n", b"400"),
    "a login": (tunnel("listed.example:443@evil.example:443"), b"400"),
    "a login in an address": (b"GET http://listed.example:80@evil.example/ HTTP/1.1\r\n\r\n", b"400"),
    "a label too long": (tunnel("a" * 70 + ".wild.example:443"), b"502"),
    "no absolute address": (b"GET / HTTP/1.1\r\nHost: listed.example\r\n\r\n", b"400"),
    "TLS of another kind": (b"GET https://listed.example/ HTTP/1.1\r\n\r\n", b"400"),
    "a file": (b"GET file:///etc/passwd HTTP/1.1\r\n\r\n", b"400"),
    "a bare line feed": (b"CONNECT evil.example:443 HTTP/1.1\n\r\n\r\n", b"400"),
    "a folded header": (b"GET http://listed.example:81/ HTTP/1.1\r\nA: b\r\n c\r\n\r\n", b"400"),
    "a header split": (b"GET http://listed.example:81/ HTTP/1.1\r\nA: b\rHost: x\r\n\r\n", b"400"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400"),
    "junk": (bytes(range(256)) * 200, b"431"),
    "a huge header": (b"CONNECT listed.example:443 HTTP/1.1\r\nX: " + b"a" * 3_000_000, b"431"),
    "many headers": (tunnel("listed.example:443")[:-2] + b"X: a\r\n" * 100_000, b"431"),
}


@pytest.mark.parametrize("name", BAD)
def test_hostile_requests_end_with_an_answer(name: str) -> None:
    data, status = BAD[name]
    with door("listed.example", "listed.example:81", "*.wild.example") as way:
        answer = said(way, data)
        assert answer[9:12] in (status, b""), answer  # a peer that never reads may see its own bytes thrown away
        assert b"OPEN" not in answer
        assert said(way, tunnel("evil.example:443")).startswith(b"HTTP/1.1 403"), "it no longer answers"


def test_random_requests_are_parsed_or_refused() -> None:
    rng = random.Random(7)
    words = [
        "CONNECT ",
        "GET ",
        "http://",
        "a.example",
        ":443",
        ":0",
        "[::1]",
        "@",
        "\r\n",
        " HTTP/1.1",
        "\0",
        "/",
        "é",
    ]
    for _ in range(20_000):
        head = "".join(rng.choices(words, k=rng.randrange(8))) + "\r\n\r\n"
        with contextlib.suppress(Refused):
            found = parsed(head)
            assert found.host in ("a.example", "::1", "http"), head
            assert found.head.count(b"\r\n\r\n") <= 1


def test_a_slow_head_is_given_up() -> None:
    """A byte now and then does not put its end off."""
    here, there = socket.socketpair()
    with here, there:
        dripping = threading.Thread(target=_drip, args=(there,))
        dripping.start()
        with pytest.raises(Refused, match=r"within 32768 bytes and 0.3 seconds"):
            egress._head(here, seconds=0.3)
        here.close()
        dripping.join(5)


def _drip(peer: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for _ in range(100):
            peer.sendall(b"C")
            time.sleep(0.02)


def test_more_connections_than_it_keeps_are_closed_and_ended_ones_make_room() -> None:
    with door("listed.example") as way, contextlib.ExitStack() as stack:
        for _ in range(2 * egress.CONNECTIONS_MAX + 5):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(way.socket))
        client.settimeout(3)
        assert client.recv(1) == b""
        stack.close()
        deadline = time.monotonic() + 5
        while (answer := said(way, tunnel("evil.example:443"))) == b"" and time.monotonic() < deadline:
            time.sleep(0.05)
        assert answer.startswith(b"HTTP/1.1 403")


def test_a_refusal_is_told_once_and_so_many_at_most() -> None:
    with door("listed.example") as way:
        for number in range(egress.REFUSALS_MAX + 9):
            said(way, tunnel(f"h{number}.example:443"))
            said(way, tunnel(f"h{number}.example:443"))
        assert len(way.refused) == len(way.told) == egress.REFUSALS_MAX  # type: ignore[attr-defined]
        assert way.told[0] == "h0.example:443 is not on the list"  # type: ignore[attr-defined]


def test_the_end_of_the_run_ends_every_connection() -> None:
    with serving(b"", ends=b"never") as peer:
        target = f"127.0.0.1:{peer.port}"
        with door(target, private=(target,)) as way, socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(way.socket))
            client.sendall(tunnel(target))
            assert client.recv(100).startswith(b"HTTP/1.1 200")
            way.close()
            assert client.recv(100) == b""


# ---- a proxy of the machine's own -----------------------------------------------------------------------------------


def chained(port: int, login: str = "") -> Upstream:
    return Upstream.of({"https_proxy": f"http://{login}127.0.0.1:{port}", "NO_PROXY": "near.example, .corp.example"})


@pytest.mark.parametrize("login", ["", "ada:s%40cret@"])
def test_an_upstream_proxy_of_the_machine_is_chained(login: str) -> None:
    """It is told the name; names that only it can resolve are its own to judge."""
    with serving(b"HTTP/1.1 200 Fine\r\n\r\nfrom beyond") as peer, door(
        "far.invalid", "far.invalid:81", upstream=chained(peer.port, login)
    ) as way:  # fmt: skip
        assert said(way, tunnel("far.invalid:443")).endswith(b"established\r\n\r\nfrom beyond")
        assert said(way, b"GET http://far.invalid:81/x HTTP/1.1\r\nA: b\r\n\r\n").endswith(b"from beyond")
        assert said(way, tunnel("evil.invalid:443")).startswith(b"HTTP/1.1 403")
        by_tunnel, plain = peer.got
        proof = b"Proxy-Authorization: Basic YWRhOnNAY3JldA==\r\n" if login else b""
        assert by_tunnel == b"CONNECT far.invalid:443 HTTP/1.1\r\nHost: far.invalid:443\r\n" + proof + b"\r\n"
        assert plain.startswith(b"GET http://far.invalid:81/x HTTP/1.1\r\n" + proof + b"Host: far.invalid:81\r\n")


@pytest.mark.parametrize("target", ["127.0.0.1:443", "169.254.169.254:80", "[fd00:ec2::254]:80", "localhost:443"])
def test_case_t23_a_private_address_is_not_sent_through_the_upstream_proxy(target: str) -> None:
    with serving(b"HTTP/1.1 200 Fine\r\n\r\nsecret") as peer, door(target, upstream=chained(peer.port)) as way:
        assert said(way, tunnel(target)).startswith(b"HTTP/1.1 403")
        assert peer.got == []


def test_an_upstream_proxy_that_says_no_is_not_gone_past() -> None:
    with serving(b"HTTP/1.1 407 Login\r\n\r\n") as peer, door("1.1.1.1", upstream=chained(peer.port)) as way:
        assert said(way, tunnel("1.1.1.1:443")).startswith(b"HTTP/1.1 502")
        assert len(peer.got) == 1


@pytest.mark.parametrize(
    ("host", "taken"),
    [("near.example", False), ("a.corp.example", False), ("corp.example", False), ("xcorp.example", True), ("a", True)],
)
def test_names_that_go_past_the_upstream_proxy(host: str, taken: bool) -> None:
    assert chained(1).takes(host) is taken


@pytest.mark.parametrize(
    "url", ["https://proxy.example:443", "socks5://proxy.example:1080", "http://p:port", "http://"]
)
def test_an_upstream_proxy_that_bee_cannot_use_is_said(url: str) -> None:
    with pytest.raises(UsageError, match="HTTPS_PROXY must be http://HOST:PORT"):
        Upstream.of({"HTTPS_PROXY": url})
