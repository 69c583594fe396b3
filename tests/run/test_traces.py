"""The trace of an E2E run in another repository: it goes there or nowhere, and never to where more people can read."""

from __future__ import annotations

import json
import subprocess

import pytest

from bee.github.snapshot import look
from bee.model.refs import TRACE_REFS, trace_refs
from bee.pipeline.positions import Position
from bee.pipeline.status import survey
from tests.belt.plays import approve, runs, task_pull
from tests.belt.stage import POLICY, Stage

APART = f"{POLICY}e2e: {{repo: ada/traces}}\n"
HOUR = 60 * 60


def other(stage: Stage, name: str = "traces", private: bool = False) -> None:
    """ada's repository for traces."""
    made = {"owner": "ada", "name": name, "files": {"README.md": "Traces.\n"}, "message": "Traces"}
    stage.control("repos", {**made, "private": private})


def address(stage: Stage, name: str = "traces") -> str:
    """Where its git is."""
    return f"{stage.forge.git_url}/ada/{name}.git"


def there(stage: Stage, name: str = "traces") -> dict[str, str]:
    """The traces in it."""
    url = address(stage, name).replace("http://", f"http://ada:{stage.tokens['ada']}@")
    order = ["git", "ls-remote", url, f"{TRACE_REFS}*"]
    said = subprocess.run(order, check=True, capture_output=True, text=True, cwd=stage.folder).stdout
    return dict(reversed(line.split("\t")) for line in said.splitlines())


def approved(stage: Stage, policy: str = APART) -> int:
    """A pull request that waits for E2E."""
    stage.edit_policy(policy)
    pull = task_pull(stage)
    approve(stage, pull)
    return int(pull["number"])


def waiting(stage: Stage, number: int) -> str:
    """Which setting it waits for."""
    found = next(one for one in survey(look(stage.client(), stage.repo)) if one.number == number)
    assert found.placement.position is Position.WAITING_ON_SETTINGS, found.placement
    return found.placement.reason


def below(stage: Stage) -> str:
    """Where the traces of ada/calc are in it."""
    return trace_refs(str(stage.call("ada", "GET", stage.at(""))["node_id"]))


@pytest.mark.parametrize("action", ["drop_after", pytest.param("drop_before", marks=pytest.mark.deep)])
def test_case_e2e_repo_a_trace_is_pushed_there_once_and_named_by_its_address(stage: Stage, action: str) -> None:
    """Whether the push's answer is lost or the push never arrives."""
    other(stage)
    number = approved(stage)
    stage.fault(action, match={"method": "POST", "path": "/ada/traces.git/git-receive-pack$"})
    host = stage.host()
    stage.ticks(host)
    assert stage.fired() == 1
    assert stage.pulls()[0]["merged_at"]
    assert stage.refs(TRACE_REFS) == {}
    ((ref, tip),) = there(stage).items()
    assert ref.startswith(f"{below(stage)}{number}/")
    (said,) = [body for body in stage.comments(number) if body.startswith("**E2E trace (pass)**")]
    fetch = f"git fetch {address(stage)} {ref}"
    assert f"`{fetch} && git log FETCH_HEAD`" in said
    assert f" origin={address(stage)}" in said
    stage.git(*fetch.split()[1:])
    facts = json.loads(stage.git("log", "-1", "--format=%b", tip).strip())
    assert facts["result"] == "pass"
    head = str(stage.pulls()[0]["head"]["sha"])
    (status,) = [
        one for one in stage.call("ada", "GET", stage.at(f"/commits/{head}/statuses")) if one["context"] == "bee/e2e"
    ]
    assert status["description"].endswith(f"; trace in {address(stage)}")
    assert any(f"; trace in {address(stage)}" in (run.note or "") for run in runs(stage, host, number))


