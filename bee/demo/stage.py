"""Sets the stage: a forge in a folder, two people, a repository pushed over HTTP, bee's home, the issue.

What is played on it (the demo's calculator, or a rehearsal) comes in as a `Play`. The forge is a process of its own,
reached by HTTP and git only; every program gets an environment without this machine's credentials.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import bee
from bee.config.schema import POLICY_PATH
from bee.demo.person import Account, Addresses, Person
from bee.model.errors import GitError, LookError, SandboxError, UsageError
from bee.sandbox import box
from bee.setup.create_issues import title_of
from bee.system import process
from bee.system.data import data_path
from bee.system.keys import VARIABLE, Keys, new_key

PERSON_LOGIN: Final = "ada"
BEE_LOGIN: Final = "bee-worker"
_BYTECODE: Final = shutil.ignore_patterns("__pycache__")
START_SECONDS_MAX: Final = 30
GIT_SECONDS_MAX: Final = 300
MISSING_EXTRA: Final = "the embedded GitHub needs two libraries that are not installed: pip install 'bee[demo]'"
_LEFT_OUT: Final = ("GIT_", "GH_", "GITHUB_", "BEE_")
_LOOPBACK: Final = "127.0.0.1,localhost"


# ---- this machine ---------------------------------------------------------------------------------------------------


def clean_env(host_env: Mapping[str, str]) -> dict[str, str]:
    """The host's environment without tokens, addresses and settings of GitHub, git and bee."""
    env = {key: value for key, value in host_env.items() if not key.startswith(_LEFT_OUT)}
    package = str(Path(bee.__file__).parents[1])
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [package, host_env.get("PYTHONPATH", "")]))
    for name in ("no_proxy", "NO_PROXY"):
        env[name] = ",".join(filter(None, [host_env.get(name, ""), _LOOPBACK]))
    own = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    return {**env, **own, "PYTHONUNBUFFERED": "1"}


def identity(login: str) -> dict[str, str]:
    """The git identity of one of the demo's people."""
    who = {"NAME": login, "EMAIL": f"{login}@example.invalid"}
    return {f"GIT_{part}_{key}": value for part in ("AUTHOR", "COMMITTER") for key, value in who.items()}


def git(env: Mapping[str, str], cwd: Path, *argv: str) -> str:
    """What a git command prints. Raises GitError with what git said."""
    ended = process.run(["git", *argv], cwd=cwd, env=env, seconds=GIT_SECONDS_MAX)
    if ended.code:
        said = (ended.err or ended.out).decode("utf-8", "replace").strip()
        raise GitError(f"git {argv[0]} failed: {said}")
    return ended.out.decode("utf-8", "replace").strip()


def choose_sandbox(env: Mapping[str, str]) -> tuple[str, str]:
    """The word for config.yml, and a sentence for people.

    `required` where a box can really be built here, else `none`: the demo's agent harms nobody.
    """
    try:
        found = box.find("required", env.get("PATH", ""))
    except SandboxError as reason:
        why = str(reason).partition(". ")[0]
        return "none", f"none, written into the demo's own config.yml. {why}."
    return "required", f"required: every agent runs in a box ({found.mode})"


# ---- the forge ------------------------------------------------------------------------------------------------------


def need_extra() -> None:
    """Raises UsageError where the libraries of the forge are not installed."""
    if not (find_spec("werkzeug") and find_spec("graphql")):
        raise UsageError(MISSING_EXTRA)


@contextmanager
def forge_running(
    folder: Path, accounts: tuple[Account, ...], page_size: int | None, env: Mapping[str, str]
) -> Iterator[Addresses]:
    """A forge with its state in `folder`/forge and its log beside it, until the block ends."""
    argv = [sys.executable, "-m", "bee.forge", "--root", str(folder / "forge"), "--port", "0"]
    for one in accounts:
        argv += ["--user", f"{one.login}:{one.token}:{one.permission}"]
    argv += ["--page-size", str(page_size)] if page_size else []
    log = folder / "forge.log"
    before = log.stat().st_size if log.exists() else 0
    pid = process.spawn_detached(argv, cwd=folder, env=env, stdin=b"", log=log)
    try:
        yield _addresses(log, before)
    finally:
        process.kill_tree(pid)


def _addresses(log: Path, before: int) -> Addresses:
    """What the forge prints when it is ready, after the first bytes of its log; raises LookError when it does not."""
    deadline = time.monotonic() + START_SECONDS_MAX
    said = ""
    while time.monotonic() < deadline and "Traceback" not in said:
        said = log.read_bytes()[before:].decode("utf-8", "replace")
        ready = [line for line in said.splitlines(keepends=True) if line.startswith("{") and line.endswith("\n")]
        if ready:
            found = json.loads(ready[0])
            return Addresses(found["api_url"], found["graphql_url"], found["git_url"], found["control_token"])
        time.sleep(0.02)
    raise LookError(f"the embedded GitHub did not start. It said:\n{said[-2000:]}")


