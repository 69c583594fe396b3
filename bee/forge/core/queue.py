"""The merge queue of a branch: pull requests wait there, are tried together with what is before them, and merged.

https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bee.forge.core import checks, events, issues, merge, protection, pulls, rules
from bee.forge.core.clock import unstamp
from bee.forge.core.errors import Refused, unprocessable
from bee.forge.core.gitrefs import ZERO, RefChange
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo

BOT: Final = "github-merge-queue[bot]"
METHODS: Final = {"MERGE": "merge", "SQUASH": "squash", "REBASE": "rebase"}


def settings(call: Call, repo: Repo, branch: str) -> Mapping[str, Any] | None:
    """What the rule of a branch's queue says; None where it has none."""
    return next((one.queue for one in rules.of_branch(call, repo, branch) if one.queue is not None), None)


def entries(call: Call, repo: Repo, branch: str) -> list[Row]:
    """The entries of a branch's queue, the next one first."""
    sql = "SELECT * FROM queue WHERE repo_id = ? AND base_ref = ? ORDER BY jump DESC, id"
    return call.rows(sql, repo.id, branch)


def entry_of(call: Call, issue_id: int) -> Row | None:
    """The entry of a pull request."""
    return call.row("SELECT * FROM queue WHERE issue_id = ?", issue_id)


def state(call: Call, repo: Repo, entry: Row) -> str:
    """`MergeQueueEntryState`."""
    if entry["group_sha"] is None:
        return "QUEUED"
    return "AWAITING_CHECKS" if _verdict(call, repo, entry) != "SUCCESS" else "MERGEABLE"


def enqueue(call: Call, repo: Repo, issue: Row, expected: str | None, jump: bool) -> Row:
    """Put a pull request into its base's queue; refused in the words of a merge where anything stands against one.

    Raises Refused (422).
    """
    call.need(repo, "write")
    pull = pulls.row(call, issue)
    wanted, base = settings(call, repo, pull["base_ref"]), pulls.branch_oid(repo, pull["base_ref"])
    if wanted is None or base is None:
        raise unprocessable(f"There is no merge queue for the branch {pull['base_ref']}.")
    if expected is not None and expected != pull["head_sha"]:
        raise unprocessable("Head branch was modified. Review and try the merge again.")
    if issue["state"] != "open" or pull["draft"] or repo.git.merge_tree(base, pull["head_sha"]) is None:
        raise unprocessable("Pull Request is not mergeable")
    if entry_of(call, issue["id"]) is not None:
        raise unprocessable("Pull request is already in the queue")
    method = METHODS[wanted.get("merge_method", "MERGE")]
    against = protection.against_merge(call, repo, issue, pull, base, method=method, queued=True)
    if against:
        raise unprocessable(against.sentence())
    events.add(call, issue, "added_to_merge_queue", call.viewer, enqueuer=call.actor().login)
    return call.insert(
        "queue", issue_id=issue["id"], repo_id=repo.id, base_ref=pull["base_ref"], head_sha=pull["head_sha"],
        enqueuer_id=call.actor().id, enqueued_at=call.now(), jump=jump,
    )  # fmt: skip


def dequeue(call: Call, repo: Repo, issue: Row) -> Row:
    """Take a pull request out of the queue. Raises Refused (422)."""
    call.need(repo, "write")
    entry = entry_of(call, issue["id"])
    if entry is None:
        raise unprocessable("Pull request is not in the queue")
    _remove(call, repo, entry, call.actor(), "manual")
    return entry


def _remove(call: Call, repo: Repo, entry: Row, actor: User | None, reason: str) -> None:
    issue = call.get("issues", entry["issue_id"])
    enqueuer = call.user(entry["enqueuer_id"])
    events.add(
        call, issue, "removed_from_merge_queue", actor, reason=reason, before=entry["head_sha"],
        enqueuer=enqueuer.login if enqueuer else "",
    )  # fmt: skip
    _forget(call, repo, entry)


def _forget(call: Call, repo: Repo, entry: Row) -> None:
    if entry["group_ref"]:
        repo.git.change_refs([RefChange(entry["group_ref"], None, ZERO)])
    call.run("DELETE FROM queue WHERE id = ?", entry["id"])


