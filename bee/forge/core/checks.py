"""Commit statuses and check runs, and what they say together."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.core.errors import custom, invalid, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo

STATES: Final = ("error", "failure", "pending", "success")
DESCRIPTION_CHARACTERS_MAX: Final = 140
STATUSES_OF_CONTEXT_MAX: Final = 1000
_GOOD: Final = ("success", "neutral", "skipped")


def create_status(call: Call, repo: Repo, sha: str, asked: dict[str, Any]) -> Row:
    """Attach a status to a commit (https://docs.github.com/rest/commits/statuses). Raises Refused (422)."""
    call.need(repo, "write")
    if repo.git.commit(sha) is None:
        raise unprocessable(f"No commit found for SHA: {sha}")
    if asked.get("state") not in STATES:
        raise invalid("Status", "state")
    description = asked.get("description")
    if description is not None and len(description) > DESCRIPTION_CHARACTERS_MAX:
        raise custom("Status", "description", "description is too long (maximum is 140 characters)")
    context = asked.get("context") or "default"
    sql = "SELECT count(*) FROM statuses WHERE repo_id = ? AND sha = ? AND context = ?"
    if call.count(sql, repo.id, sha, context) >= STATUSES_OF_CONTEXT_MAX:
        raise custom("Status", "base", "This SHA and context has reached the maximum number of statuses.")
    return call.insert(
        "statuses", repo_id=repo.id, sha=sha, context=context, state=asked["state"], description=description,
        target_url=asked.get("target_url"), creator_id=call.actor().id, created_at=call.now(),
    )  # fmt: skip


def statuses(call: Call, repo: Repo, sha: str) -> list[Row]:
    """Every status of a commit, newest first."""
    return call.rows("SELECT * FROM statuses WHERE repo_id = ? AND sha = ? ORDER BY id DESC", repo.id, sha)


def latest(call: Call, repo_id: int, shas: list[str]) -> dict[str, tuple[list[Row], list[Row]]]:
    """The latest status of each context and of each App the latest run of each check, for several commits at once."""
    marks = ",".join("?" * len(shas))
    found: dict[str, tuple[list[Row], list[Row]]] = {sha: ([], []) for sha in shas}
    for place, table, name in ((0, "statuses", "context"), (1, "check_runs", "name, creator_id")):
        sql = f"""SELECT * FROM {table} WHERE id IN (SELECT max(id) FROM {table} WHERE repo_id = ? AND sha IN ({marks})
            GROUP BY sha, {name}) ORDER BY id"""
        for row in call.rows(sql, repo_id, *shas):
            found[row["sha"]][place].append(row)
    return found


def run_state(run: Row) -> str:
    """A check run as a status state."""
    if run["status"] != "completed":
        return "PENDING"
    return "SUCCESS" if run["conclusion"] in _GOOD else "FAILURE"


def states(call: Call, repo: Repo, sha: str) -> dict[str, str]:
    """Name to state of everything that speaks about a commit."""
    status_rows, run_rows = latest(call, repo.id, [sha])[sha]
    found = {row["context"]: row["state"].upper() for row in status_rows}
    return found | {row["name"]: run_state(row) for row in run_rows}


def state_by(call: Call, repo: Repo, sha: str, name: str, app: int) -> str:
    """The state of a check as one App (here: account) reports it."""
    runs = latest(call, repo.id, [sha])[sha][1]
    found = [run_state(run) for run in runs if (run["name"], run["creator_id"]) == (name, app)]
    return found[-1] if found else "EXPECTED"


def combined(found: list[str]) -> str:
    """Several states as one; upper case, as GraphQL has them."""
    if {"ERROR", "FAILURE"} & set(found):
        return "FAILURE"
    return "PENDING" if not found or "PENDING" in found else "SUCCESS"
