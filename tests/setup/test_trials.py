"""`bee init` finds out what a repository needs by trying: it proposes what it has run, and refuses the rest."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bee.cli import wiring
from bee.config.schema import Settings, policy_of
from bee.config.yaml import parse
from bee.git.mirror import Mirror
from bee.host import AgentRunner
from bee.setup.candidates import Candidate
from bee.setup.trial import Ran, opened
from bee.system.home import Home
from tests.belt.plays import Ended, bee, last_seq
from tests.belt.stage import Stage, staged, until
from tests.engines.hosts import BOXED
from tests.setup.places import POLICY, done_writes, engine, init
from tests.setup.terminal import terminal

needs_box = pytest.mark.skipif(not BOXED, reason="bubblewrap is not installed here")
HERE = ("--sandbox", "required" if BOXED else "none")
QUESTION, WRITE = "Which command must pass", "Write this?"
CI = ".github/workflows/ci.yml"
UNIT = "import unittest\n\n\nclass Sums(unittest.TestCase):\n    def test_sums(self):\n        assert 1 + 1 == 2\n"
FAILING = UNIT.replace("2\n", "3\n")
FUNCTION = "def test_sums():\n    assert 1 + 1 == 2\n"
# In the place of pytest: it calls each function of a module at the top, and sums up as pytest does.
RUNNER = """import glob, runpy, sys
ran = [call for path in glob.glob("test_*.py") for name, call in runpy.run_path(path).items() if name[:5] == "test_"]
for call in ran:
    call()
print(f"=== {len(ran)} passed in 0.01s ===" if ran else "=== no tests ran in 0.01s ===")
sys.exit(0 if ran else 5)
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A repository with a readme, and nothing that tests it."""
    with staged(tmp_path) as made:
        made.push({**dict.fromkeys(made.main_files()), "README.md": "# calc\n"}, message="From nothing")
        yield made


def tried(ended: Ended) -> list[tuple[list[str], str]]:
    """The commands of each trial, and why it was refused."""
    return [([ran["command"] for ran in one["commands"]], one["refused"]) for one in ended.json["tried"]]


def policy(stage: Stage) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`setup` and `verify` of the policy on the default branch."""
    stage.main_files()
    found = policy_of("bee.yml", parse(stage.git("show", f"origin/main:{POLICY}"), "bee.yml"))
    return found.setup.run, found.verify


def left(stage: Stage) -> list[str]:
    """What lies in the temporary folder that bee was given."""
    return [path.name for path in (stage.folder / "tmp").iterdir()]


def tmp(stage: Stage) -> dict[str, str]:
    """A temporary folder of this test's own, as a variable."""
    (stage.folder / "tmp").mkdir(exist_ok=True)
    return {"TMPDIR": str(stage.folder / "tmp")}


# ---- what passes is proposed ----------------------------------------------------------------------------------------


def test_case_u1_what_runs_no_tests_is_not_proposed(stage: Stage) -> None:
    """Functions that pytest finds, and unittest does not: `python3 -m unittest` would pass whatever they say."""
    stage.push({"tox.ini": "", "Makefile": "test:\n\tpython3 -m unittest || test $$? = 5\n", "test_calc.py": "x = 1\n"})
    seq, given = last_seq(stage), tmp(stage)
    ended = init(stage, "--verify", "make test", *HERE, **given)
    assert ended.code == 2
    assert "make test: it ran no tests" in ended.err
    assert "Ran 0 tests" in ended.err
    assert "--untried" in ended.err
    assert done_writes(stage, seq) == []
    assert left(stage) == []


