"""Values are built by name, and imports stand at the top, where a reader looks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]
POSITIONAL_MAX = 6
FIELDS_MAX = 5

# Where imports stand inside functions, with the reason.
LATE_IMPORTS = {
    "bee.tick.tick": "the one seam: a tick where nothing changed does not pay for the rest",
    "bee.cli.main": "commands are imported by their name, and only the one that was asked for",
    "bee.cli.commands": "what an extra brings may be missing; the command then says what to install",
    # to go: it stands there from before the rule
    "bee.cli.common": "the reader of times",
    "bee.cli.wiring": "what a tick where nothing changed does not need",
    "bee.host": "the output checks",
    "bee.publish.notify": "the notifier",
    "bee.run.agent_runner": "engines and sandbox",
    "bee.sandbox.egress": "the proxy library",
    "bee.status.collect": "the runs' logs",
    "bee.system": "ctypes, requests and the secret scanner",
}
# Packages where calls by position are left from before the rule; to go.
LONG_CALLS = {
    "bee.demo": "from before the rule",
    "bee.engines": "from before the rule",
    "bee.pipeline": "from before the rule",
    "bee.run": "from before the rule",
    "bee.status": "from before the rule",
    "bee.system": "from before the rule",
}
# Packages where values built by position are left from before the rule; to go.
BUILT_BY_POSITION = {
    "bee.config": "from before the rule",
    "bee.demo": "from before the rule",
    "bee.engines": "from before the rule",
    "bee.executors": "from before the rule",
    "bee.host": "from before the rule",
    "bee.lease": "from before the rule",
    "bee.model": "from before the rule",
    "bee.pipeline": "from before the rule",
    "bee.run": "from before the rule",
    "bee.setup": "from before the rule",
    "bee.status": "from before the rule",
    "bee.system": "from before the rule",
}


def late_imports(allowed: Iterable[str]) -> list[str]:
    return checks.late_imports(ROOT, allowed)


def long_calls(allowed: Iterable[str]) -> list[str]:
    return checks.long_calls(ROOT, POSITIONAL_MAX, allowed)


def built_by_position(allowed: Iterable[str]) -> list[str]:
    return checks.built_by_position(ROOT, FIELDS_MAX, allowed)


RULES: list[tuple[Callable[[Iterable[str]], list[str]], dict[str, str]]] = [
    (late_imports, LATE_IMPORTS),
    (long_calls, LONG_CALLS),
    (built_by_position, BUILT_BY_POSITION),
]


@pytest.mark.parametrize(("rule", "allowed"), RULES)
def test_the_rule_holds_everywhere_else(rule: Callable[[Iterable[str]], list[str]], allowed: dict[str, str]) -> None:
    problems = rule(allowed)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("rule", "allowed"), RULES)
def test_every_exception_is_still_needed(rule: Callable[[Iterable[str]], list[str]], allowed: dict[str, str]) -> None:
    assert [name for name in allowed if not rule(set(allowed) - {name})] == []
