"""Every setting that changes how a merge may happen, alone and in all pairs, with each merge method and with a merge
queue: merged, or a place that names the setting.

One pull request was approved and has passed E2E. Each time everything is put back to that, the settings are set, and
bee ticks: its whole tick, and the run that this starts. By default each setting meets each method, and each pair one of
them in turn; `--deep` has all.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bee.pipeline.positions import Position
from tests.forge.test_results import sarif
from tests.sim.still import POLICY, Still

DEEP = os.environ.get("BEE_DEEP") == "1"
METHODS = ("squash", "merge", "rebase", "queue")

BARE: dict[str, Any] = {
    "required_status_checks": None, "enforce_admins": None, "required_pull_request_reviews": None, "restrictions": None,
}  # fmt: skip
PULLS: dict[str, Any] = {
    "required_approving_review_count": 0, "dismiss_stale_reviews_on_push": False, "require_code_owner_review": False,
    "require_last_push_approval": False, "required_review_thread_resolution": False,
}  # fmt: skip
CHECK = {"required_status_checks": [{"context": "ci/test"}], "strict_required_status_checks_policy": False}
STRICT = {"required_status_checks": [{"context": "bee/e2e"}], "strict_required_status_checks_policy": True}
# Where it waits then, with what is said there of who moves it.
WAITING = {
    Position.NEEDS_PERSON_APPROVAL: "an account other than bee's", Position.WAITING_ON_SETTINGS: "an administrator can",
    Position.CHECKS_PENDING: "for the checks",
}  # fmt: skip
Words = Mapping[str, str]


def on(*methods: str, said: str) -> Words:
    """The words that name a setting with these methods, or with all."""
    return dict.fromkeys(methods or METHODS, said)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How something is set (of the repository, its protection, or a rule of a ruleset), and what words name it.

    With a method that has no words it ends merged all the same. `beside`: the settings of which one must be there, or
    it stands against nothing. `first`: what somebody did before. `tried`: the method with which no read tells of it, so
    that bee hears it once, when it tries.
    """

    words: Words = field(default_factory=dict)
    repository: dict[str, Any] = field(default_factory=dict)
    protection: dict[str, Any] = field(default_factory=dict)
    rule: dict[str, Any] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    tried: str = ""
    first: Callable[[Still, int], object] = lambda still, number: None


def rule(kind: str, words: Words | None = None, **parameters: Any) -> Setting:
    return Setting(words=words or {}, rule={"type": kind, **({"parameters": parameters} if parameters else {})})


def pulls(words: Words | None = None, **parameters: Any) -> Setting:
    return rule("pull_request", words, **{**PULLS, **parameters})


def protected(words: Words | None = None, **rules: Any) -> Setting:
    return Setting(words=words or {}, protection=rules)


def reviewed(words: Words | None = None, **rules: Any) -> Setting:
    """Of a protection that requires reviews; none, where nothing else is said."""
    return protected(words, required_pull_request_reviews={"required_approving_review_count": 0, **rules})


def scanned(tool: str, words: Words | None = None) -> Setting:
    asked = {"tool": tool, "alerts_threshold": "errors", "security_alerts_threshold": "high_or_higher"}
    return rule("code_scanning", words, code_scanning_tools=[asked])


def contexts(*names: str, strict: bool = False) -> dict[str, Any]:
    return {"strict": strict, "contexts": list(names)}


def line_by_a_stranger(still: Still, number: int) -> None:
    thing = still.hub.thing(number)
    assert thing is not None
    still.ask("POST", f"/pulls/{number}/comments", "eve", body="Why?", path="work.txt", line=1, commit_id=thing.head)


def deployed_and_scanned(still: Still, number: int) -> None:
    """A deployment of its head to staging that succeeded, and a scan by lint that found nothing."""
    thing = still.hub.thing(number)
    assert thing is not None
    made = still.ask("POST", "/deployments", ref=thing.head, environment="staging", auto_merge=False)
    still.ask("POST", f"/deployments/{made['id']}/statuses", state="success")
    still.ask("POST", "/code-scanning/sarifs", commit_sha=thing.head, ref="refs/heads/main", sarif=sarif("lint"))


