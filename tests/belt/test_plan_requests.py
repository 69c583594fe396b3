"""A plan that a person sends back: the planner reads why, and its next plan is approved anew."""

from __future__ import annotations

from bee.model.plan import read_body
from tests.belt.plays import bee, configure, placed
from tests.belt.stage import DESIGN, PLAN, Stage

REPO = ("--repo", "ada/calc")
SHORTER = """cat "$BEE_CONTEXT/feedback.md" "$BEE_CONTEXT/plan.md" > "$HOME/read"
grep -q "One step is enough." "$HOME/read" && grep -q "The second step" "$HOME/read" || exit 1
cat > "$HOME/plan.md" <<'END'
- [ ] `one` All of it
  - Accept: `sh check.sh`
  - Files: `one.txt`
END
bee plan "$HOME/plan.md"
"""


def test_a_plan_goes_back_with_the_words_of_who_sent_it(stage: Stage) -> None:
    """By command and by comment, after its box was ticked; a stranger's marker sends nobody."""
    configure(stage, moves={"planner": f'if [ -e "$BEE_CONTEXT/feedback.md" ]; then {SHORTER}else {PLAN}fi\n'})
    number = stage.issue(body=DESIGN)
    assert bee(stage, "tick", "--inline", *REPO).code == 0
    stage.comment(number, "<!-- bee:changes-requested -->", "eve")
    assert stage.position(number) == "plan-open"
    stage.tick_box(number, "The plan is right")
    assert stage.position(number) == "needs-step"

    assert bee(stage, "request-changes", str(number), "One step is enough.", *REPO).code == 0
    host = stage.host("looker")
    assert placed(stage, host, number).placement.reason.endswith("a person wants the plan changed: bee")
    ticked = bee(stage, "tick", "--inline", "--json", *REPO).json
    assert (ticked["decision"]["role"], ticked["decision"]["number"]) == ("planner", number)
    body = stage.item(number)["body"]
    plan = read_body(body).plan
    assert plan is not None
    assert [step.title for step in plan.steps] == ["All of it"]
    assert plan.answers > 0
    assert "- [ ] The plan is right" in body, "what was ticked was another plan"
    assert stage.position(number) == "plan-open"

    stage.comment(number, "One step is enough. Really.\n\n<!-- bee:changes-requested -->")
    assert stage.position(number) == "needs-plan"
    assert bee(stage, "approve", str(number), *REPO).code == 0
    assert stage.position(number) == "needs-step", "the later word counts"


def test_a_request_that_is_edited_after_the_plan_that_answers_it_sends_that_back_too(stage: Stage) -> None:
    """Its planner reads the edited words, and the plan keeps which edit that was."""
    configure(stage)
    number = stage.issue(body=DESIGN)
    assert bee(stage, "tick", "--inline", *REPO).code == 0
    stage.comment(number, "One step.\n\n<!-- bee:changes-requested -->")
    asked = next(one for one in stage.call("ada", "GET", stage.at(f"/issues/{number}/comments"))
                 if one["body"].startswith("One step."))  # fmt: skip
    assert bee(stage, "tick", "--inline", *REPO).code == 0
    stage.tick_box(number, "The plan is right")
    assert stage.position(number) == "needs-step"

    stage.sleep(5)
    words = "One step, and no flags.\n\n<!-- bee:changes-requested -->"
    stage.call("ada", "PATCH", stage.at(f"/issues/comments/{asked['id']}"), {"body": words})
    assert stage.position(number) == "needs-plan"
    assert "One step, and no flags." in bee(stage, "context", str(number), *REPO).out
    ticked = bee(stage, "tick", "--inline", "--json", *REPO).json
    assert (ticked["decision"]["role"], ticked["decision"]["number"]) == ("planner", number)
    assert stage.position(number) == "plan-open"
    plan = read_body(stage.item(number)["body"]).plan
    assert plan is not None
    assert (plan.answers, plan.edited > 0) == (asked["id"], True)
