"""What `bee doctor` makes of what it found: one value per check, with the command that fixes it. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bee.config.network import OPEN, PUBLIC, agreed
from bee.config.schema import POLICY_PATH, Policy, Settings
from bee.engines.table import OF_ENGINES
from bee.model.errors import MovedError, NotFoundError
from bee.model.items import MAY_WRITE, Permission
from bee.model.labels import OWNED, Label
from bee.model.protected import listed
from bee.model.refs import BRANCH
from bee.model.repo_facts import BranchRules, RepoFacts, TokenGrant
from bee.model.roles import Role
from bee.model.text import number_of
from bee.pipeline.checks import OWN_STATUSES
from bee.pipeline.conditions import KINDS, OF_OTHERS, QUIET
from bee.setup import methods

CLOCK_SKEW_SECONDS_MAX: Final = 60
HEARTBEAT_SECONDS_MAX: Final = 15 * 60
OPEN_PATHS_SHOWN_MAX: Final = 3
DISK_BYTES_LOW: Final = 2 * 1024**3
DISK_BYTES_LEAST: Final = 256 * 1024**2
RATE_SHARE_LOW: Final = 0.1
INSTALL: Final = "bee install"
BOX_ADVICE: Final = "write `sandbox: required` in config.yml"
GRANT_ADVICE: Final = "give the token the permissions that SECURITY.md lists"


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """One thing that was looked at, as `bee doctor --json` lists it."""

    name: str
    status: Level
    text: str
    fix: str | None = None
    """what fixes it: a command, or where there is none, what to do"""
    repo: str | None = None
    """null for what is this machine's"""


def ok(name: str, text: str) -> DoctorCheck:
    """It is as it should be."""
    return DoctorCheck(name, Level.OK, text)


def warn(name: str, text: str, fix: str | None = None) -> DoctorCheck:
    """It works, and a person should know."""
    return DoctorCheck(name, Level.WARN, text, fix)


def fail(name: str, text: str, fix: str | None = None) -> DoctorCheck:
    """bee cannot work so."""
    return DoctorCheck(name, Level.FAIL, text, fix)


def not_found(problem: NotFoundError | MovedError) -> DoctorCheck:
    """What GitHub does not show, or does not have yet, with what the error says to do."""
    text, _, fix = str(problem).partition("; ")
    return fail("repository", text, fix.removesuffix(": bee doctor") or "check the name, and what the token may see")


def key_check(ids: Sequence[str], source: str, lasting: bool) -> DoctorCheck:
    """The keys that records are sealed with. One that was made of the token is for one machine with one token."""
    if lasting:
        more = f"; {', '.join(ids[1:])} verify too" if ids[1:] else ""
        return ok("keys", f"records are sealed with {ids[0]} (from {source}){more}")
    text = "the key of bee's records is made of the token: another machine, or another token, cannot go on with them"
    return warn("keys", text, "bee key add")


def record_checks(repo: str, unknown: Sequence[str]) -> list[DoctorCheck]:
    """Records of a repository that this machine has no key for; nothing where there are none."""
    text = f"its records are sealed with a key that this machine does not have: {', '.join(unknown)}"
    fix = f"bring that key with `bee key add --from-stdin`, or take over: bee key adopt {repo}"
    return [fail("records", text, fix)] if unknown else []


# ---- the token ------------------------------------------------------------------------------------------------------


def scope_grants(facts: RepoFacts) -> tuple[TokenGrant, ...]:
    """What the scopes of a classic token allow here: `repo`, or `public_repo` where the repository is public."""
    scopes = facts.scopes or frozenset()
    good = "repo" in scopes or (not facts.private and "public_repo" in scopes)
    said = "" if good else f"its scopes are {', '.join(sorted(scopes)) or 'none'}"
    return (TokenGrant("the scope repo", "", good, said),)


def access_checks(facts: RepoFacts, grants: Sequence[TokenGrant], login: str) -> Iterator[DoctorCheck]:
    """Whether the account and its token may do what bee does."""
    role = str(facts.permission).lower()
    lacking = [grant for grant in grants if not grant.given]
    names = ", ".join(f"{grant.name} {grant.access}".strip() for grant in lacking or grants)
    if facts.permission not in MAY_WRITE:
        fix = f"gh api -X PUT repos/{facts.repo}/collaborators/{login} -f permission=push"
        yield fail("access", f"{login} has {role} access, and bee needs write", f"an administrator gives it: {fix}")
    elif lacking:
        said = "; ".join(dict.fromkeys(grant.said for grant in lacking if grant.said))
        yield fail("access", f"the token lacks {names}" + (f" ({said})" if said else ""), GRANT_ADVICE)
    else:
        yield ok("access", f"{login} has {role} access, and the token has {names}")


