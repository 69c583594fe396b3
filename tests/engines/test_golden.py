"""What is started for each engine, word for word: a changed argument or variable is a decision, never an accident."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bee.engines.base import AgentJob
from bee.engines.find import find
from bee.engines.table import ENGINES, EngineRow
from bee.model.errors import UsageError
from bee.system.process import SYSTEM_PATH
from tests.engines.jobs import agent_job

HOST = {
    "PATH": "/home/ann/bin", "HOME": "/home/ann", "LANG": "C.UTF-8", "GH_TOKEN": "t0ken", "GITHUB_TOKEN": "t0ken",
    "SSH_AUTH_SOCK": "/run/agent", "ANTHROPIC_API_KEY": "a-key", "CLAUDE_CODE_OAUTH_TOKEN": "a-token",
    "ANTHROPIC_BASE_URL": "https://gateway.example", "OPENAI_API_KEY": "o-key", "GEMINI_API_KEY": "g-key",
    "CLAUDECODE": "1", "CLAUDE_CODE_ENTRYPOINT": "cli", "CLAUDE_CODE_SSE_PORT": "1", "NODE_OPTIONS": "--require=/x.js",
    "OPENAI_BASE_URL": "https://elsewhere.example",
    "GOOGLE_GEMINI_BASE_URL": "https://gateway.example", "GEMINI_SYSTEM_MD": "/x.md", "AWS_SECRET_ACCESS_KEY": "s",
}  # fmt: skip
CLAUDE = "-p --output-format stream-json --verbose --permission-mode bypassPermissions --setting-sources".split()
CLAUDE += ["", "--strict-mcp-config", "--no-session-persistence"]
CODEX = "exec --json --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox".split()
CODEX += ["--ignore-user-config", "--ignore-rules", "-c", "allow_login_shell=false"]
GEMINI = "--approval-mode yolo --output-format stream-json --allowed-mcp-server-names=none --extensions=none".split()
QUIET = {
    "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1", "DISABLE_TELEMETRY": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    "BASH_DEFAULT_TIMEOUT_MS": "1800000", "BASH_MAX_TIMEOUT_MS": "1800000",
}  # fmt: skip
OF_GEMINI = {
    "GEMINI_CLI_SYSTEM_SETTINGS_PATH": "/run/home/.gemini-system/settings.json", "GEMINI_CLI_TRUST_WORKSPACE": "true",
    "GEMINI_CLI_NO_RELAUNCH": "true", "NO_BROWSER": "true",
}  # fmt: skip
PLAIN = {
    "PATH": f"/run/bin:{SYSTEM_PATH}", "LANG": "C.UTF-8", "HOME": "/run/home", "TMPDIR": "/tmp", "TERM": "dumb",
    "GIT_TERMINAL_PROMPT": "0", "BEE_ROLE": "drafter", "BEE_REPO": "o/r", "BEE_NUMBER": "7", "BEE_RUN": "r1",
    "BEE_CONTEXT": "/run/context", "BEE_SOCKET": "/tmp/bee-x/s", "BEE_BRANCH": "bee/7-a",
    "BEE_BASE": "b" * 40,
}  # fmt: skip


def job(home: Path = Path("/run/home"), **more: object) -> AgentJob:
    return agent_job(Path("/run"), home=home, **more)


def programs(folder: Path) -> str:
    """A PATH with something executable under every engine's name."""
    for name in ENGINES:
        path = folder / name
        path.write_bytes(b"\x7fELF")
        path.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("engine", "more", "argv"),
    [
        ("claude", {}, CLAUDE),
        (
            "claude",
            {"model": "opus", "usd_max": 2.5, "args": ("--effort", "low")},
            [*CLAUDE, "--model", "opus", "--max-budget-usd", "2.5", "--effort", "low"],
        ),
        ("claude", {"base_url": "http://127.0.0.1:1"}, CLAUDE),
        ("codex", {}, CODEX),
        ("codex", {"model": "m", "usd_max": 2.5, "args": ("-c", "x=1")}, [*CODEX, "-m", "m", "-c", "x=1"]),
        (
            "codex",
            {"model": "m", "base_url": "http://127.0.0.1:1/v1"},
            [
                *CODEX, "-c", 'model_provider="bee"', "-c",
                'model_providers.bee={name="bee",base_url="http://127.0.0.1:1/v1",env_key="OPENAI_API_KEY",wire_api="responses"}',
                "-m", "m",
            ],
        ),
        ("gemini", {}, GEMINI),
        ("gemini", {"model": "m", "args": ("--debug",)}, [*GEMINI, "--model", "m", "--debug"]),
    ],
)  # fmt: skip
def test_r4_the_argv_of_each_engine(engine: str, more: dict[str, object], argv: list[str], tmp_path: Path) -> None:
    path = programs(tmp_path)
    assert find(engine, path).argv(job(**more)) == [str(tmp_path / engine), *argv]


