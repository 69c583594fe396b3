"""What `bee doctor` makes of the engines: whether each is here, logged in, and fit for what the configuration asks."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bee.engines.base import AgentJob
from bee.engines.command import PresetEngine
from bee.engines.find import find
from bee.engines.presets import PRESETS, Preset
from bee.engines.stream import StreamEngine
from bee.engines.table import ENGINES, LOGINS
from bee.host import AgentRunner
from bee.model.errors import BeeError, UsageError
from bee.model.outcomes import Failure
from bee.model.roles import Role
from bee.model.verb_answer import Answer, refused
from bee.setup import machine
from bee.setup.checks import DoctorCheck, fail, ok, warn
from bee.setup.machine import Input
from bee.system import process
from bee.system.trees import remove_tree

Spec = str | tuple[str, ...]
ASK_SECONDS_MAX: Final = 20
RUN: Final = "doctor"
HELLO: Final = "Answer with the one word: ok. Use no tools.\n"
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+[\w.-]*")
_FLAG: Final = re.compile(r"--[a-z][a-z-]+")


def engine_checks(given: Input, scheduled: bool) -> list[DoctorCheck]:
    """The engine of every role, each once; of a repository of its own only where that differs."""
    specs: dict[tuple[Spec, bool], list[tuple[Role, str]]] = {}
    for repo in ("", *given.settings.per_repo):
        for role in Role:
            own, usual = given.settings.role(role, repo), given.settings.role(role)
            if not repo or (own.engine, own.base_url) != (usual.engine, usual.base_url):
                specs.setdefault((own.engine or "claude", bool(own.base_url)), []).append((role, repo))
    found = []
    for (spec, own_server), played in specs.items():
        names = [f"{role} in {repo}" if repo else str(role) for role, repo in played]
        who = "every role" if names == [str(role) for role in Role] else ", ".join(names)
        check = _unfit(given, spec, own_server, [role for role, _ in played])
        check = check or _engine(given, spec, scheduled, own_server)
        found.append(replace(check, text=f"{who}: {check.text}"))
        if isinstance(spec, str) and spec in LOGINS:
            found += drift(spec, given.path)
        if given.runner is not None:
            found.append(_login(given, given.runner(), spec, played[0]))
    return found


# ---- what a program says of itself ---------------------------------------------------------------------------------


def drift(name: str, path: str) -> list[DoctorCheck]:
    """Whether the program is the version that was tested, and still names what bee tells it in its help."""
    row, engine = ENGINES.get(name) or PRESETS[name], find(name, path)
    assert isinstance(engine, StreamEngine | PresetEngine)
    server = "http://127.0.0.1:1" if isinstance(row, Preset) and row.needs_server else ""
    asked = replace(_job(Path("/"), Role.DRAFTER, ""), model="m", base_url=server)
    try:
        program = engine.program.argv
        words = engine.argv(asked)[len(program) :]
    except UsageError:
        return []  # it is not installed, which another check says
    with TemporaryDirectory(prefix="bee-ask-") as folder:
        env = {"PATH": process.SYSTEM_PATH, "HOME": folder}
        version = _VERSION.search(_said([*program, "--version"], env))
        before = [word for word in words[:1] if not word.startswith("-")]  # of `codex exec --json`: exec
        help_text = _said([*program, *before, "--help"], env)
    unknown = sorted({flag for flag in words if _FLAG.fullmatch(flag)} - set(_FLAG.findall(help_text)))
    seen = version[0].rstrip(".") if version else "of an unknown version"
    tested = f"bee was tested with {row.tested}" if row.tested else "nobody has tried it with bee"
    if unknown and help_text.strip():
        text = f"{name} is {seen} ({tested}); its --help does not name {', '.join(unknown)}, which bee tells it"
        return [warn("engine-version", text, f"install {name} {row.tested}" if row.tested else "see docs/engines.md")]
    return [ok("engine-version", f"{name} is {seen} ({tested}); its --help names all that bee tells it")]


def _said(argv: Sequence[str], env: Mapping[str, str]) -> str:
    """What a program prints; empty where it does not start."""
    try:
        ended = process.run(argv, cwd=None, env=env, seconds=ASK_SECONDS_MAX, merge_output=True)
    except UsageError:
        return ""
    return ended.out.decode("utf-8", "replace")


# ---- one word from its model ----------------------------------------------------------------------------------------


def _login(given: Input, runner: AgentRunner, spec: Spec, played: tuple[Role, str]) -> DoctorCheck:
    """Ask the engine for one word, started as a run of this role is: the only way to know that it is logged in."""
    name = spec if isinstance(spec, str) else spec[0]
    with TemporaryDirectory(prefix="bee-login-") as folder:
        job = _job(Path(folder).resolve(), *played)
        for path in (job.clone, job.context, job.bin, job.home, job.mirror):
            path.mkdir()
        try:
            result = runner.run(job, _no_verbs)
        except BeeError as error:
            return fail("login", f"{name} could not be asked: {error}", "see the checks `engine` and `sandbox`")
        finally:
            remove_tree(given.home.path / "runs" / RUN)
            remove_tree(job.clone.parent)  # what tempfile deletes with recurses
    if result.ok:
        return ok("login", f"{name} answered, so it is logged in ({result.tokens} tokens, {result.cost_usd:.4f} USD)")
    if result.failure is Failure.QUOTA:
        return warn("login", f"{name} is logged in, and its limit is reached: {result.note}", "wait until it ends")
    why = "is not logged in" if result.failure is Failure.AUTH else "did not answer"
    return fail("login", f"{name} {why}: {result.note}", "see docs/engines.md, Login")


def _no_verbs(verb: str, args: Mapping[str, object]) -> Answer:
    """Nothing can be handed in."""
    return refused("this is a test of the login: end now")


def _job(folder: Path, role: Role, repo: str) -> AgentJob:
    """A run that is about nothing, below a folder."""
    return AgentJob(
        role=role, run=RUN, repo=repo, number=0, branch="", base="", folder=folder, clone=folder / "clone",
        context=folder / "context", bin=folder / "bin", home=folder / "home", mirror=folder / "mirror",
        prompt=HELLO, stop=threading.Event(),
    )  # fmt: skip


# ---- what is here ---------------------------------------------------------------------------------------------------


def _unfit(given: Input, spec: Spec, own_server: bool, roles: Sequence[Role]) -> DoctorCheck | None:
    """Why an engine that is there cannot play one of these roles; None where it can play all."""
    if not isinstance(spec, str) or spec not in LOGINS:
        return None
    engine = find(spec, given.path)
    for role in roles:
        try:
            engine.check(role, own_server or bool(engine.server(given.kept)))
        except UsageError as error:
            return fail("engine", str(error), f"change `engine` or `roles.{role}` in config.yml, see docs/engines.md")
    return None


def _engine(given: Input, spec: Spec, scheduled: bool, own_server: bool) -> DoctorCheck:
    """One engine. A server of one's own (`base_url`) needs no login."""
    if not isinstance(spec, str):
        fix = "name an executable by its absolute path under `engine` in config.yml"
        problem = machine.command_problem(spec)
        return fail("engine", problem, fix) if problem else ok("engine", spec[0])
    seen = machine.look_for_engine(spec, given.path, given.kept, given.home)
    text = f"{spec}: {seen.said()}" if spec in LOGINS else f"there is no engine {spec!r}"
    if seen.program is None or spec not in LOGINS:
        return fail("engine", text, f"install one of {', '.join(LOGINS)}, or name a program of "
                    "yours in config.yml: engine: {command: [/path/to/program]}")  # fmt: skip
    if seen.kept or own_server:
        return ok("engine", f"{spec}: {seen.program}" if own_server else text)
    return (fail if seen.login is None or scheduled else warn)("engine", text, seen.way_in or None)
