"""The requests that only set-up and inspection make. Decides nothing.

What a token may do is asked with requests that GitHub must refuse for what they say (422) when it has not refused them
for who says it (403): nothing is ever made by them.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from bee.github.client import GitHubClient
from bee.github.errors import GraphQLErrors
from bee.github.fields import WHO, head_commit, permission
from bee.github.graphql import ask, names_of
from bee.github.json import JsonReader, rows, top
from bee.model.errors import ForbiddenError, NotFoundError, RefusedError, ServerError
from bee.model.items import Who
from bee.model.repo_facts import BranchRules, RepoFacts, TokenGrant

_NO_OID: Final = "0" * 40
# (permission, method, path below the repository, a body that is wrong on purpose)
_QUESTIONS: Final[tuple[tuple[str, str, str, Any], ...]] = (
    ("Contents", "POST", "/git/refs", {"ref": "refs/bee/question", "sha": "no oid"}),
    ("Issues", "POST", "/issues", {}),
    ("Pull requests", "POST", "/pulls", {}),
    ("Commit statuses", "POST", f"/statuses/{_NO_OID}", {"state": "no state"}),
    ("Actions", "GET", "/actions/runs?per_page=1", None),
)
# Rules of a branch that people without administration may see:
# https://docs.github.com/en/graphql/reference/objects#refupdaterule
_UPDATE_RULE: Final = """
query UpdateRule($owner: String!, $name: String!, $ref: String!) {
  repository(owner: $owner, name: $name) { ref(qualifiedName: $ref) { refUpdateRule {
    requiredApprovingReviewCount requiredStatusCheckContexts requiresLinearHistory requiresSignatures
  } } }
}"""

# What `bee doctor --prove` asks of refs below refs/bee/, of an author, and of the heads of pull requests.
_LISTED: Final = f"""
query Listed($owner: String!, $name: String!, $prefix: String!, $ref: String!) {{
  rateLimit {{ cost }}
  repository(owner: $owner, name: $name) {{
    refs(refPrefix: $prefix, first: 10) {{ nodes {{ name target {{ oid }} }} }}
    ref(qualifiedName: $ref) {{ target {{ oid }} }}
    issues(first: 1) {{ nodes {{ author {{ {WHO} }} }} }}
    pullRequests(last: 5) {{ nodes {{ number headRefOid commits(last: 1) {{ nodes {{ commit {{ oid }} }} }} }} }}
  }}
}}"""


def read_repo(client: GitHubClient, repo: str) -> RepoFacts:
    """A repository's settings, and what this account may do there. Raises NotFoundError where it is not shown."""
    answered, answer = client.rest("GET", f"/repos/{repo}")
    data = top(answered, f"GET /repos/{repo}")
    words = (("admin", "ADMIN"), ("maintain", "MAINTAIN"), ("push", "WRITE"), ("triage", "TRIAGE"), ("pull", "READ"))
    given = data.within("permissions")
    role = next((word for name, word in words if given and given.flag(name, False)), None)
    scopes = answer.headers.get("X-OAuth-Scopes", "").strip()
    methods = {"squash": "allow_squash_merge", "merge": "allow_merge_commit", "rebase": "allow_rebase_merge"}
    return RepoFacts(
        repo=data.text("full_name"),
        private=data.flag("private"),
        visibility=data.text("visibility", "private" if data.flag("private") else "public"),
        archived=data.flag("archived", False),
        has_issues=data.flag("has_issues", True),
        has_pull_requests=data.flag("has_pull_requests", True),
        permission=permission(role),
        # shown to those with write access only: what is not shown is not known to be forbidden
        merge_methods=frozenset(method for method, key in methods.items() if data.flag(key, True)),
        default_branch=data.text("default_branch"),
        scopes=frozenset(part.strip() for part in scopes.split(",")) if scopes else None,
    )


