"""Every block of the README is tried as a person would: typed into a shell, or put where it says.

`TRIED` says how each is tried; a block that it does not name fails the test. GitHub is the embedded one, by its address
alone: the commands stand in the README as they are typed here.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.pages import Block
from tests.docs.world import World, forge
from tests.setup.world import FAKES

REPO = "owner/name"
README = pages.blocks("README.md")

# heading and number of the block under it -> how it is tried
TRIED = {
    ("See it run", 1): "test_the_two_commands_start; the whole of each: tests/demo/test_demo.py, and this very run",
    ("Install", 1): "test_five_minutes: committed as .github/bee.yml",
    ("Install", 2): "test_five_minutes: written as ~/.git-bee/config.yml",
    ("Install", 3): "test_five_minutes: typed",
    ("Install", 4): "test_five_minutes: typed, after the one before",
    ("Install", 5): "test_walking_away: typed, with a crontab of the test's own",
    ("How you steer", 1): "test_steering and test_pausing_everything: typed",
    ("How an item moves", 1): "a picture, made from the code: tests/docs/test_generated.py",
}


def block(heading: str, number: int) -> Block:
    """The n-th block under a heading of the README."""
    return [one for one in README if one.heading == heading][number - 1]


def five(number: int) -> str:
    """A block of the five minutes."""
    return block("Install", number).text


def test_no_block_is_left_out() -> None:
    counts: dict[str, int] = {}
    found = set()
    for one in README:
        counts[one.heading] = counts.get(one.heading, 0) + 1
        found.add((one.heading, counts[one.heading]))
    assert found == set(TRIED)


def test_what_the_table_names_is_there() -> None:
    own = Path(__file__).read_text(encoding="utf-8")
    for how in TRIED.values():
        names = re.findall(r"\btest_\w+\b(?!\.py)", how)
        files = re.findall(r"tests/\S+\.py", how)
        assert names or files, how
        assert [name for name in names if f"def {name}(" not in own] == []
        assert [name for name in files if not (pages.ROOT / name).exists()] == []


def test_the_two_commands_start(tmp_path: Path) -> None:
    """The scripts themselves, in a checkout whose environment is built; each is stopped before the long part."""
    world = World(tmp_path)
    world.prepare()
    scripts = world.checkout / "scripts"
    scripts.mkdir()
    for name in ("demo", "test"):
        shutil.copy2(pages.ROOT / "scripts" / name, scripts / name)
    built = scripts / "_env"
    built.write_text("#!/bin/sh\nexit 0\n")
    built.chmod(0o755)
    typed = block("See it run", 1).text
    assert typed.split() == ["./scripts/demo", "./scripts/test"]
    helped = "\n".join(f"{line} --help" for line in typed.splitlines())
    [(_, first, demo), (_, second, test)] = world.shell(helped)
    assert (first, second) == (0, 0)
    assert "usage: bee demo" in demo
    assert "--deep" in test


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A repository owner/name with a design doc and a pull request, and a person whose token is the README's."""
    made = World(tmp_path_factory.mktemp("readme"))
    made.prepare()
    [token] = set(re.findall(r"GH_TOKEN=(\S+)", five(3)))
    made.token = token
    with forge(made, ["forge", "--root", str(made.root / "forge"), "--user", f"you:{token}:admin"]):
        made.ask("POST", "/_forge/repos", {"owner": "owner", "name": "name"})
        made.put_file(REPO, "a.txt", "one\n")
        [form] = [one.text for one in pages.blocks("docs/design-docs.md") if one.heading == "The form"]
        made.ask("POST", f"/repos/{REPO}/issues", {"title": "A design", "body": form})
        head = made.ask("GET", f"/repos/{REPO}/git/ref/heads/main")["object"]["sha"]
        made.ask("POST", f"/repos/{REPO}/git/refs", {"ref": "refs/heads/bee/1-parser", "sha": head})
        made.put_file(REPO, "b.txt", "two\n", branch="bee/1-parser")
        opened = {"title": "The parser", "head": "bee/1-parser", "base": "main", "body": "Part of the design."}
        assert made.ask("POST", f"/repos/{REPO}/pulls", opened)["number"] == 2
        made.put_file(REPO, ".github/bee.yml", five(1))
        config = made.home / ".git-bee" / "config.yml"
        config.parent.mkdir()
        config.write_text(five(2))
        # nothing may be dispatched here: the engine of the README is not there
        made.ask("POST", f"/repos/{REPO}/issues/2/labels", {"labels": ["breeze:human"]})
        yield made


