"""`bee logs N`: what an agent said and did, and what bee answered, of every engine, live and afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bee.engines.events import TranscriptEntry
from bee.engines.find import find
from bee.run import run_log
from bee.run.run_log import About
from bee.system.home import Home
from tests.belt.plays import bee
from tests.belt.stage import staged
from tests.shapes import valid

ROOT = Path(__file__).resolve().parents[2]
RUN = "20260101T000000Z-drafter-7-aaaaaaaa"
ABOUT = About(
    run=RUN, repo="ada/calc", number=7, role="drafter", engine="claude", model="scripted-1", own_server=True,
    position="needs-step", host="here-1", started_at=1_767_225_600,
)  # fmt: skip
CLAUDE = [
    {"type": "system", "subtype": "init", "model": "scripted-1"},
    {
        "type": "assistant",
        "message": {
            "id": "m1",
            "model": "scripted-1",
            "content": [
                {"type": "text", "text": "I read.\x1b[31m"},
                {"type": "tool_use", "name": "Bash", "input": {"command": "ls"}},
            ],
            "usage": {"input_tokens": 10, "output_tokens": 5},
        },
    },
    {"type": "user", "message": {"content": [{"type": "tool_result", "content": [{"type": "text", "text": "a.txt"}]}]}},
]  # fmt: skip
CODEX = [
    {"type": "thread.started"},
    {"type": "item.started", "item": {"type": "command_execution", "command": "ls"}},
    {"type": "item.completed", "item": {"type": "command_execution", "aggregated_output": "a.txt\n", "exit_code": 0}},
    {"type": "item.completed", "item": {"type": "file_change", "changes": [{"path": "b.txt", "kind": "add"}]}},
    {"type": "item.completed", "item": {"type": "reasoning", "text": "Hm."}},
    {"type": "item.completed", "item": {"type": "agent_message", "text": "Done."}},
    {"type": "turn.failed", "error": {"message": "no more"}},
]
GEMINI = [
    {"type": "init", "model": "m"},
    {"type": "message", "role": "user", "content": "the prompt"},
    {"type": "message", "role": "assistant", "content": "I read."},
    {"type": "tool_use", "tool_name": "read_file", "parameters": {"path": "a"}},
    {"type": "tool_result", "status": "success", "output": "one"},
    {"type": "tool_result", "status": "error", "error": {"message": "no such file"}},
    {"type": "result", "status": "error", "error": {"message": "no more"}},
]


def entries_of(engine: str, line: bytes) -> list[TranscriptEntry]:
    return find(("command",) if engine == "command" else engine).entries(line)


def entries(engine: str, events: list[dict[str, object]]) -> list[tuple[str, str]]:
    lines = [json.dumps(event).encode() for event in events]
    return [(entry.kind, entry.text) for line in lines for entry in entries_of(engine, line)]


def test_the_events_of_each_engine_become_words() -> None:
    assert entries("claude", CLAUDE) == [("message", "I read.\ufffd[31m"), ("tool", "$ ls"), ("answer", "a.txt")]
    assert entries("codex", CODEX) == [
        ("tool", "$ ls"), ("answer", "a.txt"), ("tool", "add b.txt"), ("thought", "Hm."), ("message", "Done."),
        ("error", "no more"),
    ]  # fmt: skip
    assert entries("gemini", GEMINI) == [
        ("message", "I read."), ("tool", 'read_file {"path": "a"}'), ("answer", "one"), ("error", "no such file"),
        ("error", "no more"),
    ]  # fmt: skip
    assert entries("command", CLAUDE[:1]) == [("output", json.dumps(CLAUDE[0]))]


@pytest.mark.parametrize("engine", ["claude", "codex", "gemini", "command"])
@pytest.mark.parametrize(
    "line",
    [
        b"", b"null", b"{}", b"[1]", b'{"type": []}', b'{"type": "assistant", "message": 3}', b"\xff\x00\x1b]0;x\x07",
        b'{"type": "assistant", "message": {"content": [3, {"type": "tool_use", "input": 4}]}}',
        b'{"type": "item.completed", "item": {"type": "file_change", "changes": {"path": 1}}}',
        b'{"type": "tool_result", "output": {"a": 1}}', b"x" * 100_000,
    ],
)  # fmt: skip
def test_no_line_breaks_it_and_none_is_raw(engine: str, line: bytes) -> None:
    for entry in entries_of(engine, line):
        assert entry.text.isprintable() or "\n" in entry.text
        assert len(entry.text.encode()) < 4_200


def home_with_run(folder: Path, ended: bool = True) -> Home:
    """A home in which a run on #7 has said something, and bee answered once in the middle."""
    home = Home(folder)
    home.ensure()
    home.config_path.write_text("version: 1\nrepos: [ada/calc]\n")
    run_log.write_about(home, ABOUT)
    lines = [json.dumps(event).encode() + b"\n" for event in CLAUDE]
    (home.run_dir(RUN) / run_log.TRANSCRIPT).write_bytes(b"".join(lines[:2]))
    run_log.add_verb(home, RUN, 1_767_225_605, "submit", False, "commit your work first")
    (home.run_dir(RUN) / run_log.TRANSCRIPT).write_bytes(b"".join(lines))
    if ended:
        end = {"ended_at": ABOUT.started_at + 9, "outcome": "error", "failure": "killed", "note": "signal 9"}
        data = {**json.loads((home.run_dir(RUN) / run_log.ABOUT).read_text()), **end, "tokens": 15, "cost_usd": 0.25}
        (home.run_dir(RUN) / run_log.ABOUT).write_text(json.dumps(data))
    return home


