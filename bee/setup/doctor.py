"""Looks at everything that bee needs, and changes nothing: what `bee doctor` shows.

Each part is looked at by itself. What could not be looked at is a problem, never a check that passed.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bee.config.schema import Policy
from bee.github import git_database, push_rules, read
from bee.github import probe as requests_of
from bee.github.client import GitHubClient
from bee.github.rate_limit import expiry_text
from bee.github.snapshot import read_policy
from bee.model.errors import (
    AuthError,
    ConfigError,
    LookError,
    NotFoundError,
    SandboxError,
    UnavailableError,
    UsageError,
)
from bee.model.items import Snapshot
from bee.model.refs import BRANCH
from bee.model.repo_facts import RepoFacts
from bee.model.roles import Role
from bee.model.text import one_line
from bee.pipeline.holds import unknown_keys
from bee.sandbox.bounds import CgroupBounds
from bee.sandbox.egress import Upstream
from bee.setup import checks, machine
from bee.setup.checks import DoctorCheck, Level, fail, ok, warn
from bee.setup.contents import content_checks, trace_checks
from bee.setup.engines import engine_checks
from bee.setup.machine import Input, Scheduling

GIT_LEAST: Final = (2, 38)


@dataclass(frozen=True, slots=True)
class CheckCounts:
    """How many checks ended so."""

    ok: int
    warn: int
    fail: int


@dataclass(frozen=True, slots=True)
class DoctorLine:
    """What `bee doctor --json` prints."""

    exit: int
    """the process's exit code"""
    counts: CheckCounts
    checks: tuple[DoctorCheck, ...]
    problems: tuple[str, ...]
    """what could not be looked at"""


@dataclass(slots=True)
class Findings:
    """What was found. `problems` is what could not be looked at."""

    checks: list[DoctorCheck] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def exit(self) -> int:
        """75 where something could not be looked at, 1 where a check failed, else 0."""
        if self.problems:
            return LookError.exit_code
        return 1 if any(check.status is Level.FAIL for check in self.checks) else 0

    def line(self) -> DoctorLine:
        """As `bee doctor --json` prints it."""
        counts = {str(level): sum(check.status is level for check in self.checks) for level in Level}
        return DoctorLine(self.exit, CheckCounts(**counts), tuple(self.checks), tuple(self.problems))

    def add(self, *found: DoctorCheck) -> None:
        """More checks."""
        self.checks.extend(found)


# ---- the machine ----------------------------------------------------------------------------------------------------


def machine_checks(given: Input) -> list[DoctorCheck]:
    """Everything that can be seen without asking GitHub."""
    running = machine.scheduling(given.machine)
    return [
        *machine.wsl_checks(os.uname().release, str(given.home.path)),
        _git(given),
        *engine_checks(given, running is not None),
        *_sandbox(given),
        *_bounds(given),
        *_way_out(given),
        *_scheduler(given, running),
        *_markers(given),
        _heartbeat(given, running is not None),
        checks.disk_check(str(given.home.path), machine.free_bytes(given.home)),
        *_modes(given),
        *(_exposed(given) if given.security else ()),
    ]


def _git(given: Input) -> DoctorCheck:
    program = shutil.which("git", path=given.path)
    if program is None:
        return fail("git", "there is no git on PATH", "apt install git, or xcode-select --install")
    version = machine.git_version(program)
    if version is not None and version < GIT_LEAST:
        old, least = (".".join(map(str, parts)) for parts in (version, GIT_LEAST))
        text = f"{program} is git {old}, and bee merges with `git merge-tree` of {least}"
        return fail("git", text, f"install git {least} or later")
    return ok("git", program)


def _sandbox(given: Input) -> Iterator[DoctorCheck]:
    if given.settings.sandbox == "none":
        yield warn("sandbox", "none: agents run with all your rights", checks.BOX_ADVICE)
        return
    try:
        box = given.find_box()
    except SandboxError as problem:
        text, _, fix = str(problem).partition(". ")
        yield fail("sandbox", text, fix or None)
        return
    yield ok("sandbox", f"{box.mode} works ({box.program})")
    if not box.filtered:
        yield warn("sandbox", "no system call is filtered in it: agents reach all of the kernel",
                   "use Linux on x86-64 or 64-bit ARM where strangers may write")  # fmt: skip
    elif not box.flat:
        yield warn("sandbox", f"{box.program} cannot forbid user namespaces: the filter alone does",
                   "install bubblewrap 0.8 or later, without its setuid bit")  # fmt: skip


