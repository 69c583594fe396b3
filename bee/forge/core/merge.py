"""Merging pull requests: what stands against it in GitHub's words, three methods, and the moment it becomes true."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Final

from bee.forge.core import events, issues, protection, pulls, relations
from bee.forge.core.errors import Refused
from bee.forge.core.gitobjects import Person
from bee.forge.core.gitrefs import ZERO, RefChange
from bee.forge.core.store import Row
from bee.forge.core.users import User
from bee.forge.core.world import Call, Repo

METHODS: Final = {
    "merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge",
}  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """What a client asks of a merge; `sha` is the head it has seen."""

    method: str = "merge"
    sha: str | None = None
    title: str | None = None
    message: str | None = None


def person(call: Call, user: User) -> Person:
    """A user as a commit's author."""
    return Person(user.login, f"{user.id}+{user.login}@users.noreply.github.com", int(call.forge.clock.seconds()))


def committer(call: Call) -> Person:
    """Who commits what is merged on the server."""
    return Person("GitHub", "noreply@github.com", int(call.forge.clock.seconds()))


def _refused(message: str, status: int = 405) -> Refused:
    return Refused(status, message, kind="UNPROCESSABLE")


def merge(call: Call, repo: Repo, issue: Row, wish: Wish) -> str:
    """Merge a pull request and return the new commit on the base.

    405 in one of GitHub's sentences when it cannot be merged, 409 when the head has moved
    (https://docs.github.com/rest/pulls/pulls#merge-a-pull-request).
    """
    call.need(repo, "write")
    with call.forge.lock:
        lock = call.forge.merge_locks.setdefault(repo.id, threading.Lock())
    with lock:
        issue = issues.again(call, issue)
        pull = pulls.row(call, issue)
        base = _base_to_merge_into(call, repo, issue, pull, wish)
        new = made(call, repo, issue, pull, base, wish)
        _publish(call, repo, issue, pull, base, new)
    return new


def _base_to_merge_into(call: Call, repo: Repo, issue: Row, pull: Row, wish: Wish) -> str:
    if pull["draft"] and issue["state"] == "open":
        raise _refused("Pull Request is still a draft")
    base = pulls.branch_oid(repo, pull["base_ref"])
    if issue["state"] != "open" or base is None:
        raise _refused("Pull Request is not mergeable")
    if wish.sha is not None and wish.sha != pull["head_sha"]:
        raise _refused("Head branch was modified. Review and try the merge again.", 409)
    if repo.settings.get(METHODS[wish.method]) is False:
        raise _refused(protection.METHODS_OFF[wish.method])
    against = protection.against_merge(call, repo, issue, pull, base, method=wish.method)
    if against:
        raise _refused(against.sentence())
    return base


def made(call: Call, repo: Repo, issue: Row, pull: Row, base: str, wish: Wish) -> str:
    """The commit of a merge, which moves no branch yet; refuses a conflict. Raises Refused (405)."""
    head, git = pull["head_sha"], repo.git
    if wish.method == "rebase":
        return _rebased(call, repo, pull, base)
    tree = git.merge_tree(base, head)
    if tree is None:
        raise _refused("Pull Request is not mergeable")
    title, message = words(call, repo, issue, pull, wish)
    text = f"{title}\n\n{message}" if message else title
    squashing = wish.method == "squash"
    author = (call.user(issue["author_id"]) if squashing else None) or call.actor()
    return git.write_commit(tree, [base] if squashing else [base, head], person(call, author), committer(call), text)


def words(call: Call, repo: Repo, issue: Row, pull: Row, wish: Wish) -> tuple[str, str]:
    """The title and message that a merge gets, unless the client names its own."""
    commits = [repo.git.commit(oid) for oid in pulls.commits(call, repo, pull)]
    if wish.method == "merge":
        owner = call.user(pull["head_owner_id"]) or repo.owner
        title = f"Merge pull request #{issue['number']} from {owner.login}/{pull['head_ref']}"
        message = issue["title"]
    else:
        only = commits[0] if len(commits) == 1 else None
        title = f"{only.headline if only else issue['title']} (#{issue['number']})"
        listed = "\n\n".join(f"* {commit.message.strip()}" for commit in commits if commit)
        message = only.message.partition("\n")[2].strip() if only else listed
    return wish.title or title, message if wish.message is None else wish.message


