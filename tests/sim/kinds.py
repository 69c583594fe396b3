"""What some projects have and others have not, beyond a line of their policy: its deeds, and how it ends.

Whether a project has one is drawn beside the seed's own numbers, so that a kind changes only the stories that have it.
"""

from __future__ import annotations

import contextlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Final

from bee.forge.core.users import User
from bee.pipeline.decide import Decision
from bee.pipeline.positions import Position
from tests.sim.hub import No
from tests.sim.reader import branch
from tests.sim.signs import HOLD_LABELS, HOLD_TITLES
from tests.sim.timeline import Process

if TYPE_CHECKING:
    from tests.sim.people import People

PUT_RIGHT = 0.7  # how often people put everything right in the end
Deeds = dict[Callable[[], None], int]


class Kind(ABC):
    """One of them: how often it is had, what people do there beside all else, and what they do in the end."""

    name: ClassVar[str]
    chance: ClassVar[float]

    def __init__(self, people: People) -> None:
        self.people, self.world, self.hub = people, people.world, people.hub
        self.random: Random = people.world.more
        self.meddled = 0  # how often

    def begin(self) -> None:  # noqa: B027 # most kinds have nothing to do here
        """How the project is from the start."""

    @abstractmethod
    def deeds(self) -> Deeds:
        """What people do, and how often beside the rest."""

    def meddle(self) -> None:
        """What somebody does beside a merge. Raises No where that is nothing."""
        raise No(0, "nothing")

    @abstractmethod
    def put_right(self) -> None:
        """What people do when all calms down; by chance, they do not."""

    def later(self, deed: Callable[[], None]) -> None:
        """Somebody sees to it after a while."""

        def act() -> None:
            with contextlib.suppress(No):
                deed()

        self.world.timeline.start(Process("life", "people"), act, after=self.random.choice((20, 900, 7200)))

    def calm(self) -> None:
        """The end."""
        if self.random.random() < PUT_RIGHT:
            self.put_right()
            self.world.count(f"{self.name} put right")
        else:
            self.world.count(f"{self.name} left")

    def ends(self, decision: Decision) -> None:  # noqa: B027 # most kinds have nothing to do here
        """What must hold when all is at rest, told to the judge."""


# ---- settings -------------------------------------------------------------------------------------------------------

BARE: Final[dict[str, Any]] = {
    "required_status_checks": None, "enforce_admins": None, "required_pull_request_reviews": None, "restrictions": None,
}  # fmt: skip
PULLS: Final[dict[str, Any]] = {
    "required_approving_review_count": 0, "dismiss_stale_reviews_on_push": False, "require_code_owner_review": False,
    "require_last_push_approval": False, "required_review_thread_resolution": False,
}  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """Something that may stand against a merge: of the branch's protection, or a rule of a ruleset."""

    protection: dict[str, Any] | None = None
    rule: dict[str, Any] | None = None


SETTINGS: Final = {
    "method off": Setting(),  # of the repository: the policy's own
    "approval": Setting({"required_pull_request_reviews": {"required_approving_review_count": 1}}),
    "freeze": Setting({"lock_branch": True}),
    "check": Setting({"required_status_checks": {"strict": False, "contexts": ["ci"]}}),
    "up to date": Setting({"required_status_checks": {"strict": True, "contexts": ["ci"]}}),
    "conversations": Setting({"required_conversation_resolution": True}),
    "methods": Setting(rule={"type": "pull_request", "parameters": PULLS | {"allowed_merge_methods": ["rebase"]}}),
    "no update": Setting(rule={"type": "update", "parameters": {"update_allows_fetch_and_merge": False}}),
}
OF_SETTINGS: Final = frozenset({Position.WAITING_ON_SETTINGS, Position.NEEDS_PERSON_APPROVAL})
SETTINGS_MAX: Final = 2  # at once


