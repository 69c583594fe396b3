"""What `gh` prints of the forge, as a person sees it, in a form that can be kept."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Final

from tests.belt.stage import Stage
from tests.screens.shots import held

GH: Final = shutil.which("gh")
HUGE: Final = 10_000  # columns: nothing is wrapped


def with_gh(stage: Stage, *words: str) -> str:
    """What `gh` prints, as ada sees the forge; markers, which GitHub hides, are left out."""
    env = {
        "PATH": os.environ["PATH"], "HOME": str(stage.folder), "GH_HOST": "github.localhost", "GH_TOKEN": "t-ada",
        "http_proxy": stage.forge.api_url, "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1", "GH_PROMPT_DISABLED": "1",
    }  # fmt: skip
    argv = [str(GH), *words, "--repo", stage.repo]
    ended = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=60)
    if words[:2] == ("pr", "checks"):
        assert ended.returncode in (0, 1, 8), ended.stderr  # 1: one failed, or none is there; 8: one is pending
        return ended.stdout or ended.stderr
    assert ended.returncode == 0, ended.stderr
    return re.sub(r"(?m)\n*^<!-- bee:[^\n]*-->", "", ended.stdout)


def without_chance(text: str) -> str:
    """Ids that are others at every run, as zeros; and what took how long."""
    text = re.sub(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])", "0" * 40, text)
    text = re.sub(r"(?<![0-9a-f])(?=[0-9]*[a-f])[0-9a-f]{10}(?![0-9a-f])|\b[0-9]{10}\b", "0" * 10, text)
    text = re.sub(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])", "0" * 16, text)
    return re.sub(r"(exit \d+), \d+ s\b", r"\1, 0 s", text)


def kept(stage: Stage, name: str, *commands: str) -> None:
    """What `gh` prints for each of these commands is what is kept under this name."""
    shown = [with_gh(stage, *words.split()) for words in commands]
    if len(commands) > 1:
        shown = [f"$ gh {words}\n{text}" for words, text in zip(commands, shown, strict=True)]
    held(f"gh-{name}", without_chance("\n".join(shown)), HUGE)
