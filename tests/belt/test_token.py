"""A token that a command prints (R7): replaced in the middle of a run, by whoever uses it; what is said otherwise."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.belt.plays import bee, configure
from tests.belt.stage import DRAFT, Stage, until

NO_VARIABLE = {"GH_TOKEN": "", "GITHUB_TOKEN": ""}


def printing(stage: Stage, token: str = "t-bee") -> Path:
    """The file whose text the command prints."""
    path = stage.folder / "token"
    path.write_text(f"{token}-{'x' * 8}\n")
    stage.control("users", {"login": "bee", "token": path.read_text().strip(), "permission": "write"})
    return path


def by(*command: str) -> str:
    """The line of config.yml."""
    return f"token: {json.dumps({'command': command})}\n"


def rotating(stage: Stage, path: Path) -> str:
    """A line for an agent's script: the forge takes another token of bee's from now on, and the command prints that."""
    code = (
        "import json,sys,urllib.request as u;a,t,f=sys.argv[1:];n=open(f).read().strip()+'9';"
        "b=json.dumps({'login':'bee','token':n,'permission':'write'}).encode();"
        "u.urlopen(u.Request(a+'/_forge/users',b,{'X-Forge-Token':t,'Content-Type':'application/json'}));"
        "open(f,'w').write(n)"
    )
    return shlex.join([sys.executable, "-c", code, stage.forge.api_url, stage.forge.control_token, str(path)]) + "\n"


def refused(stage: Stage) -> int:
    """How many requests were answered with 401."""
    return sum(entry["status"] == 401 for entry in stage.control("log"))


def test_case_r7_a_token_that_ends_in_mid_run_is_replaced(stage: Stage) -> None:
    """In the worker, at its push, and in the ticks that follow; what was refused is asked again, with another token."""
    path, number = printing(stage), stage.issue()
    moves = {"drafter": rotating(stage, path) + DRAFT, "reviewer": rotating(stage, path) + MOVE}
    configure(stage, moves=moves, more=by("cat", str(path)))
    ended = bee(stage, "tick", **NO_VARIABLE)
    assert ended.code == 0, ended.out + ended.err
    until("the end", 90, lambda: stage.item(number)["state"] == "closed" and not stage.live())
    (pull,) = stage.pulls()
    assert pull["merged_at"]
    assert path.read_text().endswith("x99"), "it was replaced twice"
    assert 2 <= refused(stage) <= 6
    assert all(path.read_text().strip() not in text for text in stage.comments(number) + stage.comments(pull["number"]))


MOVE = 'bee review --approve --body "Good."\n'


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo t-secret-of-bee >&2; exit 4", "`token` in config.yml: `sh` failed (exit code 4); run it in a terminal"),
        ("echo this is t-secret-of-bee", "printed something else than one token"),
        ("echo t-secret-of-bee", "GitHub does not accept the token"),
    ],
    ids=["fails", "prints-more", "refused"],
)
def test_a_command_without_a_good_token_is_said_and_nothing_it_printed(stage: Stage, command: str, said: str) -> None:
    configure(stage, more=by("sh", "-c", command))
    ended = bee(stage, "tick", **NO_VARIABLE)
    assert (ended.code, said in ended.err) == (75, True), ended.err
    looked = bee(stage, "doctor", "--json", **NO_VARIABLE)
    home = b"".join(path.read_bytes() for path in (stage.folder / "home-host").rglob("*") if path.is_file())
    for text in (ended.out, ended.err, looked.out, looked.err, home.decode("utf-8", "replace").replace(command, "")):
        assert "secret" not in text
    assert "token" in {check["name"] for check in looked.json["checks"] if check["status"] == "fail"}


def test_a_variable_beats_the_command_and_no_worker_asks_it(stage: Stage) -> None:
    stage.issue()
    configure(stage, more=by("sh", "-c", f"touch {stage.folder}/asked; exit 1"))
    assert bee(stage, "tick", "--no-trigger").code == 0
    until("the run's end", 90, lambda: stage.pulls() and not stage.live())
    assert not (stage.folder / "asked").exists()


def test_with_a_command_bee_does_not_start_without_a_key(stage: Stage, tmp_path: Path) -> None:
    path = printing(stage)
    configure(stage, more=by("cat", str(path)))
    ended = bee(stage, "tick", BEE_KEY="", HOME=str(tmp_path), **NO_VARIABLE)
    assert (ended.code, "bee key add" in ended.err) == (2, True), ended.err


def test_doctor_says_where_the_token_comes_from_and_warns_of_one_that_nobody_replaces(stage: Stage) -> None:
    path = printing(stage, "ghs_bee")
    token = path.read_text().strip()
    stage.control("users", {"login": "bee", "token": token, "permission": "write", "expires_in_seconds": 3600})
    configure(stage, more=by("cat", str(path)))
    by_command = bee(stage, "doctor", "--json", **NO_VARIABLE)
    by_variable = bee(stage, "doctor", "--json", GH_TOKEN=token)
    said = [
        {check["name"]: check for check in json.loads(ended.out.splitlines()[-1])["checks"]}
        for ended in (by_command, by_variable)
    ]
    assert "a GitHub App's or a workflow's token, from the command of config.yml" in said[0]["token"]["text"]
    assert [one["token-expiry"]["status"] for one in said] == ["ok", "warn"]
