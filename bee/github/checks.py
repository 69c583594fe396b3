"""Reading who reported what of a head, and what must have reported. Decides nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Set
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar
from urllib.parse import quote

from bee.github import fields, queries
from bee.github.client import GitHubClient
from bee.github.graphql import ask, names_of
from bee.github.json import JsonReader
from bee.model import limits
from bee.model.checks import CheckState, Required
from bee.model.errors import ForbiddenError, NotFoundError
from bee.model.items import Check, Item, Pull, Who
from bee.model.rules import METHODS, BaseRules
from bee.pipeline.checks import is_own_name

T = TypeVar("T", bound=Item)


def checks_elsewhere(client: GitHubClient, repo: str, oid: str) -> tuple[Check, ...]:
    """The checks of a head where the token may not read check runs (fine-grained tokens, 403): those it can read.

    Commit statuses and workflow runs, by https://docs.github.com/en/rest/commits/statuses and
    https://docs.github.com/en/rest/actions/workflow-runs. What other Apps report is in neither.
    """
    statuses = _statuses(client, repo, oid)
    runs = client.pages(f"/repos/{repo}/actions/runs", {"head_sha": oid}, within="workflow_runs")
    return (*statuses, *map(_workflow_run, runs))


def _workflow_run(run: JsonReader) -> Check:
    done = (run.text_or_null("status") or "").lower() == "completed"
    return Check(
        name=run.text("name", "") or f"workflow {run.number('workflow_id')}",
        state=CheckState.of_conclusion(run.text_or_null("conclusion")) if done else CheckState.PENDING,
        at=run.time("updated_at"), url=run.text("html_url"),
    )  # fmt: skip


def _statuses(client: GitHubClient, repo: str, oid: str) -> tuple[Check, ...]:
    """The latest status of each account for each context: GitHub lists all there ever were, newest first."""
    latest: dict[tuple[str, str], Check] = {}
    for status in client.pages(f"/repos/{repo}/commits/{oid}/statuses"):
        by = status.within("creator")
        who = Who(by.text("login"), by.number("id"), by.text("type") == "Bot") if by else None
        check = Check(
            name=status.text("context"), state=CheckState.of_status(status.text("state")),
            at=status.time("created_at"), creator=who, description=status.text_or_null("description") or "",
            url=status.text_or_null("target_url") or "",
        )  # fmt: skip
        latest.setdefault((check.name, who.login.lower() if who else ""), check)
    return tuple(latest.values())


def with_every_reporter(client: GitHubClient, repo: str, item: T) -> T:
    """The item; where it is an open pull request with a green status, with what other accounts say under its name.

    GraphQL has only the last status of each context, so anybody who may write could hide another's failure with it.
    """
    if not isinstance(item, Pull) or not item.open or item.unread:
        return item
    if not any(c.creator and c.state is CheckState.GREEN and not is_own_name(c.name) for c in item.checks):
        return item
    runs = (check for check in item.checks if check.app is not None or check.creator is None)
    return replace(item, checks=(*runs, *_statuses(client, repo, item.head)))


@dataclass(frozen=True, slots=True)
class Demands:
    """What rules of a branch demand, as far as REST tells: checks, and the rest."""

    checks: frozenset[Required] = frozenset()
    rules: BaseRules = field(default_factory=BaseRules)


# Parameters of the rule for pull requests that are rules of their own here.
_ASKS: Final = {
    "require_code_owner_review": "code_owner_review", "require_last_push_approval": "last_push_approval",
    "required_review_thread_resolution": "conversation_resolution",
}  # fmt: skip


def read_demands(client: GitHubClient, repo: str, base_ref: str, classic: bool) -> Demands:
    """What branch protection and rulesets require of a base, and of which App. `classic`: it has protected checks.

    https://docs.github.com/en/rest/branches/branches#get-a-branch,
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    branch, found, rules = quote(base_ref, safe=""), set[Required](), BaseRules()
    with contextlib.suppress(NotFoundError, ForbiddenError):  # a branch that is gone; older servers have no rulesets
        if classic:
            data = client.one("GET", f"/repos/{repo}/branches/{branch}")
            asked = data.within("protection", "required_status_checks")
            checks = asked.many("checks") if asked and asked.has("checks") else ()
            found |= {Required(one.text("context"), _app_of(one, "app_id")) for one in checks}
        for rule in client.pages(f"/repos/{repo}/rules/branches/{branch}"):
            kind, asked = rule.text("type"), rule.within("parameters")
            rules = rules.with_other(_of_rule(kind, asked))
            for one in asked.many("required_status_checks") if asked and kind == "required_status_checks" else ():
                found.add(Required(one.text("context"), _app_of(one, "integration_id")))
    return Demands(frozenset(found), rules)


