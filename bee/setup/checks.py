"""What `bee doctor` makes of what it found: one value per check, with the command that fixes it. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bee.config.network import OPEN, narrowed
from bee.config.schema import POLICY_PATH, PROTECTED_DEFAULT, Policy, Settings
from bee.model.items import BranchRules, Grant, Permission, RepoFacts
from bee.model.labels import OWNED, Label
from bee.model.roles import Role

CLOCK_SKEW_SECONDS_MAX: Final = 60
HEARTBEAT_SECONDS_MAX: Final = 15 * 60
DISK_BYTES_LOW: Final = 2 * 1024**3
DISK_BYTES_LEAST: Final = 256 * 1024**2
RATE_SHARE_LOW: Final = 0.1
STATUSES: Final = frozenset({"bee/review", "bee/e2e"})
MAY_WRITE: Final = frozenset({Permission.ADMIN, Permission.MAINTAIN, Permission.WRITE})
GRANT_ADVICE: Final = "give the token the permissions that SECURITY.md lists"


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, as `bee doctor --json` lists it."""

    name: str
    status: Level
    text: str
    fix: str | None = None
    """what fixes it: a command, or where there is none, what to do"""
    repo: str | None = None
    """null for what is this machine's"""


def _ok(name: str, text: str, repo: str | None = None) -> Check:
    return Check(name, Level.OK, text, repo=repo)


# ---- the token ------------------------------------------------------------------------------------------------------


def scope_grants(facts: RepoFacts) -> tuple[Grant, ...]:
    """What the scopes of a classic token allow here: `repo`, or `public_repo` where the repository is public."""
    scopes = facts.scopes or frozenset()
    good = "repo" in scopes or (not facts.private and "public_repo" in scopes)
    said = "" if good else f"its scopes are {', '.join(sorted(scopes)) or 'none'}"
    return (Grant("the scope repo", "", good, said),)


def access_checks(facts: RepoFacts, grants: Sequence[Grant], login: str) -> list[Check]:
    """Whether the account and its token may do what bee does."""
    repo, role = facts.repo, str(facts.permission).lower()
    if facts.permission not in MAY_WRITE:
        return [Check("access", Level.FAIL, f"{login} has {role} access, and bee needs write",
                      f"an administrator gives it: gh api -X PUT repos/{repo}/collaborators/{login} "
                      "-f permission=push", repo)]  # fmt: skip
    lacking = [grant for grant in grants if not grant.given]
    if lacking:
        names = ", ".join(f"{grant.name} {grant.access}".strip() for grant in lacking)
        said = "; ".join(dict.fromkeys(grant.said for grant in lacking if grant.said))
        return [Check("access", Level.FAIL, f"the token lacks {names}" + (f" ({said})" if said else ""),
                      GRANT_ADVICE, repo)]  # fmt: skip
    shown = ", ".join(f"{grant.name} {grant.access}".strip() for grant in grants)
    return [_ok("access", f"{login} has {role} access, and the token has {shown}", repo)]


def setting_checks(facts: RepoFacts) -> list[Check]:
    """Settings of the repository without which bee cannot work there."""
    found = []
    if facts.archived:
        found.append(Check("settings", Level.FAIL, "the repository is archived: nothing can be written",
                           f"gh repo unarchive {facts.repo}", facts.repo))  # fmt: skip
    if not facts.has_issues:
        found.append(Check("settings", Level.FAIL, "issues are switched off, and bee lives in them",
                           f"gh repo edit {facts.repo} --enable-issues", facts.repo))  # fmt: skip
    return found


# ---- policy, labels -------------------------------------------------------------------------------------------------


