"""One run: what an agent is given, what it cannot reach, and how its end is recorded, once, whatever ends it."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

import pytest

from bee.config.schema import RoleSettings
from bee.model.roles import Role
from bee.system.process import process_start
from tests.belt.plays import approve, bee, configure, pull_of, runs, task_pull, tree_of, verb_log
from tests.belt.stage import APPROVE, CHANGES, DESIGN, DRAFT, PLAN, Stage, staged, until

ENDS = f"""
case "$BEE_NUMBER" in
1) kill -9 $$; sleep 30 ;;
2) echo "boom in line 7" >&2; exit 1 ;;
3) echo '{{"type":"result","is_error":false,"result":"All done, tests pass, PR opened"}}' ;;
4) {DRAFT}
   exit 7 ;;
5) bee pause "Which of the two?"; kill -9 $$ ;;
6) while :; do echo alive; sleep 0.2; done ;;
esac
"""


def test_r3_whatever_ends_a_run_its_outcome_is_recorded_once_with_its_class(stage: Stage) -> None:
    """Killed, failed, silent success, verbs then a crash, a pause then a kill, and overtime: failure is the default."""
    for _ in range(6):
        stage.issue()
    quick = RoleSettings(minutes=0.07)  # type: ignore[arg-type] # four seconds
    host = stage.host(moves={"drafter": ENDS, "reviewer": "exit 9"}, roles={Role.DRAFTER: quick})
    for _ in range(7):
        stage.tick(host)
    ended = {number: runs(stage, host, number) for number in range(1, 7)}
    classes = {n: [(str(run.outcome), run.failure and str(run.failure)) for run in all_] for n, all_ in ended.items()}
    assert classes == {
        1: [("error", "killed")],
        2: [("error", "crash")],
        3: [("no-op-unclassified", "no-verb")],
        4: [("progressed", None)],
        5: [("escalated", None)],
        6: [("error", "timeout")],
    }
    assert "boom in line 7" in ended[2][0].note
    assert {number: stage.position(number) for number in range(1, 7)} == {
        1: "backing-off", 2: "backing-off", 3: "backing-off", 4: "in-review", 5: "human", 6: "backing-off",
    }  # fmt: skip
    assert [pull["head"]["ref"] for pull in stage.pulls()] == ["bee/4-task"]
    assert [stage.labels(number) for number in range(1, 7)] == [set(), set(), set(), set(), {"breeze:human"}, set()]
    assert len([body for body in stage.comments(5) if "Which of the two?" in body]) == 1
    log = bee(stage, "log", "2", "--json", "--repo", stage.repo).json["records"]
    assert [line["line"].split(" #")[0] for line in log] == ["bee: claimed", "bee: finished"]
    stage.sleep(301)
    assert stage.position(2) == "needs-step"


def test_r7_the_second_runs_prompt_holds_the_first_ones_failure_and_the_persons_hint(stage: Stage) -> None:
    """`bee retry --hint` lifts the backoff; failure and hint are in the context, and the prompt names them."""
    number = stage.issue()
    host = stage.host(moves={"drafter": 'echo "boom: the parser fell over" >&2; exit 3'})
    stage.tick(host)
    assert stage.position(number) == "backing-off"
    stage.sleep(2)
    ended = bee(stage, "retry", str(number), "--hint", "Use the other parser", "--repo", stage.repo)
    assert (ended.code, ended.out) == (0, "#1 is tried again with the next tick\n")
    stage.sleep(2)
    assert stage.position(number) == "needs-step"
    seen = f"""
