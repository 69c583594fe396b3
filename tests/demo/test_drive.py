"""How the demo drives ticks, against a `bee tick` that only prints: when it goes on, when it stops, what it says."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from bee.demo import drive, stage
from bee.demo.drive import DemoStopped, Drive
from bee.demo.person import Account, Addresses, Person
from bee.demo.screen import Screen

TICK = """\
import pathlib, sys
folder = pathlib.Path(sys.argv[1])
count = folder / "count"
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
lines = (folder / "script").read_text().splitlines()
print("chatter")
print(lines[min(number, len(lines)) - 1])
"""


@dataclass
class FakePerson:
    """Remembers what was ticked; the issue is closed once bee has said so."""

    closed: bool
    ticked: list[tuple[int, str]] = field(default_factory=list)

    def tick(self, number: int, heading: str) -> bool:
        self.ticked.append((number, heading))
        return True

    def issue(self, number: int) -> dict[str, Any]:
        return {"number": number, "state": "closed" if self.closed else "open"}


def said(position: str, role: str | None = None, *, items: bool = True, exit_code: int = 0) -> str:
    """A tick's JSON line about issue 1."""
    decision = {"kind": "Dispatch" if role else "Idle", "repo": None, "number": 1, "role": role, "reason": "because"}
    item = {"repo": "ada/calc", "number": 1, "kind": "issue", "position": position, "moves_next": "x", "reason": "why"}
    listed = [item] if items else []
    return json.dumps({"version": 1, "exit": exit_code, "decision": decision, "items": listed, "requests": 1})


def made(folder: Path, person: FakePerson, *script: str) -> tuple[Drive, io.StringIO]:
    (folder / "tick.py").write_text(TICK)
    (folder / "script").write_text("\n".join(script))
    play = stage.calculator(folder)
    account = Account("bee", "token", "write")
    addresses = Addresses("http://x", "http://x/graphql", "http://x", "token")
    ready = stage.Stage(
        folder=folder, play=play, addresses=addresses, person=cast(Person, person), bee=account, env=dict(os.environ),
        issue=1, key="test key",
    )  # fmt: skip
    out = io.StringIO()
    command = (sys.executable, str(folder / "tick.py"), str(folder))
    return Drive(stage=ready, screen=Screen(out, coloured=False), wipe=False, command=command), out


def test_the_person_ticks_a_gate_when_an_item_waits_at_it(tmp_path: Path) -> None:
    person = FakePerson(closed=True)
    script = (said("design-open"), said("needs-plan", "planner"), said("plan-open"), said("", items=False))
    driven, out = made(tmp_path, person, *script)
    driven.to_the_end()
    assert person.ticked == [(1, "## Design finalized"), (1, "## Plan finalized")]
    assert (driven.ticks, driven.runs) == (4, 1)
    assert "planner -> #1" in out.getvalue()


def test_three_ticks_that_change_nothing_stop_the_demo_with_the_reasons(tmp_path: Path) -> None:
    driven, _ = made(tmp_path, FakePerson(closed=False), said("backing-off"))
    with pytest.raises(DemoStopped, match=r"3 ticks in a row changed nothing. #1 issue: backing-off: why"):
        driven.to_the_end()
    assert driven.ticks == 3


def test_ticks_that_always_change_something_end_at_their_bound(tmp_path: Path) -> None:
    turns = [said(position, "drafter") for position in ("needs-step", "in-review")] * 40
    driven, _ = made(tmp_path, FakePerson(closed=False), *turns)
    with pytest.raises(DemoStopped, match="after 60 ticks"):
        driven.to_the_end()
    assert driven.ticks == drive.TICKS_MAX


def test_a_tick_without_its_json_line_stops_the_demo_with_what_it_said(tmp_path: Path) -> None:
    driven, _ = made(tmp_path, FakePerson(closed=False), "no JSON at all")
    with pytest.raises(DemoStopped, match="no JSON at all"):
        driven.to_the_end()


def test_wiping_keeps_the_configuration_only(tmp_path: Path) -> None:
    driven, _ = made(tmp_path, FakePerson(closed=False), "")
    home = driven.stage.home
    (home / "runs" / "one").mkdir(parents=True)
    (home / "config.yml").write_text("version: 1\n")
    (home / "heartbeat").write_text("now")
    stage.wipe_home(driven.stage)
    assert [path.name for path in home.iterdir()] == ["config.yml"]
