"""Reading a repository: what is refused counts as unknown and is asked otherwise, and what was cut off is read on."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from bee.github import blockers, checks, read
from bee.github.json import seconds
from bee.model import limits
from bee.model.checks import CheckState
from bee.model.dependencies import Ref
from bee.model.errors import (
    CutOffError,
    ForbiddenError,
    LookError,
    MovedError,
    NotFoundError,
    ServerError,
    UnknownAnswerError,
)
from bee.model.items import Permission, Pull, PullState, Settled
from tests.github.world import (
    API,
    AT,
    DATE,
    NOON,
    OID,
    OTHER,
    REPO,
    actor,
    client,
    graph,
    head,
    issue,
    listed,
    pull,
    refused,
    snapshot,
)

NINE = 1_767_258_000
CLOSED_AT = "2026-01-01T09:00:00Z"


def rest(github: responses.RequestsMock, path: str, body: Any, status: int = 200) -> None:
    """The next REST answer to a GET."""
    github.add("GET", f"{AT}{path}", json=body, status=status, headers=DATE)


def test_a_snapshot_is_one_request(github: responses.RequestsMock) -> None:
    """Time is GitHub's; people are known by lower case."""
    graph(github, {"data": snapshot(listed(issue(1)), listed(pull(2)))})
    one = client()
    seen = read.read_snapshot(one, REPO)
    assert one.requests == 1
    assert one.points == 3
    assert NOON <= seen.now <= NOON + 5
    assert [item.number for item in (*seen.issues, *seen.pulls)] == [1, 2]
    assert seen.permissions == {1: Permission.ADMIN}
    assert seen.policy_text == "version: 1\nintake: all\n"
    assert (seen.default_head, seen.default_tree, seen.repo_id) == (OTHER, OTHER, "R_1")


def test_a_timeline_is_read_by_the_kind_of_each_event(github: responses.RequestsMock) -> None:
    """A pull request of another repository, and an issue that refers to this one, are no step of it."""
    when = {"createdAt": "2026-01-01T10:00:00Z", "actor": actor("ada")}
    linked = {**pull(5), "state": "MERGED", "closedAt": None, "mergeCommit": {"oid": OID}}
    nodes = [
        {"__typename": "LabeledEvent", "label": {"name": "bug"}, **when},
        {"__typename": "UnlabeledEvent", "label": {"name": "bug"}, **when},
        {"__typename": "RenamedTitleEvent", "previousTitle": "before", **when},
        {"__typename": "CrossReferencedEvent", "isCrossRepository": True, "source": {**linked, "number": 6}},
        {"__typename": "CrossReferencedEvent", "isCrossRepository": False, "source": {"__typename": "Issue"}},
        {"__typename": "CrossReferencedEvent", "isCrossRepository": False, "willCloseTarget": False, "source": linked,
         **when},
    ]  # fmt: skip
    graph(github, {"data": snapshot(listed(issue(1, timelineItems=listed(*nodes))))})
    (found,) = read.read_snapshot(client(), REPO).issues
    assert [(event.label, event.added) for event in found.events] == [("bug", True), ("bug", False)]
    assert [rename.before for rename in found.renames] == ["before"]
    assert [(ref.number, ref.state, ref.head) for ref in found.pulls] == [(5, PullState.MERGED, OID)]