class MergeSettings(Kind):
    """What GitHub demands of a merge changes while things run: a method, an approval, a check, a freeze."""

    name = "merge settings"
    chance = 0.2

    def __init__(self, people: People) -> None:
        super().__init__(people)
        self.on: dict[str, int] = {}  # with the number of its ruleset

    def begin(self) -> None:
        """Some projects begin with one."""
        if self.random.random() < 0.5:
            self.forbid()

    def deeds(self) -> Deeds:
        """On and off."""
        return {self.forbid: 8, self.allow: 8, self.approve: 4}

    def forbid(self) -> None:
        """Something is demanded that was not before."""
        left = [name for name in SETTINGS if name not in self.on]
        if len(self.on) >= SETTINGS_MAX:
            raise No(0, "enough is demanded")
        self.set_to(self.random.choice(left), True)

    def allow(self) -> None:
        """One of them is put right."""
        if not self.on:
            raise No(0, "nothing is demanded")
        self.set_to(self.random.choice(sorted(self.on)), False)

    def meddle(self) -> None:
        """Something is demanded, and after a while no more."""
        self.forbid()
        self.later(self.allow)

    def approve(self) -> None:
        """A person approves in a review, as only that counts for GitHub."""
        one, who = self.people.one(self.people.pulls()), self.people.somebody()
        self.people.say(who, "approves in a review", one)
        self.people.review(who, one, "APPROVE", "Good.")

    def put_right(self) -> None:
        """Nothing is demanded any more."""
        for name in sorted(self.on):
            self.set_to(name, False)

    def ends(self, decision: Decision) -> None:
        """What was put right holds nothing up, but for a merge that GitHub refused: bee never asks for that again."""
        refused = {number for number, _, _ in self.world.judge.refused}
        held = [one for one in decision.statuses if one.placement.position in OF_SETTINGS and not self.on]
        for one in (one for one in held if one.number not in refused):
            self.world.judge.blame(f"#{one.number} waits for settings that are right", places=decision)

    def set_to(self, name: str, on: bool) -> None:
        """Set it, or lift it."""
        hub, ada, one = self.hub, self.people.ada, SETTINGS[name]
        self.people.say(ada, f"{'sets' if on else 'lifts'} `{name}`")
        self.world.count(f"setting {name}")
        number = self.on.pop(name, 0)
        if on:
            self.on[name] = 0
        if one.rule is not None and on:
            where = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
            body = {"name": name, "enforcement": "active", "target": "branch", "conditions": where}
            self.on[name] = hub.ask(ada, "POST", "/rulesets", **body, rules=[one.rule])["id"]
        elif one.rule is not None:
            hub.ask(ada, "DELETE", f"/rulesets/{number}")
        elif one.protection is not None:
            self._protect()
        else:
            switch = {"squash": "allow_squash_merge", "merge": "allow_merge_commit"}[self.world.method]
            hub.ask(ada, "PATCH", "", **{switch: not on})

    def _protect(self) -> None:
        where = f"/branches/{self.hub.main}/protection"
        wanted = [found for name in SETTINGS if name in self.on and (found := SETTINGS[name].protection) is not None]
        if wanted:
            self.hub.ask(self.people.ada, "PUT", where, **{k: v for one in (BARE, *wanted) for k, v in one.items()})
        else:
            self.hub.ask(self.people.ada, "DELETE", where)


# ---- bases ----------------------------------------------------------------------------------------------------------


class Bases(Kind):
    """Pull requests move to another base and back, and branches are renamed or go."""

    name = "other bases"
    chance = 0.2

    def __init__(self, people: People) -> None:
        super().__init__(people)
        self.side = "side"

    def deeds(self) -> Deeds:
        """To and fro."""
        return {self.retarget: 8, self.move_back: 8, self.push_side: 3, self.rename: 3, self.drop_side: 1}

    def retarget(self) -> None:
        """A pull request is to go into another branch."""
        one, hub = self.people.one([t for t in self.people.pulls() if t.base_ref == self.hub.main]), self.hub
        if hub.git.refs.get(f"refs/heads/{self.side}") is None:
            start = hub.git.refs.all[f"refs/heads/{hub.main}"]
            hub.move_refs(self.people.ada, [(f"refs/heads/{self.side}", None, start)])
        self._move(one, self.side)

    def move_back(self) -> None:
        """It is to go into the default branch again."""
        self._move(self.people.one(self._astray()), self.hub.main)

    def meddle(self) -> None:
        """What is about to be merged is to go elsewhere, and after a while back."""
        self.retarget()
        self.later(self.put_right)

    def push_side(self) -> None:
        """A commit on the other branch."""
        self.people.push(self.side, self.random.choice(("note.txt", "left.txt", "shared.txt")))

    def rename(self) -> None:
        """A branch has another name; what goes into it follows."""
        hub, ada = self.hub, self.people.ada
        if self.random.random() < 0.3:
            old, new = hub.main, "trunk" if hub.main == "main" else "main"
        else:
            old, new = self.side, "side" if self.side == "aside" else "aside"
        self.people.say(ada, f"renames {old} to {new}")
        hub.ask(ada, "POST", f"/branches/{old}/rename", new_name=new)
        self.side = new if old == self.side else self.side

    def drop_side(self) -> None:
        """The other branch goes, and with it what was to go into it."""
        self.people.say(self.people.ada, f"deletes {self.side}")
        self.hub.ask(self.people.ada, "DELETE", f"/git/refs/heads/{self.side}")

    def put_right(self) -> None:
        """Everything goes into the default branch."""
        for one in self._astray():
            self._move(one, self.hub.main)

    def _astray(self) -> list[Any]:
        return [one for one in self.people.pulls() if one.base_ref != self.hub.main]

    def _move(self, one: Any, base: str) -> None:
        who = self.people.somebody()
        self.people.say(who, f"has {base} as the base of", one)
        self.hub.ask(who, "PATCH", f"/pulls/{one.number}", base=base)


