#!/usr/bin/env python3
"""The scripted agent of `bee demo`: one file, standard library only, run by bee's `command` engine.

It knows one project (the demo's calculator) and plays all five roles on it with real means: it edits the clone, runs
the tests, commits with git, and proposes through the `bee` on its PATH. What it does follows from the clone and from
$BEE_CONTEXT alone; it remembers nothing between runs. It makes the two mistakes beginners make: it forgets the test of
an edge case, and it trusts unit tests where only the real command tells.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONTEXT = Path(os.environ.get("BEE_CONTEXT", "."))
TESTS = ("python3", "-m", "unittest")
SECONDS_MAX = 300

FIRST_PLAN = """\
- [ ] `divide` Divide in Python
  - Accept: `python3 -m unittest` passes, with a test that `divide(1, 0)` raises ValueError
  - Files: `calc/core.py`, `tests/test_core.py`
- [ ] `command` Divide on the command line
  - Files: `calc/cli.py`, `calc/__main__.py`, `tests/test_cli.py`, `README.md`
"""
FORGOTTEN_ACCEPT = "  - Accept: `python3 -m calc divide 6 3` prints 2; `divide 1 0` says why and exits with status 2\n"

DIVIDE = '''

def divide(a: float, b: float) -> float:
    """a shared into b parts. Raises ValueError when b is zero."""
    if b == 0:
        raise ValueError("cannot divide by zero")
    return a / b
'''
GUARD = '    if b == 0:\n        raise ValueError("cannot divide by zero")\n'
END = '\n\nif __name__ == "__main__":'
TEST_DIVIDE = "\n    def test_divide(self):\n        self.assertEqual(core.divide(6, 3), 2)\n"
TEST_ZERO = """
    def test_divide_by_zero_is_refused(self):
        with self.assertRaisesRegex(ValueError, "cannot divide by zero"):
            core.divide(1, 0)
"""
ENTRY = '    "subtract": core.subtract,\n'
CALL = "    result = OPERATIONS[args.operation](args.a, args.b)\n"
CALL_CHECKED = """\
    try:
        result = OPERATIONS[args.operation](args.a, args.b)
    except ValueError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
"""
TEST_COMMAND = """
    def test_divide(self):
        self.assertEqual(run("divide", "6", "3"), (0, "2\\n", ""))

    def test_divide_by_zero(self):
        self.assertEqual(run("divide", "1", "0"), (2, "", "error: cannot divide by zero\\n"))
"""
TEST_STATUS = """
    def test_the_process_exits_with_the_status(self):
        ended = subprocess.run([sys.executable, "-m", "calc", "divide", "1", "0"], capture_output=True)
        self.assertEqual(ended.returncode, 2)
"""
README_SUBTRACT = "    $ python3 -m calc subtract 5 3\n    2\n"
README_DIVIDE = "    $ python3 -m calc divide 6 3\n    2\n"
UNTESTED = (
    "tests/test_core.py: nothing tests `divide(1, 0)`. Without the guard in calc/core.py all tests stay green. "
    "Add a test that expects ValueError."
)
APPROVAL = (
    "Ran `python3 -m unittest`: all pass. Undoing the guard against zero in a scratch copy fails a test, as it should. "
    "The step is complete."
)
DROPPED = "\nmain(sys.argv[1:])"
PASSED_ON = "\nsys.exit(main(sys.argv[1:]))"


class Stuck(Exception):
    """Nothing in the script fits: a person must look. The text is the question."""


def say(text: str) -> None:
    """One line of the transcript."""
    print(text, flush=True)


def run(*argv: str, cwd: str | Path = ".", quiet: bool = False) -> tuple[int, str]:
    """Run a command; its exit code and its output, both shown in the transcript."""
    path = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])
    env = {**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=SECONDS_MAX, check=False)  # fmt: skip
    output = ended.stdout.decode("utf-8", "replace").strip()
    if not quiet:
        say(f"$ {' '.join(argv)}")
        say("".join(f"  {line}\n" for line in output.splitlines()[-12:]) + f"  [exit {ended.returncode}]")
    return ended.returncode, output


def bee(*argv: str) -> str:
    """Call a verb that has to be accepted; anything else ends the session with a failure."""
    code, output = run("bee", *argv)
    if code:
        raise SystemExit(f"bee refused `{argv[0]}`: {output}")
    return output


def context(name: str) -> str:
    """A file of the context folder; empty when it is not there."""
    path = CONTEXT / name
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def tree(path: str) -> str:
    """A file of the clone; empty when it is not there."""
    return Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""


def scratch(name: str, text: str) -> str:
    """A file outside the clone."""
    path = Path(tempfile.mkdtemp(prefix="agent-")) / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def replaced(path: str, old: str, new: str, unless: str) -> None:
    """Write `new` for the first `old` of a file; nothing when `unless` already stands there."""
    text = tree(path)
    if unless in text:
        return
    if old not in text:
        raise Stuck(f"{path} is not the file I know: I only know the project of `bee demo`")
    Path(path).write_text(text.replace(old, new, 1), encoding="utf-8")
    say(f"edited {path}")


def step_id(item: dict[str, Any]) -> str:
    """The id of the step this item carries out; empty without one."""
    return str((item.get("step") or {}).get("id", ""))


# planner


def plan(item: dict[str, Any]) -> None:
    """Hand in a plan; read bee's diagnostics when it is refused, fix the plan, hand it in again."""
    design = context("item.md")
    if "divide" not in design or not tree("calc/core.py"):
        raise Stuck("I am the demo's scripted agent and only know its calculator: which engine should plan this?")
    say("read the design: divide in Python, then on the command line: two steps")
    code, answer = run("bee", "plan", scratch("plan.md", FIRST_PLAN))
    if code and "no-accept" in answer:
        say("step `command` has no Accept line: adding how it will be checked")
        bee("plan", scratch("plan.md", FIRST_PLAN + FORGOTTEN_ACCEPT))
    elif code:
        raise SystemExit(f"bee refused the plan: {answer}")


