"""`bee doctor` on the forge: every check has its line and what fixes it, and looking changes nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bee.model.labels import OWNED
from tests.belt.plays import ROOT, Ended, bee, configure, last_seq, tree_of
from tests.belt.stage import KEY, Stage, bee_env, staged
from tests.setup.places import POLICY, done_writes, protect, without_scopes
from tests.setup.terminal import terminal

LINE = re.compile(r"(ok  |warn|fail)  (?:(\w+/\w+): )?([a-z-]+): (.+?)(?:; to fix it: (.+))?")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A repository with a policy, and a host that is set up for it with the command engine."""
    with staged(tmp_path) as made:
        configure(made)
        for label in OWNED:
            body = {"name": label.value, "color": label.color, "description": label.description}
            made.call("ada", "POST", made.at("/labels"), body)
        yield made


def doctor(stage: Stage, *args: str, **env: str) -> Ended:
    """`bee doctor`, for a person whose own home is empty and whose PATH has no scheduler."""
    person = stage.folder / "person"
    person.mkdir(exist_ok=True)
    return bee(stage, "doctor", *args, **{"HOME": str(person), **env})


def checks(stage: Stage, *args: str, code: int = 0, **env: str) -> dict[str, list[dict[str, Any]]]:
    """What `bee doctor --json` says, by the name of the check."""
    ended = doctor(stage, "--json", *args, **env)
    data = ended.json
    assert (ended.code, data["exit"]) == (code, code), ended.out + ended.err
    assert set(data) == {"version", "exit", "counts", "checks", "problems"}
    assert data["version"] == 1
    found: dict[str, list[dict[str, Any]]] = {}
    for check in data["checks"]:
        assert set(check) == {"name", "status", "repo", "text", "fix"}
        assert check["status"] in ("ok", "warn", "fail")
        assert check["status"] == "ok" or check["fix"] or check["name"] == "scheduler"
        found.setdefault(check["name"], []).append(check)
    assert sum(data["counts"].values()) == len(data["checks"])
    return found


def said(found: dict[str, list[dict[str, Any]]], name: str, status: str) -> str:
    """The texts of the checks of a name, all of which ended so."""
    assert {check["status"] for check in found[name]} == {status}, found[name]
    return " / ".join(f"{check['text']} | {check['fix']}" for check in found[name])


# ---- what is shown --------------------------------------------------------------------------------------------------


def test_a_machine_that_is_set_up_has_no_failure_and_looking_changes_nothing(stage: Stage) -> None:
    seq, home, refs = last_seq(stage), tree_of(stage.folder / "home-host"), stage.refs("refs/")
    ended = doctor(stage)
    assert ended.code == 0, ended.out + ended.err
    lines = ended.out.splitlines()
    assert all(LINE.fullmatch(line) for line in lines[:-1]), ended.out
    assert re.fullmatch(r"\d+ ok, \d+ to look at, 0 failed", lines[-1])
    assert {found[3] for line in lines[:-1] if (found := LINE.fullmatch(line))} >= {
        "config", "git", "engine", "sandbox", "scheduler", "heartbeat", "disk", "token", "clock", "rate-limit",
        "access", "policy", "labels", "branch-rules", "own-branches", "refs",
    }  # fmt: skip
    asked = [entry for entry in stage.control(f"log?after={seq}") if entry["login"] == "bee"]
    assert asked
    assert [entry for entry in asked if entry["write"]] == []
    assert tree_of(stage.folder / "home-host") == home
    assert stage.refs("refs/") == refs
    assert "\x1b" not in ended.out


def test_on_a_terminal_it_has_colours_and_none_with_no_color(stage: Stage) -> None:
    with terminal(stage, "doctor") as screen:
        screen.end()
    assert "\x1b[32mok  \x1b[0m" in screen.shown
    with terminal(stage, "doctor", NO_COLOR="1") as screen:
        screen.end()
    assert "\x1b[" not in screen.shown


def test_whoever_stops_reading_is_no_bug(stage: Stage) -> None:
    started = stage.start("host", "doctor")
    assert started.stdout is not None
    assert started.stderr is not None
    started.stdout.close()
    assert "Traceback" not in started.stderr.read()
    started.stderr.close()
    assert started.wait(30) == 141


