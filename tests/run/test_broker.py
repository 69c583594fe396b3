"""The broker and the client: whatever an agent sends, it gets an answer, and the server lives on."""

from __future__ import annotations

import errno
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bee.model.errors import Refusal
from bee.model.limits import VERB_BYTES_MAX, VERBS_PER_RUN_MAX
from bee.model.verb_answer import Answer
from bee.run import broker
from bee.run.broker import Broker
from tests.git.world import commit, plain_git, until


class Handler:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.busy = 0
        self.busiest = 0

    def __call__(self, verb: str, args: dict[str, Any]) -> Answer:
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        self.asked.append((verb, args))
        time.sleep(0.01)
        self.busy -= 1
        if verb == "merge":
            raise Refusal("a drafter has no verb merge")
        if verb == "why":
            raise RuntimeError("a bug")
        return Answer(True, f"accepted {verb}", 0, {"n": len(self.asked)})


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def server(handler: Handler) -> Iterator[Broker]:
    with Broker(handler) as running:
        yield running


def send(path: str, raw: bytes, hang_up: bool = False) -> dict[str, Any] | None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(path)
        peer.sendall(raw)
        if hang_up:
            peer.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := peer.recv(65536):
            received += chunk
    return json.loads(received) if received else None


def test_a_verb_is_a_line_in_and_a_line_out(server: Broker, handler: Handler) -> None:
    answer = send(server.socket, b'{"verb": "pause", "args": {"reason": "x"}}\n')
    assert answer == {"ok": True, "text": "accepted pause", "exit": 0, "data": {"n": 1}}
    assert handler.asked == [("pause", {"reason": "x"})]


def test_the_socket_has_a_short_path_in_a_private_folder(server: Broker) -> None:
    assert len(server.socket.encode()) < 100
    assert server.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "raw",
    [
        b"\n",
        b"not json\n",
        b"[1]\n",
        b'{"verb": 1}\n',
        b'{"verb": "x", "args": []}\n',
        b'{"verb": "x", "more": 1}\n',
        b'{"verb": "x", "args": {"reason": "\\ud800"}}\n',
        b'{"verb": "x", "pack": -1}\n',
        b'{"verb": "x", "pack": true}\n',
        b'{"verb": "x", "pack": 1e99}\n',
        b'{"verb": "x", "pack": 999999999999}\n',
        b'{"verb": "x", "args": {"n": ' + b"9" * 5000 + b"}}\n",
        b'{"verb": ""}\n',
        b'{"args": {}}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'{"verb": "' + b"x" * VERB_BYTES_MAX + b'"}\n',
    ],
)
def test_what_makes_no_sense_is_refused_and_the_server_lives_on(server: Broker, handler: Handler, raw: bytes) -> None:
    try:
        answer = send(server.socket, raw)
    except (BrokenPipeError, ConnectionResetError):
        answer = None  # it hung up on too much
    assert answer is None or (answer["ok"], answer["exit"]) == (False, 2)
    assert handler.asked == []
    assert send(server.socket, b'{"verb": "context"}\n') is not None
    assert handler.asked == [("context", {})]


def test_what_follows_a_line_is_an_argument_of_its_own(server: Broker, handler: Handler) -> None:
    raw = b'{"verb": "context", "args": {"pack": "mine"}, "pack": 5}\n'
    assert (send(server.socket, raw + b"\0\n\xff12 and more") or {})["ok"]
    assert handler.asked == [("context", {"pack": b"\0\n\xff12"})]


def test_case_t25_a_lone_surrogate_is_refused_with_a_clear_word(server: Broker, handler: Handler) -> None:
    answer = send(server.socket, b'{"verb": "pause", "args": {"reason": "which \\udfff?"}}\n')
    assert answer
    assert (answer["ok"], answer["exit"], handler.asked) == (False, 2, [])
    assert "half a character (a lone surrogate)" in answer["text"]


def test_commits_that_do_not_arrive_whole_are_refused(server: Broker, handler: Handler) -> None:
    answer = send(server.socket, b'{"verb": "submit", "pack": 50}\nPACK', hang_up=True)
    assert answer
    assert (answer["ok"], answer["exit"], handler.asked) == (False, 2, [])
    assert "did not arrive" in answer["text"]


