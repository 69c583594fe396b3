"""`bee doctor --prove` on the forge in each of its modes: what it says, that it leaves nothing, and its recording."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bee.forge import faults
from bee.git.command import Git
from bee.git.mirror import Mirror
from bee.github.hidden import hides
from bee.setup.prove import ASSUMPTIONS, PROBE_BRANCHES, PROBE_REFS, REPORT, TRY_SECONDS_MAX
from tests.belt.plays import Ended, bee, configure, last_seq, writes_after
from tests.belt.stage import Stage, bee_env, staged, until
from tests.recorded.player import played
from tests.run.test_refused import restrict

NO_MUTATION = {"errors": [{"message": "Field 'updateRefs' doesn't exist on type 'Mutation'", "path": ["mutation"]}]}
LISTED = {"operation": "Listed"}
SEEN = {"operation": "Snapshot"}
EDITS = "data.repository.issues.nodes.*.userContentEdits.nodes.*.diff"
LAST_COMMIT = "data.repository.pullRequests.nodes.*.commits.nodes.*.commit.oid"
WRITE = os.environ.get("WRITE_PROOFS") == "1"
PROOFS = Path(__file__).resolve().parents[1] / "recorded" / "proofs"
NAMES = [name for name, _, _ in ASSUMPTIONS]


@pytest.fixture
def folder(stage: Stage, tmp_path: Path) -> Path:
    """Where the command is started, and leaves its recording."""
    configure(stage)
    number = stage.issue()
    stage.edit(number, "Do it, and do it well.")
    stage.push({"b.txt": "two\n"}, "a-persons")
    stage.call("ada", "POST", stage.at("/pulls"), {"title": "Mine", "head": "a-persons", "base": "main"})
    made = tmp_path / "here"
    made.mkdir()
    return made


def proven(stage: Stage, folder: Path, *args: str, code: int = 0, **env: str) -> tuple[dict[str, Any], Ended]:
    """The checks by name, and how it ended; the refs are as they were, but for GitHub's own of a pull request."""
    before = {**stage.refs("refs/heads/"), **stage.refs("refs/bee/")}
    ended = bee(stage, "doctor", "--prove", "--json", *args, cwd=folder, **env)
    assert ended.code == code, ended.out + ended.err
    assert {**stage.refs("refs/heads/"), **stage.refs("refs/bee/")} == before
    return {check["name"]: check for check in ended.json["checks"]}, ended


def recording(folder: Path) -> str:
    """The text of the one recording there."""
    (path,) = folder.glob("bee-prove-*.jsonl")
    assert path.name == "bee-prove-ada-calc.jsonl"
    return path.read_text(encoding="utf-8")


def kept(text: str, name: str) -> None:
    """Write a recording anew where it is asked for (WRITE_PROOFS=1)."""
    if WRITE:
        (PROOFS / f"{name}.jsonl").write_text(text, encoding="utf-8")


def is_played_alike(text: str, found: dict[str, Any], tmp_path: Path) -> None:
    """bee's own readers make the same of the recording as of the server."""
    nowhere = Mirror(Git(home=tmp_path / "h"), tmp_path / "nowhere.git", "http://127.0.0.1:1/x.git")
    checks, player = played(text, nowhere)
    assert player.left == []
    assert {check.name: check.status for check in checks} == {name: one["status"] for name, one in found.items()}


def test_where_all_holds_it_says_so_leaves_nothing_and_its_recording_has_no_names(
    stage: Stage, folder: Path, tmp_path: Path
) -> None:
    stage.issue("A secret plan of ada's", "The title nobody may read")
    found, ended = proven(stage, folder)
    assert list(found) == [*NAMES, "left"]
    assert {one["status"] for one in found.values()} == {"ok"}
    assert "without names" in ended.err
    text = recording(folder)
    for name in ("ada", "calc", "secret", "nobody may read", stage.tokens["bee"], "127.0.0.1"):
        assert not re.search(rf"(?<![0-9a-f]){re.escape(name)}(?![0-9a-f])", text.lower()), name
    is_played_alike(text, found, tmp_path)
    kept(text, "forge")


