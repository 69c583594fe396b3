"""Whether the demo's agents can run in a sandbox on this machine, and what the screen says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bee.model.errors import SandboxError
from bee.sandbox import box


@dataclass(frozen=True, slots=True)
class Box:
    """The word for config.yml, and a sentence for people."""

    word: str
    said: str


def choose(env: Mapping[str, str]) -> Box:
    """`required` where a box can really be built here, else `none`: the demo's agent harms nobody."""
    try:
        found = box.find("required", env.get("PATH", ""))
    except SandboxError as reason:
        why = str(reason).partition(". ")[0]
        return Box("none", f"none, written into the demo's own config.yml. {why}.")
    return Box("required", f"required: every agent runs in a box ({found.mode})")
