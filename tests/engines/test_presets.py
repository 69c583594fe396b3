"""Engines without an adapter: what is started for each, what they are given, and how they say that they failed."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from bee.cli.wiring import passed_on
from bee.config.schema import Settings, settings_of
from bee.config.yaml import parse
from bee.engines.find import find
from bee.engines.presets import PRESETS, Preset
from bee.engines.table import ENGINES, LOGINS
from bee.model.errors import ConfigError, UsageError
from bee.model.outcomes import Failure
from bee.model.roles import Role
from bee.system.process.agent import Agent, Stopped
from tests.belt.plays import pull_of, runs, verb_log
from tests.belt.stage import staged
from tests.engines.hosts import OWN, host
from tests.engines.jobs import agent_job
from tests.engines.models import Move, Say, serving
from tests.engines.test_real import DRAFT, REFUSED, REVIEW

URL = "http://127.0.0.1:11434/v1"
HOST = {
    "GH_TOKEN": "t0ken", "GITHUB_TOKEN": "t0ken", "COPILOT_GITHUB_TOKEN": "t0ken", "OPENAI_API_KEY": "o-key",
    "ANTHROPIC_API_KEY": "a-key", "CURSOR_API_KEY": "c-key", "AMP_API_KEY": "amp-key", "OPENAI_BASE_URL": "https://x",
    "COPILOT_PROVIDER_API_KEY": "p-key", "GOOGLE_API_KEY": "g-key", "MY_KEY": "mine", "SSH_AUTH_SOCK": "/run/agent",
}  # fmt: skip


def engine(name: str, folder: Path) -> Any:
    """The engine, its program a native one in `folder`."""
    path = folder / name
    path.write_bytes(b"\x7fELF")
    path.chmod(0o755)
    return find(name, str(folder))


def read(text: str) -> Settings:
    return settings_of("config.yml", parse(f"version: 1\nrepos: [o/r]\n{text}", "config.yml"))


@pytest.mark.parametrize(
    ("name", "more", "argv"),
    [
        ("opencode", {}, "run --auto --print-logs --log-level ERROR"),
        ("opencode", {"model": "openai/gpt-5.5"}, "run --auto --print-logs --log-level ERROR --model openai/gpt-5.5"),
        ("opencode", {"model": "qwen3", "base_url": URL},
         "run --auto --print-logs --log-level ERROR --model bee/qwen3"),
        ("goose", {"model": "m", "args": ("--debug",)},
         "run --no-session --with-builtin developer --instructions /run/home/prompt.md --model m --debug"),
        ("cursor-agent", {}, "--print --force --output-format text Do what /run/home/prompt.md says."),
        ("copilot", {"model": "m", "base_url": URL},
         "--allow-all-tools --no-ask-user --disable-builtin-mcps --no-color"),
        ("qwen", {"model": "m", "base_url": URL}, "--yolo --auth-type openai --model m"),
        ("amp", {"model": "m"}, "--execute --no-notifications --no-ide"),
    ],
)  # fmt: skip
def test_case_r14_the_argv_of_each(name: str, more: dict[str, Any], argv: str, tmp_path: Path) -> None:
    given = agent_job(Path("/run"), **more)
    assert " ".join(engine(name, tmp_path).argv(given)) == f"{tmp_path / name} {argv}"


def test_case_r14_aider_hands_in_what_it_committed(tmp_path: Path) -> None:
    """It runs no command of a model's unasked: its own test command is the verb."""
    argv = engine("aider", tmp_path).argv(agent_job(Path("/run"), model="qwen3", base_url=URL))
    assert argv[1:3] == ["--message-file", "/run/home/prompt.md"]
    assert argv[-4] == "--test-cmd"
    assert argv[-3].endswith('bee submit --title "$(git log -1 --format=%s)"')
    assert argv[-2:] == ["--model", "openai/qwen3"]
    with pytest.raises(UsageError, match="`aider` cannot be the reviewer: it plays drafter only"):
        engine("aider", tmp_path).check(Role.REVIEWER, False)


@pytest.mark.parametrize("row", PRESETS.values(), ids=lambda row: row.name)
def test_case_r14_each_gets_its_own_login_and_none_of_github(row: Preset, tmp_path: Path) -> None:
    """With a server of one's own, the first of its keys alone: the others are other vendors'."""
    mine = engine(row.name, tmp_path)
    for base_url, names in (("", row.login), *([(URL, row.login[:1])] if row.server else [])):
        if row.needs_server and not base_url:
            continue
        env = mine.env(agent_job(tmp_path, base_url=base_url, model="m"), HOST)
        assert "t0ken" not in env.values()
        assert {name for name in HOST if name in env} == {name for name in names if name in HOST} | (
            {"OPENAI_BASE_URL"} if "OPENAI_BASE_URL" in row.server and base_url else set()
        )
        assert (URL in str(env)) == bool(base_url)
        assert list(mine.reaches(agent_job(tmp_path, base_url=base_url))) == (
            ["127.0.0.1:11434"] if base_url else list(row.hosts)
        )


