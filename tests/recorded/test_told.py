"""What people of the real GitHub did, done again on the forge at the times they did it, and read by bee's one query.

By REST, timelines and reviews are recorded; bee reads both by GraphQL only. So people act again, each by REST as then,
and who, when and what must come out as it was recorded. No public recording has a label taken off or a title changed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bee.github import read
from bee.github.client import GitHubClient, Servers
from bee.github.json import seconds
from bee.model.items import Issue, Pull
from tests.belt.stage import Stage, staged
from tests.recorded import fetch
from tests.recorded.exchanges import Exchange, all_of_them

LATE_SECONDS_MAX = 30  # what a busy machine may take from setting the clock to the act
JUDGED = {"approved": "APPROVE", "commented": "COMMENT", "changes_requested": "REQUEST_CHANGES"}
pytestmark = pytest.mark.skipif(
    not (fetch.pygithub().is_dir() and fetch.github3().is_dir()),
    reason="the recordings are not in the cache: python -m tests.recorded.fetch",
)


@dataclass
class Again:
    """One item of the forge on which recorded acts are done again."""

    stage: Stage
    number: int
    branch: str = ""
    commits: dict[str, str] = field(default_factory=dict)
    done: list[tuple[str, ...]] = field(default_factory=list)

    def person(self, login: str) -> str:
        """Somebody who may do what was done."""
        if login not in self.stage.tokens:
            self.stage.control("users", {"login": login, "token": f"t-{login}", "permission": "write"})
            self.stage.tokens[login] = f"t-{login}"
        return login

    def at(self, when: str) -> None:
        """GitHub's clock, as it was then."""
        offset = float(self.stage.control("clock")["offset_seconds"])
        self.stage.control("clock", {"advance_seconds": seconds(when) + 0.1 - time.time() - offset})

    def act(self, who: str, when: str, method: str, path: str, body: Any) -> Any:
        """One recorded act."""
        self.person(who)
        self.at(when)
        return self.stage.call(who, method, self.stage.at(path), body)


def commented(again: Again, one: dict[str, Any]) -> None:
    """A comment."""
    who = one["actor"]["login"]
    again.act(who, one["created_at"], "POST", f"/issues/{again.number}/comments", {"body": one["body"]})
    again.done.append(("comment", who, one["created_at"], one["body"]))


def labeled(again: Again, one: dict[str, Any]) -> None:
    """A label put on."""
    who, name = one["actor"]["login"], one["label"]["name"]
    again.act(who, one["created_at"], "POST", f"/issues/{again.number}/labels", {"labels": [name]})
    again.done.append(("label", who, one["created_at"], name))


def mentioned(again: Again, one: dict[str, Any]) -> None:
    """Another item that names this one: a pull request, as its source says."""
    source, who = one["source"]["issue"], one["actor"]["login"]
    branch = f"from-{source['number']}-to-{again.number}"
    again.stage.push({f"{branch}.txt": "x\n"}, branch)
    body = {"title": source["title"], "head": branch, "base": "main", "body": f"For #{again.number}."}
    made = again.act(who, one["created_at"], "POST", "/pulls", body)
    assert "pull_request" in source
    again.done.append(("pull", who, one["created_at"], str(made["number"])))


def reviewed(again: Again, one: dict[str, Any]) -> None:
    """A review of the commit it was of. One without words had words in the change."""
    who, commit = one["user"]["login"], again.commits[one["commit_id"]]
    said: dict[str, Any] = {"commit_id": commit, "event": JUDGED[one["state"].lower()], "body": one["body"] or ""}
    if not one["body"] and said["event"] == "COMMENT":
        said["comments"] = [{"path": f"{again.branch}.txt", "line": 1, "side": "RIGHT", "body": "Here."}]
    again.act(who, one["submitted_at"], "POST", f"/pulls/{again.number}/reviews", said)
    again.done.append(("review", who, one["submitted_at"], one["body"] or "", one["state"].upper(), commit))


