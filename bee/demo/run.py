"""`bee demo` from its options to its exit code: choose the play, set the stage, drive, tell how it ended."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.demo import rehearsal, stage, summary
from bee.demo.drive import DemoStopped, Drive
from bee.demo.screen import Screen
from bee.demo.stage import PERSON_LOGIN, Stage
from bee.engines.table import LOGINS
from bee.model import codec
from bee.model.errors import UsageError

INTRO: Final = "bee demo: a design doc becomes merged pull requests, on an embedded GitHub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asked for."""

    as_json: bool = False
    keep: Path | None = None
    serve: bool = False
    repo: Path | None = None
    issue: Path | None = None
    engine: str | None = None
    home_wipe: bool = False
    page_size: int | None = None


def run(options: Options, env: Mapping[str, str]) -> int:
    """0 when the issue is closed, its pull requests are merged and the result passes its own tests; 1 when not."""
    _check(options)
    stage.need_extra()
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job would ignore INT
        signal.signal(number, signal.default_int_handler)
    screen = Screen.on(sys.stdout, env)
    folder = _folder(options)
    kept = True
    try:
        good = _perform(options, screen, folder, env)
        kept = options.keep is not None or not good
        return 0 if good else 1
    except (KeyboardInterrupt, UsageError):
        kept = options.keep is not None
        raise
    finally:
        if kept:
            print(f"Everything is kept in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _check(options: Options) -> None:
    if (options.repo is None) != (options.issue is None):
        raise UsageError("a rehearsal needs both: --repo PATH --issue FILE")
    if options.engine and not options.repo:
        raise UsageError("--engine plays a rehearsal (--repo PATH --issue FILE); the demo has its own scripted agent")
    if options.repo and not options.engine:
        raise UsageError(f"a rehearsal needs --engine: {', '.join(LOGINS)}, or a command in quotes")


def _folder(options: Options) -> Path:
    """The folder everything happens in: the person's new one, or a temporary one."""
    if options.keep is None:
        return Path(tempfile.mkdtemp(prefix="bee-demo-")).resolve()
    folder = options.keep.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"--keep {options.keep}: it is there already and not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _perform(options: Options, screen: Screen, folder: Path, env: Mapping[str, str]) -> bool:
    """The whole show; whether it ended well."""
    begun = time.monotonic()
    if options.repo and options.issue and options.engine:
        play = rehearsal.play(options.repo, options.issue, options.engine, env)
    else:
        play = stage.calculator(folder)
    sandbox, said_of_box = stage.choose_sandbox(env)
    stopped = ""
    with stage.set_up(folder, play, env, sandbox, options.page_size) as ready:
        _introduce(screen, ready, said_of_box, rehearsed=options.repo)
        drive = Drive(stage=ready, screen=screen, wipe=options.home_wipe)
        try:
            drive.to_the_end()
        except DemoStopped as reason:
            stopped = f"The belt stopped. {reason}"
        result = summary.look(ready, drive, time.monotonic() - begun)
        summary.show(screen, result, ready)
        for line in stopped.splitlines():
            screen.wrapped(line, 2, colour="bad")
        if options.serve:
            _how_to_look(screen, ready)
        if options.as_json:
            print(codec.line(result.line), flush=True)
        if options.serve:
            _until_interrupted()
    return result.good and not stopped


def _introduce(screen: Screen, ready: Stage, said_of_box: str, rehearsed: Path | None) -> None:
    screen.line(INTRO, "bold")
    screen.line()
    engine = ready.play.engine
    scripted = "the demo's scripted agent"
    project = f"a copy of {rehearsed}; only what is committed" if rehearsed else "a small calculator with tests"
    screen.pairs(
        [
            ("forge", f"{ready.addresses.api_url} (a GitHub of its own, in {ready.folder})"),
            ("project", f"{ready.play.repo}: {project}"),
            ("issue", f"#{ready.issue} {ready.play.issue[0]}"),
            ("people", f"{PERSON_LOGIN} (played here, admin) and {ready.bee.login} (bee's account, write)"),
            ("agent", (engine if isinstance(engine, str) else " ".join(engine)) if rehearsed else scripted),
            ("sandbox", said_of_box),
        ]
    )


def _how_to_look(screen: Screen, ready: Stage) -> None:
    port = ready.addresses.api_url.rpartition(":")[2].strip("/")
    who = ready.person.account
    gh = f"GH_HOST=github.localhost GH_TOKEN={who.token} http_proxy=http://127.0.0.1:{port}"
    screen.title("look around")
    for command in (
        f"{gh} gh issue view {ready.issue} --repo {ready.play.repo}",
        f"{gh} gh pr list --state all --repo {ready.play.repo}",
        f"git clone {ready.git_url}",
        f"curl -H 'X-Forge-Token: {ready.addresses.control_token}' {ready.addresses.api_url}/_forge/log",
    ):
        screen.line(f"  {command}")
    screen.line()
    screen.line("The forge stays up until Ctrl-C.", "bold")


def _until_interrupted() -> None:
    try:
        signal.pause()
    except (KeyboardInterrupt, UsageError):
        return