def test_case_r14_a_server_of_ones_own_needs_no_key(tmp_path: Path) -> None:
    env = engine("opencode", tmp_path).env(agent_job(tmp_path, base_url=URL, model="qwen3"), {})
    assert env["OPENAI_API_KEY"] == "none"
    config = json.loads(env["OPENCODE_CONFIG_CONTENT"])
    assert (config["model"], config["provider"]["bee"]["options"]["baseURL"]) == ("bee/qwen3", URL)


@pytest.mark.parametrize(
    ("name", "own_server", "said"),
    [("cursor-agent", True, "takes no `base_url`"), ("amp", True, "takes no `base_url`"),
     ("copilot", False, "needs a model server: set `base_url`"), ("opencode", True, ""), ("qwen", False, "")],
)  # fmt: skip
def test_case_r14_a_server_that_it_needs_or_cannot_take(name: str, own_server: bool, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said) if said else nullcontext():
        engine(name, tmp_path).check(Role.DRAFTER, own_server)


@pytest.mark.parametrize(
    ("name", "said", "code", "failure"),
    [
        ("opencode", "\x1b[91m\x1b[1mError: \x1b[0mIncorrect API key provided", 1, Failure.AUTH),
        ("opencode", 'timestamp=1 level=ERROR run=7 message="stream error" error.error="quota, rate limit"', None,
         Failure.QUOTA),
        ("qwen", "[API Error: 401 Incorrect API key provided]", 1, Failure.AUTH),
        ("qwen", "[API Error: 429 rate limit reached; try again in 20 minutes]", 1, Failure.QUOTA),
        ("aider", "litellm.RateLimitError: RateLimitError: OpenAIException - rate limit", 0, Failure.QUOTA),
        ("aider", "litellm.AuthenticationError: AuthenticationError: OpenAIException - invalid", 0, Failure.AUTH),
        ("copilot", "Authentication failed with provider at http://127.0.0.1:1/v1 (HTTP 401).", 1, Failure.AUTH),
        ("cursor-agent", "Error: usage limit reached", 1, Failure.QUOTA),
        ("amp", "Error: Invalid or missing API key", 1, Failure.AUTH),
        ("goose", "error: 429 Too Many Requests", 1, Failure.QUOTA),
        ("qwen", "The server answers [API Error: 429] for a rate limit: fixed.", 0, None),
        ("qwen", "I wrote about the rate limit.", 1, Failure.CRASH),
    ],
)  # fmt: skip
def test_case_r14_a_quota_and_a_refused_login_are_told_from_the_models_words(
    name: str, said: str, code: int | None, failure: Failure | None, tmp_path: Path
) -> None:
    """Only a line that begins as the program's own errors do; `code` None: bee's clock ended it."""
    found = engine(name, tmp_path)
    for line in ("I begin.", said):
        assert not found.feed("stdout", line.encode())
    result = found.result(Stopped(code, None, "exit") if code is not None else Stopped(None, 15, "stall"))
    assert (result.ok, result.failure) == (failure is None, failure)
    assert (result.retry_at is not None) == ("20 minutes" in said)


def test_case_r14_one_that_only_complains_is_ended(tmp_path: Path) -> None:
    """opencode tries again for ever: after five complaints without a word between them nothing will come."""
    found, complaint = engine("opencode", tmp_path), b"Error: rate limit reached"
    ended = [found.feed("stderr", line) for line in [*[complaint] * 4, b"progress", *[complaint] * 4]]
    assert ended == [False] * 5 + [True] * 4
    found = engine("opencode", tmp_path)
    lines = [*[("stderr", complaint)] * 4, ("stdout", b"on"), ("stderr", complaint)]
    assert not any(found.feed(*line) for line in lines)


def test_case_r14_an_error_that_is_over_is_not_its_end(tmp_path: Path) -> None:
    found = engine("qwen", tmp_path)
    for line in ("[API Error: 429 rate limit]", "one", "two", "three", "four", "five"):
        found.feed("stdout", line.encode())
    assert found.result(Stopped(0, None, "exit")).ok


# ---- the `command` engine -------------------------------------------------------------------------------------------


def test_case_r14_a_command_takes_its_prompt_from_a_file(tmp_path: Path) -> None:
    program = tmp_path / "agent"
    program.write_text('#!/bin/sh\ncat "$2" - > "$HOME/got"; echo "$MY_KEY ${OTHER_KEY:-none}" >> "$HOME/got"\n')
    program.chmod(0o755)
    made = find([str(program), "--prompt", "{prompt_file}"])
    given = agent_job(tmp_path, home=tmp_path / "private", passes=("MY_KEY",))
    given.home.mkdir()
    made.prepare(given)
    assert made.stdin(given) == ""
    agent = Agent.start(
        made.argv(given), cwd=tmp_path, env=made.env(given, {**HOST, "OTHER_KEY": "x"}),
        prompt=made.stdin(given).encode(), transcript=tmp_path / "t",
    )  # fmt: skip
    assert made.result(agent.wait(20, 20, threading.Event(), made.feed)).ok
    assert (given.home / "got").read_text() == "the promptmine none\n"