# ---- this machine ---------------------------------------------------------------------------------------------------


def test_a_repository_that_has_another_name_now_fails(stage: Stage) -> None:
    configure(stage)
    name = stage.repo.partition("/")[2]
    stage.call("ada", "PATCH", stage.at(""), {"name": f"{name}-new"})
    found = checks(stage, code=1)["repository"]
    assert (found[0]["status"], found[0]["text"]) == ("fail", f"{stage.repo} is called {stage.repo}-new now")


def test_without_a_configuration_it_says_what_writes_one(stage: Stage) -> None:
    found = checks(stage, code=1, GIT_BEE_HOME=str(stage.folder / "nowhere"))
    assert said(found, "config", "fail").endswith("| bee init")
    assert not (stage.folder / "nowhere").exists()
    assert "access" not in found
    assert "policy" in checks(stage, "--repo", "ada/calc", code=1, GIT_BEE_HOME=str(stage.folder / "nowhere"))


def test_a_wrong_configuration_is_one_failed_check_with_its_line(stage: Stage) -> None:
    path = stage.folder / "home-host" / "config.yml"
    path.write_text("version: 1\nrepo: [ada/calc]\n")
    found = checks(stage, code=1)
    assert f"{path}:2: unknown key `repo`" in said(found, "config", "fail")
    path.write_text(f"version: 1\nrepos: [{stage.repo}]\nengine:\n  command: [/bin/sh]\n")
    path.chmod(0o666)
    assert f"| chmod 600 {path}" in said(checks(stage, code=1), "config-mode", "fail")


@pytest.mark.parametrize(
    ("engine", "status", "text"),
    [
        ("{command: [/bin/sh, -c, 'true']}", "ok", "every role: /bin/sh"),
        ("{command: [/no/such/agent]}", "fail", "/no/such/agent cannot be run | name an executable"),
        ("{command: [./agent]}", "fail", "./agent is not an absolute path"),
        ("{command: [no-such-agent]}", "fail", "is not in the system's folders"),
        ("mistral", "fail", "there is no engine 'mistral' | install one of claude, codex, gemini"),
        ("codex", "fail", "codex: not installed"),
        ("gemini", "fail", "logged in | set GEMINI_API_KEY, then: bee install --env GEMINI_API_KEY"),
    ],
)
def test_the_engine_is_looked_for_as_a_run_would_start_it(stage: Stage, engine: str, status: str, text: str) -> None:
    folder = stage.folder / "programs"
    folder.mkdir()
    (folder / "gemini").write_text("#!/bin/sh\n")
    (folder / "gemini").chmod(0o755)
    config = stage.folder / "home-host" / "config.yml"
    config.write_text(f"version: 1\nrepos: [ada/calc]\nengine: {engine}\nsandbox: none\n")
    found = checks(stage, code=int(status == "fail"), PATH=f"{folder}:/usr/bin:/bin")
    assert text in said(found, "engine", status)


def test_a_login_of_this_shell_is_not_one_of_scheduled_ticks(stage: Stage) -> None:
    folder = stage.folder / "programs"
    folder.mkdir()
    (folder / "codex").write_text("#!/bin/sh\n")
    (folder / "codex").chmod(0o755)
    home = stage.folder / "home-host"
    text = "version: 1\nrepos: [ada/calc]\nengine: codex\nroles:\n  reviewer:\n    engine: {command: [/bin/sh]}\n"
    (home / "config.yml").write_text(text)
    env = {"PATH": f"{folder}:/usr/bin:/bin", "OPENAI_API_KEY": "a-key"}
    here, reviewer = sorted(checks(stage, **env)["engine"], key=lambda check: str(check["text"]), reverse=False)
    assert (here["status"], here["fix"]) == ("warn", "bee install --env OPENAI_API_KEY")
    assert here["text"].startswith("planner, drafter, test, merger: codex: ")
    assert (reviewer["status"], reviewer["text"]) == ("ok", "reviewer: /bin/sh")
    (home / "env").write_text("OPENAI_API_KEY=another\n")
    kept = checks(stage, PATH=env["PATH"])["engine"]
    assert {check["status"] for check in kept} == {"ok"}
    assert "a-key" not in str(kept)
    assert "another" not in str(kept)


