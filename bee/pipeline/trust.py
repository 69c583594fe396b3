"""Who may steer bee, and which text is theirs. Pure: permissions were looked up before, and unknown is a stranger.

Trust is admin, maintain or write on this repository, never `author_association`, which is wrong for private
organisation members (https://github.com/orgs/community/discussions/18690).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bee.config.schema import TrustPolicy
from bee.model.items import Edit, Item, LabelEvent, Numbered, Permission, Post, Snapshot, Who
from bee.model.labels import Label

TRUSTED: Final = frozenset({Permission.ADMIN, Permission.MAINTAIN, Permission.WRITE})


@dataclass(frozen=True, slots=True)
class Trust:
    """Answers one question for one tick: may this account steer bee here?"""

    viewer: Who
    permissions: Mapping[int, Permission] = field(default_factory=dict)
    policy: TrustPolicy = field(default_factory=TrustPolicy)

    def of(self, who: Who | None) -> bool:
        """Whether `who` may steer bee. A deleted account, an unnamed bot, and what is not an account may not.

        An account is known by its id: a login can be another's tomorrow, and a Mannequin may have anybody's.
        """
        if who is None or who.id is None:
            return False
        login = who.login.lower()
        if login in self.policy.deny:
            return False
        if self.is_bee(who):
            return True
        if who.bot or login.endswith("[bot]"):
            return login.removesuffix("[bot]") in self.policy.bots or login in self.policy.bots
        return login in self.policy.allow or self.permissions.get(who.id) in TRUSTED

    def is_bee(self, who: Who | None) -> bool:
        """Whether `who` is the account bee itself writes with, known by its id."""
        return who is not None and who.id is not None and who.id == self.viewer.id

    def counts(self, post: Post) -> bool:
        """Whether a post is its trusted author's own word: edited by another, it is nobody's."""
        if not self.of(post.author):
            return False
        if post.edited_at is None:
            return True
        return post.author is not None and post.editor is not None and post.editor.id == post.author.id


def trust_of(snapshot: Snapshot, policy: TrustPolicy) -> Trust:
    """The trust of one snapshot."""
    return Trust(snapshot.viewer, snapshot.permissions, policy)


def revisions(item: Numbered) -> tuple[Edit, ...]:
    """The body's revisions, oldest first. An item never edited has one, its author's."""
    if not item.edits:
        return (Edit(item.author, item.created_at, item.body),)
    edits = sorted(enumerate(item.edits), key=lambda pair: (pair[1].at, -pair[0]))
    return tuple(edit for _, edit in edits)


def adopted_at(item: Item, trust: Trust) -> int | None:
    """When a trusted person last set the label NEW; None when nobody did, or a person removed it since."""
    when: int | None = None
    for event in events_of(item.events, Label.NEW):
        if event.added and trust.of(event.actor):
            when = event.at
        elif not event.added:
            when = None
    return when


def events_of(events: tuple[LabelEvent, ...], label: Label) -> tuple[LabelEvent, ...]:
    """The events of one label, oldest first; in the same second, taking it off comes last."""
    if not events:
        return ()

    def order(event: LabelEvent) -> tuple[int, bool, str]:
        return event.at, not event.added, event.actor.login if event.actor else ""

    return tuple(sorted((event for event in events if event.label.lower() == label.value), key=order))


def text_is_trusted(item: Item, trust: Trust) -> bool:
    """Whether title and body as they stand are a trusted person's word, or were adopted by one as they stand."""
    adopted = adopted_at(item, trust)
    if adopted is None and not trust.of(item.author):
        return False
    if not title_is_trusted(item, trust, adopted):
        return False
    if not item.edits:
        return item.edited_at is None  # its one revision is its author's, who is trusted or was adopted
    later = [edit for edit in revisions(item)[0 if adopted is None else 1 :] if adopted is None or edit.at >= adopted]
    return all(trust.of(edit.editor) for edit in later)


def title_is_trusted(item: Item, trust: Trust, adopted: int | None) -> bool:
    """Whether a trusted person wrote the title last, or adopted it (at `adopted`) as it stands.

    A title is one line: whoever changes it writes all of it. Of two changes in one second, both must be trusted.
    """
    last = max((rename.at for rename in item.renames), default=None)
    if last is None or (adopted is not None and last < adopted):
        return True
    return all(trust.of(rename.actor) for rename in item.renames if rename.at == last)


def finished_at(item: Item, trust: Trust) -> int:
    """When bee last put the label DONE on (0: never), which it does as an item is closed."""
    return max(
        (one.at for one in events_of(item.events, Label.DONE) if one.added and trust.is_bee(one.actor)), default=0
    )


def resumed_at(item: Item, trust: Trust) -> int:
    """When a person last took the label HUMAN off (0: never): attempts are counted from there."""
    times = [event.at for event in events_of(item.events, Label.HUMAN) if not event.added and trust.of(event.actor)]
    return max(times, default=0)
