"""The repository and the design doc that `bee demo` starts from. Texts only: no I/O.

The project is small, but real: a calculator with unit tests and an end-to-end check. It carries one latent fault
that no unit test sees (`__main__` drops what `main` returns), so that the end-to-end run has something to find.
"""

from __future__ import annotations

from typing import Final

OWNER: Final = "ada"
NAME: Final = "calc"
BRANCH: Final = "main"

ISSUE_TITLE: Final = "calc learns to divide"

ISSUE_BODY: Final = """\
`calc` adds and subtracts. People want to divide, in Python and on the command line.

## In Python

`calc.core.divide(a, b)` returns `a / b`. Dividing by zero raises `ValueError("cannot divide by zero")`, and a test
holds that.

## On the command line

`python3 -m calc divide 6 3` prints `2`. `python3 -m calc divide 1 0` prints `error: cannot divide by zero` on standard
error and exits with status 2, so that scripts can rely on it. The README names the new operation.

## Design finalized

- [ ] The design is complete: bee may plan it
"""

VERIFY: Final = "sh tests/e2e/verify.sh"
_POLICY: Final = """\
version: 1
intake: all
verify: {verify}
plan_approval: human
"""

_README: Final = """\
# calc

A calculator for the command line.

    $ python3 -m calc add 2 3
    5
    $ python3 -m calc subtract 5 3
    2

Tests: `python3 -m unittest`. End to end: `sh tests/e2e/verify.sh`.
"""

_INIT: Final = '"""A calculator for the command line."""\n'

_CORE: Final = '''\
"""The arithmetic of calc."""


def add(a: float, b: float) -> float:
    """The sum of a and b."""
    return a + b


def subtract(a: float, b: float) -> float:
    """What is left of a without b."""
    return a - b
'''

_CLI: Final = '''\
"""The command line of calc."""

import argparse

from calc import core

OPERATIONS = {
    "add": core.add,
    "subtract": core.subtract,
}


def main(argv: list[str]) -> int:
    """Run one operation, print its result, return the exit status."""
    parser = argparse.ArgumentParser(prog="calc")
    parser.add_argument("operation", choices=OPERATIONS)
    parser.add_argument("a", type=float)
    parser.add_argument("b", type=float)
    args = parser.parse_args(argv)
    result = OPERATIONS[args.operation](args.a, args.b)
    print(f"{result:g}")
    return 0
'''

_MAIN: Final = '''\
"""`python3 -m calc`."""

import sys

from calc.cli import main

main(sys.argv[1:])
'''

_TEST_CORE: Final = """\
import unittest

from calc import core


class CoreTest(unittest.TestCase):
    def test_add(self):
        self.assertEqual(core.add(2, 3), 5)

    def test_subtract(self):
        self.assertEqual(core.subtract(5, 3), 2)


if __name__ == "__main__":
    unittest.main()
"""

_TEST_CLI: Final = '''\
import contextlib
import io
import unittest

from calc import cli


def run(*argv):
    """The exit status, standard output and standard error of one call of main."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.main(list(argv))
    return status, out.getvalue(), err.getvalue()


class CliTest(unittest.TestCase):
    def test_add(self):
        self.assertEqual(run("add", "2", "3"), (0, "5\\n", ""))

    def test_subtract(self):
        self.assertEqual(run("subtract", "5", "3"), (0, "2\\n", ""))


if __name__ == "__main__":
    unittest.main()
'''

_VERIFY: Final = """\
#!/bin/sh
# End to end: calc as a person types it, in a real shell. Exit 0 when everything holds.
set -u
failed=0

check() { # what, expected, found
    if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "FAILED: $1: expected '$2', got '$3'"; failed=1; fi
}

calc() { python3 -m calc "$@"; }

check "add 2 3" "5" "$(calc add 2 3)"
check "subtract 5 3" "2" "$(calc subtract 5 3)"

if calc --help | grep -q divide; then
    check "divide 6 3" "2" "$(calc divide 6 3)"
    check "divide 1 0 says why" "error: cannot divide by zero" "$(calc divide 1 0 2>&1 >/dev/null | tail -n 1)"
    calc divide 1 0 >/dev/null 2>&1
    check "exit status of divide 1 0" "2" "$?"
fi
exit "$failed"
"""

_FILES: Final[dict[str, str]] = {
    ".gitignore": "__pycache__/\n",
    "README.md": _README,
    "calc/__init__.py": _INIT,
    "calc/__main__.py": _MAIN,
    "calc/cli.py": _CLI,
    "calc/core.py": _CORE,
    "tests/__init__.py": "",
    "tests/test_cli.py": _TEST_CLI,
    "tests/test_core.py": _TEST_CORE,
    "tests/e2e/verify.sh": _VERIFY,
}


def files(python_folder: str = "") -> dict[str, str]:
    """The repository, by path. `python_folder`: where `python3` is, when it is not where the system's programs are."""
    verify = f'PATH="$PATH:{python_folder}" {VERIFY}' if python_folder else VERIFY
    return {**_FILES, ".github/bee.yml": _POLICY.format(verify=verify)}