@pytest.mark.parametrize(("files", "verify"), [
    ({"test_calc.py": UNIT}, "python3 -m unittest"),
    ({"tests/test_calc.py": UNIT}, "python3 -m unittest discover -s tests"),
    ({"Makefile": "check:\n\tpython3 -m unittest\n", "unit.py": UNIT,
      ".github/workflows/ci.yml": "    - run: python3 -m unittest unit\n"}, "python3 -m unittest unit"),
])  # fmt: skip
def test_case_u1_the_first_that_passes_is_written_with_what_it_ran(
    stage: Stage, files: Mapping[str, str], verify: str
) -> None:
    stage.push({**files})
    ended = init(stage, *HERE, **tmp(stage))
    assert ended.code == 0, ended.err
    assert f"            {verify} … 1 test in 0." in ended.out
    assert f"verify      {verify}: 1 test in 0." in ended.out
    assert policy(stage) == ((), (verify,))
    assert left(stage) == []


def test_case_u1_a_script_that_says_nothing_of_tests_passes_by_its_exit(stage: Stage) -> None:
    stage.push({"tests/e2e/verify.sh": "grep -q calc README.md\n! env | grep t-bee\n"})
    ended = init(stage, "--json", *HERE)
    assert ended.code == 0, ended.err
    [one] = ended.json["tried"]
    assert (one["verify"], one["refused"], one["commands"][0]["tests"]) == ("sh tests/e2e/verify.sh", "", None)


def test_case_u1_an_installing_verify_is_written_as_setup_and_verify(stage: Stage) -> None:
    """`setup` leaves what `verify` needs in the checkout."""
    stage.push({"test_calc.py": UNIT})
    given = "python3 -m venv --without-pip env && env/bin/python -m unittest"
    ended = init(stage, "--json", "--verify", given, *HERE)
    assert ended.code == 2, "a path that is not in the repository: E2E would look for it"
    assert "env/bin/python is not in the repository" in ended.err
    ended = init(stage, "--json", "--verify", given.replace("env", ".env").replace("v.env", "venv"), *HERE)
    assert ended.code == 0, ended.err
    assert policy(stage) == (("python3 -m venv --without-pip .env",), (".env/bin/python -m unittest",))


@pytest.mark.parametrize("files", [
    {"tests/test_big.py": f"# {'x' * 1_100_000}\n"},
    {"pyproject.toml": f"a = {'1' * 5000}\n"},
    {".github/workflows/a\nb.yml": "    - run: pytest\n"},
], ids=["a file over 1 MiB", "a number too long for Python", "a line break in a name"])  # fmt: skip
def test_case_u1_what_cannot_be_read_is_left_out(stage: Stage, files: Mapping[str, str]) -> None:
    stage.push({**files, "unit.py": UNIT, CI: "    - run: python3 -m unittest unit # \x7f\x9b2J\n"})
    ended = init(stage, *HERE, **tmp(stage))
    assert ended.code == 0, ended.err
    assert policy(stage) == ((), ("python3 -m unittest unit # \x7f\x9b2J",))
    assert left(stage) == []


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_case_u1_a_failing_suite_is_refused_with_its_end_unless_untried(stage: Stage) -> None:
    make = "test:\n\tpython3 -m unittest unit\ncheck:\n\t@printf '\\033[2Jbroken\\n'; exit 3\n"
    stage.push({"unit.py": UNIT.replace("2\n", "3\n"), "Makefile": make})
    seq = last_seq(stage)
    ended = init(stage, *HERE)
    assert ended.code == 2
    for text in ("no command passed and ran tests", "  make test: exit 2 after 0.", "[2Jbroken", "--verify"):
        assert text in ended.err
    assert "\x1b" not in ended.err, "what it prints does not move the cursor"
    assert done_writes(stage, seq) == []
    ended = init(stage, "--verify", "make test", "--untried", *HERE)
    assert ended.code == 0, ended.err
    assert "verify      make test: not tried, as --untried says" in ended.out
    assert policy(stage) == ((), ("make test",))


SILENT, DENIED = "says nothing of tests; if it tests", "says that tests failed: "
NOTHING = "nothing in the repository's files"


