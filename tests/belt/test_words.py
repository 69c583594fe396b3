"""What people write on GitHub in their own spelling, on the forge: nothing begins before they mean it to."""

from __future__ import annotations

from tests.belt.plays import bee, configure
from tests.belt.stage import DESIGN, Stage

SPELT = DESIGN.replace("## Design finalized", "### ✅ **Design finalized**:").replace("- [x]", "1) [ ]")


def test_case_p2_p3_a_gate_in_another_spelling_waits_for_its_box(stage: Stage) -> None:
    number = stage.issue(SPELT, "A design")
    host = stage.host()
    stage.ticks(host)
    assert (stage.position(number), stage.pulls()) == ("design-open", [])
    stage.edit(number, SPELT.replace("[ ]", "[x]"))
    stage.ticks(host)
    assert stage.position(number) == "plan-open"


def test_case_p4_a_dependency_in_another_spelling_is_waited_for(stage: Stage) -> None:
    """And what looks like one and is none is named in the status comment, until a person edits it."""
    stage.label(first := stage.issue("Wait."), "breeze:human")
    second = stage.issue(f"### Depends on\n\n- {stage.forge.git_url}/ada/calc/issues/{first}\n")
    third = stage.issue("Blocked by the vendor")
    host = stage.host()
    stage.ticks(host)
    assert [stage.position(number) for number in (second, third)] == ["blocked", "blocked"]
    (said,) = stage.status_comments(third)
    assert "line 1 (Blocked by the vendor) looks like a dependency" in said
    stage.call("ada", "PATCH", stage.at(f"/issues/{first}"), {"state": "closed", "state_reason": "completed"})
    stage.edit(third, "Blocked by: none")
    stage.ticks(host)
    assert stage.item(second)["state"] == stage.item(third)["state"] == "closed"


def test_case_p4_the_last_of_several_lines_is_waited_for_and_a_gate_in_html_stops(stage: Stage) -> None:
    """The first that is named was closed; GitHub shows the gate's heading as text."""
    done, first = stage.issue("Done."), stage.issue("Wait.", labels=["breeze:human"])
    stage.call("ada", "PATCH", stage.at(f"/issues/{done}"), {"state": "closed", "state_reason": "completed"})
    lines = stage.issue(f"It adds.\n\nBlocked by:\n#{done}\n#{first}\n")
    under = stage.issue(f"It adds.\n\n## Blocked by\n\n### Upstream\n\n- #{first}\n")
    gate = stage.issue("<details>\n<summary>Approval</summary>\n## Design finalized\n- [ ] go\n</details>\n")
    host = stage.host()
    stage.ticks(host)
    assert [stage.position(number) for number in (lines, under, gate)] == ["blocked", "blocked", "design-open"]
    (said,) = stage.status_comments(gate)
    assert "line 3 (## Design finalized) looks like a gate" in said
    assert stage.pulls() == []


ASKS = """if grep -q "Make it red" "$BEE_CONTEXT/thread.md"; then
echo red > colour.txt
git add -A
git commit -qm "Colour it"
bee submit --title "Colour it" --body "It is red."
else
bee pause "Red or blue?"
fi
"""


def test_an_answer_resumes_the_role_that_asked(stage: Stage) -> None:
    """A stranger's does not, and a person's own label stays whatever they say."""
    number, other = stage.issue("Colour it."), stage.issue("Later.", labels=["breeze:human"])
    host = stage.host(moves={"drafter": ASKS})
    stage.ticks(host)
    assert stage.position(number) == "human"
    stage.comment(number, "Make it red.", who="eve")
    stage.comment(other, "Make it red.")
    stage.ticks(host)
    assert (stage.position(number), stage.pulls()) == ("human", [])
    stage.comment(number, "Make it red.")
    report = stage.tick(host)
    assert [(act.kind, act.reason) for act in report.acted] == [("repair", "a person answered the question")]
    stage.ticks(host)
    assert stage.item(number)["state"] == "closed"
    assert "colour.txt" in stage.main_files()
    assert (stage.position(other), stage.labels(other)) == ("human", {"breeze:human"})


def test_a_blocker_closed_as_not_planned_asks_once(stage: Stage) -> None:
    """In the text or by GitHub's own dependency; a person's word lets the issue go on without it."""
    stage.label(first := stage.issue("Wait."), "breeze:human")
    second, third = stage.issue(f"Blocked by #{first}"), stage.issue("Do it.")
    item = stage.item(first)["id"]
    stage.call("ada", "POST", stage.at(f"/issues/{third}/dependencies/blocked_by"), {"issue_id": item})
    host = stage.host()
    stage.ticks(host)
    assert [stage.position(number) for number in (second, third)] == ["blocked", "blocked"]
    stage.call("ada", "PATCH", stage.at(f"/issues/{first}"), {"state": "closed", "state_reason": "not_planned"})
    stage.ticks(host)
    for number in (second, third):
        assert stage.position(number) == "human"
        (said,) = stage.comments(number)
        assert f"closed, but not as completed: #{first}" in said
    assert stage.pulls() == []
    stage.unlabel(second, "breeze:human")
    stage.ticks(host)
    assert stage.item(second)["state"] == "closed"
    assert stage.position(third) == "human"


