"""bee killed while it takes something in: an agent's commits into the quarantine, and refs that another key sealed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bee.model.markers import CHANGES_REQUESTED
from bee.model.records import Kind, encode
from bee.model.refs import CONTROL_REF, KEPT_REFS, item_ref
from bee.run.session import QUARANTINE
from tests.attacks.by_ledger import forged, put
from tests.belt.kills import (
    AFTER,
    BEFORE,
    LEASE_SECONDS,
    ONE,
    TICK_SECONDS_MAX,
    WRITE,
    Hit,
    Hosts,
    Point,
    started,
    struck,
)
from tests.belt.stage import APPROVE, DRAFT, Stage, staged
from tests.belt.test_kept import KEPT, counting, once, refusing
from tests.belt.test_kept import paid as paid_of
from tests.run.test_refused import counted, locked, paid

DEEP = os.environ.get("BEE_DEEP") == "1"
TWICE = DRAFT + DRAFT  # the second takes the place of the first, beside which it was taken in
ADOPT = ("key", "adopt", "ada/calc", "--yes")


def _drafted(folder: Path, at: int = 0) -> list[str]:
    """A step whose drafter's run is killed at a local write, and done in the end; the writes of that run."""
    folder.mkdir()
    with staged(folder) as stage:
        hosts, log = Hosts(stage, ONE), folder / "writes.log"
        host = hosts.made[hosts.name] = stage.configure(hosts.name, moves={"drafter": TWICE})
        stage.issue()
        if not at:
            assert started(stage, hosts, log).wait(TICK_SECONDS_MAX) == 0
        else:
            assert struck(stage, hosts, Point("a submission", WRITE, at)) is Hit.LANDED
        stage.quiet(host)
        (pull,) = stage.pulls()
        assert pull["merged_at"]
        stage.main_log()
        lines = stage.git("show", "origin/main:work-1.txt").split("\n")
        assert len(lines) == 4, "of one run, with both of its commits"
        assert stage.live() == []
        said = stage.comments(1) + stage.comments(2)
        assert len(said) == len(set(said))
        return log.read_text().splitlines()