@pytest.mark.parametrize(("files", "why"), [
    ({CI: "    - run: python3 -m unittest unit 2>&1 | tee tests.log\n"}, NOTHING),
    ({CI: "    - run: python3 -m unittest unit || true\n"}, NOTHING),
    ({CI: "    - run: scripts/test\n", "scripts/test": ""}, "no command passed"),
    ({"Makefile": "test:\n\tpython3 -m compileall -q unit.py\n"}, f"make test: {SILENT}"),
    ({"Makefile": "test:\n\t-python3 -m unittest unit\n"}, f"{DENIED}FAILED (failures=1)"),
    ({"Makefile": "test:\n\t-sh -c 'exit 3'\n"}, f"{DENIED}make: [Makefile:2: test] Error 3 (ignored)"),
], ids=["tee", "or true", "not to be run", "compiled only", "ignored by make", "ignored by make, unsaid"])  # fmt: skip
def test_case_u1_what_hides_how_tests_ended_is_not_proposed(stage: Stage, files: Mapping[str, str], why: str) -> None:
    stage.push({**files, "unit.py": FAILING})
    seq = last_seq(stage)
    ended = init(stage, *HERE)
    assert (ended.code, why in ended.err) == (2, True), ended.err
    assert done_writes(stage, seq) == []


def test_case_u1_a_person_may_say_a_silent_command_but_none_that_is_denied(stage: Stage) -> None:
    stage.push({"unit.py": FAILING})
    ended = init(stage, "--verify", "python3 -m unittest unit || true", *HERE)
    assert (ended.code, f"{DENIED}FAILED (failures=1)" in ended.err) == (2, True), ended.err
    assert init(stage, "--verify", "test -f unit.py", *HERE).code == 0
    assert policy(stage) == ((), ("test -f unit.py",))


def test_case_u1_a_repository_without_tests_is_told_what_to_say(stage: Stage) -> None:
    ended = init(stage, *HERE)
    assert ended.code == 2
    assert "nothing in the repository's files says how it is tested" in ended.err
    assert "--untried alone writes `sh tests/e2e/verify.sh`" in ended.err
    assert init(stage, "--untried", *HERE).code == 0
    assert policy(stage) == ((), ("sh tests/e2e/verify.sh",))


class Told:
    """Who is told of each command."""

    def __init__(self) -> None:
        self.said: list[str | Ran] = []

    def begins(self, command: str) -> None:
        """It is about to run."""
        self.said.append(command)

    def ended(self, ran: Ran) -> None:
        """It has ended."""
        self.said.append(ran)


def test_case_u1_what_hangs_is_stopped_when_the_time_of_all_trials_is_up(stage: Stage) -> None:
    stage.push({"hang.sh": "sleep 600 & sleep 600\n"})
    settings, told = Settings(sandbox=HERE[1]), Told()
    env = {**stage.env(), "PATH": os.environ["PATH"]}

    def build(home: Home) -> tuple[Mirror, AgentRunner]:
        mirror = wiring.mirror_of(env, settings, stage.tokens["bee"], home, stage.repo)
        return mirror, wiring.runner_of(env, settings, home)

    with opened(build, stage.repo, "main", False, told) as trial:
        begun = time.monotonic()
        short = replace(trial, seconds_max=int(begun - trial.begun) + 2)
        found = short.tries(Candidate("sh hang.sh", ("true",)))
        assert time.monotonic() - begun < 25
        assert short.over()
        kept = trial.folder
    assert found.refused.startswith("stopped after ")
    assert [one if isinstance(one, str) else one.exit for one in told.said] == ["true", 0, "sh hang.sh", None]
    assert not kept.exists()


# ---- a virtual environment ------------------------------------------------------------------------------------------


