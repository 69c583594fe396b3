"""The door to HTTP: what each answer of GitHub becomes, what is asked again, and what time it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from bee.github.client import GitHubClient, Servers
from bee.github.errors import GraphQLErrors
from bee.github.rate_limit import RateLimit, expiry_text
from bee.model import limits
from bee.model.errors import (
    AuthError,
    BeeError,
    CutOffError,
    ForbiddenError,
    LookError,
    MovedError,
    NotFoundError,
    RateLimitError,
    RefusedError,
    RuleError,
    ServerError,
    UnknownAnswerError,
    UnreachableError,
)
from bee.system.clock import Clock
from tests.github.world import API, DATE, GRAPHQL, NOON, client, graph, refused

USER = f"{API}/user"


def said(status: int, message: str = "No", errors: Any = None, **headers: str) -> dict[str, Any]:
    """An answer with GitHub's body of an error."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"message": message, **({"errors": errors} if errors else {})}
    return {"status": status, "json": body, "headers": {**DATE, **names}}


# What GitHub answers -> the error, words that its text must hold, and the exit code it ends in.
CAUSES: list[tuple[str, dict[str, Any], type[BeeError], str, int]] = [
    ("401", said(401, "Bad credentials"), AuthError, "set GH_TOKEN or run `gh auth login`", 75),
    ("403 plain", said(403, "Resource not accessible"), ForbiddenError, "may not do this (Resource not", 75),
    ("403 secondary", said(403, "Wait", Retry_After="90"), RateLimitError, "it ends at 12:01:30 UTC", 75),
    (
        "403 primary",
        said(403, "API rate limit", x_ratelimit_remaining="0", x_ratelimit_reset=str(NOON + 600)),
        RateLimitError, "it ends at 12:10:00 UTC", 75,
    ),
    ("403 secondary in words only", said(403, "a secondary rate limit"), RateLimitError, "12:01:00 UTC", 75),
    ("403 with something left", said(403, "No", x_ratelimit_remaining="7"), ForbiddenError, "may not", 75),
    ("429", said(429, "Too many"), RateLimitError, "12:01:00 UTC", 75),
    ("429 with its time", said(429, "Too many", Retry_After="50"), RateLimitError, "in 50 s", 75),
    ("404", said(404, "Not Found"), NotFoundError, "GitHub has no /api/v3/user for this token", 2),
    ("410", said(410, "Gone"), NotFoundError, "Gone", 2),
    ("405", said(405, "Not mergeable"), RefusedError, "GitHub refused (405): Not mergeable", 75),
    ("409", said(409, "Head moved"), RefusedError, "GitHub refused (409): Head moved", 75),
    ("422", said(422, "Exists"), RefusedError, "GitHub refused (422): Exists", 75),
    ("400", said(400, "Problems parsing JSON"), RefusedError, "(400)", 75),
    ("451", said(451, "Blocked"), ForbiddenError, "may not do this (Blocked)", 75),
    (
        "422 too quickly",
        said(422, "Validation Failed", errors=[{"message": "was submitted too quickly"}]),
        RateLimitError, "it ends at 12:01:00 UTC", 75,
    ),
    (
        "422 rule", said(422, "Repository rule violations found"), RuleError,
        "GitHub refused (422): Repository rule violations found", 75,
    ),
    (
        "403 single sign-on",
        said(403, "Resource protected by organization SAML enforcement.", X_GitHub_SSO="required; url=https://s.example/"),
        ForbiddenError, "authorize it at https://s.example/", 75,
    ),
    ("418", said(418, "I'm a teapot"), UnknownAnswerError, "GitHub answered 418", 75),
    ("301 elsewhere", said(301, "Moved", Location="https://else.example/"), MovedError, "has moved to https", 75),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "cause", "words", "code"), [row[1:] for row in CAUSES], ids=[r[0] for r in CAUSES])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_becomes_an_error_by_its_cause(
    github: responses.RequestsMock,
    slept: list[float],
    method: str,
    answer: dict[str, Any],
    cause: Any,
    words: str,
    code: int,
) -> None:
    """Reads and writes alike; only what may pass by itself is asked again, and only by reads."""
    again = issubclass(cause, ServerError) and method == "GET"
    for _ in range(limits.REQUEST_TRIES_MAX if again else 1):
        github.add(method, USER, **answer)
    with pytest.raises(cause) as caught:
        client().rest(method, "/user")
    assert type(caught.value) is cause
    assert words in str(caught.value)
    assert caught.value.exit_code == code
    assert len(slept) == (limits.REQUEST_TRIES_MAX - 1 if again else 0)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_asked_again_by_reads_only(
    github: responses.RequestsMock, slept: list[float], status: int
) -> None:
    """A read is tried again with a growing pause; a write is not: its reply may have been lost, not its effect."""
    github.add("GET", USER, status=status)
    github.add("GET", USER, status=status)
    github.add("GET", USER, json={"login": "bee"}, headers=DATE)
    one = client()
    assert one.rest("GET", "/user")[0] == {"login": "bee"}
    assert one.requests == 3
    assert slept == sorted(slept)
    assert len(slept) == 2
    github.add("PUT", USER, status=status, body="<html>oops</html>")
    with pytest.raises(ServerError, match=f"GitHub answered {status}"):
        one.rest("PUT", "/user")
    assert one.requests == 4


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "problem",
    [
        requests.ConnectionError("reset"),
        requests.Timeout("slow"),
        requests.exceptions.ChunkedEncodingError("broken off"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_no_answer_names_the_server_and_never_the_token(
    github: responses.RequestsMock, slept: list[float], method: str, problem: Exception
) -> None:
    tries = limits.REQUEST_TRIES_MAX if method == "GET" else 1
    for _ in range(tries):
        github.add(method, USER, body=problem)
    one = client()
    with pytest.raises(UnreachableError) as caught:
        one.rest(method, "/user", {"a": 1} if method != "GET" else None)
    assert f"no answer from github.example ({type(problem).__name__})" in str(caught.value)
    assert "t-bee" not in str(caught.value)
    assert one.requests == tries


def test_every_request_has_a_time_limit_and_says_who_asks(github: responses.RequestsMock) -> None:
    limited = matchers.request_kwargs_matcher({"timeout": limits.REQUEST_SECONDS_MAX, "stream": False})
    headers = matchers.header_matcher(
        {
            "Authorization": "Bearer t-bee",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "bee",
        }
    )
    for method in ("GET", "POST"):
        github.add(method, USER, json={}, match=[limited, headers])
    github.add("POST", GRAPHQL, json={"data": {}}, match=[limited, headers])
    github.add("GET", f"{API}/list?per_page=100", json=[], match=[limited, headers])
    one = client()
    one.rest("GET", "/user")
    one.rest("POST", "/user", {})
    one.graphql("query { a }", {})
    one.pages("/list")
    assert one.requests == 4


def test_a_netrc_of_this_machine_does_not_take_the_tokens_place(
    github: responses.RequestsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """curl's password file may know the host too, with somebody else's login."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine github.example login eve password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    github.add("GET", USER, json={}, match=[matchers.header_matcher({"Authorization": "Bearer t-bee"})])
    assert client().rest("GET", "/user")[0] == {}


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_case_r6_a_renamed_repository_is_followed_on_the_same_server_word_for_word(
    github: responses.RequestsMock, method: str, status: int
) -> None:
    """https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects"""
    github.add(method, USER, status=status, headers={"Location": f"{API}/repositories/7/issues"}, json={})
    body = {"a": 1} if method != "GET" else None
    same = [matchers.json_params_matcher(body)] if body else []
    github.add(method, f"{API}/repositories/7/issues", json={"number": 3}, match=same)
    assert client().rest(method, "/user", body)[0] == {"number": 3}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/api/v3/user", f"{API}.evil.example/", "http://github.example/api/v3/user", ""]
)
def test_case_r6_nothing_is_carried_to_another_server(github: responses.RequestsMock, method: str, url: str) -> None:
    """The token goes to the server it is for; a write that was not done does not count as done."""
    github.add(method, USER, status=307, headers={"Location": url} if url else {}, json={})
    one = client()
    with pytest.raises(MovedError, match="has moved"):
        one.rest(method, "/user", {})
    assert one.requests == 1


def test_case_r6_a_redirect_without_an_end_ends(github: responses.RequestsMock, slept: list[float]) -> None:
    for _ in range(limits.REDIRECTS_MAX):
        github.add("POST", USER, status=307, headers={"Location": USER}, json={})
    with pytest.raises(UnknownAnswerError, match="at last to"):
        client().rest("POST", "/user", {})


@pytest.mark.parametrize("body", ["<html>", "{", ""])
def test_what_is_not_json_is_a_server_error_or_nothing(github: responses.RequestsMock, body: str) -> None:
    github.add("GET", USER, body=body, headers=DATE)
    one = client()
    if body:
        with pytest.raises(ServerError, match="is not JSON"):
            one.rest("GET", "/user")
    else:
        assert one.rest("GET", "/user")[0] is None


def test_errors_in_the_body_are_told_with_the_message(github: responses.RequestsMock) -> None:
    errors = [{"message": "name is taken"}, {"code": "missing_field"}, "plain"]
    github.add("POST", USER, status=422, json={"message": "Validation Failed", "errors": errors})
    with pytest.raises(RefusedError, match="Validation Failed; name is taken; missing_field; plain"):
        client().rest("POST", "/user", {})


def test_the_clock_is_githubs(github: responses.RequestsMock) -> None:
    """The Date of the last answer, errors included; zero before the first; an answer without one changes nothing."""
    one = client()
    assert one.now() == 0
    github.add("GET", USER, json={}, headers=DATE)
    one.rest("GET", "/user")
    assert NOON <= one.now() <= NOON + 5
    github.add("GET", USER, json={})
    one.rest("GET", "/user")
    assert NOON <= one.now() <= NOON + 5
    github.add("GET", USER, status=404, json={}, headers={"Date": "Thu, 01 Jan 2026 13:00:00 GMT"})
    with pytest.raises(NotFoundError):
        one.rest("GET", "/user")
    assert NOON + 3600 <= one.now() <= NOON + 3605
    other = client()
    other.set_clock(NOON)
    assert NOON <= other.now() <= NOON + 5


def test_what_is_left_of_the_limit_is_remembered(github: responses.RequestsMock) -> None:
    names = {"limit": "5000", "remaining": "4990", "used": "10", "reset": str(NOON), "resource": "core"}
    github.add("GET", USER, json={}, headers={f"X-RateLimit-{name}": value for name, value in names.items()})
    one = client()
    one.rest("GET", "/user")
    assert one.rate_limits == {"core": RateLimit("core", 5000, 10, 4990, NOON)}


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("2026-01-07 12:00:00 UTC", 6 * 86_400), ("2026-01-07 14:00:00 +0200", 6 * 86_400),
        ("soon", None), ("", None), ("2026-01-07", None),
    ],
)  # fmt: skip
def test_case_r6_a_token_that_ends_within_a_week_is_said(
    github: responses.RequestsMock, text: str, after: int | None
) -> None:
    """As GitHub writes it; an answer without the header forgets nothing, and in more than a week nothing is said."""
    one = client()
    github.add("GET", USER, json={}, headers={"github-authentication-token-expiration": text} if text else {})
    github.add("GET", USER, json={})
    for _ in range(2):
        one.rest("GET", "/user")
    assert one.token_expires_at == (None if after is None else NOON + after)
    assert bool(expiry_text(one.token_expires_at, NOON)) == (after is not None)
    assert expiry_text(one.token_expires_at, NOON - 2 * 86_400) == ""
    assert expiry_text(one.token_expires_at, NOON + 7 * 86_400) == ""


def test_case_r6_what_single_sign_on_leaves_out_is_no_list(github: responses.RequestsMock) -> None:
    """https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api"""
    github.add("GET", USER, json=[], headers={"X-GitHub-SSO": "partial-results; organizations=1,2"})
    with pytest.raises(CutOffError, match="single sign-on"):
        client().rest("GET", "/user")


# ---- GraphQL ---------------------------------------------------------------------------------------------------------


def test_a_graphql_answer_is_its_data_and_its_points_are_counted(github: responses.RequestsMock) -> None:
    asked = {"query": "query { a }", "variables": {"x": 1}}
    graph(github, {"data": {"a": 1, "rateLimit": {"cost": 3}}}, match=[matchers.json_params_matcher(asked)])
    one = client()
    assert one.graphql("query { a }", {"x": 1}) == {"a": 1, "rateLimit": {"cost": 3}}
    assert one.points == 3


def test_graphql_errors_come_with_the_data_beside_them(github: responses.RequestsMock) -> None:
    graph(github, {"data": {"a": 1}, "errors": [refused("NOT_FOUND", "b"), refused("FORBIDDEN", "c")]})
    with pytest.raises(GraphQLErrors) as caught:
        client().graphql("query { a }", {})
    assert caught.value.data == {"a": 1}
    assert caught.value.kinds() == {"NOT_FOUND", "FORBIDDEN"}
    assert "Resource not accessible" in caught.value.text()


@pytest.mark.parametrize(
    ("headers", "retry_at"),
    [
        ({"x-ratelimit-reset": str(NOON + 300)}, NOON + 300),
        ({"x-ratelimit-reset": str(NOON + 300), "x-ratelimit-remaining": "0"}, NOON + 300),
        ({"x-ratelimit-reset": str(NOON + 3000), "x-ratelimit-remaining": "4000", "Retry-After": "65"}, NOON + 65),
        ({"x-ratelimit-reset": str(NOON + 3000), "x-ratelimit-remaining": "4000"}, NOON + 60),
        ({}, NOON + 60),
    ],
)
def test_spent_points_are_a_limit_with_its_end(
    github: responses.RequestsMock, headers: dict[str, str], retry_at: int
) -> None:
    """GitHub says so with status 200."""
    github.add(
        "POST", GRAPHQL, json={"errors": [{"type": "RATE_LIMITED", "message": "x"}]}, headers={**DATE, **headers}
    )
    with pytest.raises(RateLimitError) as caught:
        client().graphql("query { a }", {})
    assert retry_at <= caught.value.retry_at <= retry_at + 5


@pytest.mark.parametrize("body", [[], "text", 7])
def test_a_graphql_answer_that_is_no_object_is_a_server_error(github: responses.RequestsMock, body: Any) -> None:
    graph(github, body)
    with pytest.raises(ServerError, match="all of it should be an object"):
        client().graphql("query { a }", {})


def test_a_query_is_asked_again_and_a_mutation_is_not(github: responses.RequestsMock, slept: list[float]) -> None:
    github.add("POST", GRAPHQL, status=502)
    graph(github, {"data": {"a": 1}})
    one = client()
    assert one.graphql("query { a }", {}) == {"a": 1}
    github.add("POST", GRAPHQL, status=502)
    with pytest.raises(ServerError):
        one.graphql("mutation { a }", {}, write=True)
    assert one.requests == 3


BAD: list[tuple[str, Any]] = [
    ("no data", {}), ("data that is none", {"data": [1]}), ("null", {"data": None}),
    ("errors that are no list", {"errors": "so many"}), ("errors that are texts", {"errors": ["one"], "data": {}}),
]  # fmt: skip


@pytest.mark.parametrize("body", [row[1] for row in BAD], ids=[row[0] for row in BAD])
def test_a_graphql_answer_of_another_shape_is_a_server_error(github: responses.RequestsMock, body: Any) -> None:
    """It names the request and the field."""
    graph(github, body)
    with pytest.raises(ServerError, match=r"`query Q` is not as documented: (data|errors) should be"):
        client().graphql("query Q { a }", {})


def test_an_error_whose_path_is_none_is_an_error_all_the_same(github: responses.RequestsMock) -> None:
    graph(github, {"data": {"a": 1}, "errors": [{"type": "FORBIDDEN", "path": 7, "message": ["x"]}]})
    with pytest.raises(GraphQLErrors) as caught:
        client().graphql("query { a }", {})
    assert caught.value.errors[0]["path"] == []


@pytest.mark.parametrize("headers", [{"Date": "soon"}, {"x-ratelimit-reset": "ten", "Retry-After": "ten"}])
def test_headers_that_say_nothing_are_passed_over(github: responses.RequestsMock, headers: dict[str, str]) -> None:
    github.add("GET", USER, json={"login": "bee"}, headers=headers)
    one = client()
    assert one.rest("GET", "/user")[0] == {"login": "bee"}
    assert one.now() == 0


# ---- lists -----------------------------------------------------------------------------------------------------------


def page_of(github: responses.RequestsMock, url: str, body: Any, following: str | None = None) -> None:
    """One page of a REST list, with the link to the next one."""
    link = {"Link": f'<{following}>; rel="next"'} if following else {}
    github.add("GET", url, json=body, headers={**DATE, **link})


def test_a_list_is_read_to_its_end(github: responses.RequestsMock) -> None:
    """Plain lists, lists inside an object, and an empty one; the next address is taken as it is."""
    page_of(github, f"{API}/list?per_page=100&state=open", [{"id": 1}, {"id": 2}], f"{API}/list?page=2")
    page_of(github, f"{API}/list?page=2", [{"id": 3}], f"{API}/list?page=3")
    page_of(github, f"{API}/list?page=3", [])
    one = client()
    assert [row.number("id") for row in one.pages("/list", {"state": "open"})] == [1, 2, 3]
    page_of(github, f"{API}/runs?per_page=100", {"total_count": 1, "workflow_runs": [{"id": 1}]})
    assert [row.number("id") for row in one.pages("/runs", within="workflow_runs")] == [1]
    page_of(github, f"{API}/none?per_page=100", {"total_count": 0, "workflow_runs": []})
    assert one.pages("/none", within="workflow_runs") == []


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/api/v3/list?page=2", "http://github.example/api/v3/list", f"{API}.evil.example/"]
)
def test_a_next_page_on_another_server_is_refused(github: responses.RequestsMock, url: str) -> None:
    """The token goes to the server it is for, and nowhere else."""
    page_of(github, f"{API}/list?per_page=100", [{}], url)
    one = client()
    with pytest.raises(ServerError, match="on another server"):
        one.pages("/list")
    assert one.requests == 1


def test_a_list_without_an_end_is_an_error_and_no_list(github: responses.RequestsMock) -> None:
    for _ in range(limits.PAGES_PER_LIST_MAX):
        page_of(github, f"{API}/list", [{}], f"{API}/list")
    with pytest.raises(CutOffError, match="nothing was decided"):
        client().pages("/list")


def test_a_page_that_fails_fails_the_list(github: responses.RequestsMock, slept: list[float]) -> None:
    page_of(github, f"{API}/list?per_page=100", [{}], f"{API}/list?page=2")
    github.add("GET", f"{API}/list?page=2", **said(401))
    with pytest.raises(LookError):
        client().pages("/list")


def test_the_body_is_json(github: responses.RequestsMock) -> None:
    github.add("POST", USER, json={})
    client().rest("POST", "/user", {"title": "grün"})
    sent = github.calls[0].request
    assert sent.headers["Content-Type"] == "application/json"
    assert json.loads(sent.body or b"") == {"title": "grün"}


# ---- manners ---------------------------------------------------------------------------------------------------------


class Sandglass(Clock):
    """A clock that stands still but for its sleeps."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def patient(clock: Sandglass) -> GitHubClient:
    """A door with a clock of its own."""
    return GitHubClient(Servers(API, GRAPHQL, "https://github.example"), "t-bee", clock=clock)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_short_wait_is_kept_and_then_asked_again(github: responses.RequestsMock, method: str) -> None:
    """What is limited took no effect, so a write is asked again too; once."""
    clock = Sandglass()
    wait = said(403, "You have exceeded a secondary rate limit", Retry_After=str(limits.RATE_WAIT_SECONDS_MAX))
    github.add(method, USER, **wait)
    github.add(method, USER, json={"login": "bee"}, headers=DATE)
    assert patient(clock).rest(method, "/user")[0] == {"login": "bee"}
    assert clock.slept == [limits.RATE_WAIT_SECONDS_MAX]
    for _ in range(2):
        github.add(method, USER, **wait)
    with pytest.raises(RateLimitError):
        patient(clock).rest(method, "/user")


def test_a_reset_that_is_near_is_waited_for_and_a_far_one_is_not(github: responses.RequestsMock) -> None:
    clock = Sandglass()
    github.add("GET", USER, **said(429, "No", x_ratelimit_remaining="0", x_ratelimit_reset=str(NOON + 3)))
    github.add("GET", USER, json={}, headers=DATE)
    patient(clock).rest("GET", "/user")
    assert clock.slept == [3]
    far = str(limits.RATE_WAIT_SECONDS_MAX + 1)
    github.add("GET", USER, **said(429, "No", Retry_After=far))
    with pytest.raises(RateLimitError, match=f"in {far} s"):
        patient(clock).rest("GET", "/user")
    assert clock.slept == [3]


def test_writes_are_paced_and_reads_are_not(github: responses.RequestsMock) -> None:
    """Some at once, then one a second, by REST and GraphQL together: never more than GitHub's 80 a minute."""
    clock = Sandglass()
    one = patient(clock)
    burst = limits.WRITES_AT_ONCE_MAX
    for number in range(burst + 10):
        github.add("GET", USER, json={}, headers=DATE)
        one.rest("GET", "/user")
        github.add("POST", GRAPHQL, json={"data": {}}, headers=DATE)
        one.graphql("query Q { a }", {})
        if number % 2:
            github.add("POST", USER, json={}, headers=DATE)
            one.rest("POST", "/user", {"a": 1})
        else:
            github.add("POST", GRAPHQL, json={"data": {}}, headers=DATE)
            one.graphql("\nmutation M { a }", {}, write=True)
    assert clock.slept == [limits.WRITE_EVERY_SECONDS] * 10
    assert burst + 60 / limits.WRITE_EVERY_SECONDS <= 80
    clock.at += 3600
    github.add("POST", USER, json={}, headers=DATE)
    one.rest("POST", "/user", {})
    assert len(clock.slept) == 10


def limited(resource: str, remaining: int, limit: int = 5000) -> dict[str, str]:
    """The headers of an answer that was counted against a limit."""
    return {**DATE, "X-RateLimit-Limit": str(limit), "X-RateLimit-Used": str(limit - remaining),
            "X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": str(NOON + 60),
            "X-RateLimit-Resource": resource}  # fmt: skip


def test_requests_and_points_are_counted_apart_and_a_reserve_is_left(github: responses.RequestsMock) -> None:
    """A tenth of a small limit; nothing said is nothing known, and nothing short."""
    one = client()
    assert one.near_limit() is None
    github.add("GET", USER, json={}, headers=limited("core", limits.RESERVE_REQUESTS + 1))
    one.rest("GET", "/user")
    assert one.near_limit() is None
    github.add("POST", GRAPHQL, json={"data": {"rateLimit": {"cost": 2}}}, headers=limited("graphql", 499))
    one.graphql("query Q { a }", {})
    short = one.near_limit()
    assert short is not None
    assert (short.resource, short.remaining, short.reserve) == ("graphql", 499, limits.RESERVE_REQUESTS)
    assert short.text == "499 of 5,000 GraphQL points are left until 2026-01-01 12:01 UTC"
    assert sorted(one.rate_limits) == ["core", "graphql"]
    assert (one.requests, one.charged, one.points) == (2, 1, 2)
    assert RateLimit("core", 60, 53, 7, NOON).reserve == 6