def test_a_failure_of_the_machine_is_no_bug_of_bees() -> None:
    def full(verb: str, args: dict[str, Any]) -> Answer:
        raise OSError(errno.ENOSPC, "No space left on device", "/a/path")

    with Broker(full) as server:
        answer = send(server.socket, b'{"verb": "context"}\n')
    assert answer
    assert (answer["exit"], answer["text"]) == (75, "this machine could not do it: No space left on device")
    assert server.crash is None


def test_half_a_line_is_refused(server: Broker) -> None:
    answer = send(server.socket, b'{"verb": "x"', hang_up=True)
    assert answer
    assert "ended before the line did" in answer["text"]


def test_a_refusal_goes_back_with_its_text_and_code(server: Broker) -> None:
    answer = send(server.socket, b'{"verb": "merge"}\n')
    assert answer == {"ok": False, "text": "a drafter has no verb merge", "exit": 2, "data": {}}


def test_a_bug_in_the_handler_is_kept_for_the_worker_and_the_server_lives_on(server: Broker) -> None:
    answer = send(server.socket, b'{"verb": "why"}\n')
    assert answer
    assert answer["exit"] == 3
    assert "a bug" not in answer["text"]
    assert isinstance(server.crash, RuntimeError)
    assert send(server.socket, b'{"verb": "context"}\n')


def test_verbs_are_handled_one_at_a_time(server: Broker, handler: Handler) -> None:
    threads = [threading.Thread(target=send, args=(server.socket, b'{"verb": "context"}\n')) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(handler.asked) == 8
    assert handler.busiest == 1


def test_an_agent_that_says_nothing_does_not_keep_others_out(server: Broker, handler: Handler) -> None:
    silent = [socket.socket(socket.AF_UNIX) for _ in range(5)]
    for peer in silent:
        peer.connect(server.socket)
    assert send(server.socket, b'{"verb": "context"}\n')
    for peer in silent:
        peer.close()


def test_an_agent_that_hangs_up_before_the_answer_harms_nobody(server: Broker, handler: Handler) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(server.socket)
        peer.sendall(b'{"verb": "context"}\n')
    assert until(lambda: len(handler.asked) == 1)
    assert send(server.socket, b'{"verb": "context"}\n')


def test_a_run_has_a_bounded_number_of_verbs() -> None:
    with Broker(lambda verb, args: Answer(True, "ok")) as server:
        for _ in range(VERBS_PER_RUN_MAX):
            assert (send(server.socket, b'{"verb": "context"}\n') or {})["ok"]
        answer = send(server.socket, b'{"verb": "context"}\n')
    assert answer
    assert (answer["ok"], answer["exit"]) == (False, 2)


def test_a_closed_broker_refuses_and_leaves_nothing(handler: Handler) -> None:
    server = Broker(handler)
    server.close()
    assert not server.folder.exists()
    with pytest.raises(OSError, match=r"No such file|refused"):
        send(server.socket, b'{"verb": "context"}\n')
    server.close()


# ---- the client ------------------------------------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """An agent's clone, with one commit that bee has and one that it has not."""
    where = tmp_path / "clone"
    where.mkdir()
    plain_git(where, "init", "-q", "-b", "bee/7-a")
    commit(where, {"a.txt": "one\n"})
    commit(where, {"a.txt": "two\n"})
    return where


@pytest.fixture
def bee(tmp_path: Path, clone: Path) -> Path:
    broker.install(tmp_path / "bin dir", sys.executable, clone, [plain_git(clone, "rev-parse", "HEAD^")])
    return tmp_path / "bin dir" / "bee"


def ask(bee: Path, socket_path: str, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", **({"BEE_SOCKET": socket_path} if socket_path else {})}
    return subprocess.run([str(bee), *args], env=env, input=stdin, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("argv", "verb", "args"),
    [
        (["plan", "FILE"], "plan", {"text": "from file ü"}),
        (["plan", "-"], "plan", {"text": "from stdin"}),
        (["submit", "--title", "T", "--body", "B"], "submit", {"title": "T", "body": "B"}),
        (["submit", "--title", "T", "--body-file", "FILE"], "submit", {"title": "T", "body": "from file ü"}),
        (["submit", "--title", "T"], "submit", {"title": "T", "body": ""}),
        (["reply", "hello"], "reply", {"text": "hello"}),
        (["reply", "--file", "-"], "reply", {"text": "from stdin"}),
        (["review", "--approve"], "review", {"approve": True, "body": ""}),
        (["review", "--request-changes", "--body", "B"], "review", {"approve": False, "body": "B"}),
        (["e2e", "run"], "e2e", {"action": "run"}),
        (["e2e", "classify", "code-bug", "it is"], "e2e", {"action": "classify", "class": "code-bug", "why": "it is"}),
        (["merge"], "merge", {}),
        (["pause", "which?"], "pause", {"reason": "which?"}),
        (["nothing-to-do", "waiting", "for x"], "nothing-to-do", {"kind": "waiting", "reason": "for x"}),
        (["context"], "context", {}),
    ],
)
def test_every_verb_reaches_the_worker(
    bee: Path, clone: Path, server: Broker, handler: Handler, tmp_path: Path, argv: list[str], verb: str,
    args: dict[str, Any],
) -> None:  # fmt: skip
    (tmp_path / "file.md").write_text("from file ü")
    given = [str(tmp_path / "file.md") if word == "FILE" else word for word in argv]
    ended = ask(bee, server.socket, *given, stdin="from stdin")
    if verb == "submit":
        pack = handler.asked[0][1].pop("pack")
        assert (pack[:4], int.from_bytes(pack[8:12])) == (b"PACK", 3)  # a commit, its tree and its file
        args = {**args, "branch": "bee/7-a", "head": plain_git(clone, "rev-parse", "HEAD"), "dirty": []}
    assert handler.asked == [(verb, args)]
    if verb == "merge":
        assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "a drafter has no verb merge\n")
    else:
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"accepted {verb}\n", "")


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nonsense"],
        ["review"],
        ["review", "--approve", "--request-changes"],
        ["submit"],
        ["reply"],
        ["reply", "x", "--file", "y"],
        ["plan", "/no/such/file"],
        ["e2e", "classify", "bad-luck", "x"],
        ["nothing-to-do", "tired", "x"],
        ["submit", "--title", "T", "--body", "B", "--body-file", "F"],
    ],
)
def test_what_cannot_be_meant_is_a_usage_error_before_the_worker_hears_of_it(
    bee: Path, server: Broker, handler: Handler, argv: list[str]
) -> None:
    ended = ask(bee, server.socket, *argv)
    assert ended.returncode == 2
    assert ended.stderr
    assert "Traceback" not in ended.stderr
    assert handler.asked == []


