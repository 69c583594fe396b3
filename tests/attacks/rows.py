"""What an attack of the suite is, and how one is tried: with every layer, with each layer alone, with none.

A replay does what the attacker does, through bee's own code, and says whether the attack succeeded. It is told which of
the attack's layers stand; all other layers of bee always do. So it can be shown that each layer stops the attack by
itself, and that without them it succeeds: a replay that fails for another reason proves nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final


class Layer(StrEnum):
    """The layers of SECURITY.md, by the names they have there."""

    PERMISSION = "trust by permission"
    BINDING = "trust bound to text and time"
    READERS = "strict readers"
    WITHHELD = "what reaches the agent"
    CREDENTIAL = "no credential"
    BOX = "the box"
    NETWORK = "the network"
    BASE = "agent files from the base"
    VERIFY = "verify files from the base"
    CLONE = "bytes out of the box"
    GIT = "git commands are bee's own"
    VERBS = "the agent proposes"
    PATHS = "protected paths"
    SIZES = "sizes and kinds"
    SECRETS = "secrets stay"
    COMMITS = "commits are the agent's own and silent"
    HARMLESS = "text made harmless"
    SCREEN = "nothing raw on a terminal"
    SEALS = "records are sealed"
    CHECKS = "the checks of a head"
    FORGE = "the forge's token and address"


class Skipped(Exception):
    """A layer of this attack cannot be built on this machine."""


Replay = Callable[[frozenset[Layer], Path], bool]


@dataclass(frozen=True)
class Attack:
    """One attack. `control`: no parameter takes its layers away, so `none` replays it where it would be allowed.

    `known`: the row of the failures that this suite began with. Attacks of one `group` share a play.
    """

    id: str
    story: str
    layers: tuple[Layer, ...]
    replay: Replay
    known: str = ""
    control: bool = False
    deep: bool = False
    group: str = ""

    @property
    def single(self) -> bool:
        """Whether one layer alone stands against it."""
        return len(self.layers) == 1


@dataclass(frozen=True)
class Tried:
    """What came of one attack: which layers stopped it alone, and what was not as it should be."""

    attack: Attack
    stopped_by: tuple[Layer, ...]
    problems: tuple[str, ...]


REGISTERED: Final[list[Attack]] = []


def attack(id: str, story: str, *layers: Layer, known: str = "", **more: Any) -> Callable[[Replay], Replay]:
    """Register a replay as an attack."""

    def register(replay: Replay) -> Replay:
        REGISTERED.append(Attack(id, story, layers, replay, known, **more))
        return replay

    return register


def each(replay: Callable[..., bool], *values: Any) -> Replay:
    """The replay with its first arguments given."""
    return functools.partial(replay, *values)


def try_out(one: Attack, folder: Path) -> Tried:
    """Replay it with all of its layers, with each alone, and with none."""
    problems: list[str] = []
    every = frozenset(one.layers)

    def succeeds(standing: frozenset[Layer], name: str) -> bool:
        where = folder / name
        where.mkdir(parents=True)
        return one.replay(standing, where)

    if succeeds(every, "all"):
        problems.append("it succeeds against every layer")
    stopped = []
    for layer in one.layers:
        if len(one.layers) > 1 and succeeds(frozenset({layer}), layer.name.lower()):
            problems.append(f"{layer} alone does not stop it")
        else:
            stopped.append(layer)
    if not succeeds(frozenset(), "none"):
        problems.append("it fails even where it should succeed, so the replay proves nothing")
    return Tried(one, tuple(stopped), tuple(problems))
