"""One comment on each item says where it stands; it is edited in place, and costs no request of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bee.github import read, write
from bee.model import markers
from bee.model.labels import OWNED, Label
from tests.belt.stage import DESIGN, Stage

ONE_STEP = """cat > "$HOME/plan.md" <<'END'
- [ ] `one` The only step
  - Accept: `sh check.sh`
  - Files: `one.txt`
END
bee plan "$HOME/plan.md"
"""
LOOK = 'cp "$BEE_CONTEXT/thread.md" "{folder}/thread-$BEE_ROLE.md" 2>/dev/null || true\n'


def shown(stage: Stage, number: int) -> str:
    """The status comment's words, without what no reader sees."""
    (body,) = stage.status_comments(number)
    assert [marker.name for marker in markers.parse(body)] == ["run"]
    return body.partition("\n\n<sub>")[0]


def test_it_follows_an_item_from_the_plan_to_the_end_and_statuses_link_to_their_evidence(stage: Stage) -> None:
    """After each run: the position that the next tick finds, who moves next, and what it cost so far."""
    number = stage.issue(DESIGN, "A design")
    host = stage.host(moves={"planner": ONE_STEP})
    stage.tick(host)
    assert shown(stage, number) == (
        f"**bee:** #{number} is `plan-open`: its plan is not approved yet\n\n"
        "- **Next:** **you.** Tick the box under `## Plan finalized` when the plan is right. "
        "To have it changed: edit it, comment as the planner's comment says, "
        f'or run: bee request-changes {number} "…"\n'
        "- **Last run:** planner, progressed: a plan of 1 step\n"
        "- **So far:** 1 run\n"
        f"- **To stop it:** add the label `breeze:human`, or run `bee pause {number}`. "
        f"To go on: take it off, or run `bee resume {number}`. Its open pull requests stop and go on with it."
    )
    assert stage.position(number) == "plan-open"
    before = stage.world()
    assert stage.tick(host).requests == 1, "bee's own words move nothing"
    assert stage.world() == before
    stage.tick_box(number, "The plan is right")
    for item, state in [(number, "in-review"), (2, "needs-e2e")]:
        stage.tick(host)
        assert f"#{item} is `{state}`" in shown(stage, item)
        assert stage.position(item) == state
    stage.tick(host)
    assert "**Next:** the merger, by itself." in shown(stage, 2)
    links = {status["context"]: status["target_url"] for status in statuses(stage, 2)}
    [review], [trace] = stage.reviews(2), [c for c in posts(stage, 2) if "E2E trace" in c["body"]]
    assert links == {"bee/review": review["html_url"], "bee/e2e": trace["html_url"]}
    stage.quiet(host)
    assert shown(stage, 2).startswith("**bee:** #2 is merged\n\n- **Next:** nothing")
    assert shown(stage, number).startswith(f"**bee:** #{number} is closed\n\n- **Next:** nothing")


def posts(stage: Stage, number: int) -> list[dict[str, Any]]:
    """The comments of an item as REST shows them."""
    return list(stage.call("ada", "GET", stage.at(f"/issues/{number}/comments")))


def statuses(stage: Stage, number: int) -> Iterator[dict[str, Any]]:
    """The statuses of a pull request's head."""
    head = stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["head"]["sha"]
    yield from stage.call("ada", "GET", stage.at(f"/commits/{head}/status"))["statuses"]


def test_a_later_twin_goes_a_strangers_copy_stays_and_a_deleted_one_comes_back(stage: Stage) -> None:
    """It is found among whatever stands there by its key and by its author, and never told to an agent."""
    number = stage.issue()
    look = LOOK.format(folder=stage.folder)
    host = stage.host(moves={"drafter": look + "exit 1\n"})
    for word in range(3):
        stage.comment(number, f"Word {word}.")
    stage.tick(host)
    (first,) = stage.status_comments(number)
    assert "`backing-off`" in first
    assert "It waits until " in first
    stage.comment(number, first, who="eve")
    stage.comment(number, first, who="bee")
    stage.tick(host)
    assert [c["user"]["login"] for c in posts(stage, number) if c["body"] == first] == ["bee", "eve"]
    stage.sleep(6 * 60)
    stage.tick(host)
    bees = [c for c in posts(stage, number) if c["user"]["login"] == "bee"]
    assert ["**So far:** 2 runs" in c["body"] for c in bees] == [True]
    assert "Word 2." in (stage.folder / "thread-drafter.md").read_text()
    assert "So far" not in (stage.folder / "thread-drafter.md").read_text(), "told to the next agent"
    stage.call("ada", "DELETE", stage.at(f"/issues/comments/{bees[0]['id']}"))
    stage.sleep(11 * 60)
    stage.tick(host)
    bees = [c for c in posts(stage, number) if c["user"]["login"] == "bee"]
    assert ["**So far:** 3 runs" in c["body"] for c in bees] == [True]


def test_what_goes_to_a_person_says_so_in_place(stage: Stage) -> None:
    """An agent's pause: the card is a new comment, the status comment is edited, both in the label's request."""
    for label in OWNED:
        stage.call("ada", "POST", stage.at("/labels"), {"name": label.value, "color": "ededed"})
    number = stage.issue()
    host = stage.host(moves={"drafter": 'bee pause "Which of the two?"\n'})
    before = stage.asked()
    stage.tick(host)
    assert f"#{number} is `human`: it waits for a person\n\n- **Next:** **you.** Answer" in shown(stage, number)
    together = [entry["operation"] for entry in stage.log(before) if entry["operation"] == "Publish"]
    assert (len(stage.comments(number)), together) == (1, ["Publish"])


@pytest.mark.parametrize("part", ["edit", "remove"])
def test_a_part_that_github_does_not_do_keeps_no_other_from_being_done(stage: Stage, part: str) -> None:
    """The parts of one document fail one by one, and what failed is named."""
    number = stage.issue()
    client = stage.host().client()
    one = read.read_item(client, stage.repo, number)
    done = write.label_id(client, stage.repo, Label.DONE)
    gone = {
        "edit": {"id": "IC_none", "body": "x"},
        "remove": {"labelableId": one.item.node_id, "labelIds": ["LA_none"]},
    }
    parts = {
        "comment": {"subjectId": one.item.node_id, "body": "said"},
        "add": {"labelableId": one.item.node_id, "labelIds": [done]},
        part: gone[part],
    }
    address, failed = write.publish(client, parts)
    assert failed == {part}
    assert address == posts(stage, number)[0]["html_url"]
    assert stage.labels(number) == {"breeze:done"}
    assert stage.comments(number) == ["said"]
