"""What the judge says of kinds of projects: a broken part in a small story is caught, and a whole one is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests

from tests.sim.hub import Thing
from tests.sim.kinds import Access, Bases, Gestures, Kind, MergeQueue, MergeSettings, Stops, SubIssues
from tests.sim.machine import Machine, Parts
from tests.sim.people import MEDDLED_MAX
from tests.sim.timeline import START, Process, ended
from tests.sim.transport import Asked, Transport, asked, response
from tests.sim.weather import OVERTAKEN_MAX
from tests.sim.world import World


class Veiled(Transport):
    """A host that GitHub's answers to questions show another state than there is."""

    veil = unveil = ""

    def _sql(self, text: str) -> str:
        return text.format(main=self.hub.git.refs.get("refs/heads/main"))

    def request(self, method: str, url: str, **more: Any) -> requests.Response:
        """The answer, seen through the veil."""
        around = self.around

        def veiling(request: Asked, act: Callable[[], requests.Response]) -> requests.Response:
            def shown() -> requests.Response:
                if request.writes and request.name != "Claim":
                    return act()
                self.hub.rows(self._sql(self.veil))
                try:
                    return act()
                finally:
                    self.hub.rows(self._sql(self.unveil))

            return around(request, shown)

        return Transport(self.hub, self.who, veiling).request(method, url, **more)


class Steady(Veiled):
    """It does not see that a pull request was to go elsewhere for a while."""

    veil = "UPDATE events SET kind = 'veiled' WHERE kind = 'base_ref_changed'"
    unveil = "UPDATE events SET kind = 'base_ref_changed' WHERE kind = 'veiled'"


class Content(Veiled):
    """Whatever was merged anywhere is done, it believes."""

    veil = "UPDATE pulls SET pending = merge_sha, merge_sha = '{main}' WHERE merged_at IS NOT NULL"
    unveil = "UPDATE pulls SET merge_sha = pending, pending = NULL WHERE merged_at IS NOT NULL"


class Stubborn(Transport):
    """It asks for a merge four times."""

    def request(self, method: str, url: str, **more: Any) -> requests.Response:
        """And again."""
        for _ in range(3 if method == "PUT" else 0):
            super().request(method, url, **more)
            super().request("GET", f"{url.partition('/pulls')[0]}/git/ref/heads/main", **{**more, "json": None})
        return super().request(method, url, **more)


class Trusting(Veiled):
    """For it, nobody's access ends."""

    veil = "UPDATE collaborators SET permission = 'write' WHERE permission = 'none'"
    unveil = "UPDATE collaborators SET permission = 'none' WHERE permission = 'write'"


class Restless(Veiled):
    """It does not see what an issue waits for."""

    veil = unveil = "UPDATE dependencies SET issue_id = -issue_id"


class Heedless(Veiled):
    """It does not see what stops an issue."""

    veil = unveil = """UPDATE issue_labels SET issue_id = -issue_id
        WHERE label_id IN (SELECT id FROM labels WHERE name = 'breeze:human')"""


class Deaf(Veiled):
    """It does not see that a pull request was linked to an issue by hand."""

    veil = "UPDATE events SET kind = 'veiled' WHERE kind = 'connected'"
    unveil = "UPDATE events SET kind = 'connected' WHERE kind = 'veiled'"


class Hasty(Veiled):
    """It does not see the labels that hold for others."""

    veil = unveil = """UPDATE issue_labels SET issue_id = -issue_id
        WHERE label_id IN (SELECT id FROM labels WHERE name = 'do not merge')"""


class Faithful(Veiled):
    """For it, what was said once is never said anew."""

    veil = "UPDATE comments SET last_edited_at = NULL"
    unveil = "UPDATE comments SET last_edited_at = updated_at WHERE editor_id IS NOT NULL"


class Clinging(Transport):
    """It believes that what it takes out of a merge queue is out."""

    def request(self, method: str, url: str, **more: Any) -> requests.Response:
        """Taken out, it hears."""
        if asked(method, url, more.get("json")).name == "Dequeue":
            return response(200, {"data": {"dequeue": {"clientMutationId": None}}}, self.hub.now)
        return super().request(method, url, **more)


K = TypeVar("K", bound=Kind)


def _kind(world: World, kind: type[K]) -> K:
    return next(one for one in world.people.kinds if isinstance(one, kind))


def _later(world: World, seconds: float, deed: Callable[[], object]) -> None:
    world.timeline.start(Process("life", "people"), lambda: deed() and None, after=seconds)


def away_and_back(world: World, pull: Thing) -> None:
    """Somebody has it go elsewhere, and back."""
    _kind(world, Bases).retarget()
    _kind(world, Bases).move_back()


def away(world: World, pull: Thing) -> None:
    """Somebody has it go elsewhere, for good."""
    _kind(world, Bases).retarget()


def freeze(world: World, pull: Thing) -> None:
    """Somebody locks main."""
    _kind(world, MergeSettings).set_to("freeze", True)


def approve_and_go(world: World, pull: Thing) -> None:
    """bob approves, and has no access any more."""
    _kind(world, Access).bob_approves()
    _kind(world, Access).leave()


