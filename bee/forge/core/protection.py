"""Judges merges and pushes by what is demanded of the branch, in GitHub's sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from bee.forge.core import checks, owners, patterns, pulls, results, reviews, rules, threads, workflows
from bee.forge.core.errors import not_found
from bee.forge.core.gitobjects import Commit
from bee.forge.core.gitrefs import ZERO
from bee.forge.core.gitrepo import GitRepo
from bee.forge.core.rules import Demands
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo

METHODS_OFF: Final = {
    "merge": "Merge commits are not allowed on this repository.",
    "squash": "Squash merges are not allowed on this repository.",
    "rebase": "Rebase merges are not allowed on this repository.",
}
_UNAUTHORIZED: Final = (
    "You're not authorized to push to this branch. Visit https://docs.github.com/articles/about-protected-branches/ "
    "for more information."
)
BEHIND: Final = "The head branch is not up to date with the base branch"
QUEUE: Final = "Changes must be made through the merge queue"
FOUND: Final = "Repository rule violations found"


@dataclass(frozen=True)
class Against:
    """The sentences that stand against a write: of the branch's protection, of rulesets, and what the token lacks."""

    classic: list[str]
    rulesets: list[str]
    token: str = ""

    def __bool__(self) -> bool:
        return bool(self.classic or self.rulesets or self.token)

    def sentence(self) -> str:
        """As the API says it."""
        if self.token:
            return self.token
        if self.rulesets:
            return "\n\n".join([FOUND, *self.rulesets]) + "\n\n"
        return " ".join(self.classic)

    def told(self, ref: str, page: str) -> str:
        """As a push says it, in lines that git shows after `remote:`; what the token lacks is not said there."""
        if self.token:
            return ""
        if self.rulesets:
            place = f"Review all repository rules at {page}/rules?ref={quote(ref, safe='')}"
            head, said = f"error: GH013: {FOUND} for {ref}.\n{place}", self.rulesets
        else:
            head, said = f"error: GH006: Protected branch update failed for {ref}.", self.classic
        return "\n\n".join([head, *(f"- {one}" for one in said)]) + "\n\n"

    @property
    def reason(self) -> str:
        """The word beside `[remote rejected]`."""
        if self.token:
            return self.token
        return "push declined due to repository rule violations" if self.rulesets else "protected branch hook declined"


def _against(demands: Iterable[Demands], judge: Callable[[Demands], list[str]], *passing: str) -> Against:
    """What stands against it, by source; `passing` are the ways in which who asks may pass."""
    found: dict[bool, list[str]] = {True: [], False: []}
    for one in demands:
        if one.passed not in passing:
            found[one.ruleset is None] += [said for said in judge(one) if said not in found[one.ruleset is None]]
    return Against(found[True], found[False])


# -- checks ---------------------------------------------------------------------------------------


def _unmet_checks(call: Call, repo: Repo, demands: Demands, sha: str) -> list[str]:
    if not demands.checks:
        return []
    states = checks.states(call, repo, sha)
    for name, app in demands.checks:
        if app:
            states[name] = checks.state_by(call, repo, sha, name, app)
    words = {"EXPECTED": "expected", "PENDING": "expected", "SUCCESS": ""}
    unmet = {name: words.get(states.get(name, "EXPECTED"), "failing") for name, _app in demands.checks}
    unmet = {name: word for name, word in unmet.items() if word}
    if len(unmet) == 1:
        return [f'Required status check "{name}" is {word}.' for name, word in unmet.items()]
    listed = list(unmet.values())
    head = f"{len(unmet)} of {len(demands.checks)} required status checks"
    if not unmet:
        return []
    if len(set(listed)) == 1:
        return [f"{head} are {listed[0]}."]
    return [f"{head} have not succeeded: {listed.count('expected')} expected and {listed.count('failing')} failing."]


def is_signed(commit: Commit) -> bool:
    """Whether a commit is signed. Whose signature it is nobody checks here; what GitHub commits itself is signed."""
    return commit.signature is not None or commit.committer.email == "noreply@github.com"


# -- merges ---------------------------------------------------------------------------------------


def get(call: Call, repo: Repo, branch: str) -> dict[str, Any]:
    """The protection of a branch; 404 where it has none of its own. Raises Refused."""
    found = rules.classic(call, repo, branch)
    if found is None:
        raise not_found("Branch not protected")
    return found