def logs(home: Home, *words: str, **how: object) -> subprocess.Popen[str]:
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-P", "-m", "bee", "logs", *words]
    env = {**env, "GIT_BEE_HOME": str(home.path), "GITHUB_API_URL": "http://127.0.0.1:9"}
    how = {"stdout": subprocess.PIPE, **how}
    return subprocess.Popen(argv, env=env, stderr=subprocess.PIPE, text=True, **how)  # type: ignore[call-overload, no-any-return]


def test_a_run_that_is_over_is_told_in_order_without_asking_github(tmp_path: Path) -> None:
    """No token and no server: the run is here. The verb stands where the agent said it."""
    ended = logs(home_with_run(tmp_path / "bee"), "7", "--follow")
    out, err = ended.communicate(timeout=30)
    assert (ended.returncode, err) == (0, "")
    head, body, foot = out.split("\n\n")
    assert head == f"{RUN}: drafter on ada/calc#7, needs-step\nclaude scripted-1, began 2026-01-01 00:00:00 UTC"
    assert body.split("\n") == [
        "  I read.\ufffd[31m",
        "> $ ls",
        "= 00:00:05 bee submit: commit your work first",
        "| a.txt",
    ]
    assert foot.startswith("ended: error (killed): signal 9\n0 turns, 15 tokens, 0.2500 USD; raw output: ")


def test_its_json_is_one_line_and_a_live_run_is_counted_as_far_as_it_is(tmp_path: Path) -> None:
    home = home_with_run(tmp_path / "bee", ended=False)
    held = home.hold_alive(RUN)
    out, _ = logs(home, "7", "--json").communicate(timeout=30)
    held.release()
    assert out.count("\n") == 1
    told = valid(["logs"], out)
    assert (told["version"], told["state"], told["tokens"], told["turns"]) == (1, "live", 15, 1)
    assert [entry["kind"] for entry in told["entries"]] == ["message", "tool", "verb", "answer"]
    out, _ = logs(home, "7", "--json", "--run", RUN).communicate(timeout=30)
    assert valid(["logs"], out)["state"] == "dead"


def test_following_ends_with_the_run_and_with_ctrl_c(tmp_path: Path) -> None:
    home = home_with_run(tmp_path / "bee", ended=False)
    held = home.hold_alive(RUN)
    follower, stopped = logs(home, "7", "--follow"), logs(home, "7", "--follow")
    assert stopped.stdout is not None
    while "a.txt" not in stopped.stdout.readline():
        pass
    stopped.send_signal(2)
    assert stopped.communicate(timeout=30)[1] == "bee: interrupted\n"
    assert stopped.returncode == 130
    with (home.run_dir(RUN) / run_log.TRANSCRIPT).open("ab") as file:
        file.write(b'{"type":"assistant","message":{"id":"m2","content":[{"type":"text","text":"Later."}]}}\n')
    time.sleep(0.1)
    held.release()
    out, _ = follower.communicate(timeout=30)
    assert follower.returncode == 0
    assert "  Later.\n" in out
    assert "its worker is gone without a word" in out


def test_a_reader_that_has_gone_is_no_bug(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    gone = logs(home_with_run(tmp_path / "bee"), "7", stdout=write)
    os.close(write)
    assert gone.communicate(timeout=30)[1] == ""


def test_a_run_of_another_machine_says_where_it_ran(tmp_path: Path) -> None:
    """And through the real tick: a run here is told with its verb, its outcome and the agent's own lines."""
    with staged(tmp_path) as stage:
        number = stage.issue()
        here = stage.configure("host")
        stage.configure("other")
        assert stage.tick(here).run
        told = bee(stage, "logs", str(number))
        assert told.code == 0, told.err
        assert "\n= " in told.out
        assert "bee submit: accepted: " in told.out
        assert "ended: progressed" in told.out
        away = bee(stage, "logs", str(number), home="other")
        assert away.code == 2
        assert f"(drafter) ran on the host {here.host_id}: its transcript is there" in away.err
        assert f"no agent has run on #99 of {stage.repo}" in bee(stage, "logs", "99").err
        assert "there is no run x on #1" in bee(stage, "logs", "1", "--run", "x").err
