"""Answers that the real GitHub gave to other clients, read by bee's own door and readers.

Each exchange is answered once, on its own, with the recorded status, headers and body. What bee makes of it is held
against the recording. How many were fed stands in the counts at the end, so that a reader cannot lose them silently.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
import responses

from bee.github import blockers, git_database, probe, write
from bee.github import checks as reporters
from bee.github import read as reading
from bee.github.client import GitHubClient, Servers
from bee.github.errors import GraphQLErrors
from bee.github.json import seconds
from bee.model.checks import CheckState
from bee.model.errors import (
    AuthError,
    BeeError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    RefusedError,
    ServerError,
)
from bee.model.items import Permission, Settled, Who
from bee.system.clock import Clock
from tests.recorded import fetch
from tests.recorded.exchanges import Exchange, all_of_them

URL = "https://api.github.com"
pytestmark = pytest.mark.skipif(
    not (fetch.pygithub().is_dir() and fetch.fixtures().is_dir()),
    reason="the recordings are not in the cache: python -m tests.recorded.fetch",
)


class Hasty(Clock):
    """A clock that does not wait."""

    def sleep(self, seconds: float) -> None:
        """At once."""


@pytest.fixture
def github() -> Iterator[responses.RequestsMock]:
    """What answers; an address without an answer raises."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as made:
        yield made


def client() -> GitHubClient:
    """A door to the real addresses, which `github` answers."""
    return GitHubClient(Servers(), "t", clock=Hasty())


def answer(github: responses.RequestsMock, one: Exchange, method: str = "", path: str = "") -> None:
    """The recorded answer, as often as it is asked for; `path` where bee asks with another query."""
    dropped = {"content-type", "content-length", "transfer-encoding", "content-encoding", "connection"}
    headers = {name: value for name, value in one.headers.items() if name not in dropped}
    github.add(
        method or one.method, f"{URL}{(path or one.path).split('?')[0]}", body=one.body.encode(), status=one.status,
        headers=headers, content_type="application/json",
    )  # fmt: skip


def matching(method: str, pattern: str, *statuses: int) -> list[tuple[Exchange, re.Match[str]]]:
    """The recorded exchanges of one endpoint."""
    found = []
    for one in all_of_them():
        match = re.fullmatch(r"/repos/(?P<repo>[^/]+/[^/]+)" + pattern, one.path.split("?")[0])
        if match and one.method == method and one.status in (statuses or (200, 201)):
            found.append((one, match))
    return found


# ---- the door --------------------------------------------------------------------------------------------------------

# status of the answer -> what it is to bee
CAUSES: dict[int, tuple[type[BeeError], ...]] = {
    400: (RefusedError,), 401: (AuthError,), 403: (ForbiddenError, RateLimitError), 404: (NotFoundError,),
    405: (RefusedError,), 409: (RefusedError,), 410: (NotFoundError,), 415: (ServerError,), 422: (RefusedError,),
    429: (RateLimitError,), 500: (ServerError,), 502: (ServerError,), 503: (ServerError,), 504: (ServerError,),
}  # fmt: skip


def test_every_recorded_error_is_an_error_of_its_cause(github: responses.RequestsMock) -> None:
    """With what GitHub said in its text, where it said anything; none is taken for an answer."""
    fed = 0
    for one in all_of_them():
        if one.status < 400:
            continue
        answer(github, one)
        with pytest.raises(CAUSES[one.status]) as caught:
            client().rest(one.method, one.path.split("?")[0], {} if one.method != "GET" else None)
        message = one.json.get("message") if one.body.startswith("{") else None
        assert message is None or message[:100] in str(caught.value), one.source
        github.reset()
        fed += 1
    print(f"{fed} recorded errors fed")
    assert fed >= 80