# -- its work ---------------------------------------------------------------------------------------


def advance(call: Call, repo: Repo) -> None:
    """Do what the queues of a repository wait for: build, merge what is green, take out what is not."""
    branches = call.rows("SELECT DISTINCT base_ref FROM queue WHERE repo_id = ?", repo.id)
    if not branches:
        return
    with call.forge.lock:
        lock = call.forge.merge_locks.setdefault(repo.id, threading.Lock())
    # Never waited for: whoever holds it may wait for this request's transaction.
    if not lock.acquire(blocking=False):
        return
    try:
        with call.writing():
            for row in branches:
                _advance(_as_bot(call), repo, row["base_ref"])
        for key in [key for key in call.cache if key[0] == "base"]:  # what was merged has moved them
            del call.cache[key]
    finally:
        lock.release()


def _as_bot(call: Call) -> Call:
    bot = call.forge.users.by_login(BOT) or call.forge.users.put(call.db, BOT, None, "none", call.now())
    return replace(call, viewer=bot)


def _advance(call: Call, repo: Repo, branch: str) -> None:
    """One entry after another: each is built on what is before it, and merged once it is the first and green."""
    wanted, tip, first = settings(call, repo, branch), pulls.branch_oid(repo, branch), True
    for entry in entries(call, repo, branch):
        issue = call.get("issues", entry["issue_id"])
        pull = pulls.row(call, issue)
        if wanted is None:
            _remove(call, repo, entry, call.viewer, "queue_cleared")
            continue
        moved = (pull["head_sha"], pull["base_ref"], pull["draft"]) != (entry["head_sha"], branch, 0)
        if issue["state"] != "open" or moved or tip is None:
            _remove(call, repo, entry, call.viewer, "pull_request_changed")
            continue
        if entry["base_sha"] != tip and not _build(call, repo, entry, tip, wanted):
            _remove(call, repo, entry, call.viewer, "merge_conflict")
            continue
        entry = call.get("queue", entry["id"])
        verdict = _verdict(call, repo, entry)
        minutes = (call.forge.clock.seconds() - unstamp(entry["built_at"])) / 60
        if verdict == "FAILURE" or minutes > wanted.get("check_response_timeout_minutes", 60):
            _remove(call, repo, entry, call.viewer, "failed_checks" if verdict == "FAILURE" else "timed_out")
            continue
        if verdict == "SUCCESS" and first:
            repo.git.change_refs([RefChange(f"refs/heads/{branch}", tip, entry["group_sha"])])
            _forget(call, repo, entry)
            assert call.viewer is not None
            merge.finish(call, repo, issues.again(call, issue), entry["group_sha"], call.viewer)
        else:
            first = False
        tip = entry["group_sha"]


def _build(call: Call, repo: Repo, entry: Row, tip: str, wanted: Mapping[str, Any]) -> bool:
    """Make the commit that merging would make, on a branch of the queue's own; False where it conflicts."""
    issue = call.get("issues", entry["issue_id"])
    wish = merge.Wish(METHODS[wanted.get("merge_method", "MERGE")])
    try:
        made = merge.made(call, repo, issue, pulls.row(call, issue), tip, wish)
    except Refused:
        return False
    ref = f"refs/heads/gh-readonly-queue/{entry['base_ref']}/pr-{issue['number']}-{tip}"
    if entry["group_ref"]:
        repo.git.change_refs([RefChange(entry["group_ref"], None, ZERO)])
    repo.git.change_refs([RefChange(ref, None, made)])
    call.update("queue", entry["id"], base_sha=tip, group_sha=made, group_ref=ref, built_at=call.now())
    return True


def _verdict(call: Call, repo: Repo, entry: Row) -> str:
    """SUCCESS, PENDING or FAILURE of the required checks on the queue's commit."""
    states = checks.states(call, repo, entry["group_sha"])
    found = {states.get(name, "PENDING") for name in protection.required_checks(call, repo, entry["base_ref"])}
    return "FAILURE" if found & {"FAILURE", "ERROR"} else "SUCCESS" if found <= {"SUCCESS"} else "PENDING"
