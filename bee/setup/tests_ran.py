"""How many tests an output says that it ran. Pure."""

from __future__ import annotations

import re
from typing import Final

_LINE_MAX: Final = 300  # characters: no line that sums up is longer
# A line that sums up, and where in it the number of tests that ran stands (skipped ones did not).
_ROWS: Final = tuple(
    (re.compile(line), re.compile(number), sign)
    for line, number, sign in (
        (r"=*\s*(?:\d+ [a-z]+(?:, )?)+ in [\d.]+s\b.*", r"(\d+) (?:passed|failed|xfailed|xpassed)\b", 1),  # pytest
        (r"Ran \d+ tests? in .*", r"^Ran (\d+)", 1),  # unittest
        (r"(?:OK|FAILED) \(.*skipped=\d+.*\)", r"skipped=(\d+)", -1),  # and those of them that unittest skipped
        (r"test result: .*", r"(\d+) (?:passed|failed)\b", 1),  # cargo
        (r"\s*Summary \[.*", r"(\d+) tests? run", 1),  # cargo nextest
        (r"--- (?:PASS|FAIL): .*", r"^(---)", 1),  # go test -v
        (r"\s*Tests:?\s.*\d+ (?:passed|failed)\b.*", r"(\d+) (?:passed|failed)\b", 1),  # jest, vitest
        (r"\s+\d+ (?:passing|failing)\b.*", r"(\d+) (?:passing|failing)", 1),  # mocha
        (r"[#\u2139] (?:pass|fail) \d+", r"(\d+)$", 1),  # node --test
        (r"\d+ (?:tests?|examples?|runs), \d+ (?:failures?|assertions)\b.*", r"^(\d+)", 1),  # bats, rspec, minitest
        (r"Files=\d+, Tests=\d+,.*", r"Tests=(\d+)", 1),  # prove
        (r"\d+% tests passed, \d+ tests failed out of \d+", r"(\d+)$", 1),  # ctest
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
    """The sum over all that its lines count, whichever programs printed them; None where it says nothing of tests."""
    lines = [line.rstrip() for line in _COLOUR.sub("", output).splitlines() if len(line) <= _LINE_MAX]
    found = [
        sign * int(number) if number.isdigit() else 1
        for line in lines
        for whole, part, sign in _ROWS
        if whole.fullmatch(line)
        for number in part.findall(line) or ["0"]
    ]
    if found:
        return max(sum(found), 0)
    if count := sum(1 for line in lines if _TAP.match(line)):
        return count
    if any(lines) and all(_IDLE.fullmatch(line) for line in lines if line):
        return 0
    return 0 if _NONE.search(output) and not any(map(_GO_RAN.fullmatch, lines)) else None
