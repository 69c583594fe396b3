"""`bee init`: set bee up for one repository, with few questions; run twice, it changes nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bee.cli import ask, wiring
from bee.cli.choosing import Chosen, Search, chosen
from bee.cli.commands.doctor import token_source
from bee.cli.common import print_json
from bee.config.readers import check_repo_name
from bee.config.schema import POLICY_PATH, Settings
from bee.engines.table import LOGINS
from bee.git.mirror import Mirror
from bee.github.client import GitHubClient, Servers
from bee.github.snapshot import read_policy
from bee.host import AgentRunner
from bee.model.errors import SandboxError, UsageError
from bee.model.labels import Label
from bee.model.text import one_line, plain
from bee.sandbox.box import find as find_box
from bee.setup import apply, methods
from bee.setup import machine as machines
from bee.setup.apply import Found, MachineConfig, SetupPlan, SetupStep, Written
from bee.setup.candidates import OWN, Candidate
from bee.setup.machine import EngineSeen
from bee.setup.templates import INTAKES, TEMPLATE_PATH, Answers, remote_of, same_server
from bee.setup.trial import Tried, opened
from bee.status import terminal
from bee.system import process
from bee.system.home import Home

_INTAKE_TEXTS: Final = {
    "opted-in": f"design docs, and what you label {Label.NEW}",
    "all": "every open issue of people with write access",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InitLine:
    """What `bee init --json` prints."""

    repo: str
    dry_run: bool
    changed: bool
    steps: tuple[SetupStep, ...]
    pull: int | None
    """the open pull request that brings the files"""
    commit: str | None
    """the commit that brought the files"""
    tried: tuple[Tried, ...]
    """how the repository was tested, in that order; `refused` is empty for what passed"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee init`."""
    parser.add_argument("--repo", metavar="OWNER/NAME", help="the repository (default: the remote `origin` here)")
    parser.add_argument("--yes", action="store_true", help="ask nothing: take the defaults, and what the options say")
    parser.add_argument("--dry-run", action="store_true", help="ask nothing, show what would be written, write nothing")
    parser.add_argument("--intake", choices=INTAKES, help="which issues bee takes on (default: opted-in)")
    parser.add_argument(
        "--verify", metavar="COMMAND", help="what must pass before a merge (default: what is found and passes here)"
    )
    parser.add_argument("--untried", action="store_true", help="run nothing of the repository: --verify, or the "
                        "likeliest command, as it stands")  # fmt: skip
    parser.add_argument("--engine", metavar="ENGINE", help=f"who plays the roles: {', '.join(LOGINS)}, or "
                        "a command in quotes")  # fmt: skip
    parser.add_argument("--sandbox", choices=("required", "none"), help="none: agents run with all your rights")
    parser.add_argument(
        "--json", action="store_true", help="one JSON line, last on standard output; needs --yes or --dry-run"
    )


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Look, ask, show, write; 0 when bee is set up. Raises UsageError."""
    asks = not (args.yes or args.dry_run)
    if asks and (args.json or not ask.can_ask()):
        raise UsageError("there is no terminal to ask questions on: say --yes to take the defaults, or --dry-run")
    with process.ended_by_signals():
        here = Here.of(env)
    machine = apply.machine_config_of(wiring.home_of(env))
    if args.engine:
        machines.engine_of(args.engine, here.path, Path.cwd())  # a wrong one is said before anything is asked
    repo = check_repo_name(args.repo) if args.repo else repo_here(Path.cwd(), env)
    token = wiring.token_of(env, wiring.settings_at(wiring.home_of(env), repo_given=True))
    client = GitHubClient(here.servers, token)
    found = apply.look(client, repo)
    show = (lambda _text: None) if args.json else _say
    _show_found(show, found, here)
    intake, sandbox = _intake(args, found, asks), _sandbox(args, machine, here, asks)
    way = Chosen(Candidate(args.verify or OWN))
    if _writes_policy(found):
        settings = machine.settings or Settings(sandbox=sandbox)
        with process.ended_by_signals():
            way = chosen(_search(args, env, here, settings, token, found))
        _show_way(show, way)
    engine, merge = _engine(args, machine, here, asks), next(iter(methods.fitting(found.facts, found.rules)), "squash")
    answers = Answers(
        intake=intake, verify=way.candidate.verify, setup=way.candidate.setup, merge_method=merge, engine=engine,
        sandbox=sandbox, checks=found.checks,
    )  # fmt: skip
    plan = apply.planned(found, machine, answers)
    _show_plan(show, plan, whole=args.dry_run)
    _show_unused(args, plan)
    if asks and plan.changes and not ask.yes("Write this?", default=True):
        raise UsageError(ask.NOTHING)
    writes = plan.changes and not args.dry_run
    written = apply.carry_out(client, plan) if writes else Written(found.pull.number if found.pull else None)
    if args.json:
        print_json(
            InitLine(
                repo=found.facts.repo, dry_run=args.dry_run, changed=writes,
                steps=plan.steps, pull=written.pull, commit=written.commit, tried=way.tried,
            )
        )  # fmt: skip
    else:
        _show_end(plan, written, args.dry_run, machine, answers)
    return 0


@dataclass(frozen=True, slots=True)
class Here:
    """What this machine has, as a run under the scheduler would see it."""

    servers: Servers
    path: str
    token_from: str
    engines: tuple[EngineSeen, ...]
    box_problem: str

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Here:
        """Look at this machine."""
        path = env.get("PATH", process.SYSTEM_PATH)
        try:
            find_box("required", path)
            problem = ""
        except SandboxError as said:
            problem = str(said)
        settings = wiring.settings_at(wiring.home_of(env), repo_given=True)
        engines = machines.look_for_engines(path, wiring.passed_on(env, Settings()), wiring.home_of(env))
        return cls(wiring.servers_of(env), path, token_source(env, settings), engines, problem)


def repo_here(folder: Path, env: Mapping[str, str]) -> str:
    """The repository of the clone that `folder` lies in. Raises UsageError, which says what to type instead."""
    servers, url = wiring.servers_of(env), machines.origin(folder, env.get("PATH", process.SYSTEM_PATH))
    if url is None:
        raise UsageError("this is not a git clone with a remote `origin`: go into one, or say --repo owner/name")
    remote = remote_of(url)
    if remote is None:
        raise UsageError("the remote `origin` here names no owner/name: say --repo owner/name")
    if not same_server(remote, servers.web):
        raise UsageError(
            f"`origin` is on {remote.host}, and bee works with {servers.web}: say --repo owner/name, or set "
            "GITHUB_SERVER_URL, GITHUB_API_URL and GITHUB_GRAPHQL_URL"
        )
    return remote.repo


# ---- questions ------------------------------------------------------------------------------------------------------


def _writes_policy(found: Found) -> bool:
    return POLICY_PATH in found.missing_files and found.pull is None


def _intake(args: argparse.Namespace, found: Found, asks: bool) -> str:
    if asks and _writes_policy(found) and not args.intake:
        return ask.choice("Which issues may bee take on?", _INTAKE_TEXTS)
    return str(args.intake or INTAKES[0])


def _sandbox(args: argparse.Namespace, machine: MachineConfig, here: Here, asks: bool) -> str:
    if asks and machine.text is None and not args.sandbox and here.box_problem:
        print(f"\n{here.box_problem}")
        return "none" if ask.yes("Let agents run with all your rights?", default=False) else "required"
    return str(args.sandbox or "required")


def _search(
    args: argparse.Namespace, env: Mapping[str, str], here: Here, settings: Settings, token: str, found: Found
) -> Search:
    """How this repository is tried here, as a run would."""
    facts = found.facts
    why_not = "as --untried says" if args.untried else ""
    if not why_not and settings.sandbox != "none" and here.box_problem:
        why_not = "since no box can be built here"
    if not why_not and settings.sandbox == "none" and args.dry_run:
        why_not = "since a dry run runs nothing without a box"

    def build(home: Home) -> tuple[Mirror, AgentRunner]:
        mirror = wiring.mirror_of(env, settings, token, home, facts.repo)
        return mirror, wiring.runner_of(env, settings, home)

    return Search(
        opened=lambda watcher: opened(build, facts.repo, facts.default_branch, facts.private, watcher),
        given=args.verify or "", asks=not (args.yes or args.dry_run), quiet=args.json,
        why_not=why_not,
    )  # fmt: skip


def _engine(args: argparse.Namespace, machine: MachineConfig, here: Here, asks: bool) -> str | tuple[str, ...] | None:
    if args.engine:
        return machines.engine_of(args.engine, here.path, Path.cwd())
    default = next((one.name for one in here.engines if one.usable), "")
    if not asks or machine.text is not None:
        return default or None
    while True:
        said = ask.line("Who plays the roles? A name, or a command" + ("" if default else " (empty: later)"), default)
        if not said:
            return None
        try:
            return machines.engine_of(said, here.path, Path.cwd())
        except UsageError as problem:
            print(f"  {problem}")


# ---- what is shown --------------------------------------------------------------------------------------------------


def _say(text: str = "") -> None:
    print(plain(text), flush=True)


def _show_found(show: Any, found: Found, here: Here) -> None:
    role = str(found.facts.permission).lower()
    show(f"repository  {found.facts.repo}, default branch {found.facts.default_branch}")
    show(f"account     {found.head.viewer.login} with {role} access; the token comes from {here.token_from}")
    if found.checks:
        show(f"checks      {one_line(', '.join(found.checks), 160)}: on each of the pull requests merged last")
    show(f"merging     {_merging(found)}")
    for number, engine in enumerate(here.engines):
        show(f"{'engines' if not number else '':<10}  {engine.name}: {engine.said()}")
    box = f"sandbox     {one_line(here.box_problem, 160) if here.box_problem else 'a box for agents can be built'}"
    width = terminal.terminal_columns()
    show(terminal.hung(box, width, " " * 12) if width else box)


def _merging(found: Found) -> str:
    """How bee will merge here, or why it cannot as it is: the policy's method, or what will be proposed."""
    facts, rules = found.facts, found.rules
    left = methods.fitting(facts, rules)
    text = found.head.policy_text
    method = read_policy(facts.repo, text).merge_method if text is not None else (left or ["squash"])[0]
    wrong = next(methods.problems(facts, rules, method), None)
    if wrong is not None:
        return f"{wrong.text}; {wrong.fix}"
    return f"through the merge queue of {facts.default_branch}, by {rules.queue}" if rules.queue else f"by {method}"


