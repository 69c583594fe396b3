"""What GitHub's settings and rules say against a merge for now, in words that name the setting. Pure.

None of it is a failure: no agent helps, no try is counted, and it is looked at anew with every snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bee.model.checks import CheckState
from bee.model.items import Pull, Review, ReviewState
from bee.model.rules import ReviewDecision
from bee.pipeline.checks import is_own_name
from bee.pipeline.evidence import thread_line
from bee.pipeline.facts import View

# What rules ask for that others have to do for each pull request, bee knowing nothing of how far it is.
OF_OTHERS: Final = {
    "required_deployments": "deployments must succeed first",
    "code_scanning": "code scanning must have results, without the alerts that the rule forbids",
    "code_quality": "code quality must have results, without what the rule forbids",
    "license_compliance_scanning": "the scan of licenses must pass",
    "workflows": "workflows that a rule names must pass",
    "required_reviewers": "a team must approve",
}
# What a rule that bee cannot meet asks for. A kind that is not here is one that bee does not know.
KINDS: Final = {
    "update": "nobody may update it",
    "lock_branch": "it is locked",
    "restricted_pushes": "it is locked, or restricts who may push, and bee's account may not",
    "conversation_resolution": "every conversation must be resolved",
    "last_push_approval": "the last push must be approved by somebody else",
    "code_owner_review": "a code owner must approve",
    "commit_message_pattern": "the message of every commit must fit a pattern",
    "commit_author_email_pattern": "the e-mail address of every commit's author must fit a pattern",
    "committer_email_pattern": "the e-mail address of every commit's committer must fit a pattern",
    **OF_OTHERS,
}
_HIDDEN: Final = (
    "it is locked, or the last push must be approved by somebody else (GitHub shows which to administrators only)"
)
# What may be met all the same, so that another cause is possible.
_UNSURE: Final = frozenset({
    "commit_message_pattern", "commit_author_email_pattern", "committer_email_pattern", *OF_OTHERS,
})  # fmt: skip
# Rules that say nothing about a merge by themselves (those on files hold the push), or that other rows speak of.
QUIET: Final = frozenset({
    "branch_name_pattern", "copilot_code_review", "creation", "deletion", "file_extension_restriction",
    "file_path_restriction", "max_file_path_length", "max_file_size", "merge_queue", "non_fast_forward",
    "pull_request", "required_linear_history", "required_signatures", "required_status_checks", "tag_name_pattern",
})  # fmt: skip


def against(pull: Pull, view: View, untested: bool = False) -> list[str]:
    """The settings that stand against merging it now, and who can change them; empty where none does.

    `untested`: E2E is to run first.
    """
    if pull.queued is not None:
        return []  # GitHub has taken it in, and judges by itself what it merges
    no_trace = view.snapshot.no_trace if untested else ""
    return list(_methods(pull, view)) or list(_blocked(pull)) or ([no_trace] if no_trace else [])


def approval_missing(pull: Pull) -> list[str]:
    """What GitHub's rules ask of reviewers, in words; empty where nothing is missing."""
    if pull.decision is not ReviewDecision.REVIEW_REQUIRED:
        return []
    owner = " of a code owner" if "code_owner_review" in pull.rules.kinds else ""
    owner = owner or (" of a team that it names" if "required_reviewers" in pull.rules.kinds else "")
    return [f"{pull.base_ref} requires an approving review{owner}, and bee cannot approve its own pull requests"]


def _methods(pull: Pull, view: View) -> Iterator[str]:
    """Why the policy's merge method cannot be used."""
    method, base, rules = view.policy.merge_method, pull.base_ref, pull.rules
    if pull.queue:  # it merges by a method of its own
        own = sorted(one.name for one in pull.required if is_own_name(one.name))
        if own:
            yield f"{base} requires {', '.join(own)}, also of its merge queue's own commits, and bee sets none there"
    elif method not in view.snapshot.merge_methods:
        yield f"the repository's settings do not allow merge_method `{method}`: allow it, or change the policy"
    elif method not in rules.methods:
        yield f"a ruleset of {base} allows only {', '.join(sorted(rules.methods))}, the merge_method is `{method}`"
    elif "required_linear_history" in rules.kinds and method == "merge":
        yield f"{base} requires a linear history, the merge_method is `merge`"
    elif "required_signatures" in rules.kinds and method != "squash":
        yield f"{base} requires signed commits, and GitHub signs only with merge_method `squash`"


def _blocked(pull: Pull) -> Iterator[str]:
    base = pull.base_ref
    if pull.behind:
        yield f"{base} requires branches to be up to date: update this one (gh pr update-branch {pull.number})"
    elif pull.decision is ReviewDecision.CHANGES_REQUESTED and pull.blocked:
        who = ", ".join(_against_by(pull)) or "somebody"
        yield f"{who} requested changes, and {base} requires reviews: approve, or dismiss that review"
    elif _is_blocked(pull):
        known = [text + _who(pull, kind) for kind, text in KINDS.items() if kind in pull.rules.kinds - _met(pull)]
        other = sorted(pull.rules.kinds - set(KINDS) - QUIET)
        unknown = [f"`{kind}`, which bee does not know" for kind in other]
        named = [*known, *unknown, _HIDDEN] if is_unexplained(pull) else known
        yield f"GitHub blocks it by rules of {base}: {'; or '.join(named)}"


def is_unexplained(pull: Pull) -> bool:
    """Whether GitHub blocks it, and nothing that bee was shown says for certain why."""
    return _is_blocked(pull) and not (pull.rules.kinds & set(KINDS)) - _UNSURE - _met(pull)


def _is_blocked(pull: Pull) -> bool:
    """Whether GitHub blocks it for something else than checks."""
    return pull.blocked and not pull.unread and not _waits_for_checks(pull)


def _met(pull: Pull) -> set[str]:
    """The rules that do not stand against it, as it is now."""
    resolved = len(pull.threads) == pull.thread_count and all(thread.resolved for thread in pull.threads)
    met = {"conversation_resolution"} if resolved else set()
    return met | {"code_owner_review"} if pull.decision is ReviewDecision.APPROVED else met


def _who(pull: Pull, kind: str) -> str:
    """Who opened the conversations that are not resolved, and where; only they and who may write can."""
    left = [thread_line(thread) for thread in pull.threads if not thread.resolved]
    return f" ({', '.join(left)})" if left and kind == "conversation_resolution" else ""


def _waits_for_checks(pull: Pull) -> bool:
    """Whether bee's own statuses, or another required check, may be all that blocks it."""
    green = {check.name for check in pull.checks if check.state is CheckState.GREEN}
    return any(one.name not in green for one in pull.required)


def _against_by(pull: Pull) -> list[str]:
    """Whose last review asks for changes."""
    last: dict[str, Review] = {}
    for review in pull.reviews:
        if review.author and review.state is not ReviewState.COMMENTED:
            last[review.author.login] = review
    return [login for login, review in last.items() if review.state is ReviewState.CHANGES_REQUESTED]