QUEUED = {
    "check_response_timeout_minutes": 60, "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5,
    "max_entries_to_merge": 5, "min_entries_to_merge": 1, "min_entries_to_merge_wait_minutes": 5,
    "merge_method": "SQUASH",
}  # fmt: skip
QUEUE = "rule: a queue"
THREAD = "a stranger's thread"
TOLD = {"rule: deployed", "rule: scanned"}  # which harm nothing once something was told of the head
SINGLY = ("squash", "merge", "rebase")
NONE_THERE = on("queue", said="and bee sets none there")
UNRESOLVED = on(said="every conversation must be resolved (eve")
UNSIGNED = on("merge", "rebase", said="requires signed commits")
LINEAR = on("merge", said="requires a linear history")
SETTINGS = {
    "squash off": Setting(
        words=on("squash", said="do not allow merge_method `squash`"), repository={"allow_squash_merge": False}
    ),
    "merge off": Setting(
        words=on("merge", said="do not allow merge_method `merge`"), repository={"allow_merge_commit": False}
    ),
    "rebase off": Setting(
        words=on("rebase", said="do not allow merge_method `rebase`"), repository={"allow_rebase_merge": False}
    ),
    "branches deleted": Setting(repository={"delete_branch_on_merge": True}),
    "a check": protected(on(said="ci/test"), required_status_checks=contexts("ci/test")),
    "bee's checks": protected(NONE_THERE, required_status_checks=contexts("bee/review", "bee/e2e")),
    "up to date": protected(NONE_THERE, required_status_checks=contexts("bee/e2e", strict=True)),
    "behind": Setting(
        words=on(*SINGLY, said="to be up to date") | NONE_THERE,
        protection={"required_status_checks": contexts("bee/e2e", strict=True)},
        first=lambda still, number: still.base_moves(),
    ),
    "reviews": reviewed(on(said="an approving review,"), required_approving_review_count=1),
    "code owners": reviewed(on(said="review of a code owner"), require_code_owner_reviews=True),
    "last push": reviewed(on(said="the last push"), require_last_push_approval=True),
    "stale": reviewed(dismiss_stale_reviews=True),
    "conversations": protected(required_conversation_resolution=True),
    "signatures": protected(UNSIGNED, required_signatures=True),
    "linear": protected(LINEAR, required_linear_history=True),
    "locked": protected(on(said="it is locked"), lock_branch=True),
    "pushers": protected(
        on(said="restricts who may push, and bee's account may not"),
        restrictions={"users": ["ada"], "teams": [], "apps": []},
    ),
    THREAD: Setting(words=UNRESOLVED, first=line_by_a_stranger, beside=("conversations", "rule: threads")),
    "rule: methods": replace(
        pulls(
            on("squash", "merge", said="allows only rebase") | on("queue", said="Squash merges are not allowed"),
            allowed_merge_methods=["rebase"],
        ),
        tried="queue",
    ),
    "rule: reviews": pulls(on(said="an approving review,"), required_approving_review_count=1),
    "rule: code owners": pulls(on(said="review of a code owner"), require_code_owner_review=True),
    "rule: last push": pulls(on(said="the last push"), require_last_push_approval=True),
    "rule: stale": pulls(dismiss_stale_reviews_on_push=True),
    "rule: threads": pulls(required_review_thread_resolution=True),
    "rule: a check": rule("required_status_checks", on(said="ci/test"), **CHECK),
    "rule: up to date": rule("required_status_checks", NONE_THERE, **STRICT),
    "rule: linear": rule("required_linear_history", LINEAR),
    "rule: signatures": rule("required_signatures", UNSIGNED),
    "rule: update": rule("update", on(said="nobody may update it"), update_allows_fetch_and_merge=False),
    "rule: deletion": rule("deletion"),
    "rule: forced": rule("non_fast_forward"),
    "rule: a mail's pattern": rule("commit_author_email_pattern", operator="contains", pattern="@"),
    "rule: a message's pattern": rule(
        "commit_message_pattern",
        on(said="the message of every commit must fit a pattern"),
        operator="starts_with",
        pattern="TASK-",
    ),
    "rule: a committer's mail": rule(
        "committer_email_pattern",
        on(said="committer must fit a pattern"),
        operator="ends_with",
        pattern="@acme.example",
    ),
    "rule: creation": rule("creation"),
    "rule: a deployment": rule(
        "required_deployments", on(said="deployments must succeed first"), required_deployment_environments=["live"]
    ),
    "rule: a scan": scanned("CodeQL", on(said="code scanning must have results")),
    "rule: deployed": replace(
        rule("required_deployments", required_deployment_environments=["staging"]), first=deployed_and_scanned
    ),
    "rule: scanned": replace(scanned("lint"), first=deployed_and_scanned),
    "administrators, too": protected(enforce_admins=True),
    "forks, forced, deleted": protected(allow_fork_syncing=True, allow_force_pushes=True, allow_deletions=True),
    "creations": protected(block_creations=True),
}
WITH_QUEUE = {**SETTINGS, QUEUE: rule("merge_queue", **QUEUED)}
PAIRS = list(itertools.combinations(SETTINGS, 2))


def both(one: Any, other: Any) -> Any:
    """Two values of one setting, set together: what either demands."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: both(one.get(key), other.get(key)) for key in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return list(dict.fromkeys((*one, *other)))
    return max(one, other) if one is not None and other is not None else one if other is None else other


def bodies(*names: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The requests of REST that set these settings: method, path below the repository, body."""
    chosen = [WITH_QUEUE[name] for name in names]
    if wanted := {k: v for one in chosen for k, v in one.repository.items()}:
        yield "PATCH", "", wanted
    rules: dict[str, Any] = {}
    for one in chosen:
        rules = both(rules, one.protection)
    if rules:
        yield "PUT", "/branches/main/protection", BARE | rules
    where = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
    for number, one in enumerate(one for one in chosen if one.rule):
        body = {"name": f"rules {number}", "enforcement": "active", "target": "branch", "conditions": where}
        yield "POST", "/rulesets", {**body, "rules": [one.rule]}


