"""What a grant is about, live: a head and its base, who pushed it, and who still may; and what the merge really makes.

Real ticks over the embedded GitHub; the cells of the table one by one are `tests/pipeline/test_grants.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.belt.plays import approve, as_ada, head_of, pull_of, runs, settled, verb_log
from tests.belt.stage import APPROVE, FILES, MERGE, POLICY, Stage, staged

VOUCH = "only bee approved this head, and somebody else pushed it"


def forked(stage: Stage, base: str = "main", who: str = "eve") -> int:
    """A pull request of `who` from a fork, adopted by ada; its number."""
    stage.call(who, "POST", stage.at("/forks"))
    head = stage.push({f"{who}.txt": "x\n"}, f"from-{who}")
    onto_fork(stage, head, who)
    stage.git("push", "-q", "origin", f":refs/heads/from-{who}")
    data = {"title": "Look", "head": f"{who}:topic", "base": base, "body": "Please merge."}
    number = int(stage.call(who, "POST", stage.at("/pulls"), data)["number"])
    stage.label(number, "breeze:new")
    return number


def onto_fork(stage: Stage, head: str, who: str = "eve") -> None:
    """Whoever may pushes this commit onto the fork's branch."""
    url = stage.forge.git_url.replace("http://", f"http://{who}:{stage.tokens[who]}@")
    stage.git("push", "-q", f"{url}/{who}/calc.git", f"{head}:refs/heads/topic", cwd=stage.clone())


def retarget(stage: Stage, number: int, base: str, who: str = "ada") -> None:
    """Another base."""
    stage.call(who, "PATCH", stage.at(f"/pulls/{number}"), {"base": base})


def member(stage: Stage, login: str, permission: str = "write") -> None:
    """One more account."""
    stage.control("users", {"login": login, "token": f"t-{login}", "permission": permission})
    stage.tokens[login] = f"t-{login}"


def merged(stage: Stage, number: int) -> bool:
    """Whether a pull request is merged."""
    return bool(stage.call("ada", "GET", stage.at(f"/pulls/{number}"))["merged"])


def test_case_t6_an_approval_for_a_side_branch_is_none_for_main(stage: Stage) -> None:
    """A stranger's pull request is approved by a person, then its author changes the base."""
    stage.push({"side.txt": "1\n"}, "side")
    number = forked(stage, "side")
    stage.bee_verb("approve", number, "--sha", head_of(stage, number))
    assert stage.position(number) == "needs-e2e"
    retarget(stage, number, "main", "eve")
    assert stage.position(number) == "needs-review"
    host = stage.host()
    stage.ticks(host)
    assert not merged(stage, number)
    assert settled(stage, host, number).placement.reason == VOUCH
    stage.bee_verb("approve", number, "--sha", head_of(stage, number))
    stage.ticks(host)
    assert merged(stage, number)


def test_case_t6_bees_own_verdict_is_for_one_base_even_there_and_back(stage: Stage) -> None:
    """Retargeted and back again, it is reviewed anew, said anew, and only then merged."""
    stage.push({"side.txt": "1\n"}, "side")
    number = int(pull_of(stage, stage.issue())["number"])
    host = stage.host()
    stage.tick(host)
    assert stage.position(number) == "needs-e2e"
    for base in ("side", "main"):
        retarget(stage, number, base)
        assert stage.position(number) == "needs-review"
    stage.ticks(host)
    assert merged(stage, number)
    assert [run.role for run in runs(stage, host, number)] == ["reviewer", "reviewer", "test", "merger"]
    assert len(stage.reviews(number)) == 2


def test_case_t6_a_base_that_changes_while_the_reviewer_reads(stage: Stage) -> None:
    """Its approval was for the base it was sent for."""
    stage.push({"side.txt": "1\n"}, "side")
    number = int(pull_of(stage, stage.issue())["number"])
    away = as_ada(stage, "PATCH", stage.at(f"/pulls/{number}"), {"base": "side"})
    host = stage.host(moves={"reviewer": away + APPROVE})
    stage.tick(host)
    assert len(stage.reviews(number)) == 1, verb_log(host)
    assert stage.position(number) == "needs-review"
    stage.ticks(stage.host("other"))
    assert merged(stage, number)


def test_case_t8_a_head_that_bee_did_not_push_waits_for_a_person(stage: Stage) -> None:
    """A file and a closing keyword, pushed onto bee's branch after the submit."""
    issue = stage.issue()
    host = stage.host()
    stage.tick(host)
    (pull,) = stage.pulls()
    number = int(pull["number"])
    stage.push({"more.txt": "x\n"}, f"bee/{issue}-task", "Closes #1")
    stage.ticks(host)
    assert not merged(stage, number)
    assert settled(stage, host, number).placement.reason == VOUCH
    stage.comment(number, f"<!-- bee:changes-requested sha={head_of(stage, number)} -->")
    stage.tick(host)
    found = settled(stage, host, number)
    assert str(found.placement.position) == "needs-review", "a later commit of bee's on top is bee's head"
    assert found.facts.vouched