@contextmanager
def registry(folder: Path) -> Iterator[int]:
    """A package registry on loopback that has one package, called pytest; its port."""
    place = folder / "registry" / "packages" / "pytest"
    place.mkdir(parents=True)
    wheel, info = "pytest-9.0.0-py3-none-any.whl", "pytest-9.0.0.dist-info"
    with zipfile.ZipFile(place / wheel, "w") as made:
        made.writestr("pytest/__main__.py", RUNNER)
        made.writestr("pytest/__init__.py", "")
        made.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: pytest\nVersion: 9.0.0\n")
        made.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        made.writestr(f"{info}/RECORD", "")
    (place / "index.html").write_text(f'<!DOCTYPE html><a href="{wheel}">{wheel}</a>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=folder / "registry"))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.long
@needs_box
def test_case_u1_a_project_of_pytest_gets_an_environment_that_setup_makes(stage: Stage, tmp_path: Path) -> None:
    """pytest is not among the system's programs: it comes from the registry, and only `setup` reaches that."""
    stage.push({"requirements.txt": "pytest\n", "test_calc.py": FUNCTION})
    with registry(tmp_path) as port:
        home = stage.folder / "home-host"
        home.mkdir(mode=0o700)
        config = {"version": 1, "repos": ["b/c"], "roles": {"drafter": {"network": [f"127.0.0.1:{port}"]}}}
        (home / "config.yml").write_text(json.dumps(config))
        url = f"http://127.0.0.1:{port}/packages"
        ended = init(stage, "--json", PIP_INDEX_URL=url, PATH="/usr/bin:/bin", **tmp(stage))
    assert ended.code == 0, ended.err
    setup = ["python3 -m venv .venv", "echo '*' > .venv/.gitignore", ".venv/bin/pip install -r requirements.txt pytest"]
    verify = ".venv/bin/python -m pytest"
    first, second = tried(ended)
    assert first[0] == ["python3 -m pytest"]
    assert first[1].startswith("exit 1")
    assert second == ([*setup, verify], "")
    assert ended.json["tried"][1]["commands"][3]["tests"] == 1
    assert policy(stage) == (tuple(setup), (verify,))
    assert left(stage) == []


@needs_box
def test_case_u1_a_link_of_the_repository_leads_to_no_file_of_the_host(stage: Stage) -> None:
    """A file that `verify` names is put into the box by its path, and a link is not one."""
    secret = stage.folder / "secret"
    secret.write_text("the secret of the host\n")
    link = {"path": "tests/e2e/verify.sh", "mode": "120000", "type": "blob", "content": str(secret)}
    base = stage.head("main")
    tree = stage.call("ada", "POST", stage.at("/git/trees"), {"tree": [link], "base_tree": base})
    commit = {"message": "A link", "tree": tree["sha"], "parents": [base]}
    oid = stage.call("ada", "POST", stage.at("/git/commits"), commit)["sha"]
    stage.call("ada", "PATCH", stage.at("/git/refs/heads/main"), {"sha": oid})
    ended = init(stage, "--verify", "cat tests/e2e/verify.sh")
    assert ended.code == 2
    assert "cat: tests/e2e/verify.sh: No such file" in ended.err
    assert "the secret" not in ended.err + ended.out


@needs_box
def test_case_u1_what_verify_would_need_the_network_for_is_refused_in_the_trial(stage: Stage) -> None:
    """Closed as in a run: neither this machine nor a name is reached, and nothing arrives."""
    port = int(stage.forge.api_url.rpartition(":")[2])
    asks = f"import socket; socket.create_connection(('127.0.0.1', {port}), 3).send(b'GET /left HTTP/1.1\\r\\n\\r\\n')"
    stage.push({"ask.py": f"{asks}\n"})
    ended = init(stage, "--verify", "python3 ask.py", "--sandbox", "required")
    assert (ended.code, "Connection refused" in ended.err) == (2, True), ended.err
    assert not any("/left" in str(entry) for entry in stage.control("log"))
    assert subprocess.run([sys.executable, "-c", asks], check=False).returncode == 0, "outside the box it is there"


# ---- where nothing may run ------------------------------------------------------------------------------------------


def test_case_u1_without_a_box_nothing_of_the_repository_is_run(stage: Stage) -> None:
    seen = stage.folder / "seen"
    stage.push({"Makefile": f"test:\n\ttouch {seen}\n"})
    folder = stage.folder / "programs"
    folder.mkdir()
    for name in ("bwrap", "sandbox-exec"):
        (folder / name).write_text("#!/bin/sh\nexit 1\n")
        (folder / name).chmod(0o755)
    path = f"{folder}:{stage.env()['PATH']}"
    ended = init(stage, PATH=path)
    assert ended.code == 0, ended.err
    assert "verify      make test: not tried, since no box can be built here" in ended.out
    assert not seen.exists()
    assert policy(stage) == ((), ("make test",))


def test_case_u1_a_dry_run_without_a_box_runs_nothing(stage: Stage) -> None:
    seen = stage.folder / "seen"
    stage.push({"Makefile": f"test:\n\ttouch {seen}\n"})
    for more in ((), ("--verify", "make test")):
        ended = bee(stage, "init", "--dry-run", "--repo", stage.repo, "--sandbox", "none", *more)
        assert ended.code == 0, ended.err
        assert "verify      make test: not tried, since a dry run runs nothing without a box" in ended.out
    assert not seen.exists()


def test_a_dry_run_tries_too_and_leaves_nothing(stage: Stage) -> None:
    stage.push({"test_calc.py": UNIT})
    seq = last_seq(stage)
    ended = bee(stage, "init", "--dry-run", "--repo", stage.repo, **tmp(stage))
    assert ended.code == 0, ended.err
    assert "verify      python3 -m unittest: 1 test in 0." in ended.out or not BOXED
    assert done_writes(stage, seq) == []
    assert left(stage) == []
    assert not (stage.folder / "home-host").exists()


# ---- asked on a terminal --------------------------------------------------------------------------------------------


def test_case_u1_what_a_person_types_is_tried_and_may_be_kept(stage: Stage) -> None:
    stage.push({"Makefile": "test:\n\t@echo broken; exit 3\n", "test_calc.py": UNIT})
    options = ("--intake", "all", "--engine", "sh", *HERE)
    with terminal(stage, "init", "--repo", "ada/calc", *options) as screen:
        screen.wait_for(QUESTION)
        screen.wait_for("[python3 -m unittest] >")
        screen.type("make test")
        screen.wait_for("| broken")
        screen.wait_for("Keep it all the same?")
        screen.type("")
        screen.wait_for(QUESTION)
        screen.type("make test")
        screen.wait_for("Keep it all the same?")
        screen.type("y")
        screen.wait_for(WRITE)
        screen.type("")
        assert screen.end() == 0, screen.shown
    assert policy(stage) == ((), ("make test",))


def test_case_u8_on_a_terminal_the_seconds_of_a_trial_tick_and_nowhere_else(stage: Stage) -> None:
    """Each second over the last; how it ended stands in its place, and Ctrl-C stops it."""
    stage.push({"test_calc.py": f"import time\n{UNIT}time.sleep(2.5)\n"})
    options = ("--intake", "all", "--engine", "sh", *HERE)
    with terminal(stage, "init", "--repo", "ada/calc", *options, PYTHONUNBUFFERED="1") as screen:
        screen.wait_for("git fetch … ")
        screen.wait_for("fetched\n            python3 -m unittest … ")
        assert re.fullmatch("1 s\b\b\b2 s\b\b\b([0-9]+ s\b+)*1 test in ", screen.wait_for("1 test in "))
        screen.wait_for(QUESTION)
        screen.type("sleep 60")
        screen.wait_for("sleep 60 … 1 s\b\b\b")
        screen.press(b"\x03")
        assert screen.end() == 130, screen.shown
    piped = init(stage, *HERE)
    assert "\b" not in piped.out
    assert "git fetch" not in piped.out
    assert "            python3 -m unittest … 1 test in " in piped.out


def test_case_u1_a_trial_has_all_of_the_history_as_a_run_has(stage: Stage) -> None:
    """A clone of a shallow mirror would have a parent that is not there: versions and changes are read from history."""
    stage.push({"more.txt": "1\n"}, message="More")
    verify = "git log --format=%s > log.txt && grep -c . log.txt && git describe --always HEAD~1 && git diff HEAD~1"
    ended = init(stage, "--verify", verify, *HERE)
    assert ended.code == 0, ended.err
    assert policy(stage) == ((), (verify,))


def test_case_u1_where_nothing_passes_a_person_says_what_does(stage: Stage) -> None:
    options = ("--intake", "all", "--engine", "sh", *HERE)
    with terminal(stage, "init", "--repo", "ada/calc", *options) as screen:
        screen.wait_for("nothing in the repository's files says how it is tested")
        screen.wait_for(QUESTION)
        screen.type("")
        screen.wait_for("a command, please")
        screen.type("grep calc README.md")
        screen.wait_for("passed in")
        screen.wait_for(WRITE)
        screen.type("")
        assert screen.end() == 0, screen.shown
    assert policy(stage) == ((), ("grep calc README.md",))


def processes() -> str:
    """What runs on this machine."""
    return subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout


def test_case_u1_ctrl_c_ends_what_hangs_and_leaves_nothing(stage: Stage) -> None:
    mark = f"sleep 60{stage.forge.api_url.rpartition(':')[2]}"
    stage.push({"tests/e2e/verify.sh": f"{mark} & {mark}\n"})
    with terminal(stage, "init", "--repo", "ada/calc", "--intake", "all", *HERE, **tmp(stage)) as screen:
        screen.wait_for("sh tests/e2e/verify.sh … ")
        until("it runs", 60, lambda: mark in processes())
        screen.press(b"\x03")
        assert screen.end() == 130, screen.shown
    assert left(stage) == []
    assert mark not in processes()


def test_case_u1_a_policy_that_would_not_be_read_is_not_written(stage: Stage) -> None:
    seq = last_seq(stage)
    ended = init(stage, "--verify", " ", "--untried", *HERE)
    assert (ended.code, f"{POLICY} cannot hold this" in ended.err) == (2, True), ended.err
    assert done_writes(stage, seq) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["the box is tried", "a folder is made for it", "it runs"])
