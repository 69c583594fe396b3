"""R3: a repository that is too much for one query is read whole all the same, in pages that GitHub answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from bee.github import read
from bee.github.client import GitHubClient, Servers
from bee.github.sizes import LADDER, PageSize
from bee.model import limits
from bee.model.errors import LookError, TooBigError
from bee.system.clock import Clock
from tests.answers import EXAMPLES, Example
from tests.github.world import API, DATE, GRAPHQL, NOON, REPO, issue, listed, refused, snapshot

TOO_MUCH = {name: EXAMPLES[f"graphql: {name}"] for name in ("too much for one query", "too many nodes", "timed out")}
TOO_MUCH |= {"504": EXAMPLES["rest: query too slow"], "502": Example(status=502, body={"message": "x"}, slow=True)}
ISSUES = 23


class Sandglass(Clock):
    """A clock that stands still but for its sleeps."""

    at = 1000.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Small:
    """A GitHub that answers at most `most` items at once, and says `example` to more, with a part beside it."""

    example: Example
    most: int
    clock: Sandglass
    asked: list[tuple[str, int, str]] = field(default_factory=list)

    def request(self, _method: str, _url: str, **how: Any) -> requests.Response:
        """One query's answer."""
        given = how["json"]["variables"]
        name = how["json"]["query"].split("query ", 1)[1].partition("(")[0]
        count, after = given.get("issueCount") or given["count"], given.get("after", "0")
        self.asked.append((name, count, after))
        if count > self.most:
            self.clock.at += 10 if self.example.slow else 0
            part = {**self.example.answer, "data": snapshot()} if self.example.error else self.example.body
            return answer(self.example.status, part)
        numbers = range(int(after) + 1, min(int(after) + count, ISSUES) + 1)
        more = str(numbers[-1]) if numbers[-1] < ISSUES else None
        return answer(200, {"data": snapshot(listed(*map(issue, numbers), more=more))})


def answer(status: int, body: Any) -> requests.Response:
    """An answer as `requests` gives it."""
    made = requests.Response()
    made.status_code, made._content = status, json.dumps(body).encode()
    made.headers = CaseInsensitiveDict(DATE)
    made.request = requests.PreparedRequest()
    made.request.url = GRAPHQL
    return made


class Home(dict[str, str]):
    """The memos of a home."""

    def memo(self, name: str) -> str:
        return self.get(name, "")

    def set_memo(self, name: str, text: str) -> None:
        self[name] = text


def reading(small: Small, home: Home) -> GitHubClient:
    """A client that asks it."""
    servers = Servers(API, GRAPHQL, "https://github.example")
    return GitHubClient(servers, "t", small, small.clock, memos=home)


@pytest.mark.parametrize("most", [100, 60, 49, 24, 7, 3, 1])
@pytest.mark.parametrize("kind", TOO_MUCH)
def test_case_r3_whatever_github_answers_at_once_every_item_is_seen(kind: str, most: int) -> None:
    """None of the same size is asked twice; the next look begins with what was answered."""
    clock, home = Sandglass(), Home()
    small = Small(TOO_MUCH[kind], most, clock)
    seen = read.read_snapshot(reading(small, home), REPO)
    assert [one.number for one in seen.issues] == list(range(1, ISSUES + 1))
    assert len(small.asked) == len(set(small.asked))
    fits = next(size for size in LADDER if size <= most)
    first = [count for name, count, _ in small.asked if name == "Snapshot"]
    assert first == list(LADDER[: LADDER.index(fits) + 1])
    small.asked.clear()
    assert len(read.read_snapshot(reading(small, home), REPO).issues) == ISSUES
    assert {count for _, count, _ in small.asked} == {fits}


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_case_r3_what_is_too_much_one_at_a_time_is_an_error_and_never_a_part(kind: str) -> None:
    small = Small(TOO_MUCH[kind], 0, Sandglass())
    with pytest.raises(TooBigError) as caught:
        read.read_snapshot(reading(small, Home()), REPO)
    assert isinstance(caught.value, LookError)
    assert caught.value.exit_code == 75
    assert [count for _, count, _ in small.asked] == list(LADDER)


def test_a_later_page_that_is_too_much_is_asked_again_smaller_from_where_it_was() -> None:
    """The server had a good moment, and then another."""
    clock, home = Sandglass(), Home()
    small = Small(TOO_MUCH["504"], 10, clock)
    home.set_memo(PageSize.of(home, REPO, 0, True).name, f"10 {NOON}")

    def request(method: str, url: str, **how: Any) -> requests.Response:
        made = Small.request(small, method, url, **how)
        small.most = 5
        return made

    one = reading(small, home)
    one._transport.request = request  # type: ignore[method-assign]
    assert [item.number for item in read.read_snapshot(one, REPO).issues] == list(range(1, ISSUES + 1))
    assert [(count, after) for _, count, after in small.asked] == [
        (10, "0"), (10, "10"), (5, "10"), (5, "15"), (5, "20"),
    ]  # fmt: skip


def test_a_quick_outage_is_no_reason_to_ask_for_less() -> None:
    """It is asked again as it was, and fails as an outage."""
    small = Small(Example(status=502, body={"message": "x"}), 0, Sandglass())
    with pytest.raises(LookError) as caught:
        read.read_snapshot(reading(small, Home()), REPO)
    assert not isinstance(caught.value, TooBigError)
    assert small.asked == [("Snapshot", 100, "0")] * limits.REQUEST_TRIES_MAX


def test_the_size_grows_a_rung_a_day_and_a_home_may_forget_it() -> None:
    home = Home()
    size = PageSize.of(home, REPO, NOON, True)
    assert size.value == LADDER[0]
    for _ in range(3):
        size.shrink(TooBigError("x"), NOON)
    assert PageSize.of(home, REPO, NOON + 60, True).value == LADDER[3]
    assert PageSize.of(home, REPO, NOON + limits.DAY_SECONDS + 1, True).value == LADDER[2]
    assert PageSize.of(home, "ada/other", NOON, True).value == LADDER[0]
    for spoiled in ("", "x", "7 1", "10", "10 soon", "-5 3"):
        home.set_memo(size.name, spoiled)
        assert PageSize.of(home, REPO, NOON, True).value == LADDER[0]
    looking = PageSize.of(home, REPO, NOON, False)
    looking.shrink(TooBigError("x"), NOON)
    assert home.memo(size.name) == "-5 3", "who only looks writes nothing"


def test_collaborators_that_are_too_many_are_asked_for_by_login() -> None:
    """As where the list is refused: what else came is whole, and only they are asked one by one."""
    told = snapshot(listed(issue(1)), collaborators=None)
    asked: list[str] = []

    class Door:
        def request(self, method: str, url: str, **how: Any) -> requests.Response:
            asked.append(f"{method} {url.removeprefix(API)}")
            if url == GRAPHQL:
                limit = {**refused("RESOURCE_LIMITS_EXCEEDED", "repository", "collaborators"), "message": "exceeded"}
                return answer(200, {"data": told, "errors": [limit]})
            return answer(200, {"permission": "write", "role_name": "write", "user": {"id": 1}})

    client = GitHubClient(Servers(API, GRAPHQL, "https://github.example"), "t", Door(), Sandglass())
    seen = read.read_snapshot(client, REPO)
    assert dict(seen.permissions).keys() == {1}
    assert asked[1:] == [f"GET /repos/{REPO}/collaborators/ada/permission"]