def policy_checks(facts: RepoFacts, policy: Policy | None, problem: str, missing_scripts: Sequence[str]) -> list[Check]:
    """The policy: there, valid, and possible in this repository. `problem` is what is wrong with it."""
    repo = facts.repo
    if policy is None:
        fix = f"bee init --repo {repo}" if not problem else f"fix that line in {POLICY_PATH} on the default branch"
        text = problem or f"there is no {POLICY_PATH} on {facts.default_branch}"
        return [Check("policy", Level.FAIL, text, fix, repo)]
    found = [_ok("policy", f"{POLICY_PATH} is valid (intake: {policy.intake})", repo)]
    if policy.merge_method not in facts.merge_methods:
        allowed = ", ".join(sorted(facts.merge_methods)) or "none"
        option = {"squash": "squash-merge", "merge": "merge-commit", "rebase": "rebase-merge"}[policy.merge_method]
        text = f"the policy merges by {policy.merge_method}, and the repository allows {allowed}: no merge ever passes"
        found.append(Check("merge-method", Level.FAIL, text, f"gh repo edit {repo} --enable-{option}", repo))
    for name in missing_scripts:
        found.append(Check("verify", Level.WARN, f"the verify command names {name}, which is not on "
                           f"{facts.default_branch}: E2E fails until it is there",
                           f"commit {name}, or change `verify` in {POLICY_PATH}", repo))  # fmt: skip
    return found


def scripts_of(policy: Policy) -> tuple[str, ...]:
    """The files of the repository that the verify commands name: words with a `/` that are plain relative paths."""
    words = (word for command in policy.verify for word in _words(command))
    return tuple(dict.fromkeys(word.removeprefix("./") for word in words if _is_path(word)))


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command, comments=True)
    except ValueError:
        return command.split()


def _is_path(word: str) -> bool:
    plain = re.fullmatch(r"(?:\./)?[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+", word)
    return plain is not None and "..." not in word


def label_checks(repo: str, present: Collection[str]) -> list[Check]:
    """The five labels; bee makes one that it needs, but a person cannot put on what is not there."""
    missing = missing_labels(present)
    if not missing:
        return [_ok("labels", "all five labels are there", repo)]
    names = ", ".join(missing)
    return [Check("labels", Level.WARN, f"missing: {names}", f"bee init --repo {repo}", repo)]


def missing_labels(present: Collection[str]) -> tuple[Label, ...]:
    """bee's labels that a repository does not have, whatever the case they are written in."""
    known = {name.lower() for name in present}
    return tuple(label for label in OWNED if label.value not in known)


# ---- would the merge gate ever pass? --------------------------------------------------------------------------------

_NEVER: Final[Mapping[str, str]] = {
    "merge_queue": "merges go through a merge queue, and bee merges by itself",
    "update": "nobody may update the branch",
    "required_signatures": "commits must be signed, and bee's are not",
    "required_deployments": "deployments must succeed first, and bee knows none",
}


def rule_checks(facts: RepoFacts, rules: BranchRules, policy: Policy | None, seen: Collection[str]) -> list[Check]:
    """The rules of the default branch against the policy. `seen`: what has reported on its head."""
    found = list(_rule_problems(facts, rules, policy, seen))
    if found:
        return found
    if not rules.protected:
        return [_ok("branch-rules", f"{facts.default_branch} has no rules: the merge gate is bee's own", facts.repo)]
    demands = ", ".join(sorted(rules.contexts)) or "no statuses"
    return [_ok("branch-rules", f"the merge gate can pass: {facts.default_branch} requires {demands}", facts.repo)]


def _rule_problems(
    facts: RepoFacts, rules: BranchRules, policy: Policy | None, seen: Collection[str]
) -> Iterator[Check]:
    branch, repo = facts.default_branch, facts.repo
    where = f"gh browse -R {repo} -s"
    for kind in sorted(rules.others & set(_NEVER)):
        yield Check("branch-rules", Level.FAIL, f"{branch}: {_NEVER[kind]}: no merge of bee's ever passes", where, repo)
    if "required_linear_history" in rules.others and policy is not None and policy.merge_method == "merge":
        yield Check("branch-rules", Level.FAIL, f"{branch} wants a linear history, and the policy merges by merge: "
                    "no merge ever passes", f"write `merge_method: squash` in {POLICY_PATH}", repo)  # fmt: skip
    if rules.reviews:
        noun = "review" if rules.reviews == 1 else "reviews"
        yield Check("branch-rules", Level.WARN, f"{branch} requires {rules.reviews} approving {noun}: bee cannot "
                    "approve its own pull requests, so each waits for a person",
                    f"gh pr review N --approve -R {repo}, for each one", repo)  # fmt: skip
    for context in sorted(rules.contexts - STATUSES - set(seen)):
        yield Check("branch-rules", Level.WARN, f"{branch} requires the check {context!r}, which has not reported on "
                    "its head: if nothing reports it on pull requests, no merge ever passes", where, repo)  # fmt: skip
    if rules.strict:
        yield Check("branch-rules", Level.WARN, f"{branch} requires branches to be up to date: with several pull "
                    "requests at once, each waits until somebody updates it",
                    "gh pr update-branch N, or lift that rule", repo)  # fmt: skip
    if rules.reviews is None:
        yield Check("branch-rules", Level.WARN, f"{branch} is protected, and this token may not see how many reviews "
                    "it requires", f"an administrator looks: gh api repos/{repo}/branches/{branch}/protection",
                    repo)  # fmt: skip


