"""Carries out what `bee init` decided: labels, two files on the default branch (or a pull request), the configuration.

It looks at what exists first, and writes the difference: run again, it writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from bee.config.schema import POLICY_PATH, Settings, policy_of, settings_of
from bee.config.yaml import parse as parse_yaml
from bee.github import git_database, read, write
from bee.github import probe as requests_of
from bee.github.checks import usual_checks
from bee.github.client import GitHubClient
from bee.github.git_database import RefMove
from bee.github.snapshot import read_policy
from bee.model.errors import ConfigError, ForbiddenError, RefusedError, UsageError
from bee.model.items import PullRef, PullState, Snapshot
from bee.model.labels import OWNED, Label
from bee.model.records import TREE_FILES
from bee.model.repo_facts import BranchRules, RepoFacts
from bee.model.text import one_line
from bee.setup.checks import DoctorCheck, Level, access_checks, missing_labels, scope_grants, setting_checks
from bee.setup.templates import (
    SETUP_BRANCH,
    TEMPLATE_PATH,
    Answers,
    config_text,
    form_text,
    policy_text,
    pull_body,
    with_repo,
)
from bee.system.home import Home, write_whole

MESSAGE = "Let bee work here: its policy, and a form for design docs"
COMMIT_TRIES_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A repository before its set-up. `checks` are those that reported on each of the pull requests merged last, where
    there is no policy yet; `pull` is the open pull request that already brings the files.
    """

    facts: RepoFacts
    head: Snapshot
    labels: frozenset[str]
    has_template: bool
    rules: BranchRules
    checks: tuple[str, ...]
    pull: PullRef | None

    @property
    def missing_files(self) -> tuple[str, ...]:
        """Which of the two files the default branch does not have."""
        policy = (POLICY_PATH,) if self.head.policy_text is None else ()
        return policy if self.has_template else (*policy, TEMPLATE_PATH)


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One thing of the set-up, as `bee init --json` lists it. `proposed`: it waits in an open pull request."""

    kind: Literal["label", "file", "config"]
    name: str
    action: Literal["keep", "create", "add", "proposed"]
    """with `dry_run`, what would be done"""

    @property
    def writes(self) -> bool:
        """Whether something is written for it."""
        return self.action in ("create", "add")


@dataclass(frozen=True, slots=True)
class MachineConfig:
    """The configuration of this machine as it is: None where there is no file yet."""

    home: Home
    text: str | None
    settings: Settings | None


@dataclass(frozen=True, slots=True)
class SetupPlan:
    """Everything that will be written, and what exists already. `texts` of files and configuration, by name."""

    found: Found
    home: Home
    steps: tuple[SetupStep, ...]
    texts: Mapping[str, str]

    def of(self, kind: str) -> tuple[SetupStep, ...]:
        """The steps of a kind for which something is written."""
        return tuple(step for step in self.steps if step.kind == kind and step.writes)

    @property
    def changes(self) -> bool:
        """Whether anything is written at all."""
        return any(step.writes for step in self.steps)


def look(client: GitHubClient, repo: str) -> Found:
    """The repository as it is. Raises ForbiddenError where the token may not do what bee does, before any write."""
    facts = requests_of.read_repo(client, repo)
    head = read.read_head(client, facts.repo)
    grants = scope_grants(facts) if facts.scopes is not None else requests_of.ask_grants(client, facts.repo)
    _stop_at(facts.repo, [*access_checks(facts, grants, head.viewer.login), *setting_checks(facts)])
    if head.policy_text is not None:
        read_policy(facts.repo, head.policy_text)
    template = requests_of.read_file(client, facts.repo, TEMPLATE_PATH, head.default_branch)
    found = Found(
        facts=facts,
        head=head,
        labels=requests_of.read_labels(client, facts.repo),
        has_template=template is not None,
        rules=requests_of.read_rules(client, facts.repo, head.default_branch),
        checks=() if head.policy_text else usual_checks(client, facts.repo, head.default_branch, head.viewer),
        pull=None,
    )
    return replace(found, pull=_open_pull(client, found)) if found.missing_files else found


def _stop_at(repo: str, checks: list[DoctorCheck]) -> None:
    bad = "; ".join(f"{check.text} ({check.fix})" for check in checks if check.status is Level.FAIL)
    if bad:
        raise ForbiddenError(f"{repo}: {bad}; nothing was written")


def _open_pull(client: GitHubClient, found: Found) -> PullRef | None:
    pulls = read.pulls_of_branch(client, found.facts.repo, SETUP_BRANCH)
    return next((pull for pull in pulls if pull.state is PullState.OPEN), None)


def machine_config_of(home: Home) -> MachineConfig:
    """This machine's configuration. Raises ConfigError where it is wrong: a wrong file is never written to."""
    if not home.config_path.exists():
        return MachineConfig(home, None, None)
    text = home.config_path.read_text(encoding="utf-8")
    where = str(home.config_path)
    return MachineConfig(home, text, settings_of(where, parse_yaml(text, where)))


