"""Issues, labels, comments and their history, by REST and GraphQL."""

from __future__ import annotations

from typing import Any

from tests.forge.world import Person, World

BODY = """query($n: Int!) { repository(owner: "ada", name: "calc") { issue(number: $n) { id body lastEditedAt
  editor { login } includesCreatedEdit
  userContentEdits(first: 100) { nodes { editedAt diff editor { login } } pageInfo { hasNextPage } }
  timelineItems(first: 100) { nodes { __typename
    ... on LabeledEvent { label { name } actor { login } } ... on UnlabeledEvent { label { name } }
    ... on CrossReferencedEvent { source { __typename ... on Issue { number } ... on PullRequest { number } }
      willCloseTarget }
    ... on ClosedEvent { stateReason } ... on ReopenedEvent { createdAt } } } } } }"""


def issue(person: Person, title: str = "One", **data: Any) -> dict[str, Any]:
    made: dict[str, Any] = person.post("issues", {"title": title, **data})
    return made


def test_unknown_labels_are_made_on_use_and_case_is_kept_but_not_compared(world: World, ada: Person) -> None:
    issue(ada, labels=["Breeze:WIP"])
    assert [one["name"] for one in ada.post("issues/1/labels", {"labels": ["breeze:wip", "new"]}, 200)] == [
        "Breeze:WIP", "new",
    ]  # fmt: skip
    assert ada.get("labels/BREEZE:wip")["name"] == "Breeze:WIP"
    refused = ada.post("labels", {"name": "breeze:WIP", "color": "ff0000"}, 422)
    assert refused["errors"][0]["code"] == "already_exists"
    ada.send("DELETE", "issues/1/labels/BREEZE:wip")
    assert ada.send("DELETE", "issues/1/labels/breeze:wip", status=404)["message"] == "Label does not exist"
    found = world.people["ada"].data(BODY, n=1)["repository"]["issue"]["timelineItems"]["nodes"]
    assert [one["__typename"] for one in found] == ["LabeledEvent", "LabeledEvent", "UnlabeledEvent"]


def test_adding_a_label_twice_succeeds_and_notes_nothing(ada: Person) -> None:
    issue(ada, labels=["a"])
    ada.post("issues/1/labels", ["a"], 200)
    assert [one["event"] for one in ada.get("issues/1/timeline")] == ["labeled"]


def test_edits_keep_the_whole_text_newest_first_with_the_original(world: World, ada: Person, wil: Person) -> None:
    issue(ada, body="first")
    assert ada.data(BODY, n=1)["repository"]["issue"]["userContentEdits"]["nodes"] == []
    wil.send("PATCH", "issues/1", {"body": "second"})
    wil.send("PATCH", "issues/1", {"body": "second"})
    ada.send("PATCH", "issues/1", {"body": "third"})
    found = ada.data(BODY, n=1)["repository"]["issue"]
    assert [(one["diff"], one["editor"]["login"]) for one in found["userContentEdits"]["nodes"]] == [
        ("third", "ada"), ("second", "wil"), ("first", "ada"),
    ]  # fmt: skip
    assert found["editor"] == {"login": "ada"}
    assert found["includesCreatedEdit"]


def test_comments_have_edit_history_too(ada: Person) -> None:
    issue(ada)
    comment = ada.post("issues/1/comments", {"body": "one"})
    ada.send("PATCH", f"issues/comments/{comment['id']}", {"body": "two"})
    query = """{ repository(owner: "ada", name: "calc") { issue(number: 1) { comments(first: 10) { nodes {
      databaseId lastEditedAt editor { login } userContentEdits(first: 9) { nodes { diff } } } } } } }"""
    found = ada.data(query)["repository"]["issue"]["comments"]["nodes"][0]
    assert found["databaseId"] == comment["id"]
    assert [one["diff"] for one in found["userContentEdits"]["nodes"]] == ["two", "one"]
    ada.send("DELETE", f"issues/comments/{comment['id']}", status=204)
    assert ada.get("issues/1")["comments"] == 0


def test_naming_an_issue_makes_one_cross_reference_for_each_source(ada: Person) -> None:
    issue(ada)
    issue(ada, "Two", body="see #1 and #1, not `#1`, not #99")
    ada.post("issues/2/comments", {"body": "again #1"})
    issue(ada, "Three", body="```\n#1\n```")
    nodes = ada.data(BODY, n=1)["repository"]["issue"]["timelineItems"]["nodes"]
    assert nodes == [
        {"__typename": "CrossReferencedEvent", "source": {"__typename": "Issue", "number": 2}, "willCloseTarget": False}
    ]
    assert [one["event"] for one in ada.get("issues/1/timeline")] == ["cross-referenced"]
    assert ada.get("issues/1/events") == []


