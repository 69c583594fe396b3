"""The ledger of the judge: what every committed record promised, and whether GitHub has it, once and not before.

Read from the model's own tables, by the few expressions here; bee's readers are what is judged.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.sim.hub import Post, Thing, seconds
from tests.sim.reader import Record

if TYPE_CHECKING:
    from tests.sim.world import World

KEY: Final = re.compile(r"<!-- bee:run [^>]*?\bkey=([0-9a-f]+)[^>]*-->")
STATUS: Final = re.compile(r"<!-- bee:run [^>]*?\bkind=status\b[^>]*-->")
HOLDS: Final = frozenset({"breeze:human", "breeze:quarantine-hotloop"})
# A run that ended so gave its outbox up: a person stopped it, or GitHub refused a part of it.
GIVEN_UP: Final = frozenset({"cancelled", "merge-refused", "rules-refused"})


@dataclass
class Promise:
    """The outbox of one run, from its commit point to its last record."""

    record: Record
    at: int
    over: bool = False
    early: list[str] = field(default_factory=list)  # what was missing when the item's label was given back


class Outbox:
    """All promises, and what of them stands."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.of_run: dict[str, Promise] = {}
        self.answered: set[str] = set()
        self.keys: set[str] = set()

    def moved(self, before: Record | None, after: Record) -> list[str]:
        """A ledger moved: what is wrong with that."""
        wrong = []
        last = self.of_run.get(before.run) if before is not None and before.kind == "published" else None
        if last is not None and after.kind == "paused":
            last.over = True  # a person's word outweighs it
        elif last is not None and after.run != last.record.run:
            wrong.append(f"the outbox of {last.record.run} is forgotten: {after.kind} of {after.run} stands over it")
        if last is not None and after.run == last.record.run and after.kind not in {"published", "finished"}:
            wrong.append(f"{after.kind} of {after.run} forgets the outbox that it had committed")
        again = last is not None and before is not None and (after.kind, after.run) == ("published", before.run)
        if again and before is not None and before.text["outbox"] != after.text["outbox"]:
            wrong.append(f"{after.run} had committed another outbox before")
        if after.kind == "published" and after.run not in self.of_run:
            if before is not None and before.kind == "published" and before.run == after.run:
                wrong.append(f"the outbox of {after.run} is carried out, and no run of bee's had committed it")
            self.of_run[after.run] = Promise(after, self.world.hub.now)
            self.keys |= {effect.key for effect in after.outbox if effect.do in KEYED}
            wrong += _without_words(after)
        promise = self.of_run.get(after.run)
        if after.kind == "finished" and promise is not None and not promise.over:
            promise.over = True
            if after.failure not in GIVEN_UP and after.run not in self.answered:
                # what is only shown is not worth a run: where GitHub refuses it, the next act shows the news
                owed = [one for one in promise.record.outbox if one.do != "StatusComment"]
                missing = [self._name(one) for one in owed if not self._stands(one, promise)]
                self.world.count("outbox carried out")
                wrong += [f"{after.run} ended as {after.outcome}, and {one} does not stand" for one in missing]
                wrong += [f"{after.run} gave its item back before {one} stood" for one in promise.early]
        return wrong

    def answer(self) -> None:
        """GitHub answered a write: it is not there, or cannot be. What bee then owes is seen at the end."""
        self.answered |= {run for run, one in self.of_run.items() if not one.over}

    def said(self, thing: Thing, post: Post) -> list[str]:
        """bee posted: every effect was promised before, but for what the merge itself brings up."""
        keys = set() if STATUS.search(post.body) else set(KEY.findall(post.body)) - self.keys
        merging = any(one.do == "MergePull" for p in self.of_run.values() if not p.over for one in p.record.outbox)
        if not keys or merging:
            return []
        return [f"#{thing.number} carries {keys.pop()}, which no record had promised: {post.body[:80]!r}"]

    def let_go(self, thing: Thing, record: Record | None) -> None:
        """bee took the claim's label off: what stands before that in the outbox must be there."""
        promise = self.of_run.get(record.run) if record is not None else None
        if promise is None or promise.over:
            return
        for effect in promise.record.outbox:
            if effect.do == "SetLabels" and effect.number == thing.number:
                return
            if effect.do != "StatusComment" and not self._stands(effect, promise):
                promise.early.append(self._name(effect))

    def at_the_end(self) -> list[str]:
        """Nothing that was promised is still open."""
        return [f"{run} never carried its outbox out" for run, one in self.of_run.items() if not one.over]

    # ---- what stands ------------------------------------------------------------------------------------------------

    def _name(self, effect: Any) -> str:
        return f"{effect.do} on #{getattr(effect, 'number', '?')}"

    def _stands(self, effect: Any, promise: Promise) -> bool:
        hub, since = self.world.hub, promise.record.started_at
        if effect.do in KEYED:
            return effect.key in self._posted(effect.number)
        if effect.do == "OpenPull":
            return any(one.head_ref == effect.head_ref and not one.fork for one in hub.things())
        if effect.do == "SetStatus":
            sql = "SELECT 1 FROM statuses WHERE sha = ? AND context = ? AND state = ?"
            return bool(hub.rows(sql, effect.sha, effect.context, effect.state))
        if effect.do == "DeleteBranch":
            return hub.git.refs.get(f"refs/heads/{effect.head_ref}") != effect.head
        if effect.do == "OpenAlert":
            return any(f"<!-- bee:alert key={effect.alert}" in one.body for one in hub.things())
        thing = hub.thing(effect.number)
        assert thing is not None
        if effect.do == "MergePull":
            put_in = any(kind == "added_to_merge_queue" for kind, _, _ in self._events(thing, since))
            return thing.state == "MERGED" or (effect.method == "queue" and put_in)
        if effect.do == "Dequeue":
            return thing.id not in hub.queued()
        if effect.do == "CloseIssue":
            return thing.state != "OPEN" or any(kind == "closed" for kind, _, _ in self._events(thing, since))
        if effect.do == "SetLabels":
            return self._labelled(effect, thing, since)
        return any(_shows(effect, text) for text in self._bodies(thing))

    def _posted(self, number: int) -> set[str]:
        thing = self.world.hub.thing(number)
        posts = [*thing.comments, *thing.reviews] if thing is not None else []
        lines = self.world.hub.rows("SELECT body FROM review_comments") if thing is not None and thing.is_pull else []
        return {
            key for body in [*(p.body for p in posts), *(row["body"] for row in lines)] for key in KEY.findall(body)
        }

    def _events(self, thing: Thing, since: int) -> list[tuple[str, str, int]]:
        """(kind, label, the actor) of what happened to an item from a moment on."""
        rows = self.world.hub.rows("SELECT * FROM events WHERE issue_id = ? ORDER BY id", thing.id)
        return [
            (row["kind"], (json.loads(row["data"]).get("label") or {}).get("name", "").lower(), row["actor_id"])
            for row in rows
            if seconds(row["created_at"]) >= since
        ]

    def _labelled(self, effect: Any, thing: Thing, since: int) -> bool:
        """On, or it was and somebody took it off since; and the other way round. What holds an item goes before."""
        now, events = set(thing.labels), self._events(thing, since)
        put, taken = ({label for kind, label, _ in events if kind == what} for what in ("labeled", "unlabeled"))
        on = HOLDS & now or all(name in now or name in put for name in effect.add)
        return bool(on) and all(name not in now or (name in put and name in taken) for name in effect.remove)

    def _bodies(self, thing: Thing) -> list[str]:
        sql = "SELECT diff FROM edits WHERE subject_id = ? AND kind = 'issue'"
        return [thing.body, *(row["diff"] or "" for row in self.world.hub.rows(sql, thing.id))]


KEYED: Final = frozenset({"PostComment", "PostReview", "AnswerThread", "StatusComment"})


def _shows(effect: Any, body: str) -> bool:
    body = body.replace("\r\n", "\n")
    if effect.do == "WritePlan":
        return effect.section.strip() in body
    assert effect.do == "TickStep"
    return re.search(rf"^- \[[xX]\] `{re.escape(effect.step)}`", body, re.MULTILINE) is not None


def _without_words(record: Record) -> list[str]:
    """An item that is held for a person, and nothing that says why."""
    held = {one.number for one in record.outbox if one.do == "SetLabels" and HOLDS & set(one.add)}
    told = {one.number for one in record.outbox if one.do == "PostComment" and not STATUS.search(one.body)}
    return [f"{record.run} holds #{number} for a person without a word" for number in held - told]
