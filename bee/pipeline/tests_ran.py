"""How many tests an output says that it ran, and whether it says that some failed, whatever it ended with. Pure."""

from __future__ import annotations

import re
from typing import Final

_LINE_MAX: Final = 300  # characters: no line that sums up is longer
# A line that sums up, and where in it the number of tests that ran stands (skipped ones did not).
_ROWS: Final = tuple(
    (re.compile(line), re.compile(number), sign)
    for line, number, sign in (
        (r"=*\s*(?:\d+ [a-z]+(?:, )?)+ in [\d.]+s\b.*", r"(\d+) (?:passed|failed|xfailed|xpassed)\b", 1),  # pytest
        (r"Ran \d+ tests? (?:in|across) .*", r"^Ran (\d+)", 1),  # unittest, bun
        (r"(?:OK|FAILED) \(.*skipped=\d+.*\)", r"skipped=(\d+)", -1),  # and those of them that unittest skipped
        (r"test result: .*", r"(\d+) (?:passed|failed)\b", 1),  # cargo
        (r"\s*Summary \[.*", r"(\d+) tests? run", 1),  # cargo nextest
        (r"--- (?:PASS|FAIL): .*", r"^(---)", 1),  # go test -v
        (r"\s*Tests:?\s.*\d+ (?:passed|failed)\b.*", r"(\d+) (?:passed|failed)\b", 1),  # jest, vitest
        (r"\s+\d+ (?:passing|failing)\b.*", r"(\d+) (?:passing|failing)", 1),  # mocha
        (r"[#\u2139] (?:pass|fail) \d+", r"(\d+)$", 1),  # node --test
        (r"\d+ (?:tests?|examples?|runs), \d+ (?:failures?|assertions)\b.*", r"^(\d+)", 1),  # bats, rspec, minitest
        (r"OK \(\d+ tests?, \d+ assertions?\)", r"^OK \((\d+)", 1),  # phpunit
        (r"Tests: \d+, Assertions: \d+.*", r"^Tests: (\d+)", 1),
        (r"(?:\[[A-Z]+\] )?Tests run: \d+, Failures: \d+, Errors: \d+, Skipped: \d+", r"Tests run: (\d+)", 1),  # maven
        (r"Files=\d+, Tests=\d+,.*", r"Tests=(\d+)", 1),  # prove
        (r"\d+% tests passed, \d+ tests failed out of \d+", r"(\d+)$", 1),  # ctest
    )
)
# A line that says that tests failed, and where in it their number stands; none: the line alone says it.
_FAILED: Final = tuple(
    (re.compile(line), re.compile(number))
    for line, number in (
        (r"=*\s*(?:\d+ [a-z]+(?:, )?)+ in [\d.]+s\b.*", r"\b(\d+) (?:failed|errors?)\b"),  # pytest
        (r"FAILED \(.*\)", ""),  # unittest
        (r"test result: FAILED\..*", ""),  # cargo
        (r"\s*Summary \[.*", r"\b(\d+) (?:failed|timed out)\b"),  # cargo nextest
        (r"\s*--- FAIL: .*|FAIL(?:\t\S+.*)?", ""),  # go
        (r"\s*(?:Tests|Test Suites|Test Files):?\s.*", r"\b(\d+) failed\b"),  # jest, vitest
        (r"\s+\d+ failing\b.*", r"(\d+) failing"),  # mocha
        (r"[#\u2139] fail \d+", r"(\d+)$"),  # node --test
        (r"\s*\d+ fail", r"(\d+)"),  # bun
        (r"not ok \d+\b(?!.*# (?i:todo|skip)).*", ""),  # TAP
        (r"\d+ (?:tests?|examples?|runs), \d+ .*", r"\b(\d+) (?:failures?|errors?)\b"),  # bats, rspec, minitest
        (r"Tests: \d+, Assertions: \d+.*", r"(?:Failures|Errors): (\d+)"),  # phpunit
        (r"(?:\[[A-Z]+\] )?Tests run: .*", r"(?:Failures|Errors): (\d+)"),  # maven
        (r"Result: FAIL", ""),  # prove
        (r"\d+% tests passed, \d+ tests failed out of \d+", r"(\d+) tests failed"),  # ctest
        (r"make(?:\[\d+\])?: \[.*\] Error \d+ \(ignored\)", ""),
    )
)
_TAP: Final = re.compile(r"(?:not )?ok \d+\b(?!.*# (?i:skip))")
_GO_RAN: Final = re.compile(r"ok\s+\S+\s+(?:\(cached\)|[\d.]+s)(?!.*no tests to run).*")
_IDLE: Final = re.compile(r"make(?:\[\d+\])?: (?:Nothing to be done for .*|.* is up to date\.)")
_NONE: Final = re.compile(
    r"no tests ran|no test files|no tests to run|no test specified|no test files found|no tests found|no tests executed"
    r"|missing script: \"?test|command \"test\" not found",
    re.IGNORECASE,
)
_COLOUR: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def count_tests(output: str) -> int | None:
    """The sum over all that its lines count, whichever programs printed them; None where it says nothing of tests.

    A package of go counts as one: go does not say how many it has.
    """
    lines = _lines(output)
    found = [
        sign * int(number) if number.isdigit() else 1
        for line in lines
        for whole, part, sign in _ROWS
        if whole.fullmatch(line)
        for number in part.findall(line) or ["0"]
    ]
    if found:
        return max(sum(found), 0)
    if count := sum(1 for line in lines if _TAP.match(line)) or sum(1 for line in lines if _GO_RAN.fullmatch(line)):
        return count
    if any(lines) and all(_IDLE.fullmatch(line) for line in lines if line):
        return 0
    return 0 if _NONE.search(output) else None


def said_failed(output: str) -> str:
    """The first line that says that tests failed, or that make ignored an error; empty where none does."""
    return next((line.strip() for line in _lines(output) if any(_fails(line, *row) for row in _FAILED)), "")


def _fails(line: str, whole: re.Pattern[str], number: re.Pattern[str]) -> bool:
    if not whole.fullmatch(line):
        return False
    return not number.pattern or any(found.strip("0") for found in number.findall(line))


def _lines(output: str) -> list[str]:
    return [line.rstrip() for line in _COLOUR.sub("", output).splitlines() if len(line) <= _LINE_MAX]
