"""A tick after one that found nothing to do: free of charge where nothing changed, and never blind to what did."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bee.model import limits
from tests.belt.stage import DESIGN, Stage, staged

POLICY = "version: 1\nintake: opted-in\nplan_approval: auto\n"
WAITING = DESIGN.replace("[x]", "[ ]")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """#1 a design doc with an open gate, #2 held by a person, #3 out of scope, #4 a draft of ada's."""
    with staged(tmp_path, {".github/bee.yml": POLICY}) as made:
        made.issue(WAITING, "A design")
        made.label(made.issue("Do it.", "Held", labels=["breeze:new"]), "breeze:human")
        made.issue("Do it.", "Out of scope")
        made.push({"work.txt": "work"}, "work")
        made.call("ada", "POST", made.at("/pulls"), {"title": "w", "head": "work", "base": "main", "draft": True})
        made.sleep(limits.HINT_SETTLED_SECONDS + 1)
        yield made


def asked(stage: Stage) -> list[tuple[str, int]]:
    """What bee asked the API so far: (method and path or operation, status)."""
    log = stage.control("log")
    return [
        (entry["operation"] or entry["path"], entry["status"])
        for entry in log
        if entry["login"] == "bee" and entry["kind"] != "git"
    ]


def memos(stage: Stage) -> list[Path]:
    """The memos of the host about what has changed; a digest names each."""
    return sorted((stage.folder / "home-host" / "memos").glob("[0-9a-f]" * 64))


def shown(report: Any) -> dict[str, Any]:
    """What a tick says, but for what it cost."""
    return {key: value for key, value in asdict(report.line()).items() if key not in {"requests", "charged"}}


def test_a_tick_where_nothing_changed_is_one_request_that_is_not_charged(stage: Stage) -> None:
    """The first looks at everything; the second asks once when the last change was; from then on that is a 304."""
    host = stage.host()
    reports, used = [], []
    for _ in range(4):
        reports.append(stage.tick(host))
        limits_now = stage.call("bee", "GET", "/rate_limit")["resources"]
        used.append((limits_now["core"]["used"], limits_now["graphql"]["used"]))
    assert [report.requests for report in reports] == [1, 1, 1, 1]
    assert [(report.charged, report.points > 0) for report in reports] == [
        (0, True), (1, False), (0, False), (0, False),
    ]  # fmt: skip
    assert used[1] == used[2] == used[3]
    bee_asked = [one for one in asked(stage) if one[0] != "/rate_limit"]
    assert bee_asked[2:] == [("/repos/ada/calc/issues", 304)] * 2
    assert [shown(report) for report in reports[1:]] == [shown(reports[0])] * 3
    assert len(reports[3].line().items) == 4


def _tick_gate(stage: Stage) -> None:
    stage.tick_box(1, "The design is right")


def _review(stage: Stage) -> None:
    stage.call("bee", "POST", stage.at("/pulls/4/reviews"), {"event": "COMMENT", "body": "Hm."})


def _ready(stage: Stage) -> None:
    node = stage.call("ada", "GET", stage.at("/pulls/4"))["node_id"]
    document = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { clientMutationId } }"
    stage.call("ada", "POST", "/graphql", {"query": document, "variables": {"id": node}})


def _edit_comment(stage: Stage) -> None:
    comment = stage.call("ada", "POST", stage.at("/issues/2/comments"), {"body": "One"})
    stage.sleep(limits.HINT_SETTLED_SECONDS + 1)
    stage.tick(stage.host())
    stage.call("ada", "PATCH", stage.at(f"/issues/comments/{comment['id']}"), {"body": "Two"})


def _new_pull(stage: Stage) -> None:
    stage.push({"b.txt": "b"}, "more")
    stage.call("ada", "POST", stage.at("/pulls"), {"title": "m", "head": "more", "base": "main"})


def _pause_all(stage: Stage) -> None:
    stage.configure("laptop")
    stage.bee("laptop", "pause", "--all", "A freeze")


# What happens after a quiet tick -> whether the next tick has looked at everything again, which it must.
CHANGES: dict[str, Callable[[Stage], Any]] = {
    "a label": lambda s: s.label(3, "breeze:new"),
    "a label of nobody's business": lambda s: s.label(3, "bug"),
    "a label taken off": lambda s: s.unlabel(2, "breeze:human"),
    "a comment": lambda s: s.comment(2, "Here is the answer."),
    "a comment edited": _edit_comment,
    "a body edited": lambda s: s.edit(3, "Other words."),
    "a title edited": lambda s: s.call("ada", "PATCH", s.at("/issues/3"), {"title": "Other"}),
    "a gate ticked": _tick_gate,
    "a new issue": lambda s: s.issue("Do it.", labels=["breeze:new"]),
    "a new issue of a stranger": lambda s: s.issue("Do it.", who="eve"),
    "a new pull request": _new_pull,
    "a push to a pull request": lambda s: s.push({"work.txt": "more"}, "work"),
    "a draft made ready": _ready,
    "a review": _review,
    "an issue closed": lambda s: s.call("ada", "PATCH", s.at("/issues/1"), {"state": "closed"}),
    "a pull request closed": lambda s: s.call("ada", "PATCH", s.at("/pulls/4"), {"state": "closed"}),
    "a push to the default branch": lambda s: s.push({"new.txt": "new"}),
    "another policy": lambda s: s.edit_policy(POLICY.replace("opted-in", "all")),
    "a branch of bee's": lambda s: s.push({"x.txt": "x"}, "bee/3-task"),
    "a person's retry": lambda s: s.bee_verb("retry", 2),
    "a person's resume": lambda s: s.bee_verb("resume", 2),
    "a pause of everything": _pause_all,
    "an hour": lambda s: s.sleep(limits.MEMO_MINUTES_MAX * 60),
}
OFTEN = {
    "a label",
    "a comment edited",
    "a gate ticked",
    "a push to a pull request",
    "a review",
    "another policy",
    "a pause of everything",
    "an hour",
}  # the others in the deep run


