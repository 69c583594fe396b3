"""Random moves of six adversaries against the belt, and what a layer that is switched off lets the judge find."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.attacks.adversaries import AGENT, FILES, WHO, play
from tests.attacks.adversary_judge import Judge
from tests.attacks.adversary_moves import Move, plant
from tests.attacks.adversary_world import World
from tests.attacks.rows import Layer
from tests.belt.plays import pull_of
from tests.belt.stage import staged

MOVES, MOVES_DEEP, MOVES_OFF = 6, 200, 120
SEED = 1


def _play(who: str, moves: int, folder: Path) -> None:
    if who == AGENT and shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed here")
    played = play(who, SEED, moves, folder)
    assert not played.problems, "\n".join(played.story)
    assert played.counts["moves"] >= moves
    assert played.counts["runs"] > 0, "no agent was ever sent, so this proves nothing"
    assert moves < MOVES_DEEP or played.counts["merges"] > 0, "nothing was ever merged, so this proves nothing"


@pytest.mark.parametrize("who", WHO)
def test_an_adversary_plays_and_nothing_reaches_main_that_is_not_granted(who: str, tmp_path: Path) -> None:
    _play(who, MOVES, tmp_path)


@pytest.mark.deep
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("who", WHO)
def test_an_adversary_plays_two_hundred_moves(who: str, tmp_path: Path) -> None:
    _play(who, MOVES_DEEP, tmp_path)


@pytest.mark.parametrize(
    ("layer", "who", "seed", "table", "found"),
    [
        (Layer.PERMISSION, "eve", SEED, (), "eve"),
        (Layer.SEALS, "robo[bot]", 2, (plant,), "neither a person nor bee's reviewer approved"),
        (Layer.BOX, AGENT, SEED, (), "left in"),
        pytest.param(Layer.PATHS, AGENT, SEED, (), "no person had looked", marks=pytest.mark.deep),
    ],
)
def test_the_judge_finds_what_a_layer_lets_through_that_is_switched_off(
    layer: Layer, who: str, seed: int, table: tuple[Move, ...], found: str, tmp_path: Path
) -> None:
    """With a seed that comes to it soon; the judge ends the play there."""
    played = play(who, seed, MOVES_OFF, tmp_path, frozenset({layer}), table)
    assert any(found in problem for problem in played.problems), "\n".join(played.story)


@pytest.mark.parametrize(
    ("reports", "found"),
    [
        ([("failure", "eve")], "where ci/test of eve is failure"),
        ([("failure", "ada"), ("success", "eve")], "where ci/test of ada is failure"),
        ([("success", "ada")], ""),
        ([], "where nothing has reported"),
    ],
)
def test_the_judge_sees_a_merge_over_a_check(reports: list[tuple[str, str]], found: str, tmp_path: Path) -> None:
    """By bee's account, past bee; some merged before had a check."""
    with staged(tmp_path, FILES) as stage:
        stage.control("users", {"login": "eve", "permission": "write", "token": "t-eve"})
        judge = Judge(World(stage=stage, who="eve", rng=random.Random(1)), tmp_path)
        judge.reported.append(True)
        pull = pull_of(stage, stage.issue())
        for state, who in reports:
            data = {"state": state, "context": "ci/test", "description": "x"}
            stage.call(who, "POST", stage.at(f"/statuses/{pull['head']['sha']}"), data)
        stage.call("bee", "PUT", stage.at(f"/pulls/{pull['number']}/merge"), {})
        about = [one for one in judge.look(0) if "where ci/test" in one or "where nothing" in one]
        assert (found in about[0]) if found else not about
