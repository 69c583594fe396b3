"""Sets the stage: a forge in a folder, two people, a repository pushed over HTTP, bee's home, the issue.

What is played on it (the demo's calculator, or a rehearsal) comes in as a `Play`.
"""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.demo import host, project, server
from bee.demo.person import Person
from bee.demo.server import Account, Addresses
from bee.system import process

PERSON_LOGIN: Final = "ada"
BEE_LOGIN: Final = "bee-worker"
AGENT: Final = Path(__file__).with_name("agent.py")


@dataclass(frozen=True, slots=True)
class Play:
    """What is played: a repository, an issue, and the engine that plays the roles (a name, or an argv).

    `prepare(folder, env)` makes `folder` a git repository with the first commit on `branch`.
    """

    name: str
    branch: str
    issue_title: str
    issue_body: str
    engine: str | tuple[str, ...]
    prepare: Callable[[Path, Mapping[str, str]], None]
    merges_least: int
    tests: tuple[str, ...] = ()

    @property
    def repo(self) -> str:
        """The full name on the forge."""
        return f"{project.OWNER}/{self.name}"


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that is up while the demo runs. `env` is the environment of every program it starts."""

    folder: Path
    play: Play
    addresses: Addresses
    person: Person
    bee: Account
    env: Mapping[str, str]
    issue: int
    sandbox: str

    @property
    def home(self) -> Path:
        """The home of bee."""
        return self.folder / "home"

    @property
    def git_url(self) -> str:
        """The repository's address for git."""
        return f"{self.addresses.git_url}/{self.play.repo}.git"


def calculator(agent: Path) -> Play:
    """The demo's own play."""
    return Play(
        name=project.NAME,
        branch=project.BRANCH,
        issue_title=project.ISSUE_TITLE,
        issue_body=project.ISSUE_BODY,
        engine=(sys.executable, str(agent)),
        prepare=write_project,
        merges_least=2,
        tests=(sys.executable, "-m", "unittest"),
    )


def write_project(folder: Path, env: Mapping[str, str]) -> None:
    """The calculator as a repository with one commit of ada's."""
    for path, text in project.files(_python_folder()).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    ada = {**env, **host.identity(PERSON_LOGIN)}
    host.git(ada, folder, "init", "--quiet", f"--initial-branch={project.BRANCH}")
    host.git(ada, folder, "add", "--all")
    host.git(ada, folder, "commit", "--quiet", "--message", "calc adds and subtracts")


def _python_folder() -> str:
    """Where this Python is, when bee's E2E, which knows the system's folders only, would find no `python3`."""
    return "" if shutil.which("python3", path=process.SYSTEM_PATH) else str(Path(sys.executable).parent)


@contextmanager
def set_up(
    folder: Path, play: Play, host_env: Mapping[str, str], sandbox: str, page_size: int | None
) -> Iterator[Stage]:
    """The stage in `folder`, up until the block ends."""
    env = host.clean_env(host_env)
    ada = Account(PERSON_LOGIN, secrets.token_hex(16), "admin")
    worker = Account(BEE_LOGIN, secrets.token_hex(16), "write")
    with server.running(folder, (ada, worker), page_size, env) as addresses:
        person = Person(addresses, play.repo, ada)
        person.create_repository(project.OWNER, play.name, play.branch)
        git_url = f"{addresses.git_url}/{play.repo}.git"
        _seed(folder / "seed", play, {**env, **login(git_url, ada)}, git_url)
        issue = person.open_issue(play.issue_title, play.issue_body)
        stage = Stage(folder, play, addresses, person, worker, env, issue, sandbox)
        _write_home(stage)
        yield stage


def _seed(folder: Path, play: Play, env: Mapping[str, str], git_url: str) -> None:
    folder.mkdir()
    play.prepare(folder, env)
    host.git(env, folder, "push", "--quiet", git_url, f"HEAD:refs/heads/{play.branch}")


def login(git_url: str, account: Account) -> dict[str, str]:
    """The environment in which git is `account` at this address, and nowhere else."""
    word = base64.b64encode(f"{account.login}:{account.token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{git_url}.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {word}",
    }


def _write_home(stage: Stage) -> None:
    stage.home.mkdir(mode=0o700)
    engine: object = stage.play.engine
    if not isinstance(engine, str):
        engine = {"command": list(stage.play.engine)}
    lines = ["version: 1", f"repos: [{stage.play.repo}]", f"engine: {json.dumps(engine)}", f"sandbox: {stage.sandbox}"]
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
    }


def wipe_home(stage: Stage) -> None:
    """Delete everything in bee's home but its configuration."""
    for path in stage.home.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != "config.yml":
            path.unlink()


def agent_copy(folder: Path) -> Path:
    """The scripted agent as a file in the stage's folder, where the sandbox may show it."""
    copy = folder / "agent.py"
    shutil.copyfile(AGENT, copy)
    return copy