# ---- refs -----------------------------------------------------------------------------------------------------------


def ref_checks(repo: str, count: int, written: str | None) -> list[Check]:
    """The namespace of the leases. `written`: what a write test said, "" where it worked, None where none was made."""
    if written:
        return [Check("refs", Level.FAIL, f"refs/bee cannot be written: {written}", GRANT_ADVICE, repo)]
    if written == "":
        return [_ok("refs", "refs/bee can be written: a ref was made and taken away again", repo)]
    if count:
        return [_ok("refs", f"refs/bee is in use ({count} refs)", repo)]
    return [_ok("refs", "refs/bee can be read and is empty; `--write-test` tries to write there", repo)]


# ---- the machine ----------------------------------------------------------------------------------------------------


def clock_check(skew_seconds: int) -> Check:
    """This machine's clock against GitHub's."""
    if abs(skew_seconds) <= CLOCK_SKEW_SECONDS_MAX:
        return _ok("clock", f"the clock agrees with GitHub's ({skew_seconds:+d} s)")
    way = "ahead of" if skew_seconds > 0 else "behind"
    text = f"the clock is {abs(skew_seconds)} s {way} GitHub's; bee goes by GitHub's, its guards by this one"
    return Check("clock", Level.WARN, text, "sudo timedatectl set-ntp true (macOS: sudo sntp -sS time.apple.com)")


def disk_check(where: str, free_bytes: int) -> Check:
    """Room for mirrors, clones and transcripts."""
    text = f"{free_bytes / 1024**3:.1f} GiB are free at {where}"
    if free_bytes >= DISK_BYTES_LOW:
        return _ok("disk", text)
    level = Level.WARN if free_bytes >= DISK_BYTES_LEAST else Level.FAIL
    return Check("disk", level, text, f"rm -rf {where}/runs {where}/mirrors (while no run is live)")


def heartbeat_check(age_seconds: int | None, scheduled: bool, installer: str) -> Check:
    """When a tick last began. Silence is a failure only where something should tick."""
    if age_seconds is None:
        level = Level.WARN
        return Check("heartbeat", level, "no tick has begun on this machine yet", installer if not scheduled else
                     "bee tick")  # fmt: skip
    if age_seconds <= HEARTBEAT_SECONDS_MAX:
        return _ok("heartbeat", f"the last tick began {_ago(age_seconds)} ago")
    level = Level.FAIL if scheduled else Level.WARN
    return Check("heartbeat", level, f"the last tick began {_ago(age_seconds)} ago", "bee tick, and read what it says")


def _ago(seconds: int) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} seconds"


def rate_checks(rates: Mapping[str, tuple[int, int, int]], now: int) -> list[Check]:
    """The hourly limits: (remaining, limit, seconds since the epoch when it starts anew) by resource."""
    low = {name: rate for name, rate in rates.items() if rate[1] and rate[0] < rate[1] * RATE_SHARE_LOW}
    if not low:
        shown = ", ".join(f"{name} {left} of {limit}" for name, (left, limit, _) in sorted(rates.items()))
        return [_ok("rate-limit", f"left this hour: {shown}" if shown else "this server has no rate limits")]
    return [
        Check("rate-limit", Level.WARN, f"only {left} of {limit} {name} requests are left", f"wait "
              f"{max(reset - now, 0) // 60 + 1} min, or use a token of bee's own")
        for name, (left, limit, reset) in sorted(low.items())
    ]  # fmt: skip


