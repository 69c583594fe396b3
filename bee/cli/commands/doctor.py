"""`bee doctor`: look at everything that bee needs, change nothing, and name the command that fixes each thing."""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from bee import __version__
from bee.cli import wiring
from bee.cli.commands.install import machine_of
from bee.cli.common import add_repo, print_json
from bee.config.schema import Settings
from bee.git.command import Git
from bee.git.mirror import Mirror
from bee.github.client import GitHubClient, session_of
from bee.github.tape import Tape
from bee.model.errors import AuthError, BeeError, ConfigError, MovedError, NotFoundError, UsageError
from bee.model.seals import Key
from bee.model.text import plain
from bee.model.tokens import kind_of
from bee.sandbox.box import find as find_box
from bee.setup import checks, doctor, machine, prove
from bee.setup.checks import DoctorCheck, Level
from bee.setup.doctor import Findings
from bee.setup.machine import Input
from bee.setup.prove import Prover
from bee.status import terminal
from bee.system import process
from bee.system.home import Home

_COLOURS: Final = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee doctor`."""
    add_repo(parser)
    parser.add_argument("--security", action="store_true", help="also show how much is at stake, and what protects it")
    parser.add_argument("--login", action="store_true", help="also ask each engine for one word: is it logged in?")
    parser.add_argument("--prove", action="store_true", help="try what bee relies on there, leaving nothing")
    parser.add_argument("--dry-run", action="store_true", help="with --prove: say what it would make, and make nothing")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Look; 0 when nothing failed, 1 when a check did, 75 when something could not be looked at. Raises UsageError."""
    findings, home = Findings(), wiring.home_of(env)
    if args.dry_run and not args.prove:
        raise UsageError("--dry-run goes with --prove: without it, bee doctor only looks")
    settings = _settings(home, args.repo, findings)
    path = env.get("PATH", process.SYSTEM_PATH)
    given = Input(
        home=home, settings=settings, path=path, kept=wiring.passed_on(env, settings), machine=machine_of(env),
        find_box=functools.partial(find_box, "none" if settings.sandbox == "none" else "required", path),
        token_from=token_source(env, settings), security=args.security,
        runner=functools.partial(wiring.runner_of, env, settings, home) if args.login else None,
    )  # fmt: skip
    if args.prove:
        _prove(args, env, given, findings)
    else:
        findings.add(*doctor.machine_checks(given))
        _ask_github(args, env, given, findings)
    if args.json:
        print_json(findings.line())
    else:
        _show(findings, terminal.wants_colour(env, sys.stdout.isatty()))
    return findings.exit


def _settings(home: Home, named: list[str] | None, findings: Findings) -> Settings:
    """The machine's settings, or the defaults with a failed check that says what is wrong with the file."""
    path = home.config_path
    try:
        settings = wiring.settings_at(home, repo_given=bool(named))
    except ConfigError as problem:
        findings.add(DoctorCheck("config", Level.FAIL, str(problem), f"fix that line in {path}"))
        return Settings()
    except UsageError:
        findings.add(DoctorCheck("config", Level.FAIL, f"there is no {path}", "bee init"))
        return Settings()
    if path.exists() and not settings.repos:
        findings.add(DoctorCheck("config", Level.WARN, f"{path} names no repository", "bee init"))
    elif path.exists():
        findings.add(DoctorCheck("config", Level.OK, f"{path} watches {', '.join(settings.repos)}"))
    else:
        findings.add(
            DoctorCheck("config", Level.WARN, f"there is no {path}: --repo goes with the defaults", "bee init")
        )
    return settings


def token_source(env: Mapping[str, str], settings: Settings) -> str:
    """Where `wiring.token_of` takes the token from."""
    other = machine.BY_COMMAND if settings.token else machine.BY_GH
    return next((name for name in wiring.TOKENS if env.get(name, "").strip()), other)


def _ask_github(args: argparse.Namespace, env: Mapping[str, str], given: Input, findings: Findings) -> None:
    try:
        token = wiring.token_of(env, given.settings)
    except AuthError as problem:
        text, _, fix = str(problem).partition("; " if given.settings.token else ": ")
        findings.add(DoctorCheck("token", Level.FAIL, text, fix))
        return
    known: tuple[Key, ...] = ()
    try:
        found = wiring.keys_of(env, token, wiring.renews(env, given.settings))
        known = found.keys
        findings.add(checks.key_check([key.id for key in known], found.source, found.lasting))
    except UsageError as problem:
        findings.add(DoctorCheck("keys", Level.FAIL, str(problem), "bee key add"))
    client = GitHubClient(wiring.servers_of(env), token, keys=known)
    if not doctor.token_checks(client, findings, given.token_from, kind_of(token)):
        return
    for repo in wiring.repos_of(given.settings, args.repo) if args.repo or given.settings.repos else ():
        doctor.repo_checks(client, repo, given, findings)


def _prove(args: argparse.Namespace, env: Mapping[str, str], given: Input, findings: Findings) -> None:
    """Prove bee's assumptions on each repository, and write a recording beside it."""
    findings.checks.clear()  # of the machine nothing is asked here
    token, servers, kept = wiring.token_of(env, given.settings), wiring.servers_of(env), given.kept
    for repo in wiring.repos_of(given.settings, args.repo):
        nonce = prove.nonce_at(int(time.time()))
        if args.dry_run:
            findings.add(DoctorCheck("prove", Level.OK, prove.plan_of(nonce), repo=repo))
            continue
        given.home.ensure()
        tape = Tape(session_of(lambda: token), [repo, *repo.split("/")])
        with tempfile.TemporaryDirectory(prefix="bee-prove-") as folder:
            path = env.get("PATH", process.SYSTEM_PATH)
            git = Git(home=Path(folder), env_path=path, network_env=process.base_env(kept))
            mirror = Mirror(git, Path(folder) / "mirror.git", f"{servers.web}/{repo}.git", token)
            mirror.ensure()
            client = GitHubClient(servers, token, tape, memos=given.home)
            prover = Prover(
                client=client, pusher=GitHubClient(servers, token), mirror=mirror, tape=tape, repo=repo, nonce=nonce
            )
            try:
                findings.add(*(replace(check, repo=repo) for check in prove.prove(prover)))
            except (MovedError, NotFoundError) as problem:
                findings.add(replace(checks.not_found(problem), repo=repo))
            except BeeError as problem:
                findings.problems.append(f"{repo}: {problem}")
        where = Path(f"bee-prove-{repo.replace('/', '-')}.jsonl")
        where.write_text(tape.text({"version": 1, "bee": __version__, "nonce": nonce}), encoding="utf-8")
        print(f"bee: the answers are in {where}, without names: send it by the issue form `Recording`", file=sys.stderr)


def _show(findings: Findings, colour: bool) -> None:
    """One line for each check, then what could not be looked at, then the sum."""
    width = terminal.terminal_columns()
    for check in findings.checks:
        start = terminal.painted(f"{check.status:<4}", _COLOURS[check.status], colour)
        where = f"{check.repo}: " if check.repo else ""
        fix = f"; to fix it: {check.fix}" if check.fix and check.status is not Level.OK else ""
        line = f"{where}{check.name}: {' '.join(plain(check.text + fix).split())}"
        print(f"{start}  {terminal.hung(line, width - 6, ' ' * 6) if width else line}")
    for problem in findings.problems:
        print(f"bee: could not look: {plain(problem)}", file=sys.stderr)
    counts = findings.line().counts
    print(f"{counts.ok} ok, {counts.warn} to look at, {counts.fail} failed")
