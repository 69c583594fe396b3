"""What several of the belt's tests do with a stage: run the real `bee`, stage a pull request, read what agents said."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bee.github.snapshot import look
from bee.host import Host
from bee.model.records import RunSummary
from bee.pipeline.status import ItemStatus, survey
from bee.wording.texts import pull_body
from tests import forks, shapes
from tests.belt.stage import AGENT, MOVES, Stage

ROOT = Path(__file__).resolve().parents[2]
SETTLE_LOOKS_MAX = 50


@dataclass(frozen=True)
class Ended:
    """How one `bee` ended."""

    code: int
    out: str
    err: str
    words: tuple[str, ...] = ()

    @property
    def json(self) -> dict[str, Any]:
        """The last line of standard output, of the shape that is published for the command."""
        return shapes.valid(self.words, self.out)


def bee(
    stage: Stage, *args: str, home: str = "host", cwd: Path | None = None, stdin: str | None = None, **env: str
) -> Ended:
    """The real `bee`, forked as a process of its own. `env` overrides what a host's environment has.

    Whoever types a command takes a second for it, however fast the machine is.
    """
    stage.sleep(1)
    whole = {**stage.env(home), "PYTHONPATH": str(ROOT), **env}
    ended = forks.run(args, whole, cwd or stage.folder, given=stdin, seconds=120)
    return Ended(ended.code, ended.out, ended.err, args)


def configure(stage: Stage, home: str = "host", moves: Mapping[str, str] | None = None, more: str = "") -> Path:
    """A `config.yml` for a host whose agents make the given moves; its home."""
    folder = stage.folder / f"moves-{home}"
    folder.mkdir(exist_ok=True)
    for role, script in {**MOVES, **(moves or {})}.items():
        (folder / f"{role}.sh").write_text(script)
    where = stage.folder / f"home-{home}"
    where.mkdir(mode=0o700, exist_ok=True)
    argv = json.dumps(["/bin/sh", str(AGENT), str(folder)])
    text = f"version: 1\nrepos: [{stage.repo}]\nengine:\n  command: {argv}\nsandbox: none\n{more}"
    (where / "config.yml").write_text(text)
    return where


def pull_of(
    stage: Stage,
    issue: int,
    files: Mapping[str, str] | None = None,
    step: str = "task",
    who: str = "bee",
    body: str = "",
) -> dict[str, Any]:
    """A pull request on a branch of bee's, with a commit by ada: as if the drafter had been there."""
    branch = f"bee/{issue}-{step}"
    head = stage.push(files or {f"work-{issue}.txt": "done\n"}, branch, f"work on {branch}")
    text = pull_body(issue, step, body, "", head)
    data = {"title": f"Work on {branch}", "head": branch, "base": "main", "body": text}
    return dict(stage.call(who, "POST", stage.at("/pulls"), data))


def task_pull(stage: Stage, files: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A task and its pull request."""
    return pull_of(stage, stage.issue(), files)


def approve(stage: Stage, pull: Mapping[str, Any], who: str = "ada") -> None:
    """A person's approval of the pull request's head as it is now."""
    head = stage.call("ada", "GET", stage.at(f"/pulls/{pull['number']}"))["head"]["sha"]
    stage.comment(int(pull["number"]), f"Go.\n\n<!-- bee:approved-for-e2e sha={head} -->", who)


def head_of(stage: Stage, number: int) -> str:
    """The head of a pull request."""
    return str(stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["head"]["sha"])


def placed(stage: Stage, host: Host, number: int) -> ItemStatus:
    """One open item in its place, by the code that decides."""
    return next(one for one in survey(look(host.client(), stage.repo)) if one.number == number)


def settled(stage: Stage, host: Host, number: int) -> ItemStatus:
    """The same of a pull request, once GitHub has computed whether it merges: a look only starts that."""
    for _ in range(SETTLE_LOOKS_MAX):
        if stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["mergeable"] is not None:
            return placed(stage, host, number)
        time.sleep(0.1)
    raise AssertionError(f"#{number} did not settle")


def verb_log(host: Host) -> list[tuple[str, bool, str]]:
    """What agents of this host asked for, oldest first: (verb, accepted, bee's answer)."""
    lines = (host.home.path / "activity.ndjson").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    return [(event["verb"], event["ok"], event["text"]) for event in events if "verb" in event]


def refusals(host: Host) -> list[str]:
    """What agents of this host were refused, oldest first."""
    return [text for _, ok, text in verb_log(host) if not ok]


def runs(stage: Stage, host: Host, number: int) -> list[RunSummary]:
    """The runs that an item's ledger remembers, oldest first."""
    from bee.model.records import fold

    tip = look(host.client(), stage.repo).snapshot.items.get(number)
    return list(fold(tip.record if tip else None))


def writes_after(stage: Stage, seq: int) -> list[dict[str, Any]]:
    """The requests after a point of the forge's log that wanted to write."""
    return [entry for entry in stage.control("log") if entry["seq"] > seq and entry["write"]]


def last_seq(stage: Stage) -> int:
    """Where the forge's log stands."""
    return max((entry["seq"] for entry in stage.control("log")), default=0)


def fault(stage: Stage, action: str, match: Mapping[str, Any] | None = None, times: int = 0, **more: Any) -> None:
    """Order the forge to misbehave; `times` 0 is for ever."""
    stage.control("faults", {"action": action, "match": dict(match or {}), "times": times, **more})


def lift(stage: Stage) -> None:
    """Lift every fault."""
    stage.control("faults", method="DELETE")


def tree_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, links not followed."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where) / name
            found[str(path.relative_to(folder))] = path.read_bytes() if not path.is_symlink() else b"link"
    return found


def as_ada(stage: Stage, method: str, path: str, body: object, who: str = "ada") -> str:
    """A line for an agent's script that does one request as ada (or `who`), in the middle of the run."""
    code = (
        "import json,sys,urllib.request as u;m,p,b,t=sys.argv[1:];"
        "u.urlopen(u.Request(p,method=m,data=b.encode(),"
        "headers={'Authorization':'Bearer '+t,'Content-Type':'application/json'}))"
    )
    argv = [sys.executable, "-c", code, method, f"{stage.forge.api_url}{path}", json.dumps(body), stage.tokens[who]]
    return f"{shlex.join(argv)}\n"