@pytest.mark.timeout(3600)
def test_killed_in_the_quarantine_of_a_submission_it_hands_in_once(tmp_path: Path) -> None:
    """Whatever half of a pack or of a repository is left there, the next run's is made anew."""
    lines = _drafted(tmp_path / "first")
    points = [number for number, line in enumerate(lines, 1) if QUARANTINE in line]
    assert len(points) >= 6, lines
    for at in points if DEEP else (points[0], points[len(points) // 2], points[-1]):
        _drafted(tmp_path / str(at), at)


def _sealed_elsewhere(stage: Stage) -> dict[str, str]:
    """Two items and the repository's pause, each with a record that does not verify here; the tips by ref."""
    refs = {}
    for ref in (item_ref(stage.issue()), item_ref(stage.issue()), CONTROL_REF):
        number = int(ref.rpartition("/")[2]) if ref != CONTROL_REF else 0
        refs[ref] = put(stage, ref, encode(forged(number, "a" * 40, "b" * 40)), who="ada")
    return refs


def _adopted(folder: Path, how: str = "", nth: int = 0) -> int:
    """Adoption killed at a request, and said again by the person; how many requests it takes undisturbed."""
    folder.mkdir()
    with staged(folder) as stage:
        hosts = Hosts(stage, ONE, words=ADOPT)
        hosts.made[hosts.name] = stage.configure(hosts.name)
        before, asked = _sealed_elsewhere(stage), stage.asked()
        if how:
            assert struck(stage, hosts, Point("an adoption", how, nth)) is not Hit.MISSED
        stage.bee(hosts.name, *ADOPT)
        count = len(stage.log(asked))
        for ref, foreign in before.items():
            tip = stage.refs(ref)[ref]
            commit = stage.call("ada", "GET", stage.at(f"/git/commits/{tip}"))
            assert [parent["sha"] for parent in commit["parents"]] == [foreign], "one record, on top of what was there"
            kind = stage.record(0, ref.removeprefix("refs/bee/")).kind
            assert kind is (Kind.PAUSED if ref == CONTROL_REF else Kind.ADOPTED)
        assert "nothing to adopt" in stage.bee(hosts.name, *ADOPT)
        return count


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("how", [AFTER, pytest.param(BEFORE, marks=pytest.mark.deep)])
def test_killed_while_it_adopts_the_same_words_do_what_is_left(tmp_path: Path, how: str) -> None:
    count = _adopted(tmp_path / "first")
    points = range(1, count + 1) if DEEP else (count - 2, count - 1)
    for nth in points:
        _adopted(tmp_path / f"{how}-{nth}", how, nth)


def _kept(folder: Path, publishing: bool, at: int = 0, taken_back: bool = False) -> list[str]:
    """What GitHub refused is kept and, when the rule is gone, published; a run of either is killed at a local write.

    The writes of that run.
    """
    folder.mkdir()
    with staged(folder) as stage:
        hosts, log = Hosts(stage, ONE), folder / "writes.log"
        host = hosts.made[hosts.name] = stage.configure(hosts.name, moves={"drafter": counted(stage)})
        pull, rule = locked(stage)
        number = int(pull["number"])
        if publishing:
            stage.tick(host)
            stage.call("ada", "DELETE", rule)
            stage.bee(hosts.name, "retry", str(number))
        if not at:
            assert started(stage, hosts, log).wait(TICK_SECONDS_MAX) == 0
        else:
            assert struck(stage, hosts, Point("a refused push", WRITE, at)) is Hit.LANDED
        lines = log.read_text().splitlines()
        if not publishing:
            stage.quiet(host)
            assert stage.position(number) == "human", "the rule is named to a person"
            stage.call("ada", "DELETE", rule)
            stage.bee(hosts.name, "retry", str(number))
        elif at:  # a person asks for more: what stands there already is no answer to that
            if taken_back:
                branch = f"/git/refs/heads/{pull['head']['ref']}"
                stage.call("ada", "PATCH", stage.at(branch), {"sha": pull["head"]["sha"], "force": True})
            stage.comment(number, f"More.\n\n<!-- bee:{CHANGES_REQUESTED} -->")
        stage.quiet(host)
        assert stage.item(number)["state"] == "closed"
        stage.main_log()
        commits = stage.call("ada", "GET", stage.at(f"/pulls/{number}/commits"))
        more = publishing and at > 0
        assert (len(commits), paid(stage)) == (2 + more - taken_back, 1 + more), "one that was there, one that was kept"
        assert host.mirror(stage.repo).newest(["refs/bee-kept/*"], 0, 9) == []
        said = stage.comments(number)
        assert len(said) == len(set(said))
        return lines


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("publishing", [False, True], ids=["keeping", "publishing"])
def test_killed_around_what_github_did_not_take_no_second_agent_is_paid(tmp_path: Path, publishing: bool) -> None:
    """Kept, and killed before it is said; published, and killed before it is forgotten."""
    lines = _kept(tmp_path / "first", publishing)
    (kept,) = [number for number, line in enumerate(lines, 1) if "update-ref" in line and KEPT_REFS in line]
    first = kept if publishing else kept + 1
    for at in range(first, min(first + 12, len(lines))) if DEEP else [first]:
        _kept(tmp_path / str(at), publishing, at)
    if publishing:  # and what a person took back is not published a second time
        _kept(tmp_path / "back", publishing, first, taken_back=True)


def _words(folder: Path, publishing: bool, at: int = 0) -> list[str]:
    """The same of a reviewer's verdict, which a refused token keeps from GitHub."""
    folder.mkdir()
    with staged(folder) as stage:
        hosts, log = Hosts(stage, ONE), folder / "writes.log"
        verdict = counting(stage, "reviewer", APPROVE + once(stage, refusing(stage, 401, "Bad credentials")))
        host = hosts.made[hosts.name] = stage.configure(hosts.name, moves={"drafter": DRAFT, "reviewer": verdict})
        number = stage.issue()
        stage.tick(host)
        if publishing:
            stage.tick(host)
            assert host.mirror(stage.repo).newest([KEPT], 0, 9)
            stage.lift()
            stage.sleep(LEASE_SECONDS)
        if not at:
            started(stage, hosts, log).wait(TICK_SECONDS_MAX)
        else:
            assert struck(stage, hosts, Point("a verdict", WRITE, at)) is Hit.LANDED
        lines, there = log.read_text().splitlines(), bool(host.mirror(stage.repo).newest([KEPT], 0, 9))
        stage.lift()
        stage.sleep(LEASE_SECONDS)
        if publishing and at:  # a person asks for more: what was said already is no answer to that
            stage.comment(stage.pulls()[0]["number"], f"More.\n\n<!-- bee:{CHANGES_REQUESTED} -->")
        stage.quiet(host)
        assert stage.item(number)["state"] == "closed"
        again = publishing and at > 0
        assert paid_of(stage, "reviewer") == (1 + again if publishing or there else 2), "what was kept is paid for once"
        assert host.mirror(stage.repo).newest([KEPT], 0, 9) == []
        (pull,) = stage.pulls()
        said = stage.comments(pull["number"]) + _reviews(stage, pull["number"])
        assert len(said) == len(set(said))
        assert sum("verdict=approve" in body for body in said) in (1, 1 + again)
        return lines


def _reviews(stage: Stage, number: int) -> list[str]:
    return [one["body"] for one in stage.call("ada", "GET", stage.at(f"/pulls/{number}/reviews"))]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("publishing", [False, True], ids=["keeping", "publishing"])
def test_killed_around_words_that_github_did_not_take_they_are_said_once(tmp_path: Path, publishing: bool) -> None:
    """Killed before they are kept, another reviewer is paid; from there on nobody is, and nothing is said twice."""
    lines = _words(tmp_path / "first", publishing)
    (kept,) = [number for number, line in enumerate(lines, 1) if "update-ref" in line and KEPT_REFS in line]
    for at in range(kept - 1, kept + 2) if DEEP else sorted({kept, kept + (not publishing)}):
        _words(tmp_path / str(at), publishing, at)
