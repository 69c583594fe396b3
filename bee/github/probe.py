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

from bee.github import parse
from bee.github.client import GitHubClient
from bee.github.errors import GraphQLErrors
from bee.github.graphql import names_of
from bee.github.json import JsonReader, rows, top
from bee.model.errors import ForbiddenError, NotFoundError, RefusedError, ServerError
from bee.model.items import BranchRules, Grant, Permission, RepoFacts

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


def read_repo(client: GitHubClient, repo: str) -> RepoFacts:
    """A repository's settings, and what this account may do there. Raises NotFoundError where it is not shown."""
    answered, answer = client.rest("GET", f"/repos/{repo}")
    data = top(answered, f"GET /repos/{repo}")
    words = (("admin", "ADMIN"), ("maintain", "MAINTAIN"), ("push", "WRITE"), ("triage", "TRIAGE"), ("pull", "READ"))
    given = data.one("permissions") if data.has("permissions") else None
    role = next((word for name, word in words if given and _may(given, name, False)), None)
    scopes = answer.headers.get("X-OAuth-Scopes", "").strip()
    methods = {"squash": "allow_squash_merge", "merge": "allow_merge_commit", "rebase": "allow_rebase_merge"}
    return RepoFacts(
        repo=data.text("full_name"),
        private=data.flag("private"),
        archived=_may(data, "archived", False),
        has_issues=_may(data, "has_issues", True),
        permission=parse.permission(role) if role else Permission.NONE,
        # shown to those with write access only: what is not shown is not known to be forbidden
        merge_methods=frozenset(method for method, key in methods.items() if _may(data, key, True)),
        default_branch=data.text("default_branch"),
        scopes=frozenset(part.strip() for part in scopes.split(",")) if scopes else None,
    )


def _may(data: JsonReader, name: str, otherwise: bool) -> bool:
    """A flag that GitHub may leave out."""
    return data.flag(name) if data.has(name) else otherwise


def ask_grants(client: GitHubClient, repo: str) -> tuple[Grant, ...]:
    """What a token without scopes may do: one refused request for each permission, and a read of workflow runs.

    https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
    """
    found = []
    for name, method, path, body in _QUESTIONS:
        found.append(_asked(client, name, "write", method, f"/repos/{repo}{path}", body))
    found.append(_asked(client, "Actions", "read", "GET", f"/repos/{repo}/actions/runs?per_page=1", None))
    return tuple(found)


def _asked(
    client: GitHubClient, name: str, access: str, method: str, path: str, body: Mapping[str, Any] | None
) -> Grant:
    try:
        client.rest(method, path, body)
    except ForbiddenError:
        return Grant(name, access, False)
    except (RefusedError, NotFoundError):
        return Grant(name, access, True)
    return Grant(name, access, True)


def read_labels(client: GitHubClient, repo: str) -> frozenset[str]:
    """The names of the repository's labels."""
    return frozenset(data.text("name") for data in client.pages(f"/repos/{repo}/labels"))


def read_file(client: GitHubClient, repo: str, path: str, ref: str) -> str | None:
    """The text of a file on a branch; None where it is not there."""
    where = f"/repos/{repo}/contents/{quote(path)}"
    try:
        data, _ = client.rest("GET", where, params={"ref": ref})
    except NotFoundError:
        return None
    if isinstance(data, list):
        return ""
    found = top(data, f"GET {where}")
    if found.text("type") != "file":
        return ""
    try:
        return base64.b64decode(found.text("content")).decode("utf-8", "replace")
    except ValueError as problem:
        raise ServerError(f"GitHub's copy of {path} cannot be read ({problem}); try again later") from problem


def top_names(client: GitHubClient, repo: str, ref: str) -> frozenset[str]:
    """The names at the top of the repository."""
    where = f"/repos/{repo}/contents"
    data, _ = client.rest("GET", where, params={"ref": ref})
    return frozenset(entry.text("name") for entry in rows(data, f"GET {where}"))


