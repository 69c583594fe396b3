"""A repository that takes nothing from anybody: archived, disabled or locked by GitHub, or blocked for its content."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.belt.plays import bee, configure, last_seq, writes_after
from tests.belt.stage import Stage, until
from tests.run.test_refused import counted, paid

TICKS_MAX = 6
BLOCKED = {"message": "Repository access blocked", "block": {"reason": "dmca", "html_url": "https://github.com/dmca"}}
OUT = "take it out of `repos` in config.yml"
# https://github.com/github/rest-api-description/issues/3314; what GraphQL says of such a one is not known
WAYS: dict[str, tuple[dict[str, Any], str]] = {
    "archived": ({}, "ada/calc is archived: nothing can be written there"),
    "disabled": ({"field": "data.repository.isDisabled", "value": True}, "ada/calc is disabled by GitHub"),
    "locked": ({"field": "data.repository.isLocked", "value": True}, "ada/calc is locked by GitHub"),
    "blocked": ({"status": 451, "body": BLOCKED}, "takes nothing from anybody (Repository access blocked)"),
    "taken down": ({"status": 403, "body": BLOCKED}, "takes nothing from anybody (Repository access blocked)"),
}


def close(stage: Stage, way: str) -> str:
    """Close the repository; what bee says of it then."""
    settings, said = WAYS[way]
    if way == "archived":
        stage.call("ada", "PATCH", "/repos/ada/calc", {"archived": True})
    elif "field" in settings:
        stage.fault("without", 0, {"path": "/graphql$", "login": "bee"}, **settings)
    else:
        stage.fault("status", 0, {"login": "bee", "path": "/repos/|/graphql$"}, **settings)
    return said


@pytest.mark.parametrize("way", WAYS)
def test_case_closed_is_said_by_doctor_status_and_tick_and_nothing_is_dispatched(stage: Stage, way: str) -> None:
    told = stage.folder / "told"
    configure(stage, more=f"notify: [{{command: [sh, -c, 'cat >> {told}']}}]\n")
    stage.issue()
    said = close(stage, way)
    seq = last_seq(stage)
    doctor = bee(stage, "doctor", "--json")
    (check,) = (one for one in doctor.json["checks"] if one["repo"] and one["status"] == "fail")
    assert (doctor.code, said in check["text"], OUT in check["fix"]) == (1, True, True), doctor.out
    for command in ("status", "tick", "tick"):
        ended = bee(stage, command)
        assert (ended.code, said in ended.err, OUT in ended.err) == (75, True, True), ended.out + ended.err
        assert "drafter" not in ended.out + ended.err
        assert "permission" not in ended.err
    assert writes_after(stage, seq) == []
    assert told.read_text().count("is closed") == 1, "once, however often it ticks"


def test_case_closed_in_mid_run_what_an_agent_made_waits_until_it_is_open_again(stage: Stage) -> None:
    """What was handed in cannot be published then; later the very same commit is, and no agent is sent for it."""
    stage.issue()
    wait = f"touch {stage.folder}/started; until [ -e {stage.folder}/closed ]; do sleep 0.1; done\n"
    host = stage.host(moves={"drafter": wait + counted(stage)})

    def archive() -> None:
        until("the agent", 60, (stage.folder / "started").exists)
        close(stage, "archived")
        (stage.folder / "closed").touch()

    person = threading.Thread(target=archive)
    person.start()
    stage.tick(host)
    person.join()
    assert (paid(stage), stage.pulls()) == (1, [])
    stage.call("ada", "PATCH", "/repos/ada/calc", {"archived": False})
    for _ in range(TICKS_MAX):
        if stage.pulls():
            break
        stage.sleep(20 * 60)
        stage.tick(host)
    assert (paid(stage), len(stage.pulls())) == (1, 1)