def against_merge(
    call: Call, repo: Repo, issue: Row, pull: Row, base: str, *, method: str | None, all_bound: bool = False,
    queued: bool = False,
) -> Against:  # fmt: skip
    """What stands against a merge by who asks, or by anybody (`all_bound`). `queued`: the queue itself merges."""

    def judge(one: Demands) -> list[str]:
        said = _review_demands(call, repo, issue, pull, base, one)
        said += _unmet_checks(call, repo, one, pull["head_sha"])
        said += results.against(call, repo, one.results, pull["head_sha"])
        said += _history_demands(call, repo, issue, pull, one, method)
        if not may_push(call, one):
            said.append(_UNAUTHORIZED)
        if one.strict and not said and not repo.git.is_ancestor(base, pull["head_sha"]):
            said.append(BEHIND)
        if one.queue is not None and method is not None and not queued:
            said.append(QUEUE)
        return said

    passing = () if all_bound else ("always", "pull_request")
    found = _against(rules.of_branch(call, repo, pull["base_ref"]), judge, *passing)
    lacking = "" if all_bound else workflows.refusal(repo, call.viewer, repo.git, pull["head_sha"])
    return Against(found.classic, found.rulesets, lacking)


def _review_demands(call: Call, repo: Repo, issue: Row, pull: Row, base: str, one: Demands) -> list[str]:
    said, standing = [], reviews.standing(call, repo, issue["id"])
    states = [row["state"] for row in standing.values()]
    approved = {who for who, row in standing.items() if row["state"] == "APPROVED"}
    if one.locked:
        said.append("Cannot change this locked branch")
    if one.update:
        said.append("Cannot update this protected ref.")
    if "CHANGES_REQUESTED" in states and one.approvals:
        said.append("Changes requested by reviewers with write access")
    elif len(approved) < one.approvals:
        noun = "review is" if one.approvals == 1 else "reviews are"
        said.append(f"At least {one.approvals} approving {noun} required by reviewers with write access.")
    missing = [people for people in owners.of_change(call, repo, base, pull["head_sha"]) if one.owners]
    for people in (people for people in missing if not people & approved):
        names = " or ".join(sorted(user.login for number in people if (user := call.user(number))))
        said.append(f"Waiting on code owner review from {names}.")
    seen = {who for who in approved if standing[who]["commit_sha"] == pull["head_sha"]}
    if one.last_push and not seen - {pull["pushed_by"]}:
        said.append("New changes require approval from someone other than the last pusher.")
    if one.conversations and threads.unresolved(call, issue["id"]):
        said.append("A conversation must be resolved before this pull request can be merged.")
    return said


def _history_demands(call: Call, repo: Repo, issue: Row, pull: Row, one: Demands, method: str | None) -> list[str]:
    """What the history of the base must be, as far as the method decides it."""
    said = []
    if (
        one.patterns
    ):  # of each commit, also where they are squashed: https://github.com/orgs/community/discussions/108531
        oids = repo.git.between(pull["base_sha"], pull["head_sha"])
        said += patterns.against(one.patterns, "", False, [*filter(None, map(repo.git.commit, oids))])
    if method is not None and method not in one.methods:
        said.append(METHODS_OFF[method])
    if method == "merge" and one.linear:
        said.append("This branch must not contain merge commits.")
    if method is not None and one.signed:
        commits = [repo.git.commit(oid) for oid in repo.git.between(pull["base_sha"], pull["head_sha"])]
        unsigned = method == "rebase" or (method == "merge" and not all(map(is_signed, filter(None, commits))))
        # https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches#require-signed-commits
        foreign = method == "squash" and call.viewer is not None and call.viewer.id != issue["author_id"]
        if unsigned or foreign:
            said.append("Commits must have verified signatures.")
    return said


def required_checks(call: Call, repo: Repo, branch: str) -> set[str]:
    """The names of the checks that must pass before a merge into a branch."""
    return {name for one in rules.of_branch(call, repo, branch) for name, _app in one.checks}