def test_case_p9_who_linked_by_hand_and_who_took_it_away_is_kept_in_order(github: responses.RequestsMock) -> None:
    """Either end of the event may be the issue; what closing words said of the pull request stays."""
    here = {"__typename": "Issue"}

    def event(kind: str, number: int, second: int, subject: bool = True, **more: Any) -> dict[str, Any]:
        ends = {"source": here, "subject": {**pull(number), "state": "OPEN", "closedAt": None, "mergeCommit": None}}
        ends = ends if subject else {"source": ends["subject"], "subject": here}
        at = f"2026-01-01T10:00:{second:02}Z"
        return {"__typename": kind, "isCrossRepository": False, "createdAt": at, "actor": actor("ada"), **ends, **more}

    nodes = [
        event("ConnectedEvent", 5, 1),
        event("DisconnectedEvent", 5, 2),
        event("ConnectedEvent", 5, 3, subject=False),
        event("ConnectedEvent", 6, 4),
        event("DisconnectedEvent", 6, 5, subject=False),
        event("ConnectedEvent", 7, 6, isCrossRepository=True),
        event("CrossReferencedEvent", 8, 7, subject=False, willCloseTarget=True),
        event("ConnectedEvent", 8, 8, actor=None),
        event("CrossReferencedEvent", 9, 9, subject=False, willCloseTarget=True),
        event("ConnectedEvent", 9, 10),
        event("DisconnectedEvent", 9, 11),
    ]
    graph(github, {"data": snapshot(listed(issue(1, timelineItems=listed(*nodes))))})
    (found,) = read.read_snapshot(client(), REPO).issues
    at = found.pulls[0].links[0].at - 1
    assert {
        ref.number: (ref.closes, ref.named_at and ref.named_at - at,
                     [(who and who.login, added, when - at) for who, added, when in ref.links])
        for ref in found.pulls
    } == {
        5: (False, 0, [("ada", True, 1), ("ada", False, 2), ("ada", True, 3)]),
        6: (False, 0, [("ada", True, 4), ("ada", False, 5)]),
        8: (True, 7, [(None, True, 8)]),
        9: (True, 9, [("ada", True, 10), ("ada", False, 11)]),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (None, None),
        ({"__typename": "Blob", "oid": OTHER, "text": "x", "isTruncated": True}, None),
        ({"__typename": "Tree"}, None),
        ({"__typename": "Blob", "oid": OTHER, "text": None, "isTruncated": False}, None),
    ],
)
def test_a_policy_that_is_not_wholly_there_is_none(github: responses.RequestsMock, policy: Any, text: Any) -> None:
    graph(github, {"data": snapshot(policy=policy)})
    assert read.read_snapshot(client(), REPO).policy_text is text


# ---- what a token may not read ---------------------------------------------------------------------------------------

USER = {"login": "zoe", "id": 1}
PERMISSIONS: list[tuple[Any, int, Permission]] = [
    ({"permission": "write", "role_name": "maintain", "user": USER}, 200, Permission.MAINTAIN),
    ({"permission": "read", "role_name": "triage", "user": USER}, 200, Permission.TRIAGE),
    ({"permission": "admin", "role_name": "admin", "user": USER}, 200, Permission.ADMIN),
    ({"permission": "write", "role_name": "release-managers", "user": USER}, 200, Permission.WRITE),
    ({"permission": "none", "user": USER}, 200, Permission.NONE),
    ({"permission": "something new", "user": USER}, 200, Permission.NONE),
    ({"permission": "admin", "user": {"login": "zoe", "id": 2}}, 200, Permission.NONE),
    ({"permission": "admin", "user": None}, 200, Permission.NONE),
    ({"message": "Not Found"}, 404, Permission.NONE),
]


@pytest.mark.parametrize(("answer", "status", "expected"), PERMISSIONS)
def test_people_are_asked_for_one_by_one_where_they_are_not_listed(
    github: responses.RequestsMock, answer: Any, status: int, expected: Permission
) -> None:
    """Everybody whose word might count, once each, by id; bots are nobody's collaborators."""
    comment = {
        "id": "IC_1", "fullDatabaseId": "3000000000", "body": "x", "createdAt": "2026-01-01T10:00:00Z",
        "lastEditedAt": None, "url": "u", "author": actor("Zoe"), "editor": None,
    }  # fmt: skip
    robot = {**comment, "author": {"__typename": "Bot", "login": "helper", "databaseId": 3}}
    data = snapshot(listed(issue(comments=listed(comment, robot), author=actor("zoe"))), collaborators=None)
    told = refused("FORBIDDEN", "repository", "collaborators", message="Must have push access to view collaborators.")
    graph(github, {"data": data, "errors": [told]})
    rest(github, "/collaborators/zoe/permission", answer, status)
    one = client()
    seen = read.read_snapshot(one, REPO)
    assert seen.permissions == {1: expected}
    assert seen.issues[0].comments[0].id == 3_000_000_000
    assert one.requests == 2


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_permission_that_cannot_be_looked_up_fails_the_look(
    github: responses.RequestsMock, slept: list[float], status: int
) -> None:
    """Fails closed: unknown is not the same as a stranger, and never the same as a friend."""
    data = snapshot(listed(issue()), collaborators=None)
    graph(github, {"data": data, "errors": [refused("FORBIDDEN", "repository", "collaborators")]})
    for _ in range(limits.REQUEST_TRIES_MAX if status == 500 else 1):
        rest(github, "/collaborators/ada/permission", {"message": "x"}, status)
    with pytest.raises(LookError):
        read.read_snapshot(client(), REPO)