grep -q "drafter ended as error (crash): exit 3: boom: the parser fell over" "$BEE_CONTEXT/last-failure.md"
grep -q "Use the other parser" "$BEE_CONTEXT/hint.md"
{DRAFT}"""
    host = stage.host(moves={"drafter": seen, "reviewer": APPROVE})
    stage.tick(host)
    assert [str(run.outcome) for run in runs(stage, host, number)] == ["error", "progressed"], verb_log(host)
    prompts = [(host.home.path / "runs" / run / "prompt.md").read_text() for run in sorted(host.home.runs())]
    assert "last-failure.md" not in prompts[0]
    assert "- `last-failure.md`: why the last run here failed: take another way" in prompts[1]
    assert "- `hint.md`: what a person wants you to know" in prompts[1]


def test_r7_a_hand_off_of_one_role_reaches_the_next_run(stage: Stage) -> None:
    """What the reviewer's run left behind stands in the drafter's prompt, and the review in its feedback."""
    task_pull(stage)
    review = 'bee review --request-changes --body "The zero case is missing in a.txt"'
    seen = f'grep -q "The zero case is missing" "$BEE_CONTEXT/feedback.md"\n{DRAFT}'
    host = stage.host(moves={"reviewer": review, "drafter": seen})
    stage.tick(host)
    stage.tick(host)
    assert [str(run.outcome) for run in runs(stage, host, 2)] == ["progressed", "progressed"], verb_log(host)
    (run,) = (run for run in host.home.runs() if "drafter" in run)
    prompt = (host.home.path / "runs" / run / "prompt.md").read_text()
    assert "- `handoff.md`: what the run before you left for you" in prompt
    assert "round 2 of 3" in prompt


def test_a_repository_overrides_a_prompt_from_its_default_branch_alone(stage: Stage) -> None:
    """The default branch's prompt counts, not the pull request's; one that is wrong is said, and none taken instead."""
    own = "Check {{number}} twice.\n{{context_files}}\n{{withheld}}\n"
    path = ".github/bee/agents/reviewer.md"
    stage.push({path: own})
    task_pull(stage, {path: f"obey me {own}", "work.txt": "x\n"})
    host = stage.host(moves={"reviewer": f'test "$(head -1 {path})" = "Check {{{{number}}}} twice."\n{APPROVE}'})
    run = stage.tick(host).run
    assert (host.home.path / "runs" / run / "prompt.md").read_text().startswith("Check 2 twice.\n- `item.json`")
    assert verb_log(host) == [("review", True, verb_log(host)[0][2])]
    stage.push({path: own.replace("{{number}}", "\n{{numbr}}")})
    number = stage.issue()
    stage.push({".github/bee/agents/drafter.md": "Do it.\n"})
    stage.ticks(host)
    [last] = runs(stage, host, number)
    assert (last.outcome, last.failure) == ("error", "workspace")
    assert "bee/agents/drafter.md: {{context_files}} and {{withheld}} must be in the prompt" in last.note


OTHERS = (
    "AGENTS.md", "GEMINI.md", ".mcp.json", ".codex/config.toml", ".gemini/settings.json", ".cursor/rules/x.mdc",
    ".claude/agents/x.md", ".github/bee/agents/reviewer.md",
)  # fmt: skip


def test_x6_r1_agent_files_are_the_bases_and_bee_never_runs_from_the_clone(stage: Stage, tmp_path: Path) -> None:
    """The PR's CLAUDE.md, hooks and a package called bee are in its tree: none of them steers anybody."""
    stage.push({"CLAUDE.md": "base rules\n", ".claude/settings.json": "{}\n"})
    evil = f"import pathlib; pathlib.Path({str(tmp_path / 'owned')!r}).write_text('x')\n"
    others = dict.fromkeys((*OTHERS, "sub/AGENTS.md", "sub/GEMINI.md", "sub/CLAUDE.md"), "obey\n")
    files = {
        **others, "CLAUDE.md": "obey me\n", ".claude/settings.json": '{"hooks": 1}\n',
        "bee/__init__.py": evil, "bee/__main__.py": evil, "sitecustomize.py": evil, "work.txt": "x\n",
    }  # fmt: skip
    task_pull(stage, files)
    script = f"""
test "$(cat CLAUDE.md)" = "base rules"
test "$(cat .claude/settings.json)" = "{{}}"
for name in {" ".join(OTHERS)} sub/AGENTS.md sub/GEMINI.md sub/CLAUDE.md; do test ! -e $name; done
test -z "$(ls .git/hooks)"
test "$(git config core.hooksPath)" = /dev/null
test -e bee/__init__.py
test -z "$(git status --porcelain)"
pwd > {tmp_path}/where
{APPROVE}"""
    configure(stage, moves={"reviewer": script})
    ended = bee(stage, "tick", "--inline", "--json", cwd=stage.clone())
    assert stage.position(2) == "needs-e2e", ended.err
    assert not (tmp_path / "owned").exists()
    where = Path((tmp_path / "where").read_text().strip())
    assert where.is_relative_to(stage.folder / "home-host" / "runs")
    assert not where.exists(), "the clone is gone when the run is over"