# ---- access ---------------------------------------------------------------------------------------------------------


class Access(Kind):
    """bob, who writes and approves, loses his access, and may get it back."""

    name = "access ends"
    chance = 0.2

    def deeds(self) -> Deeds:
        """He approves, goes, tries what strangers may, and comes back."""
        return {self.bob_approves: 8, self.leave: 6, self.come_back: 6, self.outsider: 8}

    def bob_approves(self) -> None:
        """A word that counts for as long as he has access."""
        one, bob = self.people.one(self.people.pulls()), self.people.bob
        self.people.say(bob, "approves", one)
        self.people.comment_on(bob, one, f"Good.\n<!-- bee:approved-for-e2e sha={one.head} -->")

    def leave(self) -> None:
        """His access ends."""
        self._give(False)

    def come_back(self) -> None:
        """He has it again."""
        self._give(True)

    def outsider(self) -> None:
        """Without access he is a stranger."""
        if self.people.bob in self.people.trusted:
            raise No(0, "bob has access")
        self.people.stranger(self.people.bob)

    def meddle(self) -> None:
        """It ends beside a merge."""
        self.leave()
        self.later(self.come_back)

    def put_right(self) -> None:
        """He is back."""
        if self.people.bob not in self.people.trusted:
            self.come_back()

    def _give(self, may: bool) -> None:
        people = self.people
        if may is (people.bob in people.trusted):
            raise No(0, "so it is")
        people.say(people.ada, f"{'gives' if may else 'ends'} bob's access")
        self.hub.let(people.ada, people.bob, may)
        people.out = people.out ^ {people.bob.login}


# ---- sub-issues -----------------------------------------------------------------------------------------------------

_WAITS: Final = """SELECT waiting.number AS waiting, other.id, other.number, other.state, other.state_reason,
    '{kind}' AS kind FROM {table} JOIN issues AS waiting ON waiting.id = {mine}
    JOIN issues AS other ON other.id = {other}"""
WAITS: Final = " UNION ".join((
    _WAITS.format(kind="blocks", table="dependencies", mine="issue_id", other="blocker_id"),
    _WAITS.format(kind="part", table="sub_issues", mine="parent_id", other="child_id"),
)) + " ORDER BY 1, 3, 6"  # fmt: skip