@pytest.mark.parametrize(
    "what", [what if what in OFTEN else pytest.param(what, marks=pytest.mark.deep) for what in CHANGES]
)
def test_whatever_happens_after_a_quiet_tick_is_seen_by_the_next(stage: Stage, what: str) -> None:
    """Each kind of change, after a tick that was answered 304: everything is looked at again."""
    host = stage.host()
    for _ in range(3):
        stage.tick(host)
    assert asked(stage)[-1] == ("/repos/ada/calc/issues", 304)
    CHANGES[what](stage)
    before = len(asked(stage))
    report = stage.tick(host)
    assert "Snapshot" in [name for name, _ in asked(stage)[before:]]
    fresh = stage.tick(stage.host("another"), dry=True) if not report.run and not report.acted else None
    assert fresh is None or shown(fresh)["items"] == shown(report)["items"]


def test_a_hint_is_only_a_hint(stage: Stage) -> None:
    """Gone, damaged, of another version or of somebody else: everything is looked at, and the answer is the same."""
    host = stage.host()
    first = stage.tick(host)
    (memo,) = memos(stage)
    assert stat.S_IMODE(memo.stat().st_mode) == 0o600
    good = memo.read_text()
    for damaged in ("", "{", "null", "[]", '{"at": 1}', good[:-20], json.dumps({**json.loads(good), "items": 7})):
        memo.write_text(damaged)
        again = stage.tick(host)
        assert (again.points > 0, shown(again)) == (True, shown(first)), damaged
    memo.unlink()
    again = stage.tick(host)
    assert (again.points > 0, shown(again)) == (True, shown(first))
    stage.edit_policy(POLICY + "e2e:\n  verify: sh other.sh\n")
    assert stage.tick(host).points > 0


@pytest.mark.parametrize("body", ["Do it.", DESIGN], ids=["task", "design"])
def test_nothing_is_remembered_while_something_is_to_be_done(stage: Stage, body: str) -> None:
    """What an agent moves, waits its time, or depends on something else is looked at anew at every tick."""
    host = stage.host(moves={"drafter": "exit 1\n", "planner": "exit 1\n"})
    stage.tick(host)
    assert memos(stage)
    stage.issue(body, labels=["breeze:new"])
    assert stage.tick(host).run
    stage.sleep(limits.HINT_SETTLED_SECONDS + 1)
    report = stage.tick(host)  # backing off: by itself, when its time has come
    assert "backing-off" in {item.position for item in report.line().items}
    assert memos(stage) == []


def test_a_pause_of_everything_is_never_taken_for_quiet(stage: Stage) -> None:
    """Whoever ends it anywhere, the next tick sees what may be done again."""
    host = stage.host()
    stage.tick(host)
    assert memos(stage)
    stage.configure("laptop")
    stage.bee("laptop", "pause", "--all", "A freeze")
    stage.sleep(limits.MEMO_MINUTES_MAX * 60)
    assert "A freeze" in stage.tick(host).said
    assert memos(stage) == []


def test_where_one_repository_changed_all_are_looked_at(stage: Stage) -> None:
    """The choice is one over all of them."""
    stage.control("repos", {"owner": "ada", "name": "other", "auto_init": True})
    stage.call("ada", "PUT", "/repos/ada/other/contents/.github/bee.yml",
               {"message": "p", "content": "dmVyc2lvbjogMQppbnRha2U6IGFsbAo="})  # fmt: skip
    stage.sleep(limits.HINT_SETTLED_SECONDS + 1)
    host = stage.host()
    repos = (stage.repo, "ada/other")
    reports = [stage.tick(host, *repos) for _ in range(3)]
    assert [report.requests for report in reports] == [2, 2, 2]
    assert [report.points > 0 for report in reports] == [True, False, False]
    stage.call("ada", "POST", "/repos/ada/other/issues", {"title": "New", "body": "x", "labels": ["breeze:human"]})
    again = stage.tick(host, *repos)
    assert again.points > 0
    assert len(again.line().items) == 5
