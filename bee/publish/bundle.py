"""Several effects on one item as one request: which of them can go together, and what GitHub is asked for.

`publish` does singly, as ever, whatever such a request left undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from bee.github import write
from bee.model.effects import CloseIssue, Effect, PostComment, SetLabels, StatusComment
from bee.model.items import Issue, Item
from bee.pipeline.status_comment import found
from bee.publish import labels
from bee.publish.context import PublishContext

TOGETHER: Final = (PostComment, SetLabels, CloseIssue, StatusComment)
# What stops or ends an item comes before what lets it go.
ORDER: Final = ("comment", "add", "status", "edit", "close", "remove")

Parts = dict[str, Mapping[str, Any]]


def groups(outbox: Sequence[Effect]) -> Iterator[tuple[Effect, ...]]:
    """The outbox in its order: effects that stand together and can go together, everything else alone."""

    def kind(pair: tuple[int, Effect]) -> tuple[int, ...]:
        place, effect = pair
        return (-1, effect.number) if isinstance(effect, TOGETHER) else (place,)

    for _, pairs in groupby(enumerate(outbox), kind):
        group = tuple(effect for _, effect in pairs)
        kinds = [type(effect) for effect in group]
        if len(set(kinds)) == len(kinds):
            yield group
        else:
            yield from ((effect,) for effect in group)


def _parts_of(context: PublishContext, group: Sequence[Effect], item: Item) -> tuple[Parts, dict[str, Effect]] | None:
    """(the inputs by part, the effect behind each part), without what is so already; None when a label is unknown."""
    parts: Parts = {}
    behind: dict[str, Effect] = {}

    def ask(name: str, effect: Effect, **given: Any) -> None:
        parts[name], behind[name] = given, effect

    for effect in group:
        if isinstance(effect, SetLabels):
            changes = labels.parts_of(effect, item, context.label_ids)
            if changes is None:
                return None
            for name, given in changes.items():
                ask(name, effect, **given)
        elif isinstance(effect, PostComment) and not context.has_posted(effect.number, effect.key):
            ask("comment", effect, subjectId=item.node_id, body=effect.body)
        elif isinstance(effect, CloseIssue) and isinstance(item, Issue) and item.open:
            ask("close", effect, issueId=item.node_id, stateReason="COMPLETED")
        elif isinstance(effect, StatusComment):
            there = found(item, context.trust, effect.key)
            if there is None:
                ask("status", effect, subjectId=item.node_id, body=effect.body)
            elif there.body != effect.body:
                ask("edit", effect, id=there.node_id, body=effect.body)
    return {name: parts[name] for name in ORDER if name in parts}, behind


def together(context: PublishContext, group: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """Do effects on one item in one request, where it saves any; what is left to be done singly."""
    able = [effect for effect in group if isinstance(effect, TOGETHER)]
    if len(able) != len(group) or (len(group) == 1 and not _is_swap(group[0])):
        return group
    asked = _parts_of(context, group, context.item(able[0].number))
    if asked is None:
        return group
    parts, behind = asked
    if not parts:
        return ()
    context.ready()
    address, failed = write.publish(context.lease.client, parts)
    post = behind.get("comment")
    if address and isinstance(post, PostComment):
        context.posted[post.key] = address
    if failed:
        context.forget()
    return tuple(effect for effect in group if any(behind[name] == effect for name in failed))


def _is_swap(effect: Effect) -> bool:
    return isinstance(effect, SetLabels) and bool(effect.add and effect.remove)
