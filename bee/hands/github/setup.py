"""The requests that only set-up and inspection make. Decides nothing.

What a token may do is asked with requests that GitHub must refuse for what they say (422) when it has not refused them
for who says it (403): nothing is ever made by them.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from bee.hands.github import parse
from bee.hands.github.door import Door, GraphErrors
from bee.hands.github.reading import names_of
from bee.thinking.checks import BranchRules, Grant, RepoFacts
from bee.words.errors import ForbiddenError, NotFoundError, RefusedError
from bee.words.model import Permission

_NO_OID: Final = "0" * 40
# (permission, method, path below the repository, a body that is wrong on purpose)
_QUESTIONS: Final[tuple[tuple[str, str, str, Mapping[str, Any]], ...]] = (
    ("Contents", "POST", "/git/refs", {"ref": "refs/bee/question", "sha": "no oid"}),
    ("Issues", "POST", "/issues", {}),
    ("Pull requests", "POST", "/pulls", {}),
    ("Commit statuses", "POST", f"/statuses/{_NO_OID}", {"state": "no state"}),
)
# Rules of a branch that people without administration may see:
# https://docs.github.com/en/graphql/reference/objects#refupdaterule
_UPDATE_RULE: Final = """
query UpdateRule($owner: String!, $name: String!, $ref: String!) {
  repository(owner: $owner, name: $name) { ref(qualifiedName: $ref) { refUpdateRule {
    requiredApprovingReviewCount requiredStatusCheckContexts requiresLinearHistory requiresSignatures
  } } }
}"""


def read_repo(door: Door, repo: str) -> RepoFacts:
    """A repository's settings, and what this account may do there. Raises NotFoundError where it is not shown."""
    data, answer = door.rest("GET", f"/repos/{repo}")
    given = data.get("permissions") or {}
    words = (("admin", "ADMIN"), ("maintain", "MAINTAIN"), ("push", "WRITE"), ("triage", "TRIAGE"), ("pull", "READ"))
    role = next((word for name, word in words if given.get(name)), None)
    scopes = answer.headers.get("X-OAuth-Scopes", "").strip()
    methods = {"squash": "allow_squash_merge", "merge": "allow_merge_commit", "rebase": "allow_rebase_merge"}
    return RepoFacts(
        repo=str(data["full_name"]),
        private=bool(data["private"]),
        archived=bool(data.get("archived")),
        has_issues=bool(data.get("has_issues", True)),
        permission=parse.permission(role) if role else Permission.NONE,
        # shown to those with write access only: what is not shown is not known to be forbidden
        merge_methods=frozenset(method for method, key in methods.items() if data.get(key, True)),
        default_branch=str(data["default_branch"]),
        scopes=frozenset(part.strip() for part in scopes.split(",")) if scopes else None,
    )


def ask_grants(door: Door, repo: str) -> tuple[Grant, ...]:
    """What a token without scopes may do: one refused request for each permission, and a read of workflow runs.

    https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
    """
    found = []
    for name, method, path, body in _QUESTIONS:
        found.append(_asked(door, name, "write", method, f"/repos/{repo}{path}", body))
    found.append(_asked(door, "Actions", "read", "GET", f"/repos/{repo}/actions/runs?per_page=1", None))
    return tuple(found)


def _asked(door: Door, name: str, access: str, method: str, path: str, body: Mapping[str, Any] | None) -> Grant:
    try:
        door.rest(method, path, body)
    except ForbiddenError:
        return Grant(name, access, False)
    except (RefusedError, NotFoundError):
        return Grant(name, access, True)
    return Grant(name, access, True)


def read_labels(door: Door, repo: str) -> frozenset[str]:
    """The names of the repository's labels."""
    return frozenset(str(data["name"]) for data in door.pages(f"/repos/{repo}/labels"))


def read_file(door: Door, repo: str, path: str, ref: str) -> str | None:
    """The text of a file on a branch; None where it is not there."""
    try:
        data, _ = door.rest("GET", f"/repos/{repo}/contents/{quote(path)}", params={"ref": ref})
    except NotFoundError:
        return None
    if not isinstance(data, dict) or data.get("type") != "file":
        return ""
    return base64.b64decode(str(data.get("content", ""))).decode("utf-8", "replace")


def top_names(door: Door, repo: str, ref: str) -> frozenset[str]:
    """The names at the top of the repository."""
    data, _ = door.rest("GET", f"/repos/{repo}/contents", params={"ref": ref})
    return frozenset(str(entry["name"]) for entry in data) if isinstance(data, list) else frozenset()


