"""E2E takes the files that its commands name from the base, no step of it writes them, and what they print is read."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bee.config.schema import SetupPolicy
from bee.model.errors import SetupError
from bee.sandbox import box
from bee.system.trees import remove_tree
from tests.attacks.by_clone import FREE, VERIFY, world
from tests.attacks.by_verify import e2e_of, pushed
from tests.belt.plays import approve, pull_of
from tests.belt.stage import Stage

BY_SCRIPT = replace(FREE, verify=(f"sh {VERIFY}",))
NONE = box.Box("none")


def test_case_t13_the_trace_says_what_was_taken_from_the_base(tmp_path: Path) -> None:
    head = pushed({VERIFY: "exit 0\n", "check.sh": "exit 1\n"})
    trace = e2e_of(head, tmp_path, BY_SCRIPT, NONE)
    assert not trace.passed
    assert f"take from the base {VERIFY}" in trace.lines[1]
    log = world().mirror.new_commits(trace.tip, [])
    assert any(f"take from the base {VERIFY}" in commit.message for commit in log)


def test_case_t13_what_stands_beside_the_script_is_the_changes(tmp_path: Path) -> None:
    trace = e2e_of(pushed({"check.sh": "exit 0\n"}), tmp_path, BY_SCRIPT, NONE)
    assert trace.passed
    assert len(trace.lines) == 2


def test_case_t13_a_script_that_the_change_deletes_is_missing(tmp_path: Path) -> None:
    trace = e2e_of(pushed({VERIFY: None, "check.sh": "exit 0\n"}), tmp_path, BY_SCRIPT, NONE)
    assert not trace.passed
    assert f"missing: {VERIFY}" in trace.output


def test_case_t13_a_first_script_is_the_changes_own(tmp_path: Path) -> None:
    policy = replace(FREE, verify=("sh tests/e2e/first.sh",))
    assert e2e_of(pushed({"tests/e2e/first.sh": "exit 0\n"}), tmp_path, policy, NONE).passed


@pytest.mark.parametrize(
    "line",
    [
        f"echo exit 0 > {VERIFY}",
        "mv tests old; mkdir -p tests/e2e new; echo exit 0 > new/verify.sh; rmdir tests/e2e; ln -s ../new tests/e2e",
        f"rm {VERIFY}; mkdir {VERIFY}; echo exit 0 > {VERIFY}/x",
        "rm -rf tests; mkfifo tests",
        "rm -rf tests/e2e; mkfifo tests/e2e",
        f"echo exit 0 > {VERIFY}; chmod 000 {VERIFY}; chmod 555 tests/e2e; chmod 000 tests",
    ],
)
def test_case_t13_a_setup_that_rewrites_the_script_is_undone(line: str, tmp_path: Path) -> None:
    head = pushed({"build.sh": f"{line}\n", "check.sh": "exit 7\n"})
    trace = e2e_of(head, tmp_path, replace(BY_SCRIPT, setup=SetupPolicy(run=("sh build.sh",))), NONE)
    assert "exit 7" in trace.lines[-1]
    for shut in ("tests", "tests/e2e"):
        assert (tmp_path / "e2e" / shut).stat().st_mode & 0o700 == 0o700


def test_case_w2_a_setup_that_leaves_a_tree_nobody_can_look_through_has_failed(tmp_path: Path) -> None:
    dig = "import os\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')\n"
    head = pushed({"dig.py": dig, "check.sh": "exit 0\n"})
    setup = SetupPolicy(run=("[ ! -e dig.py ] || python3 dig.py",))
    with pytest.raises(SetupError, match="cannot be put back after `setup`: File name too long"):
        e2e_of(head, tmp_path, replace(BY_SCRIPT, setup=setup), NONE)
    assert remove_tree(tmp_path / "e2e") == ""


def test_case_t13_in_the_box_the_other_files_of_its_folder_can_be_written(tmp_path: Path) -> None:
    found = box.find("required", os.environ["PATH"])
    script = (
        f"echo x > tests/e2e/new; mkdir tests/e2e/sub; rm tests/e2e/new; test -d tests/e2e/sub; ! echo y >> {VERIFY}"
    )
    trace = e2e_of(pushed({"check.sh": script}), tmp_path, BY_SCRIPT, found)
    assert trace.passed, trace.output


NO_TESTS = "printf 'Ran 0 tests in 0.000s\\n\\nOK\\n'"


@pytest.mark.parametrize(("commands", "denied", "why"), [
    ((NO_TESTS,), 0, "it ended with 0, and ran no tests"),
    (("true", NO_TESTS, "true"), 1, "it ended with 0, and ran no tests"),
    (("echo FAILED; echo 1 failed, 1 passed; echo 2 passed in 0.01s",), None, ""),  # a try more
    ((f"{NO_TESTS}; exit 9",), None, "Ran 0 tests"),
    ((NO_TESTS, "echo 2 passed in 0.01s"), None, ""),
    (("echo 2 passed in 0.01s", "echo no tests found"), None, ""),
    (("true", "echo good"), None, ""),
])  # fmt: skip
def test_case_u1_what_ran_no_tests_does_not_pass(
    commands: tuple[str, ...], denied: int | None, why: str, tmp_path: Path
) -> None:
    trace = e2e_of(pushed({"x": "x\n"}), tmp_path, replace(FREE, verify=commands), NONE)
    assert (trace.passed, why in trace.output) == (not why, True), trace.output
    said = [line for line in trace.lines if "look at what" in line]
    assert said == ([] if denied is None else [f"- `look at what {commands[denied]} said`: exit 1, 0 s"])


def test_case_t13_a_persons_approval_lets_the_heads_script_count(stage: Stage) -> None:
    """The base's script fails on it; the head's does not, and a person has read that head."""
    pull = pull_of(stage, 1, {"broken": "yes\n", "tests/e2e/verify.sh": "exit 0\n"})
    approve(stage, pull)
    stage.ticks(stage.host())
    assert stage.pulls()[0]["merged_at"]
