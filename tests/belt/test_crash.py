"""Effects are had once: when the reply is lost, when the request never arrives, and when a write came twice."""

from __future__ import annotations

from typing import Any

import pytest

from bee.model.records import Kind
from tests.belt.stage import DESIGN, Stage
from tests.belt.test_hosts import merged_once

# Every kind of write that the flow makes. `login` keeps the people of the test out of it.
WRITES: dict[str, dict[str, Any]] = {
    "the claim's label": {"operation": "Claim"},
    "several of these together": {"operation": "Publish"},
    "a label by REST": {"method": "POST", "path": "/labels$"},
    "a label's removal": {"method": "DELETE", "path": "/labels/"},
    "a claim": {"method": "POST", "path": "git-receive-pack$"},
    "a commit point": {"method": "POST", "path": "git-receive-pack$", "nth": 2},
    "the end of a run": {"method": "POST", "path": "git-receive-pack$", "nth": 3},
    "a pull request": {"method": "POST", "path": "/pulls$"},
    "a comment": {"method": "POST", "path": "/comments$"},
    "a review": {"method": "POST", "path": "/reviews$"},
    "a status": {"method": "POST", "path": "/statuses/"},
    "a merge": {"method": "PUT", "path": "/merge$"},
    "a body, or the end of an issue": {"method": "PATCH", "path": "/issues/"},
}

# What bee reads of the answer to such a write.
READ: dict[str, str] = {
    "the claim's label": "data.addLabelsToLabelable.labelable.labels",
    "several of these together": "data.comment.commentEdge", "a pull request": "number", "a merge": "sha",
}  # fmt: skip


@pytest.mark.parametrize("action", ["drop_after", pytest.param("drop_before", marks=pytest.mark.deep)])
def test_every_write_whose_reply_is_lost_or_that_never_arrived_is_done_once(stage: Stage, action: str) -> None:
    """Each kind of write fails once in one flow from plan to merge: the end is the same as without.

    When it is tried again, it takes effect, and the answer lacks what it should say.
    """
    stage.edit_policy("version: 1\nintake: all\nplan_approval: auto\n")
    number = stage.issue(DESIGN, "A design")
    for match in WRITES.values():
        stage.fault(action, match={**match, "login": "bee"})
    for name in READ if action == "drop_before" else ():
        stage.fault("without", match={**WRITES[name], "login": "bee", "nth": 2}, field=READ[name])
    host = stage.host(moves={"planner": ONE_STEP})
    stage.quiet(host)
    fired = {str(fault["match"]) for fault in stage.control("faults")["faults"] if fault["fired"]}
    missed = [name for name, match in WRITES.items() if str({**match, "login": "bee"}) not in fired]
    if action == "drop_before":
        missed += [name for name in READ if str({**WRITES[name], "login": "bee", "nth": 2}) not in fired]
    assert missed == [], "a kind of write of this list is not made any more"
    (pull,) = stage.pulls()
    assert pull["merged_at"]
    assert len(stage.main_log()) == 3
    assert len(stage.reviews(pull["number"])) == 1
    for item in (number, pull["number"]):
        said = [text.split("<!--")[0] for text in stage.comments(item)]
        assert len(said) == len(set(said)), said
        assert stage.labels(item) == {"breeze:done"}
        assert len(stage.status_comments(item)) == 1
    assert stage.item(number)["state"] == "closed"
    assert stage.item(number)["body"].count("## Milestone plan") == 1
    assert stage.live() == []


ONE_STEP = """cat > "$HOME/plan.md" <<'END'
- [ ] `one` The only step
  - Accept: `sh check.sh`
  - Files: `one.txt`
END
bee plan "$HOME/plan.md"
"""


def test_a_comment_that_stands_twice_loses_its_later_twin_at_the_next_tick(stage: Stage) -> None:
    """A host that slept may have written it again after another had: the key in it tells, and the first one stays."""
    number = stage.issue(DESIGN)
    host = stage.host()
    stage.tick(host)
    (said,) = stage.comments(number)
    stage.comment(number, said, who="bee")
    stage.comment(number, said, who="eve")
    assert stage.comments(number) == [said] * 3
    stage.tick(host)
    left = stage.call("ada", "GET", stage.at(f"/issues/{number}/comments"))
    by = [comment["user"]["login"] for comment in left if comment["body"] == said]
    assert by == ["bee", "eve"], "a stranger's words are not bee's to take"