def test_no_box_and_no_wish_for_one(stage: Stage) -> None:
    assert "all your rights" in said(checks(stage), "sandbox", "warn")
    config = stage.folder / "home-host" / "config.yml"
    config.write_text(config.read_text().replace("sandbox: none", "sandbox: required"))
    bare = stage.folder / "bare"
    bare.mkdir()
    found = checks(stage, code=1, PATH=str(bare))
    assert "cannot be built here" in said(found, "sandbox", "fail")
    assert "no git on PATH" in said(found, "git", "fail")


def crontab(stage: Stage, lines: str) -> str:
    """A PATH whose crontab shows these lines."""
    folder = stage.folder / "cron"
    folder.mkdir(exist_ok=True)
    (folder / "crontab").write_text(f"#!/bin/sh\ncat <<'END'\n{lines}\nEND\n")
    (folder / "crontab").chmod(0o755)
    return f"{folder}:{stage.env()['PATH']}"


def test_what_ticks_here_and_when_it_last_did(stage: Stage) -> None:
    silent = crontab(stage, "# */5 * * * * scripts/tick")
    found = checks(stage, PATH=silent)
    assert said(found, "scheduler", "warn").endswith("ticks by itself | bee install")
    assert said(found, "heartbeat", "warn").endswith("| bee install")
    ticking = crontab(stage, '*/5 * * * * "$HOME/bee/scripts/tick"')
    beat = stage.folder / "home-host" / "heartbeat"
    beat.write_text(f"{int(time.time()) - 70} tick\n")
    found = checks(stage, PATH=ticking)
    assert "by a line of your own" in said(found, "scheduler", "ok")
    assert "began 7" in said(found, "heartbeat", "ok")
    beat.write_text(f"{int(time.time()) - 3 * 3600} tick\n")
    assert "3 hours ago" in said(checks(stage, code=1, PATH=ticking), "heartbeat", "fail")
    silent = crontab(stage, "")
    assert "3 hours ago" in said(checks(stage, PATH=silent), "heartbeat", "warn")
    beat.write_text("nonsense\n")
    assert "no tick has begun" in said(checks(stage, PATH=silent), "heartbeat", "warn")


def test_scheduled_ticks_need_a_token_of_their_own(stage: Stage) -> None:
    units = stage.folder / "person" / ".config" / "systemd" / "user"
    units.mkdir(parents=True)
    (units / "git-bee-tick.timer").write_text("[Timer]\n")
    bare = crontab(stage, "")
    (stage.folder / "cron" / "gh").write_text("#!/bin/sh\nexit 1\n")
    (stage.folder / "cron" / "gh").chmod(0o755)
    found = checks(stage, code=1, PATH=bare)
    assert found["scheduler"][0]["text"] == "systemd"
    assert "bee install --token-from-env" in said(found, "scheduled-token", "fail")
    (stage.folder / "home-host" / "env").write_text("GH_TOKEN=t-bee\n")
    assert "t-bee" not in said(checks(stage, PATH=bare), "scheduled-token", "ok")


@pytest.mark.parametrize(("name", "fix"), [("PAUSED", "bee resume --all"), ("ROLLBACK", "bee resume --rollback")])
def test_a_marker_that_stops_all_ticks_fails(stage: Stage, name: str, fix: str) -> None:
    (stage.folder / "home-host" / name).write_text("reason: a test\n")
    assert said(checks(stage, code=1), "marker", "fail").endswith(f"a test | {fix}")


def test_a_clock_that_is_off_is_seen_by_githubs(stage: Stage) -> None:
    stage.sleep(300)
    text = said(checks(stage), "clock", "warn")
    assert re.search(r"is (29|30)\d s behind GitHub's", text)


# ---- GitHub ---------------------------------------------------------------------------------------------------------