def test_case_t8_what_the_policy_protects_by_now_is_not_merged_without_a_person(stage: Stage) -> None:
    """Protected after the submit: the gate asks a person once, whose approval of that head lets it through."""
    number = int(pull_of(stage, stage.issue(), {"docs/a.md": "x\n"})["number"])
    host = stage.host()
    stage.tick(host)
    stage.edit_policy(POLICY + "protected_paths: ['docs/**']\n")
    stage.ticks(host)
    assert not merged(stage, number)
    assert stage.labels(number) == {"breeze:human"}
    assert [run.failure for run in runs(stage, host, number) if run.role == "merger"] == ["merge-refused"]
    (asked,) = [body for body in stage.comments(number) if "Reason: `held-back`" in body]
    assert "`docs/a.md` is a protected path" in asked
    assert f"`bee approve {number}`" in asked
    stage.bee_verb("approve", number, "--sha", head_of(stage, number))
    stage.unlabel(number, "breeze:human")
    stage.ticks(host)
    assert merged(stage, number)


def test_case_t8_a_credential_is_nobodys_to_approve(stage: Stage) -> None:
    """It came in by a push, not by a submission; the approval of that head lets files through, and no credential."""
    key = "-----BEGIN OPENSSH " + "PRIVATE KEY-----"
    number = int(pull_of(stage, stage.issue(), {"docs/a.md": f"{key}\n"})["number"])
    stage.bee_verb("approve", number, "--sha", head_of(stage, number))
    host = stage.host()
    stage.ticks(host)
    assert not merged(stage, number)
    (asked,) = [body for body in stage.comments(number) if "Reason: `held-back`" in body]
    assert "a private key" in asked
    assert key not in asked


def test_case_t15_an_adopted_pull_request_that_somebody_else_pushed_to(stage: Stage) -> None:
    """Its author may write here, and did not push what is there now: bee's approval alone does not merge it."""
    member(stage, "wil")
    number = forked(stage, who="wil")
    host = stage.host()
    stage.ticks(host)
    assert settled(stage, host, number).placement.reason == VOUCH
    stage.bee_verb("approve", number, "--sha", head_of(stage, number))
    assert stage.position(number) == "needs-e2e"
    onto_fork(stage, stage.push({"evil.txt": "x\n"}, "evil", start=head_of(stage, number)), "wil")
    stage.ticks(host)
    assert settled(stage, host, number).placement.reason == VOUCH
    assert not merged(stage, number)


def test_case_t16_bees_approval_is_a_comment_until_a_person_vouched(stage: Stage) -> None:
    """A required review of GitHub's is not satisfied by an approval that bee itself does not act on."""
    number = forked(stage)
    host = stage.host()
    stage.tick(host)
    assert [(one["user"]["login"], one["state"]) for one in stage.reviews(number)] == [("bee", "COMMENTED")]
    assert stage.position(number) == "needs-review"
    assert stage.statuses(head_of(stage, number)) == {"bee/review": "pending"}


@pytest.mark.parametrize("first", ["bee", "the person"])
def test_case_t16_the_status_of_the_review_is_green_when_a_person_has_vouched(stage: Stage, first: str) -> None:
    """Branch rules may require it: it waits as long as bee does, and a person's approval alone is enough for it."""
    number, host = forked(stage), stage.host()
    head = head_of(stage, number)
    contexts = {"strict": False, "contexts": ["bee/review", "bee/e2e"]}
    rules = {"required_status_checks": contexts, "enforce_admins": True, "restrictions": None,
             "required_pull_request_reviews": None}  # fmt: skip
    stage.call("ada", "PUT", stage.at("/branches/main/protection"), rules)
    if first == "bee":
        stage.ticks(host)
        assert not merged(stage, number)
        assert stage.statuses(head)["bee/review"] == "pending"
    stage.bee_verb("approve", number, "--sha", head)
    stage.ticks(host)
    assert merged(stage, number)
    assert stage.statuses(head) == {"bee/review": "success", "bee/e2e": "success"}


