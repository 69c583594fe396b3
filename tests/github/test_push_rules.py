"""What rulesets say of bee's branches."""

from __future__ import annotations

import pytest
import responses

from bee.github import push_rules
from tests.github.world import AT, DATE, REPO, client

RULE = {"type": "creation", "ruleset_source_type": "Organization", "ruleset_source": "ada", "ruleset_id": 7}
FORBIDS = ["the ruleset `only people` of ada restricts creations"]


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
    assert push_rules.forbidding(client(), REPO, "bee/7-task", new) == found


def test_case_r5_a_server_without_rulesets_forbids_nothing(github: responses.RequestsMock) -> None:
    github.add("GET", f"{AT}/rules/branches/bee%2F7-task", json={"message": "Not Found"}, status=404, headers=DATE)
    assert push_rules.forbidding(client(), REPO, "bee/7-task", True) == []
