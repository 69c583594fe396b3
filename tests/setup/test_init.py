"""`bee init` on the forge: what it writes, what it leaves alone, what it refuses."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bee.model.labels import OWNED
from bee.setup.templates import form_text
from tests.belt.plays import bee, last_seq, tree_of
from tests.belt.stage import Stage, until
from tests.setup.places import POLICY, TEMPLATE, done_writes, engine, fresh, init, protect, without_scopes


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A repository that bee has never seen."""
    with fresh(tmp_path) as made:
        yield made


def config(stage: Stage) -> Path:
    """The configuration of the host."""
    return stage.folder / "home-host" / "config.yml"


def labels_of(stage: Stage) -> dict[str, tuple[str, str]]:
    """The repository's labels: colour and description."""
    found = stage.call("ada", "GET", stage.at("/labels?per_page=100"))
    return {one["name"]: (one["color"], one["description"]) for one in found}


# ---- what it writes -------------------------------------------------------------------------------------------------


def test_it_writes_labels_one_commit_and_the_configuration(stage: Stage) -> None:
    before = labels_of(stage)
    verify = ("--verify", "make check: #1", "--untried")
    ended = init(stage, "--intake", "all", *verify, "--engine", engine(stage), "--sandbox", "none")
    assert ended.code == 0, ended.err
    made = labels_of(stage)
    assert {name: made[name] for name in made.keys() - before.keys()} == {
        label.value: (label.color, label.description) for label in OWNED
    }
    assert stage.main_log()[:2] == ["Let bee work here: its policy, and a form for design docs", "Nothing of bee's"]
    assert {POLICY, TEMPLATE} <= stage.main_files()
    assert stage.git("show", f"origin/main:{TEMPLATE}") == form_text().strip()
    policy = stage.git("show", f"origin/main:{POLICY}")
    assert "intake: all\n" in policy
    assert 'verify: "make check: #1"\n' in policy
    assert "check.sh" in stage.main_files(), "what was there stays"
    assert stat.S_IMODE(config(stage).stat().st_mode) == 0o600
    assert stat.S_IMODE(config(stage).parent.stat().st_mode) == 0o700
    assert "ada/calc is set up." in ended.out


def _merged(stage: Stage, name: str, checks: tuple[str, ...]) -> None:
    """A person's pull request with these checks, merged."""
    head = stage.push({f"{name}.txt": "x\n"}, name)
    data = {"title": name, "head": name, "base": "main", "body": ""}
    number = stage.call("ada", "POST", stage.at("/pulls"), data)["number"]
    for one in checks:
        status = {"state": "success", "context": one}
        stage.call("bee" if one.startswith("bee/") else "ada", "POST", stage.at(f"/statuses/{head}"), status)
    run = {"name": "lint: a, b", "head_sha": head, "conclusion": "success"}
    stage.call("ada", "POST", stage.at("/check-runs"), run)
    stage.call("ada", "PUT", stage.at(f"/pulls/{number}/merge"), {})


def test_it_proposes_the_checks_that_the_pull_requests_merged_last_all_had(stage: Stage) -> None:
    """Not what only some had (a path's own workflow), nor bee's own, nor what one long ago had."""
    assert init(stage, "--dry-run").code == 0
    _merged(stage, "long-ago", ())
    for name, more in (("one", ("docs",)), ("two", ()), ("three", ("bee/review",))):
        _merged(stage, name, ("ci/test", *more))
    ended = init(stage, "--dry-run")
    assert "checks      ci/test, lint: a, b: on each of the pull requests merged last" in ended.out
    assert init(stage).code == 0
    stage.main_log()
    assert 'required_checks: ["ci/test", "lint: a, b"]' in stage.git("show", f"origin/main:{POLICY}")


def test_twice_changes_nothing_and_says_so(stage: Stage) -> None:
    assert init(stage).code == 0
    seq, home = last_seq(stage), tree_of(config(stage).parent)
    stamp = config(stage).stat().st_mtime_ns
    again = init(stage)
    assert again.code == 0
    assert "ada/calc is set up already; nothing was written." in again.out
    asked = stage.control(f"log?after={seq}")
    assert asked
    assert [entry for entry in asked if entry["write"]] == [], "not even a request that wanted to write"
    assert tree_of(config(stage).parent) == home
    assert config(stage).stat().st_mtime_ns == stamp


def test_a_dry_run_shows_it_all_and_writes_nothing(stage: Stage) -> None:
    seq = last_seq(stage)
    ended = bee(stage, "init", "--dry-run", "--repo", "ada/calc")
    assert ended.code == 0, ended.err
    for text in ("breeze:quarantine-hotloop", POLICY, "## Design finalized", "intake: opted-in", "Nothing was written"):
        assert text in ended.out
    assert done_writes(stage, seq) == []
    assert not config(stage).parent.exists()
    assert init(stage).code == 0
    assert "nothing would be" in bee(stage, "init", "--dry-run", "--repo", "ada/calc").out


