"""A whole small world for tests: a forge, people, repositories, hosts with homes of their own, and scripted agents.

Everything is real but the model: HTTP, git, processes. Nothing of bee is patched.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bee.cli import wiring
from bee.config.schema import Settings
from bee.forge import server
from bee.github import git_database, write
from bee.github.client import GitHubClient
from bee.github.snapshot import look
from bee.host import Host
from bee.lease.store import Claim, Lease, LeaseStore
from bee.model import markers
from bee.model.labels import Label
from bee.model.records import Record
from bee.model.seals import Place, read
from bee.system.keys import keys_of
from bee.tick.context import TickOptions
from bee.tick.report import TickReport
from bee.tick.tick import tick
from tests import forks

AGENT = Path(__file__).with_name("agent.sh")
CHECKOUT = Path(__file__).resolve().parents[2]
POLICY = "version: 1\nintake: all\nplan_approval: human\n"
VERIFY = "set -eu\nsh check.sh\n"
SESSIONS = f"{POLICY}roles: {{test: {{session: always}}, merger: {{session: always}}}}\n"
FILES = {".github/bee.yml": POLICY, "tests/e2e/verify.sh": VERIFY, "check.sh": "test ! -f broken\n", "a.txt": "one\n"}

PLAN = """cat > "$HOME/plan.md" <<'END'
- [ ] `one` The first step
  - Accept: `sh check.sh`
  - Files: `one.txt`
- [ ] `two` The second step
  - Accept: `sh check.sh`
  - Files: `two.txt`