def _bounds(given: Input) -> Iterator[DoctorCheck]:
    """Whether what is set of memory and processors can be kept here."""
    bounds = {
        CgroupBounds.of(given.settings.role(role, repo)) for role in Role for repo in ("", *given.settings.per_repo)
    }
    try:
        for one in filter(None, bounds):
            one.check(given.kept, given.home.path if given.home.path.is_dir() else Path("/"))
    except UsageError as problem:
        text, _, fix = str(problem).partition(". ")
        yield fail("bounds", text, fix)
        return
    if any(bounds):
        yield ok("bounds", "memory and processors of agents are bounded by a cgroup, as config.yml says")


def _way_out(given: Input) -> Iterator[DoctorCheck]:
    """A proxy of the machine's own that no agent could be let through."""
    try:
        Upstream.of(given.kept)
    except UsageError as problem:
        yield fail("network", str(problem), "name such a proxy, or unset the variable")


def _scheduler(given: Input, running: Scheduling | None) -> Iterator[DoctorCheck]:
    """Whether something ticks here, and whether it finds a token."""
    if running is None:
        yield warn("scheduler", "nothing on this machine ticks by itself", checks.INSTALL)
        return
    yield ok("scheduler", running.kind)
    yield from (warn("scheduler", note) for note in running.notes)
    if running.by_hand:  # such a line brings its own environment
        return
    command = given.settings.token
    source = machine.scheduled_token(given.machine, given.home, given.machine.env.get("PATH", ""), command)
    if source:
        yield ok("scheduled-token", f"scheduled ticks find a token ({source})")
    else:
        fix = (
            "name a program that prints one there, too"
            if command
            else "bee install --token-from-env, with GH_TOKEN set"
        )
        yield fail("scheduled-token", "scheduled ticks find no GitHub token", fix)


def _markers(given: Input) -> Iterator[DoctorCheck]:
    notify = f"fix `notify` in {given.home.config_path}; the next notification that gets through clears this"
    rows = (
        ("ROLLBACK", fail, "marker", "ROLLBACK: no tick does anything", "bee resume --rollback"),
        ("PAUSED", fail, "marker", "PAUSED: no tick does anything", "bee resume --all"),
        ("notify-problem", warn, "notify", "the last notification did not get through", notify),
    )
    for marker, bad, name, text, fix in rows:
        said = given.home.marker(marker)
        if said is not None:
            yield bad(name, f"{text}: {one_line(said) or 'no reason given'}", fix)


def _heartbeat(given: Input, scheduled: bool) -> DoctorCheck:
    at = given.home.beat_at()
    age = None if at is None else int(time.time()) - at
    return checks.heartbeat_check(age, scheduled)


def _modes(given: Input) -> Iterator[DoctorCheck]:
    home, path = given.home.path, given.home.config_path
    if home.exists() and home.stat().st_mode & 0o077:
        yield warn(
            "home-mode", f"others may look into {home}, which holds prompts and transcripts", f"chmod 700 {home}"
        )
    if path.exists() and path.stat().st_mode & 0o022:
        text = f"others may write {path}, which names programs that bee starts"
        yield fail("config-mode", text, f"chmod 600 {path}")


def _exposed(given: Input) -> Iterator[DoctorCheck]:
    """What this account is, and what its other programs can read."""
    if os.geteuid() == 0:
        yield warn("security", "account: bee runs as root here, and what leaves the box has all its rights",
                   "run bee as an account of its own")  # fmt: skip
    if given.token_from not in (machine.BY_GH, machine.BY_COMMAND):
        yield warn("security", f"token: {given.token_from} stands in the environment of every program of this shell",
                   f"gh auth login, and unset {given.token_from}")  # fmt: skip


# ---- GitHub ---------------------------------------------------------------------------------------------------------