CONTEXT = {
    "__typename": "StatusContext", "context": "ci", "state": "SUCCESS", "description": None,
    "createdAt": "2026-01-01T10:00:00Z", "targetUrl": None, "creator": None,
}  # fmt: skip
_COMMIT = ("repository", "pullRequests", "nodes", 0, "commits", "nodes", 0, "commit", "statusCheckRollup")
# How deep GitHub cuts when a fine-grained token may not read check runs: what is left, and where the errors point.
REFUSED_AT: list[tuple[str, Any, list[tuple[Any, ...]]]] = [
    ("the rollup", None, [_COMMIT]),
    ("its contexts, which are never null", None, [(*_COMMIT, "contexts")]),
    ("each check run", {"contexts": listed(CONTEXT, None)}, [(*_COMMIT, "contexts", "nodes", 1)]),
]
# What REST then says of the head -> what the checks are.
REST_CHECKS: list[tuple[list[tuple[str, str]], list[tuple[str, str, str | None]], set[CheckState]]] = [
    ([], [], set()),
    ([("ci", "success")], [], {CheckState.GREEN}),
    ([("ci", "failure")], [], {CheckState.RED}),
    ([("ci", "error")], [], {CheckState.RED}),
    ([("ci", "pending")], [], {CheckState.PENDING}),
    ([("ci", "success")], [("CI", "completed", "failure")], {CheckState.GREEN, CheckState.RED}),
    ([], [("CI", "completed", "success")], {CheckState.GREEN}),
    ([], [("CI", "completed", "skipped")], {CheckState.GREEN}),
    ([], [("CI", "completed", "cancelled")], {CheckState.PENDING}),
    ([], [("CI", "completed", "stale")], {CheckState.PENDING}),
    ([], [("CI", "completed", "action_required")], {CheckState.ASK}),
    ([], [("CI", "completed", "a new word")], {CheckState.RED}),
    ([], [("CI", "completed", None)], {CheckState.RED}),
    ([], [("CI", "in_progress", None)], {CheckState.PENDING}),
    ([], [("CI", "queued", None)], {CheckState.PENDING}),
]


def rest_checks(
    github: responses.RequestsMock, statuses: list[tuple[str, str]], runs: list[tuple[str, str, str | None]]
) -> None:
    """The two REST answers about a head, with the fields that bee reads and no more."""
    rest(github, f"/commits/{OID}/statuses?per_page=100", [
        {"context": context, "state": state, "created_at": "2026-01-01T10:00:00Z", "description": None,
         "target_url": None, "creator": None} for context, state in statuses])  # fmt: skip
    rest(github, f"/actions/runs?per_page=100&head_sha={OID}", {"workflow_runs": [
        {"name": name, "workflow_id": 1, "status": status, "conclusion": conclusion,
         "updated_at": "2026-01-01T10:00:00Z", "html_url": "u"} for name, status, conclusion in runs]})  # fmt: skip


@pytest.mark.parametrize(("left", "paths"), [row[1:] for row in REFUSED_AT], ids=[row[0] for row in REFUSED_AT])
@pytest.mark.parametrize(("statuses", "runs", "expected"), REST_CHECKS)
def test_refused_checks_are_asked_for_by_rest_and_never_taken_as_none(
    github: responses.RequestsMock, left: Any, paths: list[tuple[Any, ...]], statuses: Any, runs: Any, expected: Any
) -> None:
    """A null rollup beside its refusal is unknown; a null rollup alone is a head without checks."""
    data = snapshot(pulls=listed(pull(rollup=left)))
    graph(github, {"data": data, "errors": [refused("FORBIDDEN", *path) for path in paths]})
    rest_checks(github, statuses, runs)
    (seen,) = read.read_snapshot(client(), REPO).pulls
    assert {check.state for check in seen.checks} == expected
    assert (seen.unread, seen.clean) == (True, False)


