"""Brings what the database says of branches in step with the refs, which are the truth."""

from __future__ import annotations

import json

from bee.forge.core import events, issues, merge, owners, pulls, queue, reviews, rules
from bee.forge.core.gitobjects import Entry
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo

COMMITS_READ_MAX = 1000


def settle(call: Call, repo: Repo) -> None:
    """Note what moved since the last look: heads, bases, and the default branch."""
    if ("settled", repo.id) in call.cache:
        return
    call.cache["settled", repo.id] = True
    _default_branch(call, repo)
    opened = """SELECT pulls.*, number FROM pulls JOIN issues ON issues.id = issue_id
        WHERE issues.repo_id = ? AND is_pull = 1 AND state = 'open'"""
    for pull in call.rows(opened, repo.id):
        if _oids(call, repo, pull) != (pull["head_sha"], pull["base_seen"]):
            _settle_pull(call, repo, pull["issue_id"])
    queue.advance(call, repo)


def resettle(call: Call, repo: Repo) -> None:
    """Look again, after this request itself moved a ref."""
    call.cache.pop(("settled", repo.id), None)
    settle(call, repo)


def _head_repo(call: Call, repo: Repo, pull: Row) -> Repo | None:
    return repo if pull["head_repo_id"] == repo.id else call.repo_by_id(pull["head_repo_id"])


def _oids(call: Call, repo: Repo, pull: Row) -> tuple[str | None, str | None]:
    head_repo = _head_repo(call, repo, pull)
    head = pulls.branch_oid(head_repo, pull["head_ref"]) if head_repo else None
    return head, call.once(("base", repo.id, pull["base_ref"]), lambda: pulls.branch_oid(repo, pull["base_ref"]))


def _mover(call: Call, repo: Repo) -> User:
    return call.user(call.forge.pushers.get(repo.id)) or call.viewer or repo.owner


def _settle_pull(call: Call, repo: Repo, issue_id: int) -> None:
    with call.writing():
        call.cache = {key: value for key, value in call.cache.items() if key[0] != "base"}
        issue = issues.by_id(call, issue_id)
        if issue is None or issue["state"] != "open":
            return
        pull = pulls.row(call, issue)
        head, base = _oids(call, repo, pull)
        pending = json.loads(pull["pending"]) if pull["pending"] else None
        if base and pending and repo.git.is_ancestor(pending["sha"], base):
            merge.finish(call, repo, issue, pending["sha"], call.user(pending["actor"]) or repo.owner)
        elif head is None:
            actor = _mover(call, repo)
            issues.set_state(call, repo, issue, "closed", actor=actor)
            events.add(call, issue, "head_ref_deleted", actor)
        elif base is None:
            _without_base(call, repo, issue, pull)
        else:
            _follow(call, repo, issue, pull, head, base)


def _follow(call: Call, repo: Repo, issue: Row, pull: Row, head: str, base: str) -> None:
    before = pull["head_sha"]
    if head != before:
        head_repo = _head_repo(call, repo, pull)
        assert head_repo is not None
        repo.git.fetch_object(head_repo.git, head)
        mover = _mover(call, repo)
        call.update("pulls", issue["id"], head_sha=head, base_sha=base, pushed_by=mover.id)
        call.update("issues", issue["id"], updated_at=call.now())
        if any(one.stale for one in rules.of_branch(call, repo, pull["base_ref"])) and _differs(repo, pull, head, base):
            reviews.dismiss_stale(call, issue, mover)
        pulls.write_pull_ref(repo, issue["number"], "head", head)
        if not repo.git.is_ancestor(before, head):
            moved = {"before": before, "after": head, "ref": pull["head_ref"]}
            events.add(call, issue, "head_ref_force_pushed", mover, **moved)
    seen = pull["base_seen"]
    if seen not in (None, base) and repo.git.has(seen) and not repo.git.is_ancestor(seen, base):
        events.add(call, issue, "base_ref_force_pushed", _mover(call, repo), before=seen, after=base)
    call.update("pulls", issue["id"], base_seen=base)
    if repo.git.is_ancestor(head, base):
        # Pushed by hand onto the base: GitHub calls that merged too.
        merge.finish(call, repo, issue, base, _mover(call, repo))


def _differs(repo: Repo, pull: Row, head: str, base: str) -> bool:
    """Whether the change itself is another one: merging the base into the head does not change it."""

    def change(base: str, head: str) -> dict[str, tuple[Entry | None, ...]]:
        root = repo.git.merge_base(base, head) or base
        trees = [repo.git.peel(oid, "tree") or "" for oid in (root, head)]
        paths = owners.changed_paths(repo, root, head)
        return {path: tuple(repo.git.entry_at(tree, path) for tree in trees) for path in paths}

    return change(pull["base_sha"], pull["head_sha"]) != change(base, head)


def _without_base(call: Call, repo: Repo, issue: Row, pull: Row) -> None:
    """A merged branch that is deleted hands what was based on it over to its own base; any other closes it.

    https://docs.github.com/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/about-branches#working-with-branches
    """
    actor, gone = _mover(call, repo), pull["base_ref"]
    events.add(call, issue, "base_ref_deleted", actor, ref=gone)
    merged = """SELECT base_ref FROM pulls WHERE repo_id = ? AND head_repo_id = ? AND head_ref = ?
        AND merged_at IS NOT NULL ORDER BY issue_id DESC"""
    found = call.row(merged, repo.id, repo.id, gone)
    base = pulls.branch_oid(repo, found["base_ref"]) if found else None
    if found is None or base is None:
        issues.set_state(call, repo, issue, "closed", actor=actor)
        return
    pulls.retarget(call, issue, found["base_ref"], base)
    moved = {"from": gone, "to": found["base_ref"]}
    events.add(call, issue, "automatic_base_change_succeeded", actor, base=moved)


def _default_branch(call: Call, repo: Repo) -> None:
    tip = pulls.branch_oid(repo, repo.default_branch)

    def seen() -> str | None:
        row = call.row("SELECT branch_seen FROM repos WHERE id = ?", repo.id)
        return row["branch_seen"] if row else tip

    if tip is None or seen() == tip:
        return
    with call.writing():
        before = seen()  # another request may have been quicker
        if before == tip:
            return
        now = call.now()
        call.update("repos", repo.id, branch_seen=tip, pushed_at=now, updated_at=now)
        if before is not None and repo.git.has(before):
            for oid in repo.git.between(before, tip)[-COMMITS_READ_MAX:]:
                _read_commit(call, repo, oid)


def _read_commit(call: Call, repo: Repo, oid: str) -> None:
    """A commit that lands on the default branch closes what its message says it closes."""
    commit = repo.git.commit(oid)
    for number in events.closing_numbers(repo, commit.message if commit else ""):
        issue = issues.find(call, repo, number, is_pull=False)
        if issue is not None:
            actor = _mover(call, repo)
            events.add(call, issue, "referenced", actor, commit_id=oid)
            issues.set_state(call, repo, issue, "closed", actor=actor, commit_id=oid)