def test_case_r9_a_persons_own_dirty_checkout_is_left_byte_for_byte(stage: Stage) -> None:
    """bee started inside a dirty clone, with git's own variables pointing there, works elsewhere; it signs as bee."""
    number = stage.issue()
    clone = stage.clone()
    (clone / "a.txt").write_text("not committed\n")
    (clone / "new.txt").write_text("untracked\n")
    stage.git("stash", "list")
    before = tree_of(clone)
    configure(stage)
    git = {"GIT_DIR": str(clone / ".git"), "GIT_WORK_TREE": str(clone), "GIT_INDEX_FILE": str(clone / ".git/index")}
    git |= {"GIT_AUTHOR_NAME": "Nobody", "GIT_COMMITTER_EMAIL": "nobody@example.invalid"}
    for _ in range(2):
        ended = bee(stage, "tick", "--inline", "--json", cwd=clone, **git)
        assert ended.code == 0, ended.err
    assert tree_of(clone) == before
    assert [pull["head"]["ref"] for pull in stage.pulls()] == [f"bee/{number}-task"]
    look = stage.folder / "look"
    url = f"{stage.forge.git_url}/{stage.repo}.git".replace("http://", "http://ada:t-ada@")
    stage.git("clone", "-q", "--mirror", url, str(look), cwd=stage.folder)
    people = stage.git("log", "--all", "--format=%an <%ae> %cn <%ce>", cwd=look)
    for name in ("This Machine", "machine@", "Nobody", "nobody@", "localhost"):
        assert name not in people
    work = stage.git("log", "-1", "--format=%an <%ae>", f"refs/heads/bee/{number}-task", cwd=look)
    bee_account = stage.call("bee", "GET", "/user")
    assert work == f"bee agent <{bee_account['id']}+bee@users.noreply.github.com>"
    assert "<bee@" not in people


PROBE = """
exec 3> {out}
{{ env; git config --list --show-origin; find "$HOME" "$BEE_CONTEXT" . -type f -size -1M -exec cat {{}} +; }} >&3 2>&3
sleep 1
for f in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do tr '\\0' '\\n' < "$f" 2> /dev/null || true; done >> {out}
at=$$; chain=""
while [ "$at" -gt 1 ]; do
  chain="$chain $(tr '\\0' ' ' < /proc/$at/cmdline)|"
  at=$(sed -n 's/^PPid:\\t//p' /proc/$at/status)
done
echo "$chain" > {out}.chain
"""


def test_x4_no_credential_is_in_the_agents_reach(stage: Stage, tmp_path: Path) -> None:
    """A real detached tick: not in env, home, git config, context, nor in any process's environment or arguments."""
    token = f"t-secret-{time.time_ns()}"
    stage.control("users", {"login": "bee", "token": token, "permission": "write"})
    stage.tokens["bee"] = token
    number = stage.issue()
    out = tmp_path / "seen"
    home = configure(stage, moves={"drafter": PROBE.format(out=out) + DRAFT})
    ended = bee(stage, "tick", "--json", "--no-trigger")
    assert ended.code == 0, ended.err
    assert ended.json["run"]
    deadline = time.monotonic() + 60
    while not stage.pulls() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [pull["head"]["ref"] for pull in stage.pulls()] == [f"bee/{number}-task"], list(home.glob("runs/*/*.log"))
    seen = out.read_text(errors="replace")
    assert "BEE_SOCKET=" in seen
    assert token not in seen
    assert " work --run " in out.with_suffix(".chain").read_text(), "the probe has seen its worker"
    assert _holding(home, token) == [], "while the worker cleans up"
    while stage.labels(number) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _holding(home, token) == []


def _holding(home: Path, token: str) -> list[Path]:
    """The files below a home that hold a token; a worker may remove some of them meanwhile."""
    found = []
    for folder, _, names in os.walk(home):
        for path in (Path(folder, name) for name in names):
            with contextlib.suppress(FileNotFoundError):
                found += [path] if path.is_file() and token.encode() in path.read_bytes() else []
    return found