def test_a_head_without_checks_is_not_asked_for_again(github: responses.RequestsMock) -> None:
    graph(github, {"data": snapshot(pulls=listed(pull()))})
    one = client()
    assert read.read_snapshot(one, REPO).pulls[0].checks == ()
    assert one.requests == 1


def test_refused_checks_of_one_item_are_asked_for_too(github: responses.RequestsMock) -> None:
    """The merge gate reads its pull request this way."""
    path = ("repository", "issueOrPullRequest", *_COMMIT[4:])
    data = {
        "viewer": {"login": "bee", "databaseId": 2},
        "repository": head(lease=None, issueOrPullRequest=pull()),
    }
    graph(github, {"data": data, "errors": [refused("FORBIDDEN", *path)]})
    rest_checks(github, [("ci", "failure")], [])
    github.add("GET", f"{AT}/git/ref/bee/items/2", json={"message": "Not Found"}, status=404)
    item = read.read_item(client(), REPO, 2).item
    assert isinstance(item, Pull)
    assert [check.state for check in item.checks] == [CheckState.RED]


OTHERWISE: list[tuple[str, list[dict[str, Any]], Any, type[Exception], str]] = [
    ("not found", [refused("NOT_FOUND", "repository")], None, NotFoundError, f"GitHub shows no {REPO}"),
    ("forbidden elsewhere", [refused("FORBIDDEN", "repository", "issues")], {}, ForbiddenError, f"this in {REPO}"),
    ("no type at all", [{"message": "Something went wrong"}], None, ServerError, "Something went wrong"),
    (
        "refused and something else",
        [refused("FORBIDDEN", "repository", "collaborators"), {"message": "timeout"}], {}, UnknownAnswerError,
        "timeout",
    ),
    ("refused, and nothing beside", [refused("FORBIDDEN", "repository", "collaborators")], None, ForbiddenError, "may"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("errors", "data", "cause", "words"), [row[1:] for row in OTHERWISE], ids=[row[0] for row in OTHERWISE]
)
def test_every_other_graphql_error_fails_the_look(
    github: responses.RequestsMock, errors: Any, data: Any, cause: Any, words: str
) -> None:
    graph(github, {"data": {**snapshot(), **data} if data is not None else None, "errors": errors})
    with pytest.raises(cause, match=words):
        read.read_snapshot(client(), REPO)


def test_case_r6_a_renamed_repository_says_its_new_name(github: responses.RequestsMock) -> None:
    """In other letter case it is the same."""
    graph(github, {"data": snapshot(nameWithOwner=REPO.upper())})
    read.read_snapshot(client(), REPO)
    graph(github, {"data": snapshot(nameWithOwner="ada/sums")})
    with pytest.raises(MovedError, match=f"{REPO} is called ada/sums now"):
        read.read_snapshot(client(), REPO)


@pytest.mark.parametrize("repository", [None, {"defaultBranchRef": None}])
def test_a_repository_that_is_not_shown_or_is_empty_is_not_there(
    github: responses.RequestsMock, repository: Any
) -> None:
    data = snapshot()
    data["repository"] = repository and {**data["repository"], **repository}
    graph(github, {"data": data})
    with pytest.raises(NotFoundError, match=REPO):
        read.read_snapshot(client(), REPO)


# ---- what was cut off ------------------------------------------------------------------------------------------------


def asked(github: responses.RequestsMock, number: int) -> dict[str, Any]:
    """The variables of the request with this number."""
    return dict(json.loads(github.calls[number].request.body or b"")["variables"])


def test_every_list_of_the_repository_is_read_on(github: responses.RequestsMock) -> None:
    """Issues, pull requests, refs and collaborators, each from where its page ended."""
    ref = {"name": "7", "target": {"__typename": "Commit", "oid": OID, "message": "x"}}
    edge = {"permission": "READ", "node": {"login": "Rea", "databaseId": 4}}
    data = snapshot(listed(issue(1), more="i1"), listed(pull(2), more="p1"), items=listed(more="r1"))
    data["repository"]["collaborators"]["pageInfo"] = {"hasNextPage": True, "endCursor": "c1"}
    graph(github, {"data": data})
    graph(github, {"data": {"repository": {"issues": listed(issue(3), more="i2")}}})
    graph(github, {"data": {"repository": {"issues": listed(issue(4))}}})
    graph(github, {"data": {"repository": {"pullRequests": listed(pull(5))}}})
    graph(github, {"data": {"repository": {"items": listed(ref)}}})
    people = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "edges": [edge]}
    graph(github, {"data": {"repository": {"collaborators": people}}})
    graph(github, {"data": {"repository": {"commit0": None}}})  # what lies below a record that does not verify
    seen = read.read_snapshot(client(), REPO)
    assert [one.number for one in seen.issues] == [1, 3, 4]
    assert [one.number for one in seen.pulls] == [2, 5]
    assert seen.items[7].oid == OID
    assert [asked(github, number).get("after") for number in range(1, 7)] == ["i1", "i2", "p1", "r1", "c1", None]
    assert seen.permissions == {1: Permission.ADMIN, 4: Permission.READ}