def test_case_u1_a_signal_that_ends_init_leaves_nothing(stage: Stage, number: int, moment: str) -> None:
    mark = f"sleep 61{stage.forge.api_url.rpartition(':')[2]}"
    stage.push({"tests/e2e/verify.sh": f"{mark} & {mark}\n"})
    with terminal(stage, "init", "--repo", "ada/calc", "--intake", "all", *HERE, **tmp(stage)) as screen:
        if moment == "the box is tried":
            until("a folder is made", 60, lambda: left(stage))
        else:
            screen.wait_for("sh tests/e2e/verify.sh … ")
        if moment == "it runs":
            until("it runs", 60, lambda: mark in processes())
        screen.kill(number)
        assert screen.end() == 130, screen.shown
    assert left(stage) == []
    assert mark not in processes()


# ---- and then it works ----------------------------------------------------------------------------------------------


def test_case_u1_a_change_is_merged_by_the_setup_and_verify_that_init_wrote(stage: Stage) -> None:
    """The agent adds all that lies in its clone but what git ignores: the environment of `setup`."""
    stage.push({"test_calc.py": UNIT, ".gitignore": ".venv\n__pycache__\n"})
    given = "python3 -m venv --without-pip .venv && .venv/bin/python -m unittest"
    ended = init(stage, "--intake", "all", "--verify", given, "--engine", engine(stage), "--sandbox", "none")
    assert ended.code == 0, ended.err
    stage.issue()
    assert bee(stage, "tick", "--json").code == 0
    until("the merge", 90, lambda: [one for one in stage.pulls() if one["merged_at"]])
    assert not [path for path in stage.main_files() if ".venv" in path]