def shape(ended: Any) -> tuple[bool, dict[str, str], int | None]:
    """What a JSON line says: whether it changed anything, the action for each step, the pull request."""
    data = ended.json
    assert set(data) == {"version", "repo", "dry_run", "changed", "steps", "pull", "commit", "tried"}
    assert data["version"] == 1
    assert all(set(step) == {"kind", "name", "action"} for step in data["steps"])
    return data["changed"], {step["name"]: step["action"] for step in data["steps"]}, data["pull"]


def test_json_is_one_line_of_a_stable_shape(stage: Stage) -> None:
    dry = bee(stage, "init", "--dry-run", "--repo", "ada/calc", "--json")
    assert dry.json["dry_run"] is True
    assert shape(dry)[0] is False
    first = init(stage, "--json")
    assert len(first.out.splitlines()) == 1
    changed, steps, pull = shape(first)
    assert (changed, set(steps.values()), pull) == (True, {"create"}, None)
    assert first.json["commit"] == stage.refs("refs/heads/main")["refs/heads/main"]
    changed, steps, _ = shape(init(stage, "--json"))
    assert (changed, set(steps.values())) == (False, {"keep"})


# ---- protected branches ---------------------------------------------------------------------------------------------


def test_a_protected_branch_gets_a_pull_request_once(stage: Stage) -> None:
    protect(stage)
    ended = init(stage, "--json")
    assert ended.code == 0, ended.err
    changed, _, number = shape(ended)
    assert changed
    [pull] = stage.pulls()
    assert (pull["number"], pull["head"]["ref"], pull["base"]["ref"]) == (number, "setup-bee", "main")
    assert POLICY in pull["body"]
    assert POLICY not in stage.main_files()
    files = {one["filename"] for one in stage.call("ada", "GET", stage.at(f"/pulls/{number}/files"))}
    assert files == {POLICY, TEMPLATE}
    seq = last_seq(stage)
    changed, steps, again = shape(init(stage, "--json"))
    assert (changed, steps[POLICY], steps[TEMPLATE], again) == (False, "proposed", "proposed", number)
    assert done_writes(stage, seq) == []
    assert f"#{number}" in init(stage).out


def test_a_branch_that_refuses_without_saying_so_beforehand_gets_a_pull_request(stage: Stage) -> None:
    """A ruleset does not show as protection."""
    protect(stage)
    data = stage.call("bee", "GET", stage.at("/branches/main"))
    match = {"method": "GET", "path": "/calc/branches/main$"}
    stage.fault("status", 0, match, status=200, body={**data, "protected": False, "protection": {"enabled": False}})
    ended = init(stage)
    assert ended.code == 0, ended.err
    assert [pull["head"]["ref"] for pull in stage.pulls()] == ["setup-bee"]
    assert "waits in pull request #1" in ended.out


def test_a_lost_reply_while_opening_the_pull_request_is_made_good_by_the_next_try(stage: Stage) -> None:
    protect(stage)
    stage.fault("drop_before", 1, {"method": "POST", "path": "/pulls$"})
    assert init(stage).code == 75
    assert stage.pulls() == []
    assert init(stage).code == 0
    assert [pull["head"]["ref"] for pull in stage.pulls()] == ["setup-bee"]
    assert [name for name in stage.refs("refs/heads/") if "setup" in name] == ["refs/heads/setup-bee"]


def test_a_pull_request_that_a_person_closed_is_not_reopened_by_force(stage: Stage) -> None:
    protect(stage)
    assert init(stage).code == 0
    stage.call("ada", "PATCH", stage.at("/pulls/1"), {"state": "closed"})
    assert init(stage).code == 0
    first, second = stage.pulls()
    assert (first["state"], second["state"]) == ("closed", "open")
    assert second["head"]["ref"].startswith("setup-bee-")


def test_it_ends_the_same_wherever_it_was_stopped(stage: Stage) -> None:
    """Each of its writes loses its reply once; the next try goes on from there, and makes nothing twice."""
    labels, tree, commit, branch = [1] * len(OWNED), 1, 2, 3
    for nth in (*labels, tree, commit, branch):
        stage.fault("drop_after", 1, {"write": True, "login": "bee", "nth": nth})
        ended = init(stage)
        assert ended.code == 75, ended.err
        assert stage.fired() == 1
        stage.lift()
        assert not config(stage).exists(), "this machine begins when all else is there"
    assert init(stage).code == 0
    assert {POLICY, TEMPLATE} <= stage.main_files()
    assert stage.main_log()[:2] == ["Let bee work here: its policy, and a form for design docs", "Nothing of bee's"]
    assert "already" in init(stage).out