@pytest.mark.parametrize("name", ["labels", "comments", "userContentEdits", "timelineItems"])
def test_every_list_of_an_issue_is_read_on(github: responses.RequestsMock, name: str) -> None:
    graph(github, {"data": snapshot(listed(issue(**{name: listed(more="x1")})))})
    graph(github, {"data": {"node": {"__typename": "Issue", name: listed()}}})
    read.read_snapshot(client(), REPO)
    assert asked(github, 1) == {"id": "I_1", "after": "x1"}
    assert name in json.loads(github.calls[1].request.body or b"")["query"]


def test_the_checks_of_a_head_are_read_on(github: responses.RequestsMock) -> None:
    graph(github, {"data": snapshot(pulls=listed(pull(rollup={"contexts": listed(CONTEXT, more="x1")})))})
    red = {**CONTEXT, "context": "late", "state": "FAILURE"}
    commit = {"oid": OID, "committedDate": "2026-01-01T09:00:00Z", "statusCheckRollup": {"contexts": listed(red)}}
    graph(github, {"data": {"node": {"__typename": "PullRequest", "commits": {"nodes": [{"commit": commit}]}}}})
    (seen,) = read.read_snapshot(client(), REPO).pulls
    assert [check.state for check in seen.checks] == [CheckState.GREEN, CheckState.RED]


def test_a_list_that_vanishes_while_it_is_read_fails_the_look(github: responses.RequestsMock) -> None:
    graph(github, {"data": snapshot(listed(issue(comments=listed(more="x1"))))})
    graph(github, {"data": {"node": None}})
    with pytest.raises(CutOffError, match="changed while it was read"):
        read.read_snapshot(client(), REPO)


def test_a_list_without_an_end_fails_the_look(github: responses.RequestsMock) -> None:
    graph(github, {"data": snapshot(listed(more="x"))})
    for _ in range(limits.PAGES_PER_LIST_MAX):
        graph(github, {"data": {"repository": {"issues": listed(more="x")}}})
    with pytest.raises(CutOffError, match="nothing was decided"):
        read.read_snapshot(client(), REPO)


# ---- dependencies ----------------------------------------------------------------------------------------------------


def blocker(number: int, state: str = "open", repo: str = REPO) -> dict[str, Any]:
    """An issue that another one waits for."""
    closed = {"closed_at": CLOSED_AT, "state_reason": "not_planned"} if state == "closed" else {}
    return {"number": number, "state": state, "repository_url": f"https://api.github.example/repos/{repo}", **closed}


def test_few_issues_are_asked_for_their_dependencies_one_by_one(github: responses.RequestsMock) -> None:
    """Closed ones do not count, foreign ones have their repository; the name's case is GitHub's."""
    answer = [blocker(8), blocker(9, "closed"), blocker(10, repo="other/place"), blocker(11, repo="Ada/Calc")]
    rest(github, "/issues/7/dependencies/blocked_by?per_page=100", answer)
    assert blockers.read_dependencies(client(), REPO, [7], 5) == {
        7: (3, (8, 11), ("other/place#10",), (Settled("#9", NINE, False),))
    }


def test_an_issue_that_is_gone_waits_for_nothing(github: responses.RequestsMock) -> None:
    rest(github, "/issues/7/dependencies/blocked_by?per_page=100", {"message": "Not Found"}, 404)
    assert blockers.read_dependencies(client(), REPO, [7], 1) == {}