@pytest.mark.parametrize(
    ("fault", "fails"),
    [
        (
            {"action": "status", "match": {"operation": "UpdateRefs"}, "status": 200, "body": NO_MUTATION},
            {"update-refs"},
        ),
        ({"action": "without", "match": LISTED, "field": "data.repository.refs.nodes", "value": []}, {"graphql-list"}),
        ({"action": "without", "match": LISTED, "field": "data.repository.ref", "value": None}, {"graphql-ref"}),
        ({"action": "status", "match": {"method": "GET", "path": "/actions/runs"}, "status": 403}, {"workflow-runs"}),
        ({"action": "without", "match": SEEN, "field": EDITS, "value": "@@ -1 +1 @@"}, {"edits"}),
        ({"action": "without", "match": SEEN, "field": EDITS, "value": None}, {"edits"}),
        ({"action": "without", "match": LISTED, "field": LAST_COMMIT, "value": "a" * 40}, {"heads"}),
    ],
    ids=["no-updateRefs", "refs-hidden", "ref-hidden", "no-actions", "edits-are-patches", "edits-without-text", "late"],
)
def test_what_does_not_hold_is_named_with_what_bee_does_then(
    stage: Stage, folder: Path, tmp_path: Path, fault: dict[str, Any], fails: set[str]
) -> None:
    stage.control("faults", {"times": 0, **fault})
    found, _ = proven(stage, folder, code=1)
    assert {name for name, one in found.items() if one["status"] == "fail"} == fails
    assert all(found[name]["fix"] for name in fails)
    assert hides(stage.host().client(), stage.repo) == bool(fails & {"graphql-list", "graphql-ref"}), "ticks go by it"
    is_played_alike(recording(folder), found, tmp_path)
    kept(recording(folder), "-".join(["forge", *sorted(fails)]))


def test_the_recording_has_no_name_of_a_branch_but_bees(stage: Stage, folder: Path) -> None:
    """The default branch may be named after what nobody knows yet."""
    stage.call("ada", "POST", stage.at("/branches/main/rename"), {"new_name": "project-xenon"})
    proven(stage, folder)
    text = recording(folder)
    assert "xenon" not in text
    assert "/rules/branches/LOGIN%2F1-task" in text
    assert "/rules/branches/…" in text