# ---- what is there already ------------------------------------------------------------------------------------------


def test_what_a_person_wrote_stays(stage: Stage) -> None:
    own = "# mine\nversion: 1\nintake: all\n"
    stage.push({POLICY: own})
    stage.call("ada", "POST", stage.at("/labels"), {"name": "Breeze:WIP", "color": "000000", "description": "mine"})
    ended = init(stage, "--intake", "opted-in", "--json")
    assert ended.code == 0, ended.err
    assert "--intake changes nothing in it" in ended.err
    _, steps, _ = shape(ended)
    assert (steps[POLICY], steps[TEMPLATE], steps["breeze:wip"]) == ("keep", "create", "keep")
    stage.main_files()
    assert stage.git("show", f"origin/main:{POLICY}") == own.strip()
    assert labels_of(stage)["Breeze:WIP"] == ("000000", "mine")


def test_the_repository_is_added_to_a_configuration_that_is_there(stage: Stage) -> None:
    config(stage).parent.mkdir()
    config(stage).write_text("# my machine\nversion: 1\nrepos:\n  - b/c  # the first\nengine: codex\n")
    config(stage).chmod(0o644)
    ended = init(stage, "--engine", "claude")
    assert ended.code == 0, ended.err
    text = config(stage).read_text()
    assert text == "# my machine\nversion: 1\nrepos:\n  - b/c  # the first\n  - ada/calc\nengine: codex\n"
    assert stat.S_IMODE(config(stage).stat().st_mode) == 0o600
    assert "--engine changes nothing" in ended.err


def test_a_wrong_configuration_is_named_with_its_line_and_nothing_is_written(stage: Stage) -> None:
    config(stage).parent.mkdir()
    config(stage).write_text("version: 1\nrepo: [b/c]\n")
    seq = last_seq(stage)
    ended = init(stage)
    assert ended.code == 2
    assert re.search(r"config\.yml:2: unknown key `repo`; did you mean `repos`\?", ended.err)
    assert done_writes(stage, seq) == []


def test_a_wrong_policy_is_named_and_nothing_is_written(stage: Stage) -> None:
    stage.push({POLICY: "version: 1\nintake: some\n"})
    seq = last_seq(stage)
    ended = init(stage)
    assert ended.code == 2
    assert "ada/calc:.github/bee.yml:2:" in ended.err
    assert done_writes(stage, seq) == []
    assert not config(stage).parent.exists()


# ---- what the token may do ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["eve"])
def test_an_account_without_write_access_is_told_before_anything_is_written(stage: Stage, who: str) -> None:
    seq = last_seq(stage)
    ended = init(stage, GH_TOKEN=stage.tokens[who])
    assert ended.code == 75
    assert "eve has read access, and bee needs write" in ended.err
    assert "collaborators/eve" in ended.err
    assert done_writes(stage, seq) == []
    assert not config(stage).parent.exists()


@pytest.mark.parametrize(
    ("refused", "lacking"),
    [
        ("POST /git/refs", "Contents write"),
        ("POST /issues", "Issues write"),
        ("POST /pulls", "Pull requests write"),
        ("POST /statuses/0+", "Commit statuses write"),
        ("GET /actions/runs", "Actions read"),
    ],
)
def test_a_permission_that_a_fine_grained_token_lacks_is_named(stage: Stage, refused: str, lacking: str) -> None:
    without_scopes(stage, refused)
    seq = last_seq(stage)
    ended = init(stage)
    assert ended.code == 75
    assert f"the token lacks {lacking} (give the token" in ended.err
    assert done_writes(stage, seq) == []
    assert not config(stage).parent.exists()


def test_asking_what_a_fine_grained_token_may_do_leaves_nothing_behind(stage: Stage) -> None:
    def everything() -> Any:
        items = stage.call("ada", "GET", stage.at("/issues?state=all"))
        return stage.refs("refs/"), [one["number"] for one in items], labels_of(stage)

    before = everything()
    without_scopes(stage)
    seq = last_seq(stage)
    assert bee(stage, "init", "--dry-run", "--repo", "ada/calc").code == 0
    assert everything() == before
    questions = [entry for entry in stage.control(f"log?after={seq}") if entry["write"] and entry["login"] == "bee"]
    assert sorted(entry["status"] for entry in questions) == [422, 422, 422, 422]


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"isArchived": True}, "archived"), ({"has_issues": False}, "issues are switched off"),
     ({"has_pull_requests": False}, "pull requests are switched off")],
)  # fmt: skip
def test_a_repository_that_cannot_be_worked_in_is_refused(stage: Stage, settings: dict[str, Any], said: str) -> None:
    data = stage.call("bee", "GET", stage.at(""))
    match = {"method": "GET", "path": "/repos/ada/calc$"}
    stage.fault("status", 0, match, status=200, body={**data, **settings})
    if "isArchived" in settings:
        stage.fault("without", 0, field="data.repository.isArchived", value=True)
    ended = init(stage)
    assert ended.code == 75
    assert said in ended.err