class SubIssues(Kind):
    """Issues have parts and wait for others, by GitHub's own means; what they wait for is done, or dropped."""

    name = "sub-issues"
    chance = 0.2

    def deeds(self) -> Deeds:
        """More to wait for, and less."""
        return {self.split: 5, self.wait: 5, self.part_with: 5, self.drop: 3, self.finish: 3}

    def split(self) -> None:
        """An issue gets a part: a new one, or one that was there."""
        issues, people = self._issues(), self.people
        one, other, who = people.one(issues), people.one(issues), people.somebody()
        part = other.id
        if len(people.things()) < 6 and self.random.random() < 0.5:
            part = self.hub.ask(who, "POST", "/issues", title="A part", body="Do this part.")["id"]
        people.say(who, "gives a part to", one)
        self.hub.ask(who, "POST", f"/issues/{one.number}/sub_issues", sub_issue_id=part)

    def wait(self) -> None:
        """One issue waits for another."""
        one, other, who = self.people.one(self._issues()), self.people.one(self._issues()), self.people.somebody()
        self.people.say(who, f"has #{other.number} block", one)
        self.hub.ask(who, "POST", f"/issues/{one.number}/dependencies/blocked_by", issue_id=other.id)

    def part_with(self) -> None:
        """It has that part no more, or waits for that no more."""
        found = self.hub.rows(WAITS)
        if not found:
            raise No(0, "nothing waits")
        self._part(self.random.choice(found))

    def drop(self) -> None:
        """What something waits for is closed, and not done."""
        self._close("not_planned")

    def finish(self) -> None:
        """What something waits for is done."""
        self._close("completed")

    def put_right(self) -> None:
        """Nothing waits for anything that is open."""
        for row in self.hub.rows(WAITS):
            if row["state"] == "open":
                self._part(row)

    def ends(self, decision: Decision) -> None:
        """What is blocked waits for something."""
        left = {
            row["waiting"]
            for row in self.hub.rows(WAITS)
            if row["state"] == "open" or row["state_reason"] != "completed"
        }
        for one in decision.statuses:
            thing = self.hub.thing(one.number)
            named = thing is not None and "Blocked by" in thing.body
            if one.placement.position is Position.BLOCKED and one.number not in left and not named:
                self.world.judge.blame(f"#{one.number} waits for nothing", places=decision)

    def _issues(self) -> list[Any]:
        return [one for one in self.people.things() if not one.is_pull]

    def _close(self, reason: str) -> None:
        numbers = {row["number"] for row in self.hub.rows(WAITS) if row["state"] == "open"}
        one, who = self.people.one([t for t in self._issues() if t.number in numbers]), self.people.somebody()
        self.people.say(who, f"closes as {reason}", one)
        self.hub.ask(who, "PATCH", f"/issues/{one.number}", state="closed", state_reason=reason)

    def _part(self, row: Any) -> None:
        who, where = self.people.somebody(), f"/issues/{row['waiting']}"
        self.people.say(who, f"has #{row['waiting']} not wait for #{row['number']}")
        if row["kind"] == "part":
            self.hub.ask(who, "DELETE", f"{where}/sub_issue", sub_issue_id=row["id"])
        else:
            self.hub.ask(who, "DELETE", f"{where}/dependencies/blocked_by/{row['id']}")


# ---- stops on issues ------------------------------------------------------------------------------------------------


class Stops(Kind):
    """People stop an issue of which a step is in review, by every sign there is, and lift that again."""

    name = "stops on issues"
    chance = 0.3

    def deeds(self) -> Deeds:
        """On and off."""
        return {self.stop: 9, self.lift: 7}

    def stop(self) -> None:
        """One of the signs goes onto the issue of an open pull request."""
        numbers = {named[0] for one in self.people.pulls() if not one.fork and (named := branch(one.head_ref))}
        one, who = self.people.one([t for t in self._issues() if t.number in numbers]), self.people.somebody()
        sign = self.random.choice(("label", "label", "gate", "assigned", "plan", "words", "closed"))
        self.people.say(who, f"stops ({sign})", one)
        self.world.count(f"an issue in review stopped by {sign}")
        if sign == "label":
            name = self.random.choice(("breeze:human", "breeze:human", "breeze:wip", "breeze:quarantine-hotloop"))
            self.hub.ask(who, "POST", f"/issues/{one.number}/labels", labels=[name])
        elif sign == "gate":
            self.hub.ask(who, "PATCH", f"/issues/{one.number}", body=one.body.replace("[x]", "[ ]"))
        elif sign == "assigned":
            self.hub.ask(who, "POST", f"/issues/{one.number}/assignees", assignees=[who.login])
        elif sign == "plan":
            self.people.comment_on(who, one, "Plan it anew.\n<!-- bee:changes-requested -->")
        elif sign == "words":
            other = self.people.one([t for t in self._issues() if t.number != one.number])
            body = f"{one.body}\n\nBlocked by #{other.number}\n"
            self.hub.ask(who, "PATCH", f"/issues/{one.number}", body=body)
        else:
            self.hub.ask(who, "PATCH", f"/issues/{one.number}", state="closed")

    def lift(self) -> None:
        """What stands on an issue goes."""
        self._lift(self.people.one([t for t in self._issues() if self._stands(t)]))

    def meddle(self) -> None:
        """The moment before a merge."""
        self.stop()
        self.later(self.lift)

    def put_right(self) -> None:
        """Nothing stands anywhere."""
        for one in self._issues():
            if self._stands(one):
                self._lift(one)

    def _issues(self) -> list[Any]:
        return [one for one in self.people.things() if not one.is_pull]

    def _assigned(self, one: Any) -> list[str]:
        rows = self.hub.rows("SELECT user_id FROM assignees WHERE issue_id = ?", one.id)
        return [self.hub.account(row["user_id"]).login for row in rows]

    def _stands(self, one: Any) -> bool:
        held = {"breeze:human", "breeze:wip", "breeze:quarantine-hotloop"} & {*one.labels}
        return bool(held or self._assigned(one) or "[ ]" in one.body or "Blocked by" in one.body)

    def _lift(self, one: Any) -> None:
        who = self.people.somebody()
        self.people.say(who, "lifts what stands on", one)
        for name in {"breeze:human", "breeze:quarantine-hotloop"} & {*one.labels}:
            self.hub.ask(who, "DELETE", f"/issues/{one.number}/labels/{name}")
        if names := self._assigned(one):
            self.hub.ask(who, "DELETE", f"/issues/{one.number}/assignees", assignees=names)
        body = re.sub(r"\n\nBlocked by #[0-9]+\n", "", one.body)
        body = re.sub(r"(## (?:Design|Plan) finalized\n\n- )\[ \]", r"\1[x]", body)
        if body != one.body:
            self.hub.ask(who, "PATCH", f"/issues/{one.number}", body=body)


