"""A9 with the real cron daemon and a real systemd of a user: each starts two ticks, and the worker outlives the first.

Each runs in a box of its own: its own /run, crontabs, processes and, for systemd, a cgroup tree that ends at the box,
so that neither this machine's schedulers nor anybody's processes are touched. Nothing is left when the box ends.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bee.model.records import fold
from tests.belt.stage import DESIGN, Stage, until
from tests.setup.world import KEEP, World, ready

pytestmark = [pytest.mark.deep, pytest.mark.timeout(400)]
BOX = ["--dev-bind", "/", "/", "--tmpfs", "/run", "--unshare-pid", "--proc", "/proc", "--die-with-parent", "--clearenv"]
SYSTEM_PATH = "/usr/sbin:/usr/bin:/bin"
CGROUPS = Path("/sys/fs/cgroup")
SYSTEMD = Path("/lib/systemd/systemd")


def need(*programs: str) -> None:
    """Skip where a box cannot be built, or a program is missing."""
    missing = [
        name for name in ("bwrap", "unshare", *programs) if shutil.which(name, path="/usr/sbin:/usr/bin:/bin") is None
    ]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if os.geteuid() != 0:
        pytest.skip("only root can give a scheduler a box of its own")


@contextmanager
def box(world: World, argv: list[str], env: dict[str, str], script: str) -> Iterator[subprocess.Popen[bytes]]:
    """A shell script as the first process of a box; all that it started ends with it."""
    sets = [
        word for name, text in {"PATH": "/usr/sbin:/usr/bin:/bin", **env}.items() for word in ("--setenv", name, text)
    ]
    (world.root / "box.sh").write_text(script)
    with (world.root / "box.log").open("wb") as log:
        child = subprocess.Popen(
            [*argv, *sets, "sh", str(world.root / "box.sh")], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
        )
        try:
            yield child
        finally:
            child.kill()
            child.wait()


def log_of(world: World) -> str:
    """What the box said."""
    return (world.root / "box.log").read_text(errors="replace")


def two_ticks_and_a_worker(world: World, stage: Stage, child: subprocess.Popen[bytes], seconds: int) -> None:
    """The scheduler's first tick sends the planner; it works on beside the second, and its plan is published."""
    history = world.home / "tick-history"

    def ticks() -> int:
        assert child.poll() is None, log_of(world)
        return len(history.read_text().splitlines()) if history.exists() else 0

    until(f"the installer's own tick: {log_of(world)}", 60, lambda: (world.root / "installed").exists() and ticks())
    before = ticks()
    number = stage.issue(DESIGN)
    until("the scheduler's first tick, and its agent", seconds, (world.root / "started").exists)
    first = ticks()
    assert first > before
    until("the scheduler's second tick", seconds, lambda: ticks() > max(first, before + 1))
    assert "ada/calc#1  wip" in (world.home / "logs" / "tick.log").read_text(), "the worker outlived its tick"
    (world.root / "go").touch()
    until("the plan", 30, lambda: "## Milestone plan" in stage.item(number)["body"])
    until("the end of the run", 30, lambda: not stage.live())


def install(world: World, *words: str) -> str:
    """The line of a script that installs bee as its person would."""
    return shlex.join([str(world.bin / "bee"), "install", *words, *KEEP])


@contextmanager
def cron_of(world: World, stage: Stage) -> Iterator[subprocess.Popen[bytes]]:
    """A machine of its own with the real cron, whose person installs bee; its lines are due every minute."""
    spool, empty, pam = (world.root / name for name in ("spool", "empty", "pam"))
    spool.mkdir()
    empty.touch()
    pam.write_text("".join(f"{kind} sufficient pam_permit.so\n" for kind in ("auth", "account", "session")))
    shell = ready(world, stage)
    (world.bin / "crontab").unlink()
    (world.bin / "crontab").symlink_to("/usr/bin/crontab")
    mounts = ["--bind", str(spool), "/var/spool/cron/crontabs", "--tmpfs", "/etc/cron.d"]
    mounts += ["--bind", str(empty), "/etc/crontab", "--bind", str(pam), "/etc/pam.d/cron"]
    script = f"""set -e
PATH={world.bin}:/usr/sbin:/usr/bin:/bin
{install(world, "--cron")}
crontab -l | sed 's#^[*]/5 #* #; s#^2-59/5 #* #' >{world.root}/shortened
crontab {world.root}/shortened
touch {world.root}/installed
exec cron -f
"""
    env = {"HOME": str(world.person), "LOGNAME": "root", "GIT_BEE_HOME": str(world.home), **shell}
    with box(world, ["bwrap", *BOX, "--cap-add", "ALL", *mounts], env, script) as child:
        yield child


def test_a9_the_real_cron_starts_two_ticks_and_the_worker_outlives_them(world: World, stage: Stage) -> None:
    need("cron", "crontab")
    with cron_of(world, stage) as child:
        two_ticks_and_a_worker(world, stage, child, 130)