def _show_way(show: Any, way: Chosen) -> None:
    """What goes into the policy, and how that ended here."""
    for command in way.candidate.setup:
        show(f"setup       {one_line(command)}")
    show(f"verify      {one_line(way.candidate.verify)}: {way.said}")


def _show_plan(show: Any, plan: SetupPlan, whole: bool) -> None:
    """What will be written: texts first (their comments with `whole` only), the list last, above the question."""
    if not plan.changes:
        return
    facts = plan.found.facts
    for step in (*plan.of("file"), *plan.of("config")):
        lines = plan.texts[step.name].rstrip().split("\n")
        telling = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
        if whole or not step.name.endswith(TEMPLATE_PATH):
            show(f"\n--- {step.name}")
            show("\n".join(f"  {line}".rstrip() for line in (lines if whole else telling)))
    show("\nTo be written:")
    for step in plan.of("label"):
        show(f"  label   {step.name:<25}  {Label(step.name).description}")
    how = "by a pull request: the branch is protected" if plan.found.rules.protected else (
        f"by a commit to {facts.default_branch}")  # fmt: skip
    for step in plan.of("file"):
        show(f"  file    {step.name}\n            {how}")
    for step in plan.of("config"):
        show(f"  config  {step.name}{' (one repository more)' if step.action == 'add' else ''}")


