"""Hosts whose roles are played by the real agent CLIs, with a scripted model behind them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bee.cli import wiring
from bee.config.schema import RoleSettings, Settings
from bee.engines.presets import PRESETS
from bee.host import Host
from bee.model.roles import Role
from tests.belt.stage import Stage
from tests.engines import fetch
from tests.engines.models import MODEL

KEYS = {
    "ANTHROPIC_API_KEY": "key-anthropic", "OPENAI_API_KEY": "key-openai", "GEMINI_API_KEY": "key-gemini",
    "COPILOT_PROVIDER_API_KEY": "key-copilot",
}  # fmt: skip
OWN = {
    "claude": "key-anthropic", "gemini": "key-gemini", "copilot": "key-copilot",
    **dict.fromkeys(("codex", "opencode", "aider", "qwen"), "key-openai"),
}  # fmt: skip
BOXED = shutil.which("bwrap") is not None


def base_url(engine: str, url: str) -> str:
    """What `base_url` is for this engine, where the server is at `url`."""
    return url if engine in ("claude", "gemini") else f"{url}/v1"


def programs(engine: str, version: str = "") -> Path:
    """The folder with the program of an engine; skips the test where it is not in the cache."""
    found = fetch.programs(engine, version)
    if shutil.which("node") is None or not found.is_dir():
        pytest.skip(f"node or {engine} is not here; BEE_DEEP=1 python -m tests.engines.fetch brings the engines")
    return found


def host(stage: Stage, engine: str, url: str, usd: float = 0.0, version: str = "") -> Host:
    """A host that plays every role with one engine; boxed where bubblewrap is installed."""
    path = programs(engine, version)
    if engine == "claude" and not BOXED and os.geteuid() == 0:
        pytest.skip("Claude Code works as root in a box only, and bubblewrap is not installed")
    own = RoleSettings(engine=engine, model=MODEL, base_url=base_url(engine, url), minutes=2, minutes_silent=1, usd=usd)
    env, newer = stage.env(engine), str(fetch.node() or "") if engine in PRESETS else ""
    env = {**env, **KEYS, "PATH": ":".join(filter(None, [str(path), newer, env["PATH"]])), "CLAUDECODE": "1"}
    chosen = {"sandbox": "required" if BOXED else "none", "roles": dict.fromkeys(Role, own)}
    return wiring.host_of(env, Settings(repos=(stage.repo,), **chosen), stage.tokens["bee"], lambda text: None)