def planned(found: Found, machine: MachineConfig, answers: Answers) -> SetupPlan:
    """What is to be written. Raises UsageError where config.yml has a form that cannot be added to."""
    missing = missing_labels(found.labels)
    steps = [SetupStep("label", label.value, "create" if label in missing else "keep") for label in OWNED]
    texts = {POLICY_PATH: _policy(answers), TEMPLATE_PATH: form_text()}
    steps += [
        SetupStep("file", name, "keep" if name not in found.missing_files else "proposed" if found.pull else "create")
        for name in texts
    ]
    config, text = _config_step(machine, found.facts.repo, answers)
    return SetupPlan(found, machine.home, (*steps, config), {**texts, config.name: text})


def _policy(answers: Answers) -> str:
    """The policy, read again: what it says is what was answered. Raises UsageError."""
    text = policy_text(answers)
    try:
        found = policy_of(POLICY_PATH, parse_yaml(text, POLICY_PATH))
    except ConfigError:
        found = None
    if found is None or (found.verify, found.setup.run) != ((answers.verify,), answers.setup):
        commands = one_line("; ".join([*answers.setup, answers.verify]), 160)
        raise UsageError(f"{POLICY_PATH} cannot hold this as it stands: {commands}; put it into a script, and say "
                         "--verify 'sh SCRIPT'")  # fmt: skip
    return text


def _config_step(machine: MachineConfig, repo: str, answers: Answers) -> tuple[SetupStep, str]:
    """The step of config.yml, and the whole text that it writes."""
    path = str(machine.home.config_path)
    if machine.text is None or machine.settings is None:
        return SetupStep("config", path, "create"), config_text(repo, answers)
    if repo.lower() in {known.lower() for known in machine.settings.repos}:
        return SetupStep("config", path, "keep"), machine.text
    text = with_repo(machine.text, parse_yaml(machine.text, path), repo)
    wanted = replace(machine.settings, repos=(*machine.settings.repos, repo))
    if settings_of(path, parse_yaml(text, path)) != wanted:
        raise UsageError(f"{path} has a form that bee does not change by itself: add {repo} to its `repos`")
    return SetupStep("config", path, "add"), text


@dataclass(frozen=True, slots=True)
class Written:
    """What was written. `pull` is the pull request with the files, `commit` the commit on the default branch."""

    pull: int | None = None
    commit: str | None = None


def carry_out(client: GitHubClient, plan: SetupPlan) -> Written:
    """Write it, each part once: labels, files, and last this machine's configuration, which makes bee begin.

    Raises ForbiddenError where GitHub takes neither the commit nor the pull request, and the LookErrors of the client.
    """
    repo = plan.found.facts.repo
    for step in plan.of("label"):
        write.label_id(client, repo, Label(step.name))
    files = {step.name: plan.texts[step.name] for step in plan.of("file")}
    pull = plan.found.pull
    written = _bring(client, plan.found, files) if files else Written(pull.number if pull else None)
    for step in plan.of("config"):
        plan.home.ensure()
        write_whole(plan.home.config_path.resolve(), plan.texts[step.name])  # of a link, what it points at
    return written


def _bring(client: GitHubClient, found: Found, files: Mapping[str, str]) -> Written:
    """The files on the default branch in one commit; as a pull request where it is protected, or refuses."""
    head = found.head
    for _ in range(COMMIT_TRIES_MAX if not found.rules.protected else 0):
        commit = _commit(client, head, files)
        try:
            ref = f"refs/heads/{head.default_branch}"
            git_database.update_refs(client, head.repo, head.repo_id, [RefMove(ref, head.default_head, commit)])
        except (RefusedError, ForbiddenError):
            now = read.read_head(client, head.repo)
            if now.default_head == head.default_head:
                break  # nobody was faster: the branch has a rule that cannot be seen beforehand
            head = now
        else:
            return Written(commit=commit)
    return Written(pull=_propose(client, head, files))


def _commit(client: GitHubClient, head: Snapshot, files: Mapping[str, str]) -> str:
    git_database.create_tree(client, head.repo, TREE_FILES)  # the first claim need not make it
    tree = git_database.create_tree(client, head.repo, files, head.default_tree)
    return git_database.create_commit(client, head.repo, MESSAGE, tree, [head.default_head])


def _propose(client: GitHubClient, head: Snapshot, files: Mapping[str, str]) -> int:
    """A pull request with the files. A branch that an earlier try left without its pull request is used again."""
    branch = SETUP_BRANCH
    known = read.pulls_of_branch(client, head.repo, branch)
    tip = git_database.read_oid(client, head.repo, f"refs/heads/{branch}")
    if tip is not None and (known or not _has(client, head.repo, branch, files)):
        branch = f"{SETUP_BRANCH}-{head.default_head[:12]}"
        tip = git_database.read_oid(client, head.repo, f"refs/heads/{branch}")
    if tip is None:
        commit = _commit(client, head, files)
        git_database.update_refs(client, head.repo, head.repo_id, [RefMove(f"refs/heads/{branch}", None, commit)])
    try:
        return write.open_pull(client, head.repo, branch, head.default_branch, MESSAGE, pull_body(files))
    except RefusedError as problem:
        raise ForbiddenError(
            f"the branch {branch} of {head.repo} has the files, and GitHub did not take the pull request "
            f"({problem.message}): open it by hand"
        ) from problem


def _has(client: GitHubClient, repo: str, branch: str, files: Mapping[str, str]) -> bool:
    return all(requests_of.read_file(client, repo, name, branch) == text for name, text in files.items())
