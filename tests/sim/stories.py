"""The stories into which every answer of GitHub is told: a project's issues, its agents, and what its people do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bee.github.client import GitHubClient
from bee.host import Host
from bee.lease.store import ByPerson
from bee.model.errors import BeeError
from bee.model.limits import PAGE_ITEMS_MAX
from bee.model.refs import item_ref
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

    `refused`: fields of GraphQL that bee's token may not read; `lacks`: one that the server has not;
    `page`: how many of a list come at once.
    """

    body: str = "Do it."
    issues: int = 1
    labels: Sequence[str] = ()
    policy: str = POLICY
    agents: Mapping[tuple[str, int], tuple[str, dict[str, Any]]] = field(default_factory=dict)
    deeds: tuple[Callable[[Stage], None], ...] = ()
    owner: str = "ada"
    refused: frozenset[str] = frozenset()
    lacks: str = ""
    page: int | None = None


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
    for thing in stage.open():
        if thing.is_pull and stage.once("pause"):
            stage.resumed.add(thing.number)
            command(stage, lambda person, number=thing.number: actions.pause(person, number, "Wait."))
        elif thing.is_pull and "breeze:human" in thing.labels:
            command(stage, lambda person, number=thing.number: actions.resume(person, number))


def command(stage: Stage, verb: Callable[[ByPerson], object]) -> None:
    """ada says it from a terminal, and is told where it fails."""

    def run(host: Host, client: GitHubClient) -> None:
        try:
            verb(ByPerson(host, client, stage.hub.repo))
        except BeeError as problem:
            stage.told.append(str(problem))

    stage.people.runs(stage.people.ada, run)


def pause_all(stage: Stage) -> None:
    """Pause the whole repository from a terminal, once there is a pull request, and let it go on."""
    if stage.judge.control[0] is not None and stage.judge.control[0].kind == "paused":
        command(stage, lambda person: actions.resume_repo(person.host, person.client, person.repo))
    elif any(thing.is_pull for thing in stage.open()) and stage.once("pause all"):
        command(stage, lambda person: actions.pause_repo(person.host, person.client, person.repo, "Wait."))


def look_and_approve(stage: Stage) -> None:
    """Look at what a pull request changes, and approve that, once."""

    def act(person: ByPerson, number: int) -> None:
        actions.approve(person, number, "Good.", actions.look_at(person, number).head)

    for thing in stage.open():
        if thing.is_pull and stage.once("approval"):
            command(stage, lambda person, number=thing.number: act(person, number))


def restrict(stage: Stage, late: bool = False) -> None:
    """A rule lets nobody make branches of bee's, `late` while an agent works; it goes when bee has asked what to do."""
    if (not late or stage.open()) and stage.once("rule"):
        where = {"ref_name": {"include": ["refs/heads/bee/**"], "exclude": []}}
        rule = {"name": "mine", "target": "branch", "enforcement": "active", "conditions": where}
        stage.ask("POST", "/rulesets", **rule, rules=[{"type": "creation"}])
    for thing in stage.open():
        if ("breeze:human" in thing.labels or stage.waits_on_rules(thing)) and stage.once("no rule"):
            stage.resumed.add(thing.number)
            stage.ask("DELETE", f"/rulesets/{stage.ask('GET', '/rulesets')[0]['id']}")
            stage.ask("DELETE", f"/issues/{thing.number}/labels/breeze:human")


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


def forge(stage: Stage) -> None:
    """Somebody puts a record of theirs onto a lease that nobody holds, once."""
    for thing in stage.open():
        tip, ref = stage.judge.tip(thing.number), item_ref(thing.number)
        if tip is not None and not tip.holds and stage.once("forged"):
            git, before = stage.hub.git, stage.hub.git.refs.all[ref]
            said = json.dumps({**tip.text, "run": "x", "cost_usd_before": 99.0})
            made = git.commit_tree(git.the_commit(before).tree, (before,), f"x\n\n{said}", stage.hub.now, "dave")
            stage.tell(f"dave forges a record on #{thing.number}")
            stage.hub.move_refs(stage.hub.users("dave"), [(ref, before, made)])


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
    "a pause of an old server": Story(deeds=(pause,), lacks="updateRefs"),
    "a pause of all": Story(deeds=(pause_all,)),
    "a look": Story(deeds=(look_and_approve,)),
    "a rule": Story(deeds=(restrict,)),
    "a late rule": Story(deeds=(partial(restrict, late=True),)),
    "a foreign record": Story(deeds=(forge,)),
    "short pages": Story(issues=2, page=1, deeds=(point_at_a_line, protect, report_checks)),
}
