"""What a tick, `bee why` and `bee status` see and say, and what they say when they could not look."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bee.cli import main
from bee.github.snapshot import look
from bee.pipeline.status import survey
from tests.belt.plays import bee, configure, fault, last_seq, lift, pull_of, writes_after
from tests.belt.stage import DESIGN, Stage, staged
from tests.shapes import valid


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A repository with one of several things, which the tests of this module only look at."""
    folder = tmp_path_factory.mktemp("seen")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        yield from _seen(folder)


def _seen(folder: Path) -> Iterator[Stage]:
    with staged(folder) as stage:
        stage.issue("Do it.", "A task\x1b]0;gone\x07")
        stage.issue(DESIGN, "A design")
        stage.issue("Please.", "A wish", who="eve")
        stage.issue("Blocked by #1", "Later")
        yield stage


@pytest.fixture
def run(seen: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    """The stage, with a new host's environment in this process; faults are lifted afterwards."""
    for name, value in seen.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_BEE_HOME", str(tmp_path / "nowhere"))
    yield seen
    lift(seen)


REPO = ("--repo", "ada/calc")


def test_d2_a_dry_run_needs_no_home_no_slot_no_engine_and_writes_nothing(run: Stage) -> None:
    """`bee tick --dry-run --json --repo` prints the design's shape, last on standard output, and leaves no trace."""
    before = last_seq(run)
    ended = bee(run, "tick", "--dry-run", "--json", *REPO, home="unmade", PATH="/nowhere")
    assert ended.code == 0, ended.err
    said = ended.json
    assert {"version", "exit", "decision", "items", "requests"} <= said.keys()
    assert (said["version"], said["exit"]) == (1, 0)
    decision = {"kind": "dispatch", "repo": "ada/calc", "number": 1, "role": "drafter"}
    assert {**decision, "reason": "a step has no pull request"} == said["decision"]
    assert all(set(item) == {"repo", "number", "kind", "position", "moves_next", "reason"} for item in said["items"])
    assert [item["position"] for item in said["items"]] == ["needs-step", "needs-plan", "untrusted", "blocked"]
    assert isinstance(said["requests"], int)
    assert said["requests"] >= 1
    assert writes_after(run, before) == []
    assert not (run.folder / "home-unmade").exists()


def test_why_and_status_print_the_shapes_of_the_design(
    run: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`why` has version to what_you_can_do, by the rule that decides; `status` ends with 1 where a person is needed."""
    before = last_seq(run)
    assert main.main(["why", "2", "--json", *REPO]) == 0
    why = valid(["why"], capsys.readouterr().out)
    asked = {"version", "repo", "number", "kind", "position", "moves_next", "rule", "facts", "what_you_can_do"}
    assert set(why) >= asked
    assert (why["number"], why["kind"], why["position"], why["moves_next"]) == (2, "issue", "needs-plan", "planner")
    assert main.main(["status", "--json", *REPO]) == 0
    status = valid(["status"], capsys.readouterr().out)
    assert (status["version"], status["person_needed"], status["running"]) == (1, False, [])
    assert status["next"]["number"] == 1
    assert writes_after(run, before) == []
    assert not (tmp_path / "nowhere").exists()


def test_why_of_a_closed_item_says_so_and_of_no_item_is_a_clear_error(
    run: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """A number that is not open is looked up alone; one that does not exist is exit 2, not a bug."""
    number = run.issue("x")
    run.call("ada", "PATCH", run.at(f"/issues/{number}"), {"state": "closed"})
    assert main.main(["why", str(number), "--json", *REPO]) == 0
    assert valid(["why"], capsys.readouterr().out)["position"] == "closed"
    assert main.main(["why", "9999", *REPO]) == 2
    assert "#9999" in capsys.readouterr().err
    assert main.main(["why", "many", *REPO]) == 2
    assert "'many' is not the number of an issue or pull request" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("action", "more", "says"),
    [
        ("secondary_rate_limit", {}, "rate limit"),
        ("primary_rate_limit", {}, "rate limit"),
        ("status", {"status": 503}, "GitHub answered 503"),
        ("drop_before", {}, "no answer from 127.0.0.1"),
    ],
)
def test_d4_could_not_look_is_75_with_the_reason_and_no_write(
    run: Stage, capsys: pytest.CaptureFixture[str], action: str, more: dict[str, int], says: str
) -> None:
    """A limit, a 5xx and a dropped connection: exit 75, one sentence that says which, nothing written, never idle."""
    fault(run, action, {"path": "."}, **more)
    before = last_seq(run)
    assert main.main(["tick", "--json", *REPO]) == 75
    said = capsys.readouterr()
    assert says in said.err
    assert "again" in said.err
    answer = valid(["tick"], said.out)
    assert (answer["exit"], answer["decision"]["number"], answer["items"]) == (75, None, [])
    assert writes_after(run, before) == []


@pytest.mark.parametrize("more", [{}, {"value": None}, {"value": 7}], ids=["missing", "null", "a number"])
def test_d4_an_answer_without_a_field_is_75_with_its_name_and_no_write(
    run: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path, more: dict[str, Any]
) -> None:
    """One issue's body is not as GitHub documents it: nothing is decided of any, and every look says where it is."""
    field = "data.repository.issues.nodes.*.body"
    fault(run, "without", {"operation": "Snapshot"}, field=field, **more)
    before = last_seq(run)
    for words in (["tick", "--json"], ["status"], ["why", "1"]):
        assert main.main([*words, *REPO]) == 75
        said = capsys.readouterr()
        (line,) = said.err.strip().splitlines()
        assert "`query Snapshot` is not as documented: repository.issues.nodes[0].body should be a text" in line
        assert "Traceback" not in said.out
        if words[0] == "tick":
            answer = valid(["tick"], said.out)
            assert (answer["exit"], answer["decision"]["number"], answer["items"]) == (75, None, [])
    assert writes_after(run, before) == []
    lift(run)
    assert main.main(["status", "--json", *REPO]) == 0
    assert valid(["status"], capsys.readouterr().out)["next"]["number"] == 1


def test_d4_a_wrong_token_and_no_token_are_75_and_say_what_to_do(
    run: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An expired login never looks like an idle repository."""
    before = last_seq(run)
    monkeypatch.setenv("GH_TOKEN", "expired")
    for words in (["tick", "--inline"], ["status"], ["why", "1"], ["pause", "1"]):
        assert main.main([*words, *REPO]) == 75
        said = capsys.readouterr()
        assert "does not accept the token" in said.err
        assert "set GH_TOKEN" in said.err
        assert "expired" not in said.err
    monkeypatch.delenv("GH_TOKEN")
    monkeypatch.setenv("PATH", "/nowhere")
    assert main.main(["tick", *REPO]) == 75
    assert "no GitHub token: set GH_TOKEN" in capsys.readouterr().err
    assert writes_after(run, before) == []


def test_d4_an_unreachable_server_is_75(
    run: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused connection names the host and the setting that chooses it."""
    for name in ("GITHUB_API_URL", "GITHUB_GRAPHQL_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert main.main(["tick", "--dry-run", *REPO]) == 75
    assert "no answer from 127.0.0.1:9" in capsys.readouterr().err


def test_an_unknown_key_in_config_names_file_line_and_nearest_key(
    run: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exit 2, before anything is asked of GitHub."""
    before = last_seq(run)
    config = tmp_path / "config.yml"
    monkeypatch.setenv("GIT_BEE_HOME", str(tmp_path))
    config.write_text("version: 1\nrepos: [ada/calc]\nsandbx: none\n")
    assert main.main(["tick"]) == 2
    assert f"{config}:3: unknown key `sandbx`; did you mean `sandbox`?" in capsys.readouterr().err
    config.write_text("version: 1\nroles:\n  drafter:\n    minuts: 5\n")
    assert main.main(["status"]) == 2
    assert f"{config}:4: unknown key `minuts`; did you mean `minutes`?" in capsys.readouterr().err
    config.write_text("version: 1\n")
    assert main.main(["tick"]) == 2
    assert "names no repository" in capsys.readouterr().err
    config.unlink()
    assert main.main(["tick"]) == 2
    assert "--repo owner/name" in capsys.readouterr().err
    assert main.main(["tick", "--repo", "nonsense"]) == 2
    assert "write owner/name" in capsys.readouterr().err
    assert last_seq(run) == before


def test_a_repository_that_is_not_there_is_2(run: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """404 may be a typing mistake or a missing permission; the sentence names the repository."""
    assert main.main(["tick", "--dry-run", "--repo", "ada/nothing"]) == 2
    assert "ada/nothing" in capsys.readouterr().err


def test_an_unknown_key_in_the_policy_names_line_and_nearest_key(tmp_path: Path) -> None:
    """The repository's policy is as strict as the machine's configuration; so is one that is missing."""
    bad = {".github/bee.yml": "version: 1\nintake: all\nmerge_methd: squash\n"}
    with staged(tmp_path, bad) as stage:
        stage.issue()
        ended = bee(stage, "tick", "--inline", "--json", *REPO)
        assert ended.code == 2
        assert "ada/calc:.github/bee.yml:3: unknown key `merge_methd`; did you mean `merge_method`?" in ended.err
        assert ended.json["exit"] == 2
        stage.push({".github/bee.yml": "version: 1\n"})
        assert "`intake` is missing" in bee(stage, "status", *REPO).err
        stage.clone()
        stage.git("rm", "-q", ".github/bee.yml")
        stage.git("commit", "-qm", "no policy")
        stage.git("push", "-q", "origin", "HEAD:main")
        ended = bee(stage, "status", *REPO)
        assert ended.code == 2
        assert "there is none on the default branch: run `bee init`" in ended.err
        assert stage.labels(1) == set()


def test_a_bug_in_bee_is_3_with_a_report_ready_to_paste(
    run: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the code does not expect is never "nothing to do", and never a raw traceback; the token is not in it."""

    def strange(*args: object, **more: object) -> None:
        raise TypeError("a library that does what it never did")

    monkeypatch.setattr(requests.Session, "request", strange)
    assert main.main(["tick", "--dry-run", *REPO]) == 3
    said = capsys.readouterr().err
    assert "this is a bug in bee" in said
    assert "command: bee tick" in said
    assert "TypeError" in said
    assert "t-bee" not in said
    assert "Traceback" not in said


def test_d12_lists_are_read_to_their_end(tmp_path: Path) -> None:
    """Comments, label events, issues: the 101st counts as much as the first. Of labels GitHub takes a hundred."""
    with staged(tmp_path) as stage:
        number = stage.issue()
        pull = pull_of(stage, number)
        for index in range(100):
            stage.comment(number, f"{index}")
        stage.comment(pull["number"], "x")
        for _ in range(51):
            stage.label(number, "breeze:new")
            stage.unlabel(number, "breeze:new")
        stage.label(number, *(f"l{index:03}" for index in range(98)), "zz", "breeze:human")
        for index in range(100):
            stage.issue(f"{index}", "Again")
        view = look(stage.host().client(), stage.repo)
        issue = next(issue for issue in view.snapshot.issues if issue.number == number)
        assert [comment.body for comment in issue.comments] == [str(index) for index in range(100)]
        assert len(issue.events) >= 103
        assert "breeze:human" in issue.label_names
        assert len(view.snapshot.issues) == 101
        places = {one.number: str(one.placement.position) for one in survey(view)}
        assert places[number] == "human"
        assert len(places) == 102


def test_the_home_of_config_is_used_and_a_tick_leaves_its_heartbeat(tmp_path: Path) -> None:
    """Without `--repo`, the machine's config says where to look; a real tick writes heartbeat and run."""
    with staged(tmp_path) as stage:
        home = configure(stage)
        number = stage.issue()
        ended = bee(stage, "tick", "--inline", "--json")
        assert ended.code == 0, ended.err
        assert ended.json["decision"]["role"] == "drafter"
        assert (home / "heartbeat").exists()
        assert home.stat().st_mode & 0o777 == 0o700
        assert [pull["head"]["ref"] for pull in stage.pulls()] == [f"bee/{number}-task"]


def test_numbers_that_no_item_can_have_are_a_clear_error(run: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Zero, negative, and larger than GitHub's integers: exit 2, never a bug report or "try later"."""
    for words in (["why", "0"], ["why", "99999999999"], ["cancel", "-3"], ["pause", "²"], ["resume", "99999999999"]):
        code = main.main([*words, *REPO])
        assert (code, words) == (2, words), capsys.readouterr().err
        assert "bug" not in capsys.readouterr().err


def test_d2_the_positions_that_only_labels_make_are_reached_through_the_real_tick(stage: Stage) -> None:
    """done, quarantined, human, a hold by hand, and labels against the rules, which the next tick fixes."""
    numbers = {}
    for name, labels in {
        "done": ["breeze:done"],
        "quarantined": ["breeze:quarantine-hotloop"],
        "human": ["breeze:human", "priority:high"],
        "wip": ["breeze:wip"],
        "repair": ["breeze:done", "breeze:wip"],
    }.items():
        numbers[name] = stage.issue("Do it.", f"A task: {name}", labels=labels)
    ended = bee(stage, "tick", "--dry-run", "--json", *REPO)
    assert {item["number"]: item["position"] for item in ended.json["items"]} == {
        number: name for name, number in numbers.items()
    }
    assert ended.json["decision"]["kind"] == "repair"
    stage.sleep(3 * 3600)
    ended = bee(stage, "tick", "--dry-run", "--json", *REPO)
    places = {item["number"]: item["position"] for item in ended.json["items"]}
    assert places[numbers["wip"]] == "repair", "a hold by hand ends after two hours"
    host = stage.host(moves={"drafter": "exit 1"})
    stage.tick(host)
    assert stage.labels(numbers["repair"]) == {"breeze:done"}
    assert [pull["number"] for pull in stage.pulls()] == []
    assert stage.position(numbers["wip"]) == "backing-off"


def test_d10_routing_never_depends_on_a_title(stage: Stage) -> None:
    """`bug:`, `fix:` and a title that looks like an alert are all tasks; so is one in another script. `[WIP]` waits."""
    titles = ("bug: x", "fix(core): y", "wip limits", "bee: hot loop on #1", "Idle with debt", "修复", "```", "[WIP] z")
    numbers = [stage.issue("Do it.", title) for title in titles]
    places = {one.number: str(one.placement.position) for one in survey(look(stage.host().client(), stage.repo))}
    assert places == {**dict.fromkeys(numbers, "needs-step"), numbers[-1]: "on-hold"}


def test_a_marker_of_the_guard_keeps_every_tick_still(run: Stage, tmp_path: Path) -> None:
    """ROLLBACK and PAUSED: exit 0, the reason and the way out, nothing asked of GitHub; dry runs still look."""
    home = configure(run, "still")
    before = last_seq(run)
    for name, way_out in (("ROLLBACK", "bee resume --rollback"), ("PAUSED", "bee resume --all")):
        (home / name).write_text("because\n")
        ended = bee(run, "tick", "--json", home="still")
        assert ended.code == 0
        assert ended.json["decision"]["kind"] == "idle"
        assert f"{name}: because" in ended.json["decision"]["reason"]
        assert way_out in ended.json["decision"]["reason"]
        (home / name).unlink()
    assert (home / "heartbeat").exists()
    assert last_seq(run) == before


def test_a_repository_named_twice_is_looked_at_once(run: Stage) -> None:
    """Every item stands once in the answer, or it would be chosen twice."""
    ended = bee(run, "tick", "--dry-run", "--json", *REPO, "--repo", "Ada/Calc", *REPO)
    numbers = [item["number"] for item in ended.json["items"]]
    assert len(numbers) == len(set(numbers))


def test_the_ledger_of_an_untouched_item_is_empty(run: Stage) -> None:
    """`bee log` of an item that no run ever claimed is no error."""
    ended = bee(run, "log", "3", *REPO, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.json["records"] == []
