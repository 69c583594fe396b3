"""Stand-ins for crontab, systemctl, loginctl and launchctl: strict models that keep their state under HOME.

They are started by their name and do what the real ones do with what bee gives them; what they do not know they refuse.
They run a unit as the real ones would: with its own environment and nothing else.
"""

from __future__ import annotations

import json
import os
import plistlib
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

HOME = Path(os.environ["HOME"])
STATE = HOME / "fakes"


def crontab(words: list[str]) -> int:
    """Debian's: refuses a last line without an end, and says so when there is none."""
    table = STATE / "crontab"
    if (STATE / "crontab-forbidden").exists():
        print("You are not allowed to use this program (crontab)", file=sys.stderr)
        return 1
    if words == ["-"]:
        data = sys.stdin.buffer.read()
        if data and not data.endswith(b"\n"):
            print("new crontab file is missing newline before EOF, can't install.", file=sys.stderr)
            return 1
        table.write_bytes(data)
        return 0
    if not table.exists():
        print("no crontab for somebody", file=sys.stderr)
        return 1
    if words == ["-l"]:
        sys.stdout.buffer.write(table.read_bytes())
        return 0
    if words == ["-r"]:
        table.unlink()
        return 0
    return 2


def state(name: str) -> dict[str, Any]:
    """What a fake remembers."""
    path = STATE / name
    return dict(json.loads(path.read_text())) if path.exists() else {}


def remember(name: str, value: dict[str, Any]) -> None:
    """Keep it."""
    (STATE / name).write_text(json.dumps(value))


def run_unit(argv: list[str], env: dict[str, str]) -> int:
    """A unit's program in its own environment; the manager adds HOME and LOGNAME, and a bare PATH under it."""
    bare = {"HOME": str(HOME), "LOGNAME": "somebody", "PATH": "/usr/bin:/bin"}
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.run(argv, env={**bare, **env}, cwd="/", check=False, **quiet).returncode  # type: ignore[call-overload,no-any-return]


def systemctl(words: list[str]) -> int:
    """A user manager that runs where the file `systemd` says so."""
    if not (STATE / "systemd").exists():
        print("Failed to connect to bus: No medium found", file=sys.stderr)
        return 1
    words = [word for word in words if word not in ("--user", "--quiet")]
    known = state("units")
    folder = HOME / ".config" / "systemd" / "user"
    verb, *names = words
    if verb == "show-environment":
        return 0
    if verb == "daemon-reload":
        known["loaded"] = sorted(path.name for path in folder.glob("git-bee-*"))
        remember("units", known)
        return 0
    if verb in ("is-enabled", "is-active"):
        return 0 if all(name in known.get(verb, []) for name in names) else 1
    if verb in ("enable", "restart", "disable"):
        names = [name for name in names if name != "--now"]
        if verb != "disable" and not set(names) <= set(known.get("loaded", [])):
            print("Unit not found.", file=sys.stderr)
            return 5
        wants = folder / "timers.target.wants"
        for name in names if verb != "restart" else ():
            wants.mkdir(exist_ok=True)
            (wants / name).unlink(missing_ok=True)
            if verb == "enable":
                (wants / name).symlink_to(folder / name)
        for key in {"enable": ["is-enabled"], "restart": ["is-active"]}.get(verb, ["is-enabled", "is-active"]):
            known[key] = sorted(set(known.get(key, [])) - set(names) | (set() if verb == "disable" else set(names)))
        remember("units", known)
        return 0
    if verb == "start":
        text = (folder / names[0]).read_text()
        settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
        env = dict(word.replace("%%", "%").split("=", 1) for word in shlex.split(settings["Environment"]))
        argv = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(settings["ExecStart"])]
        known["code"] = run_unit(argv, env)
        remember("units", known)
        return 0
    if verb == "show":
        print(f"ExecMainCode={1 if 'code' in known else 0}\nExecMainStatus={known.get('code', 0)}")
        return 0
    return 0 if verb == "reset-failed" else 2


def loginctl(words: list[str]) -> int:
    """Whether lingering is on."""
    print(f"Linger={'yes' if (STATE / 'linger').exists() else 'no'}")
    return 0 if words[0] == "show-user" else 2


def launchctl(words: list[str]) -> int:
    """One login session; loading what is loaded fails, as it does on macOS."""
    known = state("agents")
    verb, *rest = words
    service = rest[0]
    if verb == "print" and service.count("/") == 1:
        return 0 if service.startswith("gui/") else 113
    if verb == "bootstrap":
        plist = plistlib.loads(Path(rest[1]).read_bytes())
        service = f"{rest[0]}/{plist['Label']}"
        if service in known:
            print("Bootstrap failed: 5: Input/output error", file=sys.stderr)
            return 5
        known[service] = {"plist": plist, "runs": 0, "code": None}
    elif verb == "enable":
        return 0
    elif service not in known:
        return 113
    elif verb == "bootout":
        del known[service]
    elif verb == "print":
        one = known[service]
        last = "(never exited)" if one["code"] is None else one["code"]
        print(f"{service} = {{\n\tstate = not running\n\truns = {one['runs']}\n\tlast exit code = {last}\n}}")
    elif verb == "kickstart":
        plist = known[service]["plist"]
        known[service]["runs"] += 1
        known[service]["code"] = run_unit(plist["ProgramArguments"], plist["EnvironmentVariables"])
    else:
        return 2
    remember("agents", known)
    return 0


PROGRAMS = {one.__name__: one for one in (crontab, systemctl, loginctl, launchctl)}

if __name__ == "__main__":
    STATE.mkdir(exist_ok=True)
    sys.exit(PROGRAMS[sys.argv[1]](sys.argv[2:]))
