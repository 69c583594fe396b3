"""What rulesets say of bee's branches."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from bee.github import push_rules
from bee.github.push_rules import Push
from tests.github.world import AT, DATE, REPO, client

RULE = {"type": "creation", "ruleset_source_type": "Organization", "ruleset_source": "ada", "ruleset_id": 7}
ADDRESS = "2+bee@users.noreply.github.com"
FORBIDS = ["the ruleset `only people` of ada restricts creations"]


def pushed(new: bool) -> Push:
    """What bee would push for issue 7."""
    return Push(branch="bee/7-task", new=new, base="main", address=ADDRESS)


@pytest.mark.parametrize(
    ("new", "bypass", "found"),
    [(True, "never", FORBIDS), (True, "pull_requests_only", FORBIDS), (True, "always", []), (True, None, []),
     (False, "never", [])],
)  # fmt: skip
def test_case_r5_a_rule_counts_where_this_account_may_not_bypass_it(
    github: responses.RequestsMock, new: bool, bypass: str | None, found: list[str]
) -> None:
    """What cannot be seen is left to GitHub's own word at the push; a rule on updates holds no new branch."""
    github.add("GET", f"{AT}/rules/branches/bee%2F7-task", json=[RULE], headers=DATE)
    told = {"name": "only people", "current_user_can_bypass": bypass} if bypass else {"message": "Not Found"}
    if new:
        github.add("GET", f"{AT}/rulesets/7", json=told, headers=DATE, status=200 if bypass else 404)
    github.add("GET", f"{AT}/rules/branches/main", json=[RULE], headers=DATE)
    assert push_rules.forbidding(client(), REPO, pushed(new)) == found


@pytest.mark.parametrize("kind", ["required_deployments", "code_scanning"])
@pytest.mark.parametrize("new", [True, False])
def test_case_r5_what_no_new_commit_can_have_holds_a_push_to_a_branch_that_is_there(
    github: responses.RequestsMock, kind: str, new: bool
) -> None:
    rule = {**RULE, "type": kind, "parameters": {}}
    github.add("GET", f"{AT}/rules/branches/bee%2F7-task", json=[rule], headers=DATE)
    if not new:
        told = {"name": "only people", "current_user_can_bypass": "never"}
        github.add("GET", f"{AT}/rulesets/7", json=told, headers=DATE)
    github.add("GET", f"{AT}/rules/branches/main", json=[rule], headers=DATE)
    found = push_rules.forbidding(client(), REPO, pushed(new))
    assert [f"the ruleset `only people` of ada {push_rules.NO_PUSH[kind]}"] * (not new) == found


def test_case_r5_a_server_without_rulesets_forbids_nothing(github: responses.RequestsMock) -> None:
    github.add("GET", f"{AT}/rules/branches/bee%2F7-task", json={"message": "Not Found"}, status=404, headers=DATE)
    github.add("GET", f"{AT}/rules/branches/main", json={"message": "Not Found"}, status=404, headers=DATE)
    assert push_rules.forbidding(client(), REPO, pushed(True)) == []


@pytest.mark.parametrize(
    ("kind", "asked", "words"),
    [
        ("branch_name_pattern", {"operator": "starts_with", "pattern": "bee/"}, ""),
        ("branch_name_pattern", {"operator": "ends_with", "pattern": "-z"}, "names of branches that end with `-z`"),
        ("branch_name_pattern", {"operator": "regex", "pattern": "("}, ""),
        ("branch_name_pattern", {"operator": "glob", "pattern": "x"}, ""),
        ("tag_name_pattern", {"operator": "contains", "pattern": "v"}, ""),
        ("commit_message_pattern", {"operator": "regex", "pattern": "."}, "commit messages that match `.`"),
        ("commit_message_pattern", {"operator": "contains", "pattern": "Merge", "negate": True},
         "commit messages that do not contain `Merge`"),
        ("commit_message_pattern", {"operator": "contains", "pattern": "WIP", "negate": True}, ""),
        ("committer_email_pattern", {"operator": "regex", "pattern": "noreply"}, ""),
        ("commit_author_email_pattern", {"operator": "contains", "pattern": "noreply", "negate": True},
         "e-mail addresses of authors that do not contain `noreply`"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("branch", "bypass"), [("bee%2F7-task", "never"), ("main", "never"), ("main", "pull_requests_only")]
)
def test_case_r5_a_pattern_is_held_against_what_bee_would_push(
    github: responses.RequestsMock, kind: str, asked: dict[str, Any], words: str, branch: str, bypass: str
) -> None:
    """What the base demands of commits counts too, but where a pull request of this account may pass it."""
    rule = {**RULE, "type": kind, "parameters": asked}
    merges = ", for merges into `main`" if branch == "main" else ""
    unfit = words and not (merges and kind == "branch_name_pattern")
    for name in ("bee%2F7-task", "main"):  # in the order in which they are asked
        github.add("GET", f"{AT}/rules/branches/{name}", json=[rule] if name == branch else [], headers=DATE)
        if name == branch and unfit:
            told = {"name": "style", "current_user_can_bypass": bypass}
            github.add("GET", f"{AT}/rulesets/7", json=told, headers=DATE)
    counts = unfit and bypass == "never"
    found = [f"the ruleset `style` of ada wants {words}{merges}"] if counts else []
    assert push_rules.forbidding(client(), REPO, pushed(True)) == found
