"""What `bee doctor` makes of the engines: whether each is here, logged in, and fit for what the configuration asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bee.engines.find import find
from bee.engines.table import LOGINS
from bee.model.errors import UsageError
from bee.model.roles import Role
from bee.setup import machine
from bee.setup.checks import Check, fail, ok, warn

if TYPE_CHECKING:
    from bee.setup.doctor import Input

Spec = str | tuple[str, ...]


def engine_checks(given: Input, scheduled: bool) -> list[Check]:
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
    return found


def _unfit(given: Input, spec: Spec, own_server: bool, roles: Sequence[Role]) -> Check | None:
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


def _engine(given: Input, spec: Spec, scheduled: bool, own_server: bool) -> Check:
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