def words_of(names: Sequence[str], method: str) -> list[str]:
    """What names the settings that stand against a merge."""
    chosen = [SETTINGS[name] for name in names]
    met = [one for one in chosen if not one.beside or set(one.beside) & set(names)]
    return [one.words[method] for one in met if method in one.words]


@dataclass
class Passed:
    """The pull request that has passed everything, and what puts all back to that."""

    method: str
    still: Still
    number: int
    again: Callable[[], None]

    def wrong(self, *names: str) -> str:
        """What is wrong with what a tick makes of these settings; empty where nothing is."""
        self.again()
        tries, queued = self.still.tries(self.number), [QUEUE] if self.method == "queue" else []
        for name in names:
            SETTINGS[name].first(self.still, self.number)
        for method, path, body in bodies(*names, *queued):
            self.still.ask(method, path, **body)
        words, ticks = words_of(names, self.method), 2 if queued else 1
        for _ in range(ticks):  # the queue merges what the first one put in
            report = self.still.tick()
            assert report.decision is not None
        place = next((one.placement for one in report.decision.statuses if one.number == self.number), None)
        if place is None:
            return "" if self.merged and not words else f"{names}, {self.method}: gone"
        told = f"{names}, {self.method}: {place.position}, {place.reason}, {report.said}, {report.problems}"
        if not words:
            return "" if self.merged else told
        who = place.position in WAITING and WAITING[place.position] in place.advice
        named = who and any(word in place.reason for word in words)
        heard = "Squash merges" in place.reason and self.method in {SETTINGS[name].tried for name in names}
        untried = report.run == "" and self.still.tries(self.number) == tries + heard
        return "" if named and untried else told

    @property
    def merged(self) -> bool:
        """Whether it is, and bee is done with it."""
        thing = self.still.hub.thing(self.number)
        return thing is not None and (thing.state, thing.labels) == ("MERGED", ["breeze:done"])


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Passed]:
    """By the method, prepared once for all."""
    known: dict[str, Passed] = {}

    def of(method: str) -> Passed:
        if method not in known:
            policy = f"{POLICY}merge_method: {'squash' if method == 'queue' else method}\n"
            still = Still(tmp_path_factory.mktemp(method), policy)
            still.push("main", {"CODEOWNERS": "* @ada\n"})
            number = still.pull()
            assert "test on" in still.tick().said
            head = still.placed(number).item.head
            still.ask("POST", f"/statuses/{head}", "bee", context="bee/review", state="success")
            assert still.placed(number).placement.position is Position.READY_TO_MERGE
            known[method] = Passed(method, still, number, still.hub.saved())
        return known[method]

    return of


Of = Callable[[str], Passed]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SETTINGS)
def test_case_p7_each_setting_alone_is_met_or_named_and_counts_no_try(tested: Of, name: str, method: str) -> None:
    assert tested(method).wrong(name) == ""


def methods_of(pair: tuple[str, str]) -> Sequence[str]:
    """Those that a pair meets: one by default, another than its neighbours."""
    names = list(SETTINGS)
    return METHODS if DEEP else [METHODS[sum(map(names.index, pair)) % len(METHODS)]]


@pytest.mark.parametrize("name", SETTINGS)
def test_case_p7_each_pair_of_settings_is_met_or_named_and_counts_no_try(tested: Of, name: str) -> None:
    pairs = [pair for pair in PAIRS if pair[0] == name]
    assert [wrong for pair in pairs for method in methods_of(pair) if (wrong := tested(method).wrong(*pair))] == []


@pytest.mark.parametrize("method", METHODS)
def test_case_p7_all_that_harms_nothing_together_is_merged(tested: Of, method: str) -> None:
    assert tested(method).wrong(*harmless(method)) == ""


def harmless(method: str) -> list[str]:
    """The settings that stand against nothing with this method, whatever is set beside them."""
    return [name for name, one in SETTINGS.items() if method not in one.words]


@pytest.mark.parametrize(
    ("name", "reason"), [("locked", "main: it is locked"), ("last push", "main: the last push must")]
)
def test_case_p7_what_only_administrators_are_shown_is_named_to_an_administrators_token(
    tested: Of, name: str, reason: str
) -> None:
    passed = tested("squash")
    assert passed.wrong(name) == ""
    said = passed.still.placed(passed.number).placement.reason
    assert "it is locked, or the last push must be approved by somebody else (GitHub shows which to admin" in said
    passed.still.ask("PUT", "/collaborators/bee", permission="admin")
    said = passed.still.placed(passed.number).placement.reason
    assert reason in said
    assert "administrators" not in said