def read_rules(door: Door, repo: str, branch: str) -> BranchRules:
    """What GitHub demands of a branch: its protection and its rulesets, as far as this token may see them.

    https://docs.github.com/en/rest/branches/branches#get-a-branch,
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    data, _ = door.rest("GET", f"/repos/{repo}/branches/{quote(branch, safe='')}")
    shown = (data.get("protection") or {}).get("required_status_checks") or {}
    rules = BranchRules(bool(data["protected"]), frozenset(shown.get("contexts") or ()))
    if rules.protected:
        rules = _with_protection(door, repo, branch, rules)
    with contextlib.suppress(NotFoundError, ForbiddenError):  # older servers have no rulesets
        for rule in door.pages(f"/repos/{repo}/rules/branches/{quote(branch, safe='')}"):
            rules = _with_rule(rules, str(rule.get("type")), rule.get("parameters") or {})
    return rules


def _with_protection(door: Door, repo: str, branch: str, rules: BranchRules) -> BranchRules:
    try:
        data, _ = door.rest("GET", f"/repos/{repo}/branches/{quote(branch, safe='')}/protection")
    except (NotFoundError, ForbiddenError):
        return _with_update_rule(door, repo, branch, rules)
    checks = data.get("required_status_checks") or {}
    reviews = data.get("required_pull_request_reviews")
    names = ("required_linear_history", "required_signatures")
    return BranchRules(
        protected=True,
        contexts=rules.contexts | frozenset(checks.get("contexts") or ()),
        reviews=int(reviews.get("required_approving_review_count", 0)) if reviews is not None else 0,
        strict=bool(checks.get("strict")),
        others=frozenset(name for name in names if (data.get(name) or {}).get("enabled")),
    )


def _with_update_rule(door: Door, repo: str, branch: str, rules: BranchRules) -> BranchRules:
    """The part of a protection that those without administration are shown."""
    rule: Any = None
    with contextlib.suppress(GraphErrors):
        data = door.graphql(_UPDATE_RULE, {**names_of(repo), "ref": f"refs/heads/{branch}"})
        rule = (data["repository"]["ref"] or {}).get("refUpdateRule")
    if rule is None:
        return BranchRules(True, rules.contexts, None)
    flags = {"required_linear_history": "requiresLinearHistory", "required_signatures": "requiresSignatures"}
    return BranchRules(
        protected=True,
        contexts=rules.contexts | frozenset(rule.get("requiredStatusCheckContexts") or ()),
        reviews=int(rule.get("requiredApprovingReviewCount") or 0),
        others=frozenset(name for name, key in flags.items() if rule.get(key)),
    )


def _with_rule(rules: BranchRules, kind: str, parameters: Mapping[str, Any]) -> BranchRules:
    contexts, reviews, strict = set(rules.contexts), rules.reviews, rules.strict
    if kind == "required_status_checks":
        contexts |= {str(check["context"]) for check in parameters.get("required_status_checks") or ()}
        strict = strict or bool(parameters.get("strict_required_status_checks_policy"))
    if kind == "pull_request":
        reviews = max(reviews or 0, int(parameters.get("required_approving_review_count") or 0))
    return BranchRules(True, frozenset(contexts), reviews, strict, rules.others | {kind})


def reported_contexts(door: Door, repo: str, branch: str) -> frozenset[str]:
    """The names of the statuses and check runs that have reported on a branch's head."""
    where = f"/repos/{repo}/commits/{quote(branch, safe='')}"
    found = {str(status["context"]) for status in door.pages(f"{where}/statuses")}
    with contextlib.suppress(ForbiddenError):  # fine-grained tokens cannot read check runs
        found |= {str(run["name"]) for run in door.pages(f"{where}/check-runs")}
    return frozenset(found)


def count_refs(door: Door, repo: str) -> int:
    """How many refs of bee's there are (at most a page of them is counted)."""
    data, _ = door.rest("GET", f"/repos/{repo}/git/matching-refs/bee/")
    return len(data)


def read_rates(door: Door) -> dict[str, tuple[int, int, int]]:
    """(remaining, limit, start of the next window) by resource; reading it is free. Empty where there are no limits.

    https://docs.github.com/en/rest/rate-limit/rate-limit
    """
    try:
        data, _ = door.rest("GET", "/rate_limit")
    except NotFoundError:
        return {}
    kinds = data.get("resources") or {}
    return {
        name: (int(kinds[name]["remaining"]), int(kinds[name]["limit"]), int(kinds[name]["reset"]))
        for name in ("core", "graphql")
        if name in kinds
    }


def read_login(door: Door) -> str:
    """The account the token belongs to. An installation's token has none: its name is then `this token`."""
    try:
        data, _ = door.rest("GET", "/user")
    except ForbiddenError:
        return "this token"
    return str(data["login"])


def create_tree(door: Door, repo: str, base_tree: str, files: Mapping[str, str]) -> str:
    """A tree with these files put over another; its oid. https://docs.github.com/en/rest/git/trees#create-a-tree"""
    entries = [{"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in files.items()]
    data, _ = door.rest("POST", f"/repos/{repo}/git/trees", {"base_tree": base_tree, "tree": entries})
    return str(data["sha"])
