"""Umbrella issues, milestones and the end of all work, on the core of the forge in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bee.github.client import GitHubClient
from bee.host import Host
from bee.model.labels import Label
from tests.sim.machine import KEYS, SERVERS
from tests.sim.still import REPO, Still
from tests.sim.transport import Transport

END = f"all finished: nothing that is bee's is open in {REPO} any more"


def issue(still: Still, title: str, body: str = "Do it.") -> dict[str, Any]:
    return dict(still.ask("POST", "/issues", title=title, body=body))


def umbrella(still: Still) -> tuple[int, int]:
    """An issue with one sub-issue: the numbers of both."""
    above, below = issue(still, "All of it"), issue(still, "A part")
    still.ask("POST", f"/issues/{above['number']}/sub_issues", sub_issue_id=below["id"])
    return above["number"], below["number"]


def branches(still: Still) -> list[str]:
    return [one.head_ref for one in still.hub.things() if one.is_pull]


# ---- umbrellas ------------------------------------------------------------------------------------------------------


def test_an_umbrella_waits_for_its_parts_and_then_has_its_turn(tmp_path: Path) -> None:
    still = Still(tmp_path)
    above, below = umbrella(still)
    assert (str(still.placed(above).placement.position), still.placed(below).role) == ("blocked", "drafter")
    still.ticks()
    assert branches(still) == [f"bee/{below}-task", f"bee/{above}-task"], "one after the other"
    assert [one.state for one in still.hub.things()] == ["CLOSED", "CLOSED", "MERGED", "MERGED"]


def test_an_umbrella_that_says_wip_is_told_of_once_its_parts_are_merged_and_goes_on_without(tmp_path: Path) -> None:
    still = Still(tmp_path)
    above, below = umbrella(still)
    still.ask("PATCH", f"/issues/{above}", title="WIP: all of it")
    still.ticks()
    assert branches(still) == [f"bee/{below}-task"]
    thing = still.hub.thing(above)
    assert thing is not None
    for _ in range(3):
        still.clock.now += 3 * 60 * 60
        still.ticks()
    (told,) = (one.body for one in thing.comments if "Reason: `on-hold`" in one.body)
    assert "\u201cWIP:\u201d in its title" in told
    assert (str(still.placed(above).placement.position), Label.HUMAN in thing.labels) == ("on-hold", False)
    still.ask("PATCH", f"/issues/{above}", title="All of it")
    still.clock.now += 60  # a review of the second in which a task is changed may have read it as it was
    still.ticks()
    assert thing.state == "CLOSED"


def test_a_part_that_was_dropped_is_asked_about_once_and_a_person_goes_on(tmp_path: Path) -> None:
    """GitHub counts it as completed; a stranger's word does not answer."""
    still = Still(tmp_path)
    above, below = umbrella(still)
    still.ask("PATCH", f"/issues/{below}", state="closed", state_reason="not_planned")
    found = still.placed(above)
    assert (found.placement.rule, found.facts.about["dropped"]) == ("what it depended on was closed undone", ["#2"])
    for _ in range(3):
        still.ticks()
    thing = still.hub.thing(above)
    assert thing is not None
    assert Label.HUMAN in thing.labels
    assert len([one for one in thing.comments if "closed" in one.body and "bee:run" in one.body]) == 1
    assert branches(still) == []
    still.ask("POST", f"/issues/{above}/comments", "eve", body="Go on.")
    still.ticks()
    assert branches(still) == []
    still.ask("DELETE", f"/issues/{above}/labels/{Label.HUMAN}")
    still.ticks()
    assert thing.state == "CLOSED"
    assert branches(still) == [f"bee/{above}-task"]


def test_a_part_that_is_opened_again_is_waited_for_again(tmp_path: Path) -> None:
    still = Still(tmp_path)
    above, below = umbrella(still)
    still.ask("PATCH", f"/issues/{below}", state="closed", state_reason="completed")
    assert still.placed(above).role == "drafter"
    still.ask("PATCH", f"/issues/{below}", state="open")
    assert str(still.placed(above).placement.position) == "blocked"


# ---- milestones -----------------------------------------------------------------------------------------------------


@dataclass
class Recorded(Still):
    """What bee asks GitHub for, kept."""

    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def client(self) -> GitHubClient:
        """A client of bee's account whose requests are kept."""
        asked = self.asked

        class Kept(Transport):
            def request(self, method: str, url: str, **more: Any) -> Any:
                asked.append((method, url, more.get("json")))
                return super().request(method, url, **more)

        return GitHubClient(SERVERS, "t", Kept(self.hub, self.hub.users("bee")), self.clock, KEYS.keys)


def names(data: Any) -> Iterator[str]:
    """Every key of a request, and the fields that its document asks for."""
    if isinstance(data, dict):
        yield from (str(key).lower() for key in data)
        yield str(data.get("query", "")).lower()
        for value in data.values():
            yield from names(value)
    elif isinstance(data, list):
        for value in data:
            yield from names(value)


def test_bee_never_sets_clears_or_moves_a_milestone(tmp_path: Path) -> None:
    """Over whole flows, an umbrella's among them: no request says a word of one, so that GitHub leaves it as it is."""
    still = Recorded(tmp_path)
    umbrella(still)
    still.ticks()
    assert {one.state for one in still.hub.things()} == {"CLOSED", "MERGED"}
    writes = [one for one in still.asked if one[0] != "GET"]
    assert len(writes) > 20
    assert [
        one for one in still.asked if "milestone" in one[1] or any("milestone" in name for name in names(one[2]))
    ] == []


# ---- the end --------------------------------------------------------------------------------------------------------


def telling(host: Host, told: Path) -> Host:
    """The host, with a command that keeps what a person is told."""
    return replace(host, settings=replace(host.settings, notify=(("sh", "-c", f"cat >> {told}; echo >> {told}"),)))


def said(still: Still, *hosts: Host, ticks: int = 12) -> list[str]:
    """What ticks of these hosts in turn had to say of the end."""
    lines = [still.tick(hosts[at % len(hosts)]).said for at in range(ticks)]
    return [line for line in lines if "all finished" in line]


def test_the_end_is_told_once_by_one_host(tmp_path: Path) -> None:
    """In the output of one tick and in one notification; with a new home, too. New work has an end of its own."""
    still, told = Still(tmp_path), tmp_path / "told"
    hosts = [telling(still.host(), told) for _ in range(2)]
    assert said(still, *hosts, ticks=2) == [], "nothing was ever done"
    issue(still, "Work")
    assert said(still, *hosts) == [END]
    assert said(still, *hosts, telling(still.host(), told)) == []
    (one,) = [json.loads(line) for line in told.read_text().splitlines() if line]
    assert (one["title"], one["text"]) == (f"bee: all finished in {REPO}", END)

    number = int(issue(still, "More")["number"])
    waits = int(issue(still, "Not yet", f"Blocked by #{number}")["number"])
    still.ask("POST", f"/issues/{waits}/labels", labels=[str(Label.HUMAN)])
    assert said(still, *hosts) == [], "a person is still needed"
    still.ask("PATCH", f"/issues/{waits}", state="closed")
    assert said(still, *hosts) == [END]
    assert len([line for line in told.read_text().splitlines() if line]) == 2
