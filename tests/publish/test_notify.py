"""Being told that one is needed: by the desktop, a webhook and a command, once for each cause."""

from __future__ import annotations

import http.server
import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bee.host import Host
from bee.status.overview import Overview, see
from bee.status.table import Table
from tests.belt.stage import Stage

TITLE = "Escape \x1b[31m $(touch pwned) `touch pwned` <b>"


@dataclass
class Ear:
    """Whatever was told, by way."""

    address: str
    posts: list[dict[str, Any]] = field(default_factory=list)
    answer: int = 204


@pytest.fixture
def ear() -> Iterator[Ear]:
    """A webhook on loopback."""
    heard = Ear("")

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(heard.answer)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    heard.address = f"http://127.0.0.1:{server.server_port}/T0/secret"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `notify-send` that writes down its arguments; the file."""
    folder, said = tmp_path / "programs", tmp_path / "desktop"
    folder.mkdir()
    program = folder / "notify-send"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\nopen({str(said)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return said


def test_each_way_tells_once_what_a_person_must_decide(stage: Stage, ear: Ear, desktop: Path) -> None:
    """Text is data on every way; other ticks and another host tell nothing more; another cause is told again."""
    told = stage.folder / "told"
    keep = [sys.executable, "-c", f"import sys; open({str(told)!r}, 'a').write(sys.stdin.read())"]
    ways = ("desktop", ear.address, tuple(keep))
    number = stage.issue("Do it.", TITLE)
    host = stage.host(moves={"drafter": 'bee pause "Which of the two?"\n'}, notify=ways)
    for _ in range(3):
        stage.tick(host)
    stage.tick(stage.host("other", notify=ways))
    [post] = ear.posts
    assert (post["repo"], post["number"], post["title"]) == (
        stage.repo,
        number,
        f"bee needs you: {stage.repo}#{number}",
    )
    assert post["text"].endswith("Which of the two?")
    assert post["url"] == stage.item(number)["html_url"]
    assert "\x1b" not in post["text"]
    assert [json.loads(line) for line in told.read_text().splitlines()] == [post]
    [said] = [json.loads(line) for line in desktop.read_text().splitlines()]
    assert said == ["--app-name=bee", "--", post["title"], post["text"].replace("<b>", "&lt;b&gt;")]
    assert not list(stage.folder.rglob("pwned"))
    stage.bee_verb("resume", number)
    stage.tick(host)
    assert len(ear.posts) == 2, "another pause is another cause"


def seen(stage: Stage, host: Host) -> Overview:
    """What `bee status` looks at."""
    return see(host, host.client(), (stage.repo,))


def test_a_spent_day_is_told_and_a_way_that_fails_costs_only_itself(stage: Stage, ear: Ear, desktop: Path) -> None:
    """The webhook fails: the tick goes on, the desktop still tells, and the doctor knows, until one gets through."""
    ear.answer = 500
    stage.issue("First.")
    stage.issue("Second.")
    host = stage.host(notify=("desktop", ear.address), runs_per_day=1)
    reports = [stage.tick(host) for _ in range(4)]
    assert [report.problems for report in reports if report.problems] == []
    assert len(ear.posts) == len(desktop.read_text().splitlines()) == 1
    assert ear.posts[0]["number"] is None
    problem = host.home.marker("notify-problem")
    assert problem is not None
    assert "answered 500" in problem
    assert "secret" not in problem
    shown = seen(stage, host)
    assert shown.line().notify_problem == problem.strip()
    text = " ".join("\n".join(Table(shown, 80, colour=False).lines()).split())
    assert "notify the last notification did not get through: webhook: 127.0.0.1:" in text
    assert "answered 500; fix `notify` in config.yml (bee doctor names the file); the next one" in text
    assert seen(stage, stage.host(runs_per_day=1)).notify_problem is None, "nothing is told any more"
    ear.answer = 200
    stage.sleep(24 * 60 * 60)
    for _ in range(3):
        stage.tick(host)
    assert len(ear.posts) == 2
    assert host.home.marker("notify-problem") is None
    assert seen(stage, host).line().notify_problem is None
