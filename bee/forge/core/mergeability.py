"""Whether a pull request merges cleanly: computed in the background, as on GitHub.

The read that finds nothing known starts the job and answers "unknown"; a later one has the answer.
https://docs.github.com/rest/guides/using-the-rest-api-to-interact-with-your-git-database#checking-mergeability-of-pull-requests
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bee.forge.core import checks, issues, merge, protection, pulls
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Forge, Repo

WORKERS: Final = 4
_log = logging.getLogger(__name__)


class Jobs:
    """The background threads that try merges; at most one job at a time for each pull request."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="mergeability")
        self._waiting: set[int] = set()
        self._lock = threading.Lock()
        forge.jobs = self.start

    def start(self, issue_id: int) -> None:
        """Have a pull request's mergeability computed."""
        with self._lock:
            if issue_id not in self._waiting:
                self._waiting.add(issue_id)
                self._pool.submit(self._run, issue_id)

    def _run(self, issue_id: int) -> None:
        with self._lock:
            self._waiting.discard(issue_id)
        try:
            with self._forge.call() as call:
                compute(call, issue_id)
        except Exception:  # a job has no caller to raise to; the next read starts another
            _log.exception("mergeability of %s", issue_id)

    def close(self) -> None:
        """Wait for what runs and take no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def compute(call: Call, issue_id: int) -> None:
    """Try the merge in memory and note the answer for exactly these two commits."""
    issue = issues.by_id(call, issue_id)
    repo = call.repo_by_id(issue["repo_id"]) if issue else None
    if issue is None or repo is None or issue["state"] != "open":
        return
    pull = pulls.row(call, issue)
    head, base, test = pull["head_sha"], pulls.branch_oid(repo, pull["base_ref"]), None
    if base is None:
        return
    tree = repo.git.merge_tree(base, head)
    if tree is not None:
        person = merge.person(call, call.user(issue["author_id"]) or repo.owner)
        message = f"Merge {head} into {base}"
        test = repo.git.write_commit(tree, [base, head], person, merge.committer(call), message)
        pulls.write_pull_ref(repo, issue["number"], "merge", test)
    clean = tree is not None
    with call.writing():
        call.update("pulls", issue_id, mergeable=clean, mergeable_head=head, mergeable_base=base, test_sha=test)


def of(call: Call, repo: Repo, issue: Row, pull: Row) -> bool | None:
    """True, False, or None while it is not known; None also starts the job."""
    if issue["state"] != "open":
        return None
    base = pulls.branch_oid(repo, pull["base_ref"])
    if base is not None and (pull["mergeable_head"], pull["mergeable_base"]) == (pull["head_sha"], base):
        return bool(pull["mergeable"])
    number = issue["id"]
    call.after.append(lambda: call.forge.jobs(number))  # not now: this request may not have committed yet
    return None


def merge_state(call: Call, repo: Repo, issue: Row, pull: Row) -> str:
    """`mergeStateStatus`; REST has the same in lower case as `mergeable_state`."""
    known = of(call, repo, issue, pull)
    if known is None:
        return "UNKNOWN"
    if not known:
        return "DIRTY"
    if pull["draft"]:
        return "DRAFT"
    base = pulls.branch_oid(repo, pull["base_ref"]) or ""
    against = protection.against_merge(call, repo, issue, pull, base, method=None, all_bound=True)
    if against:
        return "BEHIND" if {*against.classic, *against.rulesets} == {protection.BEHIND} else "BLOCKED"
    states = checks.states(call, repo, pull["head_sha"]).values()
    if not all(state == "SUCCESS" for state in states):
        return "UNSTABLE"
    return "HAS_HOOKS" if repo.settings.get("pre_receive_hooks") else "CLEAN"