LINKS = """{ repository(owner: "ada", name: "calc") { issue(number: 1) {
  timelineItems(first: 9, itemTypes: [CONNECTED_EVENT, DISCONNECTED_EVENT]) { nodes { __typename
    ... on ConnectedEvent { actor { login } isCrossRepository source { ... on Issue { number } }
      subject { ... on PullRequest { number } } }
    ... on DisconnectedEvent { actor { login } } } }
  all: closedByPullRequestsReferences(first: 9) { nodes { number } }
  linked: closedByPullRequestsReferences(first: 9, userLinkedOnly: true) { nodes { number } } }
  pullRequest(number: 2) {
    all: closingIssuesReferences(first: 9) { nodes { number } }
    linked: closingIssuesReferences(first: 9, userLinkedOnly: true) { nodes { number } } } } }"""


def test_a_pull_request_is_linked_by_hand_by_who_may_write_and_closes_the_issue(world: World, ada: Person) -> None:
    issue(ada)
    world.pull(body="Fixes #1")
    order = {"repo": "ada/calc", "issue": 1, "pull": 2, "login": "wil"}
    one, none = {"nodes": [{"number": 1}]}, {"nodes": []}
    found = ada.data(LINKS)["repository"]
    assert (found["pullRequest"], found["issue"]["linked"]) == ({"all": one, "linked": none}, none)
    ada.send("PATCH", "pulls/2", {"body": "No words."})
    for login in ("tri", "zoe"):
        assert world.ask_control("POST", "links", {**order, "login": login}).status_code == 403
    assert world.ask_control("POST", "links", {**order, "issue": 2}).status_code == 422
    assert world.control("POST", "links", order) == world.control("POST", "links", order) == {"linked": [2]}
    found = ada.data(LINKS)["repository"]
    ends = {"source": {"number": 1}, "subject": {"number": 2}}
    assert found == {
        "issue": {
            "timelineItems": {"nodes": [
                {"__typename": "ConnectedEvent", "actor": {"login": "wil"}, "isCrossRepository": False, **ends},
            ]},
            "all": {"nodes": [{"number": 2}]}, "linked": {"nodes": [{"number": 2}]},
        },
        "pullRequest": {"all": one, "linked": one},
    }  # fmt: skip
    assert world.control("POST", "links", {**order, "linked": False}) == {"linked": []}
    assert ada.data(LINKS)["repository"]["pullRequest"] == {"all": none, "linked": none}
    assert [event["event"] for event in ada.get("issues/1/events")] == ["connected", "disconnected"]
    world.control("POST", "links", order)
    ada.send("PUT", "pulls/2/merge")
    assert ada.get("issues/1")["state"] == "closed"


def test_closing_and_reopening_note_why(ada: Person) -> None:
    issue(ada)
    closed = ada.send("PATCH", "issues/1", {"state": "closed", "state_reason": "not_planned"})
    assert (closed["state"], closed["state_reason"], closed["closed_by"]["login"]) == ("closed", "not_planned", "ada")
    assert ada.post("issues/1/labels", ["still"], 200)
    opened = ada.send("PATCH", "issues/1", {"state": "open"})
    assert (opened["state"], opened["state_reason"], opened["closed_at"]) == ("open", "reopened", None)
    assert [one["event"] for one in ada.get("issues/1/events")] == ["closed", "labeled", "reopened"]


def test_lists_filter_sort_and_page_with_links(ada: Person) -> None:
    for number in range(1, 8):
        issue(ada, f"t{number}", labels=["odd"] if number % 2 else [])
    ada.send("PATCH", "issues/7", {"state": "closed"})
    first = ada.ask("GET", "issues?per_page=2&labels=odd&state=all&direction=asc")
    assert [one["number"] for one in first.json()] == [1, 3]
    assert set(first.links) == {"next", "last"}
    second = ada.session.get(first.links["next"]["url"], timeout=9)
    assert [one["number"] for one in second.json()] == [5, 7]
    assert set(second.links) == {"prev", "first"}
    assert [one["number"] for one in ada.get("issues?labels=ODD")] == [5, 3, 1]
    assert ada.get("issues?state=closed")[0]["number"] == 7