def test_every_rate_limit_header_is_read(github: responses.RequestsMock) -> None:
    """REST and GraphQL apart, where GitHub says which; old answers say less and are taken for REST."""
    seen: dict[str, int] = {}
    for one in all_of_them():
        if one.status != 200 or "x-ratelimit-reset" not in one.headers or not _is_json(one):
            continue
        if sum(seen.values()) >= 300 and one.headers.get("x-ratelimit-resource") in {*seen, None}:
            continue
        answer(github, one)
        this = client()
        this.rest(one.method, one.path.split("?")[0], {} if one.method != "GET" else None)
        github.reset()
        for left in this.rate_limits.values():
            assert left.remaining == int(one.headers["x-ratelimit-remaining"])
            assert left.reset == int(one.headers["x-ratelimit-reset"])
            seen[left.resource] = seen.get(left.resource, 0) + 1
    print(f"{sum(seen.values())} recorded limits fed: {seen}")
    assert seen.get("core", 0) >= 100


def _is_json(one: Exchange) -> bool:
    return one.body[:1] in ("{", "[") and not one.path.startswith("/graphql")


def test_a_recorded_304_says_that_nothing_changed(github: responses.RequestsMock) -> None:
    fed = 0
    for one in all_of_them():
        if one.status == 304 and one.path.startswith("/repos/"):
            repo = "/".join(one.path.split("?")[0].split("/")[2:4])
            answer(github, one, path=f"/repos/{repo}/issues")
            this = client()
            assert this.last_change(repo, '"x"') == (None, '"x"')
            assert (this.requests, this.charged) == (1, 0)
            github.reset()
            fed += 1
    print(f"{fed} recorded answers 304 fed")
    assert fed >= 10


def test_recorded_pages_are_followed_to_their_end(github: responses.RequestsMock) -> None:
    """Octokit's scenario of 13 issues, three to a page, through GitHub's own `Link` headers."""
    pages = [one for one in all_of_them() if one.source == "paginate-issues.json" and "issues" in one.path]
    lists = [one for one in pages if one.method == "GET" and 'rel="next"' in one.headers.get("link", "")]
    assert lists
    numbers = []
    for one in pages:
        if one.method == "GET" and one.status == 200:
            headers = {name: value for name, value in one.headers.items() if name in ("link", "date")}
            github.add("GET", f"{URL}{one.path}", body=one.body, headers=headers)
            numbers += [issue["number"] for issue in one.json]
    first = lists[0].path
    path, _, query = first.partition("?")
    asked = dict(pair.split("=") for pair in query.split("&"))
    found = client().pages(path, asked)
    assert [issue.number("number") for issue in found] == numbers[: len(found)]
    assert len(found) > len(lists[0].json)


def test_recorded_graphql_answers_are_their_data_or_their_errors(github: responses.RequestsMock) -> None:
    fed = 0
    for one in all_of_them():
        if one.path != "/graphql" or one.status != 200:
            continue
        answer(github, one, path="/graphql")
        body = one.json
        if body.get("errors"):
            with pytest.raises(GraphQLErrors) as caught:
                client().graphql("query { a }", {})
            assert caught.value.errors == tuple(body["errors"])
        else:
            assert client().graphql("query { a }", {}) == body["data"]
        github.reset()
        fed += 1
    print(f"{fed} recorded GraphQL answers fed")
    assert fed >= 40


# ---- the readers -----------------------------------------------------------------------------------------------------

Reader = Callable[[GitHubClient, str, re.Match[str]], Any]
Wanted = Callable[[Any], Any]


def _waits(found: list[dict[str, Any]], repo: str) -> tuple[int, tuple[int, ...], tuple[str, ...], tuple[Settled, ...]]:
    here = [one for one in found if one["repository_url"].endswith(f"/repos/{repo}")]
    still = tuple(one["number"] for one in here if one["state"] == "open")
    closed = tuple(
        Settled(f"#{one['number']}", seconds(one["closed_at"]) or 0, one["state_reason"] == "completed")
        for one in here
        if one["state"] == "closed"
    )
    assert len(here) == len(found), "of one repository"
    return len(still), still, (), closed


def _latest(issues: list[dict[str, Any]]) -> int:
    return max((seconds(one["updated_at"]) or 0 for one in issues), default=0)