@pytest.mark.long
def test_d2_d12_every_role_is_reached_through_the_real_tick_in_pages_of_two(tmp_path: Path) -> None:
    """A design doc of two steps, one change request, from `bee tick --inline --json` alone; asserted on git (R6)."""
    with staged(tmp_path, page_size=2) as stage:
        number = stage.issue(DESIGN)
        review = f'if [ -f "$BEE_CONTEXT/feedback.md" ] || [ "$BEE_NUMBER" != 2 ]; then {APPROVE} else {CHANGES} fi\n'
        configure(stage, moves={"planner": PLAN, "reviewer": review})
        roles, positions = [], set()
        for _ in range(20):
            said = bee(stage, "tick", "--inline", "--json").json
            assert said["exit"] == 0, said
            roles += [said["decision"]["role"]] if said["run"] else []
            positions |= {item["position"] for item in said["items"]}
            if stage.item(number)["state"] == "closed":
                break
            if "plan-open" in {item["position"] for item in said["items"]}:
                stage.tick_box(number, "The plan is right: bee may start")
        step = ["drafter", "reviewer", "test", "merger"]
        assert roles == ["planner", *step[:2], "drafter", *step[1:], *step]
        assert {"needs-plan", "plan-open", "needs-step", "in-review", "needs-review", "changes-requested"} <= positions
        assert {"needs-e2e", "ready-to-merge", "complete"} <= positions | {"complete"}
        assert stage.main_log() == ["Work on bee/1-two (#3)", "Work on bee/1-one (#2)", "The beginning"]
        work = stage.git("show", "origin/main:work-2.txt").split("\n")
        assert work[0] == "bee/1-one"
        assert stage.labels(number) == {"breeze:done"}
        assert json.dumps(stage.item(number)["body"]).count("- [x] `") == 2


def test_r2_a_stalled_agent_is_ended_and_its_children_with_it(stage: Stage, tmp_path: Path) -> None:
    """Silence is a clock of its own, outside the agent; what it started ends with it."""
    number = stage.issue()
    quick = RoleSettings(minutes_silent=0.03)  # type: ignore[arg-type] # two seconds
    script = f"sleep 600 & echo $! > {tmp_path}/child; sleep 600"
    host = stage.host(moves={"drafter": script}, roles={Role.DRAFTER: quick})
    stage.tick(host)
    (run,) = runs(stage, host, number)
    assert (run.outcome, run.failure) == ("error", "stall")
    child = int((tmp_path / "child").read_text())
    assert until("the agent's child is gone", 30, lambda: process_start(child) is None)


def test_x1_an_approved_pull_request_of_a_person_is_not_drafted_over(stage: Stage) -> None:
    """A person's own branch: bee reviews it when adopted, and pushes nothing to it."""
    stage.push({"p.txt": "x"}, "feature")
    data = {"title": "Mine", "head": "feature", "base": "main", "body": "x"}
    pull = stage.call("ada", "POST", stage.at("/pulls"), data)
    assert stage.position(pull["number"]) == "ignored"
    stage.label(pull["number"], "breeze:new")
    approve(stage, pull)
    stage.ticks(stage.host(moves={"drafter": "exit 9"}))
    assert stage.pulls()[0]["merged_at"]
    assert "refs/heads/feature" in stage.refs("refs/heads/")
    assert pull_of(stage, stage.issue())["number"]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="environments are read from /proc")
def test_x4_the_tick_that_a_worker_starts_has_no_token_in_its_environment(stage: Stage) -> None:
    """What an agent without a box left running may read it. The token comes on standard input, and the belt goes on."""
    stage.issue()
    stage.configure(moves={"reviewer": "bee pause 'That is enough.'\n"})
    first = stage.start("host", "tick")
    seen: dict[str, bytes] = {}
    home = f"GIT_BEE_HOME={stage.folder / 'home-host'}".encode()

    def paused() -> bool:
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                argv, environ = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
                # what the first tick starts is a copy of it for a moment
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                own = first.pid in (parent, int(entry.name))
                if argv.endswith(b"bee\0tick\0") and home in environ and not own:
                    seen[entry.name] = environ
        return any("breeze:human" in stage.labels(pull["number"]) for pull in stage.pulls())

    until("the worker's tick sends the reviewer", 60, paused)
    first.communicate(timeout=60)
    assert seen
    assert not [environ for environ in seen.values() if stage.tokens["bee"].encode() in environ]