# drafter


def draft(item: dict[str, Any]) -> None:
    """Build the step, or repair what the feedback names; test, commit, submit."""
    builders: dict[str, Callable[[], str]] = {"divide": build_divide, "command": build_command}
    feedback, step = context("feedback.md"), step_id(item)
    if step not in builders:
        raise Stuck(f"I am the scripted agent of `bee demo` and do not know how to build `{step or item.get('title')}`")
    say(f"step `{step}`: " + ("repairing what the feedback names" if feedback else "building it"))
    subject = repair(feedback) if feedback else builders[step]()
    code, _ = run(*TESTS)
    if code:
        raise Stuck("my change does not pass the unit tests")
    commit(subject)
    bee("submit", "--title", title_of(step), "--body-file", scratch("body.md", body_of(step, subject)))


def title_of(step: str) -> str:
    """The title of a step's pull request."""
    return "calc: divide, refusing zero" if step == "divide" else "calc: divide on the command line"


def body_of(step: str, subject: str) -> str:
    """What the pull request says."""
    return f"Step `{step}`. Latest change: {subject}.\n\nChecked with `python3 -m unittest`: all pass.\n"


def build_divide() -> str:
    """The function, and the test of its ordinary case (the edge case is forgotten)."""
    replaced("calc/core.py", "    return a - b\n", "    return a - b\n" + DIVIDE, unless="def divide")
    replaced("tests/test_core.py", END, TEST_DIVIDE + END, unless="def test_divide")
    return "Add divide, which refuses zero"


def build_command() -> str:
    """Divide on the command line, with unit tests of main (nobody looks at the process)."""
    replaced("calc/cli.py", "import argparse\n", "import argparse\nimport sys\n", unless="import sys")
    replaced("calc/cli.py", ENTRY, ENTRY + ENTRY.replace("subtract", "divide"), unless="core.divide")
    replaced("calc/cli.py", CALL, CALL_CHECKED, unless="except ValueError")
    replaced("tests/test_cli.py", END, TEST_COMMAND + END, unless="def test_divide")
    replaced("README.md", README_SUBTRACT, README_SUBTRACT + README_DIVIDE, unless="divide 6 3")
    return "Offer divide on the command line"


def repair(feedback: str) -> str:
    """Repair what the feedback names and the tree confirms."""
    done = []
    if "divide(1, 0)" in feedback and "core.divide(1, 0)" not in tree("tests/test_core.py"):
        replaced("tests/test_core.py", END, TEST_ZERO + END, unless="core.divide(1, 0)")
        done.append("Test that dividing by zero is refused")
    if "exit" in feedback and DROPPED in tree("calc/__main__.py"):
        replaced("calc/__main__.py", DROPPED, PASSED_ON, unless=PASSED_ON)
        replaced("tests/test_cli.py", "import io\n", "import io\nimport subprocess\nimport sys\n", unless="subprocess")
        replaced("tests/test_cli.py", END, TEST_STATUS + END, unless="test_the_process_exits")
        done.append("Exit with the status main returns")
    if not done:
        raise Stuck("the feedback names nothing I can find in the code: " + " ".join(feedback.split())[:300])
    return " and ".join(done)