def setting_checks(facts: RepoFacts) -> Iterator[DoctorCheck]:
    """Settings of the repository without which bee cannot work there."""
    if not facts.has_issues:
        fix = f"gh repo edit {facts.repo} --enable-issues"
        yield fail("settings", "issues are switched off, and bee lives in them", fix)
    if not facts.has_pull_requests:
        fix = f"gh api -X PATCH repos/{facts.repo} -F has_pull_requests=true"
        yield fail("settings", "pull requests are switched off: nothing can be proposed or merged", fix)


# ---- policy, labels -------------------------------------------------------------------------------------------------


def policy_checks(
    facts: RepoFacts, policy: Policy | None, problem: str, missing_scripts: Sequence[str]
) -> Iterator[DoctorCheck]:
    """The policy: there, valid, and possible in this repository. `problem` is what is wrong with it."""
    if policy is None:
        fix = f"fix that line in {POLICY_PATH} on the default branch" if problem else f"bee init --repo {facts.repo}"
        yield fail("policy", problem or f"there is no {POLICY_PATH} on {facts.default_branch}", fix)
        return
    yield ok("policy", f"{POLICY_PATH} is valid (intake: {policy.intake})")
    for name in missing_scripts:
        text = f"the verify command names {name}, which is not on {facts.default_branch}: E2E fails until it is there"
        yield warn("verify", text, f"commit {name}, or change `verify` in {POLICY_PATH}")


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


def label_check(repo: str, present: Collection[str]) -> DoctorCheck:
    """The five labels; bee makes one that it needs, but a person cannot put on what is not there."""
    missing = ", ".join(missing_labels(present))
    return warn("labels", f"missing: {missing}", f"bee init --repo {repo}") if missing else (
        ok("labels", "all five labels are there"))  # fmt: skip


def missing_labels(present: Collection[str]) -> tuple[Label, ...]:
    """bee's labels that a repository does not have, whatever the case they are written in."""
    known = {name.lower() for name in present}
    return tuple(label for label in OWNED if label.value not in known)


# ---- would the merge gate ever pass? --------------------------------------------------------------------------------

_NEVER: Final[Mapping[str, str]] = {"update": "nobody may update the branch"}


def rule_checks(
    facts: RepoFacts, rules: BranchRules, policy: Policy | None, seen: Collection[str]
) -> list[DoctorCheck]:
    """The rules of the default branch against the policy. `seen`: what has reported on its head."""
    found = list(_rule_problems(facts, rules, policy, seen))
    demands = ", ".join(sorted(rules.contexts)) or "no statuses"
    text = f"the merge gate can pass: {facts.default_branch} requires {demands}"
    if rules.queue:
        text += f"; bee puts what has passed into its merge queue, which merges by {rules.queue}"
    if not rules.protected:
        text = f"{facts.default_branch} has no rules: the merge gate is bee's own"
    return found or [ok("branch-rules", text)]


def _rule_problems(
    facts: RepoFacts, rules: BranchRules, policy: Policy | None, seen: Collection[str]
) -> Iterator[DoctorCheck]:
    branch, repo, name = facts.default_branch, facts.repo, "branch-rules"
    where = f"gh browse -R {repo} -s"
    for kind in sorted(rules.others & set(_NEVER)):
        yield fail(name, f"{branch}: {_NEVER[kind]}: no merge of bee's ever passes", where)
    for kind in sorted(rules.others & OF_OTHERS.keys()):
        text = f"{branch}: {OF_OTHERS[kind]}: where nothing does that for each pull request, no merge of bee's passes"
        yield warn(name, text, where)
    for kind in sorted(rules.others - set(_NEVER) - KINDS.keys() - QUIET):
        yield warn(name, f"{branch} has the rule `{kind}`, which bee does not know: it may stand against merges", where)
    for fatal, text, fix in methods.problems(facts, rules, policy.merge_method) if policy is not None else ():
        yield (fail if fatal else warn)("merge-method", text, fix)
    if rules.reviews:
        text = f"{branch} requires {number_of(rules.reviews, 'approving review')}"
        text += ": bee cannot approve its own pull requests, so each waits for a person"
        yield warn(name, text, f"gh pr review N --approve -R {repo}, for each one")
    for context in sorted(rules.contexts - OWN_STATUSES - set(seen)):
        text = f"{branch} requires the check {context!r}, which has not reported on its head: "
        yield warn(name, text + "if nothing reports it on pull requests, no merge ever passes", where)
    if rules.strict:
        text = f"{branch} requires branches to be up to date: with several pull requests at once, each waits until "
        yield warn(name, text + "somebody updates it", "gh pr update-branch N, or lift that rule")
    if rules.reviews is None:
        text = f"{branch} is protected, and this token may not see how many reviews it requires"
        yield warn(name, text, f"an administrator looks: gh api repos/{repo}/branches/{branch}/protection")