def test_a_token_that_github_does_not_take(stage: Stage) -> None:
    ended = init(stage, GH_TOKEN="wrong")
    assert ended.code == 75
    assert "GitHub does not accept the token" in ended.err


def test_a_repository_that_is_not_there(stage: Stage) -> None:
    ended = bee(stage, "init", "--yes", "--repo", "ada/nothing")
    assert ended.code == 2
    assert "/repos/ada/nothing" in ended.err


def test_a_repository_without_a_commit(stage: Stage) -> None:
    stage.control("repos", {"owner": "ada", "name": "empty"})
    ended = bee(stage, "init", "--yes", "--repo", "ada/empty")
    assert ended.code == 2
    assert "has no commits yet" in ended.err


# ---- where it stands ------------------------------------------------------------------------------------------------


def test_in_a_clone_the_repository_is_known(stage: Stage) -> None:
    below = stage.clone() / "tests" / "e2e"
    ended = bee(stage, "init", "--dry-run", cwd=below)
    assert ended.code == 0, ended.err
    assert "repository  ada/calc" in ended.out
    assert "t-ada" not in ended.out + ended.err, "the token in the clone's address is not shown"
    worktree = stage.folder / "linked"
    stage.git("worktree", "add", "-q", str(worktree))
    assert "repository  ada/calc" in bee(stage, "init", "--dry-run", cwd=worktree).out


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        (None, "not a git clone with a remote `origin`"),
        ("git@gitlab.com:ada/calc.git", "`origin` is on gitlab.com"),
        ("/srv/calc.git", "names no owner/name"),
    ],
)
def test_elsewhere_it_says_what_to_type(stage: Stage, remote: str | None, said: str) -> None:
    folder = stage.folder / "elsewhere"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    if remote:
        subprocess.run(["git", "remote", "add", "origin", remote], cwd=folder, check=True)
    ended = bee(stage, "init", "--yes", cwd=folder)
    assert ended.code == 2
    assert said in ended.err
    assert "--repo owner/name" in ended.err


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_without_a_terminal_it_does_not_guess(stage: Stage, more: list[str]) -> None:
    seq = last_seq(stage)
    ended = bee(stage, "init", "--repo", "ada/calc", *more)
    assert ended.code == 2
    assert "there is no terminal to ask questions on: say --yes" in ended.err
    assert last_seq(stage) == seq


def test_an_engine_that_is_not_there_is_refused_before_anything_else(stage: Stage) -> None:
    seq = last_seq(stage)
    ended = init(stage, "--engine", "no-such-agent --fast")
    assert ended.code == 2
    assert "there is no program 'no-such-agent'" in ended.err
    assert last_seq(stage) == seq


def test_an_installed_engine_is_taken_when_it_is_logged_in(stage: Stage) -> None:
    folder = stage.folder / "programs"
    folder.mkdir()
    for name in ("claude", "codex"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    path = f"{folder}:{stage.env()['PATH']}"
    ended = init(stage, PATH=path, OPENAI_API_KEY="a-key")
    assert f"claude: {folder}/claude, not logged in" in ended.out
    assert f"codex: {folder}/codex, logged in by OPENAI_API_KEY (scheduled ticks do not get it yet)" in ended.out
    assert "gemini: not installed" in ended.out
    assert "engine: codex\n" in config(stage).read_text()
    assert "a-key" not in ended.out + config(stage).read_text()


# ---- and then it works ----------------------------------------------------------------------------------------------


def test_from_init_to_the_first_dispatched_run_in_under_a_minute(stage: Stage) -> None:
    begun = time.monotonic()
    ended = init(stage, "--intake", "all", "--engine", engine(stage), "--sandbox", "none")
    assert ended.code == 0, ended.err
    number = stage.issue()
    ticked = bee(stage, "tick", "--json", "--no-trigger")
    assert ticked.code == 0, ticked.err
    decision = ticked.json["decision"]
    assert (decision["kind"], decision["role"], decision["number"]) == ("dispatch", "drafter", number)
    pulls = until("the pull request", 45, lambda: stage.pulls("open"))
    assert time.monotonic() - begun < 60
    assert pulls[0]["head"]["ref"] == f"bee/{number}-task"
    until("the end of the run", 30, lambda: not json.loads(bee(stage, "status", "--json").out)["slots"])
