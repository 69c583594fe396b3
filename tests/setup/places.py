"""What the tests of set-up share: a repository that bee has never seen, and a token without scopes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.belt.plays import Ended, bee
from tests.belt.stage import AGENT, MOVES, Stage, staged

POLICY = ".github/bee.yml"
TEMPLATE = ".github/ISSUE_TEMPLATE/design-doc.yml"


@contextmanager
def fresh(folder: Path) -> Iterator[Stage]:
    """A stage whose repository has no policy yet."""
    with staged(folder) as stage:
        stage.push({POLICY: None}, message="Nothing of bee's")
        yield stage


def init(stage: Stage, *args: str, **how: Any) -> Ended:
    """`bee init --yes --repo ada/calc ARGS`."""
    return bee(stage, "init", "--yes", "--repo", stage.repo, *args, **how)


def protect(stage: Stage, reviews: int | None = 1, contexts: tuple[str, ...] = (), **more: Any) -> None:
    """Protect main, for administrators too."""
    rules = {
        "required_status_checks": {"strict": False, "contexts": list(contexts)} if contexts else None,
        "enforce_admins": True,
        "required_pull_request_reviews": {"required_approving_review_count": reviews} if reviews is not None else None,
        "restrictions": None,
        **more,
    }
    stage.call("ada", "PUT", stage.at("/branches/main/protection"), rules)


def without_scopes(stage: Stage, *refused: str) -> None:
    """The token is one without scopes from here on; GitHub refuses it requests whose method and path are `refused`."""
    data = stage.call("bee", "GET", stage.at(""))
    match = {"method": "GET", "path": f"/repos/{stage.repo}$", "login": "bee"}
    stage.fault("status", 0, match, status=200, body=data, headers={"X-OAuth-Scopes": ""})
    for one in refused:
        method, path = one.split(" ")
        message = "Resource not accessible by personal access token"
        stage.fault("status", 0, {"method": method, "path": f"{path}$", "login": "bee"}, status=403, message=message)


def engine(stage: Stage, name: str = "host") -> str:
    """A command for `--engine`: the scripted agent that makes the usual moves."""
    folder = stage.folder / f"moves-{name}"
    folder.mkdir(exist_ok=True)
    for role, script in MOVES.items():
        (folder / f"{role}.sh").write_text(script)
    return shlex.join(["/bin/sh", str(AGENT), str(folder)])


def done_writes(stage: Stage, after: int) -> list[str]:
    """What was written on GitHub after an entry of the forge's log: requests it took that wanted to write."""
    return [
        f"{entry['method']} {entry['path']} {entry['operation'] or ''}".strip()
        for entry in stage.control(f"log?after={after}")
        if entry["write"] and entry["status"] < 400
    ]