def _rebased(call: Call, repo: Repo, pull: Row, base: str) -> str:
    git, tip = repo.git, base
    for oid in pulls.commits(call, repo, pull):
        commit = git.commit(oid)
        if commit is None or len(commit.parents) > 1:
            raise _refused("This branch can't be rebased")
        before, onto = git.commit(commit.parents[0]) if commit.parents else None, git.commit(tip)
        assert onto is not None
        # A cherry-pick without a work tree: two made-up commits whose only common ancestor has the old tree.
        root = git.write_commit(before.tree if before else git.write_tree([]), [], commit.author, commit.author, oid)
        ours = git.write_commit(onto.tree, [root], commit.author, commit.author, "ours")
        theirs = git.write_commit(commit.tree, [root], commit.author, commit.author, "theirs")
        tree = git.merge_tree(ours, theirs)
        if tree is None:
            raise _refused("This branch can't be rebased due to conflicts")
        tip = git.write_commit(tree, [tip], commit.author, committer(call), commit.message)
    return tip


def _publish(call: Call, repo: Repo, issue: Row, pull: Row, base: str, made: str) -> None:
    """Move the base by compare-and-swap; the note before it lets a killed forge finish after its restart."""
    with call.writing():
        call.update("pulls", issue["id"], pending=json.dumps({"sha": made, "actor": call.actor().id}))
    try:
        repo.git.change_refs([RefChange(f"refs/heads/{pull['base_ref']}", base, made)])
    except Refused:
        with call.writing():
            call.update("pulls", issue["id"], pending=None)
        raise _refused("Base branch was modified. Review and try the merge again.") from None
    with call.writing():
        finish(call, repo, issues.again(call, issue), made, call.actor())


def finish(call: Call, repo: Repo, issue: Row, made: str, actor: User) -> None:
    """Note a merge that is in the base branch, and what follows from it. Safe to do twice."""
    pull = pulls.row(call, issue)
    if pull["merged_at"]:
        return
    call.update("pulls", issue["id"], merged_at=call.now(), merged_by=actor.id, merge_sha=made, pending=None)
    events.add(call, issue, "merged", actor, commit_id=made, ref=pull["base_ref"])
    issues.set_state(call, repo, issue, "closed", actor=actor)
    if pull["base_ref"] == repo.default_branch:
        _close_promised(call, repo, issue, actor)
    if repo.settings.get("delete_branch_on_merge") and pull["head_repo_id"] == repo.id:
        _delete_branch(call, repo, issue, pull, actor)


def _close_promised(call: Call, repo: Repo, issue: Row, actor: User) -> None:
    promised = [issues.find(call, repo, one, is_pull=False) for one in events.closing_numbers(repo, issue["body"])]
    for target in (*promised, *relations.linked(call, issue)):
        if target is not None and issues.again(call, target)["state"] == "open":
            issues.set_state(call, repo, target, "closed", actor=actor, closer=issue["id"])


def _delete_branch(call: Call, repo: Repo, issue: Row, pull: Row, actor: User) -> None:
    try:
        repo.git.change_refs([RefChange(f"refs/heads/{pull['head_ref']}", pull["head_sha"], ZERO)])
    except Refused:
        return  # pushed to meanwhile: what was pushed stays
    events.add(call, issue, "head_ref_deleted", actor)


def recover(call: Call) -> None:
    """Finish, after a restart, merges whose commit reached the base; forget the others."""
    for pull in call.rows("SELECT * FROM pulls WHERE pending IS NOT NULL"):
        issue, repo = issues.by_id(call, pull["issue_id"]), call.repo_by_id(pull["repo_id"])
        if issue is None or repo is None:
            continue
        note = json.loads(pull["pending"])
        base = pulls.branch_oid(repo, pull["base_ref"])
        with call.writing():
            if base is not None and repo.git.is_ancestor(note["sha"], base):
                finish(call, repo, issue, note["sha"], call.user(note["actor"]) or repo.owner)
            else:
                call.update("pulls", pull["issue_id"], pending=None)
