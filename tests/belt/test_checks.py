"""What other services report of a head, on real parts: who reported, what is missing, and what keeps CI away."""

from __future__ import annotations

from bee.host import Host
from bee.model.limits import MERGED_READ_MAX
from tests.belt.stage import POLICY, Stage
from tests.belt.test_conditions import rests

SKIPPING = """echo one > one.txt
git add -A
git commit -qm "work [skip ci]

skip-checks: true"
bee submit --title "Work" 2> "$HOME/said" && exit 1
grep -q 'says `\\[skip ci\\]`, which keeps the checks from starting' "$HOME/said"
git commit -q --amend -m "work"
bee submit --title "WIP: work" 2> "$HOME/said" && exit 1
grep -q 'a title with `WIP:` would hold the pull request' "$HOME/said"
bee submit --title "Work [skip ci]" --body "Done.


skip-checks: true"
"""


def drafted(stage: Stage, host: Host) -> tuple[int, str]:
    """The number and the head of the next pull request, as soon as it is there."""
    known = len(stage.pulls())
    for _ in range(6):
        stage.tick(host)
        if len(stage.pulls()) > known:
            pull = stage.pulls()[-1]
            return int(pull["number"]), str(pull["head"]["sha"])
    raise AssertionError("nothing was drafted")


def report(stage: Stage, sha: str, context: str, state: str, who: str = "ada") -> None:
    """A commit status."""
    stage.call(who, "POST", stage.at(f"/statuses/{sha}"), {"context": context, "state": state})


def check_run(stage: Stage, sha: str, name: str, conclusion: str, who: str = "ada") -> None:
    """A completed check run."""
    what = {"name": name, "head_sha": sha, "status": "completed", "conclusion": conclusion}
    stage.call(who, "POST", stage.at("/check-runs"), what)


def mover(stage: Stage, host: Host, number: int) -> str:
    """Who moves a pull request, after a tick that sends nobody."""
    report = stage.tick(host)
    assert not report.run
    assert report.decision
    return next(str(one.placement.mover) for one in report.decision.statuses if one.number == number)


def merged(stage: Stage, number: int) -> bool:
    return bool(stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["merged_at"])


def test_case_t9_words_that_skip_ci_are_refused_in_commits_and_broken_in_texts(stage: Stage) -> None:
    stage.issue("Do it.")
    host = stage.host(moves={"drafter": SKIPPING})
    stage.ticks(host)
    (pull,) = stage.pulls()
    assert pull["merged_at"]
    assert pull["title"] == "Work [\u200bskip ci]"
    assert "s\u200bkip-checks: true" in pull["body"]
    message = stage.git("log", "-1", "--format=%B", "origin/main")
    assert "[skip ci]" not in message
    assert "skip-checks" not in message


def test_case_t10_a_check_that_those_before_had_is_waited_for_and_told_of_once(stage: Stage) -> None:
    host = stage.host()
    stage.issue("The first.")
    number, head = drafted(stage, host)
    report(stage, head, "ci/test", "success")
    stage.ticks(host)
    assert merged(stage, number)
    stage.issue("The second.")
    number, head = drafted(stage, host)
    (told,) = rests(stage, host, number, "checks-pending")
    assert "any check at all" in told
    report(stage, head, "ci/test", "success")
    stage.ticks(host)
    assert merged(stage, number)


def test_case_t10_comments_on_old_ones_do_not_hide_that_the_last_had_checks(stage: Stage) -> None:
    """Whoever may comment would otherwise push those that had some out of what is read."""

    def merge(name: str) -> tuple[int, str]:
        head = stage.push({f"{name}.txt": "x\n"}, name)
        data = {"title": name, "head": name, "base": "main", "body": "x"}
        number = int(stage.call("ada", "POST", stage.at("/pulls"), data)["number"])
        stage.call("ada", "PUT", stage.at(f"/pulls/{number}/merge"), {})
        return number, head

    old = [merge(f"old-{n}")[0] for n in range(MERGED_READ_MAX)]
    report(stage, merge("new")[1], "ci/test", "success")
    stage.issue("Do it.")
    host = stage.host()
    number, _ = drafted(stage, host)
    for one in old:
        stage.comment(one, "Hello.", who="eve")
    stage.ticks(host)
    assert stage.position(number) == "checks-pending"


def test_case_t10_what_the_policy_requires_must_be_there(stage: Stage) -> None:
    stage.edit_policy(f"{POLICY}required_checks: [ci/test]\n")
    host = stage.host()
    stage.issue("Do it.")
    number, head = drafted(stage, host)
    report(stage, head, "ci/other", "success")
    stage.ticks(host)
    assert stage.position(number) == "checks-pending"
    report(stage, head, "ci/test", "success")
    stage.ticks(host)
    assert merged(stage, number)


def test_case_t10_what_a_rule_requires_must_be_there(stage: Stage) -> None:
    rules = {
        "required_status_checks": {"strict": False, "contexts": ["ci/test", "bee/review"]}, "enforce_admins": True,
        "required_pull_request_reviews": None, "restrictions": None,
    }  # fmt: skip
    stage.call("ada", "PUT", stage.at("/branches/main/protection"), rules)
    host = stage.host()
    stage.issue("Do it.")
    number, head = drafted(stage, host)
    (told,) = rests(stage, host, number, "checks-pending")
    assert "ci/test (has not reported)" in told
    check_run(stage, head, "ci/test", "success")
    stage.ticks(host)
    assert merged(stage, number)