@pytest.mark.sessions
@pytest.mark.parametrize("lost", ["the adopter's", "the approver's"])
def test_case_t20_access_that_ends_while_the_merger_runs(stage: Stage, lost: str) -> None:
    """The gate asks again who may, of everybody whose word the merge rests on."""
    member(stage, "kim")
    member(stage, "lea")
    number = forked(stage)
    stage.unlabel(number, "breeze:new")
    stage.label(number, "breeze:new", who="kim")
    approve(stage, {"number": number}, "lea")
    stage.tick(stage.host("ready"))
    assert stage.position(number) == "ready-to-merge"
    login = "kim" if lost == "the adopter's" else "lea"
    gone = as_ada(stage, "DELETE", stage.at(f"/collaborators/{login}"), None)
    host = stage.host(moves={"merger": gone + MERGE})
    stage.tick(host)
    assert not merged(stage, number), verb_log(host)
    assert stage.position(number) == ("untrusted" if login == "kim" else "needs-review")


@pytest.mark.sessions
@pytest.mark.parametrize("how", ["its adopter loses access", "its author edits it"])
def test_case_t20_the_issue_of_a_step_is_asked_about_again(stage: Stage, how: str) -> None:
    """What was drafted is what an outsider wrote: as it stood, and as long as whoever adopted it may."""
    member(stage, "kim")
    issue = stage.issue("Please.", "Mine", who="eve")
    stage.label(issue, "breeze:new", who="kim")
    host = stage.host("ready")
    for _ in range(3):
        stage.tick(host)
    number = int(stage.pulls()[0]["number"])
    assert stage.position(number) == "ready-to-merge"
    if how == "its author edits it":
        meanwhile = as_ada(stage, "PATCH", stage.at(f"/issues/{issue}"), {"body": "Something else."}, "eve")
    else:
        meanwhile = as_ada(stage, "DELETE", stage.at("/collaborators/kim"), None)
    host = stage.host(moves={"merger": meanwhile + MERGE})
    stage.tick(host)
    assert not merged(stage, number), verb_log(host)
    assert stage.position(number) == "untrusted"


def criss_cross(stage: Stage) -> dict[str, str]:
    """main is the merge of two branches, one of which brought a workflow and a stricter verify script."""
    work = stage.clone()
    at: dict[str, str] = {"start": stage.git("rev-parse", "origin/main")}
    at["one"] = stage.push({"one.txt": "1\n"}, "one", start=at["start"])
    files = {".github/workflows/ci.yml": "on: push\n", "tests/e2e/verify.sh": "set -eu\nsh check.sh\ntest -f one.txt\n"}
    at["two"] = stage.push(files, "two", start=at["start"])
    work = stage.clone()
    stage.git("checkout", "-q", "-B", "both", at["one"], cwd=work)
    stage.git("merge", "-q", "--no-ff", "-m", "both", at["two"], cwd=work)
    stage.git("push", "-q", "origin", "both:main", cwd=work)
    at["main"] = stage.git("rev-parse", "both", cwd=work)
    return at


def take_back(at: dict[str, str]) -> str:
    """What reverts `two` without a difference to the merge base `one`."""
    return f"""
git merge -q -m one {at["one"]}
git merge -q -s ours -m two {at["two"]}
"""


def test_case_t7_what_a_merge_takes_back_is_seen_at_the_submit_and_at_the_merge(stage: Stage) -> None:
    """Two merge bases, one merged and the other taken with `-s ours`."""
    issue = stage.issue()
    number = int(pull_of(stage, issue)["number"])
    at = criss_cross(stage)
    stage.comment(number, f"<!-- bee:changes-requested sha={head_of(stage, number)} -->")
    hands_in = take_back(at) + 'bee submit --title "Merge the base" --body "Done." || bee pause "It was refused."\n'
    host = stage.host(moves={"drafter": hands_in})
    stage.tick(host)
    refused = [text for verb, ok, text in verb_log(host) if verb == "submit" and not ok]
    assert len(refused) == 1, verb_log(host)
    assert "`.github/workflows/ci.yml` is a protected path" in refused[0]


def test_case_t7_the_reviewer_and_the_gate_see_what_the_merge_makes(stage: Stage) -> None:
    """The same head, named as bee's: the diff shows what is reverted, and the gate asks a person."""
    issue = stage.issue()
    branch = f"bee/{issue}-task"
    at = criss_cross(stage)
    work = stage.clone()
    stage.git("checkout", "-q", "-B", "topic", at["start"], cwd=work)
    (work / "work.txt").write_text("done\n")
    stage.git("add", "-A", cwd=work)
    stage.git("commit", "-qm", "work", cwd=work)
    for line in take_back(at).strip().split("\n"):
        stage.git(*line.split()[1:], cwd=work)
    stage.git("push", "-q", "origin", f"topic:refs/heads/{branch}", cwd=work)
    number = int(pull_of(stage, issue, {"more.txt": "x\n"})["number"])
    look = 'grep -q "^-on: push" "$BEE_CONTEXT/diff.patch"\n'
    host = stage.host(moves={"reviewer": look + APPROVE})
    stage.ticks(host)
    assert [run.role for run in runs(stage, host, number)] == ["reviewer", "test", "merger"]
    assert not merged(stage, number)
    (asked,) = [body for body in stage.comments(number) if "Reason: `held-back`" in body]
    assert "`.github/workflows/ci.yml` is a protected path" in asked
    assert "`tests/e2e/verify.sh` is what E2E runs" in asked


