"""Every setting that changes how a merge may happen, alone and in all pairs: merged, or a place that names the setting.

One pull request was approved and has passed E2E. Each time everything is put back to that, the settings are set, and
bee ticks: its whole tick, and the run that this starts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from bee.pipeline.positions import Position
from tests.sim.still import Still

BARE: dict[str, Any] = {
    "required_status_checks": None, "enforce_admins": None, "required_pull_request_reviews": None, "restrictions": None,
}  # fmt: skip
PULLS: dict[str, Any] = {
    "required_approving_review_count": 0, "dismiss_stale_reviews_on_push": False, "require_code_owner_review": False,
    "require_last_push_approval": False, "required_review_thread_resolution": False,
}  # fmt: skip
CHECK = {"required_status_checks": [{"context": "ci/test"}], "strict_required_status_checks_policy": False}
STRICT = {"required_status_checks": [{"context": "bee/e2e"}], "strict_required_status_checks_policy": True}
WAITING = {Position.NEEDS_PERSON_APPROVAL, Position.WAITING_ON_SETTINGS, Position.CHECKS_PENDING}


@dataclass(frozen=True)
class Setting:
    """How something is set (of the repository, its protection, or a rule of a ruleset), and what words name it.

    Without words it ends merged all the same. `queued`: the words where the base has a merge queue, too.
    """

    words: str = ""
    queued: str | None = None
    repository: dict[str, Any] = field(default_factory=dict)
    protection: dict[str, Any] = field(default_factory=dict)
    rule: dict[str, Any] = field(default_factory=dict)


def rule(kind: str, words: str = "", queued: str | None = None, **parameters: Any) -> Setting:
    return Setting(words, queued, rule={"type": kind, **({"parameters": parameters} if parameters else {})})


def protected(words: str = "", queued: str | None = None, **rules: Any) -> Setting:
    return Setting(words, queued, protection=rules)


def contexts(*names: str) -> dict[str, Any]:
    return {"strict": False, "contexts": list(names)}


QUEUE = {
    "check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5,
    "max_entries_to_merge": 5, "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 5,
    "merge_method": "SQUASH",
}  # fmt: skip
NONE_THERE = "and bee sets none there"
SETTINGS = {
    "squash off": Setting("do not allow merge_method `squash`", "", {"allow_squash_merge": False}),
    "merge off": Setting(repository={"allow_merge_commit": False}),
    "rebase off": Setting(repository={"allow_rebase_merge": False}),
    "branches deleted": Setting(repository={"delete_branch_on_merge": True}),
    "a check": protected("ci/test", required_status_checks=contexts("ci/test")),
    "bee's checks": protected(queued=NONE_THERE, required_status_checks=contexts("bee/review", "bee/e2e")),
    "reviews": protected("approving review", required_pull_request_reviews={"required_approving_review_count": 1}),
    "linear": protected(required_linear_history=True),
    "locked": protected("look at its protection", lock_branch=True),
    "pushers": protected(restrictions={"users": ["ada"], "teams": [], "apps": []}),
    "rule: methods": rule(
        "pull_request", "allows only rebase", "Squash merges are not allowed", **PULLS, allowed_merge_methods=["rebase"]
    ),
    "rule: reviews": rule("pull_request", "approving review", **{**PULLS, "required_approving_review_count": 1}),
    "rule: last push": rule("pull_request", "the last push", **{**PULLS, "require_last_push_approval": True}),
    "rule: threads": rule("pull_request", **{**PULLS, "required_review_thread_resolution": True}),
    "rule: a check": rule("required_status_checks", "ci/test", **CHECK),
    "rule: up to date": rule("required_status_checks", queued=NONE_THERE, **STRICT),
    "rule: linear": rule("required_linear_history"),
    "rule: signatures": rule("required_signatures"),
    "rule: update": rule("update", "nobody may update it", update_allows_fetch_and_merge=False),
    "rule: deletion": rule("deletion"),
    "rule: forced": rule("non_fast_forward"),
    "rule: a mail's pattern": rule("commit_author_email_pattern", operator="contains", pattern="@"),
    "rule: a queue": rule("merge_queue", **QUEUE),
}


def bodies(*names: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The requests of REST that set these settings: method, path below the repository, body."""
    chosen = [SETTINGS[name] for name in names]
    if wanted := {k: v for one in chosen for k, v in one.repository.items()}:
        yield "PATCH", "", wanted
    if rules := {k: v for one in chosen for k, v in one.protection.items()}:
        yield "PUT", "/branches/main/protection", BARE | rules
    where = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    for number, one in enumerate(one for one in chosen if one.rule):
        body = {"name": f"rules {number}", "enforcement": "active", "target": "branch", "conditions": where}
        yield "POST", "/rulesets", {**body, "rules": [one.rule]}