def test_case_t11_only_bees_own_contexts_of_bees_own_account_are_left_out(stage: Stage) -> None:
    host = stage.host()
    stage.issue("Do it.")
    number, head = drafted(stage, host)
    report(stage, head, "bee/unit-tests", "failure")
    assert stage.position(number) == "checks-failed"
    report(stage, head, "bee/unit-tests", "success")
    assert stage.position(number) == "needs-review"
    report(stage, head, "bee/e2e", "failure")
    assert stage.position(number) == "checks-failed"


def test_case_t11_another_accounts_success_hides_no_failure(stage: Stage) -> None:
    """GraphQL shows the last status of a context only; whoever may write can put a success over a failure."""
    stage.tokens["ci"] = "t-ci"
    stage.control("users", {"login": "ci", "token": "t-ci", "permission": "write"})
    host = stage.host()
    stage.issue("Do it.")
    number, head = drafted(stage, host)
    report(stage, head, "ci/test", "failure", who="ci")
    report(stage, head, "ci/test", "success", who="ada")
    assert stage.position(number) == "checks-failed"
    report(stage, head, "ci/test", "success", who="ci")
    stage.ticks(host)
    assert merged(stage, number)


def test_case_p10_what_only_a_person_can_settle_or_was_cut_short_is_not_the_drafters(stage: Stage) -> None:
    host = stage.host()
    stage.issue("Do it.")
    number, head = drafted(stage, host)
    for conclusion, expected in (("action_required", "person"), ("cancelled", "condition")):
        check_run(stage, head, "deploy", conclusion)
        assert mover(stage, host, number) == expected
    check_run(stage, head, "deploy", "success")
    stage.ticks(host)
    assert merged(stage, number)


def test_case_t12_a_failed_check_run_that_the_token_may_not_read_is_never_merged(stage: Stage) -> None:
    """A fine-grained token: GitHub refuses the rollup, whichever query asks. What `mergeStateStatus` says is left."""
    host = stage.host()
    stage.issue("Do it.")
    number, head = drafted(stage, host)
    check_run(stage, head, "other-app/scan", "failure")
    for where in ("repository.pullRequests.nodes.*", "repository.lastMerged.nodes.*", "repository.issueOrPullRequest",
                  "addLabelsToLabelable.labelable"):  # fmt: skip
        field = f"data.{where}.commits.nodes.*.commit.statusCheckRollup"
        stage.fault("without", 0, {"path": "graphql", "login": "bee"}, field=field, value={"contexts": None})
    stage.ticks(host)
    assert stage.position(number) == "checks-pending"
    assert "a check that bee cannot read may not be green" in stage.status_comments(number)[-1]
    (told,) = rests(stage, host, number, "checks-pending")
    assert "a check that this token cannot read" in told
    assert not merged(stage, number)
    check_run(stage, head, "other-app/scan", "success")
    stage.ticks(host)
    assert merged(stage, number)


def test_case_t10_the_merge_gate_asks_again(stage: Stage) -> None:
    """Whatever was there when the merger was sent: a head that shows no check to the gate is not merged."""
    host = stage.host()
    stage.issue("The first.")
    number, head = drafted(stage, host)
    report(stage, head, "ci/test", "success")
    stage.ticks(host)
    assert merged(stage, number)
    stage.issue("The second.")
    number, head = drafted(stage, host)
    report(stage, head, "ci/test", "success")
    field = "data.repository.issueOrPullRequest.commits.nodes.*.commit.statusCheckRollup"
    stage.fault("without", 0, {"operation": "Item", "login": "bee"}, field=field, value=None)
    for _ in range(8):
        stage.tick(host)
    assert not merged(stage, number)
    assert "checks-pending" in stage.record(number).note
    stage.lift()
    stage.sleep(60 * 60)
    stage.ticks(host)
    assert merged(stage, number)


def test_case_t11_a_rule_that_names_an_app_counts_only_that_app(stage: Stage) -> None:
    stage.tokens["ci"] = "t-ci"
    stage.control("users", {"login": "ci", "token": "t-ci", "permission": "write"})
    app = stage.call("ci", "GET", "/user")["id"]
    rules = {
        "required_status_checks": {"strict": False, "checks": [{"context": "ci/test", "app_id": app}]},
        "enforce_admins": True, "required_pull_request_reviews": None, "restrictions": None,
    }  # fmt: skip
    stage.call("ada", "PUT", stage.at("/branches/main/protection"), rules)
    host = stage.host()
    stage.issue("Do it.")
    number, head = drafted(stage, host)
    report(stage, head, "ci/test", "success")
    check_run(stage, head, "ci/test", "success")
    stage.ticks(host)
    assert stage.position(number) == "checks-pending"
    assert [run.role for run in stage.record(number).history if run.role == "merger"] == []
    check_run(stage, head, "ci/test", "success", who="ci")
    stage.ticks(host)
    assert merged(stage, number)