def decision(call: Call, repo: Repo, issue: Row, pull: Row) -> str | None:
    """`reviewDecision`: what the reviews add up to; None where the base needs none."""
    demands, base = rules.of_branch(call, repo, pull["base_ref"]), pulls.branch_oid(repo, pull["base_ref"])
    standing = reviews.standing(call, repo, issue["id"])
    states = [row["state"] for row in standing.values()]
    needed = max([one.approvals for one in demands], default=0)
    if "CHANGES_REQUESTED" in states:
        return "CHANGES_REQUESTED"
    approved = {who for who, row in standing.items() if row["state"] == "APPROVED"}
    owned = owners.of_change(call, repo, base, pull["head_sha"]) if base and any(one.owners for one in demands) else []
    if len(approved) < needed or not all(people & approved for people in owned):
        return "REVIEW_REQUIRED"
    return "APPROVED" if approved and demands else None


# -- pushes ---------------------------------------------------------------------------------------


def against_push(call: Call, repo: Repo, ref: str, before: str, after: str, git: GitRepo | None = None) -> Against:
    """What stands against moving a ref from one commit to another (ZERO: none); `git` is where the new ones are."""
    objects = git or repo.git

    def judge(one: Demands) -> list[str]:
        if after == ZERO:
            word = "protected branch" if one.ruleset is None else "branch"
            return [f"Cannot delete this {word}"] if one.deletion else []
        said = _creation(call, repo, one, after) if before == ZERO else _update(call, repo, one, after)
        new = _new_commits(repo, objects, before, after) if _of_commits(one) else []
        if one.linear and any(len(commit.parents) > 1 for commit in new):
            said.append("This branch must not contain merge commits.")
        if one.signed and not all(map(is_signed, new)):
            said.append("Commits must have verified signatures.")
        said += patterns.against(one.patterns, ref, before == ZERO, new)
        if one.forced and before != ZERO and not objects.is_ancestor(before, after):
            said.append("Cannot force-push to this branch")
        return said

    found = _against(map(_of_a_push, rules.of_ref(call, repo, ref)), judge, "always")
    ordered = call.forge.refuses(ref, call.viewer.login if call.viewer else "")
    lacking = workflows.refusal(repo, call.viewer, objects, after) if after != ZERO else ""
    return Against(found.classic, found.rulesets + [ordered] * bool(ordered), lacking)


def _of_a_push(one: Demands) -> Demands:
    """A protection's ban of forced pushes and deletions binds administrators, too."""
    if one.ruleset is None and one.passed:
        return Demands(deletion=one.deletion, forced=one.forced)
    return one


def looks_at_commits(call: Call, repo: Repo, ref: str) -> bool:
    """Whether a push of this ref is judged by the commits in it."""
    demands = map(_of_a_push, rules.of_ref(call, repo, ref))
    without = call.viewer is not None and not call.viewer.workflows
    return without or any(_of_commits(one) or one.forced for one in demands)


def _of_commits(one: Demands) -> bool:
    return one.linear or one.signed or bool(one.patterns)


def may_push(call: Call, one: Demands) -> bool:
    """Whether the restriction of who may push leaves out who asks."""
    return one.pushers is None or (call.viewer is not None and call.viewer.login in one.pushers)


def _creation(call: Call, repo: Repo, one: Demands, after: str) -> list[str]:
    if one.creation and one.pushers is not None:
        return [] if may_push(call, one) else [_UNAUTHORIZED]
    if one.creation:
        return ["Cannot create ref due to creations being restricted."]
    return _unmet_checks(call, repo, one, after) if one.on_create else []


def _update(call: Call, repo: Repo, one: Demands, after: str) -> list[str]:
    said = []
    if one.locked:
        said.append("Cannot change this locked branch")
    if not may_push(call, one):
        said.append(_UNAUTHORIZED)
    if one.update:
        said.append("Cannot update this protected ref.")
    if one.queue is not None:
        said.append(QUEUE)
    if one.pull:
        said.append("Changes must be made through a pull request.")
    return said + _unmet_checks(call, repo, one, after) + results.against(call, repo, one.results, after)


def _new_commits(repo: Repo, objects: GitRepo, before: str, after: str) -> list[Commit]:
    known = [before] if before != ZERO else [oid for _name, oid in repo.git.refs.below("refs/heads/")]
    oids = objects.between(known[0], after) if known else [after]
    found = [objects.commit(oid) for oid in oids]
    return [commit for commit in found if commit and not any(objects.is_ancestor(commit.oid, one) for one in known)]
