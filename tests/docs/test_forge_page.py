"""The commands of docs/forge.md, typed one after the other against a forge started as that page says."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.world import World, forge

SHELL = [one for one in pages.blocks("docs/forge.md") if one.language == "sh"]
NEEDS = {"curl": "curl", "gh": "gh"}


def test_its_commands_work(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.prepare()
    start, *rest = [one.text for one in SHELL]
    words = shlex.split(start.replace("\\\n", " "))
    words[words.index("--root") + 1] = str(tmp_path / "forge")
    words[words.index("--port") + 1] = "0"
    _clone(world)
    done = []
    with forge(world, words[1:]):
        for text in rest:
            program = next((name for name in NEEDS if re.search(rf"^{name} ", text, re.MULTILINE)), "")
            if program and shutil.which(program) is None:
                continue
            here = text.replace("http://127.0.0.1:8080", world.url).replace("127.0.0.1:8080", world.url[7:])
            typed = world.shell(here, before='PATH="$PWD/.venv/bin:$PATH"', CONTROL_TOKEN=world.control_token)
            done.append(program or text.split()[0])
            assert [(line, said) for line, code, said in typed if code != 0] == []
        titles = [issue["title"] for issue in _as_ada(world).ask("GET", "/repos/ada/calc/issues")]
    assert "export" in done, "bee itself was tried"
    if "gh" in done:
        assert titles == ["calc divides"]
    if "curl" not in done:
        pytest.skip("curl is not installed; what needs it was left out")


def _as_ada(world: World) -> World:
    world.token = "secret"
    return world


def _clone(world: World) -> None:
    """A clone of the reader's, with a policy, so that bee has something to look at."""
    folder = world.checkout / "my-clone"
    (folder / ".github").mkdir(parents=True)
    (folder / ".github" / "bee.yml").write_text("version: 1\nintake: all\n")
    for argv in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["-c", "user.name=ada", "-c", "user.email=ada@example.invalid", "commit", "--quiet", "-m", "a policy"],
    ):
        subprocess.run(["git", "-C", str(folder), *argv], check=True)
