"""A forge on loopback for each test, people with tokens, and git with nobody's configuration but its own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from bee.forge import server

USERS = (
    "ada:t-ada:admin", "wil:t-wil:write", "tri:t-tri:triage", "rea:t-rea:read", "zoe:t-zoe:none",
    "bee[bot]:t-bot:write",
)  # fmt: skip
ZERO = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class Person:
    """One user's client: REST relative to the repository `ada/calc`, and GraphQL."""

    def __init__(self, world: World, token: str | None) -> None:
        self.world = world
        self.session = requests.Session()
        self.session.trust_env = False
        if token:
            self.session.headers["Authorization"] = f"token {token}"

    def ask(self, method: str, path: str, data: Any = None, **more: Any) -> requests.Response:
        """One REST request; a path without a leading slash is below the repository."""
        path = path if path.startswith("/") else f"/repos/ada/calc/{path}".rstrip("/")
        return self.session.request(method, self.world.api + path, json=data, timeout=30, **more)

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        """The JSON of a GET that answers `status`."""
        return self._checked(self.ask("GET", path, **more), status)

    def post(self, path: str, data: Any = None, status: int = 201) -> Any:
        """The JSON of a POST that answers `status`."""
        return self._checked(self.ask("POST", path, data), status)

    def send(self, method: str, path: str, data: Any = None, status: int = 200) -> Any:
        """The JSON of any other request that answers `status`."""
        return self._checked(self.ask(method, path, data), status)

    @staticmethod
    def _checked(response: requests.Response, status: int) -> Any:
        assert response.status_code == status, (
            response.request.method,
            response.url,
            response.status_code,
            response.text,
        )
        return response.json() if response.content else None

    def graph(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole GraphQL answer."""
        response = self.session.post(self.world.graphql, json={"query": query, "variables": variables}, timeout=30)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def data(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        found = self.graph(query, **variables)
        assert "errors" not in found, found["errors"]
        return found["data"]


@dataclass
class World:
    """A running forge with the repository ada/calc."""

    api: str
    graphql: str
    git_url: str
    folder: Path
    people: dict[str, Person]
    running: server.Running

    def ask_control(self, method: str, path: str, data: Any = None) -> requests.Response:
        """A control request's whole answer."""
        headers = {"X-Forge-Token": self.running.control_token}
        return requests.request(method, f"{self.api}/_forge/{path}", json=data, headers=headers, timeout=30)

    def control(self, method: str, path: str, data: Any = None) -> Any:
        """The JSON of a control request that is answered well."""
        response = self.ask_control(method, path, data)
        assert response.status_code < 300, response.text
        return response.json()

    def git(self, *words: str, cwd: Path | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Real git, in the test's own home."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        for who in ("AUTHOR", "COMMITTER"):
            env |= {f"GIT_{who}_NAME": "Ada", f"GIT_{who}_EMAIL": "ada@example.invalid"}
        done = subprocess.run(
            ["git", *words], cwd=cwd or self.folder, env=env, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, (words, done.stderr)
        return done

    def url(self, login: str = "ada", repo: str = "ada/calc") -> str:
        """A clone address with a token in it."""
        return self.git_url.replace("//", f"//{login}:t-{login}@") + f"/{repo}.git"

    def clone(self, name: str = "work", login: str = "ada", repo: str = "ada/calc") -> Path:
        """A clone of a repository."""
        self.git("clone", "-q", self.url(login, repo), name)
        return self.folder / name

    def commit(self, work: Path, branch: str, files: dict[str, str], message: str = "change", push: bool = True) -> str:
        """Commit files on a branch (made from where the clone stands) and push it."""
        self.git("checkout", "-q", "-B", branch, cwd=work)
        for path, text in files.items():
            (work / path).write_text(text)
        self.git("add", "-A", cwd=work)
        self.git("commit", "-q", "-m", message, cwd=work)
        if push:
            self.git("push", "-q", "origin", branch, cwd=work)
        return self.git("rev-parse", "HEAD", cwd=work).stdout.strip()

    def pull(self, branch: str = "topic", files: dict[str, str] | None = None, **data: Any) -> dict[str, Any]:
        """A pull request by wil from a fresh branch."""
        work = self.folder / "work"
        if not work.exists():
            self.clone()
        self.git("checkout", "-q", "main", cwd=work)
        self.commit(work, branch, files or {f"{branch.replace('/', '-')}.txt": "text\n"}, f"work on {branch}")
        made: dict[str, Any] = self.people["wil"].post(
            "pulls", {"title": branch, "head": branch, "base": "main", **data}
        )
        return made

    def settled(self, number: int) -> dict[str, Any]:
        """A pull request once its mergeability is known."""
        return until(lambda: (p := self.people["ada"].get(f"pulls/{number}"))["mergeable"] is not None and p)


def until(check: Callable[[], Any], seconds: float = 5.0) -> Any:
    """What `check` says as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")


def serve(folder: Path, **more: Any) -> Iterator[World]:
    """A forge with its people and ada/calc."""
    with server.running(folder / "forge", USERS, **more) as running:
        people: dict[str, Person] = {}
        world = World(running.api_url, running.graphql_url, running.git_url, folder, people, running)
        tokens = {spec.split(":")[0]: spec.split(":")[1] for spec in USERS}
        people.update({login: Person(world, token) for login, token in tokens.items()})
        people["anybody"] = Person(world, None)
        people["ada"].post("/user/repos", {"name": "calc", "auto_init": True})
        yield world
        for person in people.values():
            person.session.close()
