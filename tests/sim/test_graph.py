"""The simulator's executor answers bee's documents as the forge's own does, errors included."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bee.forge.core.ids import node_id
from bee.forge.graph.api import GraphApi
from bee.forge.http import Body, Request
from bee.forge.limits import Limits
from bee.github import queries
from tests.sim.graph import document
from tests.sim.hub import Hub
from tests.sim.machine import Machine
from tests.sim.timeline import START, Process, ended
from tests.sim.transport import Asked
from tests.sim.world import World

SAMPLES_MAX = 6  # of each document, in as many states


def forges(hub: Hub, text: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the forge's own executor answers, without the places of errors in the text."""
    raw = json.dumps({"query": text, "variables": variables}).encode()
    body = Body(io.BytesIO(raw), len(raw), chunked=False)
    asked = Request(method="POST", host="model", path="/graphql", query="", headers={}, body=body)
    with hub.acting(hub.users("bee")) as call:
        found: dict[str, Any] = json.loads(GraphApi(Limits(hub.forge.clock)).serve(call, asked, raw)[0].body)
    for error in found.get("errors", []):
        error.pop("locations", None)
    return found


def same(hub: Hub, text: str, **variables: Any) -> None:
    """Both give one answer; what is left of the limits apart."""
    bee = hub.users("bee")
    answers = [json.loads(json.dumps(hub.graphql(bee, document(text), variables))), forges(hub, text, variables)]
    for answer in answers:
        (answer["data"] or {}).pop("rateLimit", None)
    assert answers[0] == answers[1]


def test_what_hosts_read_in_a_project_is_read_the_same(tmp_path: Path) -> None:
    """In the state that each request of some hours met."""
    world, asks = World(3, tmp_path), Counter[str]()
    world.hub.refused = frozenset()

    def seen(machine: Machine, process: Process, asked: Asked) -> None:
        if asked.path == "/graphql" and not asked.writes and asks[asked.name] < SAMPLES_MAX:
            asks[asked.name] += 1
            same(world.hub, asked.body["query"], **asked.body["variables"])

    world.weather.seen, world.people.busy = seen, 6.0
    with ended(world.timeline):
        for machine in world.machines:
            world.cron(machine)
        world.people.begin()
        world.timeline.run(lambda: bool(world.timeline.failed), START + 3 * 3600)
        assert [process.error for process in world.timeline.failed] == []
    assert {"Snapshot", "Item", "Lease", "PullsOfBranch"} <= asks.keys()
    same(world.hub, queries.HEAD, owner="ada", name="calc")


def test_what_is_written_and_refused_is_answered_the_same(tmp_path: Path) -> None:
    """On two equal repositories, one for each."""
    hubs = [Hub("ada/calc", tmp_path / name, lambda: START, {"a.txt": "one\n"}) for name in ("one", "other")]
    shown: list[list[Any]] = [[], []]
    for at, hub in enumerate(hubs):
        hub.ask(hub.users("ada"), "POST", "/issues", title="Work", body="Do it.")
        label = hub.ask(hub.users("ada"), "POST", "/labels", name="breeze:wip")["node_id"]
        issue = hub.ask(hub.users("ada"), "GET", "/issues/1")["node_id"]
        main = hub.git.refs.all["refs/heads/main"]

        def asks(text: str, at: int = at, hub: Hub = hub, **variables: Any) -> None:
            asked = hub.graphql(hub.users("bee"), document(text), variables) if at else forges(hub, text, variables)
            shown[at].append(json.loads(json.dumps(asked)))

        update = {"name": "refs/bee/items/1", "beforeOid": "0" * 40, "afterOid": main}
        move = {"repositoryId": node_id("Repository", 2_000_001), "refUpdates": [update]}
        for _ in range(2):
            asks(queries.mutation("UpdateRefs", ["refs"]), refs=move)
        asks(queries.CLAIM, item=issue, label=label, ref="refs/bee/items/1")
        parts = {"comment": {"subjectId": issue, "body": "Words."}, "edit": {"id": "IC_none", "body": "Gone."},
                 "remove": {"labelableId": issue, "labelIds": [label]}, "refs": move}  # fmt: skip
        asks(queries.mutation("Publish", list(parts)), **parts)
        asks(queries.LEASE, owner="ada", name="calc", number=99, ref="refs/bee/items/99")
    for answer in (one for answers in shown for one in answers):
        (answer["data"] or {}).pop("rateLimit", None)
    assert shown[0] == shown[1]
    assert [len(answer.get("errors", [])) for answer in shown[0]] == [0, 1, 0, 2, 1]
