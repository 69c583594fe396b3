"""Brings what the database says of branches in step with the refs, which are the truth."""

from __future__ import annotations

import json

from bee.forge.core import events, issues, merge, pulls
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
    for pull in _open_pulls(call, repo):
        if _moved(call, repo, pull):
            _settle_pull(call, repo, pull["issue_id"])


def resettle(call: Call, repo: Repo) -> None:
    """Look again, after this request itself moved a ref."""
    call.cache.pop(("settled", repo.id), None)
    settle(call, repo)


def _open_pulls(call: Call, repo: Repo) -> list[Row]:
    return call.rows(
        "SELECT pulls.*, number FROM pulls JOIN issues ON issues.id = issue_id "
        "WHERE issues.repo_id = ? AND is_pull = 1 AND state = 'open'", repo.id
    )  # fmt: skip


def _head_repo(call: Call, repo: Repo, pull: Row) -> Repo | None:
    return repo if pull["head_repo_id"] == repo.id else call.repo_by_id(pull["head_repo_id"])


def _oids(call: Call, repo: Repo, pull: Row) -> tuple[str | None, str | None]:
    head_repo = _head_repo(call, repo, pull)
    head = pulls.branch_oid(head_repo, pull["head_ref"]) if head_repo else None
    key = ("base", repo.id, pull["base_ref"])
    if key not in call.cache:
        call.cache[key] = pulls.branch_oid(repo, pull["base_ref"])
    return head, call.cache[key]


def _moved(call: Call, repo: Repo, pull: Row) -> bool:
    return _oids(call, repo, pull) != (pull["head_sha"], pull["base_seen"])


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
        elif head is None or base is None:
            _close_orphan(call, repo, issue, "head_ref_deleted" if head is None else "base_ref_deleted")
        else:
            _follow(call, repo, issue, pull, head, base)


def _close_orphan(call: Call, repo: Repo, issue: Row, kind: str) -> None:
    actor = _mover(call, repo)
    issues.set_state(call, repo, issue, "closed", actor=actor)
    events.add(call, repo.id, issue["id"], kind, actor)


def _follow(call: Call, repo: Repo, issue: Row, pull: Row, head: str, base: str) -> None:
    before = pull["head_sha"]
    if head != before:
        head_repo = _head_repo(call, repo, pull)
        assert head_repo is not None
        repo.git.fetch_object(head_repo.git, head)
        sql = "UPDATE pulls SET head_sha = ?, base_sha = ? WHERE issue_id = ?"
        call.run(sql, head, base, issue["id"])
        call.run("UPDATE issues SET updated_at = ? WHERE id = ?", call.now(), issue["id"])
        pulls.write_pull_ref(repo, issue["number"], "head", head)
        if not repo.git.is_ancestor(before, head):
            events.add(
                call, repo.id, issue["id"], "head_ref_force_pushed", _mover(call, repo),
                before=before, after=head, ref=pull["head_ref"],
            )  # fmt: skip
    call.run("UPDATE pulls SET base_seen = ? WHERE issue_id = ?", base, issue["id"])
    if repo.git.is_ancestor(head, base):
        # Pushed by hand onto the base: GitHub calls that merged too.
        merge.finish(call, repo, issue, base, _mover(call, repo))


def _default_branch(call: Call, repo: Repo) -> None:
    tip = pulls.branch_oid(repo, repo.default_branch)
    row = call.row("SELECT branch_seen FROM repos WHERE id = ?", repo.id)
    if row is None or tip is None or row["branch_seen"] == tip:
        return
    with call.writing():
        row = call.row("SELECT branch_seen FROM repos WHERE id = ?", repo.id)
        seen = row["branch_seen"] if row else None
        if seen == tip:
            return
        now = call.now()
        sql = "UPDATE repos SET branch_seen = ?, pushed_at = ?, updated_at = ? WHERE id = ?"
        call.run(sql, tip, now, now, repo.id)
        if seen is not None and repo.git.has(seen):
            for oid in repo.git.between(seen, tip)[-COMMITS_READ_MAX:]:
                _read_commit(call, repo, oid)


def _read_commit(call: Call, repo: Repo, oid: str) -> None:
    """A commit that lands on the default branch closes what its message says it closes."""
    commit = repo.git.commit(oid)
    for number in events.closing_numbers(repo, commit.message if commit else ""):
        issue = issues.find(call, repo, number, is_pull=False)
        if issue is not None:
            actor = _mover(call, repo)
            events.refer_commit(call, repo, issue, oid, actor)
            issues.set_state(call, repo, issue, "closed", actor=actor, commit_id=oid)
