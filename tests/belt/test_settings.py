"""Every setting that changes how a merge may happen, alone and in pairs: merged, or a place that names the setting."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from typing import Any

import pytest

from bee.github.snapshot import look
from bee.model.roles import Role
from bee.pipeline.positions import Position
from bee.pipeline.status import ItemStatus, survey
from tests.belt.stage import Stage
from tests.belt.test_conditions import drafted, rests, tries

DEEP = os.environ.get("BEE_DEEP") == "1"
BARE: dict[str, Any] = {
    "required_status_checks": None, "enforce_admins": None, "required_pull_request_reviews": None, "restrictions": None,
}  # fmt: skip
PULLS: dict[str, Any] = {
    "required_approving_review_count": 0, "dismiss_stale_reviews_on_push": False, "require_code_owner_review": False,
    "require_last_push_approval": False, "required_review_thread_resolution": False,
}  # fmt: skip
CHECK = {"required_status_checks": [{"context": "ci/test"}], "strict_required_status_checks_policy": False}
WAITING = {Position.NEEDS_PERSON_APPROVAL, Position.WAITING_ON_SETTINGS, Position.CHECKS_PENDING}


@dataclass(frozen=True)
class Setting:
    """How something is set (of the repository, its protection, or a rule of a ruleset), and what words name it.

    Without words the flow ends merged all the same.
    """

    words: str = ""
    repository: dict[str, Any] = field(default_factory=dict)
    protection: dict[str, Any] = field(default_factory=dict)
    rule: dict[str, Any] = field(default_factory=dict)


def rule(kind: str, words: str = "", **parameters: Any) -> Setting:
    return Setting(words, rule={"type": kind, **({"parameters": parameters} if parameters else {})})


def protected(words: str = "", **rules: Any) -> Setting:
    return Setting(words, protection=rules)


def contexts(*names: str) -> dict[str, Any]:
    return {"strict": False, "contexts": list(names)}


SETTINGS = {
    "squash off": Setting("do not allow merge_method `squash`", {"allow_squash_merge": False}),
    "merge off": Setting("", {"allow_merge_commit": False}),
    "rebase off": Setting("", {"allow_rebase_merge": False}),
    "branches deleted": Setting("", {"delete_branch_on_merge": True}),
    "a check": protected("ci/test", required_status_checks=contexts("ci/test")),
    "bee's checks": protected(required_status_checks=contexts("bee/review", "bee/e2e")),
    "reviews": protected("approving review", required_pull_request_reviews={"required_approving_review_count": 1}),
    "linear": protected(required_linear_history=True),
    "locked": protected("look at its protection", lock_branch=True),
    "rule: methods": rule("pull_request", "allows only rebase", **PULLS, allowed_merge_methods=["rebase"]),
    "rule: reviews": rule("pull_request", "approving review", **{**PULLS, "required_approving_review_count": 1}),
    "rule: last push": rule("pull_request", "the last push", **{**PULLS, "require_last_push_approval": True}),
    "rule: a check": rule("required_status_checks", "ci/test", **CHECK),
    "rule: linear": rule("required_linear_history"),
    "rule: signatures": rule("required_signatures"),
    "rule: update": rule("update", "nobody may update it", update_allows_fetch_and_merge=False),
    "rule: deletion": rule("deletion"),
    "rule: forced": rule("non_fast_forward"),
    "rule: a mail's pattern": rule("commit_author_email_pattern", operator="contains", pattern="@"),
}


def put(stage: Stage, *names: str) -> None:
    """These settings, and no others."""
    chosen = [SETTINGS[name] for name in names]
    usual = {"allow_squash_merge": True, "allow_merge_commit": True, "allow_rebase_merge": True}
    wanted = {**usual, "delete_branch_on_merge": False, **{k: v for one in chosen for k, v in one.repository.items()}}
    stage.call("ada", "PATCH", stage.at(""), wanted)
    rules = {k: v for one in chosen for k, v in one.protection.items()}
    stage.call("ada", "PUT", stage.at("/branches/main/protection"), {**BARE, **rules})
    for old in stage.call("ada", "GET", stage.at("/rulesets")):
        stage.call("ada", "DELETE", stage.at(f"/rulesets/{old['id']}"))
    where = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    for number, one in enumerate(one for one in chosen if one.rule):
        body = {"name": f"rules {number}", "enforcement": "active", "target": "branch", "conditions": where}
        stage.call("ada", "POST", stage.at("/rulesets"), {**body, "rules": [one.rule]})


def placed(stage: Stage, number: int) -> ItemStatus:
    """Where a tick would see it."""
    view = look(stage.client(), stage.repo)
    return next(one for one in survey(view) if one.number == number)


def clash(one: str, other: str) -> bool:
    """Whether both are the same setting, so that they cannot be set together."""
    return bool(set(SETTINGS[one].protection) & set(SETTINGS[other].protection))


PAIRS = [pair for pair in itertools.combinations(SETTINGS, 2) if not clash(*pair)]


def wrong(stage: Stage, number: int, *names: str) -> str:
    """What is wrong with where a tested pull request is under these settings; empty where nothing is."""
    put(stage, *names)
    one, words = placed(stage, number), [SETTINGS[name].words for name in names if SETTINGS[name].words]
    at, reason = one.placement.position, one.placement.reason
    if not words:
        state = stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["mergeable_state"]
        return (
            ""
            if one.role is Role.MERGER and state not in {"blocked", "behind"}
            else f"{names}: {at}, {reason}, {state}"
        )
    return "" if at in WAITING and any(word in reason for word in words) else f"{names}: {at}, {reason}"


def test_case_p7_each_setting_alone_and_in_pairs_is_met_or_named_and_counts_no_try(stage: Stage) -> None:
    """From one pull request that was approved and has passed E2E, so that the merger is next."""
    host, _ = stage.host(), stage.issue()
    number = drafted(stage, host)
    while stage.position(number) != Position.READY_TO_MERGE:
        assert stage.tick(host).run
    before, problems = tries(stage, number), []
    for name in SETTINGS:
        problems.append(wrong(stage, number, name))
        if SETTINGS[name].words:
            assert not stage.tick(host).run
    for pair in PAIRS if DEEP else PAIRS[:: len(PAIRS) // 20]:
        problems.append(wrong(stage, number, *pair))
    assert list(filter(None, problems)) == []
    assert tries(stage, number) == before
    put(stage)
    stage.ticks(host)
    assert stage.pulls()[0]["merged_at"]


def test_case_p7_what_harms_nothing_is_set_all_together_and_the_flow_ends_merged(stage: Stage) -> None:
    stage.call("ada", "PATCH", stage.at(""), {"allow_squash_merge": True})
    harmless = [name for name, one in SETTINGS.items() if not one.words]
    put(stage, *harmless)
    issue = stage.issue()
    stage.ticks(stage.host())
    assert stage.item(issue)["state"] == "closed"
    (pull,) = stage.pulls()
    assert pull["merged_at"]


@pytest.mark.parametrize(
    ("name", "position"), [("reviews", "needs-person-approval"), ("squash off", "waiting-on-settings")]
)
def test_case_p7_it_is_told_once_and_goes_on_when_it_is_changed(stage: Stage, name: str, position: str) -> None:
    host, issue = stage.host(), stage.issue()
    number = drafted(stage, host)
    put(stage, name)
    while stage.position(number) != position:
        assert stage.tick(host).run
    stage.tick(host)
    assert stage.record(number).position == "needs-review"  # nothing of E2E or a merge was tried
    (told,) = rests(stage, host, number, position)
    assert SETTINGS[name].words in told
    put(stage)
    stage.ticks(host)
    assert stage.item(issue)["state"] == "closed"


def test_case_p8_a_branch_that_cannot_be_rebased_is_tried_once_and_names_what_github_says(stage: Stage) -> None:
    """A conflict was merged into the branch, so it holds a merge commit."""
    stage.edit_policy("version: 1\nintake: all\nmerge_method: rebase\n")
    issue, host = stage.issue(), stage.host()
    number = drafted(stage, host)
    head = stage.pulls()[0]["head"]
    tip = stage.push({"other.txt": "other"})
    tree = stage.call("ada", "GET", stage.at(f"/git/commits/{head['sha']}"))["tree"]["sha"]
    both = {"message": "take both", "tree": tree, "parents": [head["sha"], tip]}
    oid = stage.call("ada", "POST", stage.at("/git/commits"), both)["sha"]
    stage.call("ada", "PATCH", stage.at(f"/git/refs/heads/{head['ref']}"), {"sha": oid})
    stage.comment(number, f"<!-- bee:approved-for-e2e sha={oid} -->")
    stage.ticks(host)
    assert stage.position(number) == "waiting-on-settings"
    assert placed(stage, number).placement.reason == "This branch can't be rebased"
    assert stage.item(issue)["state"] == "open"
    runs = tries(stage, number)
    stage.sleep(60 * 60)
    stage.ticks(host)
    assert tries(stage, number) == runs


@pytest.mark.parametrize("method", ["merge", "rebase"])
def test_case_p8_each_method_ends_merged(stage: Stage, method: str) -> None:
    stage.edit_policy(f"version: 1\nintake: all\nmerge_method: {method}\n")
    issue = stage.issue()
    stage.ticks(stage.host())
    assert stage.item(issue)["state"] == "closed"
