"""The stories into which every answer of GitHub is told: a project's issues, its agents, and what its people do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bee.github.client import GitHubClient
from bee.host import Host
from bee.lease.store import ByPerson
from bee.model.errors import BeeError
from bee.model.limits import PAGE_ITEMS_MAX
from bee.steer import actions
from tests.sim.hub import Post, Thing
from tests.sim.kinds import MergeQueue
from tests.sim.people import DESIGN

if TYPE_CHECKING:
    from tests.sim.said import Stage

POLICY: Final = "version: 1\nintake: all\nplan_approval: auto\n"


@dataclass(frozen=True, kw_only=True)
class Story:
    """A project to play: its issues, what the nth agent of a role does, what people do after each tick.

    `refused`: fields of GraphQL that bee's token may not read.
    """

    body: str = "Do it."
    issues: int = 1
    labels: Sequence[str] = ()
    policy: str = POLICY
    agents: Mapping[tuple[str, int], tuple[str, dict[str, Any]]] = field(default_factory=dict)
    deeds: tuple[Callable[[Stage], None], ...] = ()
    owner: str = "ada"
    refused: frozenset[str] = frozenset()


def answer(stage: Stage) -> None:
    """Answer the question of an agent, once."""
    for thing in stage.open():
        asked = any("Which way?" in post.body for post in thing.comments)
        if asked and not any(post.author.login == "ada" for post in thing.comments):
            stage.ask("POST", f"/issues/{thing.number}/comments", body="To the left.")


def undo(stage: Stage) -> None:
    """Take a wrong label off, once somebody noticed."""
    noticed = any("bee:alert" in thing.body for thing in stage.hub.things())
    for thing in stage.open():
        if noticed and not thing.is_pull and "breeze:done" in thing.labels:
            stage.ask("DELETE", f"/issues/{thing.number}/labels/breeze:done")


def report_checks(stage: Stage) -> None:
    """The CI reports on every head, and on what the merge queue made; not before bee took out what was stopped."""
    inside = stage.hub.queued()
    if not any(thing.id in inside and "breeze:human" in thing.labels for thing in stage.open()):
        stage.people.checks()


def add_queue(stage: Stage) -> None:
    """main gets a merge queue, before all else."""
    if stage.once("queue"):
        MergeQueue(stage.people).begin()


def stop_in_the_queue(stage: Stage) -> None:
    """Stop what is in the merge queue, once, and let it go on when it is out."""
    inside = stage.hub.queued()
    for thing in stage.open():
        if thing.id in inside and stage.once("stop"):
            stage.resumed.add(thing.number)
            stage.ask("POST", f"/issues/{thing.number}/labels", labels=["breeze:human"])
        elif "stop" in stage.did and thing.id not in inside and "breeze:human" in thing.labels and stage.once("go on"):
            stage.ask("DELETE", f"/issues/{thing.number}/labels/breeze:human")


def protect(stage: Stage) -> None:
    """main asks for a check, by its protection."""
    if stage.once("protection"):
        checks = {"strict": False, "contexts": ["ci"]}
        others = dict.fromkeys(("enforce_admins", "required_pull_request_reviews", "restrictions"))
        stage.ask("PUT", "/branches/main/protection", required_status_checks=checks, **others)


def point_at_a_line(stage: Stage) -> None:
    """Speak of a line, once."""
    for thing in stage.open():
        if thing.is_pull and stage.once("line"):
            stage.people.speak_of_line(stage.people.ada, thing, "This line is not right yet.")


def pause(stage: Stage) -> None:
    """Pause the pull request from a terminal, once, and let it go on."""

    def act(number: int, verb: Callable[[ByPerson, int], object]) -> None:
        def run(host: Host, client: GitHubClient) -> None:
            try:
                verb(ByPerson(host, client, stage.hub.repo), number)
            except BeeError as problem:
                stage.told.append(str(problem))

        stage.people.runs(stage.people.ada, run)

    for thing in stage.open():
        if thing.is_pull and stage.once("pause"):
            stage.resumed.add(thing.number)
            act(thing.number, lambda person, number: actions.pause(person, number, "Wait."))
        elif thing.is_pull and "breeze:human" in thing.labels:
            act(thing.number, actions.resume)


def double(stage: Stage) -> None:
    """What another host of bee's wrote in the same moment stands there twice: a comment, a review, an answer."""
    seen, hub, bee = stage.hub.seen, stage.hub, stage.hub.users("bee")

    def keyed(posts: Sequence[Post]) -> list[Post]:
        return [post for post in posts if post.author == bee and " key=" in post.body and "bee:status" not in post.body]

    def again(what: str, posts: Sequence[Post], path: str, **more: Any) -> None:
        for post in keyed(posts)[:1]:
            if stage.once(what):
                hub.seen = lambda *_: None  # the judge knows of no run that promised it
                hub.ask(bee, "POST", path, body=post.body, **more)
                hub.seen = seen

    for thing in stage.open():
        again("comment", thing.comments, f"/issues/{thing.number}/comments")
        if thing.is_pull:
            again("review", thing.reviews, f"/pulls/{thing.number}/reviews", event="COMMENT")
            _double_an_answer(thing, again)


def _double_an_answer(thing: Thing, again: Callable[..., None]) -> None:
    for talk in thing.talks:
        again("answer", talk.said[1:], f"/pulls/{thing.number}/comments/{talk.said[0].id}/replies")


def say_much(stage: Stage) -> None:
    """More is said on a pull request than one page holds, once."""
    for thing in stage.open():
        if thing.is_pull and stage.once("much"):
            for at in range(PAGE_ITEMS_MAX + 1):
                stage.ask("POST", f"/issues/{thing.number}/comments", body=f"Word {at}.")


STORIES: Final = {
    "a task": Story(),
    "three tasks": Story(issues=3),
    "a design": Story(body=DESIGN.format(x="x")),
    "a question": Story(agents={("drafter", 1): ("pause", {"reason": "Which way?"})}, deeds=(answer,)),
    "a change": Story(agents={("reviewer", 1): ("review", {"approve": False, "body": "Not like this."})}),
    "an alert": Story(labels=("breeze:done",), deeds=(undo,)),
    "lists refused": Story(refused=frozenset({"collaborators"})),
    "a merge queue": Story(owner=MergeQueue.owner, deeds=(add_queue, stop_in_the_queue, report_checks)),
    "a line": Story(deeds=(point_at_a_line,)),
    "a pause": Story(deeds=(pause,)),
    "much talk": Story(deeds=(say_much,)),
    "said twice": Story(deeds=(point_at_a_line, double)),
    "checks refused": Story(refused=frozenset({"statusCheckRollup"}), deeds=(protect, report_checks)),
}