def test_five_minutes(world: World) -> None:
    typed = world.shell(five(3) + five(4))
    said = {line: (code, text) for line, code, text in typed}
    dry, tick, status = (said[line] for line in ("bee tick --dry-run --repo owner/name", "bee tick", "bee status"))
    assert dry[0] == 0
    assert re.search(r"owner/name#1 +design-open +person", dry[1])
    assert tick[0] == 0
    assert "decision: idle" in tick[1]
    assert status[0] == 1, "the design's box waits for a person"
    assert "Tick the box under `## Design finalized`" in " ".join(status[1].split())


def test_steering(world: World) -> None:
    head = world.ask("GET", f"/repos/{REPO}/git/ref/heads/bee/1-parser")["object"]["sha"]
    text = block("How you steer", 1).text.replace("bee approve 2", f"bee approve 2 --sha {head}")  # no terminal here
    typed = world.shell(text, before=five(3).replace("bee tick", ": bee tick"))
    assert [(line, text) for line, code, text in typed if code != 0] == []
    said = {line.split()[1]: text for line, _, text in typed if "--all" not in line}
    assert "It is design-open" in said["why"]
    assert "#1 is paused" in said["pause"]
    assert "#1 goes on" in said["resume"]
    assert "#2: changes requested" in said["request-changes"]
    assert "#2: approved" in said["approve"]
    assert "bee: paused #1" in said["log"]
    bodies = [comment["body"] for comment in world.ask("GET", f"/repos/{REPO}/issues/1/comments")]
    assert any("waiting for the vendor" in body for body in bodies)
    assert any("the parser is in src/" in body for body in bodies)


def test_pausing_everything(world: World) -> None:
    every = [line for line in block("How you steer", 1).text.splitlines() if "--all" in line]
    [pause, resume] = every
    typed = world.shell(f"{pause}\nbee tick\n{resume}", before=five(3).replace("bee tick", ": bee tick"))
    assert [code for _, code, _ in typed] == [0, 0, 0]
    said = [text for _, _, text in typed]
    assert "owner/name is paused on every host" in said[0]
    assert "paused by a person (back on Monday)" in said[1]
    assert "owner/name goes on" in said[2]


def test_walking_away(world: World) -> None:
    """Typed after the token: cron's lines stand, and the tick that was tried in cron's environment worked."""
    (world.home / "fakes").mkdir()
    for name in ("crontab", "systemctl", "loginctl", "launchctl"):
        program = world.checkout / ".venv" / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKES} {name} "$@"\n')
        program.chmod(0o755)
    servers = {name: text for name, text in world.env().items() if name.startswith(("GITHUB_", "NO_PROXY"))}
    (world.home / ".git-bee" / "env").write_text("".join(f"{name}={text}\n" for name, text in servers.items()))
    export = "\n".join(line for line in five(3).splitlines() if line.startswith("export"))
    line = five(5).strip()
    [(_, code, said)] = world.shell(line.replace("bee install", "bee install --cron"), before=export)
    assert code == 0, said
    assert "the tick started by cron worked" in said
    table = world.home / "fakes" / "crontab"
    assert table.read_text().count("# bee: ") == 2
    [(_, code, said)] = world.shell("bee uninstall", before=export)
    assert (code, table.exists()) == (0, False), said