def test_a9_two_machines_each_with_a_cron_of_its_own_work_one_repository(
    world: World, built: Path, stage: Stage
) -> None:
    """One of them sends the planner; while it works both tick, and the other sends nobody. One plan, said once."""
    need("cron", "crontab")
    second = World(world.root.with_name("second"))
    second.root.mkdir()
    second.prepare(built)
    both = (world, second)

    def ticks() -> list[int]:
        return [len((one.home / "tick-history").read_text().splitlines()) for one in both]

    with cron_of(world, stage), cron_of(second, stage):
        until("both installers", 90, lambda: all((one.root / "installed").exists() for one in both))
        number = stage.issue(DESIGN)
        until("an agent", 130, lambda: any((one.root / "started").exists() for one in both))
        before = ticks()
        until("a tick of each beside it", 130, lambda: all(now > was for now, was in zip(ticks(), before, strict=True)))
        assert [(one.root / "started").exists() for one in both].count(True) == 1
        for one in both:
            assert "ada/calc#1  wip" in (one.home / "logs" / "tick.log").read_text(), log_of(one)
            (one.root / "go").touch()
        until("the plan", 30, lambda: "## Milestone plan" in stage.item(number)["body"])
        until("the end of the run", 30, lambda: not stage.live())
        last = ticks()
        until("one more tick of each", 130, lambda: all(now > was for now, was in zip(ticks(), last, strict=True)))
    assert stage.item(number)["body"].count("## Milestone plan") == 1
    assert len(stage.comments(number)) == len(set(stage.comments(number)))
    assert stage.position(number) == "plan-open"
    assert [run.role for run in fold(stage.record(number))] == ["planner"]


# ---- systemd ---------------------------------------------------------------------------------------------------------


def hierarchies() -> list[Path]:
    """Where systemd keeps its groups: in the one tree, or beside the controllers' trees."""
    one = CGROUPS / "cgroup.procs"
    return [CGROUPS] if one.exists() else [path for path in (CGROUPS / "systemd", CGROUPS / "unified") if path.is_dir()]


@pytest.fixture
def groups() -> Iterator[list[Path]]:
    """A group of the box's own in each; nothing else is in it, and nothing of it is left."""
    made = [path / f"bee-test-{os.getpid()}" for path in hierarchies()]
    try:
        for path in made:
            path.mkdir()
    except OSError as problem:
        pytest.skip(f"no group of its own for the box: {problem}")
    yield made

    def gone() -> bool:
        for path in made:
            for folder in sorted(path.rglob("*/"), reverse=True):
                _remove(folder)
            _remove(path)
        return not any(path.exists() for path in made)

    until("the end of the box's groups", 10, gone)


def _remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return


def outer(groups: list[Path]) -> str:
    """Enter the groups, hide every other one, then build the box: the groups are all of the tree that it sees."""
    enter = "\n".join(f"echo $$ >{path}/cgroup.procs" for path in groups)
    if groups[0].parent == CGROUPS:
        mounts = f"mount -t cgroup2 cgroup2 {CGROUPS}"
    else:
        mounts = f"""mount -t tmpfs tmpfs {CGROUPS}
mkdir {CGROUPS}/systemd {CGROUPS}/unified
mount -t cgroup -o none,name=systemd cgroup {CGROUPS}/systemd
mount -t cgroup2 cgroup2 {CGROUPS}/unified"""
    return f'set -e\n{enter}\nexec unshare --mount --cgroup sh -ec \'{mounts}\nexec "$@"\' sh "$@"\n'


def test_a9_a_real_systemd_starts_two_ticks_and_the_worker_outlives_them(
    world: World, stage: Stage, groups: list[Path]
) -> None:
    need("dbus-daemon", "systemctl")
    if not SYSTEMD.exists():
        pytest.skip("systemd is not installed")
    shell = ready(world, stage)
    for name in ("systemctl", "loginctl"):
        (world.bin / name).unlink()
        (world.bin / name).symlink_to(f"/usr/bin/{name}")
    (world.root / "outer.sh").write_text(outer(groups))
    argv = ["sh", str(world.root / "outer.sh"), "bwrap", *BOX, "--dir", "/run/systemd/system", "--dir", "/run/user/0"]
    timer = "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/15\nAccuracySec=1s\nRandomizedDelaySec=0\n"
    override = world.person / ".config/systemd/user/git-bee-tick.timer.d"
    override.mkdir(parents=True)
    (override / "short.conf").write_text(timer)
    script = f"""dbus-daemon --session --address=unix:path=/run/user/0/bus --nofork --nopidfile &
{SYSTEMD} --user --log-target=console &
PATH={world.bin}:/usr/sbin:/usr/bin:/bin
until systemctl --user show-environment >/dev/null 2>&1; do sleep 0.2; done
{install(world)} || exit 1
touch {world.root}/installed
wait
"""
    before = Path("/proc/1/cgroup").read_text()
    env = {"HOME": str(world.person), "LOGNAME": "root", "XDG_RUNTIME_DIR": "/run/user/0", **shell}
    with box(world, argv, env, script) as child:
        two_ticks_and_a_worker(world, stage, child, 60)
        assert "the tick started by systemd worked" in log_of(world)
    assert Path("/proc/1/cgroup").read_text() == before, "nothing outside the box was moved"
