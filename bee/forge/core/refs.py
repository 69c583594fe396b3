"""Changing refs on behalf of a user: GitHub's checks, then one compare-and-swap transaction."""

from __future__ import annotations

from dataclasses import dataclass

from bee.forge.core import protection, settle
from bee.forge.core.errors import Refused, RuleViolated, unprocessable
from bee.forge.core.gitrefs import OID, ZERO, RefChange, is_ref_name
from bee.forge.core.world import Call, Repo

TRIES_MAX = 5


@dataclass(frozen=True)
class Wanted:
    """One change asked for. `before` None: whatever it is; ZERO: must not exist. `after` ZERO: delete."""

    name: str
    before: str | None
    after: str
    force: bool = False


def _check(call: Call, repo: Repo, wanted: Wanted) -> None:
    branch = wanted.name.removeprefix("refs/heads/")
    against = None
    if not is_ref_name(wanted.name):
        against = f"{wanted.name} is not a valid ref name."
    elif wanted.name.startswith("refs/pull/"):
        against = f"{wanted.name} is read-only."
    elif wanted.after != ZERO and not (OID.fullmatch(wanted.after) and repo.git.has(wanted.after)):
        against = "Object does not exist"
    elif branch != wanted.name:
        if wanted.after == ZERO and branch == repo.default_branch:
            against = "Cannot delete the default branch"
        elif wanted.after != ZERO and not repo.git.has(wanted.after, "commit"):
            against = "Object is not a commit"
    if against is not None:
        raise unprocessable(against)
    ruled = protection.against_push(call, repo, wanted.name, repo.git.refs.get(wanted.name) or ZERO, wanted.after)
    if ruled:
        raise (Refused if ruled.token else RuleViolated)(422, ruled.sentence())


def _planned(repo: Repo, wanted: Wanted) -> RefChange:
    current = repo.git.refs.get(wanted.name)
    if wanted.before is not None and wanted.before != (current or ZERO):
        has = f"is at {current}" if current else "does not exist"
        expected = "it not to exist" if wanted.before == ZERO else f"it at {wanted.before}"
        raise unprocessable(f"Reference cannot be updated: {wanted.name} {has}, expected {expected}")
    if current is None and wanted.after == ZERO:
        raise unprocessable("Reference does not exist")
    if current and wanted.after != ZERO and not wanted.force and not repo.git.is_ancestor(current, wanted.after):
        raise unprocessable("Update is not a fast forward")
    return RefChange(wanted.name, current or ZERO, wanted.after)


def change(call: Call, repo: Repo, changes: list[Wanted]) -> None:
    """Carry out all of the changes or none; raises Refused(422) with what stands against it.

    Git compares and swaps all of them in one transaction, so a concurrent push cannot slip between.
    A change without `before` is tried again when only that comparison failed.
    """
    call.need(repo, "write")
    if len({wanted.name for wanted in changes}) != len(changes):
        raise unprocessable("A reference is named more than once")
    for wanted in changes:
        _check(call, repo, wanted)
    for left in range(TRIES_MAX, 0, -1):
        try:
            repo.git.change_refs([_planned(repo, wanted) for wanted in changes])
            break
        except Refused as refusal:
            retried = refusal.message.startswith("Reference update failed")
            if not retried or left == 1:
                raise
    call.forge.pushers[repo.id] = call.actor().id
    settle.resettle(call, repo)