# ---- security -------------------------------------------------------------------------------------------------------


def security_checks(
    facts: RepoFacts, rules: BranchRules, policy: Policy | None, settings: Settings, token_from: str
) -> list[Check]:
    """How much is at stake in one repository, and what holds it. Nothing here fails; a person judges."""
    repo = facts.repo
    lines: list[tuple[Level, str, str]] = []
    classic = facts.scopes is not None
    lines.append((Level.WARN if classic else Level.OK,
                  f"token: from {token_from}, " + ("with scopes, so it reaches every repository of its account"
                                                        if classic else "without scopes: it reaches what it was given"),
                  "make a fine-grained token for this one repository (SECURITY.md)" if classic else ""))  # fmt: skip
    if facts.permission is Permission.ADMIN:
        lines.append((Level.WARN, "account: administrator here, and rules may not bind administrators",
                      "use an account with write access"))  # fmt: skip
    boxed = settings.sandbox != "none"
    lines.append((Level.OK if boxed else Level.WARN,
                  "sandbox: agents see the system, their clone, and nothing else" if boxed
                  else "sandbox: none, agents run with all your rights and can read this token",
                  "" if boxed else "write `sandbox: required` in config.yml"))  # fmt: skip
    lines.append(_network_security(settings, policy))
    unguarded = sorted(STATUSES - rules.contexts)
    branch = f"branch rules: {facts.default_branch}"
    if unguarded:
        text = f"{branch} does not require {', '.join(unguarded)}, so a person can merge past them"
        lines.append((Level.WARN, text, f"gh browse -R {repo} -s, and require them"))
    else:
        lines.append((Level.OK, f"{branch} requires bee/review and bee/e2e", ""))
    if policy is not None:
        lines += _policy_security(policy)
    return [Check("security", level, text, fix or None, repo) for level, text, fix in lines]


def _network_security(settings: Settings, policy: Policy | None) -> tuple[Level, str, str]:
    theirs = policy.network if policy else {}
    free = [role for role in Role if narrowed(settings.role(role).network, theirs.get(role, OPEN)) == OPEN]
    if not free or settings.sandbox == "none":
        return (Level.OK, "network: every role reaches what it was given", "") if not free else (
            Level.WARN, "network: open, as there is no box", "write `sandbox: required` in config.yml")  # fmt: skip
    return (Level.WARN, f"network: open for {', '.join(free)}: what an agent reads, it can send away",
            "name hosts under `network`, see docs/engines.md")  # fmt: skip


def _policy_security(policy: Policy) -> list[tuple[Level, str, str]]:
    steers = [*(f"allow {login}" for login in sorted(policy.trust.allow)),
              *(f"deny {login}" for login in sorted(policy.trust.deny)),
              *(f"bot {login}" for login in sorted(policy.trust.bots))]  # fmt: skip
    open_paths = [path for path in PROTECTED_DEFAULT if path not in policy.protected]
    auto = policy.plan_approval == "auto"
    lines = [
        (Level.OK, f"trust: everybody with write access{'; ' if steers else ''}{', '.join(steers)}", ""),
        (Level.OK, f"intake: {policy.intake}", ""),
        (Level.WARN, "plans: nobody has to approve them", f"write `plan_approval: human` in {POLICY_PATH}") if auto
        else (Level.OK, "plans: a person approves them", ""),
    ]  # fmt: skip
    if open_paths:
        lines.append((Level.WARN, f"protected paths: agents may change {', '.join(open_paths)}",
                      f"add them to `protected_paths` in {POLICY_PATH}, or leave that key out"))  # fmt: skip
    if policy.secrets_allowed_in:
        where = ", ".join(policy.secrets_allowed_in)
        lines.append((Level.WARN, f"secrets: what looks like a credential may stand in {where}",
                      f"keep `secrets_allowed_in` in {POLICY_PATH} to test keys"))  # fmt: skip
    return lines