def test_case_e2e_repo_what_may_not_go_there_is_a_condition_that_names_it(stage: Stage) -> None:
    """Nothing there, then a private one, then one that bee may not write: no run, no label; it ends by itself."""
    tested = stage.folder / "tested"
    number = approved(stage, f"{APART}verify: 'echo x >> {tested}'\n")
    host = stage.host(moves={"test": "exit 9"})

    def waits() -> str:
        return waiting(stage, number)

    stage.tick(host)
    assert "ada/traces is not there, or bee's token is not shown it" in waits()
    other(stage, private=True)
    assert "ada/traces is private, and ada/calc is public" in waits()
    stage.call("ada", "PATCH", "/repos/ada/traces", {"private": False})
    stage.call("ada", "PATCH", "/repos/ada/traces", {"archived": True})
    assert "ada/traces is archived" in waits()
    stage.call("ada", "PATCH", "/repos/ada/traces", {"archived": False})
    stage.call("ada", "PATCH", "/repos/ada/traces", {"name": "old"})
    assert "ada/traces is called ada/old now" in waits()
    stage.call("ada", "PATCH", "/repos/ada/old", {"name": "traces"})
    stage.call("ada", "PUT", "/repos/ada/traces/collaborators/bee", {"permission": "pull"})
    stage.tick(host)
    assert "bee's token may not push to ada/traces" in waits()
    assert stage.refs(TRACE_REFS) == there(stage) == {}
    assert not tested.exists()
    assert "test" not in {run.role for run in runs(stage, host, number)}
    stage.call("ada", "PUT", "/repos/ada/traces/collaborators/bee", {"permission": "push"})
    stage.ticks(host)
    assert stage.pulls()[0]["merged_at"]
    assert len(there(stage)) == 1


# An agent of the test role, while whose E2E the repository for traces gets another visibility.
MEANWHILE = """bee e2e run
python3 - <<'END'
import urllib.request
body = b'{{"private": true}}'
request = urllib.request.Request("{url}", method="PATCH", data=body, headers={{"Authorization": "Bearer {token}"}})
urllib.request.urlopen(request, timeout=30)
END
"""


def test_case_e2e_repo_its_visibility_is_read_again_before_the_push(stage: Stage) -> None:
    """Where it has changed since the run began, no trace goes there, and nothing of the run is published."""
    other(stage)
    number = approved(stage, f"{APART}roles: {{test: {{session: always}}}}\n")
    url = f"{stage.forge.api_url}/repos/ada/traces"
    host = stage.host(moves={"test": MEANWHILE.format(url=url, token=stage.tokens["ada"])})
    stage.tick(host)
    assert there(stage) == stage.refs(TRACE_REFS) == {}
    assert stage.position(number) == "waiting-on-settings"
    assert not [body for body in stage.comments(number) if body.startswith("**E2E trace")]
    (tested,) = [run for run in runs(stage, host, number) if run.role == "test"]
    assert (tested.outcome, tested.failure) == ("no-op-stale-input", "cancelled")
    assert "ada/traces is private, and ada/calc is public" in tested.note
    stage.call("ada", "PATCH", "/repos/ada/traces", {"private": False})
    assert stage.position(number) == "needs-e2e"


def test_case_e2e_repo_a_push_that_is_refused_there_waits_and_is_tried_again(stage: Stage) -> None:
    """A rule of that repository shows in the push alone: no try is counted, and an hour later it is tried anew."""
    other(stage)
    number = approved(stage)
    stage.fault("status", match={"method": "POST", "path": "/ada/traces.git/git-receive-pack$"}, status=403, times=0)
    host = stage.host()
    stage.tick(host)
    assert "none may go there" in waiting(stage, number)
    (tested,) = [run for run in runs(stage, host, number) if run.role == "test"]
    assert (tested.outcome, tested.failure) == ("error", "rules-refused")
    stage.tick(host)
    assert len([run for run in runs(stage, host, number) if run.role == "test"]) == 1
    stage.lift()
    stage.sleep(HOUR)
    stage.ticks(host)
    assert stage.pulls()[0]["merged_at"]