def ask_grants(client: GitHubClient, repo: str, only: str = "") -> tuple[TokenGrant, ...]:
    """What a token without scopes may do: one refused request for each permission (or one of them), and a read of
    workflow runs.

    https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
    """
    found = []
    for name, method, path, body in _QUESTIONS:
        if name not in (only or name):
            continue
        given = True
        try:
            client.rest(method, f"/repos/{repo}{path}", body)
        except ForbiddenError:
            given = False
        except (RefusedError, NotFoundError):
            pass
        found.append(TokenGrant(name, "read" if method == "GET" else "write", given))
    return tuple(found)


def read_labels(client: GitHubClient, repo: str) -> frozenset[str]:
    """The names of the repository's labels."""
    return frozenset(data.text("name") for data in client.pages(f"/repos/{repo}/labels"))


def read_file(client: GitHubClient, repo: str, path: str, ref: str) -> str | None:
    """The text of a file on a branch; None where there is none, empty where it is not a file.

    Raises ServerError where GitHub sends what is not Base64, else as `GitHubClient.rest`.
    """
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


def attribute_files(client: GitHubClient, repo: str, ref: str) -> tuple[list[str], bool]:
    """The paths of every `.gitattributes` on a branch, that of the top first; whether GitHub listed all files.

    Beyond 100,000 files or 7 MB it does not: https://docs.github.com/en/rest/git/trees#get-a-tree
    """
    where = f"/repos/{repo}/git/trees/{quote(ref, safe='')}"
    try:
        data, _ = client.rest("GET", where, params={"recursive": "1"})
    except (NotFoundError, RefusedError):  # an empty repository
        return [], True
    found = top(data, f"GET {where}")
    paths = [path for entry in found.many("tree") if (path := entry.text("path")).split("/")[-1] == ".gitattributes"]
    return sorted(paths, key=lambda path: (path.count("/"), path)), not found.flag("truncated")