def _account(login: str) -> Who:
    """The account that the recordings show under a login."""
    bodies = (one.json for one in all_of_them() if one.path.endswith(f"/collaborators/{login}/permission"))
    return Who(login, next((body["user"]["id"] for body in bodies if "user" in body), None))


# (endpoint, bee's reader, what the recording says it is, how many there are at least)
READERS: list[tuple[str, str, Reader, Wanted, int]] = [
    ("GET", "/collaborators/(?P<who>[^/]+)/permission",
     lambda d, r, m: reading.read_permission(d, r, _account(m["who"])),
     lambda b: Permission((b.get("role_name") or b["permission"]).upper()), 2),
    ("GET", "/git/ref/(?P<ref>.+)", lambda d, r, m: git_database.read_oid(d, r, f"refs/{m['ref']}"),
     lambda b: b["object"]["sha"], 7),
    ("GET", "/git/commits/(?P<oid>[0-9a-f]{40})", lambda d, r, m: git_database.read_commit(d, r, m["oid"]),
     lambda b: (b["tree"]["sha"], tuple(parent["sha"] for parent in b["parents"])), 5),
    ("POST", "/git/commits", lambda d, r, m: git_database.create_commit(d, r, "m", "t", []), lambda b: b["sha"], 4),
    ("POST", "/issues", lambda d, r, m: write.create_issue(d, r, "t", "b"), lambda b: b["number"], 10),
    ("POST", "/pulls", lambda d, r, m: write.open_pull(d, r, "h", "b", "t", "b"), lambda b: b["number"], 3),
    ("POST", "/issues/(?P<number>[0-9]+)/comments", lambda d, r, m: write.comment(d, r, int(m["number"]), "b"),
     lambda b: b.get("html_url") or "", 1),
    ("POST", "/pulls/(?P<number>[0-9]+)/reviews",
     lambda d, r, m: write.review(d, r, int(m["number"]), "h", "COMMENT", "b"), lambda b: b.get("html_url") or "", 2),
    ("PUT", "/pulls/(?P<number>[0-9]+)/merge",
     lambda d, r, m: write.merge(d, r, int(m["number"]), "h", "squash", "t", "m"), lambda b: b["sha"], 3),
    ("POST", "/issues/(?P<number>[0-9]+)/labels", lambda d, r, m: write.add_labels(d, r, int(m["number"]), ["x"]),
     lambda b: None, 5),
    ("DELETE", "/issues/(?P<number>[0-9]+)/labels/(?P<name>[^/]+)",
     lambda d, r, m: write.remove_label(d, r, int(m["number"]), unquote(m["name"])), lambda b: None, 9),
    ("PATCH", "/issues/(?P<number>[0-9]+)", lambda d, r, m: write.edit_issue(d, r, int(m["number"]), state="closed"),
     lambda b: None, 8),
    ("POST", "/statuses/(?P<sha>[0-9a-f]+)", lambda d, r, m: write.set_status(d, r, m["sha"], "c", "success", "", ""),
     lambda b: None, 1),
    ("GET", "/issues", lambda d, r, m: d.last_change(r, "")[0], _latest, 40),
    ("GET", "/labels", lambda d, r, m: probe.read_labels(d, r), lambda b: {one["name"] for one in b}, 2),
]  # fmt: skip


@pytest.mark.parametrize("row", READERS, ids=lambda row: f"{row[0]} {row[1].split('(')[0]}")
def test_what_was_recorded_is_read_as_it_was(
    github: responses.RequestsMock, row: tuple[str, str, Reader, Wanted, int]
) -> None:
    """Names, oids, numbers and times of the recordings themselves."""
    method, pattern, read, wanted, least = row
    fed = 0
    for one, match in matching(method, pattern):
        if _shortened(one):
            continue
        answer(github, without_next(one))
        assert read(client(), match["repo"], match) == wanted(one.json), one.source
        github.reset()
        fed += 1
    print(f"{method} {pattern}: {fed} recorded exchanges fed")
    assert fed >= least


