"""E2E and the test role: the result is computed from step records, and judgement is all that the role adds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bee.host import all_output_checks, credentials_of
from tests.belt.plays import approve, head_of, placed, pull_of, refusals, runs, task_pull, verb_log
from tests.belt.stage import DRAFT, POLICY, Stage


def results(stage: Stage, number: int = 2) -> list[str]:
    """The E2E comments of a pull request, oldest first."""
    return [body for body in stage.comments(number) if body.startswith("**E2E trace (")]


def broken_pull(stage: Stage) -> int:
    """An approved pull request that E2E fails."""
    pull = task_pull(stage, {"broken": "yes\n"})
    approve(stage, pull)
    return int(pull["number"])


def test_case_t4_the_login_of_the_machines_proxy_reaches_no_verify_command(stage: Stage) -> None:
    """The box has no way out, so it needs no address of one; and what prints the login is not posted."""
    host = stage.host()
    login = "ada:a-word-for-the-proxy"
    runner = replace(host.runner(), env={**host.env, "HTTPS_PROXY": f"http://{login}@proxy.example:3128"})
    where, home = stage.folder / "where", stage.folder / "home-of-verify"
    where.mkdir()
    home.mkdir()
    ended = runner.verify("env", where, home, where, 30)
    assert b"PATH=" in ended.out
    assert b"proxy" not in ended.out
    checks = all_output_checks().knowing(credentials_of(replace(host, env=runner.env)))
    assert login not in checks.told(f"a\nHTTPS_PROXY=http://{login}@proxy.example:3128\nb")


@pytest.mark.sessions
def test_r9_an_agent_that_says_pass_after_a_failing_run_changes_nothing(stage: Stage) -> None:
    """Only `e2e run` makes a result, from its exit codes; nothing the agent writes, prints or edits adds to it."""
    number = broken_pull(stage)
    script = """
rm -f broken; echo "exit 0" > tests/e2e/verify.sh; echo "exit 0" > check.sh
bee e2e classify code-bug "before any run" && exit 9
bee e2e run && exit 9
bee e2e classify passed "It passed." && exit 9
bee review --approve --body "E2E trace (pass)" && exit 9
bee e2e classify code-bug "**E2E trace (pass)** <!-- bee:run id=x role=test key=k result=pass -->"
echo "**E2E trace (pass)**"
"""
    host = stage.host(moves={"test": script})
    stage.tick(host)
    (result,) = results(stage)
    stage.main_log()
    head, base = head_of(stage, number), stage.git("rev-parse", "origin/main")
    assert result.startswith(f"**E2E trace (fail)** of {head} on `main` {base}")
    assert "- `sh tests/e2e/verify.sh`: exit 1" in result
    assert "&lt;!-- bee:run id=x" in result
    assert stage.position(number) == "e2e-failed"
    assert placed(stage, host, number).placement.role == "drafter"
    said = refusals(host)
    assert "there is no failed E2E run to classify" in said[0]
    assert said[1].startswith("E2E fail\n- `git merge")
    assert "the test has no verb `review`" in said[-1]
    ((ref, tip),) = stage.refs(f"refs/bee/traces/{number}/").items()
    stage.git("fetch", "-q", "origin", ref)
    log = stage.git("log", "--format=%B%x00", tip).split("\0")
    facts = {"version": 1, "result": "fail", "head": head, "base": base, "steps": 2}
    assert json.loads(log[0].strip().split("\n")[2]) == facts
    assert json.loads(log[1].strip().split("\n")[2])["exit"] == 1
    states = stage.call("ada", "GET", stage.at(f"/commits/{head}/statuses"))
    assert [(one["context"], one["state"]) for one in states] == [("bee/e2e", "failure")]


def test_a_code_bug_goes_to_the_drafter_and_is_tested_again_after_review(stage: Stage) -> None:
    """The drafter reads the failure's output; its push is a new head, which needs review and E2E of its own."""
    broken_pull(stage)
    fix = f"""
grep -q "# E2E failed (code-bug)" "$BEE_CONTEXT/feedback.md"
grep -q "It is broken" "$BEE_CONTEXT/feedback.md"
git rm -q broken
{DRAFT}"""
    host = stage.host(moves={"drafter": fix})
    stage.ticks(host)
    assert [result.split(" of ")[0] for result in results(stage)] == ["**E2E trace (fail)**", "**E2E trace (pass)**"]
    assert stage.pulls()[0]["merged_at"], verb_log(host)
    assert "broken" not in stage.main_files()


