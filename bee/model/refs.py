"""The names bee gives to branches and refs, and what they say back. Pure."""

from __future__ import annotations

import re
from typing import Final

STEP_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
TASK_STEP: Final = "task"
_BRANCH: Final = re.compile(rf"bee/([1-9][0-9]{{0,9}})-({STEP_ID.pattern})")

ITEM_REFS: Final = "refs/bee/items/"
MERGE_REFS: Final = "refs/bee/merge/"
ARCHIVE_REFS: Final = "refs/bee/archive/"
TRACE_REFS: Final = "refs/bee/traces/"
ALERT_REFS: Final = "refs/bee/alerts/"
CONTROL_REF: Final = "refs/bee/control"
BRANCH: Final = "bee"  # the folder of bee's branches
BRANCH_REFS: Final = "refs/heads/bee/"
KEPT_REFS: Final = "refs/bee-kept/"  # in a mirror only: what GitHub did not take


def branch_of(issue: int, step: str) -> str:
    """The branch of one step (or, for a task, of the issue itself)."""
    return f"bee/{issue}-{step}"


def parse_branch(name: str) -> tuple[int, str] | None:
    """The (issue number, step id) a branch of bee's speaks of; None for any other name."""
    match = _BRANCH.fullmatch(name)
    return (int(match[1]), match[2]) if match else None


def item_ref(number: int) -> str:
    """The lease ref of an issue or pull request."""
    return f"{ITEM_REFS}{number}"


def archive_ref(number: int) -> str:
    """Where the ledger of an item closed long ago is kept."""
    return f"{ARCHIVE_REFS}{number}"


def merge_ref(base: str) -> str:
    """The lease ref of E2E and merge into one base branch."""
    return f"{MERGE_REFS}{base}"


def trace_refs(repo_id: str) -> str:
    """Below it are the traces of one repository in another. By its id: names change, and not all can be in a ref."""
    return f"{TRACE_REFS}{repo_id.rstrip('=')}/"


def trace_ref(number: int, run: str, below: str = TRACE_REFS) -> str:
    """The ref of one E2E trace of a pull request."""
    return f"{below}{number}/{run}"