def test_no_token_and_a_wrong_one_fail(stage: Stage) -> None:
    path = crontab(stage, "")
    (stage.folder / "cron" / "gh").write_text("#!/bin/sh\nexit 1\n")
    (stage.folder / "cron" / "gh").chmod(0o755)
    assert "gh auth login" in said(checks(stage, code=1, GH_TOKEN="", PATH=path), "token", "fail")
    assert "does not accept" in said(checks(stage, code=1, GH_TOKEN="wrong"), "token", "fail")


def test_what_it_cannot_look_at_is_never_ok(stage: Stage) -> None:
    unreachable = doctor(stage, "--json", GITHUB_API_URL="http://127.0.0.1:9")
    assert unreachable.code == 75
    assert unreachable.json["exit"] == 75
    assert "no answer from 127.0.0.1:9" in unreachable.json["problems"][0]
    stage.fault("status", 0, {"method": "GET", "path": "/branches/main$"}, status=502)
    ended = doctor(stage)
    assert ended.code == 75
    assert "could not look: ada/calc: GitHub answered 502" in ended.err
    assert "policy" in ended.out


def test_one_repository_that_is_not_there_does_not_hide_the_others(stage: Stage) -> None:
    found = checks(stage, "--repo", "ada/nothing", "--repo", "ada/calc", code=1)
    assert said(found, "repository", "fail").startswith("GitHub has no /repos/ada/nothing")
    assert [check["repo"] for check in found["policy"]] == ["ada/calc"]


def test_permissions_that_are_missing(stage: Stage) -> None:
    found = checks(stage, code=1, GH_TOKEN=stage.tokens["eve"])
    assert "eve has read access, and bee needs write | an administrator gives it" in said(found, "access", "fail")
    without_scopes(stage, "POST /pulls", "GET /actions/runs")
    before, seq = stage.refs("refs/"), last_seq(stage)
    assert "lacks Pull requests write, Actions read" in said(checks(stage, code=1), "access", "fail")
    assert (stage.refs("refs/"), done_writes(stage, seq), stage.pulls()) == (before, [], [])


@pytest.mark.parametrize(
    ("text", "status", "part"),
    [
        ("version: 1\nintake: all\n", "ok", "is valid (intake: all)"),
        ("version: 1\nintake: al\n", "fail", "ada/calc:.github/bee.yml:2: `al` is not a choice"),
        (None, "fail", "there is no .github/bee.yml on main | bee init --repo ada/calc"),
    ],
)
def test_the_policy(stage: Stage, text: str | None, status: str, part: str) -> None:
    if text is None:
        sha = stage.call("ada", "GET", stage.at(f"/contents/{POLICY}"))["sha"]
        stage.call("ada", "DELETE", stage.at(f"/contents/{POLICY}"), {"message": "away", "sha": sha})
    else:
        stage.push({POLICY: text})
    assert part in said(checks(stage, code=int(status == "fail")), "policy", status)


def test_a_repository_for_traces_is_there_and_as_visible_as_this_one(stage: Stage) -> None:
    stage.push({POLICY: "version: 1\nintake: all\ne2e: {repo: ada/traces}\n"})
    files = {"files": {"a": "a"}, "message": "Traces"}
    stage.control("repos", {"owner": "ada", "name": "traces", "private": True, **files})
    assert "ada/traces is private, and ada/calc is public" in said(checks(stage, code=1), "traces", "fail")
    stage.call("ada", "PATCH", "/repos/ada/traces", {"private": False})
    assert "E2E traces go to ada/traces, which is public like this one" in said(checks(stage), "traces", "ok")


def test_a_verify_script_that_is_not_there_and_labels_that_are_gone(stage: Stage) -> None:
    stage.push({POLICY: "version: 1\nintake: all\nverify: [sh ./scripts/prove.sh --all, make check]\n"})
    stage.call("ada", "DELETE", stage.at("/labels/breeze:human"))
    found = checks(stage)
    assert "names scripts/prove.sh, which is not on main" in said(found, "verify", "warn")
    assert said(found, "labels", "warn") == "missing: breeze:human | bee init --repo ada/calc"


