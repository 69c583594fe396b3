"""`bee status` on the forge: the run with its last line, the question of a pause, a live view, and what it costs."""

from __future__ import annotations

import time
from pathlib import Path

from tests.belt.plays import bee, configure
from tests.belt.stage import staged, until
from tests.setup.terminal import plain, terminal

SLOW = 'echo "I read the tests."\ntouch "{folder}/started"\nwhile [ ! -e "{folder}/go" ]; do sleep 0.1; done\n'


def test_status_shows_the_run_the_question_and_the_rest(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        asks = 'bee pause "Which of the two palettes?"\n'
        configure(
            stage, moves={"drafter": f'[ "$BEE_NUMBER" = 2 ] || {{ {asks} exit 0; }}\n{SLOW.format(folder=tmp_path)}'}
        )
        configure(stage, home="other")
        stage.issue(title="Print in colour")
        bee(stage, "tick", "--inline", "--no-trigger")
        stage.issue(title="Read brackets")
        stage.issue("Blocked by #1", title="Later")
        bee(stage, "tick", "--no-trigger")
        until("the agent works", 30, (tmp_path / "started").exists)

        ended = bee(stage, "status")
        assert ended.code == 1, ended.err
        assert (
            "waiting for you (1)\n  #1    human              Print in colour\n      Which of the two palettes?\n"
            in ended.out
        )
        assert "Read brackets\n      I read the tests.\n" in ended.out
        assert "  #3    blocked            until #1 is closed: Later" in ended.out
        assert "ticks     the last one began" in ended.out
        assert "2 of 200 runs" in ended.out
        assert "\x1b" not in ended.out
        assert max(map(len, ended.out.split("\n"))) <= 80

        there = bee(stage, "status", "--json", home="other").json
        assert there["running"][0]["last_line"] is None, "the transcript is on the other machine"
        assert there["waiting"][0]["what"] == "Which of the two palettes?"
        assert (there["requests"], there["exit"]) == (1, 1)
        here = bee(stage, "status", "--json").json
        assert (here["running"][0]["last_line"], here["running"][0]["title"]) == ("I read the tests.", "Read brackets")
        assert here["spend"] == [
            {"repo": "ada/calc", "cost_usd": 0.0, "runs": 2, "usd_per_day": 100.0, "runs_per_day": 200}
        ]

        assert (here["next_tick_seconds"], there["next_tick_seconds"]) == (None, None), "no scheduler has started one"
        ends = [time.gmtime(time.time() - 600 * ago - 60) for ago in (3, 2, 1, 0)]
        lines = [f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', end)} 0 {'0' * 40} ok\n" for end in ends]
        (tmp_path / "home-host" / "tick-history").write_text("".join(lines))
        assert 480 <= bee(stage, "status", "--json").json["next_tick_seconds"] <= 540

        with terminal(stage, "status", "--watch", "5") as screen:
            screen.wait_for("Which of the two")
            screen.wait_for("to GitHub")
            (tmp_path / "go").touch()
            screen.press(b"\x03")
            assert screen.end() == 130
        assert "\x1b[33mwaiting for you (1)\x1b[0m" in screen.shown
        assert "interrupted" in plain(screen.shown)
        assert "5 at least" in bee(stage, "status", "--watch", "1").err


def test_one_repository_that_cannot_be_looked_at_hides_no_other(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        home = configure(stage)
        text = (home / "config.yml").read_text()
        (home / "config.yml").write_text(text.replace("[ada/calc]", "[ada/nothing, ada/calc]"))
        stage.issue(title="A task")
        ended = bee(stage, "status")
        assert ended.code == 2
        assert "problem   GitHub shows no ada/nothing" in ended.out
        assert "A task" in ended.out
        assert bee(stage, "status", "--json").json["problems"] != []