EMPTY = {"method": "GET", "path": "/git/matching-refs/"}
PUSH = {"method": "POST", "path": "git-receive-pack$"}
LISTS = {"method": "POST", "path": "git-upload-pack$"}
GIVEN: dict[str, Any] = {"status": 200, "body": []}
DECLINED = {"reason": "push declined due to repository rule violations", "told": "error: GH013: a rule.\n"}
# Each action of the forge's faults, with its settings: how the try ends, and what does not hold (None: it stopped).
MODES: dict[str, tuple[dict[str, Any], int, set[str] | None]] = {
    "status: matching-refs is empty": ({"action": "status", "match": EMPTY, **GIVEN}, 1, {"matching-refs"}),
    "status: no conditional requests": (
        {"action": "status", "match": {"method": "GET", "path": "/issues$"}, **GIVEN}, 1, {"unchanged"},
    ),
    "status: git lists nothing": (
        {"action": "status", "match": {**LISTS, "nth": 2}, "status": 200, "body": "0000"}, 75, None,
    ),
    "status: the report of a push is empty": (
        {"action": "status", "match": {**PUSH, "nth": 8}, "status": 200, "body": "0000"}, 75, None,
    ),
    "latency": ({"action": "latency", "seconds": 0.01}, 0, set()),
    "stale_list": ({"action": "stale_list", "seconds": 600}, 0, set()),
    "drop_before": ({"action": "drop_before", "match": {"operation": "Listed"}, "times": 1}, 0, set()),
    "drop_after": ({"action": "drop_after", "match": PUSH, "times": 1}, 75, None),
    "hang": ({"action": "hang", "seconds": 0.1, "match": {"operation": "Listed"}, "times": 1}, 0, set()),
    "drop_before: for good": ({"action": "drop_before", "match": {"operation": "Listed"}}, 75, None),
    "primary_rate_limit": ({"action": "primary_rate_limit", "match": {"operation": "Listed"}}, 75, None),
    "secondary_rate_limit": ({"action": "secondary_rate_limit", "match": PUSH, "seconds": 60}, 75, None),
    "too_quickly": ({"action": "too_quickly", "match": {"path": "/git/commits$"}}, 75, None),
    "sso": ({"action": "sso"}, 75, None),
    "without: no checks": ({"action": "without", "field": "workflow_runs", "value": []}, 0, set()),
    "graphql_error": (
        {"action": "graphql_error", "match": {"operation": "Listed"}, "type": "FORBIDDEN", "message": "no"}, 75, None,
    ),
    "refuse_push": (
        {"action": "refuse_push", "match": {**PUSH, "nth": 8}, **DECLINED}, 1, {"push", "stale-push", "old-tree"},
    ),
    "refuse_ref": ({"action": "refuse_ref", "ref": "refs/bee/probe/[^/]*/old"}, 1, {"old-tree"}),
    "resource_limits": ({"action": "resource_limits", "nodes": 20_000}, 1, {"page-size"}),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_case_prove_in_each_mode_of_the_forge(stage: Stage, folder: Path, tmp_path: Path, mode: str) -> None:
    """What does not hold is exit 1, also where bee has another way, which is said; the recording tells it."""
    fault, code, fails = MODES[mode]
    stage.sleep(3600)
    before = stage.refs("refs/")
    stage.control("faults", {"times": 0, **fault})
    ended = bee(stage, "doctor", "--prove", "--json", cwd=folder)
    found = {check["name"]: check for check in ended.json["checks"]}
    assert ended.code == code
    if fails is None:
        assert ended.json["problems"]
        return
    assert stage.refs("refs/") == before
    assert {name for name, one in found.items() if one["status"] != "ok"} == fails
    assert all(found[name]["fix"] for name in fails)
    is_played_alike(recording(folder), found, tmp_path)


def test_case_prove_every_fault_of_the_forge_is_one_of_its_modes() -> None:
    """But those that end the forge, which is in this process here: to bee that is a connection broken for good."""
    assert {mode.partition(":")[0] for mode in MODES} == set(faults.ACTIONS) - {"kill_before", "kill_after"}


@pytest.mark.parametrize(
    ("how", "code"), [({"page_size": 5}, 0), ({"rate_limit": 30}, 75), ({"private": True}, 0)], ids=str
)
def test_case_prove_on_each_kind_of_forge(tmp_path: Path, how: dict[str, Any], code: int) -> None:
    """Short pages, few requests an hour, a private repository."""
    with staged(tmp_path, **how) as stage:
        configure(stage)
        stage.issue()
        before = stage.refs("refs/")
        ended = bee(stage, "doctor", "--prove", "--json")
        found = {check["name"]: check for check in ended.json["checks"]}
        assert ended.code == code, ended.out
        if code == 0:
            assert stage.refs("refs/") == before
            is_played_alike(recording(stage.folder), found, tmp_path)


@pytest.mark.parametrize(
    ("limits", "fails", "said"),
    [
        ({"workflows": False}, set(), ""),
        ({"expires_in_seconds": 86_400}, set(), "the token ends at 20"),
        ({"permission": "read"}, None, "SECURITY.md"),
    ],
    ids=["no workflows", "ends", "may read"],
)
def test_case_prove_with_each_kind_of_token(
    stage: Stage, folder: Path, limits: dict[str, Any], fails: set[str] | None, said: str
) -> None:
    user = {"login": "bot", "token": "t-bot", "permission": "write", **limits}
    stage.control("users", user)
    found, _ = proven(stage, folder, code=0 if fails == set() else 1, GH_TOKEN="t-bot")
    failed = {name for name, one in found.items() if one["status"] == "fail"}
    assert failed == fails if fails is not None else "create" in failed
    assert said in json.dumps([*found.values()])


def test_a_branch_named_bee_fails_the_push_alone(stage: Stage, folder: Path) -> None:
    stage.push({"x.txt": "x"}, "bee")
    found, _ = proven(stage, folder, code=1)
    assert {name for name, one in found.items() if one["status"] == "fail"} == {"push", "stale-push"}


def test_a_rule_against_bees_branches_fails_the_push_and_is_named(stage: Stage, folder: Path, tmp_path: Path) -> None:
    restrict(stage, "creation")
    found, _ = proven(stage, folder, code=1)
    failed = {name for name, one in found.items() if one["status"] == "fail"}
    assert failed == {"push", "stale-push", "branch-rules"}
    assert "the ruleset `only people` of" in found["branch-rules"]["text"]
    assert "GH013" in found["push"]["text"]
    is_played_alike(recording(folder), found, tmp_path)


def test_a_token_that_may_only_read_is_told_which_permissions_it_lacks(stage: Stage, folder: Path) -> None:
    """And nothing that needs a record is tried: what cannot be tried has failed, never passed."""
    found, _ = proven(stage, folder, code=1, GH_TOKEN=stage.tokens["eve"])
    failed = {name for name, one in found.items() if one["status"] == "fail"}
    assert failed >= {"records", "create", "compare-and-swap", "together", "push", "stale-push"}
    assert "SECURITY.md" in found["records"]["fix"]
    assert "not tried" in found["create"]["text"]
    assert not {"look", "workflow-runs", "left"} & failed


def test_a_rule_against_bees_refs_is_said_in_githubs_words(stage: Stage, folder: Path) -> None:
    stage.fault("refuse_ref", 0, ref="refs/bee/.*")
    found, _ = proven(stage, folder, code=1)
    assert "repository rule violations" in found["create"]["text"]
    assert "let bee's account bypass it" in found["create"]["fix"]


def test_a_dry_run_makes_nothing(stage: Stage, folder: Path) -> None:
    seq = last_seq(stage)
    found, _ = proven(stage, folder, "--dry-run")
    assert "nothing was done" in found["prove"]["text"]
    assert writes_after(stage, seq) == []
    assert list(folder.iterdir()) == []
    ended = bee(stage, "doctor", "--dry-run", cwd=folder)
    assert (ended.code, "goes with --prove" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("match", "left"),
    [
        ({"path": "git-receive-pack$", "method": "POST", "nth": 2}, {"one"}),
        ({"operation": "Listed"}, {"one", "new", "two", "three"}),
        ({"method": "GET", "path": "/actions/runs"}, {"one", "new", "two", "three", "old", "branch"}),
        ({"method": "DELETE", "nth": 3}, {"one", "three", "two", "branch"}),
    ],
    ids=["begun", "half", "pushed", "tidying"],
)
def test_what_a_killed_try_left_goes_with_the_next(
    stage: Stage, folder: Path, match: dict[str, Any], left: set[str]
) -> None:
    before = stage.refs("refs/")
    stage.fault("hang", 1, match)
    argv = [sys.executable, "-P", "-m", "bee", "doctor", "--prove"]
    env = {**bee_env(stage.env()), "GH_TOKEN": stage.tokens["bee"]}
    killed = subprocess.Popen(argv, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until("the request", 60, lambda: stage.fired() > 0)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    stage.lift()
    there = set(stage.refs("refs/")) - set(before)
    assert {ref.rpartition("/")[2] if ref.startswith(PROBE_REFS) else "branch" for ref in there} == left
    stage.sleep(TRY_SECONDS_MAX + 60)
    ended = bee(stage, "doctor", "--prove", cwd=folder)
    assert ended.code == 0, ended.out + ended.err
    assert stage.refs("refs/") == before


def test_where_github_cannot_be_asked_it_is_75(stage: Stage, folder: Path) -> None:
    stage.fault("status", 0, {"path": "/repos/ada/calc/issues"}, status=502)
    proven(stage, folder, code=75)


def test_case_prove_where_git_hides_the_refs_it_takes_them_away_all_the_same(stage: Stage, folder: Path) -> None:
    """It knows what it made by name; `proven` looks that the refs are as they were."""
    config = stage.folder / "forge/repos/ada/calc.git/config"
    config.write_text(f"{config.read_text()}\n[uploadpack]\n\thideRefs = refs/bee\n")
    found, _ = proven(stage, folder, code=1)
    assert {name for name, one in found.items() if one["status"] == "fail"} == {"ls-remote"}
    assert "asks by REST" in found["ls-remote"]["fix"]


def test_case_prove_says_in_githubs_words_that_a_branch_may_not_be_deleted(stage: Stage, folder: Path) -> None:
    rule = restrict(stage, "deletion")
    ended = bee(stage, "doctor", "--prove", "--json", cwd=folder)
    found = {check["name"]: check for check in ended.json["checks"]}
    (left,) = [ref for ref in stage.refs("refs/") if ref.startswith(PROBE_BRANCHES)]
    assert ended.code == 1
    assert {name for name, one in found.items() if one["status"] == "fail"} == {"left"}
    assert left in found["left"]["text"]
    assert "Repository rule violations found" in found["left"]["text"]
    assert "let bee's account bypass it" in found["left"]["fix"]
    stage.call("ada", "DELETE", rule)
    stage.sleep(TRY_SECONDS_MAX + 60)
    assert bee(stage, "doctor", "--prove", cwd=folder).code == 0
    assert not [ref for ref in stage.refs("refs/") if "probe" in ref]


def test_case_prove_twice_at_once_is_no_ones_trouble(stage: Stage, folder: Path) -> None:
    """Each takes away what is its own, and a branch of a person's that only sounds like it stays."""
    stage.push({"x.txt": "x"}, "bee/probe-menu")
    before = stage.refs("refs/")
    stage.fault("hang", 1, {"operation": "Listed"}, seconds=60)
    argv = [sys.executable, "-P", "-m", "bee", "doctor", "--prove"]
    env = {**bee_env(stage.env()), "GH_TOKEN": stage.tokens["bee"]}
    other = folder.parent / "other"
    other.mkdir()
    with subprocess.Popen(
        argv, env=env, cwd=other, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as first:
        until("the request", 60, lambda: stage.fired() > 0)
        ended = bee(stage, "doctor", "--prove", cwd=folder)
        assert ended.code == 0, ended.out + ended.err
        assert len(stage.refs("refs/")) > len(before)
        stage.lift()
        said, _ = first.communicate(timeout=120)
    assert first.returncode == 0, said
    assert stage.refs("refs/") == before


@pytest.mark.parametrize("command", ["ls-remote", "fetch", "push --atomic"])
def test_what_git_says_that_bee_does_not_know_is_sent_to_the_maintainers(tmp_path: Path, command: str) -> None:
    """Nobody saw that refs are hidden, or that a rule forbids the push."""
    lines = [json.loads(line) for line in (PROOFS / "forge.jsonl").read_text(encoding="utf-8").splitlines()]
    first = next(at for at, line in enumerate(lines) if line.get("operation") == "Listed")
    at = next(at for at in range(first, len(lines)) if lines[at].get("git") == command)
    lines[at] = {"git": command, "error": "GitError", "said": f"git {command}: fatal: what is that?"}
    nowhere = Mirror(Git(home=tmp_path / "h"), tmp_path / "nowhere.git", "http://127.0.0.1:1/x.git")
    checks, _ = played("\n".join(map(json.dumps, lines)), nowhere)
    failed = next(check for check in checks if check.status == "fail")
    assert ("what is that?" in failed.text, failed.fix) == (True, REPORT)


def test_a_repository_without_a_commit_is_told_to_push_one(stage: Stage, folder: Path) -> None:
    stage.control("repos", {"owner": "ada", "name": "void"})
    stage.repo = "ada/void"
    configure(stage)
    for args in (("--prove",), ()):
        (check,) = [one for one in bee(stage, "doctor", "--json", *args, cwd=folder).json["checks"]
                    if one["name"] == "repository" and one["status"] == "fail"]  # fmt: skip
        assert "has no commits yet" in check["text"]
        assert check["fix"] == "push one, then try again"


def test_an_old_tree_with_workflows_asks_for_the_permission_of_the_token(stage: Stage, folder: Path) -> None:
    workflow = {".github/workflows/a.yml": "on: push\n"}
    stage.push(workflow, "main")
    stage.push({".github/workflows/a.yml": "on: pull_request\n"}, "main")
    stage.control("users", {"login": "bot", "token": "t-bot", "permission": "write", "workflows": False})
    found, _ = proven(stage, folder, code=1, GH_TOKEN="t-bot")
    assert {name for name, one in found.items() if one["status"] == "fail"} == {"old-tree"}
    assert "permission Workflows" in found["old-tree"]["fix"]