def test_t12_check_runs_that_the_token_may_not_read_are_named(stage: Stage) -> None:
    stage.push({POLICY: "version: 1\nintake: all\nrequired_checks: [ci/test]\n"})
    assert "requires the check 'ci/test', which has not reported on main" in said(checks(stage), "checks", "warn")
    without_scopes(stage, "GET /check-runs")
    found = said(checks(stage), "checks", "warn")
    assert "may not read the check runs of Apps (perhaps 'ci/test'): bee merges only what GitHub calls green" in found
    stage.call("ada", "POST", stage.at(f"/statuses/{stage.head('main')}"), {"context": "ci/test", "state": "success"})
    assert "of Apps: bee merges only" in said(checks(stage), "checks", "warn")


# ---- would the merge gate ever pass? --------------------------------------------------------------------------------


def rules(stage: Stage, status: str, **env: str) -> str:
    """What is said of the branch's rules."""
    return said(checks(stage, code=int(status == "fail"), **env), "branch-rules", status)


def test_the_rules_that_bee_recommends_are_fine(stage: Stage) -> None:
    protect(stage, None, ("bee/review", "bee/e2e"))
    assert "requires bee/e2e, bee/review" in rules(stage, "ok", GH_TOKEN=stage.tokens["ada"])
    assert "requires bee/e2e, bee/review" in rules(stage, "ok"), "those who do not administer are shown as much"


def test_a_check_that_nothing_reports_is_named_and_one_that_reports_is_not(stage: Stage) -> None:
    head = stage.refs("refs/heads/main")["refs/heads/main"]
    stage.call("ada", "POST", stage.at(f"/statuses/{head}"), {"state": "success", "context": "build"})
    protect(stage, None, ("build", "lint", "bee/e2e"))
    text = rules(stage, "warn", GH_TOKEN=stage.tokens["ada"])
    assert "requires the check 'lint', which has not reported" in text
    assert "build" not in text


def test_reviews_that_only_people_can_give(stage: Stage) -> None:
    protect(stage, 2)
    assert "requires 2 approving reviews: bee cannot approve" in rules(stage, "warn", GH_TOKEN=stage.tokens["ada"])


def test_those_who_do_not_administer_are_shown_a_part_of_the_rules(stage: Stage) -> None:
    protect(stage, 3, ("lint",))
    text = rules(stage, "warn")
    assert "3 approving reviews" in text
    assert "'lint'" in text


def test_where_the_server_does_not_show_them_it_says_that_it_does_not_know(stage: Stage) -> None:
    protect(stage, 3)
    unknown = {"errors": [{"message": "Field 'refUpdateRule' doesn't exist on type 'Ref'"}]}
    stage.fault("status", 0, {"operation": "UpdateRule"}, status=200, body=unknown)
    assert "may not see how many reviews it requires" in rules(stage, "warn")


def test_case_r8_signatures_are_githubs_own_where_it_squashes(stage: Stage) -> None:
    protect(stage, None)
    rule = {"requiredApprovingReviewCount": 0, "requiredStatusCheckContexts": [], "requiresLinearHistory": False,
            "requiresSignatures": True}  # fmt: skip
    answer = {"data": {"repository": {"ref": {"refUpdateRule": rule}}}}
    stage.fault("status", 0, {"operation": "UpdateRule"}, status=200, body=answer)
    assert "can pass" in rules(stage, "ok")
    stage.push({POLICY: "version: 1\nintake: all\nmerge_method: merge\n"})
    assert "wants signed commits, which only squash merges have" in said(checks(stage, code=1), "merge-method", "fail")


@pytest.mark.parametrize(
    ("rule", "status", "text"),
    [
        ({"type": "merge_queue", "parameters": {}}, "ok", "into its merge queue, which merges by merge"),
        ({"type": "pull_request", "parameters": {"required_approving_review_count": 1}}, "warn", "1 approving review:"),
        ({"type": "pull_request", "parameters": {"required_approving_review_count": 0}}, "ok", "can pass"),
        ({"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "scan"}],
                                                           "strict_required_status_checks_policy": False}},
         "warn", "'scan'"),
        ({"type": "deletion"}, "ok", "can pass"),
        ({"type": "code_scanning"}, "warn", "code scanning must have results"),
        ({"type": "required_deployments"}, "warn", "main: deployments must succeed first: where nothing does that"),
        ({"type": "max_file_size"}, "ok", "can pass"),
        ({"type": "new_rule"}, "warn", "`new_rule`, which bee does not know"),
    ],
)  # fmt: skip
def test_rulesets_count_too(stage: Stage, rule: dict[str, Any], status: str, text: str) -> None:
    stage.fault("status", 0, {"path": "/rules/branches/main$"}, status=200, body=[rule])
    assert text in rules(stage, status)


