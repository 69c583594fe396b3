"""Branch protection, as far as it decides merges and pushes."""

from __future__ import annotations

import json
from typing import Any

from bee.forge.core import checks, reviews
from bee.forge.core.errors import not_found
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo


def find(call: Call, repo: Repo, branch: str) -> dict[str, Any] | None:
    """The rules of a branch, or None where it is not protected."""
    row = call.row("SELECT data FROM protections WHERE repo_id = ? AND branch = ?", repo.id, branch)
    return json.loads(row["data"]) if row else None


def get(call: Call, repo: Repo, branch: str) -> dict[str, Any]:
    """The rules of a branch; 404 where it is not protected."""
    found = find(call, repo, branch)
    if found is None:
        raise not_found("Branch not protected")
    return found


def required_contexts(rules: dict[str, Any] | None) -> list[str]:
    """The checks that must have passed."""
    asked = (rules or {}).get("required_status_checks") or {}
    named = [*(asked.get("contexts") or []), *(check["context"] for check in asked.get("checks") or [])]
    return list(dict.fromkeys(named))


def required_apps(rules: dict[str, Any] | None) -> dict[str, int]:
    """The App that must report a check, for the checks that name one."""
    asked = ((rules or {}).get("required_status_checks") or {}).get("checks") or []
    return {check["context"]: check["app_id"] for check in asked if (check.get("app_id") or -1) > 0}


def required_approvals(rules: dict[str, Any] | None) -> int:
    """How many approving reviews must stand."""
    asked = (rules or {}).get("required_pull_request_reviews")
    return 0 if asked is None else int(asked.get("required_approving_review_count", 1))


def bypasses(call: Call, repo: Repo, rules: dict[str, Any] | None) -> bool:
    """Administrators are not held by the rules unless these say so."""
    return not (rules or {}).get("enforce_admins") and call.may(repo, "admin")


def why_not(call: Call, repo: Repo, issue: Row, pull: Row, base: str) -> str | None:
    """GitHub's sentence for the first rule that stands against a merge, or None."""
    rules = find(call, repo, pull["base_ref"])
    if rules is None:
        return None
    approvals = required_approvals(rules)
    standing = reviews.standing(call, repo, issue["id"])
    if "CHANGES_REQUESTED" in standing and approvals:
        return "Changes requested by reviewers with write access"
    if standing.count("APPROVED") < approvals:
        noun = "review is" if approvals == 1 else "reviews are"
        return f"At least {approvals} approving {noun} required by reviewers with write access."
    states = checks.states(call, repo, pull["head_sha"])
    for context, app in required_apps(rules).items():
        states[context] = checks.state_by(call, repo, pull["head_sha"], context, app)
    for context in required_contexts(rules):
        state = states.get(context, "EXPECTED")
        if state != "SUCCESS":
            word = "expected" if state in ("PENDING", "EXPECTED") else "failing"
            return f'Required status check "{context}" is {word}.'
    strict = (rules.get("required_status_checks") or {}).get("strict")
    if strict and not repo.git.is_ancestor(base, pull["head_sha"]):
        return "The head branch is not up to date with the base branch"
    return None


def refuses_push(call: Call, repo: Repo, branch: str) -> str | None:
    """Why a direct push to a branch is refused, or None."""
    rules = find(call, repo, branch)
    if rules is None or bypasses(call, repo, rules):
        return None
    if rules.get("required_pull_request_reviews") is not None:
        return "Changes must be made through a pull request."
    contexts = required_contexts(rules)
    return f"{len(contexts)} of {len(contexts)} required status checks are expected." if contexts else None