def test_a_cursor_is_a_place_so_a_closed_issue_hides_no_other(ada: Person) -> None:
    for number in range(6):
        issue(ada, f"t{number}")
    query = """query($after: String) { repository(owner: "ada", name: "calc") {
      issues(first: 2, after: $after, states: [OPEN], orderBy: {field: CREATED_AT, direction: ASC}) {
        totalCount pageInfo { hasNextPage endCursor } nodes { number } } } }"""
    page = ada.data(query)["repository"]["issues"]
    assert [one["number"] for one in page["nodes"]] == [1, 2]
    for number in (1, 2):
        ada.send("PATCH", f"issues/{number}", {"state": "closed"})
    page = ada.data(query, after=page["pageInfo"]["endCursor"])["repository"]["issues"]
    assert [one["number"] for one in page["nodes"]] == [3, 4]
    page = ada.data(query, after=page["pageInfo"]["endCursor"])["repository"]["issues"]
    assert ([one["number"] for one in page["nodes"]], page["pageInfo"]["hasNextPage"]) == ([5, 6], False)
    assert page["totalCount"] == 4


def test_who_may_do_what(world: World, ada: Person, wil: Person, zoe: Person) -> None:
    made = issue(zoe, labels=["quiet"], assignees=["ada"])
    assert made["labels"] == []
    assert made["assignees"] == []
    assert made["author_association"] == "NONE"
    zoe.post("issues/1/labels", ["x"], 403)
    zoe.send("PATCH", "issues/1", {"body": "mine"})
    issue(ada)
    zoe.send("PATCH", "issues/2", {"body": "not mine"}, 403)
    zoe.send("PATCH", "issues/2", {"state": "closed"}, 403)
    zoe.send("PATCH", "issues/1", {"state": "closed"})
    tri = world.people["tri"]
    tri.post("issues/2/labels", ["x"], 200)
    tri.send("PATCH", "issues/2", {"state": "closed"})
    tri.send("PATCH", "issues/2", {"title": "not his"}, 403)
    comment = ada.post("issues/2/comments", {"body": "hm"})
    zoe.send("PATCH", f"issues/comments/{comment['id']}", {"body": "no"}, 403)
    wil.send("PATCH", f"issues/comments/{comment['id']}", {"body": "yes"})
    world.people["anybody"].post("issues", {"title": "no"}, 401)
    assert len(world.people["anybody"].get("issues?state=all")) == 2


def test_bad_requests_are_refused_as_github_does(ada: Person) -> None:
    assert ada.post("issues", {"title": ""}, 422)["message"] == "Validation Failed"
    assert ada.post("issues", {}, 422)["errors"][0]["field"] == "title"
    issue(ada)
    assert ada.post("issues/1/comments", {"body": ""}, 422)["message"] == "Validation Failed"
    response = ada.session.post(ada.world.api + "/repos/ada/calc/issues", data="{", timeout=9)
    assert (response.status_code, response.json()["message"]) == (400, "Problems parsing JSON")
    assert ada.get("issues/99", 404)["message"] == "Not Found"
    assert "does not have the endpoint" in ada.get("milestones", 404)["message"]


def test_dependencies_and_sub_issues_are_counted(ada: Person) -> None:
    for title in ("one", "two", "three"):
        issue(ada, title)
    two, three = ada.get("issues/2")["id"], ada.get("issues/3")["id"]
    ada.post("issues/1/dependencies/blocked_by", {"issue_id": two})
    ada.post("issues/1/dependencies/blocked_by", {"issue_id": two}, 422)
    assert [one["number"] for one in ada.get("issues/1/dependencies/blocked_by")] == [2]
    assert [one["number"] for one in ada.get("issues/2/dependencies/blocking")] == [1]
    summary = ada.get("issues/1")["issue_dependencies_summary"]
    assert summary == {"blocked_by": 1, "blocking": 0, "total_blocked_by": 1, "total_blocking": 0}
    ada.send("PATCH", "issues/2", {"state": "closed"})
    assert ada.get("issues/1")["issue_dependencies_summary"]["blocked_by"] == 0
    ada.send("DELETE", f"issues/1/dependencies/blocked_by/{two}")
    ada.post("issues/1/sub_issues", {"sub_issue_id": two})
    ada.post("issues/1/sub_issues", {"sub_issue_id": three})
    ada.post("issues/3/sub_issues", {"sub_issue_id": ada.get("issues/1")["id"]}, 422)
    assert ada.get("issues/1")["sub_issues_summary"] == {"total": 2, "completed": 1, "percent_completed": 50}
    query = '{ repository(owner: "ada", name: "calc") { issue(number: 1) { subIssuesSummary { total completed } } } }'
    assert ada.data(query)["repository"]["issue"]["subIssuesSummary"] == {"total": 2, "completed": 1}
    ada.send("DELETE", "issues/1/sub_issue", {"sub_issue_id": three})
    assert [one["number"] for one in ada.get("issues/1/sub_issues")] == [2]