def test_case_r5_a_branch_named_bee_is_found_before_a_drafter_is_paid(stage: Stage) -> None:
    assert "no rule that can be seen" in said(checks(stage), "own-branches", "ok")
    stage.push({"x.txt": "x"}, "bee")
    text = said(checks(stage, code=1), "own-branches", "fail")
    assert "there is a branch `bee`, and git has no branch `bee/…` beside it" in text


def test_a_merge_method_that_the_repository_or_the_branch_forbids(stage: Stage) -> None:
    stage.push({POLICY: "version: 1\nintake: all\nmerge_method: merge\n"})
    stage.call("ada", "PATCH", stage.at(""), {"allow_merge_commit": False})
    found = checks(stage, code=1)
    text = said(found, "merge-method", "fail")
    assert "allows rebase, squash, and the policy merges by merge: no merge ever passes | write `merge" in text
    stage.call("ada", "PATCH", stage.at(""), {"allow_merge_commit": True})
    protect(stage, None, required_linear_history=True)
    found = checks(stage, code=1, GH_TOKEN=stage.tokens["ada"])
    assert "wants a linear history" in said(found, "merge-method", "fail")


# ---- refs, posture --------------------------------------------------------------------------------------------------


def test_the_posture_is_shown_when_it_is_asked_for_and_fails_nothing(stage: Stage) -> None:
    policy = "version: 1\nintake: all\nplan_approval: auto\nprotected_paths: [CLAUDE.md]\n"
    policy += "trust:\n  allow: [Eve]\nsecrets_allowed_in: [keys/**]\n"
    stage.push({POLICY: policy})
    text = " / ".join(check["text"] for check in checks(stage, "--security")["security"])
    for part in ("reaches every repository", "sandbox: none", "does not require bee/e2e, bee/review", "allow eve",
                 "nobody has to approve", ".forgejo/** and 39 more, obeyed by CI and services", "may stand in keys/**",
                 "network: open, as there is no box"):  # fmt: skip
        assert part in text
    assert "security" not in checks(stage)
    assert "security: token" in doctor(stage, "--security").out
    assert json.dumps(stage.tokens["bee"]) not in text


def _instead(name: str, script: str) -> Callable[[Stage], dict[str, str]]:
    """A program in the place of the machine's, which it calls in the end."""

    def remove(stage: Stage) -> dict[str, str]:
        real = shutil.which(name)
        if real is None:
            pytest.skip(f"{name} is not installed here")
        fakes = stage.folder / "fakes"
        fakes.mkdir()
        (fakes / name).write_text(f'#!/bin/sh\n{script}\nexec {real} "$@"\n')
        (fakes / name).chmod(0o755)
        return {"PATH": f"{fakes}:{os.environ['PATH']}"}

    return remove


def _without_bwrap(stage: Stage) -> dict[str, str]:
    bare = stage.folder / "bare"
    bare.mkdir()
    for name in ("git", "python3", "sh"):
        (bare / name).symlink_to(str(shutil.which(name)))
    return {"PATH": str(bare)}


def _without_filter_file(stage: Stage) -> dict[str, str]:
    """A bee whose package lacks the file for this architecture."""
    copy = stage.folder / "copy"
    left_out = shutil.ignore_patterns("*.bpf", "__pycache__")
    shutil.copytree(ROOT / "bee", copy / "bee", ignore=left_out)
    shutil.copytree(ROOT / "agents", copy / "agents")
    return {"PYTHONPATH": str(copy)}


