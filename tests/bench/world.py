"""A forge in a process of its own, repositories of any size in it, and the real `bee` measured from outside.

This process stays small on purpose: Linux counts what a parent held against the peak memory of its child.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
POLICY = "version: 1\nintake: all\nplan_approval: auto\n"
DESIGN_OPEN = "What it is for, in a few lines.\n\n## Design finalized\n\n- [ ] The design is right\n"
SECONDS_MAX = 900


@dataclass(frozen=True)
class Run:
    """How one process ended: its code, its output, CPU seconds, seconds by the clock, and peak memory in MiB."""

    code: int
    out: str
    err: str
    cpu: float
    wall: float
    mib: float

    @property
    def json(self) -> dict[str, Any]:
        """The last line of standard output."""
        return dict(json.loads(self.out.strip().split("\n")[-1]))


def measured(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> Run:
    """Run a program to its end; what the kernel says it used, with all it waited for."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = subprocess.Popen(argv, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        out.seek(0)
        err.seek(0)
        said, wrong = out.read().decode(), err.read().decode()
    mib = used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Run(started.returncode, said, wrong, used.ru_utime + used.ru_stime, wall, mib)


class World:
    """One forge with ada (admin) and bee (write)."""

    def __init__(self, folder: Path, port: int, control_token: str) -> None:
        self.folder, self.url, self._control_token = folder, f"http://127.0.0.1:{port}", control_token
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_MAX)

    def call(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """One REST request; the decoded answer."""
        headers = {"Authorization": f"Bearer t-{who}", "User-Agent": "bench", "Content-Type": "application/json"}
        headers["X-Forge-Token"] = self._control_token
        self._line.close()  # it may have been idle for longer than the server waits
        self._line.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._line.getresponse()
        raw = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {raw[:300]!r}")
        return json.loads(raw) if raw else None

    # ---- repositories ------------------------------------------------------------------------------------------------

    def repository(self, name: str, files: Mapping[str, str] | None = None) -> str:
        """A repository of ada's with a policy and one commit; its path."""
        self.call("ada", "POST", "/_forge/repos", {"owner": "ada", "name": name, "auto_init": True})
        for path, text in {".github/bee.yml": POLICY, **(files or {})}.items():
            self._put(f"/repos/ada/{name}", path, text)
        return f"ada/{name}"

    def _put(self, at: str, path: str, text: str) -> None:
        import base64

        data = {"message": f"add {path}", "content": base64.b64encode(text.encode()).decode()}
        self.call("ada", "PUT", f"{at}/contents/{path}", data)

    def labels(self, repo: str) -> None:
        """bee's labels, as `bee init` makes them."""
        for name in ("new", "wip", "human", "done", "quarantine-hotloop"):
            self.call("ada", "POST", f"/repos/{repo}/labels", {"name": f"breeze:{name}", "color": "ededed"})

    def issues(self, repo: str, count: int, body: str = DESIGN_OPEN) -> None:
        """Issues of ada's; with an open design gate, which waits for a person."""
        for number in range(count):
            self.call("ada", "POST", f"/repos/{repo}/issues", {"title": f"Issue {number}", "body": body})

    def pulls(self, repo: str, count: int) -> None:
        """Draft pull requests of ada's, each with one commit: they wait for a person too."""
        at = f"/repos/{repo}"
        base = self.call("ada", "GET", f"{at}/git/ref/heads/main")["object"]["sha"]
        for number in range(count):
            entry = {"path": f"work-{number}.txt", "mode": "100644", "type": "blob", "content": f"{number}\n"}
            tree = self.call("ada", "POST", f"{at}/git/trees", {"base_tree": base, "tree": [entry]})["sha"]
            commit = {"message": f"work {number}", "tree": tree, "parents": [base]}
            oid = self.call("ada", "POST", f"{at}/git/commits", commit)["sha"]
            self.call("ada", "POST", f"{at}/git/refs", {"ref": f"refs/heads/work-{number}", "sha": oid})
            data = {"title": f"Pull {number}", "head": f"work-{number}", "base": "main", "body": "b", "draft": True}
            self.call("ada", "POST", f"{at}/pulls", data)

    # ---- bee ---------------------------------------------------------------------------------------------------------

    def env(self, home: str) -> dict[str, str]:
        """The environment of a host."""
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "GIT_BEE_HOME": str(self.folder / home),
            "GITHUB_API_URL": self.url,
            "GITHUB_GRAPHQL_URL": f"{self.url}/graphql",
            "GITHUB_SERVER_URL": self.url,
            "GH_TOKEN": "t-bee",
            "PYTHONPATH": str(ROOT),
        }

    def bee(self, *words: str, home: str = "home") -> Run:
        """The real `bee`, measured."""
        return measured([sys.executable, "-P", "-m", "bee", *words], self.env(home), self.folder)

    def used(self) -> tuple[int, int]:
        """The REST requests and the GraphQL points that bee's account was charged."""
        found = self.call("bee", "GET", "/rate_limit")["resources"]
        return int(found["core"]["used"]), int(found["graphql"]["used"])

    def last(self) -> int:
        """Where the forge's log stands."""
        return max((int(entry["seq"]) for entry in self.call("ada", "GET", "/_forge/log")), default=0)

    def asked(self, after: int) -> list[dict[str, Any]]:
        """bee's API requests after a place in the log; git traffic is not counted."""
        log = self.call("ada", "GET", f"/_forge/log?after={after}")
        return [
            entry
            for entry in log
            if entry["login"] == "bee" and entry["kind"] != "git" and entry["path"] != "/rate_limit"
        ]


@contextmanager
def world() -> Iterator[World]:
    """A fresh forge, gone with its folder at the end."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        users = ["--user", "ada:t-ada:admin", "--user", "bee:t-bee:write"]
        words = [sys.executable, "-P", "-m", "bee.forge", "--root", str(folder / "forge"), *users]
        env = {"PATH": os.environ["PATH"], "HOME": made, "PYTHONPATH": str(ROOT)}
        words += ["--rate-limit", "1000000"]
        forge = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True)
        try:
            assert forge.stdout is not None
            ready = json.loads(forge.stdout.readline())
            yield World(folder, int(ready["api_url"].rpartition(":")[2]), ready["control_token"])
        finally:
            forge.send_signal(signal.SIGTERM)
            forge.wait(30)
            forge.stdout.close()
