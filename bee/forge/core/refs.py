"""Changing refs on behalf of a user: GitHub's checks, then one compare-and-swap transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bee.forge.core import events, protection, pulls, settle
from bee.forge.core.errors import Refused, RuleViolated, not_found, unprocessable
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


def rename_branch(call: Call, repo: Repo, old: str, new: Any) -> None:
    """Give a branch another name; pull requests into it follow, its protection too.

    https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-branches-in-your-repository/renaming-a-branch
    Raises Refused (404, 422).
    """
    call.need(repo, "admin" if old == repo.default_branch else "write")
    oid = repo.git.refs.get(f"refs/heads/{old}")
    if oid is None:
        raise not_found("Branch not found")
    if not isinstance(new, str) or not is_ref_name(f"refs/heads/{new}"):
        raise unprocessable(f"{new} is not a valid branch name")
    if repo.git.refs.get(f"refs/heads/{new}") is not None:
        raise unprocessable(f"The branch {new} already exists")
    for name, before, after in ((new, ZERO, oid), (old, oid, ZERO)):
        against = protection.against_push(call, repo, f"refs/heads/{name}", before, after)
        if against and not (after == ZERO and call.may(repo, "admin")):  # an administrator renames what is protected
            raise RuleViolated(422, against.sentence())
    repo.git.change_refs([RefChange(f"refs/heads/{new}", ZERO, oid), RefChange(f"refs/heads/{old}", oid, ZERO)])
    call.run("UPDATE protections SET branch = ? WHERE repo_id = ? AND branch = ?", new, repo.id, old)
    into = """SELECT issues.* FROM issues JOIN pulls ON issue_id = issues.id
        WHERE issues.repo_id = ? AND base_ref = ? AND state = 'open'"""
    for issue in call.rows(into, repo.id, old):
        pulls.retarget(call, issue, new, pulls.row(call, issue)["base_sha"])
        events.add(call, issue, "base_ref_changed", call.viewer, base={"from": old, "to": new})
    if old == repo.default_branch:
        repo.git.set_head(new)
        call.update("repos", repo.id, default_branch=new)
        call.cache.clear()
    fresh = call.repo_by_id(repo.id)
    assert fresh is not None
    settle.resettle(call, fresh)