def _configured(more: str, **env: str) -> Callable[[Stage], dict[str, str]]:
    def remove(stage: Stage) -> dict[str, str]:
        config = stage.folder / "home-host" / "config.yml"
        config.write_text(config.read_text() + more)
        return env

    return remove


def _open_to_all(name: str, mode: int) -> Callable[[Stage], dict[str, str]]:
    def remove(stage: Stage) -> dict[str, str]:
        (stage.folder / name).chmod(mode)
        return {}

    return remove


def _keys_for_all(stage: Stage) -> dict[str, str]:
    path = stage.folder / "settings" / "git-bee" / "keys"
    path.parent.mkdir(parents=True)
    path.write_text(f"{KEY}\n")
    path.chmod(0o644)
    return {"BEE_KEY": "", "XDG_CONFIG_HOME": str(path.parents[1])}


def _of_an_app(stage: Stage) -> dict[str, str]:
    stage.control("users", {"login": "bee", "permission": "write", "token": "ghs_of-an-app"})
    return {"BEE_KEY": "", "GH_TOKEN": "ghs_of-an-app"}


def _with_scopes(stage: Stage) -> dict[str, str]:
    stage.lift()
    return {}


def _unprotected(stage: Stage) -> dict[str, str]:
    stage.call("ada", "DELETE", stage.at("/branches/main/protection"))
    return {}


def _policy(more: str) -> Callable[[Stage], dict[str, str]]:
    def remove(stage: Stage) -> dict[str, str]:
        stage.edit_policy(f"version: 1\nintake: all\n{more}")
        return {}

    return remove


# What is taken away from a machine that has everything, the check, how it ends, and what it says.
LAYERS: dict[str, tuple[Callable[[Stage], dict[str, str]], str, str, str]] = {
    "no bubblewrap": (_without_bwrap, "sandbox", "fail", "there is no bwrap on PATH"),
    "no user namespaces": (
        _instead("bwrap", "echo 'No permissions to create new namespace' >&2; exit 1"), "sandbox", "fail",
        "No permissions to create new namespace"),
    "no filter in the kernel": (
        _instead("bwrap", 'case "$*" in *--seccomp*) echo PR_SET_SECCOMP failed >&2; exit 1;; esac'),
        "sandbox", "fail", "PR_SET_SECCOMP failed"),
    "no filter of this architecture": (_without_filter_file, "sandbox", "fail", ".bpf"),
    "an old bubblewrap": (_instead("bwrap", 'case "$*" in *--disable-userns*) exit 1;; esac'), "sandbox", "warn",
                          "cannot forbid user namespaces"),
    "an old git": (_instead("git", '[ "$1" = --version ] && echo git version 2.30.2 && exit'), "git", "fail",
                   "is git 2.30, and"),
    "no box at all": (lambda stage: _unboxed(stage), "security", "warn", "sandbox: none"),
    "a proxy that cannot be chained": (
        lambda stage: {"HTTPS_PROXY": "socks5://proxy.example:1080", "NO_PROXY": "127.0.0.1,localhost"},
        "network", "fail", "HTTPS_PROXY must be http://HOST:PORT"),
    "an open network": (_configured("roles:\n  planner: {network: open}\n  drafter: {network: open}\n"), "security",
                        "warn", "network: open for planner, drafter"),
    "bounds that nothing keeps": (
        _configured("roles: {drafter: {memory_mb: 512}}\n", XDG_RUNTIME_DIR="/nowhere"), "bounds", "fail",
        "`memory_mb` and `cpus` need a cgroup"),
    "no key": (lambda stage: {"BEE_KEY": "", "GH_TOKEN": stage.tokens["bee"]}, "keys", "warn", "is made of the token"),
    "no key, with an App's token": (_of_an_app, "keys", "fail", "needs a key of its own"),
    "keys that all can read": (_keys_for_all, "keys", "fail", "can be read by others"),
    "a home that all can read": (_open_to_all("home-host", 0o755), "home-mode", "warn", "others may look into"),
    "a configuration that all can write": (_open_to_all("home-host/config.yml", 0o666), "config-mode", "fail",
                                           "others may write"),
    "a token in the environment": (lambda stage: {"GH_TOKEN": stage.tokens["bee"]}, "security", "warn",
                                   "GH_TOKEN stands in the environment"),
    "a token of everything": (_with_scopes, "security", "warn", "reaches every repository of its account"),
    "an account that administers": (lambda stage: {"GH_TOKEN": stage.tokens["ada"]}, "security", "warn",
                                    "rules may not bind administrators"),
    "no branch rules": (_unprotected, "security", "warn", "does not require bee/e2e, bee/review"),
    "no protected paths": (_policy("protected_paths: []\n"), "security", "warn", "protected paths: agents may change"),
    "no approval of plans": (_policy("plan_approval: auto\n"), "security", "warn", "nobody has to approve them"),
    "credentials allowed": (_policy("secrets_allowed_in: [a/**]\n"), "security", "warn", "may stand in a/**"),
}  # fmt: skip


