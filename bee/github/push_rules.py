"""What the rules of a repository say of the branches that bee pushes to, known before anything is paid."""

from __future__ import annotations

import contextlib
from typing import Final
from urllib.parse import quote

from bee.github.client import GitHubClient
from bee.github.json import JsonReader
from bee.model.errors import ForbiddenError, NotFoundError, RefusedError

# Rules under which no push of bee's can pass, whatever is in it: to a new branch, and to one that is there.
# https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
NO_NEW_BRANCH: Final = {"creation": "restricts creations", "required_signatures": "requires signed commits"}
NO_PUSH: Final = {
    "update": "restricts updates", "pull_request": "requires a pull request", "required_signatures":
    "requires signed commits", "merge_queue": "requires the merge queue",
}  # fmt: skip
_BYPASSES: Final = frozenset({"always", "exempt"})


def forbidding(client: GitHubClient, repo: str, branch: str, new: bool) -> list[str]:
    """The rules that forbid this account to push to a branch, in words for people; the branch need not be there.

    Where the rules cannot be read, or whether bee may bypass them, none is known: GitHub says it at the push.
    https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
    """
    found, meanings = [], NO_NEW_BRANCH if new else NO_PUSH
    with contextlib.suppress(NotFoundError, ForbiddenError, RefusedError):  # older servers have no rulesets
        for rule in client.pages(f"/repos/{repo}/rules/branches/{quote(branch, safe='')}"):
            meaning = meanings.get(rule.text("type"))
            named = _against(client, repo, rule) if meaning else ""
            if named:
                found.append(f"{named} {meaning}")
    return found


def _against(client: GitHubClient, repo: str, rule: JsonReader) -> str:
    """The ruleset of a rule by its name; nothing where this account may bypass it."""
    number = rule.number("ruleset_id")
    ruleset = client.one("GET", f"/repos/{repo}/rulesets/{number}")  # those of its organization are there, too
    if ruleset.text("current_user_can_bypass", "") in _BYPASSES:
        return ""
    return f"the ruleset `{ruleset.text('name')}` of {rule.text('ruleset_source', repo)}"
