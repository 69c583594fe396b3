"""What was paid for and GitHub did not take is kept here, said once, and published later without another agent."""

from __future__ import annotations

import json
import shlex
import sys

import pytest

from bee.host import Host
from bee.model import limits
from bee.model.records import TREE
from bee.model.refs import KEPT_REFS
from tests.belt.stage import APPROVE, CHANGES, DESIGN, DRAFT, Stage
from tests.belt.test_crash import ONE_STEP

KEPT = "refs/bee-kept/*"
REPLY = 'bee reply "It is right as it is."\n'
# Each role's words, and those that come before them: of the first drafter, the first reviewer.
ROLES = {
    "planner": {"planner": ONE_STEP},
    "drafter": {"drafter": DRAFT},
    "reviewer": {"reviewer": APPROVE},
}


def at_forge(stage: Stage, what: str, body: object) -> str:
    """A line of an agent's script: one of the forge's own controls."""
    code = (
        "import sys,urllib.request as u;a,t,w,b=sys.argv[1:];"
        "u.urlopen(u.Request(a+'/_forge/'+w,b.encode(),{'X-Forge-Token':t,'Content-Type':'application/json'}))"
    )
    words = (stage.forge.api_url, stage.forge.control_token, what, json.dumps(body))
    return shlex.join([sys.executable, "-c", code, *words]) + "\n"


def counting(stage: Stage, role: str, script: str) -> str:
    """The script of a role, whose runs are counted."""
    return f"echo >> {stage.folder}/paid-{role}\n{script}"


def paid(stage: Stage, role: str) -> int:
    """How many agents of a role there were."""
    return len((stage.folder / f"paid-{role}").read_text().splitlines())


def once(stage: Stage, line: str) -> str:
    """A line of a script that is run the first time only."""
    return f"[ -e {stage.folder}/once ] || {{ touch {stage.folder}/once; {line.strip()}; }}\n"


def refusing(stage: Stage, status: int, body: str) -> str:
    """From now on every request of bee's is answered so."""
    return at_forge(
        stage,
        "faults",
        {"action": "status", "match": {"login": "bee"}, "times": 0, "status": status, "body": {"message": body}},
    )


def until_told(stage: Stage, host: Host, role: str) -> None:
    """Ticks until the agent of that role has ended and GitHub took nothing; then more, which say so."""
    for _ in range(20):
        if (stage.folder / "once").exists():
            break
        stage.tick(host)
    assert paid(stage, role) == 1
    assert host.mirror(stage.repo).newest([KEPT], 0, 9)
    for _ in range(3):
        report = stage.tick(host)
        assert report.exit in (2, 75)
        assert report.problems


@pytest.mark.parametrize("role", ROLES)
def test_case_401_at_the_commit_point_costs_no_second_agent_and_is_said_once(stage: Stage, role: str) -> None:
    told = stage.folder / "told"
    moves = {"planner": ONE_STEP, **ROLES[role]}
    moves = {
        name: counting(stage, name, script) for name, script in {"drafter": DRAFT, "reviewer": APPROVE, **moves}.items()
    }
    moves[role] += once(stage, refusing(stage, 401, "Bad credentials"))
    host = stage.host(moves=moves, notify=(("sh", "-c", f"cat >> {told}"),))
    stage.edit_policy("version: 1\nintake: all\nplan_approval: auto\n")
    number = stage.issue(DESIGN, "A design")
    until_told(stage, host, role)
    assert told.read_text().count("bee cannot look at ada/calc") == 1
    stage.lift()
    stage.sleep(16 * 60)  # the claim of a run that could not say how it ended runs out
    stage.quiet(host)
    assert stage.item(number)["state"] == "closed"
    assert [paid(stage, name) for name in moves] == [1] * len(moves)
    assert host.mirror(stage.repo).newest([KEPT], 0, 9) == []
    assert not any("breeze:human" in stage.labels(one["number"]) for one in stage.pulls())