def _everything(stage: Stage) -> dict[str, str]:
    """A machine and a repository that have every layer; the environment."""
    _boxed(stage)
    token = stage.folder / "token"
    stage.tokens["bee"] = "token-of-bee"
    token.write_text(stage.tokens["bee"])
    stage.control("users", {"login": "bee", "permission": "write", "token": stage.tokens["bee"]})
    env = _configured(f"token: {{command: [/bin/cat, {token}]}}\n", GH_TOKEN="")(stage)
    without_scopes(stage)
    protect(stage, contexts=("bee/e2e", "bee/review"), enforce_admins=False)
    return env


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_that_is_missing_is_named(layer: str, stage: Stage) -> None:
    remove, check, status, text = LAYERS[layer]
    env = {**_everything(stage), **remove(stage)}
    found = checks(stage, "--security", code=status == "fail", **env)
    assert any(text in one["text"] for one in found.get(check, []) if one["status"] == status), found


def test_a_machine_that_has_every_layer_is_told_of_none(stage: Stage) -> None:
    found = checks(stage, "--security", **_everything(stage))
    told = [one["text"] for name in found for one in found[name]]
    assert [layer for layer, (_, _, _, text) in LAYERS.items() if any(text in one for one in told)] == []
    named = [one["text"] for one in found["security"] if one["status"] != "ok"]
    assert [text for text in named if "bee runs as root" not in text] == []


def test_a_command_that_prints_no_token_is_told_with_its_reason(stage: Stage) -> None:
    env = _configured("token: {command: [/bin/false]}\n", GH_TOKEN="")(stage)
    told = said(checks(stage, code=1, **env), "token", "fail")
    assert told == "`token` in config.yml: `/bin/false` failed (exit code 1) | run it in a terminal to see why"


@pytest.mark.skipif(shutil.which("setarch") is None, reason="setarch is not installed here")
def test_a_processor_without_a_filter_is_named(stage: Stage) -> None:
    env = bee_env({**stage.env(), **_everything(stage)})
    argv = ["setarch", "linux32", sys.executable, "-P", "-m", "bee", "doctor"]
    said = subprocess.run(
        argv, env=env, cwd=stage.folder, capture_output=True, text=True, check=False, timeout=120
    ).stdout
    assert "sandbox: no system call is filtered in it: agents reach all of the kernel; to fix it: " in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another")
def test_root_is_named_and_another_account_is_not(stage: Stage) -> None:
    _boxed(stage)
    assert any("bee runs as root" in one["text"] for one in checks(stage, "--security")["security"])
    code = "import os; os.setuid(65534); print([c.text for c in doctor._exposed(given)])"
    given = (
        "from bee.setup import doctor; from types import SimpleNamespace as N; given = N(token_from='gh auth token')"
    )
    argv = [sys.executable, "-P", "-c", f"{given}\n{code}"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    assert subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=60).stdout == "[]\n"


def _unboxed(stage: Stage) -> dict[str, str]:
    config = stage.folder / "home-host" / "config.yml"
    config.write_text(config.read_text().replace("sandbox: required", "sandbox: none"))
    return {}


def _boxed(stage: Stage) -> None:
    """The host's configuration, with a box."""
    config = stage.folder / "home-host" / "config.yml"
    config.write_text(config.read_text().replace("sandbox: none", "sandbox: required"))