def reporter_checks(
    facts: RepoFacts, rules: BranchRules, policy: Policy | None, seen: Collection[str], whole: bool
) -> Iterator[DoctorCheck]:
    """The checks that the policy requires. `seen`: what has reported; `whole`: whether check runs are among it."""
    asked = (policy.required_checks or ()) if policy is not None else ()
    for name in sorted(set(asked) - set(seen)) if whole else ():
        text = f"the policy requires the check {name!r}, which has not reported on {facts.default_branch}: if nothing "
        yield warn("checks", text + "reports it on pull requests, each waits for a person", f"correct {POLICY_PATH}")
    if not whole:
        hidden = sorted({*asked, *rules.contexts} - OWN_STATUSES - set(seen))
        named = f" (perhaps {', '.join(map(repr, hidden))})" if hidden else ""
        text = f"this token may not read the check runs of Apps{named}: bee merges only what GitHub calls green"
        yield warn("checks", text, "use a classic token or an App's with Checks: read, or require commit statuses")


# ---- refs -----------------------------------------------------------------------------------------------------------


def ref_check(count: int) -> DoctorCheck:
    """The namespace of the leases, as far as reading tells."""
    unused = "refs/bee can be read and is empty; `bee doctor --prove` tries to write there"
    return ok("refs", f"refs/bee is in use ({count} refs)" if count else unused)


def branch_check(repo: str, name_taken: bool, forbids: Sequence[str]) -> DoctorCheck:
    """Whether bee could push to its branches, as far as it can be known without trying."""
    name, ways = "own-branches", f"{BRANCH}/…"
    if name_taken:
        text = f"there is a branch `{BRANCH}`, and git has no branch `{ways}` beside it: no drafter could hand in"
        return fail(name, text, f"gh api repos/{repo}/branches/{BRANCH}/rename -f new_name=bee-old")
    if forbids:
        text = f"bee could not push to its branches `{ways}`: {'; '.join(forbids)}"
        return fail(name, text, f"let bee's account bypass it, or leave `{ways}` out of it: gh browse -R {repo} -s")
    return ok(name, f"no rule that can be seen forbids a push to `{ways}`")


# ---- the machine ----------------------------------------------------------------------------------------------------


def clock_check(skew_seconds: int) -> DoctorCheck:
    """This machine's clock against GitHub's."""
    if abs(skew_seconds) <= CLOCK_SKEW_SECONDS_MAX:
        return ok("clock", f"the clock agrees with GitHub's ({skew_seconds:+d} s)")
    way = "ahead of" if skew_seconds > 0 else "behind"
    text = f"the clock is {abs(skew_seconds)} s {way} GitHub's; bee goes by GitHub's, its guards by this one"
    return warn("clock", text, "sudo timedatectl set-ntp true (macOS: sudo sntp -sS time.apple.com)")


def disk_check(where: str, free_bytes: int) -> DoctorCheck:
    """Room for mirrors, clones and transcripts."""
    text = f"{free_bytes / 1024**3:.1f} GiB are free at {where}"
    if free_bytes >= DISK_BYTES_LOW:
        return ok("disk", text)
    bad = warn if free_bytes >= DISK_BYTES_LEAST else fail
    return bad("disk", text, f"rm -rf {where}/runs {where}/mirrors (while no run is live)")


def heartbeat_check(age_seconds: int | None, scheduled: bool) -> DoctorCheck:
    """When a tick last began. Silence is a failure only where something should tick."""
    if age_seconds is None:
        return warn("heartbeat", "no tick has begun on this machine yet", "bee tick" if scheduled else INSTALL)
    text = f"the last tick began {_ago(age_seconds)} ago"
    if age_seconds <= HEARTBEAT_SECONDS_MAX:
        return ok("heartbeat", text)
    return (fail if scheduled else warn)("heartbeat", text, "bee tick, and read what it says")


def _ago(seconds: int) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} seconds"


def expiry_check(words: str) -> DoctorCheck:
    """How long the token lasts; `words` where that is less than a week."""
    if not words:
        return ok("token-expiry", "the token lasts for a week at least, as far as GitHub says")
    return warn("token-expiry", words, "https://github.com/settings/tokens, then GH_TOKEN or gh auth login")


