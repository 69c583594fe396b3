"""`bee new` on the forge: a text becomes issues, each once, and is never lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.belt.plays import bee, configure, fault, last_seq, lift
from tests.belt.stage import Stage, staged
from tests.setup.places import done_writes
from tests.setup.terminal import plain, terminal

DOC = """# Read nested brackets

It reads no brackets, and people write them.

## The shape

`calc '((1))'` prints 1.

## Edge cases

- `calc '('` exits with 2.

## Done when

`python -m unittest` passes.

## Design finalized

- [ ] The design is complete: bee may plan it
"""
FEATURES = """# Import and export

People want their data in and out.

## Feature: Export as CSV

Depends on: Read a file

### Done when

`calc export` prints CSV.

## Feature: Read a file

### Done when

`calc read a.csv` prints 3.

## Feature: Both at once

- Depends on: Read a file, Export as CSV

### Done when

`calc both` prints both.

## Constraints

Nothing but the standard library.
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One repository for all: each test opens issues of its own."""
    folder = tmp_path_factory.mktemp("new")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        with staged(folder) as made:
            configure(made)
            yield made


@pytest.fixture(autouse=True)
def _no_faults(stage: Stage) -> Iterator[None]:
    yield
    lift(stage)


def doc(folder: Path, title: str) -> Path:
    """The design doc under another title, in a file."""
    path = folder / "doc.md"
    path.write_text(DOC.replace("Read nested brackets", title))
    return path


def titled(stage: Stage, title: str) -> list[int]:
    """The issues with a title, oldest first."""
    found = stage.call("ada", "GET", stage.at("/issues?state=all&per_page=100"))
    return sorted(one["number"] for one in found if one["title"] == title)


def drafts(stage: Stage) -> list[Path]:
    """The texts that were kept."""
    return sorted((stage.folder / "home-host" / "drafts").glob("*.md"))


def test_a_file_becomes_an_issue_once_however_often_it_is_said(stage: Stage, tmp_path: Path) -> None:
    path = doc(tmp_path, "Once")
    first = bee(stage, "new", str(path), "--yes")
    assert first.code == 0, first.err
    [number] = titled(stage, "Once")
    assert f"opened #{number}: Once\n  {stage.forge.git_url}/{stage.repo}/issues/{number}" in first.out
    assert "tick the box under `Design finalized`" in first.out
    assert stage.position(number) == "design-open"
    again = bee(stage, "new", str(path), "--yes", "--json")
    assert again.json["changed"] is False
    assert [(one["number"], one["action"]) for one in again.json["issues"]] == [(number, "keep")]
    assert titled(stage, "Once") == [number]


def test_a_dry_run_opens_nothing_and_says_what_it_would(stage: Stage, tmp_path: Path) -> None:
    seq = last_seq(stage)
    ended = bee(stage, "new", str(doc(tmp_path, "Dry")), "--dry-run")
    assert ended.code == 0, ended.err
    assert "would open in ada/calc: Dry" in ended.out
    assert "  `calc '((1))'` prints 1." in ended.out
    assert done_writes(stage, seq) == []


def test_a_dry_run_where_some_are_there_already_shows_the_rest(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "three.md"
    done = "### Done when\n\n`calc x` prints 1.\n\n### Design finalized\n\n- [x] yes\n\n"
    alpha, beta, gamma = (f"## Feature: {name}\n\n{done}" for name in ("Alpha", "Beta", "Gamma"))
    path.write_text(f"# Letters\n\nPeople want them.\n\n{alpha}")
    assert bee(stage, "new", str(path), "--yes").code == 0
    path.write_text(f"# Letters\n\nPeople want them.\n\n{alpha}{beta}{gamma}Depends on: Beta\n")
    ended = bee(stage, "new", str(path), "--dry-run")
    assert ended.code == 0, ended.err
    assert f"would open in {stage.repo}: Gamma, after Beta" in ended.out


def test_features_become_issues_that_wait_for_each_other(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "features.md"
    path.write_text(FEATURES)
    data = bee(stage, "new", str(path), "--yes", "--json").json
    numbers = {one["title"]: one["number"] for one in data["issues"]}
    assert list(numbers) == ["Read a file", "Export as CSV", "Both at once"]
    waits = {one["title"]: one["blocked_by"] for one in data["issues"]}
    read, export = numbers["Read a file"], numbers["Export as CSV"]
    assert waits == {"Read a file": [], "Export as CSV": [read], "Both at once": [read, export]}
    body = stage.item(numbers["Both at once"])["body"]
    assert body.startswith(
        f"Blocked by #{read}\nBlocked by #{export}\n\n## Context\n\nPeople want their data in and out."
    )
    assert "## Done when\n\n`calc both`" in body
    assert "## Constraints\n\nNothing but" in body
    assert {title: stage.position(number) for title, number in numbers.items()} == {
        "Read a file": "design-open", "Export as CSV": "blocked", "Both at once": "blocked",
    }  # fmt: skip


@pytest.mark.parametrize("action", ["drop_before", "drop_after"])
def test_after_a_failure_in_the_middle_a_second_try_opens_only_the_rest(stage: Stage, action: str) -> None:
    name = f"with {action}"
    text = FEATURES
    for title in ("Import and export", "Export as CSV", "Read a file", "Both at once"):
        text = text.replace(title, f"{title} {name}")
    fault(stage, action, {"method": "POST", "path": f"/repos/{stage.repo}/issues$", "nth": 2}, times=1)
    first = bee(stage, "new", "-", "--yes", stdin=text)
    again = first
    if action == "drop_before":
        assert first.code == 75, first.err
        [kept] = re.findall(r"bee new (\S+)\n", first.err)
        assert Path(kept).read_text() == text
        again = bee(stage, "new", kept, "--yes")
    assert again.code == 0, again.err
    for title in ("Export as CSV", "Read a file", "Both at once"):
        assert len(titled(stage, f"{title} {name}")) == 1


def test_what_is_wrong_is_said_before_anything_is_opened(stage: Stage) -> None:
    seq = last_seq(stage)
    ended = bee(stage, "new", "--yes", stdin="# Half a thought\n\nIt is slow.\n")
    assert ended.code == 2
    assert "error: it says nothing under `## Done when`." in ended.out
    assert "warning: it says nothing under `## The shape`." in ended.out
    assert "fix what is called an error" in ended.err
    assert drafts(stage)[-1].read_text().startswith("# Half a thought")
    data = bee(stage, "new", "--yes", "--json", stdin="Nothing\n").json
    assert {one["name"] for one in data["problems"]} == {"title", "done", "shape", "constraints"}
    circle = FEATURES.replace("## Feature: Read a file\n", "## Feature: Read a file\n\nDepends on: Both at once\n")
    assert "in a circle" in bee(stage, "new", "--yes", stdin=circle).err
    unknown = FEATURES.replace("Depends on: Read a file\n", "Depends on: Write a file\n")
    assert "depends on 'Write a file', and there are only" in bee(stage, "new", "--yes", stdin=unknown).err
    assert done_writes(stage, seq) == []


@pytest.mark.parametrize(
    ("args", "stdin", "says"),
    [
        (("new",), "# x\n", "there is no terminal to ask on: say --yes"),
        (("new", "no-such-file.md", "--yes"), "", "no-such-file.md cannot be read: No such file"),
        (("new", "--yes", "--repo", "ada/nothing"), DOC, "GitHub shows no ada/nothing"),
    ],
)
def test_a_wrong_command_line_says_what_would_be_right(
    stage: Stage, args: tuple[str, ...], stdin: str, says: str
) -> None:
    ended = bee(stage, *args, stdin=stdin)
    assert ended.code == 2
    assert says in ended.err


def test_a_ticked_gate_is_the_writers_word_and_a_strangers_issue_waits(stage: Stage) -> None:
    ticked = DOC.replace("- [ ]", "- [x]").replace("Read nested brackets", "Ticked")
    ended = bee(stage, "new", "--yes", stdin=ticked)
    assert "Its gate is ticked: bee plans it with the next tick." in ended.out
    assert stage.position(titled(stage, "Ticked")[0]) == "needs-plan"
    strange = ticked.replace("Ticked", "Strange")
    ended = bee(stage, "new", "--yes", stdin=strange, GH_TOKEN=stage.tokens["eve"])
    assert "write access has to put the label breeze:new" in ended.out
    assert stage.position(titled(stage, "Strange")[0]) == "untrusted"


def editor(stage: Stage, script: str) -> str:
    """An editor that does what a script says to the file `$1`."""
    path = stage.folder / f"editor-{abs(hash(script))}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_the_form_in_the_editor_becomes_an_issue(stage: Stage) -> None:
    before = drafts(stage)
    script = "grep -q 'What is wrong today' \"$1\" || exit 9\nsed -e 's/^# $/# From the editor/' "
    script += (
        "-e 's/^What is wrong today.*/It has no brackets./' -e 's/^The command that proves it.*/`make test` passes./' "
    )
    script += (
        '-e "/^Names, commands/d" -e "/^Each with what/d" -e "/^What you do not/d" "$1" > "$1.new"\nmv "$1.new" "$1"'
    )
    with terminal(stage, "new", EDITOR=editor(stage, script)) as screen:
        screen.wait_for("Open this issue in ada/calc as bee? [Y/n]")
        screen.type("")
        assert screen.end() == 0, screen.shown
    [number] = titled(stage, "From the editor")
    body = stage.item(number)["body"]
    assert "It has no brackets." in body
    assert "The title goes behind" not in body
    assert drafts(stage) == before, "what is on GitHub need not be kept"


@pytest.mark.parametrize(
    ("script", "keys", "code", "said"),
    [
        ("exit 3", b"", 2, "ended with exit code 3; nothing was opened"),
        ("true", b"n\n", 2, "nothing was opened"),
        ("true", b"\x03", 130, "interrupted"),
    ],
)
def test_whatever_ends_it_early_the_text_is_kept(stage: Stage, script: str, keys: bytes, code: int, said: str) -> None:
    seq, before = last_seq(stage), drafts(stage)
    with terminal(stage, "new", "--title", "Kept", VISUAL=editor(stage, script)) as screen:
        if keys:
            screen.wait_for("Edit it again? [Y/n]")
            screen.press(keys)
        assert screen.end() == code, screen.shown
    [kept] = set(drafts(stage)) - set(before)
    assert f"your text is kept; to go on with it: bee new {kept}" in plain(screen.shown)
    assert said in screen.shown
    assert kept.read_text().startswith("# Kept\n")
    assert done_writes(stage, seq) == []


def test_why_says_what_a_design_doc_lacks_before_it_is_ticked(stage: Stage) -> None:
    number = stage.issue("It is slow.\n\n## Design finalized\n\n- [ ] yes\n", title="Half")
    ended = bee(stage, "why", str(number))
    assert "error: it says nothing under `## Done when`." in ended.out, ended.err
    assert bee(stage, "why", str(number), "--json").json["facts"]["problems"][0].startswith("error: ")
