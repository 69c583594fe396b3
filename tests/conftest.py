"""What every test may count on: a clean environment, a home of its own, and no way out of its temporary folder.

The rules hold in this process and in what it starts: no GitHub credential and no setting of git, GitHub or bee comes
in from outside; HOME and the working directory are the test's own; git never runs in a folder that is not temporary
(a test once overwrote the repository it lived in); sockets reach loopback only, and package managers no registry.
"""

from __future__ import annotations

import compileall
import gc
import ipaddress
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

DEEP = os.environ.get("BEE_DEEP") == "1"
TALLY = os.environ.get("BEE_TEST_TALLY")
SAID_AT_THE_END = "said at the end"  # what a test records under this name is printed below the results

_CHECKOUT = Path(__file__).resolve().parents[1]
_REAL_HOME = Path.home().resolve()
_TEMPORARY = (Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve())
_FOREIGN = ("GIT_", "GH_", "GITHUB_", "BEE_", "XDG_", "CLAUDE", "ANTHROPIC_", "OPENAI_", "CODEX_", "GEMINI_")
_ASKED_AGAIN = ("BEE_DEEP", "BEE_CACHE", "BEE_SCREENS")  # by the processes of pytest -n
_NO_REGISTRY = "http://127.0.0.1:9/"  # npm has no setting that keeps all of its commands offline
_GITCONFIG = """\
[user]
\tname = This Machine
\temail = machine@example.invalid
[init]
\tdefaultBranch = main
[commit]
\tgpgSign = false
"""


def _scrub() -> None:
    for name in list(os.environ):
        if name.startswith(_FOREIGN) and name not in _ASKED_AGAIN:
            del os.environ[name]
    os.environ.update(GIT_CONFIG_NOSYSTEM="1", GIT_TERMINAL_PROMPT="0", PYTHONDONTWRITEBYTECODE="1")
    # What tests need from registries was fetched before them, or they are skipped; a registry may hang.
    os.environ.update(PIP_NO_INDEX="1", UV_OFFLINE="1", npm_config_registry=_NO_REGISTRY, npm_config_fetch_retries="0")
    # A shell that starts the tests in the background lets all of their processes ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has it ignored, and children inherit that


_scrub()

settings.register_profile("quick", deadline=None, database=None, print_blob=True)
settings.register_profile(
    "deep", settings.get_profile("quick"), max_examples=2_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("deep" if DEEP else "quick")


# ---- what a test may not do -----------------------------------------------------------------------------------------


class EscapedError(AssertionError):
    """A test reached for something outside its temporary folder."""


def _inside(path: Path) -> bool:
    resolved = path.resolve()
    return any(map(resolved.is_relative_to, _TEMPORARY)) and not resolved.is_relative_to(_CHECKOUT)


def _text(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, bytes | os.PathLike) else str(value)


def _git_folder(argv: Sequence[Any], cwd: Any) -> Path:
    """The folder a git command would work in: the process's own, `cwd`, and every `-C` after it."""
    folder = Path.cwd() / _text(cwd) if cwd else Path.cwd()
    words = [_text(word) for word in argv[1:]]
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word == "-C" and words:
            folder /= words.pop(0)
        elif word in {"-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"} and words:
            words.pop(0)
    return folder


def _refuse_git(argv: Any, cwd: Any) -> None:
    words = [argv] if isinstance(argv, str | bytes) else list(argv or ())
    if words and Path(_text(words[0])).name == "git" and not _inside(_git_folder(words, cwd)):
        raise EscapedError(f"a test ran git outside its temporary folder: {words}")


def _refuse_connection(address: Any) -> None:
    host = _text(address[0]) if isinstance(address, tuple) else ""
    if not host or host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise EscapedError(f"a test reached for the network: {address!r}")


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        _refuse_git(args[1], args[2])
    elif event == "socket.connect":
        _refuse_connection(args[1])
    elif event == "open" and isinstance(args[0], str) and args[0].startswith(f"{_REAL_HOME}/.git-bee/"):
        raise EscapedError(f"a test opened this machine's real bee home: {args[0]}")


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home and a working directory of the test's own; what it changes in the environment ends with it."""
    before = dict(os.environ)
    home, here = tmp_path / "home", tmp_path / "cwd"
    home.mkdir()
    here.mkdir()
    (home / ".gitconfig").write_text(_GITCONFIG)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(here)
    yield
    monkeypatch.undo()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def stage(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A forge, people, and the repository ada/calc: a tests.belt.stage.Stage."""
    from tests.belt.stage import POLICY, SESSIONS, staged  # here, so that a test without a stage imports none of it

    policy = SESSIONS if request.node.get_closest_marker("sessions") else POLICY
    with staged(tmp_path, {".github/bee.yml": policy}) as made:
        yield made


# ---- which tests run, and what is said at the end --------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Compile bee once: thousands of processes that tests start import it, and none of them may write bytecode."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(_CHECKOUT / "bee", quiet=2)
    gc.disable()  # what is collected stays, and would be looked through some thirty times


def pytest_collection_finish() -> None:
    """Thousands of tests and all modules: no later search for garbage looks through them."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves tests marked `deep` for `scripts/test --deep`, and puts those marked `long` first."""
    if not DEEP:
        left = [item for item in items if item.get_closest_marker("deep")]
        items[:] = [item for item in items if not item.get_closest_marker("deep")]
        config.hook.pytest_deselected(items=left)
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Says which seed this run's order came from, and hands the counts to scripts/test."""
    seed = getattr(config.option, "randomly_seed", None)
    terminalreporter.write_line(f"same order again: scripts/test -- --randomly-seed={seed}")
    stats = terminalreporter.stats
    for report in (report for kind in ("passed", "failed") for report in stats.get(kind, ())):
        for name, text in report.user_properties:
            if name == SAID_AT_THE_END:
                terminalreporter.write_line(str(text))

    def count(*kinds: str) -> int:
        return sum(len(stats.get(kind, ())) for kind in kinds)

    if TALLY:
        numbers = (count("passed", "xpassed"), count("failed", "error"), count("skipped", "xfailed"))
        Path(TALLY).write_text(f"{' '.join(map(str, numbers))} {count('deselected')}\n")
