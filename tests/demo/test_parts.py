"""The parts of `bee demo` that need no belt: the person's tick, the screen, the choice of a play, the play's files."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bee.config.schema import policy_of
from bee.config.yaml import parse
from bee.demo import rehearsal, stage
from bee.demo.person import with_box_ticked
from bee.demo.run import Options, run
from bee.demo.screen import COLUMNS, Screen
from bee.model.errors import UsageError
from bee.model.plan import read_body

DESIGN = Path(__file__).parents[2] / "scripts" / "play" / "design.md"


def test_the_person_ticks_the_box_of_that_gate_only() -> None:
    body = DESIGN.read_text() + "\n## Plan finalized\n\n- [ ] The plan is right\n"
    ticked = with_box_ticked(body, "## Design finalized")
    assert (read_body(ticked).design_gate, read_body(ticked).plan_gate) == (True, False)
    both = with_box_ticked(ticked, "## Plan finalized")
    assert (read_body(both).design_gate, read_body(both).plan_gate) == (True, True)
    assert with_box_ticked("no gate here", "## Design finalized") == "no gate here"


def test_ticking_keeps_every_other_character() -> None:
    body = "a\r\n\r\n## Design finalized\r\n\r\n- [ ] yes\r\n- [ ] other\r\n"
    assert with_box_ticked(body, "## Design finalized") == body.replace("- [ ] yes", "- [x] yes")


def test_the_screen_fits_80_columns_and_has_no_colours_off_a_terminal() -> None:
    out = io.StringIO()
    screen = Screen.on(out, {})
    screen.wrapped("word " * 60, 9, "ada", "person")
    screen.block("x" * 300)
    screen.pairs([("name", "value " * 40)])
    assert max(len(line) for line in out.getvalue().splitlines()) <= COLUMNS
    assert "\x1b" not in out.getvalue()


def test_the_screen_makes_control_characters_harmless() -> None:
    out = io.StringIO()
    Screen(out, coloured=True).wrapped("\x1b[2Jgone", 2)
    assert "\x1b" not in out.getvalue()


def test_the_project_starts_green_and_its_e2e_passes(tmp_path: Path) -> None:
    stage.write_project(tmp_path, stage.clean_env(os.environ))
    for argv in (["python3", "-m", "unittest"], ["sh", "tests/e2e/verify.sh"]):
        subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)
    log = stage.git(stage.clean_env(os.environ), tmp_path, "log", "--format=%an <%ae> %cn %s")
    assert log == "ada <ada@example.invalid> ada calc adds and subtracts"


def test_the_policy_names_this_python_where_the_system_has_none(tmp_path: Path) -> None:
    verify, own = "sh tests/e2e/verify.sh", Path(sys.executable).parent
    with_python, without = tmp_path / "with", tmp_path / "without"
    (with_python / "bin").mkdir(parents=True)
    (with_python / "bin" / "python3").symlink_to(sys.executable)
    for path, wanted in ((with_python / "bin", verify), (without, f'PATH="$PATH:{own}" {verify}')):
        folder = tmp_path / f"project-{path.name}"
        folder.mkdir()
        stage.write_project(folder, stage.clean_env(os.environ), str(path))
        text = (folder / ".github/bee.yml").read_text()
        assert policy_of("bee.yml", parse(text, "bee.yml")).verify == (wanted,)


def test_no_credential_or_git_setting_of_the_host_reaches_the_demo() -> None:
    env = stage.clean_env({"PATH": "/bin", "GH_TOKEN": "x", "GITHUB_TOKEN": "x", "GIT_DIR": "x", "BEE_ROLE": "x"})
    assert not {"GH_TOKEN", "GITHUB_TOKEN", "GIT_DIR", "BEE_ROLE"} & set(env)
    assert env["GIT_CONFIG_GLOBAL"] == os.devnull


@pytest.mark.parametrize(
    "options",
    [
        Options(repo=Path("somewhere")),
        Options(issue=Path("somewhere")),
        Options(engine="claude"),
        Options(repo=Path("a"), issue=Path("b")),
    ],
)
def test_half_a_rehearsal_says_what_is_missing(options: Options) -> None:
    with pytest.raises(UsageError, match="rehearsal"):
        run(options, {})


def test_keep_does_not_take_a_folder_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(UsageError, match="not empty"):
        run(Options(keep=tmp_path), {})
    assert (tmp_path / "mine").read_text() == "precious"


def test_an_engine_is_a_name_or_a_command_that_is_there(tmp_path: Path) -> None:
    repo, issue = _own_repository(tmp_path)
    program = tmp_path / "my-agent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    wanted = {
        "claude": "claude",
        "my-agent --fast": (str(program), "--fast"),
        str(program): (str(program),),
    }
    assert {word: rehearsal.play(repo, issue, word, env).engine for word in wanted} == wanted
    with pytest.raises(UsageError, match="there is no program '/nowhere/agent'"):
        rehearsal.play(repo, issue, "/nowhere/agent", env)


def test_a_rehearsal_copies_what_is_committed_and_leaves_the_clone_alone(tmp_path: Path) -> None:
    repo, issue = _own_repository(tmp_path)
    (repo / "draft.txt").write_text("not committed")
    before = _everything(repo)
    play = rehearsal.play(repo, issue, "claude", os.environ)
    assert (play.repo, play.branch, play.issue[0]) == ("ada/mine", "trunk", "Say hello")
    assert play.issue[1].startswith("Print hello.")
    copy = tmp_path / "copy"
    copy.mkdir()
    play.prepare(copy, stage.clean_env(os.environ))
    assert sorted(path.name for path in copy.iterdir()) == [".git", ".github", "hello.py"]
    assert (copy / ".github/bee.yml").read_text() == rehearsal.POLICY
    assert _everything(repo) == before


@pytest.mark.parametrize("wrong", ["missing", "no-git", "empty-issue"])
def test_a_rehearsal_that_cannot_be_says_why(tmp_path: Path, wrong: str) -> None:
    repo, issue = _own_repository(tmp_path)
    if wrong == "missing":
        repo = tmp_path / "nowhere"
    elif wrong == "no-git":
        repo = tmp_path / "plain"
        repo.mkdir()
    else:
        issue.write_text("\n")
    with pytest.raises(UsageError, match="--issue" if wrong == "empty-issue" else "--repo"):
        rehearsal.play(repo, issue, "claude", os.environ)


def _own_repository(folder: Path) -> tuple[Path, Path]:
    repo, issue = folder / "mine", folder / "design.md"
    repo.mkdir()
    (repo / "hello.py").write_text("print('hi')\n")
    env = {**os.environ, **stage.identity("me")}
    for argv in (["init", "--quiet", "--initial-branch=trunk"], ["add", "--all"], ["commit", "--quiet", "-m", "start"]):
        subprocess.run(["git", *argv], cwd=repo, env=env, check=True)
    issue.write_text("# Say hello\n\nPrint hello.\n\n## Design finalized\n\n- [ ] yes\n")
    return repo, issue


def _everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_agent_needs_the_standard_library_alone() -> None:
    program = "import runpy, sys; runpy.run_path(sys.argv[1])"
    agent = DESIGN.parent / "agent" / "__main__.py"
    subprocess.run([sys.executable, "-I", "-S", "-c", program, str(agent)], check=True)
