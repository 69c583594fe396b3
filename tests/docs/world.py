"""A world to try the documents' commands in: a forge with a repository, a home, and `bee` on PATH."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.docs import pages

SECONDS_MAX = 60
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass
class World:
    """What commands are run in. `bin` is a folder with `bee`, as a built environment has it."""

    root: Path
    url: str = ""
    token: str = ""
    control_token: str = ""
    ends: list[tuple[str, int]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """The person's home."""
        return self.root / "person"

    @property
    def checkout(self) -> Path:
        """Where the person stands: a folder with `.venv/bin/bee`, as `./scripts/demo` leaves it."""
        return self.root / "checkout"

    def prepare(self) -> None:
        """Make the folders, and the `bee` of the environment."""
        folder = self.checkout / ".venv" / "bin"
        folder.mkdir(parents=True)
        self.home.mkdir()
        for name, more in (("bee", "-m bee "), ("python", "")):
            program = folder / name
            program.write_text(f'#!/bin/sh\nPYTHONPATH={pages.ROOT} exec {sys.executable} {more}"$@"\n')
            program.chmod(0o755)

    def env(self) -> dict[str, str]:
        """What the person's shell has, with GitHub's address pointing at the forge."""
        servers = {
            "GITHUB_API_URL": self.url,
            "GITHUB_GRAPHQL_URL": f"{self.url}/graphql",
            "GITHUB_SERVER_URL": self.url,
        }
        quiet = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
        return {"HOME": str(self.home), "PATH": SYSTEM_PATH, "NO_PROXY": "127.0.0.1", **quiet, **servers}

    def shell(self, text: str, before: str = "", **more: str) -> list[tuple[str, int, str]]:
        """Type a block into one shell: each line with its exit code and what it printed (both streams)."""
        lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
        script = before + "\n" + "\n".join(f'{line}\necho "@@ $?"' for line in lines)
        ended = subprocess.run(
            ["sh", "-c", script],
            cwd=self.checkout,
            env={**self.env(), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        parts = ended.stdout.split("@@ ")
        assert len(parts) == len(lines) + 1, ended.stdout
        codes = [int(part.split("\n", 1)[0]) for part in parts[1:]]
        said = [parts[0], *(part.partition("\n")[2] for part in parts[1:])]
        return list(zip(lines, codes, said, strict=False))

    def ask(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """One REST request, as the person."""
        request = urllib.request.Request(f"{self.url}{path}", method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", "application/json")
        request.add_header("X-Forge-Token", self.control_token)
        body = json.dumps(data).encode() if data is not None else None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, body, timeout=SECONDS_MAX) as answer:
            return json.loads(answer.read() or b"null")

    def put_file(self, repo: str, path: str, text: str, branch: str = "main") -> None:
        """Commit one file, as the person would in the browser."""
        content = base64.b64encode(text.encode()).decode()
        self.ask("PUT", f"/repos/{repo}/contents/{path}", {"message": path, "content": content, "branch": branch})


@contextmanager
def forge(world: World, command: list[str]) -> Iterator[None]:
    """A forge started by `command` (the words after `bee`), until the block ends; `world.url` is where it is.

    `world.control_token` is what its control endpoints ask for.
    """
    log = world.root / "forge.log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            [str(world.checkout / ".venv/bin/bee"), *command],
            env={"PATH": SYSTEM_PATH, "HOME": str(world.home)},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as server,
    ):
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert line.startswith("{"), f"the forge did not start: {log.read_text()}"
            ready = json.loads(line)
            world.url, world.control_token = ready["api_url"], ready["control_token"]
            yield
        finally:
            server.terminate()
