"""A person's request for changes that GitHub files under an earlier head stops the merge all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bee.host import Host
from tests.belt.stage import DRAFT, Stage
from tests.belt.test_conditions import drafted

STOP = "Do not merge: security hole."


def send(stage: Stage, number: int, **review: Any) -> dict[str, Any]:
    """A review of ada's."""
    return dict(stage.call("ada", "POST", stage.at(f"/pulls/{number}/reviews"), review))


def pull(stage: Stage, number: int) -> dict[str, Any]:
    return dict(stage.call("ada", "GET", stage.at(f"/pulls/{number}")))


def goes_on(stage: Stage, host: Host, ticks: int = 8) -> list[str]:
    """The roles of the next ticks."""
    chosen = [stage.tick(host).choice for _ in range(ticks)]
    return [str(one.role) for one in chosen if one]


@pytest.mark.parametrize("way", ["page", "draft", "words"])
def test_case_what_names_an_earlier_head_is_not_merged_over(stage: Stage, way: str) -> None:
    """From a page of before the push, or begun as a draft then; the drafter is sent once, and the flow ends merged."""
    host = stage.host()
    stage.issue()
    number = drafted(stage, host)
    earlier = pull(stage, number)["head"]["sha"]
    send(stage, number, event="REQUEST_CHANGES", body="Typo.")
    draft = send(stage, number, body=STOP)["id"] if way == "draft" else 0
    assert goes_on(stage, host, 1) == ["drafter"]
    assert pull(stage, number)["head"]["sha"] != earlier
    assert stage.position(number) == "needs-review"
    stage.sleep(60)
    event = "COMMENT" if way == "words" else "REQUEST_CHANGES"
    if way == "draft":
        path = stage.at(f"/pulls/{number}/reviews/{draft}/events")
        said = stage.call("ada", "POST", path, {"event": event, "body": STOP})
    else:
        said = send(stage, number, event=event, body=STOP, commit_id=earlier)
    assert said["commit_id"] == earlier
    assert stage.position(number) == "changes-requested"
    roles = goes_on(stage, host)
    assert (roles[:2], roles.count("drafter")) == (["drafter", "reviewer"], 1)
    assert pull(stage, number)["merged_at"]


@pytest.mark.parametrize("event", ["REQUEST_CHANGES", "COMMENT"])
def test_case_what_is_submitted_while_the_drafter_works_is_not_answered_by_it(stage: Stage, event: str) -> None:
    """It came after the run was given what it answers: the next run is for it, and for it alone."""
    sends = f"""if [ -f work-1.txt ] && [ ! -f "$HOME/../sent" ] && [ ! -f sent ]; then
sleep 1
curl -sf -X POST -H "Authorization: Bearer {stage.tokens["ada"]}" -d '{json.dumps({"event": event, "body": STOP})}' \\
  {stage.forge.api_url}/repos/{stage.repo}/pulls/2/reviews > /dev/null || exit 1
touch sent
sleep 1
fi
"""
    host = stage.host(moves={"drafter": sends + DRAFT})
    stage.issue()
    number = drafted(stage, host)
    send(stage, number, event="REQUEST_CHANGES", body="Typo.")
    assert goes_on(stage, host, 1) == ["drafter"]
    late = stage.reviews(number)[-1]
    assert (late["body"], late["commit_id"] == pull(stage, number)["head"]["sha"]) == (STOP, False)
    assert stage.position(number) == "changes-requested"
    roles = goes_on(stage, host)
    assert (roles[:2], roles.count("drafter")) == (["drafter", "reviewer"], 1)
    assert pull(stage, number)["merged_at"]


@pytest.mark.parametrize("how", ["their own", "somebody else's", "a change request"])
def test_case_an_approval_taken_back_asks_for_changes(stage: Stage, how: str) -> None:
    """Where its author dismisses it; the drafter is given why. What else is dismissed weighs nothing any more."""
    host = stage.host()
    stage.issue()
    number = drafted(stage, host)
    assert goes_on(stage, host, 1) == ["reviewer"]
    if how == "a change request":
        said = send(stage, number, event="REQUEST_CHANGES", body="Typo.")
        assert stage.position(number) == "changes-requested"
    else:
        said = send(stage, number, event="APPROVE")
        assert stage.position(number) == "needs-e2e"
    stage.sleep(5)
    path = stage.at(f"/pulls/{number}/reviews/{said['id']}/dismissals")
    stage.call("bee" if how == "somebody else's" else "ada", "PUT", path, {"message": STOP})
    if how != "their own":
        assert stage.position(number) == "needs-e2e"
        return
    assert stage.position(number) == "changes-requested"
    report = stage.tick(host)
    given = host.home.run_dir(report.run)
    assert report.choice.role == "drafter"
    assert any(STOP in file.read_text() for file in [given / "prompt.md", *(given / "context").rglob("*.md")])
    roles = goes_on(stage, host)
    assert (roles[0], roles.count("drafter"), bool(pull(stage, number)["merged_at"])) == ("reviewer", 0, True)