def rate_checks(rates: Mapping[str, tuple[int, int, int]], now: int) -> list[DoctorCheck]:
    """The hourly limits: (remaining, limit, seconds since the epoch when it starts anew) by resource."""
    low = [
        warn("rate-limit", f"only {left} of {limit} {name} requests are left",
             f"wait {max(reset - now, 0) // 60 + 1} min, or use a token of bee's own")
        for name, (left, limit, reset) in sorted(rates.items()) if left < limit * RATE_SHARE_LOW
    ]  # fmt: skip
    shown = ", ".join(f"{name} {left} of {limit}" for name, (left, limit, _) in sorted(rates.items()))
    return low or [ok("rate-limit", f"left this hour: {shown}" if shown else "this server has no rate limits")]


# ---- security -------------------------------------------------------------------------------------------------------


def security_checks(
    facts: RepoFacts, rules: BranchRules, policy: Policy | None, settings: Settings, token_from: str
) -> list[DoctorCheck]:
    """How much is at stake in one repository, and what holds it. Nothing here fails; a person judges."""
    lines = [*_account_security(facts, token_from), _box_security(settings), _network_security(settings, policy)]
    unguarded = ", ".join(sorted(OWN_STATUSES - rules.contexts))
    branch = f"branch rules: {facts.default_branch}"
    lines.append(
        (f"{branch} does not require {unguarded}, so a person can merge past them",
         f"gh browse -R {facts.repo} -s, and require them") if unguarded
        else (f"{branch} requires bee/review and bee/e2e", None)
    )  # fmt: skip
    lines += _policy_security(policy) if policy is not None else ()
    return [warn("security", text, fix) if fix else ok("security", text) for text, fix in lines]


# What there is to say, and where a person should know it, what to do about it.
_Line = tuple[str, str | None]


def _account_security(facts: RepoFacts, token_from: str) -> Iterator[_Line]:
    if facts.scopes is None:
        yield f"token: from {token_from}, without scopes: it reaches what it was given", None
    else:
        yield (f"token: from {token_from}, with scopes, so it reaches every repository of its account",
               "make a fine-grained token for this one repository (SECURITY.md)")  # fmt: skip
    if facts.permission is Permission.ADMIN:
        yield ("account: administrator here, and rules may not bind administrators",
               "use an account with write access")  # fmt: skip


def _box_security(settings: Settings) -> _Line:
    if settings.sandbox == "none":
        return "sandbox: none, agents run with all your rights and can read this token", BOX_ADVICE
    return "sandbox: agents see the system, their clone, and nothing else", None


def _network_security(settings: Settings, policy: Policy | None) -> _Line:
    if settings.sandbox == "none":
        return "network: open, as there is no box", BOX_ADVICE
    theirs = policy.network if policy else {}
    reach = {role: agreed(settings.role(role).network, theirs.get(role, "")) for role in Role}
    free = [role for role in Role if reach[role] in (OPEN, PUBLIC)]
    if not free:
        return "network: every role reaches its model server and the hosts that it was given", None
    text = f"network: open for {', '.join(free)}: what an agent reads, it can send away"
    return text, "name hosts under `network`, see docs/engines.md"


def _some(paths: Sequence[str]) -> str:
    left = len(paths) - OPEN_PATHS_SHOWN_MAX
    return ", ".join(paths[:OPEN_PATHS_SHOWN_MAX]) + (f" and {left} more" if left > 0 else "")


def _policy_security(policy: Policy) -> Iterator[_Line]:
    trust = {"allow": policy.trust.allow, "deny": policy.trust.deny, "bot": policy.trust.bots}
    steers = ", ".join(f"{word} {login}" for word, logins in trust.items() for login in sorted(logins))
    yield f"trust: everybody with write access{'; ' if steers else ''}{steers}", None
    yield f"intake: {policy.intake}", None
    if policy.plan_approval == "auto":
        yield "plans: nobody has to approve them", f"write `plan_approval: human` in {POLICY_PATH}"
    else:
        yield "plans: a person approves them", None
    kept = policy.protected(OF_ENGINES)
    rows = [(row.obeyed_by, [path for path in row.patterns if path not in kept]) for row in listed(OF_ENGINES)]
    if found := "; ".join(f"{_some(paths)}, obeyed by {by}" for by, paths in rows if paths):
        yield (f"protected paths: agents may change {found}",
               f"add them to `protected_paths_add` in {POLICY_PATH}, or leave `protected_paths` out")  # fmt: skip
    if policy.secrets_allowed_in:
        yield (f"secrets: what looks like a credential may stand in {', '.join(policy.secrets_allowed_in)}",
               f"keep `secrets_allowed_in` in {POLICY_PATH} to test keys")  # fmt: skip