def test_case_401_a_reply_is_kept_too(stage: Stage) -> None:
    drafter = (
        f'if [ "$(wc -l < {stage.folder}/paid-drafter)" -gt 1 ]; then {REPLY.strip()}; '
        + once(stage, refusing(stage, 401, "Bad credentials")).strip()
        + f"; else\n{DRAFT}fi\n"
    )
    reviewer = (
        f'if [ "$(wc -l < {stage.folder}/paid-reviewer)" -gt 1 ]; then {APPROVE.strip()}; else {CHANGES.strip()}; fi\n'
    )
    moves = {"drafter": counting(stage, "drafter", drafter), "reviewer": counting(stage, "reviewer", reviewer)}
    host, number = stage.host(moves=moves), stage.issue()
    for _ in range(20):
        if (stage.folder / "once").exists():
            break
        stage.tick(host)
    stage.lift()
    stage.sleep(16 * 60)
    stage.quiet(host)
    assert stage.item(number)["state"] == "closed"
    assert [paid(stage, name) for name in moves] == [2, 2]


def test_after_another_word_a_kept_verdict_is_none(stage: Stage) -> None:
    """Somebody spoke before it could be published: the reviewer reads that first."""
    moves = {"reviewer": counting(stage, "reviewer", APPROVE + once(stage, refusing(stage, 401, "Bad credentials")))}
    host, number = stage.host(moves=moves), stage.issue()
    until_told(stage, host, "reviewer")
    stage.lift()
    (pull,) = stage.pulls()
    stage.comment(pull["number"], "Look at the last line once more.")
    stage.sleep(limits.LEASE_SECONDS + 60)
    stage.quiet(host)
    assert (stage.item(number)["state"], paid(stage, "reviewer")) == ("closed", 2)
    assert host.mirror(stage.repo).newest([KEPT], 0, 9) == []


def renaming(stage: Stage) -> str:
    """The repository gets another name, while an agent works."""
    code = (
        "import sys,urllib.request as u;a,t,b=sys.argv[1:];"
        "h={'Authorization':'Bearer '+t,'Content-Type':'application/json'};"
        "u.urlopen(u.Request(a,b.encode(),h,method='PATCH'))"
    )
    words = (f"{stage.forge.api_url}/repos/ada/calc", stage.tokens["ada"], json.dumps({"name": "sums"}))
    return shlex.join([sys.executable, "-c", code, *words]) + "\n"


@pytest.mark.parametrize("role", ROLES)
def test_case_r6_a_rename_in_mid_run_costs_no_second_agent(stage: Stage, role: str) -> None:
    """The run publishes under the new name what it was paid for; the next tick says what to put into config.yml."""
    moves = {"planner": ONE_STEP, "drafter": DRAFT, "reviewer": APPROVE}
    moves = {name: counting(stage, name, script) for name, script in moves.items()}
    moves[role] += once(stage, renaming(stage))
    stage.edit_policy("version: 1\nintake: all\nplan_approval: auto\n")
    host, number = stage.host(moves=moves), stage.issue(DESIGN, "A design")
    for _ in range(20):
        if (stage.folder / "once").exists():
            break
        stage.tick(host)
    report = stage.tick(host)
    assert "ada/calc is called ada/sums now; put that into config.yml" in str(report.problems[0])
    stage.repo = "ada/sums"
    host = stage.host(moves=moves)
    stage.sleep(16 * 60)
    stage.quiet(host)
    assert stage.item(number)["state"] == "closed"
    assert [paid(stage, name) for name in moves] == [1] * len(moves)


def test_what_was_said_and_not_forgotten_goes_with_the_daily_sweep(stage: Stage) -> None:
    """No run of that role ever looks at a closed item again. What was not said yet stays, for a month."""
    host, number = stage.host(), stage.issue()
    stage.quiet(host)
    mirror, (pull,) = host.mirror(stage.repo), stage.pulls()
    began = stage.record(number).history[0].started_at
    later = stage.store(host).client.now() + 60
    said, unsaid = f"{KEPT_REFS}{number}/drafter", f"{KEPT_REFS}{pull['number']}/reviewer"
    for ref, at in ((said, began), (unsaid, later)):
        mirror.bring(mirror, mirror.commit_record("{}", TREE, [], at), ref, ())
    stage.sleep(limits.SWEEP_HOURS * 3600)
    stage.tick(host)
    assert list(mirror.own_refs(KEPT_REFS)) == [unsaid]
    stage.sleep(limits.RUNS_KEPT_DAYS_MAX * limits.DAY_SECONDS)
    stage.tick(host)
    assert mirror.own_refs(KEPT_REFS) == {}