def clash(one: str, other: str) -> bool:
    """Whether both are the same setting, so that they cannot be set together."""
    return bool(set(SETTINGS[one].protection) & set(SETTINGS[other].protection))


PAIRS = [pair for pair in itertools.combinations(SETTINGS, 2) if not clash(*pair)]


def _words(names: Sequence[str]) -> list[str]:
    """What names the settings that stand against a merge."""
    queue = "rule: a queue" in names
    chosen = [SETTINGS[name] for name in names]
    return list(filter(None, (one.words if one.queued is None or not queue else one.queued for one in chosen)))


@dataclass
class Passed:
    """The pull request that has passed everything, and what puts all back to that."""

    still: Still
    number: int
    again: Callable[[], None]

    def wrong(self, *names: str) -> str:
        """What is wrong with what a tick makes of these settings; empty where nothing is."""
        self.again()
        for method, path, body in bodies(*names):
            self.still.ask(method, path, **body)
        words, ticks = _words(names), 2 if "rule: a queue" in names else 1
        for _ in range(ticks):  # the queue merges what the first one put in
            report = self.still.tick()
            assert report.decision is not None
        place = next((one.placement for one in report.decision.statuses if one.number == self.number), None)
        if place is None:
            return "" if self.merged and not words else f"{names}: gone"
        told = f"{names}: {place.position}, {place.reason}, {report.said}, {report.problems}"
        if not words:
            return "" if self.merged else told
        named = place.position in WAITING and any(word in place.reason for word in words)
        return "" if named and not report.run else told

    @property
    def merged(self) -> bool:
        """Whether it is, and bee is done with it."""
        thing = self.still.hub.thing(self.number)
        return thing is not None and (thing.state, thing.labels) == ("MERGED", ["breeze:done"])


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Passed:
    """Prepared once for all."""
    still = Still(tmp_path_factory.mktemp("settings"))
    number = still.pull()
    assert "test on" in still.tick().said
    head = still.placed(number).item.head
    still.ask("POST", f"/statuses/{head}", "bee", context="bee/review", state="success")
    assert still.placed(number).placement.position is Position.READY_TO_MERGE
    return Passed(still, number, still.hub.saved())


@pytest.mark.parametrize("name", SETTINGS)
def test_case_p7_each_setting_alone_is_met_or_named_and_counts_no_try(tested: Passed, name: str) -> None:
    tested.again()
    tries = tested.still.tries(tested.number)
    assert tested.wrong(name) == ""
    assert SETTINGS[name].words == "" or tested.still.tries(tested.number) == tries


@pytest.mark.parametrize("name", SETTINGS)
def test_case_p7_each_pair_of_settings_is_met_or_named_and_counts_no_try(tested: Passed, name: str) -> None:
    assert list(filter(None, (tested.wrong(*pair) for pair in PAIRS if pair[0] == name))) == []


def test_case_p7_all_that_harms_nothing_together_is_merged(tested: Passed) -> None:
    assert tested.wrong(*(name for name, one in SETTINGS.items() if not one.words and "check" not in name)) == ""