def wait(world: World, pull: Thing) -> None:
    """Another issue waits for one that a person keeps."""
    ada, hub, held = world.people.ada, world.hub, ["breeze:human"]
    one, other = (hub.ask(ada, "POST", "/issues", title="More", body="Do it.", labels=held) for _ in range(2))
    hub.ask(ada, "POST", f"/issues/{one['number']}/dependencies/blocked_by", issue_id=other["id"])
    _later(world, 900, lambda: hub.ask(ada, "DELETE", f"/issues/{one['number']}/labels/breeze:human"))


def stop_issue(world: World, pull: Thing) -> None:
    """A person stops the issue, and touches nothing of the pull request."""
    world.hub.ask(world.people.ada, "POST", "/issues/1/labels", labels=["breeze:human"])


def hold(world: World, pull: Thing) -> None:
    """A person puts a label on it that other tools hold on."""
    world.hub.ask(world.people.ada, "POST", f"/issues/{pull.number}/labels", labels=["do not merge"])


def give_away(world: World, pull: Thing) -> None:
    """A stranger's pull request is linked to its issue."""
    world.hub.open_from_fork(world.people.eve, "mine", {"eve.txt": "1"}, "Mine", "")
    world.hub.link(world.people.ada, *(one for one in world.hub.things() if one.number in (1, 3)), True)


def approve_and_edit(world: World, pull: Thing) -> None:
    """ada approves, and says a moment later that she does not."""
    ada, hub, mark = world.people.ada, world.hub, f"<!-- bee:approved-for-e2e sha={pull.head} -->"
    said = hub.ask(ada, "POST", f"/issues/{pull.number}/comments", body=f"LGTM\n{mark}")["id"]
    _later(world, 2, lambda: hub.ask(ada, "PATCH", f"/issues/comments/{said}", body=f"Hm.\n{mark}"))


def stop_in_queue(world: World, pull: Thing) -> None:
    """A person stops what is in the merge queue, whose CI takes most of an hour."""
    ci, world.people.ci = world.people.ci, world.people.eve  # who may not say anything of a commit
    world.hub.ask(world.people.ada, "POST", f"/issues/{pull.number}/labels", labels=["breeze:human"])
    _later(world, 2999, lambda: setattr(world.people, "ci", ci))
    _later(world, 3000, world.people.checks)


@dataclass(frozen=True)
class Case:
    """After which request what happens, in which kinds of projects, which part is broken, and what the judge says."""

    moment: str
    story: Callable[[World, Thing], None]
    kind: type[Kind]
    broken: type[Transport]
    says: str


OPENED, TESTED, PROVEN = "POST /pulls", "POST /issues/2/comments", "GET /git/ref/heads/main"
CASES = {
    "an approval of another base": Case(TESTED, away_and_back, Bases, Steady, "which nobody who may had approved"),
    "a step not on the default branch": Case(TESTED, away, Bases, Content, "is not on the default branch"),
    "a merge that is refused": Case(PROVEN, freeze, MergeSettings, Stubborn, "again and again"),
    "an approval without access": Case(OPENED, approve_and_go, Access, Trusting, "which nobody who may had approved"),
    "an issue that waits": Case(TESTED, wait, SubIssues, Restless, "which waits for #"),
    "a stop of the issue": Case(TESTED, stop_issue, Stops, Heedless, "was merged while its issue was stopped"),
    "a label that holds": Case(
        TESTED, hold, Gestures, Hasty, "was merged while it was on hold: the label do not merge"
    ),
    "an issue given away": Case(TESTED, give_away, Gestures, Deaf, "its issue was stopped: #3 is linked to it"),
    "an approval taken back": Case(OPENED, approve_and_edit, Gestures, Faithful, "which nobody who may had approved"),
    "a stop in the queue": Case("Enqueue", stop_in_queue, MergeQueue, Clinging, "Dequeue on #2 does not stand"),
}


@pytest.mark.parametrize("broken", [True, False], ids=["broken", "whole"])
@pytest.mark.parametrize("what", CASES)
def test_a_broken_part_is_caught_by_the_rule_that_it_breaks(tmp_path: Path, what: str, broken: bool) -> None:
    """Somebody does something before the first merge."""
    case = CASES[what]
    parts = Parts(transport=case.broken) if broken else Parts()
    world = World(7, tmp_path, parts=parts, kinds=frozenset({case.kind.name}))
    world.quiet, world.weather.overtaken = True, OVERTAKEN_MAX
    for kind in world.people.kinds:
        kind.meddled = MEDDLED_MAX
    if case.kind is MergeQueue:
        _kind(world, MergeQueue).switch()
    world.machines = world.machines[:1]
    world.hub.ask(world.people.ada, "POST", "/issues", title="Work", body="Do it.")

    def seen(machine: Machine, process: Process, request: Asked) -> None:
        if process.run and request.name == case.moment and not world.counts["the story"]:
            world.count("the story")
            case.story(world, world.people.pulls()[0])

    world.weather.seen = seen
    with ended(world.timeline):
        world.cron(world.machines[0])
        world.timeline.run(lambda: bool(world.judge.problems), START + 4 * 3600)
    assert world.counts["the story"] == 1
    assert any(case.says in problem for problem in world.judge.problems) is broken
    assert broken or world.judge.problems == []