def test_too_large_a_file_is_refused_on_the_client_side(
    bee: Path, server: Broker, handler: Handler, tmp_path: Path
) -> None:
    (tmp_path / "big").write_bytes(b"x" * 500_000)
    ended = ask(bee, server.socket, "plan", str(tmp_path / "big"))
    assert ended.returncode == 2
    assert "bytes" in ended.stderr
    assert handler.asked == []


def test_a_run_that_has_ended_is_said_with_exit_75(bee: Path, tmp_path: Path) -> None:
    ended = ask(bee, str(tmp_path / "none"), "context")
    assert ended.returncode == 75
    assert "the run has ended" in ended.stderr
    assert ask(bee, "", "context").returncode == 2


@pytest.mark.parametrize(
    "verb", ["plan", "submit", "reply", "review", "e2e", "merge", "pause", "nothing-to-do", "context", "why"]
)
def test_every_verb_has_help_with_an_example(bee: Path, verb: str) -> None:
    ended = ask(bee, "", verb, "--help")
    assert ended.returncode == 0
    assert f"example:\n  bee {verb}" in ended.stdout


def test_the_client_is_one_file_of_standard_library_only(bee: Path) -> None:
    copied = (bee.parent / "agent_cli.py").read_text()
    assert "import bee" not in copied
    assert "from bee" not in copied
    ended = subprocess.run(
        [sys.executable, "-I", "-S", str(bee.parent / "agent_cli.py"), "--help"], check=False, env={}
    )
    assert ended.returncode == 0