def test_case_p4_an_item_of_another_repository_is_waited_for(stage: Stage) -> None:
    """Until it is closed there; what this token is not shown may be open."""
    stage.call("ada", "POST", "/user/repos", {"name": "parts"})
    there = stage.call("ada", "POST", "/repos/ada/parts/issues", {"title": "A part"})["number"]
    number, hidden = stage.issue(f"Depends on: ada/parts#{there}"), stage.issue("Blocked by ada/nothing#1")
    host = stage.host()
    stage.ticks(host)
    assert (stage.position(number), stage.position(hidden), stage.pulls()) == ("blocked", "blocked", [])
    stage.call("ada", "PATCH", f"/repos/ada/parts/issues/{there}", {"state": "closed"})
    stage.ticks(host)
    assert stage.item(number)["state"] == "closed"
    assert stage.position(hidden) == "blocked"


def test_why_names_what_github_says_it_waits_for_in_another_repository(stage: Stage) -> None:
    """By GitHub's own dependency, which stands in no text; once, where a text names it, too."""
    stage.call("ada", "POST", "/user/repos", {"name": "parts"})
    there = stage.call("ada", "POST", "/repos/ada/parts/issues", {"title": "A part"})
    name = f"ada/parts#{there['number']}"
    numbers = stage.issue("Do it."), stage.issue(f"Blocked by {name.upper()}")
    for number in numbers:
        waits = stage.at(f"/issues/{number}/dependencies/blocked_by")
        stage.call("ada", "POST", waits, {"issue_id": there["id"]})
    configure(stage)
    for number in numbers:
        line = bee(stage, "why", str(number), "--json").json
        assert line["position"] == "blocked"
        assert [ref.lower() for ref in line["facts"]["blocked_by_elsewhere"]] == [name]
    assert f"{name} is closed" in bee(stage, "status").out
    stage.ticks(host := stage.host())
    stage.call("ada", "PATCH", f"/repos/ada/parts/issues/{there['number']}", {"state": "closed"})
    stage.ticks(host)
    assert [stage.item(number)["state"] for number in numbers] == ["closed", "closed"]


def test_what_waits_in_a_private_repository_is_told_to_nobody_but_by_the_items_own_text(stage: Stage) -> None:
    """bee's token is shown it; whoever reads the public item is not. While it is open, and closed undone."""
    stage.call("ada", "POST", "/user/repos", {"name": "secret", "private": True})
    stage.call("ada", "PUT", "/repos/ada/secret/collaborators/bee", {"permission": "push"})
    there = stage.call("ada", "POST", "/repos/ada/secret/issues", {"title": "Buy Acme", "body": "For a million."})
    of_github, of_text, both = stage.issue("Do it."), stage.issue("Blocked by Ada/SECRET#1"), stage.issue("Then.")
    stage.edit(both, "Then.\n\nBlocked by https://github.com/ada/secret/issues/1")
    for number in (of_github, both):
        waits = stage.at(f"/issues/{number}/dependencies/blocked_by")
        stage.call("ada", "POST", waits, {"issue_id": there["id"]})
    stage.edit_policy("version: 1\nintake: all\ndashboard: true\n")
    host = stage.host()
    stage.ticks(host)
    numbers = (of_github, of_text, both)
    assert [stage.position(number) for number in numbers] == ["blocked"] * 3
    stage.call("ada", "PATCH", "/repos/ada/secret/issues/1", {"state": "closed", "state_reason": "not_planned"})
    stage.ticks(host)
    assert [stage.position(number) for number in numbers] == ["human"] * 3

    asked = {number: "\n".join(stage.comments(number)) for number in numbers}
    assert "closed, but not as completed: Ada/SECRET#1\n" in asked[of_text]
    assert "closed, but not as completed: ada/secret#1\n" in asked[both]
    assert "an item of another repository, which the text does not name" in asked[of_github]
    seen = stage.call("eve", "GET", stage.at("/issues?state=all&per_page=100"))
    posts = {one["number"]: one["body"] for one in seen}
    for number in posts:
        every = stage.call("eve", "GET", stage.at(f"/issues/{number}/comments?per_page=100"))
        posts[number] += "".join(one["body"] for one in every if one["user"]["login"] == "bee")
    stage.clone()
    stage.git("fetch", "-q", "origin", "refs/bee/*:refs/bee/*")
    ledgers = {number: stage.git("log", "--format=%B", f"refs/bee/items/{number}").lower() for number in numbers}
    for number in numbers:
        assert "closed, but not as completed" in ledgers[number]
        assert ("secret" in posts[number].lower() + ledgers[number]) is (number != of_github)
    everything = "".join(posts.values()) + stage.git("log", "--all", "--format=%B")
    assert [word for word in ("Acme", "million", "not_planned") if word in everything] == []
