"""What the rules of a repository say of the branches that bee pushes to, known before anything is paid."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from bee.github.client import GitHubClient
from bee.github.json import JsonReader
from bee.model.errors import ForbiddenError, NotFoundError, RefusedError
from bee.model.items import Snapshot
from bee.model.refs import TASK_STEP, branch_of

# Rules under which no push of bee's can pass, whatever is in it: to a new branch, and to one that is there.
# https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
NO_NEW_BRANCH: Final = {"creation": "restricts creations", "required_signatures": "requires signed commits"}
NO_PUSH: Final = {
    "update": "restricts updates", "pull_request": "requires a pull request", "required_signatures":
    "requires signed commits", "merge_queue": "requires the merge queue", "required_deployments":
    "requires deployments of what is pushed", "code_scanning": "requires results of code scanning",
}  # fmt: skip
_BYPASSES: Final = frozenset({"always", "exempt"})
_AT_MERGES: Final = _BYPASSES | {"pull_requests_only"}
_OPERATORS: Final[dict[str, tuple[str, Callable[[str, str], bool]]]] = {
    "starts_with": ("start with", lambda pattern, text: text.startswith(pattern)),
    "ends_with": ("end with", lambda pattern, text: text.endswith(pattern)),
    "contains": ("contain", lambda pattern, text: pattern in text),
    "regex": ("match", lambda pattern, text: re.search(pattern, text) is not None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What bee would push: its branch, whether that is new, the base it goes into, and the e-mail of its commits."""

    branch: str
    new: bool
    base: str
    address: str


def forbidding(client: GitHubClient, repo: str, push: Push) -> list[str]:
    """The rules that forbid this account a push, or the merge of what it pushed, in words for people.

    The branch need not be there. Of the base only what it demands of commits: GitHub asks that of each commit of a
    pull request, also where they are squashed (https://github.com/orgs/community/discussions/108531). Where the rules
    cannot be read, or whether bee may bypass them, none is known: GitHub says it at the push.
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    meanings = NO_NEW_BRANCH if push.new else NO_PUSH
    found = _found(
        client, repo, push.branch, _BYPASSES, lambda rule: meanings.get(rule.text("type")) or _unfit(rule, push)
    )
    at_merge = _found(client, repo, push.base, _AT_MERGES, lambda rule: _unfit(rule, push, named=False))
    return found + [f"{one}, for merges into `{push.base}`" for one in at_merge if one not in found]


def forbidden_anyhow(client: GitHubClient, head: Snapshot) -> list[str]:
    """The rules that forbid bee to make a branch of its own, or to push to it, in a repository as it is read alone."""
    pushes = (
        Push(branch=branch_of(1, TASK_STEP), new=new, base=head.default_branch, address=head.viewer.address)
        for new in (True, False)
    )
    return sorted({rule for push in pushes for rule in forbidding(client, head.repo, push)})


def _found(
    client: GitHubClient, repo: str, branch: str, bypasses: frozenset[str], meaning_of: Callable[[JsonReader], str]
) -> list[str]:
    found = []
    with contextlib.suppress(NotFoundError, ForbiddenError, RefusedError):  # older servers have no rulesets
        for rule in client.pages(f"/repos/{repo}/rules/branches/{quote(branch, safe='')}"):
            meaning = meaning_of(rule)
            named = _against(client, repo, rule, bypasses) if meaning else ""
            if named:
                found.append(f"{named} {meaning}")
    return found


def _unfit(rule: JsonReader, push: Push, named: bool = True) -> str:
    """What a rule by a pattern wants that bee's branch or commits have not, or that nobody can know of them.

    A message is the agent's to write, so that one that must be of some form is never sure to be. Whoever writes the
    pattern administers the repository; one that Python cannot read is left to GitHub.
    """
    subjects: Mapping[str, tuple[str, str | None]] = {
        "branch_name_pattern": ("names of branches", push.branch if named and push.new else None),
        "commit_author_email_pattern": ("e-mail addresses of authors", push.address),
        "committer_email_pattern": ("e-mail addresses of committers", push.address),
        "commit_message_pattern": ("commit messages", f"Merge {push.base} into {push.branch}"),
    }
    kind, asked = rule.text("type"), rule.within("parameters")
    subject, text = subjects.get(kind, ("", None))
    if text is None or asked is None or asked.text("operator") not in _OPERATORS:
        return ""
    words, fits = _OPERATORS[asked.text("operator")]
    pattern, negate = asked.text("pattern"), asked.flag("negate", False)
    try:
        fit = fits(pattern, text) is not negate
    except re.error:
        return ""
    if fit and (negate or kind != "commit_message_pattern"):
        return ""
    return f"wants {subject} that {'do not ' * negate}{words} `{pattern}`"


def _against(client: GitHubClient, repo: str, rule: JsonReader, bypasses: frozenset[str]) -> str:
    """The ruleset of a rule by its name; nothing where this account may bypass it."""
    number = rule.number("ruleset_id")
    ruleset = client.one("GET", f"/repos/{repo}/rulesets/{number}")  # those of its organization are there, too
    if ruleset.text("current_user_can_bypass", "") in bypasses:
        return ""
    return f"the ruleset `{ruleset.text('name')}` of {rule.text('ruleset_source', repo)}"