def test_many_issues_are_found_in_the_list_of_all(github: responses.RequestsMock) -> None:
    """The list says which depend on anything; pull requests stand in it too, and old servers say nothing."""
    rest(github, "/issues?per_page=100&state=open&sort=created&direction=asc", [
        {"number": 1, "issue_dependencies_summary": {"blocked_by": 1}}, {"number": 2},
        {"number": 3, "issue_dependencies_summary": {"blocked_by": 0}},
        {"number": 4, "pull_request": {}, "issue_dependencies_summary": {"blocked_by": 1}}])  # fmt: skip
    rest(github, "/issues/1/dependencies/blocked_by?per_page=100", [blocker(3)])
    assert blockers.read_dependencies(client(), REPO, [1, 2, 3], 4) == {1: (1, (3,), (), ())}


@pytest.mark.parametrize(
    ("ref", "answer", "found"),
    [
        (Ref("", 9), {"state": "open"}, None),
        (
            Ref("", 9),
            {"state": "closed", "state_reason": "completed", "closed_at": CLOSED_AT},
            Settled("#9", NINE, True),
        ),
        (
            Ref("", 9),
            {"state": "closed", "state_reason": "duplicate", "closed_at": CLOSED_AT},
            Settled("#9", NINE, False),
        ),
        (Ref("", 9), {"state": "closed", "state_reason": None}, Settled("#9", 0, True)),
        (Ref("", 9), {"state": "closed", "pull_request": {"merged_at": CLOSED_AT}}, Settled("#9", 0, True)),
        (Ref("", 9), {"state": "closed", "pull_request": {"merged_at": None}}, Settled("#9", 0, False)),
        (Ref("", 9), None, Settled("#9", 0, False)),
        (Ref("other/place", 9), None, None),
        (Ref("other/place", 9), {"state": "closed"}, Settled("other/place#9", 0, True)),
    ],
)
def test_how_what_a_text_waits_for_was_closed(
    github: responses.RequestsMock, ref: Ref, answer: dict[str, Any] | None, found: Settled | None
) -> None:
    """What is not shown elsewhere may be open; what does not exist here will not be done."""
    url = f"{API}/repos/{ref.repo or REPO}/issues/9"
    github.add("GET", url, json=answer or {"message": "Not Found"}, status=200 if answer else 404, headers=DATE)
    assert blockers.read_closed(client(), REPO, ref) == found


# ---- when the last change was ----------------------------------------------------------------------------------------


def test_the_last_change_is_asked_for_by_its_etag(github: responses.RequestsMock) -> None:
    """Once read, an answer that is still the same costs nothing and says nothing; another one says when."""
    asked = "/issues?state=all&sort=updated&direction=desc&per_page=1"
    etag = 'W/"1"'
    found = [{"updated_at": "2026-03-01T11:00:00Z"}]
    github.get(f"{API}/repos/{REPO}{asked}", json=found, headers={**DATE, "ETag": etag})
    same = [responses.matchers.header_matcher({"If-None-Match": etag})]
    github.get(f"{API}/repos/{REPO}{asked}", status=304, headers=DATE, match=same)
    this = client()
    assert this.last_change(REPO, "") == (seconds("2026-03-01T11:00:00Z"), etag)
    assert this.last_change(REPO, etag) == (None, etag)
    assert (this.requests, this.charged) == (2, 1)


def test_a_repository_without_items_was_never_changed(github: responses.RequestsMock) -> None:
    rest(github, "/issues?state=all&sort=updated&direction=desc&per_page=1", [])
    assert client().last_change(REPO, "") == (0, "")


@pytest.mark.parametrize(("minimum", "asked"), [(1, True), (0, False)])
def test_a_team_that_must_approve_is_a_rule_of_its_own(
    github: responses.RequestsMock, minimum: int, asked: bool
) -> None:
    """With none to give, the team is only asked."""
    teams = [{"file_patterns": ["*"], "minimum_approvals": minimum, "reviewer": {"id": 4, "type": "Team"}}]
    rule = {"type": "pull_request", "parameters": {"required_reviewers": teams}, "ruleset_id": 7}
    github.add("GET", f"{AT}/rules/branches/main", json=[rule], headers=DATE)
    kinds = checks.read_demands(client(), REPO, "main", classic=False).rules.kinds
    assert kinds == ({"pull_request", "required_reviewers"} if asked else {"pull_request"})