def token_checks(client: GitHubClient, findings: Findings, token_from: str, kind: tuple[str, bool]) -> bool:
    """Whether GitHub takes the token; with the clock and the limits it told on the way. False: no use to go on.

    `kind`: what the token is, and whether it lasts. That one of the command's ends nobody need be told.
    """
    what, lasts = kind
    renews = token_from == machine.BY_COMMAND
    try:
        login = requests_of.read_login(client)
        findings.add(ok("token", f"GitHub takes the token of {login} ({what}, from {token_from})"))
        findings.add(checks.clock_check(int(time.time()) - client.now()))
        if not lasts and not renews:
            findings.add(warn("token-expiry", f"{what} lives for some hours at most, and a run that outlives it fails",
                              "name a program that prints the next: `token` in config.yml, SECURITY.md"))  # fmt: skip
        words = "" if renews else expiry_text(client.token_expires_at, client.now())
        findings.add(checks.expiry_check(words))
        findings.add(*checks.rate_checks(requests_of.read_rates(client), client.now()))
    except AuthError:
        text = f"GitHub does not accept the token (from {token_from})"
        findings.add(fail("token", text, "gh auth login, or set GH_TOKEN"))
        return False
    except LookError as problem:
        findings.problems.append(str(problem))
        return False
    return True


def repo_checks(client: GitHubClient, repo: str, given: Input, findings: Findings) -> None:
    """Everything about one repository; what cannot be looked at there does not stop the others."""
    try:
        facts = requests_of.read_repo(client, repo)
        if facts.repo.lower() != repo.lower():
            said, advice = f"{repo} is called {facts.repo} now", f"write {facts.repo} under repos in config.yml"
            findings.add(replace(fail("repository", said, advice), repo=repo))
        for check in _of_repo(client, facts, given):
            findings.add(replace(check, repo=facts.repo))
    except NotFoundError as problem:
        findings.add(replace(checks.not_found(problem), repo=repo))
    except UnavailableError as problem:
        text, _, fix = str(problem).partition(". ")
        findings.add(replace(fail("repository", text, fix), repo=repo))
    except LookError as problem:
        findings.problems.append(f"{repo}: {problem}")


def _of_repo(client: GitHubClient, facts: RepoFacts, given: Input) -> Iterator[DoctorCheck]:
    head = read.read_head(client, facts.repo)  # first: of a repository that is closed no permission need be asked
    grants = checks.scope_grants(facts) if facts.scopes is not None else requests_of.ask_grants(client, facts.repo)
    yield from checks.access_checks(facts, grants, head.viewer.login)
    yield from checks.setting_checks(facts)
    yield from content_checks(client, facts)
    policy, problem = _policy(facts, head.policy_text)
    yield from checks.policy_checks(facts, policy, problem, _missing_scripts(client, facts, policy))
    yield from trace_checks(client, facts, policy)
    yield checks.label_check(facts.repo, requests_of.read_labels(client, facts.repo))
    rules = requests_of.read_rules(client, facts.repo, facts.default_branch)
    seen, whole = requests_of.reported_contexts(client, facts.repo, facts.default_branch)
    yield from checks.rule_checks(facts, rules, policy, seen)
    yield from checks.reporter_checks(facts, rules, policy, seen, whole)
    yield _own_branches(client, head)
    yield checks.ref_check(requests_of.count_refs(client, facts.repo))
    yield from checks.record_checks(facts.repo, unknown_keys(read.read_snapshot(client, facts.repo)))
    if given.security:
        yield from checks.security_checks(facts, rules, policy, given.settings, given.token_from)


def _own_branches(client: GitHubClient, head: Snapshot) -> DoctorCheck:
    taken = git_database.read_oid(client, head.repo, f"refs/heads/{BRANCH}") is not None
    return checks.branch_check(head.repo, taken, push_rules.forbidden_anyhow(client, head))


def _policy(facts: RepoFacts, text: str | None) -> tuple[Policy | None, str]:
    if text is None:
        return None, ""
    try:
        return read_policy(facts.repo, text), ""
    except ConfigError as problem:
        return None, str(problem)


def _missing_scripts(client: GitHubClient, facts: RepoFacts, policy: Policy | None) -> list[str]:
    names = checks.scripts_of(policy) if policy is not None else ()
    return [name for name in names if requests_of.read_file(client, facts.repo, name, facts.default_branch) is None]