@pytest.mark.parametrize(
    ("engine", "more", "own"),
    [
        (
            "claude",
            {},
            {**QUIET, "ANTHROPIC_API_KEY": "a-key", "CLAUDE_CODE_OAUTH_TOKEN": "a-token"},
        ),
        (
            "claude",
            {"base_url": "http://127.0.0.1:1"},
            {**QUIET, "ANTHROPIC_API_KEY": "a-key", "ANTHROPIC_BASE_URL": "http://127.0.0.1:1"},
        ),
        (
            "codex",
            {},
            {
                "CODEX_HOME": "/run/home/.codex", "OPENAI_API_KEY": "o-key", "CODEX_API_KEY": "o-key",
            },
        ),
        ("codex", {"base_url": "http://x/v1"}, {"CODEX_HOME": "/run/home/.codex", "OPENAI_API_KEY": "o-key"}),
        (
            "gemini",
            {},
            {**OF_GEMINI, "GEMINI_API_KEY": "g-key"},
        ),
        (
            "gemini",
            {"base_url": "http://x"},
            {**OF_GEMINI, "GEMINI_API_KEY": "g-key", "GOOGLE_GEMINI_BASE_URL": "http://x"},
        ),
    ],
)  # fmt: skip
def test_x4_the_environment_of_each_engine(engine: str, more: dict[str, object], own: dict[str, str]) -> None:
    """Each gets its own login and no other's; nothing of an outer Claude Code reaches an inner one."""
    assert find(engine).env(job(**more), HOST) == {**PLAIN, **own}


@pytest.mark.parametrize(
    ("engine", "url"),
    [
        ("claude", "https://gateway.example"),
        ("codex", "https://elsewhere.example"),
        ("gemini", "https://gateway.example"),
    ],
)
def test_the_server_that_the_environment_names_is_handed_over_as_one_of_ones_own(engine: str, url: str) -> None:
    """So the token of a subscription is not sent there."""
    assert find(engine).server(HOST) == url
    assert "CLAUDE_CODE_OAUTH_TOKEN" not in find(engine).env(job(base_url=url), HOST)
    assert find(engine).server({}) == ""


@pytest.mark.parametrize("row", ENGINES.values(), ids=lambda row: row.name)
def test_the_table_says_what_the_program_is_told(row: EngineRow) -> None:
    plain, *others = (find(row.name).arguments(job(**more)) for more in ({}, {"model": "m"}, {"usd_max": 1.0}))
    assert [one != plain for one in others] == [True, row.bounds_usd]


@pytest.mark.parametrize(
    ("engine", "key"), [("claude", "ANTHROPIC_API_KEY"), ("codex", "OPENAI_API_KEY"), ("gemini", "GEMINI_API_KEY")]
)
def test_a_server_of_ones_own_needs_no_key(engine: str, key: str) -> None:
    env = find(engine).env(job(base_url="http://127.0.0.1:1"), {})
    assert env[key] == "none"
    assert key not in find(engine).env(job(), {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is told that it is in a sandbox")
def test_root_says_that_it_is_in_a_sandbox_in_the_box_only() -> None:
    assert find("claude").env(job(boxed=True), {})["IS_SANDBOX"] == "1"
    assert "IS_SANDBOX" not in find("claude").env(job(), {"IS_SANDBOX": "1"})


def test_gemini_finds_its_settings_in_the_private_home(tmp_path: Path) -> None:
    engine = find("gemini")
    engine.prepare(job(home=tmp_path))
    system = Path(engine.env(job(home=tmp_path), {})["GEMINI_CLI_SYSTEM_SETTINGS_PATH"])
    for path in (tmp_path / ".gemini" / "settings.json", system):
        settings = json.loads(path.read_text())
        assert settings["security"]["auth"]["selectedType"] == "gemini-api-key"
        assert settings["advanced"]["ignoreLocalEnv"] is True
        assert settings["hooksConfig"]["enabled"] is False
    assert system.parent.stat().st_mode & 0o077 == 0


def test_codex_finds_its_folder_in_the_private_home(tmp_path: Path) -> None:
    for _ in range(2):
        find("codex").prepare(job(home=tmp_path))
    assert (tmp_path / ".codex").is_dir()


def test_a_script_of_a_package_is_started_by_node_and_shown_with_the_packages_beside_it(tmp_path: Path) -> None:
    modules, bin_dir = tmp_path / "lib" / "node_modules", tmp_path / "bin"
    script = modules / "@openai" / "codex" / "bin" / "codex.js"
    for path in (script, bin_dir / "node"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/usr/bin/env node\n" if path == script else "")
        path.chmod(0o755)
    (bin_dir / "codex").symlink_to(script)
    engine = find("codex", str(bin_dir))
    assert engine.argv(job())[:3] == [str(bin_dir / "node"), str(script), "exec"]
    assert list(engine.shows()) == [modules, bin_dir / "node"]
    (bin_dir / "node").unlink()
    with pytest.raises(UsageError, match="`codex` needs node"):
        find("codex", str(bin_dir)).argv(job())


def test_a_native_program_is_shown_alone(tmp_path: Path) -> None:
    versions, bin_dir = tmp_path / "versions", tmp_path / "bin"
    versions.mkdir()
    bin_dir.mkdir()
    programs(versions)
    (bin_dir / "claude").symlink_to(versions / "claude")
    engine = find("claude", str(bin_dir))
    assert engine.argv(job())[0] == str(versions / "claude")
    assert list(engine.shows()) == [versions / "claude"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_program_that_is_not_installed_says_how_to_install_it(engine: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"there is no `{engine}` on PATH: npm install -g {ENGINES[engine].package}"):
        find(engine, str(tmp_path)).argv(job())


@pytest.mark.parametrize(("spec", "near"), [("claud", "claude"), ("Codex", "codex"), ("gemmini", "gemini")])
def test_a_name_nobody_has_is_answered_with_the_nearest(spec: str, near: str) -> None:
    with pytest.raises(
        UsageError, match=f"no engine '{spec}'; did you mean '{near}'\\? there is: claude, codex, gemini"
    ):
        find(spec)