def _shortened(one: Exchange) -> bool:
    """Whether somebody cut the recording down: GitHub's answer has had these fields all the time."""
    body = one.json
    rows = body.get("workflow_runs", ()) if isinstance(body, dict) else body or ()
    listed = one.method == "GET" and one.path.split("?")[0].endswith(("/issues", "/actions/runs"))
    return listed and (body is None or any(not row or not {"updated_at", "url"} <= row.keys() for row in rows))


def without_next(one: Exchange) -> Exchange:
    """A page that is the last one."""
    return Exchange(
        one.source, one.method, one.path, one.status, {k: v for k, v in one.headers.items() if k != "link"}, one.body
    )


def test_recorded_dependencies_are_read(github: responses.RequestsMock) -> None:
    fed = 0
    for one, match in matching("GET", "/issues/(?P<number>[0-9]+)/dependencies/blocked_by"):
        answer(github, without_next(one))
        number, repo = int(match["number"]), match["repo"]
        assert blockers.read_dependencies(client(), repo, [number], 1000) == {number: _waits(one.json, repo)}
        github.reset()
        fed += 1
    assert fed >= 4


def test_recorded_pull_requests_say_how_they_were_merged(github: responses.RequestsMock) -> None:
    fed = 0
    for one, match in matching("GET", "/pulls/(?P<number>[0-9]+)"):
        body = one.json if one.body.startswith("{") else {}  # or it was asked for as a diff
        if body.get("merged") and body.get("merge_commit_sha"):
            answer(github, one)
            merged = write.merged_as(client(), match["repo"], int(match["number"]))
            assert merged == (body["merge_commit_sha"], body["merged_by"]["login"]), one.source
            github.reset()
            fed += 1
    assert fed >= 5


def test_recorded_statuses_and_workflow_runs_are_checks(github: responses.RequestsMock) -> None:
    """As they are read where a token may not read check runs; a word that bee does not know is never green."""
    fed = 0
    for kind, pattern in (("status", "/commits/(?P<sha>[0-9a-f]+)/status"), ("runs", "/actions/runs")):
        for one, match in matching("GET", pattern):
            repo, body = match["repo"], one.json
            if _shortened(one):
                continue
            sha = match.groupdict().get("sha") or "0" * 40
            statuses = body["statuses"] if kind == "status" else []
            github.add("GET", f"{URL}/repos/{repo}/commits/{sha}/statuses", json=statuses)
            if kind == "runs":
                answer(github, without_next(one))
            else:
                github.add("GET", f"{URL}/repos/{repo}/actions/runs", json={"workflow_runs": []})
            found = reporters.checks_elsewhere(client(), repo, sha)
            if kind == "status":
                assert [check.name for check in found] == [status["context"] for status in body["statuses"]]
                green = [status["state"] == "success" for status in body["statuses"]]
            else:
                assert [check.name for check in found] == [
                    run.get("name") or f"workflow {run['workflow_id']}" for run in body["workflow_runs"]
                ]
                fine = ("success", "neutral", "skipped")
                green = [r["status"] == "completed" and r["conclusion"] in fine for r in body["workflow_runs"]]
            assert [check.state is CheckState.GREEN for check in found] == green
            github.reset()
            fed += 1
    print(f"{fed} recorded lists of checks fed")
    assert fed >= 8


def test_an_answer_of_another_shape_is_a_clear_error(github: responses.RequestsMock) -> None:
    """A page of a proxy, half an answer, a time that is none: said in words, and never taken for a fact."""
    (one, match), *_ = matching("GET", "/issues")
    github.add("GET", f"{URL}{one.path.split('?')[0]}", body="<html>Sign in</html>", status=200)
    with pytest.raises(ServerError, match="is not JSON"):
        client().last_change(match["repo"], "")
    github.reset()
    bad = json.dumps([{**one.json[0], "updated_at": "yesterday"}])
    github.add("GET", f"{URL}{one.path.split('?')[0]}", body=bad)
    with pytest.raises(ServerError, match=r"updated_at should be a time \(it is 'yesterday'\)"):
        client().last_change(match["repo"], "")