# ---- gestures of other tools ----------------------------------------------------------------------------------------


class Gestures(Kind):
    """People use what GitHub and other bots know: labels and titles that hold, links in the sidebar, edited words."""

    name = "gestures"
    chance = 0.25

    def deeds(self) -> Deeds:
        """On and off."""
        return {self.hold: 7, self.release: 6, self.link: 4, self.unlink: 3, self.take_back: 5, self.insist: 2}

    def hold(self) -> None:
        """A label or a title says that an item must wait."""
        one, who = self.people.one(self.people.things()), self.people.somebody()
        sign = self.random.choice((*HOLD_LABELS, *HOLD_TITLES))
        self.people.say(who, f"holds ({sign.strip()})", one)
        if sign in HOLD_LABELS:
            self.hub.ask(who, "POST", f"/issues/{one.number}/labels", labels=[sign])
        else:
            self.hub.ask(who, "PATCH", f"/issues/{one.number}", title=f"{sign}{_bare(one.title)}")

    def release(self) -> None:
        """It need not wait any more."""
        self._release(self.people.one([one for one in self.people.things() if _signs(one)]))

    def link(self) -> None:
        """An issue is somebody else's: their pull request is linked to it."""
        pulls = [one for one in self.people.pulls() if one.fork or branch(one.head_ref) is None]
        one, other = self.people.one([t for t in self.people.things() if not t.is_pull]), self.people.one(pulls)
        self._link(self.people.somebody(), one, other, True)

    def unlink(self) -> None:
        """It is not; or somebody who has no say takes the link away."""
        linked = self._linked()
        if not linked:
            raise No(0, "nothing is linked")
        denied = "lists" in self.world.has and self.random.random() < 0.4
        who = self.hub.users("dave") if denied else self.people.somebody()
        self._link(who, *self.random.choice(linked), False)

    def take_back(self) -> None:
        """Who approved edits that into a stop or a wish, and leaves the marker or the verdict as it is."""
        self._edit(True, self.random.choice(("Not yet: the numbers are wrong.", "The numbers are wrong.")))

    def insist(self) -> None:
        """Who asked for changes says that in other words."""
        self._edit(False, "Really not.")

    def meddle(self) -> None:
        """The moment before a merge."""
        self.random.choice((self.hold, self.take_back))()
        self.later(self.release)

    def put_right(self) -> None:
        """Nothing is held, nothing is linked."""
        for one in self.people.things():
            if _signs(one):
                self._release(one)
        for one, other in self._linked():
            self._link(self.people.ada, one, other, False)

    def _release(self, one: Any) -> None:
        who = self.people.somebody()
        self.people.say(who, "holds no more", one)
        for name in {*map(str.lower, HOLD_LABELS)} & {*one.labels}:
            self.hub.ask(who, "DELETE", f"/issues/{one.number}/labels/{name}")
        if one.title != _bare(one.title):
            self.hub.ask(who, "PATCH", f"/issues/{one.number}", title=_bare(one.title))

    def _link(self, who: User, one: Any, other: Any, stands: bool) -> None:
        self.people.say(who, f"{'links' if stands else 'unlinks'} #{other.number} {'to' if stands else 'from'}", one)
        self.hub.link(who, one, other, stands)

    def _linked(self) -> list[tuple[Any, Any]]:
        things = self.people.things()
        return [(one, other) for one in things for other in things if self.world.judge.signs.linked(one, other)]

    def _edit(self, yes: bool, words: str) -> None:
        marker, verdict = ("bee:approved", "APPROVED") if yes else ("bee:changes", "CHANGES_REQUESTED")
        said = [(one, post) for one in self.people.pulls() for post in (*one.comments, *one.reviews)
                if post.author in self.people.trusted and (marker in post.body or post.state == verdict)]  # fmt: skip
        if not said:
            raise No(0, "nobody said anything")
        one, post = self.random.choice(said)
        self.people.say(post.author, f"says in other words ({words})", one)
        body = "\n".join([words, *post.body.split("\n")[1:]])
        where = f"/pulls/{one.number}/reviews/{post.id}" if post.state else f"/issues/comments/{post.id}"
        self.hub.ask(post.author, "PUT" if post.state else "PATCH", where, body=body)


