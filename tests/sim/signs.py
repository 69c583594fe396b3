"""What people have set that stops an item, and since when: read from the model's own tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.sim import reader
from tests.sim.hub import Thing, seconds
from tests.sim.waits import HUMAN

if TYPE_CHECKING:
    from tests.sim.world import World

# What an open issue waits for, and since when: it was named, and opened or opened again, before.
WAITS: Final = """SELECT other.number, max(max(events.created_at), other.created_at, coalesce((SELECT max(created_at)
    FROM events AS again WHERE again.issue_id = other.id AND kind = 'reopened'), '')) AS at
    FROM events JOIN issues AS other ON other.id = events.source_id
    WHERE events.issue_id = ? AND events.kind IN ('blocked_by_added', 'sub_issue_added') AND other.state = 'open'
    AND (EXISTS (SELECT 1 FROM dependencies WHERE issue_id = events.issue_id AND blocker_id = other.id)
        OR EXISTS (SELECT 1 FROM sub_issues WHERE parent_id = events.issue_id AND child_id = other.id))
    GROUP BY other.id"""
EDITED: Final = "SELECT edited_at AS at FROM edits WHERE kind = 'issue' AND subject_id = ?"
UNTICKED: Final = re.compile(r"^#+ Design finalized\s+^[-*] \[ \]", re.MULTILINE)
HOLD_LABELS: Final = ("do not merge", "status: blocked", "On-Hold")
HOLD_TITLES: Final = ("WIP: ", "[do not merge] ")
RENAMED: Final = "SELECT created_at AS at FROM events WHERE kind = 'renamed' AND issue_id = ?"
# Who linked an open pull request of somebody else to an issue by hand, or took that away, the last first.
LINKS: Final = """SELECT kind, actor_id, events.created_at AS at, source_id FROM events
    JOIN issues AS pull ON pull.id = source_id JOIN pulls ON pulls.issue_id = source_id
    WHERE events.issue_id = ? AND kind IN ('connected', 'disconnected') AND pull.state = 'open'
    ORDER BY events.id DESC"""
REOPENED: Final = "SELECT created_at AS at FROM events WHERE kind = 'reopened' AND issue_id = ?"


class Signs:
    """Asked by the judge: each answers in words, empty where nothing stands, or has for long enough."""

    def __init__(self, world: World) -> None:
        self.world = world

    def on_itself(self, thing: Thing, since: float) -> str:
        """What holds an item: a label or its title; or an issue's being somebody else's."""
        return self.on_hold(thing, since) or ("" if thing.is_pull else self.given(thing, since))

    def on_hold(self, thing: Thing, since: float) -> str:
        """A label or a title by which people say that it must wait."""
        for label in {*map(str.lower, HOLD_LABELS)} & {*thing.labels}:
            if [one.at for one in thing.labelings if one.label == label][-1] < since:
                return f"the label {label}"
        renamed = self.world.hub.rows(RENAMED, thing.id)
        titled = thing.title.startswith(HOLD_TITLES) and all(seconds(row["at"]) < since for row in renamed)
        return f"its title, {thing.title}" if titled else ""

    def given(self, issue: Thing, since: float) -> str:
        """A pull request of somebody else that a trusted person linked to it; only such a one takes that away."""
        for pull_id, (kind, at) in self._links(issue).items():
            (pull,) = self.world.hub.things(f"issues.id = {pull_id}")
            back = max((seconds(row["at"]) for row in self.world.hub.rows(REOPENED, pull_id)), default=0)
            taken_back = any(one.label == "breeze:new" and one.at >= at for one in issue.labelings)
            theirs = pull.fork or reader.branch(pull.head_ref) is None
            if kind == "connected" and max(at, back) < since and theirs and not taken_back:
                return f"#{pull.number} is linked to it"
        return ""

    def _links(self, issue: Thing) -> dict[int, tuple[str, int]]:
        """The last word of a trusted person on each pull request that is open, and when it was said."""
        found: dict[int, tuple[str, int]] = {}
        for row in self.world.hub.rows(LINKS, issue.id):
            if self.world.judge.waits.trusts(self.world.hub.account(row["actor_id"])):
                found.setdefault(row["source_id"], (row["kind"], seconds(row["at"])))
        return found

    def linked(self, issue: Thing, pull: Thing) -> bool:
        """Whether GitHub's page shows the link."""
        rows = [row for row in self.world.hub.rows(LINKS, issue.id) if row["source_id"] == pull.id]
        return bool(rows) and not issue.is_pull and rows[0]["kind"] == "connected"

    def on_issue(self, pull: Thing, since: float) -> str:
        """What stands on the issue of a pull request of bee's, and has since a moment."""
        named = reader.branch(pull.head_ref) if pull.is_pull and not pull.fork else None
        issue = self.world.hub.thing(named[0]) if named else None
        if issue is None or issue.is_pull:
            return ""
        for label in (HUMAN, "breeze:quarantine-hotloop", "breeze:done"):
            put = [one.at for one in issue.labelings if one.label == label]
            if label in issue.labels and put and put[-1] < since:
                return label
        if issue.state != "OPEN" and (issue.closed_at or 0) < since:
            return "it is closed"
        if (other := self.waits_for(issue, since)) is not None:
            return f"it waits for #{other}"
        edits = self.world.hub.rows(EDITED, issue.id)
        if UNTICKED.search(issue.body) and all(seconds(row["at"]) < since for row in edits):
            return "a gate is open"
        return self.on_itself(issue, since)

    def waits_for(self, thing: Thing, since: float) -> int | None:
        """What an issue has waited for, by GitHub's own means, from a moment until now."""
        return next((row["number"] for row in self.world.hub.rows(WAITS, thing.id) if seconds(row["at"]) < since), None)