def read_rules(client: GitHubClient, repo: str, branch: str) -> BranchRules:
    """What GitHub demands of a branch: its protection and its rulesets, as far as this token may see them.

    https://docs.github.com/en/rest/branches/branches#get-a-branch,
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    data = client.one("GET", f"/repos/{repo}/branches/{quote(branch, safe='')}")
    contexts = _contexts(data.within("protection", "required_status_checks"))
    rules = BranchRules(contexts=contexts)
    if data.flag("protected"):
        rules = _protection(client, repo, branch, contexts)
    with contextlib.suppress(NotFoundError, ForbiddenError):  # older servers have no rulesets
        for rule in client.pages(f"/repos/{repo}/rules/branches/{quote(branch, safe='')}"):
            rules = _with_rule(rules, rule.text("type"), rule.within("parameters"))
    return rules


def _contexts(checks: JsonReader | None) -> frozenset[str]:
    return frozenset(checks.texts("contexts") if checks else ())


def _protection(client: GitHubClient, repo: str, branch: str, contexts: frozenset[str]) -> BranchRules:
    """The protection of a branch; of that, those without administration are shown a part."""
    try:
        data = client.one("GET", f"/repos/{repo}/branches/{quote(branch, safe='')}/protection")
    except (NotFoundError, ForbiddenError):
        return _update_rule(client, repo, branch, contexts)
    checks = data.within("required_status_checks")
    reviews = data.within("required_pull_request_reviews")
    names = ("required_linear_history", "required_signatures")
    return BranchRules(
        protected=True,
        contexts=contexts | _contexts(checks),
        reviews=reviews.number("required_approving_review_count", 0) if reviews else 0,
        strict=bool(checks and checks.flag("strict", False)),
        others=frozenset(name for name in names if (rule := data.within(name)) and rule.flag("enabled", False)),
    )


def _update_rule(client: GitHubClient, repo: str, branch: str, contexts: frozenset[str]) -> BranchRules:
    rule: JsonReader | None = None
    with contextlib.suppress(GraphQLErrors):
        data = client.graphql(_UPDATE_RULE, {**names_of(repo), "ref": f"refs/heads/{branch}"})
        rule = top(data, _UPDATE_RULE).one("repository").at("ref", "refUpdateRule")
    if rule is None:
        return BranchRules(protected=True, contexts=contexts, reviews=None)
    flags = {"required_linear_history": "requiresLinearHistory", "required_signatures": "requiresSignatures"}
    return BranchRules(
        protected=True,
        contexts=contexts | frozenset(rule.texts("requiredStatusCheckContexts")),
        reviews=rule.number("requiredApprovingReviewCount", 0),
        others=frozenset(name for name, key in flags.items() if rule.flag(key, False)),
    )


def _with_rule(rules: BranchRules, kind: str, parameters: JsonReader | None) -> BranchRules:
    contexts, reviews, strict = set(rules.contexts), rules.reviews, rules.strict
    if kind == "required_status_checks" and parameters:
        contexts |= {check.text("context") for check in parameters.many("required_status_checks")}
        strict = strict or parameters.flag("strict_required_status_checks_policy", False)
    if kind == "pull_request" and parameters:
        reviews = max(reviews or 0, parameters.number("required_approving_review_count", 0))
    methods, queue = rules.methods, rules.queue
    if kind == "pull_request" and parameters and parameters.has("allowed_merge_methods"):
        methods &= frozenset(parameters.texts("allowed_merge_methods"))
    if kind == "merge_queue":
        queue = parameters.text("merge_method", "MERGE").lower() if parameters else "merge"
    return BranchRules(
        protected=True, contexts=frozenset(contexts), reviews=reviews, strict=strict, others=rules.others | {kind},
        methods=methods, queue=queue,
    )  # fmt: skip


def reported_contexts(client: GitHubClient, repo: str, branch: str) -> tuple[frozenset[str], bool]:
    """The names of the statuses and check runs that have reported on a branch's head; whether it may read the latter.

    Fine-grained tokens may not:
    https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
    """
    where = f"/repos/{repo}/commits/{quote(branch, safe='')}"
    found = {status.text("context") for status in client.pages(f"{where}/statuses")}
    try:
        runs = client.pages(f"{where}/check-runs", within="check_runs")
    except ForbiddenError:
        return frozenset(found), False
    return frozenset(found | {run.text("name") for run in runs}), True


def count_refs(client: GitHubClient, repo: str) -> int:
    """How many refs of bee's there are (at most a page of them is counted)."""
    path = f"/repos/{repo}/git/matching-refs/bee/"
    return len(rows(client.rest("GET", path)[0], f"GET {path}"))


@dataclass(frozen=True, slots=True)
class Listed:
    """What GraphQL says of refs: those below a prefix, and `one` by its name. `authors`: of the last issue.

    `heads`: of the last pull requests, the number, the head, and the last commit.
    """

    refs: Mapping[str, str]
    one: str | None
    authors: tuple[Who, ...]
    heads: tuple[tuple[int, str, str], ...]


def read_listed(client: GitHubClient, repo: str, prefix: str, ref: str) -> Listed:
    """The refs below a prefix and one ref, as a snapshot and a lease ask for them."""
    found = ask(client, _LISTED, {**names_of(repo), "prefix": prefix, "ref": ref}).one("repository")
    refs, one = found.one_or_null("refs"), found.one_or_null("ref")
    listed = {
        f"{prefix}{node.text('name')}": node.one("target").text("oid") for node in (refs.many("nodes") if refs else ())
    }
    authors = (node.one_or_null("author") for node in found.one("issues").many("nodes"))
    people = tuple(Who(author.text("login"), author.number_or_null("databaseId")) for author in authors if author)
    pulls = found.one("pullRequests").many("nodes")
    heads = tuple(
        (pull.number("number"), pull.text("headRefOid"), commit.text("oid"))
        for pull in pulls
        if (commit := head_commit(pull)) is not None
    )
    return Listed(listed, one.one("target").text("oid") if one else None, people, heads)


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
