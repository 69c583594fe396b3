"""From every state that nobody but a person ends there is a tested way back, by `bee retry` and `bee override` (A5)."""

from __future__ import annotations

import contextlib
import io
import os

import pytest

from bee.cli import main
from bee.host import Host
from bee.model.records import fold
from tests.belt.plays import Ended, pull_of
from tests.belt.stage import Stage

POLICY = "version: 1\nintake: all\nlimits:\n  failures: 1\n  runs_per_item: 2\n"
# What the drafter does is told item by item, by a file with the item's number.
DRAFTER = 'sh -eu "{folder}/say-$BEE_NUMBER"\n'
WENT_ON = 'bee nothing-to-do waiting "It went on."\n'
REPO = ("--repo", "ada/calc")


def item(stage: Stage, says: str = WENT_ON, title: str = "A task") -> int:
    """A task whose drafter says so."""
    number = stage.issue(title=title)
    (stage.folder / f"say-{number}").write_text(says)
    return number


def bee(stage: Stage, *words: str, **env: str) -> Ended:
    """`bee` in this process, as its outermost door runs it: a process for each word would cost more than the rest."""
    before, out, err = dict(os.environ), io.StringIO(), io.StringIO()
    os.environ.update({**stage.env(), **env})
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main.main(list(words))
    os.environ.clear()
    os.environ.update(before)
    return Ended(code, out.getvalue(), err.getvalue(), words)


def quarantined(stage: Stage, host: Host) -> int:
    stage.edit_policy(POLICY.replace("failures: 1", "failures: 3").replace("_item: 2", "_item: 9"))
    number = item(stage, "exit 0\n")
    for _ in range(3):
        stage.tick(host)
        stage.sleep(2)
        stage.comment(number, "Look again.")
    stage.edit_policy(POLICY)
    stage.sleep(2)
    return number


def abandoned(stage: Stage, host: Host) -> int:
    number = item(stage)
    pull = pull_of(stage, number)
    stage.call("ada", "PATCH", stage.at(f"/pulls/{pull['number']}"), {"state": "closed"})
    stage.call("ada", "DELETE", stage.at(f"/git/refs/heads/bee/{number}-task"))
    stage.tick(host)
    assert sum("Reason: `abandoned`." in text for text in stage.comments(number)) == 1
    return number


def over_runs(stage: Stage, host: Host) -> int:
    number = item(stage)
    for _ in range(2):
        stage.tick(host)
        stage.sleep(2)
        stage.comment(number, "More.")
    stage.tick(host)
    return number


def said(says: str, ticks: int = 2) -> object:
    def make(stage: Stage, host: Host) -> int:
        number = item(stage, says)
        for _ in range(ticks):
            stage.tick(host)
        return number

    return make


def labelled(*labels: str) -> object:
    def make(stage: Stage, host: Host) -> int:
        del host
        number = item(stage)
        stage.label(number, *labels)
        return number

    return make


def stuck(stage: Stage, host: Host) -> int:
    """A claim of a host that nobody will hear of again."""
    del host
    number = item(stage)
    stage.claimed(stage.host("gone"), number)
    return number


WAYS = {
    "failures": (said("exit 1\n"), "human"),
    "question": (said('bee pause "Which colour?"\n'), "human"),
    "no-change": (said('bee nothing-to-do already-done "It is there."\n'), "no-change"),
    "item-runs": (over_runs, "human"),
    "hot-loop": (quarantined, "quarantined"),
    "abandoned": (abandoned, "abandoned"),
    "done by mistake": (labelled("breeze:done"), "done"),
    "held by hand": (labelled("breeze:wip"), "wip"),
    "stuck": (stuck, "wip"),
}


@pytest.mark.long
@pytest.mark.parametrize(
    "verbs",
    [("retry", "override"), pytest.param(("retry",), marks=pytest.mark.deep),
     pytest.param(("override",), marks=pytest.mark.deep)],
    ids=["in turn", "retry", "override"],
)  # fmt: skip
def test_a5_from_every_state_the_belt_goes_on(stage: Stage, verbs: tuple[str, ...]) -> None:
    """One repository, one item for each state, reached through real ticks; then the verb, and it goes on."""
    stage.edit_policy(POLICY)
    host = stage.host(moves={"drafter": DRAFTER.format(folder=stage.folder)})
    words = {"override": ("--to", "ready", "--reason", "It is fixed."), "retry": ("--hint", "Mind the gap.")}
    for turn, (name, (make, position)) in enumerate(WAYS.items()):
        verb = verbs[turn % len(verbs)]
        number = make(stage, host)  # type: ignore[operator]
        assert stage.position(number) == position, name
        (stage.folder / f"say-{number}").write_text(WENT_ON)
        stage.sleep(2)
        ended = bee(stage, verb, str(number), *words[verb], *REPO, "--json")
        assert (ended.code, ended.json["changed"]) == (0, True), f"{name}: {ended.err}"
        stage.sleep(2)
        assert stage.position(number) == "needs-step", name
        assert stage.tick(host).run, name
        last = fold(stage.record(number))[-1]
        assert (last.role, str(last.outcome), last.note) == ("drafter", "no-op-waiting", "It went on."), name
        said_why = sum("override to ready: It is fixed." in text for text in stage.comments(number))
        assert said_why == (verb == "override"), name


def test_a5_what_a_person_may_make_of_an_item(stage: Stage) -> None:
    """Adopt it, skip its step, finish it, stop it, open it again; with a reason, by somebody who may write."""
    host = stage.host()
    number = item(stage)

    def put(state: str, code: int = 0, reason: str = "Because.", **env: str) -> str:
        ended = bee(stage, "override", str(number), "--to", state, "--reason", reason, *REPO, **env)
        assert ended.code == code, f"{state}: {ended.code} {ended.out} {ended.err}"
        return ended.out + ended.err

    assert "has no plan, so there is no step to skip" in put("skip-step", 2)
    assert "no write access" in put("done", 2, GH_TOKEN="t-eve")
    assert "say why" in put("done", 2, reason=" ")
    put("human")
    assert stage.labels(number) == {"breeze:human"}
    put("new")
    assert stage.labels(number) == {"breeze:human", "breeze:new"}
    put("done")
    assert (stage.labels(number), stage.item(number)["state"]) == ({"breeze:done", "breeze:new"}, "closed")
    assert "is closed; reopen it first" in put("done", 2)
    put("ready")
    assert (stage.labels(number), stage.item(number)["state"]) == ({"breeze:new"}, "open")
    assert stage.position(number) == "needs-step"
    stage.tick(host)
    pull = stage.pulls()[0]["number"]
    number = pull
    assert "is a pull request: close or merge it on GitHub" in put("done", 2)


def test_a5_a_step_can_be_skipped_by_hand(stage: Stage) -> None:
    """The person's tick stands in the description; the next step is due."""
    from tests.belt.stage import DESIGN

    number = stage.issue(DESIGN)
    host = stage.host()
    stage.tick(host)
    stage.tick_box(number, "The plan is right")
    ended = bee(stage, "override", str(number), "--to", "skip-step", "--reason", "Done elsewhere.", *REPO)
    assert ended.code == 0, ended.err
    assert "- [x] `one`" in stage.item(number)["body"]
    stage.sleep(2)
    stage.tick(host)
    assert [pull["head"]["ref"] for pull in stage.pulls()] == [f"bee/{number}-two"]