def test_case_t7_a_merge_that_made_another_tree_stops_the_item(tmp_path: Path) -> None:
    """A rebase replays a change and its revert over the same change on the base: not what E2E tested."""
    policy = FILES[".github/bee.yml"] + "merge_method: rebase\n"
    with staged(tmp_path, {".github/bee.yml": policy, "a.txt": "old\n"}) as stage:
        issue = stage.issue()
        stage.push({"a.txt": "new\n"}, f"bee/{issue}-task", "new")
        number = int(pull_of(stage, issue, {"a.txt": "old\n", "b.txt": "b\n"})["number"])
        stage.push({"a.txt": "new\n"}, "main", "the same")
        host = stage.host()
        stage.ticks(host)
        assert merged(stage, number)
        assert stage.call("ada", "GET", stage.at("/contents/a.txt"))["content"].strip() == "b2xkCg=="
        for one in (issue, number):
            assert "breeze:human" in stage.labels(one)
            (asked,) = [body for body in stage.comments(one) if "Reason: `other-result`" in body]
            assert "holds other files than git makes of its base and this head" in asked


# ---- crash points ---------------------------------------------------------------------------------------------------

PROTECTS = POLICY + "protected_paths: ['docs/**']\n"


@pytest.mark.parametrize(
    "lost",
    [{"method": "POST", "path": "/comments$"}, {"method": "DELETE", "path": "/labels/"}, {"operation": "Publish"}],
)
def test_case_t8_what_is_held_back_is_said_once_whatever_reply_is_lost(stage: Stage, lost: dict[str, str]) -> None:
    number = int(pull_of(stage, stage.issue(), {"docs/a.md": "x\n"})["number"])
    host = stage.host()
    for _ in range(2):
        stage.tick(host)
    assert stage.position(number) == "ready-to-merge"
    stage.edit_policy(PROTECTS)
    stage.tick(host)
    stage.fault("drop_after", match={**lost, "login": "bee"})
    stage.quiet(host)
    assert not merged(stage, number)
    assert stage.labels(number) == {"breeze:human"}
    assert len([body for body in stage.comments(number) if "Reason: `held-back`" in body]) == 1
    assert stage.live() == []


@pytest.mark.parametrize("held", [False, True], ids=["good", "held back"])
def test_a_host_that_carries_anothers_merge_out_makes_it_first_too(stage: Stage, held: bool) -> None:
    """With a mirror of its own, and the policy as it is by then."""
    number = int(pull_of(stage, stage.issue(), {"docs/a.md": "x\n"})["number"])
    host = stage.host()
    for _ in range(2):
        stage.tick(host)
    stage.fault("drop_before", times=0, match={"method": "PUT", "path": "/merge$"})
    stage.tick(host)
    assert stage.fired()
    stage.lift()
    assert stage.record(number).holds
    if held:
        stage.edit_policy(PROTECTS)
        at = stage.record(number)
        assert at.outbox
    stage.quiet(stage.host("other"))
    assert merged(stage, number) is not held
    assert stage.live() == []


def test_case_t7_a_lost_answer_of_a_merge_does_not_keep_it_from_being_compared(tmp_path: Path) -> None:
    """What the run merged is looked up, and compared all the same; nothing is said twice."""
    policy = FILES[".github/bee.yml"] + "merge_method: rebase\n"
    with staged(tmp_path, {".github/bee.yml": policy, "a.txt": "old\n"}) as stage:
        issue = stage.issue()
        stage.push({"a.txt": "new\n"}, f"bee/{issue}-task", "new")
        number = int(pull_of(stage, issue, {"a.txt": "old\n", "b.txt": "b\n"})["number"])
        stage.push({"a.txt": "new\n"}, "main", "the same")
        stage.fault("drop_after", match={"method": "PUT", "path": "/merge$"})
        stage.quiet(stage.host())
        assert stage.fired()
        assert merged(stage, number)
        for one in (issue, number):
            assert "breeze:human" in stage.labels(one)
            assert len([body for body in stage.comments(one) if "Reason: `other-result`" in body]) == 1
