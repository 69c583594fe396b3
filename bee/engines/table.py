"""The engines that bee knows by name: all that is known of each without starting it, one row an engine.

`find` loads the adapter of a row, the module of the same name beside this one, when a run needs it. Those that need no
adapter are rows of `presets`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bee.engines.presets import PRESETS
from bee.model.protected import FROM_BASE


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens: read anew, read from the cache, written."""

    read: float
    cached: float
    written: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRow:
    """One agent CLI.

    `package` is on npm, `tested` the version that tests/engines runs. `login`: the variables that log it in, any of
    them. `hosts`: what it must reach of its vendor's: the model server, the log-in and the renewal of its token.
    `server_variable`: where the environment may name another server, `protocol`: what that must speak. `reports_usd`:
    the program itself says what a run cost, `bounds_usd`: it ends itself at a sum. `sessions`: the files below its
    HOME in which it notes its tokens, where its events do not. `signs`: the addresses it signs commits with. `files`:
    patterns of what it reads of a clone by itself. `ignores` and `reads` are the documents' words about its
    configuration. `prices`: the vendor's list prices in May 2026, by the beginning of a model's name; the longest
    that fits counts.
    """

    name: str
    package: str
    tested: str
    login: tuple[str, ...]
    hosts: tuple[str, ...]
    server_variable: str
    protocol: str
    ignores: str
    files: tuple[str, ...]
    prices: Mapping[str, Price]
    reports_usd: bool = False
    bounds_usd: bool = False
    sessions: str = ""
    signs: tuple[str, ...] = ()
    reads: str = ""


ENGINES: Final[Mapping[str, EngineRow]] = {
    row.name: row
    for row in (
        EngineRow(
            name="claude",
            package="@anthropic-ai/claude-code",
            tested="2.1.197",
            login=("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"),
            # https://code.claude.com/docs/en/network-config
            hosts=("api.anthropic.com", "claude.ai", "platform.claude.com"),
            server_variable="ANTHROPIC_BASE_URL",
            protocol="Anthropic: `POST /v1/messages`",
            reports_usd=True,
            bounds_usd=True,
            signs=("noreply@anthropic.com",),
            files=("**/CLAUDE*.md", "**/.claude*/**"),
            ignores="settings, hooks, MCP servers and `CLAUDE.md`",
            prices={
                "claude-opus-4": Price(5.0, 0.5, 25.0),
                "claude-sonnet-4": Price(3.0, 0.3, 15.0),
                "claude-haiku-4": Price(1.0, 0.1, 5.0),
            },
        ),
        EngineRow(
            name="codex",
            package="@openai/codex",
            tested="0.169.0",
            login=("OPENAI_API_KEY",),
            # codex-rs/login renews at auth.openai.com; a subscription is served by chatgpt.com
            hosts=("api.openai.com", "auth.openai.com", "chatgpt.com"),
            server_variable="OPENAI_BASE_URL",
            protocol="OpenAI: `POST /v1/responses`",
            sessions=".codex/sessions/*/*/*/*.jsonl",
            signs=("noreply@openai.com",),
            files=("**/AGENTS*.md", "**/.codex*/**"),
            ignores="`config.toml`, rules, MCP servers",
            reads="`AGENTS.md`",
            prices={
                "gpt-5": Price(1.25, 0.125, 10.0),
                "gpt-5-mini": Price(0.25, 0.025, 2.0),
                "gpt-5.2": Price(1.75, 0.175, 14.0),
                "gpt-5.3-codex": Price(1.75, 0.175, 14.0),
                "gpt-5.4": Price(2.5, 0.25, 15.0),
                "gpt-5.4-mini": Price(0.75, 0.075, 4.5),
                "gpt-5.5": Price(5.0, 0.5, 30.0),
            },
        ),
        EngineRow(
            name="gemini",
            package="@google/gemini-cli",
            tested="0.61.0",
            login=("GEMINI_API_KEY",),
            hosts=("generativelanguage.googleapis.com", "oauth2.googleapis.com", "cloudcode-pa.googleapis.com"),
            server_variable="GOOGLE_GEMINI_BASE_URL",
            protocol="Gemini: `POST /v1beta/models/M:streamGenerateContent`",
            sessions=".gemini/tmp/*/chats/*.jsonl",
            files=("**/GEMINI*.md", "**/.gemini*/**"),
            ignores="MCP servers, extensions, `.env`, in the box hooks",
            reads="`GEMINI.md`, the rest of `.gemini/settings.json`",
            prices={
                "gemini-2.5-pro": Price(1.25, 0.125, 10.0),
                "gemini-2.5-flash": Price(0.3, 0.03, 2.5),
                "gemini-2.5-flash-lite": Price(0.1, 0.01, 0.4),
                "gemini-3-flash": Price(0.5, 0.05, 3.0),
                "gemini-3-pro": Price(2.0, 0.2, 12.0),
                "gemini-3.1-pro": Price(2.0, 0.2, 12.0),
                "gemini-3.1-flash-lite": Price(0.25, 0.025, 1.5),
                "gemini-3.5-flash": Price(1.5, 0.15, 9.0),
            },
        ),
    )
}

# The variables that log each engine in, any of them; bee passes them on to that engine alone.
LOGINS: Final[Mapping[str, tuple[str, ...]]] = {
    **{row.name: row.login for row in ENGINES.values()}, **{row.name: row.login for row in PRESETS.values()},
}  # fmt: skip

OF_ENGINES: Final = tuple(pattern for row in ENGINES.values() for pattern in row.files)
# What agents obey: in a clone it is always the base's.
AGENT_FILES: Final = (*OF_ENGINES, *FROM_BASE)
