"""Values are built by name, and imports stand at the top, where a reader looks for them."""

from __future__ import annotations

from pathlib import Path

from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]
POSITIONAL_MAX = 6
FIELDS_MAX = 5

# Where imports stand inside functions, with the reason.
LATE_IMPORTS = {
    "bee.tick.tick": "the one seam: a tick where nothing changed does not pay for the rest",
    "bee.cli.main": "commands are imported by their name, and only the one that was asked for",
    "bee.cli.commands": "what an extra brings may be missing; the command then says what to install",
    "bee.cli.wiring": "a host is wired before it is known whether anything changed",
    "bee.github.client": "a tick where nothing changed reads no record",
    "bee.host": "the output checks of a run, which a tick where nothing changed does not begin",
    "bee.publish.notify": "requests, for a notification only",
    "bee.system.notifier": "requests, for a webhook only",
    "bee.system.process.killing": "ctypes, for killing only",
    "bee.engines.find": "an engine's file is imported by the name in its row",
}


def test_imports_stand_at_the_top() -> None:
    problems = checks.late_imports(ROOT, LATE_IMPORTS)
    assert not problems, "\n".join(problems)


def test_every_exception_is_still_needed() -> None:
    needed = {name for name in LATE_IMPORTS if checks.late_imports(ROOT, set(LATE_IMPORTS) - {name})}
    assert needed == set(LATE_IMPORTS)


def test_no_call_passes_many_arguments_by_position() -> None:
    problems = checks.long_calls(ROOT, POSITIONAL_MAX, ())
    assert not problems, "\n".join(problems)


def test_values_of_many_fields_are_built_by_name() -> None:
    problems = checks.built_by_position(ROOT, FIELDS_MAX, ())
    assert not problems, "\n".join(problems)