# ---- the stage ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """What is played: a repository, an issue (title, body), and the engine that plays the roles (a name, or an argv).

    `prepare(folder, env)` makes `folder` a git repository with the first commit on `branch`.
    """

    name: str
    branch: str
    issue: tuple[str, str]
    engine: str | tuple[str, ...]
    prepare: Callable[[Path, Mapping[str, str]], None]
    merges_least: int
    tests: tuple[str, ...] = ()

    @property
    def repo(self) -> str:
        """The full name on the forge."""
        return f"{PERSON_LOGIN}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that is up while the demo runs. `env` is the environment of every program it starts."""

    folder: Path
    play: Play
    addresses: Addresses
    person: Person
    bee: Account
    env: Mapping[str, str]
    issue: int
    key: str

    @property
    def home(self) -> Path:
        """The home of bee."""
        return self.folder / "home"

    @property
    def git_url(self) -> str:
        """The repository's address for git."""
        return f"{self.addresses.git_url}/{self.play.repo}.git"


def calculator(folder: Path) -> Play:
    """The demo's own play: a small calculator with tests, and the scripted agent, copied where the box may show it."""
    agent = shutil.copytree(data_path("scripts/play", "agent"), folder / "agent", ignore=_BYTECODE)
    return Play(
        name="calc", branch="main", issue=title_of(data_path("scripts/play", "design.md").read_text(encoding="utf-8")),
        engine=(sys.executable, str(agent)), prepare=write_project, merges_least=2,
        tests=(sys.executable, "-m", "unittest"),
    )  # fmt: skip


def write_project(folder: Path, env: Mapping[str, str], path: str = process.SYSTEM_PATH) -> None:
    """The calculator as a repository with one commit of ada's.

    Where bee's E2E, which knows the system's folders only, would find no `python3`, its policy names this Python's.
    """
    shutil.copytree(data_path("scripts/play", "calc"), folder, ignore=_BYTECODE, dirs_exist_ok=True)
    if not shutil.which("python3", path=path):
        policy = folder / POLICY_PATH
        own = f'verify: PATH="$PATH:{Path(sys.executable).parent}" '
        policy.write_text(policy.read_text(encoding="utf-8").replace("verify: ", own), encoding="utf-8")
    ada = {**env, **identity(PERSON_LOGIN)}
    git(ada, folder, "init", "--quiet", "--initial-branch=main")
    git(ada, folder, "add", "--all")
    git(ada, folder, "commit", "--quiet", "--message", "calc adds and subtracts")


@contextmanager
def set_up(
    folder: Path, play: Play, host_env: Mapping[str, str], sandbox: str, page_size: int | None
) -> Iterator[Stage]:
    """The stage in `folder`, up until the block ends."""
    env = clean_env(host_env)
    ada = Account(PERSON_LOGIN, secrets.token_hex(16), "admin")
    worker = Account(BEE_LOGIN, secrets.token_hex(16), "write")
    with forge_running(folder, (ada, worker), page_size, env) as addresses:
        person = Person(addresses, play.repo, ada)
        person.create_repository(PERSON_LOGIN, play.name, play.branch)
        git_url = f"{addresses.git_url}/{play.repo}.git"
        _seed(folder / "seed", play, {**env, **login(git_url, ada)}, git_url)
        issue = person.open_issue(*play.issue)
        stage = Stage(
            folder=folder, play=play, addresses=addresses, person=person, bee=worker, env=env, issue=issue,
            key=Keys((new_key(),), "the demo").text,
        )  # fmt: skip
        _write_home(stage, sandbox)
        yield stage


def _seed(folder: Path, play: Play, env: Mapping[str, str], git_url: str) -> None:
    folder.mkdir()
    play.prepare(folder, env)
    git(env, folder, "push", "--quiet", git_url, f"HEAD:refs/heads/{play.branch}")


def login(git_url: str, account: Account) -> dict[str, str]:
    """The environment in which git is `account` at this address, and nowhere else."""
    word = base64.b64encode(f"{account.login}:{account.token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{git_url}.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {word}",
    }


def _write_home(stage: Stage, sandbox: str) -> None:
    stage.home.mkdir(mode=0o700)
    engine = stage.play.engine if isinstance(stage.play.engine, str) else {"command": stage.play.engine}
    lines = ["version: 1", f"repos: [{stage.play.repo}]", f"engine: {json.dumps(engine)}", f"sandbox: {sandbox}"]
    (stage.home / "config.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def bee_env(stage: Stage) -> dict[str, str]:
    """The environment of `bee tick`: this forge, bee's own account and home."""
    return {
        **stage.env,
        "GITHUB_API_URL": stage.addresses.api_url,
        "GITHUB_GRAPHQL_URL": stage.addresses.graphql_url,
        "GITHUB_SERVER_URL": stage.addresses.git_url,
        "GH_TOKEN": stage.bee.token,
        "GIT_BEE_HOME": str(stage.home),
        VARIABLE: stage.key,
    }


def wipe_home(stage: Stage) -> None:
    """Delete everything in bee's home but its configuration."""
    for path in stage.home.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != "config.yml":
            path.unlink()