def test_case_r14_variables_of_the_configuration_change_none_of_bees(tmp_path: Path) -> None:
    given = agent_job(tmp_path, passes=("BEE_ROLE", "MY_KEY"))
    env = find(["x"]).env(given, {"BEE_ROLE": "admin", "MY_KEY": "k"})
    assert (env["BEE_ROLE"], env["MY_KEY"]) == ("drafter", "k")


def test_case_r14_variables_belong_to_the_engine_that_is_named_with_them() -> None:
    settings = read(
        "engine: {command: [x]}\nenv: [A_KEY]\nroles:\n  reviewer: {engine: opencode, env: [B_KEY]}\n"
        "  planner: {engine: claude}\nper_repo:\n  o/r:\n    engine: aider\n    env: [C_KEY]\n"
    )
    names = {role: settings.role(role).env for role in (Role.DRAFTER, Role.REVIEWER, Role.PLANNER)}
    assert names == {Role.DRAFTER: ("A_KEY",), Role.REVIEWER: ("B_KEY",), Role.PLANNER: ()}
    assert settings.role(Role.DRAFTER, "o/r").env == ("C_KEY",)
    env = {"A_KEY": "a", "B_KEY": "b", "C_KEY": "c", "D_KEY": "d"}
    assert passed_on(env, settings) == {"A_KEY": "a", "B_KEY": "b", "C_KEY": "c"}
    assert passed_on({"A_KEY": "x-t0ken"}, settings, "t0ken") == {}, "bee's own token under another name"


@pytest.mark.parametrize(
    "name", ["GH_TOKEN", "GITHUB_TOKEN", "gh_token", "COPILOT_GITHUB_TOKEN", "BEE_KEY", "GIT_BEE_HOME", "HOME",
             "LD_PRELOAD", "ACTIONS_RUNTIME_TOKEN", "A_KEY=value", "A KEY", ""],
)  # fmt: skip
def test_case_r14_no_credential_of_github_or_bee_can_be_named(name: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.yml:3"):
        read(f"env: [{json.dumps(name)}]\n")


def test_every_preset_has_a_name_of_its_own_and_a_source() -> None:
    assert not set(PRESETS) & set(ENGINES)
    assert list(LOGINS) == [*ENGINES, *PRESETS]
    assert all(row.source.startswith("https://") and row.errors for row in PRESETS.values())


# ---- the programs themselves -----------------------------------------------------------------------------------------

AIDER: list[Move] = [Say("sum_task.py\n```\ndef add(a, b):\n    return a + b\n```\n")]


@pytest.mark.deep
@pytest.mark.parametrize("name", [row.name for row in PRESETS.values() if row.tested])
def test_case_r14_the_true_program_drafts_and_reviews(name: str, tmp_path: Path) -> None:
    """In the closed box, with a scripted model on loopback in the place of an Ollama."""
    script = {"drafter": AIDER if name == "aider" else DRAFT, "reviewer": REVIEW}
    with staged(tmp_path) as stage, serving(script) as models:
        number = stage.issue("Write a function that adds two numbers.")
        played = host(stage, name, models.url)
        drafted = stage.tick(played)
        assert drafted.run, drafted.said
        branch = f"origin/bee/{number}-task"
        [pull] = stage.pulls()
        assert pull["head"]["ref"] == f"bee/{number}-task"
        assert stage.git("show", f"{branch}:sum_task.py") == "def add(a, b):\n    return a + b"
        assert {talk.key for talk in models.asked} == {OWN[name]}
        if Role.REVIEWER in PRESETS[name].roles:
            stage.tick(played)
            assert "check passed" in models.outputs("reviewer")[0]
        verbs = [verb for verb, ok, _ in verb_log(played) if ok]
        assert verbs == ["submit", *(["review"] if Role.REVIEWER in PRESETS[name].roles else [])]


@pytest.mark.deep
@pytest.mark.parametrize("name", [row.name for row in PRESETS.values() if row.tested])
def test_case_r14_the_true_program_says_that_its_login_is_refused(name: str, tmp_path: Path) -> None:
    with staged(tmp_path) as stage, serving({"": [REFUSED]}) as models:
        number = stage.issue()
        played = host(stage, name, models.url)
        assert stage.tick(played).run
        [run] = runs(stage, played, number)
        assert run.failure is Failure.AUTH, run


def test_a_pull_request_is_reviewed_by_a_command_with_a_prompt_file(tmp_path: Path) -> None:
    """Through the worker and the box: the file is there, and stdin is empty."""
    with staged(tmp_path) as stage:
        pull_of(stage, stage.issue())
        agent = tmp_path / "agent"
        checks = 'grep -q "You are the reviewer" "$1" && [ -z "$(cat)" ]'
        agent.write_text(f"#!/bin/sh\n{checks} && bee review --approve --body ok\n")
        agent.chmod(0o755)
        played = stage.host("a", engine=(str(agent), "{prompt_file}"))
        assert stage.tick(played).run
        assert [verb for verb, ok, _ in verb_log(played) if ok] == ["review"]