def _show_unused(args: argparse.Namespace, plan: SetupPlan) -> None:
    """Options that change nothing, because their file exists already: a person's file is never rewritten."""
    kept = {step.name for step in plan.steps if step.action != "create"}
    files = {POLICY_PATH: ("intake", "verify"), str(plan.home.config_path): ("engine", "sandbox")}
    for name, options in files.items():
        given = [f"--{option}" for option in options if getattr(args, option)]
        if name in kept and given:
            print(f"bee: {name} is there, and {' and '.join(given)} changes nothing in it", file=sys.stderr)


def _show_end(plan: SetupPlan, written: Written, dry: bool, machine: MachineConfig, answers: Answers) -> None:
    repo = plan.found.facts.repo
    if dry:
        _say(f"\nNothing was written; without --dry-run, {'all of this is' if plan.changes else 'nothing would be'}.")
        return
    _say(f"\n{repo} is set up." if plan.changes else f"\n{repo} is set up already; {ask.NOTHING}.")
    if written.pull is not None:
        _say(f"The policy waits in pull request #{written.pull}: bee begins when it is merged.")
    if machine.text is None and answers.engine is None:
        _say("There is no engine yet: name one under `engine` in config.yml.")
    _say("Next:")
    _say(f"  {'bee doctor':<42}  is everything as bee needs it?")
    _say(f"  {f'bee tick --dry-run --repo {repo}':<42}  what would it do?")
    _say(f"  {'bee install':<42}  let it tick by itself")
    _say(f"  {'bee new':<42}  write your first design doc")