def test_a_review_that_stands_twice_counts_once_and_says_so_at_the_next_tick(stage: Stage) -> None:
    """GitHub lets nobody delete one. A no that a person said between the two is not overturned by the second yes."""
    number = stage.issue()
    host = stage.host()
    stage.tick(host)
    stage.tick(host)
    (pull,) = stage.pulls()
    (review,) = stage.reviews(pull["number"])
    assert "verdict=approve" in review["body"]
    stage.sleep(2)
    stage.comment(pull["number"], f"No.\n<!-- bee:changes-requested sha={pull['head']['sha']} -->")
    stage.sleep(2)
    body = {"event": "COMMENT", "body": review["body"], "commit_id": pull["head"]["sha"]}
    stage.call("bee", "POST", stage.at(f"/pulls/{pull['number']}/reviews"), body)
    assert stage.position(pull["number"]) == "changes-requested"
    stage.tick(host)
    first, second = stage.reviews(pull["number"])
    assert first["body"] == review["body"]
    assert second["body"].startswith("**bee:** this review was sent twice")
    assert "verdict" not in second["body"]
    stage.quiet(host)
    merged_once(stage, number, reviews=3)


@pytest.mark.long
def test_d3_what_github_refuses_for_good_ends_the_run_and_not_the_tick(stage: Stage) -> None:
    """Pull requests are refused at every try: each item asks a person once, and every tick goes on to the next item."""
    numbers = [stage.issue("First."), stage.issue("Second.")]
    refused = {"status": 422, "message": "Validation Failed"}
    stage.fault("status", times=0, match={"method": "POST", "path": "/pulls$", "login": "bee"}, **refused)
    host = stage.host()
    reports = stage.quiet(host)
    assert [report.problems for report in reports if report.problems] == []
    for number in numbers:
        assert stage.labels(number) == {"breeze:human"}
        (card,) = stage.comments(number)
        assert "Validation Failed" in card
    assert stage.live() == []
    stage.lift()
    for number in numbers:
        stage.bee_verb("resume", number)
    stage.quiet(host)
    assert [stage.item(number)["state"] for number in numbers] == ["closed", "closed"]
    assert [pull["head"]["ref"] for pull in stage.pulls()] == [f"bee/{number}-task" for number in numbers]


def test_a_merge_whose_answer_was_lost_is_found_merged(stage: Stage) -> None:
    """The merge took effect and the reply did not come: it is looked up, not tried again, and nothing stands twice."""
    number = stage.issue()
    host = stage.host()
    stage.fault("drop_after", match={"method": "PUT", "path": "/merge$"})
    stage.ticks(host)
    assert stage.fired() == 1
    merged_once(stage, number)


@pytest.mark.parametrize("ticks", [pytest.param(0, marks=pytest.mark.deep), 3], ids=["a pull request", "a merge"])
def test_a6_work_stands_when_the_bookkeeping_after_it_fails(stage: Stage, ticks: int) -> None:
    """The record of a run's end is refused: nothing is undone or done again, and it is finished by the next tick."""
    number = stage.issue()
    host = stage.host()
    for _ in range(ticks):
        stage.tick(host)
    stage.fault("drop_before", times=0, match={"path": "git-receive-pack$", "login": "bee", "nth": 4 if ticks else 3})
    ended = stage.tick(host)
    assert stage.fired()
    assert ended.problems
    (pull,) = stage.pulls()
    assert bool(pull["merged_at"]) == bool(ticks)
    item = pull["number"] if ticks else number
    assert stage.record(item).kind is Kind.PUBLISHED
    stage.lift()
    stage.tick(host)
    assert stage.record(item).kind is Kind.FINISHED
    stage.quiet(host)
    merged_once(stage, number)
    assert len(list((host.home.path / "runs").glob("*/prompt.md"))) == 2, "no role was played twice"