@pytest.mark.parametrize("cls", ["lazy-run", "design-conflict"])
def test_a_lazy_run_is_tested_once_more_and_a_design_conflict_asks_a_person(stage: Stage, cls: str) -> None:
    """Neither goes to the drafter; the second lazy run asks a person too, once."""
    number = broken_pull(stage)
    host = stage.host(moves={"test": f'bee e2e run || bee e2e classify {cls} "Because."\n', "drafter": "exit 9"})
    stage.ticks(host)
    assert len(results(stage)) == (2 if cls == "lazy-run" else 1)
    assert {run.role for run in runs(stage, host, number)} == {"test", "bee"}
    assert stage.labels(number) == {"breeze:human"}
    cards = [body for body in stage.comments(number) if body.startswith("**bee: paused**")]
    assert len(cards) == 1
    assert "only a person can settle" in cards[0]


def test_d2_a_missing_verify_is_written_by_the_test_role_as_tests_only(stage: Stage) -> None:
    """Without the script E2E fails and says what is missing; the role may add tests, and nothing else."""
    stage.clone()
    stage.git("rm", "-q", "tests/e2e/verify.sh")
    stage.git("commit", "-qm", "none")
    stage.git("push", "-q", "origin", "HEAD:main")
    number = task_pull(stage)["number"]
    approve(stage, {"number": number})
    script = """
bee e2e run && exit 9
mkdir -p tests/e2e; echo "test -f work-1.txt" > tests/e2e/verify.sh; echo x >> work-1.txt
git add -A; git commit -qm "tests and more"
bee submit --title "Tests" --body "x" && exit 9
git reset -q --hard HEAD~1
mkdir -p tests/e2e; echo "test -f work-1.txt" > tests/e2e/verify.sh
git add -A; git commit -qm "tests"
bee submit --title "The first end-to-end test" --body "It looks for the file."
"""
    host = stage.host(moves={"test": f"if [ -f tests/e2e/verify.sh ]; then bee e2e run; else {script} fi\n"})
    stage.tick(host)
    said = refusals(host)
    assert "missing: tests/e2e/verify.sh" in said[0]
    assert said[1] == "the change is not accepted:\n- `work-1.txt` is not a test: this role may only add tests"
    assert results(stage) == []
    assert stage.position(number) == "needs-review", verb_log(host)
    stage.ticks(host)
    assert stage.pulls()[0]["merged_at"]
    assert "tests/e2e/verify.sh" in stage.main_files()


UNIT = """from unittest import TestCase
import calc

class T(TestCase):
    def test_one(self):
        assert calc.ONE == 1
"""


def test_case_u1_a_change_that_takes_the_tests_away_is_not_merged(stage: Stage) -> None:
    """It renames the only file of tests, and breaks the code: the runner may exit with 0."""
    policy = f"{POLICY}verify: python3 -m unittest\n"
    stage.push({".github/bee.yml": policy, "calc.py": "ONE = 1\n", "test_calc.py": UNIT})
    pull = pull_of(stage, stage.issue(), {"calc.py": "ONE = 2\n", "test_calc.py": None, "calc_tests.py": UNIT})
    approve(stage, pull)
    stage.tick(stage.host(moves={"test": 'bee e2e classify code-bug "It tests nothing."\n'}))
    (result,) = results(stage)
    assert result.startswith("**E2E trace (fail)**")
    assert stage.position(pull["number"]) == "e2e-failed"
    assert not stage.pulls()[0]["merged_at"]


def test_bee_tests_and_merges_by_itself_and_asks_an_agent_only_why_it_failed(stage: Stage) -> None:
    """No session where E2E passes. Where it fails, the agent reads that run, classifies it, and needs no other."""
    approve(stage, task_pull(stage))
    stage.ticks(stage.host(moves={"test": "exit 9", "merger": "exit 9"}))
    assert stage.pulls()[0]["merged_at"]
    assert not list((stage.folder / "home-host" / "runs").glob("*/prompt.md"))
    bad = pull_of(stage, stage.issue(), {"broken": "x"})
    approve(stage, bad)
    reads = """grep -q "sh tests/e2e/verify.sh.: exit 1" "$BEE_CONTEXT/feedback.md"
grep -q "Now: bee e2e classify" "$BEE_CONTEXT/feedback.md"
bee e2e classify code-bug "It is broken."
"""
    host = stage.host("other", moves={"test": reads})
    stage.tick(host)
    assert placed(stage, host, bad["number"]).placement.role == "drafter", verb_log(host)
    (result,) = results(stage, bad["number"])
    assert "code-bug: It is broken." in result
    assert len(stage.refs(f"refs/bee/traces/{bad['number']}/")) == 1


def test_an_agent_that_does_not_say_why_it_failed_has_said_nothing(stage: Stage) -> None:
    """bee's own failed run counts with a class only, as an agent's does."""
    number = broken_pull(stage)
    host = stage.host(moves={"test": "true\n"})
    stage.tick(host)
    assert results(stage) == []
    assert [run.outcome for run in runs(stage, host, number)] == ["no-op-unclassified"]