def commit(subject: str) -> None:
    """Commit what changed; nothing when an earlier run of this step has committed it already."""
    run("git", "add", "--all", quiet=True)
    if run("git", "diff", "--cached", "--quiet", quiet=True)[0]:
        run("git", "commit", "--quiet", "--message", subject)
    run("git", "log", "--oneline", "-3")


# reviewer


def review(item: dict[str, Any]) -> None:
    """Run the tests, try the behaviour, undo the guard in a scratch copy: what blocks, blocks in one go."""
    findings = [finding for check in (tests_pass, zero_is_guarded, step_is_complete) for finding in check(item)]
    if findings:
        body = "\n".join(f"{index}. {finding}" for index, finding in enumerate(findings, 1))
        bee("review", "--request-changes", "--body", body)
    else:
        bee("review", "--approve", "--body", APPROVAL)


def tests_pass(item: dict[str, Any]) -> list[str]:
    """The project's own tests."""
    code, output = run(*TESTS)
    return [f"`python3 -m unittest` fails:\n\n{output[-1500:]}"] if code else []


def zero_is_guarded(item: dict[str, Any]) -> list[str]:
    """The edge case the design names: it is refused, and a test would notice if it were not."""
    core = tree("calc/core.py")
    if GUARD not in core:
        return ["calc/core.py: `divide(1, 0)` is not refused with ValueError, which the design asks for."]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(".", copy, ignore=shutil.ignore_patterns(".git", "__pycache__"))
        (copy / "calc/core.py").write_text(core.replace(GUARD, ""), encoding="utf-8")
        say("in a scratch copy, without the guard against zero:")
        code, _ = run(*TESTS, cwd=copy)
    if code:
        return []
    return [UNTESTED]


def step_is_complete(item: dict[str, Any]) -> list[str]:
    """What the step promises beside tests."""
    if step_id(item) != "command":
        return []
    found = []
    if "divide" not in tree("README.md"):
        found.append("README.md does not name `divide`, which the design asks for.")
    if "divide" not in tree("tests/test_cli.py"):
        found.append("tests/test_cli.py: nothing tests `divide` on the command line.")
    return found


# test and merger


def test(item: dict[str, Any]) -> None:
    """Let bee run the end-to-end command; find the cause of a failure and classify it."""
    code, output = run("bee", "e2e", "run")
    if code == 0:
        say("the end-to-end run passed: nothing to classify")
        return
    if code != 1:
        raise SystemExit(f"bee refused `e2e run`: {output}")
    say("it failed: reproducing it in the clone")
    code, mine = run("sh", "tests/e2e/verify.sh")
    if code == 0:
        bee("e2e", "classify", "lazy-run", "the same command passes in the clone")
        return
    failed = "; ".join(line for line in mine.splitlines() if line.startswith("FAILED"))
    cause = "calc/__main__.py drops what main() returns. " if DROPPED in tree("calc/__main__.py") else ""
    bee("e2e", "classify", "code-bug", f"{cause}{failed or mine[-500:]}")


def merge(item: dict[str, Any]) -> None:
    """Look at what would be merged, and merge."""
    _, names = run("git", "diff", "--name-only", f"{item['base']}...HEAD")
    strays = [name for name in names.splitlines() if name.startswith(".github/")]
    if strays:
        raise Stuck(f"the change touches {', '.join(strays)}: is that meant?")
    bee("merge")


ROLES = {"planner": plan, "drafter": draft, "reviewer": review, "test": test, "merger": merge}


def main() -> int:
    """Read the prompt and the context, play the role, end."""
    prompt = sys.stdin.read()
    item = json.loads(context("item.json"))
    say(f"{item['role']}: {item['repo']}#{item['number']} {item['title']} (prompt of {len(prompt.split())} words)")
    try:
        ROLES[item["role"]](item)
    except Stuck as question:
        bee("pause", str(question))
    return 0


if __name__ == "__main__":
    sys.exit(main())
