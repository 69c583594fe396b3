#!/usr/bin/env python3
"""The scripted agent of `bee demo`: standard library only, run by bee's `command` engine.

It knows one project (the demo's calculator) and plays all five roles on it with real means: it applies the patches
beside this file to the clone, runs the tests, commits with git, and proposes through the `bee` on its PATH. What it
does follows from the clone and from $BEE_CONTEXT alone; it remembers nothing between runs. It makes the two mistakes
beginners make: it forgets the test of an edge case, and it trusts unit tests where only the real command tells.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PATCHES = Path(__file__).parent
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

GUARD = '    if b == 0:\n        raise ValueError("cannot divide by zero")\n'
UNTESTED = (
    "tests/test_core.py: nothing tests `divide(1, 0)`. Without the guard in calc/core.py all tests stay green. "
    "Add a test that expects ValueError."
)
APPROVAL = (
    "Ran `python3 -m unittest`: all pass. Undoing the guard against zero in a scratch copy fails a test, as it should. "
    "The step is complete."
)
# The steps: the title of the pull request, and the subject of the commit. The edge case is forgotten in the first,
# and in the second nobody looks at the process.
STEPS = {
    "divide": ("calc: divide, refusing zero", "Add divide, which refuses zero"),
    "command": ("calc: divide on the command line", "Offer divide on the command line"),
}
BODY = "Step `{step}`. Latest change: {subject}.\n\nChecked with `python3 -m unittest`: all pass.\n"
DROPPED = "\nmain(sys.argv[1:])"


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


def applied(name: str) -> None:
    """Apply a patch of the script to the clone, unless it is in it."""
    patch = str(PATCHES / f"{name}.patch")
    if run("git", "apply", "--check", "--reverse", "-C1", patch, quiet=True)[0] == 0:
        return
    if run("git", "apply", patch)[0]:
        raise Stuck(f"{name}.patch does not fit: I only know the project of `bee demo`")


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
    feedback, step = context("feedback.md"), step_id(item)
    if step not in STEPS:
        raise Stuck(f"I am the scripted agent of `bee demo` and do not know how to build `{step or item.get('title')}`")
    say(f"step `{step}`: " + ("repairing what the feedback names" if feedback else "building it"))
    title, subject = STEPS[step]
    if feedback:
        subject = repair(feedback)
    else:
        applied(step)
    code, _ = run(*TESTS)
    if code:
        raise Stuck("my change does not pass the unit tests")
    commit(subject)
    bee("submit", "--title", title, "--body-file", scratch("body.md", BODY.format(step=step, subject=subject)))


def repair(feedback: str) -> str:
    """Repair what the feedback names and the tree confirms."""
    done = []
    if "divide(1, 0)" in feedback and "core.divide(1, 0)" not in tree("tests/test_core.py"):
        applied("zero")
        done.append("Test that dividing by zero is refused")
    if "exit" in feedback and DROPPED in tree("calc/__main__.py"):
        applied("status")
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
