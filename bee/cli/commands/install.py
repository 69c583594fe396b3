"""`bee install`: hand bee to this machine's scheduler, and try one tick in the environment it will really have."""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bee.cli import wiring
from bee.cli.common import add_json, print_json, show
from bee.config.schema import Settings
from bee.model.errors import AuthError, UsageError
from bee.model.limits import TICK_EVERY_MINUTES, TICK_EVERY_MINUTES_ALLOWED
from bee.setup import first_key, install
from bee.setup.machine import BY_COMMAND, scheduled_token
from bee.setup.schedulers import Machine
from bee.system import process
from bee.system.data import data_path
from bee.system.home import Home

STANDARD_PATH: Final = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
HOMEBREW_PATH: Final = ("/opt/homebrew/bin",)
# Variables that a tick reads and a scheduler does not pass on; beside a token, these may be kept.
KEEPABLE: Final = frozenset(
    {*install.TOKENS, *wiring.PASSED_ON, "GIT_BEE_ALERT_REPO", "XDG_CONFIG_HOME"}
    - {"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "GIT_BEE_HOME"}
)
_TIMES: Final = ", ".join(f"{one}m" for one in TICK_EVERY_MINUTES_ALLOWED)
EVERY: Final = f"a tick every so many minutes, one of {_TIMES}, with or without the m"
_NOT_MISSED: Final = frozenset({*install.TOKENS, "LANG", "LC_ALL", "TZ"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee install`."""
    parser.add_argument("--cron", action="store_true", help="take cron, even where launchd or systemd is there")
    parser.add_argument(
        "--token-from-env",
        action="store_true",
        help="keep GH_TOKEN (or GITHUB_TOKEN) of this shell for scheduled ticks, in ~/.git-bee/env with mode 0600",
    )
    parser.add_argument(
        "--every",
        type=_minutes,
        default=TICK_EVERY_MINUTES,
        metavar="MINUTES",
        help=f"{EVERY} (default: {TICK_EVERY_MINUTES}m)",
    )
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME", help="store this variable of this shell there too"
    )
    parser.add_argument("--print", action="store_true", help="print the files only")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    add_json(parser)


def _minutes(text: str) -> int:
    """A time between ticks, as in 10m, for argparse. Raises ArgumentTypeError."""
    known = {f"{one}{unit}": one for one in TICK_EVERY_MINUTES_ALLOWED for unit in ("m", "")}
    if text not in known:
        raise argparse.ArgumentTypeError(f"{text!r} is not {EVERY}; for other times start scripts/tick yourself")
    return known[text]


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Install, try one tick, say plainly what came of it: the exit code is that tick's."""
    home, machine = wiring.home_of(env), machine_of(env)
    scheduler = install.choose(machine, args.cron)
    path, scripts = path_of(env), data_path("scripts", "tick").parent
    units = install.render(scheduler, str(scripts), str(home.path), path, args.every)
    keep = _keep(env, args)
    if args.print:
        line = install.untouched(scheduler, units)
        return show(args, line, "\n".join(f"# {one.path}\n{one.text.rstrip()}\n" for one in line.files).rstrip())
    done = install.install(machine, scheduler, units, home, keep, write=not args.dry_run)
    _make_key(env, home, done, write=not args.dry_run)
    done.token = _token(home, machine, path, keep, wiring.settings_at(home, repo_given=True))
    done.notes += _missed(env, home, keep, done.token)
    if not args.dry_run:
        if not args.json:
            print(
                f"{scheduler.kind} starts bee every {args.every} minutes; one tick is tried there now ...", flush=True
            )
        done.add_tick(install.try_tick(scheduler, home))
    if args.json:
        print_json(done)
    else:
        _say(done, home, args.dry_run)
    return done.exit


# ---- where things are -----------------------------------------------------------------------------------------------


def machine_of(env: Mapping[str, str]) -> Machine:
    """This machine's schedulers, for the person whose HOME it is."""
    person = Path(env.get("HOME") or "~").expanduser()
    uid = os.getuid()
    theirs = {name: env[name] for name in ("USER", "LOGNAME", "DBUS_SESSION_BUS_ADDRESS") if env.get(name)}
    runtime = env.get("XDG_RUNTIME_DIR") or f"/run/user/{uid}"
    if Path(runtime).is_dir():  # su and ssh may not set it, and systemctl finds nothing without it
        theirs["XDG_RUNTIME_DIR"] = runtime
    return Machine(
        platform=sys.platform,
        person=person,
        config=Path(env.get("XDG_CONFIG_HOME") or person / ".config"),
        data=Path(env.get("XDG_DATA_HOME") or person / ".local" / "share"),
        uid=uid,
        login=env.get("LOGNAME") or env.get("USER") or str(uid),
        env={"PATH": env.get("PATH", process.SYSTEM_PATH), "HOME": str(person), "LC_ALL": "C", **theirs},
    )


def path_of(env: Mapping[str, str]) -> str:
    """The PATH of scheduled ticks: this shell's, without what is relative, gone, or writable by everybody.

    bee's own folder and the system's are always in it.
    """
    own = Path(sys.executable).parent
    found = [str(own)] if (own / "bee").exists() else []
    found += [folder for folder in env.get("PATH", "").split(":") if _is_sound(folder)]
    found += [folder for folder in HOMEBREW_PATH if _is_sound(folder)]
    return ":".join(dict.fromkeys([*found, *STANDARD_PATH]))


def _is_sound(folder: str) -> bool:
    path = Path(folder)
    return path.is_absolute() and path.is_dir() and not path.stat().st_mode & stat.S_IWOTH


# ---- the token, and what else the shell has --------------------------------------------------------------------------


def _keep(env: Mapping[str, str], args: argparse.Namespace) -> dict[str, str]:
    wanted = {}
    for name in args.env:
        if name not in KEEPABLE:
            raise UsageError(f"a tick does not read {name}; --env takes one of {', '.join(sorted(KEEPABLE))}")
        if not env.get(name):
            raise UsageError(f"--env {name}: this shell does not set it")
        wanted[name] = env[name]
    if args.token_from_env:
        tokens = [env[name].strip() for name in install.TOKENS if env.get(name, "").strip()]
        if not tokens:
            raise UsageError("--token-from-env: neither GH_TOKEN nor GITHUB_TOKEN is set in this shell")
        wanted["GH_TOKEN"] = tokens[0]
    return wanted


def _token(home: Home, machine: Machine, path: str, keep: Mapping[str, str], settings: Settings) -> str | None:
    """Where scheduled ticks find a token, in words; None where they find none."""
    source = scheduled_token(machine, home, path, settings.token, keep)
    if source in install.TOKENS:
        return f"{source} in {home.path / install.ENV_FILE}"
    if source == BY_COMMAND:
        return source
    return f"`{source}` ({shutil.which('gh', path=path)})" if source else None


def _make_key(env: Mapping[str, str], home: Home, done: install.Installed, write: bool) -> None:
    """The key that bee's records are sealed with, kept outside bee's home; where it can be, it is made."""
    settings = wiring.settings_at(home, repo_given=True)
    try:
        token = wiring.token_of(env, settings)
    except AuthError:
        token = ""
    changes, notes = first_key.make(env, wiring.servers_of(env), token, settings.repos, write)
    done.changes += changes
    done.notes += notes


def _missed(env: Mapping[str, str], home: Home, keep: Mapping[str, str], token: str | None) -> list[str]:
    """What this shell has and the schedule has not."""
    notes = []
    if token is None:
        has = any(env.get(name) for name in install.TOKENS)
        first = (
            "Your shell has a token, the scheduler does not see it" if has else "Scheduled ticks find no GitHub token"
        )
        notes.append(
            f"{first}: run `bee install --token-from-env`"
            f"{'' if has else ' with GH_TOKEN set'}, which keeps it in {home.path / install.ENV_FILE} (mode 0600), "
            "or log in with `gh auth login`."
        )
    there = {*keep, *install.env_names(home)}
    only_here = sorted(name for name in KEEPABLE - _NOT_MISSED if env.get(name) and name not in there)
    if only_here:
        options = " ".join(f"--env {name}" for name in only_here)
        notes.append(f"Your shell sets what the schedule does not have; if ticks need it: bee install {options}")
    return notes


# ---- what is said ----------------------------------------------------------------------------------------------------


def _say(done: install.Installed, home: Home, dry: bool) -> None:
    for one in done.changes:
        print(f"{'would ' if dry else ''}{one}")
    if not done.changes:
        print(f"bee is in {done.scheduler} already: nothing {'would change' if dry else 'changed'}")
    print(f"token: {done.token or 'none'}")
    print(f"logs:  {home.path / 'logs'}")
    if done.tick is not None:
        worked = "worked" if done.tick.exit == 0 else f"FAILED with exit code {done.tick.exit}"
        print(f"the tick started by {done.scheduler} {worked}" + (", and said:" if done.tick.said else ""))
        for line in done.tick.said:
            print(f"  {line}")
    for note in done.notes:
        print(f"note: {note}")
