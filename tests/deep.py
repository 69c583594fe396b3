"""The parts of `scripts/test --deep`, each within an hour on two processors:  python -m tests.deep [--write] [PART]…

Runs the parts that are named, one after the other; with `--write` each writes into docs/deep.md when it ran, on which
commit, and what it found. Without a name, says of each how many commits have changed bee or its tests since. Exits with
1 where a part failed, and with 2 where the arguments or the checkout do not allow it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.system.process import kill_tree

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "deep.md"
MINUTES_MAX: Final = 60
CODE: Final = ("bee", "agents", "scripts", "tests")
_ROW: Final = re.compile(r"(?m)^\| `(?P<name>[\w-]+)` \|.*$")
_DEEP: Final = re.compile(r"mark\.deep|BEE_DEEP")
_KILL: Final = "tests/belt/test_crash_kill.py::test"
_SEEDS: Final = "tests/sim/test_sim.py::test_a_thousand_small_projects_come_to_rest_by_the_rules"


@dataclass(frozen=True, slots=True)
class Part:
    """What it covers, for the page, and the arguments of pytest."""

    what: str
    tests: tuple[str, ...]


PARTS: Final[Mapping[str, Part]] = {
    "kill": Part("killed at every point, on one host", (
        f"{_KILL}_killed_in_every_state_bee_goes_on_and_the_end_is_the_same",
        f"{_KILL}_killed_anywhere_bee_goes_on_and_the_end_is_the_same",
    )),
    "kill-start": Part("killed around the start of a worker", (
        f"{_KILL}_a_tick_killed_around_the_start_of_its_worker_leaves_one_end",
    )),
    "kill-hosts": Part("killed, and other hosts continue", (
        f"{_KILL}_killed_anywhere_other_hosts_go_on_and_the_end_is_the_same",
    )),
    "kill-more": Part("killed while it speaks to people, cleans up, takes commits in or adopts", (
        "tests/belt/test_crash_people.py", "tests/belt/test_crash_takes.py", "tests/belt/test_crash.py",
    )),
    **{
        f"seeds-{n + 1}": Part(f"the simulator's seeds {1000 * n} to {1000 * n + 999}", (f"{_SEEDS}[{n}]",))
        for n in range(3)
    },
    "answers": Part("every answer to every request, and walks of many", (
        "tests/sim/test_said.py", "tests/belt/test_answers.py",
    )),
    "adversaries": Part("200 moves of each adversary", ("tests/attacks/test_adversaries.py",)),
    "lease": Part("a hundred rounds of fifty processes that claim at once", ("tests/lease/test_lease.py",)),
    "sabotage": Part("every fault of the table", ("tests/sabotage",)),
    "rest": Part("all other tests that are marked `deep` or do more then", ()),
}  # fmt: skip


def arguments(name: str) -> tuple[str, ...]:
    """What pytest is told to run for a part; `rest` is every file with deep tests that no other part names."""
    if PARTS[name].tests:
        return PARTS[name].tests
    named = [one.partition("::")[0] for part in PARTS.values() for one in part.tests]
    return tuple(path for path in deep_files() if not any(path == one or path.startswith(f"{one}/") for one in named))


def deep_files() -> list[str]:
    """The files of tests that have more to do in --deep."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    return [one.relative_to(ROOT).as_posix() for one in found if _DEEP.search(one.read_text("utf-8"))]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a part ended: what it found in words, and whether that is right."""

    found: str
    right: bool
    minutes: float


def run(name: str) -> Ran:
    """Run one part, and end it where it takes longer than it may."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        # Only what is deep or does more then; a part's few other tests are cheap beside those.
        words = ["-q", "-n", str(os.cpu_count() or 1), "--dist", "worksteal", f"--junitxml={report}", *arguments(name)]
        started = subprocess.Popen(
            [sys.executable, "-m", "pytest", *words], cwd=ROOT, env={**os.environ, "BEE_DEEP": "1"},
            start_new_session=True,
        )  # fmt: skip
        try:
            code = started.wait(MINUTES_MAX * 60)
        except subprocess.TimeoutExpired:
            return Ran(f"**not ended within {MINUTES_MAX} minutes**", False, MINUTES_MAX)
        finally:  # with the pools of its tests, which would take the processors from what runs next
            kill_tree(started.pid)
            started.wait()
        minutes = (time.monotonic() - began) / 60
        if not report.exists():
            return Ran(f"**no result: pytest ended with {code}**", False, minutes)
        found, right = read(report.read_text("utf-8"))
        if code not in (0, 1):
            return Ran(f"**not ended: pytest stopped with {code}**; until then {found}", False, minutes)
        return Ran(found, right, minutes)


def read(report: str) -> tuple[str, bool]:
    """What a report of pytest found, in words, and whether all that ran passed and something did."""
    cases = list(ElementTree.fromstring(report).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    passed = len(cases) - len(failed) - skipped
    names = ", ".join(f"`{case.get('name')}`" for case in failed).replace("|", "/")
    said = f"{passed} passed" + (f", {skipped} skipped" if skipped else "")
    return (f"**{len(failed)} failed:** {names}; {said}" if failed else said), bool(passed) and not failed


def written(page: str, name: str, *cells: str) -> str:
    """The page with this row of a part. Raises LookupError where it has none."""
    rows = [found for found in _ROW.finditer(page) if found["name"] == name]
    if len(rows) != 1:
        raise LookupError(f"docs/deep.md has {len(rows)} rows of `{name}`: it needs one, `never` in its third column")
    row = " | ".join((f"`{name}`", PARTS[name].what, *cells))
    return f"{page[: rows[0].start()]}| {row} |{page[rows[0].end() :]}"


def commits() -> dict[str, str]:
    """The commit that each row of the page names; "" where the part never ran."""
    rows = [(row["name"], row[0].split(" | ")[3].strip("` |")) for row in _ROW.finditer(PAGE.read_text("utf-8"))]
    return dict(rows)


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def _said(name: str, commit: str) -> str:
    """How much has changed since a part ran."""
    if not commit:
        return f"{name:12} never ran"
    try:
        since = _git("rev-list", "--count", f"{commit}..HEAD", "--", *CODE)
    except subprocess.CalledProcessError:
        return f"{name:12} ran on {commit}, which is not in this clone"
    return f"{name:12} ran on {commit}; {since} commits have changed bee or its tests since"


def main(words: Sequence[str]) -> int:
    """Run what is named, or say what has run."""
    writes, names = "--write" in words, [word for word in words if word != "--write"]
    if unknown := [name for name in names if name not in PARTS]:
        print(f"there is no part {unknown[0]!r} of --deep; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    if not names:
        print("\n".join(_said(name, commit) for name, commit in commits().items()))
        return 0
    if writes and (changed := _git("status", "--porcelain", "--", ".", ":!docs/deep.md")):
        print(f"commit first, so that the page can name what was tested:\n{changed}", file=sys.stderr)
        return 2
    right = True
    for name in names:
        commit, when = _git("rev-parse", "--short=9", "HEAD"), time.strftime("%Y-%m-%d %H:%M", time.gmtime())
        ran = run(name)
        right = right and ran.right
        print(f"{name}: {ran.found}, {ran.minutes:.0f} minutes", flush=True)
        if writes:
            fresh = written(PAGE.read_text("utf-8"), name, when, f"`{commit}`", f"{ran.minutes:.1f}", ran.found)
            PAGE.write_text(fresh, "utf-8")
    return 0 if right else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
