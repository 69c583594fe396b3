"""What `bee doctor` says of an engine's program: its version, the flags it still names, and, if asked, its login."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bee.engines.table import ENGINES
from bee.model.roles import Role
from bee.setup.engines import drift
from tests.belt.stage import Stage, staged
from tests.engines.hosts import BOXED, KEYS, base_url, programs
from tests.engines.models import MODEL, Move, Say, serving
from tests.engines.test_fake import HEAD
from tests.engines.test_real import REFUSED
from tests.setup.test_doctor import checks, configure, said, tree_of

CLAUDE = "--output-format --verbose --permission-mode --setting-sources --strict-mcp-config --no-session-persistence"
CLAUDE += " --model --max-budget-usd"
CODEX = "--json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox --ignore-user-config --ignore-rules"


def program(folder: Path, name: str, version: str, help_text: str) -> str:
    """A PATH with a program that says these two of itself."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\ncase "$*" in *--version) echo "{version}";; *--help) echo "{help_text}";; esac\n')
    path.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("name", "version", "help_text", "status", "text"),
    [
        ("claude", f"{ENGINES['claude'].tested} (Claude Code)", CLAUDE, "ok", "claude is 2.1.197 (bee was tested"),
        ("claude", "9.0.1 (Claude Code)", CLAUDE, "ok", "9.0.1 (bee was tested with 2.1.197); its --help names"),
        ("claude", "9.0.1", CLAUDE.replace("--verbose ", ""), "warn", "does not name --verbose, which bee tells it"),
        ("claude", "9.0.1", CLAUDE.replace("--verbose", "--verbose-more"), "warn", "does not name --verbose, which"),
        ("claude", "hm", "", "ok", "claude is of an unknown version"),
        ("codex", "codex-cli 0.169.0", CODEX, "ok", "codex is 0.169.0"),
        ("amp", "0.0.1-gabc", "--execute --no-ide", "warn", "(nobody has tried it with bee); its --help does"),
        ("copilot", "1.0.102.", "--allow-all-tools --no-ask-user --disable-builtin-mcps --no-color", "ok", "1.0.102 ("),
    ],
)  # fmt: skip
def test_case_r14_a_program_that_has_drifted_is_told(
    name: str, version: str, help_text: str, status: str, text: str, tmp_path: Path
) -> None:
    [check] = drift(name, program(tmp_path / "p", name, version, help_text))
    assert (check.name, str(check.status)) == ("engine-version", status)
    assert text in check.text
    assert (check.fix is not None) == (status == "warn")


def test_a_program_that_is_not_here_has_no_version(tmp_path: Path) -> None:
    assert drift("codex", str(tmp_path)) == []


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A repository, and a host that is set up for it."""
    with staged(tmp_path) as made:
        configure(made)
        yield made


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ("answer(); result()", "ok", "claude answered, so it is logged in (150 tokens, 0.5000 USD)"),
        ("print('Not logged in · Please run /login'); sys.exit(1)", "fail", "claude is not logged in: exit 1"),
        ("answer(); result(is_error=True, api_error_status=429, result='limit')", "warn", "its limit is reached"),
        ("sys.exit(3)", "fail", "claude did not answer: exit 3"),
    ],
)  # fmt: skip
def test_case_r14_a_login_is_asked_for_one_word_and_only_on_demand(
    stage: Stage, body: str, status: str, text: str
) -> None:
    """With --login alone, and nothing of it stays in bee's home."""
    folder = stage.folder / "programs"
    folder.mkdir()
    (folder / "claude").write_text(HEAD + body)
    (folder / "claude").chmod(0o755)
    home = stage.folder / "home-host"
    (home / "config.yml").write_text("version: 1\nrepos: [ada/calc]\nengine: claude\nsandbox: none\n")
    (home / "env").write_text("ANTHROPIC_API_KEY=x\n")
    env = {"PATH": f"{folder}:/usr/bin:/bin", "ANTHROPIC_API_KEY": "x"}
    before = tree_of(home)
    assert text in said(checks(stage, "--login", code=int(status == "fail"), **env), "login", status)
    assert tree_of(home) == before
    if status == "ok":
        assert "login" not in checks(stage, **env)


@pytest.mark.parametrize(
    ("engine", "move", "status", "text"),
    [
        ("claude", Say("Hello."), "ok", "claude answered, so it is logged in (1"),
        pytest.param("claude", REFUSED, "fail", "claude is not logged in", marks=pytest.mark.deep),
        ("codex", Say("Hello."), "ok", "codex answered, so it is logged in (1"),
        pytest.param("codex", REFUSED, "fail", "codex is not logged in", marks=pytest.mark.deep),
    ],
    ids=["claude", "claude-refused", "codex", "codex-refused"],
)
def test_case_r14_the_true_programs_say_one_word_to_login(
    stage: Stage, engine: str, move: Move, status: str, text: str
) -> None:
    """With one request of the model for all roles, in the box that runs have."""
    with serving({"": [move]}) as models:
        own = {"engine": engine, "model": MODEL, "base_url": base_url(engine, models.url)}
        roles = json.dumps({str(role): own for role in Role})
        box = "required" if BOXED else "none"
        config = f"version: 1\nrepos: [ada/calc]\nengine: {engine}\nsandbox: {box}\nroles: {roles}\n"
        (stage.folder / "home-host" / "config.yml").write_text(config)
        env = {**KEYS, "PATH": f"{programs(engine)}:{stage.env()['PATH']}", "IS_SANDBOX": "1"}
        found = checks(stage, "--login", code=int(status == "fail"), **env)
        assert text in said(found, "login", status)
        assert len(found["login"]) == 1
        if status == "ok":
            assert len(models.asked) == 1, "it costs one request"