def read_hidden(client: GitHubClient, repo: str, base_ref: str) -> Demands:
    """What of a base's protection only administrators are shown; nothing where this token is not one's.

    https://docs.github.com/en/rest/branches/branch-protection#get-branch-protection
    """
    kinds = set[str]()
    with contextlib.suppress(NotFoundError, ForbiddenError):
        data = client.one("GET", f"/repos/{repo}/branches/{quote(base_ref, safe='')}/protection")
        lock, reviews = data.within("lock_branch"), data.within("required_pull_request_reviews")
        if lock and lock.flag("enabled", False):
            kinds.add("lock_branch")
        if reviews and reviews.flag("require_last_push_approval", False):
            kinds.add("last_push_approval")
    return Demands(rules=BaseRules(frozenset(kinds)))


def _of_rule(kind: str, asked: JsonReader | None) -> BaseRules:
    """One rule of a ruleset."""
    if kind != "pull_request" or asked is None:
        return BaseRules(frozenset({kind}))
    named = {word for name, word in _ASKS.items() if asked.flag(name, False)}
    teams = asked.many("required_reviewers") if asked.has("required_reviewers") else ()
    if any(team.number("minimum_approvals", 0) for team in teams):
        named.add("required_reviewers")
    return BaseRules(frozenset({kind, *named}), frozenset(asked.texts("allowed_merge_methods")) & METHODS or METHODS)


def with_rules(client: GitHubClient, repo: str, pull: Pull) -> Pull:
    """The pull request with everything that rules require of its base."""
    return with_demands(pull, read_demands(client, repo, pull.base_ref, bool(pull.required)))


def with_demands(pull: Pull, demands: Demands) -> Pull:
    """The pull request with what was read of its base."""
    required = sorted({*pull.required, *demands.checks}, key=lambda one: (one.name, one.app or 0))
    return replace(pull, required=tuple(required), rules=pull.rules.with_other(demands.rules))


def _app_of(check: JsonReader, name: str) -> int | None:
    """The App that must report; GitHub says null, -1 or nothing where any may."""
    app = check.number(name) if check.has(name) else -1
    return app if app > 0 else None


def checked_bases(client: GitHubClient, repo: str, top: JsonReader, viewer: Who, bases: Set[str]) -> frozenset[str]:
    """Which of these bases had, in any of the last pull requests merged into it, a check of another than bee."""
    return frozenset(
        base for base in bases if any(_reported_on(client, repo, node, viewer) for node in _last(top, base))
    )


def usual_checks(client: GitHubClient, repo: str, base: str, viewer: Who) -> tuple[str, ...]:
    """The checks of others that reported on every one of the last pull requests merged into a base, by name."""
    last = _last(ask(client, queries.LAST_MERGED, names_of(repo)).one("repository"), base)
    reported = [_reported_on(client, repo, node, viewer) for node in last]
    return tuple(sorted(frozenset.intersection(*reported))) if reported else ()


def _last(top: JsonReader, base: str) -> list[JsonReader]:
    """The last pull requests merged into a base."""
    merged = sorted(top.one("lastMerged").many("nodes"), key=lambda node: node.time("mergedAt"), reverse=True)
    return [node for node in merged if node.text("baseRefName") == base][: limits.MERGED_BEFORE_MAX]


def _reported_on(client: GitHubClient, repo: str, node: JsonReader, viewer: Who) -> frozenset[str]:
    rollup = fields.rollup_of(node)
    if rollup and rollup.one_or_null("contexts") is None:
        commit = fields.head_commit(node)
        seen = checks_elsewhere(client, repo, commit.text("oid")) if commit else ()
        reported = tuple((check.name, check.creator) for check in seen)
    else:
        reported = fields.reporters(node)
    return frozenset(name for name, who in reported if not (is_own_name(name) and who and who.id == viewer.id))
