"""People around a project: trusted ones, a stranger and the CI, at any moment; in the end they have said all."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from bee.forge.core.users import User
from bee.github.client import GitHubClient
from bee.host import Host
from bee.lease.store import ByPerson
from bee.steer import actions
from tests.sim.hub import No, Thing, label_path
from tests.sim.kinds import MORE
from tests.sim.machine import Machine
from tests.sim.timeline import Process

if TYPE_CHECKING:
    from tests.sim.world import World

DESIGN = "## Problem\n\nThere is one.\n\n## Design finalized\n\n- [{x}] The design is right\n"
EVE = "EVE-SAYS-SO"
OUT = "BOB-IS-OUT"  # in what bob says while he has no access
STRANGERS = frozenset({"eve", "dave"})  # dave may write, and the policy denies him
MEDDLED, MEDDLED_MAX = 0.3, 2  # how often something comes between a merge and the looks before it
HELD = ("breeze:human", "breeze:quarantine-hotloop")


class People:
    """Who they are and what they do."""

    def __init__(self, world: World) -> None:
        self.world, self.hub, self.random = world, world.hub, world.random
        self.ada, self.bob, self.eve = (self.hub.users(name) for name in ("ada", "bob", "eve"))
        self.ci = self.hub.users("ci")
        self.out: set[str] = set()  # whose access has ended
        self._laptops = [Machine(world, f"laptop-{who.login}", who, world.folder, faulty=False) for who in self.trusted]
        self.busy = self.random.choice((0.0, 1.0, 1.0, 3.0))
        self.made = 0
        self.deeds: dict[Callable[[], None], int] = {
            self.new_issue: 4, self.gates: 12, self.answer: 8, self.comment: 3, self.edit: 3, self.relabel: 6,
            self.push_main: 3, self.push_branch: 3, self.close: 3, self.reopen: 4, self.judge_pull: 8, self.steer: 8,
            self.check: 4, self.touch_comment: 1, self.merge: 1, self.stranger: 9, self.drop_branch: 1, self.log_in: 6,
            self.block: 1, self.draft: 1, self.stop: 4, self.point_at: 4, self.talk: 2,
        }  # fmt: skip
        if "lists" in world.has:
            self.deeds |= {self.listed: 8, self.denied: 4}
        if "own account" in world.has:
            self.deeds |= {self.as_bee: 6}
        self.kinds = [kind(self) for kind in MORE if kind.name in world.has]
        for kind in self.kinds:
            self.deeds |= kind.deeds()

    @property
    def trusted(self) -> tuple[User, ...]:
        """Who may steer bee."""
        return tuple(who for who in (self.ada, self.bob) if who.login not in self.out)

    def laptops(self) -> list[Machine]:
        """Their hosts."""
        return self._laptops

    def begin(self) -> None:
        """The first issues, and then one deed after another."""
        for kind in self.kinds:
            kind.begin()
        for _ in range(self.random.randint(1, 2)):
            self.new_issue()
        process = Process("life", "people")

        def act() -> None:
            while not self.world.quiet:
                self.world.timeline.sleep(self.random.expovariate(self.busy / 900 if self.busy else 1e-6))
                if not self.world.quiet:
                    self.deed()

        self.world.timeline.start(process, act)

    def deed(self) -> None:
        """One deed, by chance."""
        deed = self.random.choices(list(self.deeds), list(self.deeds.values()))[0]
        try:
            deed()
            self.world.count(f"person {deed.__name__}")
        except No as problem:
            self.world.tell(f"a person was refused: {problem}")

    def meddle(self, beside: str) -> None:
        """What comes between the last look and a merge, or before the last look."""
        for kind in self.kinds:
            if kind.meddled < MEDDLED_MAX and kind.random.random() < MEDDLED:
                kind.meddled += 1
                with contextlib.suppress(No):
                    kind.meddle()
                    self.world.count(f"{kind.name} beside a {beside}")

    def calm(self) -> None:
        """No more of it: pauses of everything end, logins are fixed, checks have an end."""
        for machine in self.world.machines:
            machine.home_now().clear_markers("PAUSED")
        for one in self.pulls():
            for name in (name for name in self.hub.pending(one.head) if not name.startswith("bee/")):
                self.hub.ask(self.ci, "POST", f"/statuses/{one.head}", context=name, state="success")
        for kind in self.kinds:
            kind.calm()
        self.runs(self.ada, lambda host, client: actions.resume_repo(host, client, self.hub.repo))

    # ---- what there is -----------------------------------------------------------------------------------------------

    def things(self, state: str = "OPEN") -> list[Thing]:
        """The items in a state."""
        return [one for one in self.hub.things() if one.state == state]

    def pulls(self, state: str = "OPEN") -> list[Thing]:
        """The pull requests in a state."""
        return [one for one in self.things(state) if one.is_pull]

    def one(self, ones: list[Thing]) -> Thing:
        if not ones:
            raise No(0, "nothing to do it to")
        return self.random.choice(ones)

    def somebody(self) -> User:
        return self.random.choice(self.trusted)

    def say(self, who: User, what: str, one: Thing | None = None) -> None:
        self.world.tell(f"** {who.login} {what}{f' #{one.number}' if one else ''}")

    def _edit(self, who: User, one: Thing, **changes: str) -> None:
        self.hub.ask(who, "PATCH", f"/issues/{one.number}", **changes)

    def comment_on(self, who: User, one: Thing, body: str) -> None:
        self.hub.ask(who, "POST", f"/issues/{one.number}/comments", body=body)

    def _label(self, who: User, one: Thing, name: str) -> None:
        self.hub.ask(who, "POST", f"/issues/{one.number}/labels", labels=[name])

    def review(self, who: User, one: Thing, event: str, body: str) -> None:
        self.hub.ask(who, "POST", f"/pulls/{one.number}/reviews", event=event, body=body)

    # ---- deeds of trusted people ------------------------------------------------------------------------------------

    def new_issue(self) -> None:
        """A task, or a design doc with its gate open or ticked."""
        body = self.random.choice(("Do it.", "Do it.", DESIGN.format(x="x"), DESIGN.format(x=" ")))
        if len(self.things()) < 6:
            who, title = self.somebody(), f"Work {len(self.hub.things())}"
            number = self.hub.ask(who, "POST", "/issues", title=title, body=body)["number"]
            if self.random.random() < 0.1:
                self.hub.ask(self.ada, "POST", f"/issues/{number}/labels", labels=["priority:high"])
            self.say(who, f"opens #{number}")
            if "opted-in" in self.world.has and self.world.more.random() < 0.8:
                self.hub.ask(who, "POST", f"/issues/{number}/labels", labels=["breeze:new"])

    def gates(self) -> None:
        """Tick every gate of an issue; now and then, take a tick back."""
        one = self.one([t for t in self.things() if not t.is_pull and "[" in t.body])
        undo = self.random.random() < 0.1
        gate = r"(## (?:Design|Plan) finalized\n\n- )\[%s\]"
        body = re.sub(gate % ("x" if undo else " "), r"\1[ ]" if undo else r"\1[x]", one.body)
        who = self.somebody()
        self.say(who, "unticks" if undo else "ticks the gates of", one)
        self._edit(who, one, body=body)

    def answer(self) -> None:
        """Take an item up again that waits for a person."""
        one = self.one([t for t in self.things() if {*HELD} & {*t.labels}])
        who = self.somebody()
        self.say(who, "answers on", one)
        self.comment_on(who, one, "Do it the simple way.")
        for name in [name for name in HELD if name in one.labels]:
            self.hub.ask(who, "DELETE", label_path(one.number, name))

    def comment(self) -> None:
        """Some words."""
        one, who = self.one(self.things()), self.somebody()
        self.say(who, "comments on", one)
        self.comment_on(who, one, "By the way.")

    def edit(self) -> None:
        """A change of the text, design included."""
        one, who = self.one(self.things()), self.somebody()
        self.made += 1
        self.say(who, "edits", one)
        text = f"More {self.made}."
        body = one.body.replace("There is one.", f"There is one. {text}") if self.random.random() < 0.5 else one.body
        self._edit(who, one, body=f"{body}\n{text}\n")

    def relabel(self) -> None:
        """bee's labels, on or off."""
        one, who = self.one(self.hub.things()), self.somebody()
        name = self.random.choice(
            ("breeze:human", "breeze:human", "breeze:wip", "breeze:new", "breeze:done", "Breeze:WIP", "priority:high",
             "breeze:quarantine-hotloop", "bug")
        )  # fmt: skip
        if name.lower() in one.labels and self.random.random() < 0.8:
            self.say(who, f"takes {name} off", one)
            self.hub.ask(who, "DELETE", label_path(one.number, name))
        elif name.lower() not in {"breeze:done", "breeze:quarantine-hotloop"} or self.random.random() < 0.2:
            self.say(who, f"puts {name} on", one)
            self._label(who, one, name)

    def stop(self) -> None:
        """A stop of a run that lives: by the label, or by closing what it works on."""
        held = [one for one in self.things() if (tip := self.world.judge.tip(one.number)) is not None and tip.holds]
        self.stops(self.one(held))

    def stops(self, one: Thing) -> None:
        """The same of one item, in whatever moment."""
        who = self.somebody()
        if self.random.random() < 0.8:
            self.say(who, "stops", one)
            self._label(who, one, "breeze:human")
        else:
            self.say(who, "closes", one)
            self._edit(who, one, state="closed")

    def push_main(self) -> None:
        """A commit on the default branch, which may not go together with what is in review."""
        self.push(self.hub.main, self.random.choice(("note.txt", "left.txt", "shared.txt", "other.txt")))

    def push_branch(self) -> None:
        """A commit on a branch of bee's."""
        one = self.one([t for t in self.pulls() if not t.fork])
        self.push(one.head_ref, self.random.choice(("extra.txt", "shared.txt", "broken.txt")))

    def push(self, branch: str, path: str) -> None:
        who, ref, git = self.somebody(), f"refs/heads/{branch}", self.hub.git
        before = git.refs.get(ref)
        if before is None:
            raise No(0, "no such branch")
        self.made += 1
        tree = git.tree_with({**git.files(before), path: f"{self.made}\n"})
        made = git.commit_tree(tree, (before,), "by hand", self.hub.now, who.login)
        self.say(who, f"pushes {path} to {branch}")
        self.hub.move_refs(who, [(ref, before, made)])

    def drop_branch(self) -> None:
        """A branch goes."""
        one = self.one([t for t in self.pulls() if not t.fork])
        self.say(self.ada, "deletes the branch of", one)
        self.hub.ask(self.ada, "DELETE", f"/git/refs/heads/{one.head_ref}")

    def close(self) -> None:
        """An item is closed."""
        one, who = self.one(self.things()), self.somebody()
        self.say(who, "closes", one)
        self._edit(who, one, state="closed")

    def reopen(self) -> None:
        """A closed item is opened again."""
        one, who = self.one(self.things("CLOSED")), self.somebody()
        self.say(who, "reopens", one)
        if one.is_pull and any(t.head_ref == one.head_ref for t in self.pulls()):
            raise No(422, "there is another one")
        self._edit(who, one, state="open")

    def judge_pull(self) -> None:
        """A verdict: by a marker, by a review, or through bee's own verbs."""
        one, who = self.one(self.pulls()), self.somebody()
        good = self.random.random() < 0.6
        way = self.random.choice(("marker", "review", "verb"))
        self.say(who, f"says {'yes' if good else 'no'} by a {way} to", one)
        marker = "bee:approved-for-e2e" if good else "bee:changes-requested"
        if way == "marker":
            sha = self.random.choice((f" sha={one.head}", f" sha={one.head[:8]}", ""))
            self.comment_on(who, one, f"My word.\n<!-- {marker}{sha} -->")
        elif way == "review":
            self.review(who, one, "APPROVE" if good else "REQUEST_CHANGES", "My word.")
        else:
            number, repo, head = one.number, self.hub.repo, one.head

            def said(host: Host, client: GitHubClient) -> object:
                person = ByPerson(host, client, repo)
                if good:
                    return actions.approve(person, number, "My word.", head)
                return actions.request_changes(person, number, "My word.")

            self.runs(who, said)

    def point_at(self) -> None:
        """A word about a line: it asks for a change until it is answered, resolved, or its author approves."""
        one, who = self.one(self.pulls()), self.somebody()
        self.say(who, "points at a line of", one)
        self.speak_of_line(who, one, "This line is not right yet.")

    def speak_of_line(self, who: User, one: Thing, body: str) -> None:
        """A comment on a line of what a pull request changes."""
        git = self.hub.git
        files, base = git.files(one.head), git.merge_base(git.refs.all[f"refs/heads/{self.hub.main}"], one.head)
        before = git.files(base) if base else {}
        changed = sorted(path for path, text in files.items() if text and before.get(path) != text)
        if not changed:
            raise No(0, "no line to point at")
        place = {"path": self.random.choice(changed), "line": 1, "side": "RIGHT", "commit_id": one.head}
        self.hub.ask(who, "POST", f"/pulls/{one.number}/comments", body=body, **place)

    def talk(self) -> None:
        """A conversation goes on, is resolved, or is opened again."""
        one, who = self.one([t for t in self.pulls() if t.talks]), self.somebody()
        talk = self.random.choice(one.talks)
        if self.random.random() < 0.4:
            self.say(who, "says more about a line of", one)
            first = talk.said[0].id
            self.hub.ask(who, "POST", f"/pulls/{one.number}/comments/{first}/replies", body="Still not right.")
        else:
            self.say(who, "opens again" if talk.resolved else "resolves a conversation of", one)
            self.hub.settle(who, one, talk.said[0], not talk.resolved)

    def steer(self) -> None:
        """bee's verbs for people, from a laptop."""
        one, who, repo = self.one(self.things()), self.somebody(), self.hub.repo
        number = one.number
        verbs: dict[str, Callable[[Host, GitHubClient], object]] = {
            "pause": lambda host, client: actions.pause(ByPerson(host, client, repo), number, "Wait."),
            "resume": lambda host, client: actions.resume(ByPerson(host, client, repo), number),
            "retry": lambda host, client: actions.retry(ByPerson(host, client, repo), number, "Take the other way."),
            "cancel": lambda host, client: actions.cancel(ByPerson(host, client, repo), number),
            "pause all": lambda host, client: actions.pause_repo(host, client, repo, "Stop."),
            "resume all": lambda host, client: actions.resume_repo(host, client, repo),
        }
        verb = self.random.choices(list(verbs), (4, 4, 4, 4, 1, 4))[0]
        self.say(who, f"says bee {verb}", one)
        self.world.count(f"verb {verb}")
        self.runs(who, verbs[verb])

    def runs(self, who: User, act: Callable[[Host, GitHubClient], object]) -> None:
        """A command of bee's on a person's laptop."""
        laptop = next(machine for machine in self._laptops if machine.who == who)
        laptop.process("verb", lambda host, process: self._done(host, act))

    def _done(self, host: Host, act: Callable[[Host, GitHubClient], object]) -> None:
        done = act(host, host.client())
        self.world.tell(f"   {getattr(done, 'said', '')}")

    def check(self) -> None:
        """The CI says something of a head."""
        one = self.one(self.pulls())
        state = self.random.choice(("pending", "success", "success", "failure"))
        self.say(self.ci, f"says {state} of", one)
        self.hub.ask(self.ci, "POST", f"/statuses/{one.head}", context="ci", state=state)

    def touch_comment(self) -> None:
        """Somebody edits a comment of bee's."""
        one = self.one([t for t in self.hub.things() if t.comments])
        post = self.random.choice(one.comments)
        self.say(self.ada, "edits a comment on", one)
        self.hub.ask(self.ada, "PATCH", f"/issues/comments/{post.id}", body=post.body + "\nEdited.")

    def merge(self) -> None:
        """A person merges by hand."""
        one = self.one(self.pulls())
        self.say(self.ada, "merges", one)
        self.hub.ask(self.ada, "PUT", f"/pulls/{one.number}/merge", merge_method="squash", commit_title=one.title)

    def draft(self) -> None:
        """A pull request becomes a draft, or is one no more."""
        one = self.one(self.pulls())
        draft = not one.draft
        self.hub.set_draft(self.ada, one, draft)
        self.say(self.ada, "makes a draft of" if draft else "makes ready", one)

    def log_in(self) -> None:
        """A person fixes what keeps a host still."""
        for machine in self.world.machines:
            machine.home_now().clear_markers("PAUSED")

    def block(self) -> None:
        """One issue waits for another."""
        issues = [t for t in self.things() if not t.is_pull]
        one, other = self.one(issues), self.one(issues)
        self.say(self.ada, f"makes #{other.number} wait for", one)
        if self.random.random() < 0.5:
            self.hub.ask(self.ada, "POST", f"/issues/{other.number}/dependencies/blocked_by", issue_id=one.id)
        else:
            self._edit(self.ada, other, body=f"{other.body}\n\nBlocked by #{one.number}\n")

    # ---- a stranger -------------------------------------------------------------------------------------------------

    def listed(self) -> None:
        """The policy trusts a person who may not write here, and a bot: they ask for work, and judge it."""
        who = self.hub.users(self.world.more.choice(("carol", "robo[bot]")))
        deed = self.world.more.randint(0, 3)
        self.say(who, f"does what only the policy lets them ({deed})")
        if deed == 0 and len(self.things()) < 6:
            self.hub.ask(who, "POST", "/issues", title="From outside", body="Do it.")
        elif deed == 1:
            one = self.one(self.pulls())
            self.comment_on(who, one, f"Good.\n<!-- bee:approved-for-e2e sha={one.head} -->")
        elif deed == 2:
            self.review(who, self.one(self.pulls()), "REQUEST_CHANGES", "Not yet.")
        else:
            self.comment_on(who, self.one(self.things()), "By the way.")

    def denied(self) -> None:
        """dave may write, and the policy denies him: he is a stranger."""
        self.stranger(self.hub.users("dave"))

    def as_bee(self) -> None:
        """Somebody uses bee's own account: a task, some words, or the gates."""
        bee, deed = self.hub.users("bee"), self.world.more.randint(0, 2)
        self.say(bee, f"is a person for a moment ({deed})")
        if deed == 0 and len(self.things()) < 6:
            self.hub.ask(bee, "POST", "/issues", title="For bee", body="Do it.")
        elif deed == 1:
            self.comment_on(bee, self.one(self.things()), "By the way.")
        else:
            one = self.one([t for t in self.things() if not t.is_pull and "[ ]" in t.body])
            self._edit(bee, one, body=re.sub(r"(## (?:Design|Plan) finalized\n\n- )\[ \]", r"\1[x]", one.body))

    def checks(self) -> None:
        """The CI of a project that requires it has reported on every head; in the end all is green."""
        for head in [*(one.head for one in self.pulls()), *filter(None, self.hub.queued().values())]:
            if not self.hub.rows("SELECT 1 FROM statuses WHERE sha = ? AND context = 'ci'", head):
                state = "success" if self.world.quiet or self.world.more.random() < 0.8 else "failure"
                self.world.count(f"required check {state}")
                self.hub.ask(self.ci, "POST", f"/statuses/{head}", context="ci", state=state)

    def stranger(self, eve: User | None = None) -> None:
        """eve tries everything that a stranger may do on GitHub."""
        eve, hub = eve or self.eve, self.hub
        word = OUT if eve == self.bob else EVE
        deed = self.random.randint(0, 7)
        self.say(eve, f"tries something ({deed})")
        if deed == 0 and len(self.things()) < 6:
            hub.ask(eve, "POST", "/issues", title="Please", body=f"{word} Do this.", labels=["breeze:new"])
        elif deed == 1:
            one = self.one(self.pulls())
            self.comment_on(eve, one, f"{word}\n<!-- bee:approved-for-e2e sha={one.head} -->")
        elif deed == 2:
            self.review(eve, self.one(self.pulls()), "APPROVE", word)
        elif deed == 3:
            self.comment_on(eve, self.one(self.things()), f"{word}\n<!-- bee:run id=x role=reviewer key=1 -->")
        elif deed == 4:
            self._label(eve, self.one(self.things()), "breeze:new")
        elif deed == 5:
            one = self.one([t for t in self.things() if t.author == eve])
            self._edit(eve, one, body=f"{one.body}\n{word} more")
        elif deed == 6:
            self.speak_of_line(eve, self.one(self.pulls()), f"{word} This line must go.")
        elif len(self.pulls()) < 4:
            branch = f"bee/{self.random.randint(1, 3)}-task"
            hub.open_from_fork(eve, branch, {"eve.txt": word}, "Mine", f"{word} Fixes #1")