def _signs(one: Any) -> bool:
    return bool({*map(str.lower, HOLD_LABELS)} & {*one.labels}) or one.title != _bare(one.title)


def _bare(title: str) -> str:
    return next((title.removeprefix(sign) for sign in HOLD_TITLES if title.startswith(sign)), title)


# ---- a merge queue --------------------------------------------------------------------------------------------------

QUEUE: Final[dict[str, Any]] = {
    "check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5,
    "max_entries_to_merge": 5, "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 5,
    "merge_method": "SQUASH",
}  # fmt: skip


class MergeQueue(Kind):
    """main has a merge queue, which the CI tells what goes together; it may be switched off for a while."""

    name = "merge queue"
    chance = 0.15
    owner = "acme"  # only organizations have merge queues

    def __init__(self, people: People) -> None:
        super().__init__(people)
        self.ruleset = 0

    def begin(self) -> None:
        """It has."""
        self.switch()

    def deeds(self) -> Deeds:
        """People put in, take out, stop what is in, and switch it."""
        return {self.put_in: 3, self.take_out: 3, self.stop_queued: 4, self.switch: 2}

    def put_in(self) -> None:
        """A person has the queue merge it."""
        self._queued(self.hub.enqueue, "puts into the queue", self.people.pulls())

    def take_out(self) -> None:
        """A person takes one out."""
        self._queued(self.hub.dequeue, "takes out of the queue", self._inside())

    def stop_queued(self) -> None:
        """A person stops what is in it."""
        self.people.stops(self.people.one(self._inside()))

    def switch(self) -> None:
        """It is gone, or there again."""
        hub, ada = self.hub, self.people.ada
        self.people.say(ada, f"switches the merge queue {'off' if self.ruleset else 'on'}")
        if self.ruleset:
            hub.ask(ada, "DELETE", f"/rulesets/{self.ruleset}")
            self.ruleset = 0
            return
        where = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
        rules = [
            {"type": "merge_queue", "parameters": QUEUE},
            {"type": "required_status_checks", "parameters": {
                "required_status_checks": [{"context": "ci"}], "strict_required_status_checks_policy": False}},
        ]  # fmt: skip
        body = {"name": "queue", "enforcement": "active", "target": "branch", "conditions": where, "rules": rules}
        self.ruleset = hub.ask(ada, "POST", "/rulesets", **body)["id"]

    def meddle(self) -> None:
        """It is switched, and after a while again."""
        self.switch()
        self.later(self.switch)

    def put_right(self) -> None:
        """It is there."""
        if not self.ruleset:
            self.switch()

    def _inside(self) -> list[Any]:
        return [one for one in self.people.pulls() if one.id in self.hub.queued()]

    def _queued(self, deed: Callable[[User, Any], None], word: str, ones: list[Any]) -> None:
        one, who = self.people.one(ones), self.people.somebody()
        self.people.say(who, word, one)
        deed(who, one)


MORE: Final[tuple[type[Kind], ...]] = (MergeSettings, Bases, Access, SubIssues, Stops, Gestures, MergeQueue)