ACTS: dict[str, Callable[[Again, dict[str, Any]], None]] = {
    "commented": commented, "labeled": labeled, "cross-referenced": mentioned, "reviewed": reviewed,
}  # fmt: skip


def of_issue(stage: Stage, recorded: list[dict[str, Any]]) -> Again:
    """An issue to act on."""
    return Again(stage, stage.issue())


def of_pull(stage: Stage, recorded: list[dict[str, Any]]) -> Again:
    """A pull request with a commit for each that was reviewed."""
    again = Again(stage, 0, f"work-{len(stage.pulls())}")
    for oid in dict.fromkeys(one["commit_id"] for one in recorded if one.get("commit_id") and "submitted_at" in one):
        count = len(again.commits) + 1
        again.commits[oid] = stage.push({f"{again.branch}.txt": "line\n" * count}, again.branch)
    wanted = {"title": "Work", "head": again.branch, "base": "main", "body": ""}
    again.number = int(stage.call("ada", "POST", stage.at("/pulls"), wanted)["number"])
    return again


def lists() -> list[Exchange]:
    """The recorded timelines, and lists of reviews."""
    return [
        one
        for one in all_of_them()
        if one.method == "GET" and one.status == 200 and one.path.split("?")[0].endswith(("/timeline", "/reviews"))
    ]


def seen(item: Issue | Pull) -> list[tuple[str | int, ...]]:
    """What bee reads of the same things: who, when, what."""
    found: list[tuple[str | int, ...]] = []
    found += [("comment", one.author.login, one.at, one.body) for one in item.comments if one.author]
    found += [("label", one.actor.login, one.at, one.label) for one in item.events if one.actor and one.added]
    if isinstance(item, Pull):
        found += [
            ("review", one.author.login, one.at, one.body, one.state.value, one.commit or "")
            for one in item.reviews
            if one.author
        ]
    return sorted(found)


def test_timelines_and_reviews_are_read_as_people_made_them(tmp_path: Path) -> None:
    done = []
    with staged(tmp_path) as stage:
        forge = stage.forge
        client = GitHubClient(Servers(forge.api_url, forge.graphql_url, forge.git_url), stage.tokens["bee"])
        for one in lists():
            recorded = one.json
            of = of_pull if any("submitted_at" in event for event in recorded) else of_issue
            again = of(stage, recorded)
            told = [{"event": "reviewed", **event} for event in recorded]
            for event in sorted(told, key=lambda e: str(e.get("created_at") or e.get("submitted_at"))):
                if event["event"] in ACTS:
                    ACTS[event["event"]](again, event)
            again.at("2026-01-01T12:00:00Z")
            item = read.read_item(client, stage.repo, again.number).item
            same(again, item, one.source)
            done += [what for what, *_ in again.done]
    print(f"done again as recorded: { {what: done.count(what) for what in sorted(set(done))} }")
    assert done.count("review") >= 12
    assert done.count("comment") >= 4
    assert done.count("label") >= 2
    assert done.count("pull") >= 2


def same(again: Again, item: Issue | Pull, source: str) -> None:
    """Field for field."""
    wanted = sorted((what, who, seconds(when), *rest) for what, who, when, *rest in again.done if what != "pull")
    found = seen(item)
    assert len(found) == len(wanted), source
    for ours, theirs in zip(found, wanted, strict=True):
        assert (*ours[:2], *ours[3:]) == (*theirs[:2], *theirs[3:]), (source, json.dumps(theirs))
        assert 0 <= int(ours[2]) - int(theirs[2]) <= LATE_SECONDS_MAX, (source, json.dumps(theirs))
    if isinstance(item, Issue):  # a pull request's own mentions are nothing to bee
        pulls = [(who, int(number)) for what, who, _, number, *_ in again.done if what == "pull"]
        assert [(one.author.login, one.number) for one in item.pulls if one.author] == pulls, source