def read_rules(client: GitHubClient, repo: str, branch: str) -> BranchRules:
    """What GitHub demands of a branch: its protection and its rulesets, as far as this token may see them.

    https://docs.github.com/en/rest/branches/branches#get-a-branch,
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    data = client.one("GET", f"/repos/{repo}/branches/{quote(branch, safe='')}")
    shown = _within(data, "protection", "required_status_checks")
    rules = BranchRules(data.flag("protected"), _contexts(shown))
    if rules.protected:
        rules = _with_protection(client, repo, branch, rules)
    with contextlib.suppress(NotFoundError, ForbiddenError):  # older servers have no rulesets
        for rule in client.pages(f"/repos/{repo}/rules/branches/{quote(branch, safe='')}"):
            rules = _with_rule(rules, rule.text("type"), _within(rule, "parameters"))
    return rules


def _within(data: JsonReader, *names: str) -> JsonReader | None:
    """What is there by a path whose every part GitHub may leave out."""
    found: JsonReader | None = data
    for name in names:
        found = found.one(name) if found and found.has(name) else None
    return found


def _contexts(checks: JsonReader | None, name: str = "contexts") -> frozenset[str]:
    return frozenset(checks.texts(name) if checks and checks.has(name) else ())


def _count(data: JsonReader, name: str) -> int:
    return data.number(name) if data.has(name) else 0


def _with_protection(client: GitHubClient, repo: str, branch: str, rules: BranchRules) -> BranchRules:
    try:
        data = client.one("GET", f"/repos/{repo}/branches/{quote(branch, safe='')}/protection")
    except (NotFoundError, ForbiddenError):
        return _with_update_rule(client, repo, branch, rules)
    checks = _within(data, "required_status_checks")
    reviews = _within(data, "required_pull_request_reviews")
    names = ("required_linear_history", "required_signatures")
    return BranchRules(
        protected=True,
        contexts=rules.contexts | _contexts(checks),
        reviews=_count(reviews, "required_approving_review_count") if reviews else 0,
        strict=bool(checks and _may(checks, "strict", False)),
        others=frozenset(name for name in names if (rule := _within(data, name)) and _may(rule, "enabled", False)),
    )


def _with_update_rule(client: GitHubClient, repo: str, branch: str, rules: BranchRules) -> BranchRules:
    """The part of a protection that those without administration are shown."""
    rule: JsonReader | None = None
    with contextlib.suppress(GraphQLErrors):
        data = client.graphql(_UPDATE_RULE, {**names_of(repo), "ref": f"refs/heads/{branch}"})
        ref = top(data, _UPDATE_RULE).one("repository").one_or_null("ref")
        rule = ref.one_or_null("refUpdateRule") if ref else None
    if rule is None:
        return BranchRules(True, rules.contexts, None)
    flags = {"required_linear_history": "requiresLinearHistory", "required_signatures": "requiresSignatures"}
    return BranchRules(
        protected=True,
        contexts=rules.contexts | _contexts(rule, "requiredStatusCheckContexts"),
        reviews=_count(rule, "requiredApprovingReviewCount"),
        others=frozenset(name for name, key in flags.items() if _may(rule, key, False)),
    )


def _with_rule(rules: BranchRules, kind: str, parameters: JsonReader | None) -> BranchRules:
    contexts, reviews, strict = set(rules.contexts), rules.reviews, rules.strict
    if kind == "required_status_checks" and parameters:
        contexts |= {check.text("context") for check in parameters.many("required_status_checks")}
        strict = strict or _may(parameters, "strict_required_status_checks_policy", False)
    if kind == "pull_request" and parameters:
        reviews = max(reviews or 0, _count(parameters, "required_approving_review_count"))
    return BranchRules(True, frozenset(contexts), reviews, strict, rules.others | {kind})


def reported_contexts(client: GitHubClient, repo: str, branch: str) -> frozenset[str]:
    """The names of the statuses and check runs that have reported on a branch's head."""
    where = f"/repos/{repo}/commits/{quote(branch, safe='')}"
    found = {status.text("context") for status in client.pages(f"{where}/statuses")}
    with contextlib.suppress(ForbiddenError):  # fine-grained tokens cannot read check runs
        found |= {run.text("name") for run in client.pages(f"{where}/check-runs", within="check_runs")}
    return frozenset(found)


def count_refs(client: GitHubClient, repo: str) -> int:
    """How many refs of bee's there are (at most a page of them is counted)."""
    path = f"/repos/{repo}/git/matching-refs/bee/"
    return len(rows(client.rest("GET", path)[0], f"GET {path}"))


def read_rates(client: GitHubClient) -> dict[str, tuple[int, int, int]]:
    """(remaining, limit, start of the next window) by resource; reading it is free. Empty where there are no limits.

    https://docs.github.com/en/rest/rate-limit/rate-limit
    """
    try:
        kinds = client.one("GET", "/rate_limit").one("resources")
    except NotFoundError:
        return {}
    found = {name: kinds.one(name) for name in ("core", "graphql") if kinds.has(name)}
    return {name: (one.number("remaining"), one.number("limit"), one.number("reset")) for name, one in found.items()}


def read_login(client: GitHubClient) -> str:
    """The account the token belongs to. An installation's token has none: its name is then `this token`."""
    try:
        return client.one("GET", "/user").text("login")
    except ForbiddenError:
        return "this token"


def create_tree(client: GitHubClient, repo: str, base_tree: str, files: Mapping[str, str]) -> str:
    """A tree with these files put over another; its oid. https://docs.github.com/en/rest/git/trees#create-a-tree"""
    entries = [{"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in files.items()]
    return client.one("POST", f"/repos/{repo}/git/trees", {"base_tree": base_tree, "tree": entries}).text("sha")
