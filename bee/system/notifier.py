"""Telling a person something: by the desktop, a webhook, or a command. Text is data, never a shell's.

Each function returns what went wrong in one line, or nothing. The time limits are short: a tick waits for them.
"""

from __future__ import annotations

import html
import json
import shutil
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bee.model.errors import BeeError
from bee.model.limits import NOTIFY_SECONDS_MAX
from bee.system import process

SHOWN: Final = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME", "PATH")
_MAC: Final = ("on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run")


def desktop(title: str, text: str, env: Mapping[str, str]) -> str:
    """A desktop's own notification: notify-send on Linux, osascript on macOS."""
    path = env.get("PATH", process.SYSTEM_PATH)
    program = shutil.which("notify-send", path=path)
    if program:  # its body is markup
        return _run([program, "--app-name=bee", "--", title, html.escape(text, quote=False)], b"", env)
    program = shutil.which("osascript", path=path)
    if program:
        lines = [word for line in _MAC for word in ("-e", line)]
        return _run([program, *lines, title, text], b"", env)
    return "desktop: neither notify-send nor osascript is here"


def command(argv: Sequence[str], data: Mapping[str, Any], env: Mapping[str, str]) -> str:
    """A program of the person's own, with one JSON line on its standard input."""
    program = shutil.which(argv[0], path=env.get("PATH", process.SYSTEM_PATH))
    if program is None:
        return f"command: {argv[0]} is not on PATH"
    return _run([program, *argv[1:]], json.dumps(data, ensure_ascii=False).encode() + b"\n", env)


def _run(argv: list[str], stdin: bytes, env: Mapping[str, str]) -> str:
    given = {**process.base_env(env), **{name: env[name] for name in SHOWN if name in env}}
    try:
        ended = process.run(argv, cwd=None, env=given, stdin=stdin, seconds=NOTIFY_SECONDS_MAX)
    except BeeError as problem:
        return f"{argv[0]}: {problem}"
    if ended.timed_out:
        return f"{argv[0]}: no end within {NOTIFY_SECONDS_MAX} seconds"
    return f"{argv[0]}: it ended with code {ended.code}" if ended.code else ""


def webhook(address: str, data: Mapping[str, Any]) -> str:
    """One POST of JSON. The address may hold a secret, so no problem names more of it than its host."""
    import requests  # here, so that nobody else pays for it

    host = address.split("/")[2] if address.count("/") >= 2 else "it"
    try:
        answer = requests.post(address, json=dict(data), timeout=NOTIFY_SECONDS_MAX, allow_redirects=False)
    except requests.RequestException as problem:
        return f"webhook: no answer from {host.rpartition('@')[2]} ({type(problem).__name__})"
    return "" if answer.status_code < 300 else f"webhook: {host.rpartition('@')[2]} answered {answer.status_code}"
