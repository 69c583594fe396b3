"""Who waits for what: what bee says of an item at rest is a claim, and must be so on GitHub, by the model's own tables.

Where a person is waited for, bee has asked on the item in words of its own, in a comment that is not the status
comment; or a person stopped it, or left open what stands there for everybody to see (a box, a draft, a closed issue).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import yaml

from bee.forge.core.users import User
from tests.sim import hub, reader
from tests.sim.hub import Thing
from tests.sim.outbox import HOLDS, STATUS
from tests.sim.reader import AGENTS, Record

if TYPE_CHECKING:
    from tests.sim.world import World

HUMAN: Final = "breeze:human"
NEW: Final = "breeze:new"
WORDS_CHARACTERS_MIN: Final = 20
LASTING_SECONDS_MAX: Final = 130 * 60  # a condition is told of after two hours, by one of the next ticks
NO_OPS: Final = frozenset({"no-op-already-done", "no-op-waiting"})
MAY_WRITE: Final = frozenset({"admin", "maintain", "write"})
_UNTICKED: Final = r"^#+ {0}\s+^[-*] \[ \]"
_NAMED: Final = re.compile(r"#([0-9]+)")
_BLOCKED: Final = re.compile(r"^Blocked by (.*)$", re.MULTILINE)


class Waits:
    """What people took off, what bee put on, and what an item waits for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._lifted: dict[tuple[int, str], list[tuple[int, User]]] = {}  # who took a label off, by GitHub's clock
        self.off: dict[tuple[int, str], float] = {}  # when anybody did, of what is not on again since
        self.put: dict[tuple[int, str], list[str]] = {}  # the runs for which bee put it on
        self.touched: dict[int, float] = {}  # when anything last happened on an item
        self._policies: dict[str, dict[str, Any]] = {}

    def lifted(self, at: tuple[int, str]) -> int:
        """When a person who is trusted now last took a label off; 0 where none did."""
        return max((when for when, who in self._lifted.get(at, ()) if self.trusts(who)), default=0)

    # ---- labels -----------------------------------------------------------------------------------------------------

    def labelled(self, what: str, who: User, thing: Thing, label: str, run: str) -> list[str]:
        """A label goes on or off, for a run of bee's. What a person took off stays off, but for a new cause."""
        at = (thing.number, label)
        if what == "unlabeled":
            self.off[at] = self.world.timeline.now
            if self.trusts(who):
                self._lifted.setdefault(at, []).append((self.world.hub.now, who))
            return []
        by_person = self.off.pop(at, 0.0) and self.lifted(at)
        if who.login != "bee" or label not in {*HOLDS, NEW}:
            return []
        if label == NEW:
            return [f"#{thing.number}: bee put {label} on, by which only people adopt"]
        before = self.put.setdefault(at, [])
        before.append(run)
        if not by_person:
            return []
        self.world.count("held again after a person let it go")
        if run in before[:-1]:
            return [f"#{thing.number}: bee put {label} on again for {run}, and a person had taken it off"]
        if not self._asked(thing, label):
            return [f"#{thing.number}: a person took {label} off, bee put it on again, and no new word says why"]
        return []

    def adopted(self, thing: Thing, at: float) -> bool:
        """Whether a trusted person had adopted it with the label, which nobody had taken off at that moment."""
        on = any(self.trusts(one.who) for one in thing.labelings if one.label == NEW)
        return on and self.off.get((thing.number, NEW), at) >= at

    def in_scope(self, thing: Thing, at: float) -> bool:
        """Whether the policy's intake lets an agent be sent to an issue."""
        design = re.search(r"^#+ (Design finalized|Finalization gate)", thing.body, re.MULTILINE)
        return self.policy().get("intake") != "opted-in" or bool(design) or NEW in thing.labels or self.off.get(
            (thing.number, NEW), 0.0) >= at  # fmt: skip

    def trusts(self, who: User) -> bool:
        """Whether somebody may steer bee, by the permissions of GitHub and the policy's lists."""
        lists = self.policy().get("trust") or {}
        if who.login in lists.get("deny", ()):
            return False
        if who.type == "Bot":
            return who.login.removesuffix("[bot]") in lists.get("bots", ())
        return who.login in lists.get("allow", ()) or self.world.hub.permission(who) in MAY_WRITE

    def policy(self) -> dict[str, Any]:
        """The policy as it stands on the default branch."""
        git, (main,) = self.world.hub.git, self.world.hub.rows("SELECT * FROM repos WHERE parent_id IS NULL")
        text = git.files(git.refs.all[f"refs/heads/{main['default_branch']}"])[".github/bee.yml"]
        if text not in self._policies:
            self._policies[text] = yaml.safe_load(text)
        return self._policies[text]

    # ---- what bee said ----------------------------------------------------------------------------------------------

    def _asked(self, thing: Thing, label: str = HUMAN) -> bool:
        """Whether bee said why it waits: for the run that put the label on, or since a person last took it off."""
        at = (thing.number, label)
        runs, since = self.put.get(at, [])[-1:], self.lifted(at)
        return any(post_at >= since or run in runs for post_at, run, cause in self._words(thing) if cause)

    def _words(self, thing: Thing) -> list[tuple[int, str, str]]:
        """(when, for which run, why a person is asked) of bee's comments; the status comment says nothing here."""
        return [
            (post.at, marker.get("id"), marker.get("cause"))
            for post in thing.comments
            if post.author.login == "bee" and not STATUS.search(post.body)
            for marker in reader.markers(post.body, "run")
            if len(re.sub(r"<!--.*?-->", "", post.body).strip()) >= WORDS_CHARACTERS_MIN
        ]

    def _told(self, thing: Thing) -> bool:
        """Whether bee named the condition, or it does not last for long enough yet; a check that began is news, too."""
        lasts = self.world.timeline.now - self.touched.get(thing.number, 0.0)
        pending = [self.world.hub.now - hub.seconds(row["created_at"]) for row in self._statuses(thing, "pending")]
        lasts = min(lasts, max(pending, default=lasts))
        return lasts < LASTING_SECONDS_MAX or any(cause for _, _, cause in self._words(thing))

    def named(self, thing: Thing, cause: str) -> bool:
        """Whether bee gave this cause."""
        return any(said == cause for _, _, said in self._words(thing))

    # ---- what an item waits for -------------------------------------------------------------------------------------

    def missing(self, thing: Thing, position: str, tip: Record | None, final: bool = False) -> str:
        """What is not so of a position that bee says an item is in; empty where all is.

        `final`: when all is quiet, and nothing moves by itself any more.
        """
        if thing.state != "OPEN":
            return ""
        demand = _DEMANDS.get(position)
        if demand is None:
            return "nobody waits there at the end" if final else ""
        self.world.count(f"waits as {position}")
        return demand(self, thing, tip)

    def _human(self, thing: Thing, tip: Record | None) -> str:
        if HUMAN in thing.labels:
            last = [one for one in thing.labelings if one.label == HUMAN][-1]
            return "" if last.who.login != "bee" or self._asked(thing) else "bee holds it, and never asked anything"
        stands = tip is not None and tip.started_at > self.lifted((thing.number, HUMAN))
        if tip is None or not stands or tip.outcome != "escalated":
            return "it has no label, and its ledger asks nobody"
        return "" if any(run == tip.run and cause for _, run, cause in self._words(thing)) else "its run asked nothing"

    def _quarantined(self, thing: Thing, tip: Record | None) -> str:
        last = [one for one in thing.labelings if one.label == "breeze:quarantine-hotloop"]
        if not last or last[-1].label not in thing.labels:
            return "it has no label"
        return "" if last[-1].who.login != "bee" or self._asked(thing, last[-1].label) else "nothing says why"

    def _done(self, thing: Thing, tip: Record | None) -> str:
        return "" if "breeze:done" in thing.labels else "it has no label"

    def _ignored(self, thing: Thing, tip: Record | None) -> str:
        alert = thing.author.login == "bee" and reader.markers(thing.body, "alert")
        own = thing.is_pull and not thing.fork and reader.branch(thing.head_ref) and self.trusts(thing.author)
        outside = NEW not in thing.labels and (not own if thing.is_pull else not self.in_scope(thing, 1e12))
        return "" if alert or outside else "the policy takes it in"

    def _untrusted(self, thing: Thing, tip: Record | None) -> str:
        named = reader.branch(thing.head_ref)
        behind = self.world.hub.thing(named[0]) if named and not thing.fork else None
        sql = "SELECT editor_id FROM edits WHERE kind = 'issue' AND subject_id = ?"
        for one in (thing, *([behind] if behind else ())):
            hands = [
                one.author,
                *(self.world.hub.account(row["editor_id"]) for row in self.world.hub.rows(sql, one.id)),
            ]
            renames = self.world.hub.rows("SELECT actor_id FROM events WHERE kind = 'renamed' AND issue_id = ?", one.id)
            hands += [self.world.hub.account(row["actor_id"]) for row in renames]
            if not all(map(self.trusts, hands)):
                return ""
        return "only trusted people wrote it"

    def _on_hold(self, thing: Thing, tip: Record | None) -> str:
        signs = "wip", "dnm", "progress", "hold", "merge", "land", "blocked", "draft", "ready"
        said = any("Not yet" in post.body for post in [*thing.comments, *thing.reviews])
        if not said and not any(sign in text.lower() for text in (thing.title, *thing.labels) for sign in signs):
            return "no sign"
        return "" if self._told(thing) else "nobody was told what holds it"

    def _taken(self, thing: Thing, tip: Record | None) -> str:
        assigned = self.world.hub.rows("SELECT 1 FROM assignees WHERE issue_id = ?", thing.id)
        others = [
            one for one in self._pulls() if one.author.login != "bee" and str(thing.number) in _NAMED.findall(one.body)
        ]
        if not assigned and not others and not self.world.judge.signs.given(thing, math.inf):
            return "nobody has taken it"
        return "" if tip is None or self._told(thing) else "nobody was told that it is left to them"

    def _blocked(self, thing: Thing, tip: Record | None) -> str:
        sql = """SELECT issues.* FROM issues JOIN (SELECT blocker_id AS id FROM dependencies WHERE issue_id = :me
            UNION SELECT child_id FROM sub_issues WHERE parent_id = :me) USING (id)"""
        waits = self.world.hub.rows(sql.replace(":me", "?"), thing.id, thing.id)
        named = {int(number) for line in _BLOCKED.findall(thing.body) for number in _NAMED.findall(line)}
        waits += self.world.hub.rows(f"SELECT * FROM issues WHERE number IN ({','.join(map(str, named)) or 0})")
        if any(row["state"] == "open" for row in waits):
            return ""
        unread = any(not _NAMED.search(line) for line in _BLOCKED.findall(thing.body))
        dropped = [row for row in waits if row["state_reason"] != "completed"]
        return "" if unread or (dropped and self._told(thing)) else "nothing that it names is open"

    def _gate(self, heading: str) -> Callable[[Thing], str]:
        def open_(thing: Thing) -> str:
            if re.search(_UNTICKED.format(heading), thing.body, re.MULTILINE):
                return ""
            edits = "SELECT editor_id FROM edits WHERE kind = 'issue' AND subject_id = ?"
            hands = [self.world.hub.account(row["editor_id"]) for row in self.world.hub.rows(edits, thing.id)]
            nobodys = any(not self.trusts(who) or who.login == "bee" for who in [thing.author, *hands])
            return "" if nobodys else f"people ticked its {heading!r}"

        return open_

    def _design_open(self, thing: Thing, tip: Record | None) -> str:
        return self._gate("Design finalized")(thing)

    def _plan_open(self, thing: Thing, tip: Record | None) -> str:
        return self._gate("Plan finalized")(thing)

    def _pulls(self, state: str = "OPEN") -> list[Thing]:
        return [one for one in self.world.hub.things() if one.is_pull and one.state == state]

    def _steps(self, thing: Thing, *states: str) -> list[Thing]:
        found = [one for state in states for one in self._pulls(state) if not one.fork]
        return [one for one in found if (reader.branch(one.head_ref) or (0, ""))[0] == thing.number]

    def _in_review(self, thing: Thing, tip: Record | None) -> str:
        unproven = [one for one in self._steps(thing, "MERGED") if "breeze:done" not in one.labels]  # by a merge queue
        return "" if unproven or self._steps(thing, "OPEN") else "no pull request of its is open"

    def _abandoned(self, thing: Thing, tip: Record | None) -> str:
        if not self._steps(thing, "CLOSED", "MERGED"):
            return "nobody closed a pull request of its"
        return "" if any(cause for _, _, cause in self._words(thing)) else "nobody was asked what should become of it"

    def _issue_stopped(self, thing: Thing, tip: Record | None) -> str:
        """GitHub shows on its issue what stops it; who may lift it was told, but of what ends by itself."""
        named = reader.branch(thing.head_ref)
        behind = self.world.hub.thing(named[0]) if named and not thing.fork else None
        if behind is not None and behind.state == "OPEN":
            told = self.world.judge.tip(behind.number)
            if not self._blocked(behind, told) or self._needs_plan(behind) or "breeze:wip" in behind.labels:
                return ""
            signs = (self._human, self._quarantined, self._done, self._ignored, self._on_hold, self._taken,
                     self._design_open, self._plan_open)  # fmt: skip
            if all(sign(behind, told) for sign in signs) and not self._assigned(behind):
                return f"nothing stands on #{behind.number}"
        return "" if self._told(thing) else "nobody was told that its issue is stopped"

    def _needs_plan(self, thing: Thing) -> bool:
        """Whether a plan is missing, was asked for anew, or was made from what a person changed since."""
        if "finalized" not in thing.body:
            return False
        asked = any(reader.markers(post.body, "changes-requested") for post in thing.comments)
        edits = self.world.hub.rows("SELECT editor_id FROM edits WHERE kind = 'issue' AND subject_id = ?", thing.id)
        by_people = any((who := self.world.hub.account(row["editor_id"])) and who.login != "bee" for row in edits)
        return asked or by_people or "Milestone plan" not in thing.body

    def _assigned(self, thing: Thing) -> bool:
        return bool(self.world.hub.rows("SELECT 1 FROM assignees WHERE issue_id = ?", thing.id))

    def _complete(self, thing: Thing, tip: Record | None) -> str:
        """It was done before, and somebody opened it again: then bee said so, once."""
        done = any(one.label == "breeze:done" and one.who.login == "bee" for one in thing.labelings)
        told = sum(said == "reopened" for _, _, said in self._words(thing))
        return "" if done and told else "nobody was told that it is open again"

    def _draft(self, thing: Thing, tip: Record | None) -> str:
        return "" if thing.draft else "it is no draft"

    def _conflicted(self, thing: Thing, tip: Record | None) -> str:
        git, (row,) = self.world.hub.git, self.world.hub.rows("SELECT * FROM pulls WHERE issue_id = ?", thing.id)
        base = git.refs.get(f"refs/heads/{row['base_ref']}")
        return "" if base is None or git.merged(base, thing.head) is None else "it merges"

    def _statuses(self, thing: Thing, *states: str) -> list[Any]:
        last = {row["context"]: row for row in self.world.hub.rows(
            "SELECT * FROM statuses WHERE sha = ? ORDER BY id", thing.head)}  # fmt: skip
        return [row for row in last.values() if row["state"] in states]

    def _checks_failed(self, thing: Thing, tip: Record | None) -> str:
        return "" if self._statuses(thing, "failure", "error") else "no check of its head is red"

    def _checks_pending(self, thing: Thing, tip: Record | None) -> str:
        return "" if self._told(thing) else "nobody was told that a check does not end"

    def _changes_requested(self, thing: Thing, tip: Record | None) -> str:
        said = any(post.state == "CHANGES_REQUESTED" for post in thing.reviews) or thing.talks
        asked = [one for post in [*thing.comments, *thing.reviews] for one in reader.markers(post.body)
                 if one.name == "changes-requested" or one.get("verdict") == "changes"]  # fmt: skip
        return "" if said or asked else "nobody asked for changes"

    def _needs_review(self, thing: Thing, tip: Record | None) -> str:
        asked = [row for row in self._statuses(thing, "pending") if "person" in (row["description"] or "")]
        return "" if asked or self._told(thing) else "nothing says that it waits for a person's approval"

    def _by_rules(self, thing: Thing, tip: Record | None) -> str:
        off = "SELECT 1 FROM repos WHERE parent_id IS NULL AND settings LIKE '%false%'"  # a merge method
        rules = self.world.hub.rows(f"SELECT 1 FROM protections UNION ALL SELECT 1 FROM rulesets UNION ALL {off}")
        last = {run.role: run for run in tip.runs} if tip is not None else {}
        if not rules and not any(run.failure == "rules-refused" for role, run in last.items() if role in AGENTS):
            return "no rule stands against it"
        return "" if self._told(thing) else "nobody was told of the rule"

    def _no_change(self, thing: Thing, tip: Record | None) -> str:
        """It may be back where an earlier run has found nothing to do."""
        runs = [run for run in tip.runs if run.role in AGENTS and run.outcome in NO_OPS] if tip is not None else []
        if not runs:
            return "no run of its found nothing to do"
        said = {run for _, run, _ in self._words(thing)}
        return "" if all(run.run in said for run in runs) else "nothing says what its run found"

    def _e2e_failed(self, thing: Thing, tip: Record | None) -> str:
        results = [
            one for post in thing.comments if post.author.login == "bee" for one in reader.markers(post.body, "run")
        ]
        failed = any(one.get("head") == thing.head and one.get("result") == "fail" for one in results)
        return "" if failed else "E2E has not failed at its head"

    def _queued(self, thing: Thing, tip: Record | None) -> str:
        return "" if self.world.hub.rows("SELECT 1 FROM queue WHERE issue_id = ?", thing.id) else "it is in no queue"


# Where an item may rest, and what must be so then. Whatever else bee says is a moment's, and is over at the end.
_DEMANDS: Final[dict[str, Callable[[Waits, Thing, Record | None], str]]] = {
    "human": Waits._human,
    "quarantined": Waits._quarantined,
    "done": Waits._done,
    "ignored": Waits._ignored,
    "untrusted": Waits._untrusted,
    "on-hold": Waits._on_hold,
    "taken": Waits._taken,
    "blocked": Waits._blocked,
    "design-open": Waits._design_open,
    "plan-open": Waits._plan_open,
    "in-review": Waits._in_review,
    "abandoned": Waits._abandoned,
    "issue-stopped": Waits._issue_stopped,
    "complete": Waits._complete,
    "draft": Waits._draft,
    "conflicted": Waits._conflicted,
    "changes-requested": Waits._changes_requested,
    "checks-pending": Waits._checks_pending,
    "checks-failed": Waits._checks_failed,
    "needs-review": Waits._needs_review,
    "needs-person-approval": Waits._by_rules,
    "waiting-on-settings": Waits._by_rules,
    "no-change": Waits._no_change,
    "e2e-failed": Waits._e2e_failed,
    "in-merge-queue": Waits._queued,
}