END
bee plan "$HOME/plan.md"
"""
DRAFT = """echo "$BEE_BRANCH" >> "work-$BEE_NUMBER.txt"
date +%N >> "work-$BEE_NUMBER.txt"
git add -A
git commit -qm "work on $BEE_BRANCH"
bee submit --title "Work on $BEE_BRANCH" --body "It is done."
"""
APPROVE = 'bee review --approve --body "Good."\n'
CHANGES = 'bee review --request-changes --body "Not good yet."\n'
TEST = 'bee e2e run || bee e2e classify code-bug "It is broken."\n'
MERGE = "bee merge\n"
MOVES = {"planner": PLAN, "drafter": DRAFT, "reviewer": APPROVE, "test": TEST, "merger": MERGE}

KEY = f"test {base64.b64encode(b'k' * 32).decode()}"
DESIGN = "## Problem\n\nThere is one.\n\n## Design finalized\n\n- [x] The design is right\n"


@dataclass
class Stage:
    """One forge with the repository ada/calc, and whatever hosts a test makes."""

    forge: server.Running
    folder: Path
    repo: str = "ada/calc"
    tokens: dict[str, str] = field(default_factory=lambda: {"ada": "t-ada", "bee": "t-bee", "eve": "t-eve"})

    # ---- people -----------------------------------------------------------------------------------------------

    def call(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """One REST request by a person; the decoded answer. Raises urllib's HTTPError.

        Nobody but bee writes within the second of what they saw, however fast the machine is.
        """
        if method != "GET" and who != "bee" and "/_forge/" not in path:
            self.sleep(1)
        url = path if path.startswith("http") else f"{self.forge.api_url}{path}"
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {self.tokens[who]}")
        request.add_header("Content-Type", "application/json")
        request.add_header("X-Forge-Token", self.forge.control_token)
        with urllib.request.urlopen(request, timeout=30) as answer:
            raw = answer.read()
        return json.loads(raw) if raw else None

    def at(self, path: str) -> str:
        """A path of the repository."""
        return f"/repos/{self.repo}{path}"

    def issue(
        self, body: str = "Do it.", title: str = "A task", who: str = "ada", labels: list[str] | None = None
    ) -> int:
        """A new issue; its number."""
        return int(
            self.call(who, "POST", self.at("/issues"), {"title": title, "body": body, "labels": labels or []})["number"]
        )

    def item(self, number: int) -> dict[str, Any]:
        """An issue or pull request, as REST shows it."""
        return dict(self.call("ada", "GET", self.at(f"/issues/{number}")))

    def labels(self, number: int) -> set[str]:
        """The labels of an item."""
        return {label["name"] for label in self.item(number)["labels"]}

    def comments(self, number: int) -> list[str]:
        """What was said on an item, oldest first: its comments but the status comment."""
        return [c["body"] for c in self._comments(number) if not markers.is_status(c["body"])]

    def status_comments(self, number: int) -> list[str]:
        """The status comments of an item; there may be one at most."""
        return [c["body"] for c in self._comments(number) if markers.is_status(c["body"])]

    def _comments(self, number: int) -> list[dict[str, Any]]:
        return list(self.call("ada", "GET", self.at(f"/issues/{number}/comments?per_page=100")))

    def pulls(self, state: str = "all") -> list[dict[str, Any]]:
        """The pull requests, oldest first."""
        found = self.call("ada", "GET", self.at(f"/pulls?state={state}&per_page=100&sort=created&direction=asc"))
        return list(found)

    def comment(self, number: int, body: str, who: str = "ada") -> None:
        """A comment by a person."""
        self.call(who, "POST", self.at(f"/issues/{number}/comments"), {"body": body})

    def edit(self, number: int, body: str, who: str = "ada") -> None:
        """A whole new body."""
        self.call(who, "PATCH", self.at(f"/issues/{number}"), {"body": body})

    def tick_box(self, number: int, line: str, who: str = "ada") -> None:
        """Tick the box of one line of an issue's body."""
        body = self.item(number)["body"]
        assert f"- [ ] {line}" in body, body
        self.edit(number, body.replace(f"- [ ] {line}", f"- [x] {line}"), who)

    def label(self, number: int, *names: str, who: str = "ada") -> None:
        """Add labels."""
        self.call(who, "POST", self.at(f"/issues/{number}/labels"), {"labels": list(names)})

    def unlabel(self, number: int, name: str, who: str = "ada") -> None:
        """Take a label off."""
        self.call(who, "DELETE", self.at(f"/issues/{number}/labels/{name}"))

    def sleep(self, seconds: int) -> None:
        """Let time go by on GitHub's clock."""
        self.control("clock", {"advance_seconds": seconds})

    def stop_clock(self) -> None:
        """Let no time go by on GitHub's clock but what people take and `sleep` gives."""
        self.control("clock", {"stopped": True})

    def control(self, what: str, body: Any = None, method: str | None = None) -> Any:
        """One of the forge's own controls."""
        url = f"{self.forge.api_url}/_forge/{what}"
        return self.call("ada", method or ("GET" if body is None else "POST"), url, body)

    def writes(self) -> int:
        """How many requests so far wanted to write, of anybody."""
        return sum(1 for entry in self.control("log") if entry["write"])

    def edit_policy(self, text: str) -> None:
        """Another policy on the default branch."""
        self.push({".github/bee.yml": text}, message="A policy")

    def bee_verb(self, verb: str, number: int, *words: str, who: str = "ada") -> str:
        """`bee VERB N` by a person with a token of their own, from a home of their own; what it printed."""
        self.sleep(1)
        name = f"{who}s-laptop"
        self.configure(name, token=who)
        env = {**bee_env(self.env(name)), "GH_TOKEN": self.tokens[who]}
        ended = forks.run([verb, str(number), *words], env, self.folder)
        assert ended.code == 0, f"bee {verb} {number}: {ended}"
        return ended.out.strip()

    def fault(self, action: str, times: int = 1, match: Mapping[str, Any] | None = None, **settings: Any) -> None:
        """Order a fault of the forge, for requests that match."""
        self.control("faults", {"action": action, "times": times, "match": dict(match or {}), **settings})

    def fired(self) -> int:
        """How often the faults that stand have fired."""
        return sum(fault["fired"] for fault in self.control("faults")["faults"])

    def lift(self) -> None:
        """No fault any more; what hangs is let go."""
        self.control("faults", method="DELETE")

    def log(self, after: int = 0, login: str = "bee") -> list[dict[str, Any]]:
        """What an account has asked of the forge, after an entry's `seq`."""
        return [entry for entry in self.control(f"log?after={after}") if entry["login"] == login]

    def asked(self) -> int:
        """The `seq` of the last request that anybody made."""
        return max((int(entry["seq"]) for entry in self.control("log")), default=0)

    # ---- the repository ---------------------------------------------------------------------------------------

    def git(self, *args: str, cwd: Path | None = None) -> str:
        """git as ada, in a clone of hers."""
        ada = ["-c", "user.name=ada", "-c", "user.email=ada@users.noreply.github.com"]
        ended = subprocess.run(
            ["git", *ada, *args], cwd=cwd or self.clone(), capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, f"git {args}: {ended.stderr}"
        return ended.stdout.strip()

    def clone(self) -> Path:
        """ada's clone, fetched."""
        where = self.folder / "ada"
        url = self.forge.git_url.replace("http://", f"http://ada:{self.tokens['ada']}@")
        order = ["clone", "-q", f"{url}/{self.repo}.git", str(where)]
        if where.exists():
            order = ["-C", str(where), "fetch", "-q", "origin"]
        subprocess.run(["git", *order], check=True, capture_output=True)
        return where

    def head(self, branch: str) -> str | None:
        """The commit a branch is at, if there is such a branch."""
        try:
            return str(self.call("ada", "GET", self.at(f"/git/ref/heads/{branch}"))["object"]["sha"])
        except urllib.error.HTTPError as problem:
            if not not_found(problem):
                raise
            return None

    def push(
        self, files: Mapping[str, str | None], branch: str = "main", message: str = "change", start: str | None = None
    ) -> str:
        """A commit by ada on a branch, new ones from `start` or the default branch; its oid. None takes a file away.

        By GitHub's Git database, as a person who edits in the browser: git would be a dozen processes each time.
        """
        known = self.head(branch)
        base = known or start or self.head("main")
        listed = [
            {"path": path, "mode": "100644", "type": "blob", **({"sha": None} if text is None else {"content": text})}
            for path, text in files.items()
        ]
        tree = self.call("ada", "POST", self.at("/git/trees"), {"tree": listed, "base_tree": base})
        commit = {"message": message, "tree": tree["sha"], "parents": [base]}
        oid = str(self.call("ada", "POST", self.at("/git/commits"), commit)["sha"])
        if known:
            self.call("ada", "PATCH", self.at(f"/git/refs/heads/{branch}"), {"sha": oid})
        else:
            self.call("ada", "POST", self.at("/git/refs"), {"ref": f"refs/heads/{branch}", "sha": oid})
        return oid

    def main_files(self) -> set[str]:
        """The files of the default branch."""
        tree = self.call("ada", "GET", self.at("/git/trees/main?recursive=1"))["tree"]
        return {one["path"] for one in tree if one["type"] == "blob"}

    def main_log(self) -> list[str]:
        """The subjects of the default branch, newest first."""
        return self.git("log", "--format=%s", "origin/main").split("\n")

    def refs(self, prefix: str) -> dict[str, str]:
        """The server's refs below a prefix."""
        url = self.forge.git_url.replace("http://", f"http://ada:{self.tokens['ada']}@")
        order = ["git", "ls-remote", f"{url}/{self.repo}.git", f"{prefix}*"]
        said = subprocess.run(order, check=True, capture_output=True, text=True, cwd=self.folder).stdout
        lines = [line.split("\t") for line in said.splitlines()]
        return {name: oid for oid, name in lines}

    def record(self, number: int, ref: str = "") -> Record:
        """The record at the tip of an item's ledger (or of another of bee's refs)."""
        name = ref or f"items/{number}"
        oid = self.call("ada", "GET", self.at(f"/git/ref/bee/{name}"))["object"]["sha"]
        commit = self.call("ada", "GET", self.at(f"/git/commits/{oid}"))
        parents = [parent["sha"] for parent in commit["parents"]]
        place = Place(str(self.call("ada", "GET", self.at(""))["node_id"]), f"refs/bee/{name}", *parents[:1])
        record = read(commit["message"], place, keys_of(self.env(), "").keys)
        assert isinstance(record, Record), record
        return record

    def store_facts(self) -> dict[str, str]:
        """What a process needs to make a lease store of its own: addresses, token, repository."""
        view = look(self.client(), self.repo)
        seen = view.snapshot
        web = {"api": self.forge.api_url, "graphql": self.forge.graphql_url, "web": self.forge.git_url}
        return {
            **web,
            "token": self.tokens["bee"],
            "repo": seen.repo,
            "repo_id": seen.repo_id,
            "key": KEY,
        }

    def client(self) -> GitHubClient:
        """A client of bee's account, for who only looks; it remembers nothing."""
        servers, keys = wiring.servers_of(self.env()), keys_of(self.env(), "").keys
        return GitHubClient(servers, self.tokens["bee"], keys=keys)

    # ---- bee --------------------------------------------------------------------------------------------------

    def host(
        self, name: str = "host", moves: Mapping[str, str] | None = None, token: str = "bee", **settings: Any
    ) -> Host:
        """A host with a home of its own, whose agents make the given moves."""
        folder = self.folder / f"moves-{name}"
        folder.mkdir(exist_ok=True)
        for role, script in {**MOVES, **(moves or {})}.items():
            (folder / f"{role}.sh").write_text(script)
        chosen = {"engine": ("/bin/sh", str(AGENT), str(folder)), "sandbox": "none", **settings}
        return wiring.host_of(
            self.env(name), Settings(repos=(self.repo,), **chosen), self.tokens[token], lambda text: None
        )

    def configure(
        self, name: str = "host", moves: Mapping[str, str] | None = None, token: str = "bee", **settings: Any
    ) -> Host:
        """The same host for the command line: its config.yml in its home."""
        host = self.host(name, moves, token)
        argv = ["/bin/sh", str(AGENT), str(self.folder / f"moves-{name}")]
        host.home.ensure()
        config = {"version": 1, "repos": [self.repo], "engine": {"command": argv}, "sandbox": "none", **settings}
        host.home.config_path.write_text(json.dumps(config))
        read = wiring.settings_at(host.home, repo_given=False)
        return wiring.host_of(self.env(name), read, self.tokens[token], lambda text: None)

    def start(self, name: str, *words: str) -> subprocess.Popen[str]:
        """`bee WORDS`, started as people do, in a session of its own."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "bee", *words], env=bee_env(self.env(name)), cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def bee(self, name: str, *words: str, code: int = 0) -> str:
        """`bee WORDS`, forked, on a host that `configure` made; what it printed."""
        ended = forks.run(words, bee_env(self.env(name)), self.folder)
        assert ended.code == code, f"bee {words}: {ended}"
        return ended.out

    def env(self, name: str = "host") -> dict[str, str]:
        """The environment of a host."""
        import os

        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "GIT_BEE_HOME": str(self.folder / f"home-{name}"),
            "GITHUB_API_URL": self.forge.api_url,
            "GITHUB_GRAPHQL_URL": self.forge.graphql_url,
            "GITHUB_SERVER_URL": self.forge.git_url,
            "GH_TOKEN": self.tokens["bee"],
            "BEE_KEY": KEY,
        }

    def tick(self, host: Host, *repos: str, dry: bool = False) -> TickReport:
        """One inline tick."""
        return tick(host, TickOptions(repos or (self.repo,), inline=True, dry=dry, trigger=False))

    def ticks(self, host: Host, limit: int = 40) -> list[TickReport]:
        """Ticks until nothing is done any more."""
        reports = []
        for _ in range(limit):
            reports.append(self.tick(host))
            if not reports[-1].run and not reports[-1].acted:
                return reports
        raise AssertionError([report.said for report in reports])

    def quiet(self, host: Host, limit: int = 60) -> list[TickReport]:
        """Ticks, whatever fails on the way, until nothing is left to do; GitHub's clock goes on where bee waits."""
        reports: list[TickReport] = []
        for _ in range(limit):
            reports.append(self.tick(host))
            last = reports[-1]
            if last.run or last.acted or last.problems:
                continue
            waiting = {"wip", "backing-off", "settling", "queued"}
            places = last.decision.statuses if last.decision else ()
            if not any(str(one.placement.position) in waiting for one in places) and not self.live():
                return reports
            self.sleep(16 * 60)
        raise AssertionError([(report.said, [str(p) for p in report.problems]) for report in reports[-5:]])

    def live(self) -> list[int]:
        """The items whose ledger does not end in a record that holds nothing."""
        numbers = [int(name.rsplit("/", 1)[1]) for name in self.refs("refs/bee/items/")]
        return [number for number in numbers if self.record(number).holds]

    def world(self) -> dict[str, Any]:
        """What people see of the repository, but bee's labels and ledger: for "nothing was published"."""
        items = self.call("ada", "GET", self.at("/issues?state=all&per_page=100"))
        pulls = self.pulls()
        return {
            "items": [(i["number"], i["title"], i["body"], i["state"]) for i in items],
            "comments": {i["number"]: self.comments(i["number"]) for i in items},
            "reviews": {p["number"]: len(self.reviews(p["number"])) for p in pulls},
            "statuses": {p["number"]: self.statuses(p["head"]["sha"]) for p in pulls},
            "refs": {
                n: o for n, o in self.refs("refs/").items() if not n.startswith(("refs/bee/items", "refs/bee/merge"))
            },
        }

    def reviews(self, number: int) -> list[dict[str, Any]]:
        """The reviews of a pull request."""
        return list(self.call("ada", "GET", self.at(f"/pulls/{number}/reviews?per_page=100")))

    def statuses(self, sha: str) -> dict[str, str]:
        """The latest state of each commit status."""
        return {
            s["context"]: s["state"] for s in self.call("ada", "GET", self.at(f"/commits/{sha}/status"))["statuses"]
        }

    def store(self, host: Host) -> LeaseStore:
        """The lease store of a host."""
        client = host.client()
        return LeaseStore.of(host, client, look(client, self.repo).snapshot)

    def claimed(self, host: Host, number: int, run: str = "a-run", role: str = "drafter") -> Lease:
        """A claim with its label, as a run of that host would stand there while its agent works."""
        store = self.store(host)
        tip = git_database.pulse(store.client, self.repo, number).tip
        lease = store.acquire(
            Claim(number=number, role=role, run=run, fingerprint="a fingerprint", position="needs-step"), tip
        )
        assert lease is not None
        write.label_id(store.client, self.repo, Label.WIP)
        write.add_labels(store.client, self.repo, number, [Label.WIP.value])
        return lease

    def position(self, number: int) -> str:
        """Where an item is, by the code that decides."""
        from bee.pipeline.status import survey

        view = look(self.client(), self.repo)
        return next((str(one.placement.position) for one in survey(view) if one.number == number), "closed")


def until(what: str, seconds: float, done: Callable[[], Any]) -> Any:
    """Wait for something to become true; what it became."""
    deadline = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return found


def bee_env(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that imports this checkout's bee."""
    return {**env, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def staged(
    folder: Path, files: Mapping[str, str] | None = None, page_size: int | None = None, rate_limit: int | None = None,
    private: bool = False,
) -> Iterator[Stage]:  # fmt: skip
    """A forge with ada (admin), bee (write) and eve (none), and ada/calc with one commit."""
    users = ["ada:t-ada:admin", "bee:t-bee:write", "eve:t-eve:none"]
    with server.running(folder / "forge", users, page_size=page_size, rate_limit=rate_limit) as forge:
        stage = Stage(forge, folder)
        first = {"files": {**FILES, **(files or {})}, "message": "The beginning"}
        stage.control("repos", {"owner": "ada", "name": "calc", "private": private, **first})
        yield stage


def not_found(problem: urllib.error.HTTPError) -> bool:
    """Whether an answer was 404."""
    return problem.code == 404
