"""Which files a verify command names."""

from __future__ import annotations

import pytest

from bee.config.schema import Policy
from bee.pipeline.output_checks import Change, refuse_files
from bee.pipeline.verify_files import missing, named_of

SCRIPT = "tests/e2e/verify.sh"
BASE = (SCRIPT, "verify.sh", "verify.py", "ci/x.sh", "tests/e2e/data/a.txt", "src/app.py", "pkg/check/__main__.py")


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("sh verify.sh", ["verify.sh"]),
        ("./verify.sh", ["verify.sh"]),
        ("python verify.py", ["verify.py"]),
        ("python3 -u ./verify.py --fast", ["verify.py"]),
        ("python3 -um verify", []),
        ("python -m verify", ["verify.py"]),
        ("python -m pkg.check", ["pkg/check/__main__.py"]),
        ("sh ././ci/x.sh", ["ci/x.sh"]),
        ("sh ci/../ci//x.sh", ["ci/x.sh"]),
        ("bash -euo pipefail ci/x.sh", ["ci/x.sh"]),
        ("cd tests && sh e2e/verify.sh", [SCRIPT]),
        ("cd tests; cd e2e; sh verify.sh", [SCRIPT, "verify.sh"]),
        ("(cd src && true); cd tests && cd e2e && ./verify.sh", [SCRIPT, "verify.sh"]),
        ("cd src\ncd ..\nsh ci/x.sh", ["ci/x.sh"]),
        ("make -C tests e2e/verify.sh", [SCRIPT]),
        ("sh Tests/E2E/Verify.sh", [SCRIPT]),
        ("sh 'ci/x.sh'", ["ci/x.sh"]),
        ('sh ci/"x".sh', ["ci/x.sh"]),
        ("sh <ci/x.sh", ["ci/x.sh"]),
        (". ci/x.sh", ["ci/x.sh"]),
        ("CONFIG=ci/x.sh run --with=src/app.py", ["ci/x.sh", "src/app.py"]),
        ('sh "$PWD/ci/x.sh"', ["ci/x.sh"]),
        ("sh ${PWD}/ci/x.sh", ["ci/x.sh"]),
        ("sh $(git rev-parse --show-toplevel)/ci/x.sh", ["ci/x.sh"]),
        ("sh 'ci/x.sh", ["ci/x.sh"]),
        ("pytest tests", []),
        ("cat tests/e2e/*", []),
        ("cd src && sh ../ci/x.sh", ["ci/x.sh"]),
        ("", []),
    ],
)
def test_case_t13_the_words_of_a_command_name_files_of_the_base(command: str, found: list[str]) -> None:
    assert named_of([command], BASE) == found


@pytest.mark.parametrize(
    ("command", "path"),
    [("sh verify.sh", "verify.sh"), ("python verify.py", "verify.py"), ("sh ././ci/x.sh", "ci/x.sh"),
     ("cd tests && sh e2e/verify.sh", SCRIPT), (f"sh {SCRIPT}", "Tests/E2E/verify.sh")],
)  # fmt: skip
@pytest.mark.parametrize("status", ["M", "D", "T"])
def test_case_t13_a_run_does_not_change_what_the_commands_name(command: str, path: str, status: str) -> None:
    policy = Policy(verify=(command,))
    (said,) = refuse_files([Change(path, status, "100644", 1)], policy, False)
    assert "is what E2E runs" in said


def test_case_t13_it_may_add_the_first_one_and_whatever_stands_beside_it() -> None:
    added = [Change(path, "A", "100644", 1) for path in (SCRIPT, "tests/e2e/test_more.py")]
    assert refuse_files([*added, Change("tests/e2e/data/a.txt", "M", "100644", 1)], Policy(), True) == []
    assert refuse_files([Change("tests/E2E/verify.sh", "A", "100644", 1)], Policy(), False)


@pytest.mark.parametrize(
    ("command", "lost"),
    [
        (f"sh {SCRIPT}", []),
        ("sh tests/e2e/gone.sh", ["tests/e2e/gone.sh"]),
        ("cd tests && sh e2e/verify.sh", []),
        ("cd tests && sh e2e/gone.sh", ["e2e/gone.sh"]),
        ("pytest tests/e2e", []),
        ("go test ./...", []),
        ("curl http://127.0.0.1/a", []),
        ("make check", []),
    ],
)
def test_a_script_that_is_not_there_is_missing(command: str, lost: list[str]) -> None:
    assert missing([command], BASE) == lost
