"""The unit templates: what a scheduler needs is in them, every path is absolute, and the schedulers' checkers agree."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLISTS = sorted((ROOT / "launchd").iterdir())
UNITS = sorted((ROOT / "systemd").iterdir())
PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
PROGRAMS = ("tick", "watchdog")
OFTEN = {"minutes": "5", "seconds": "300"}


def values(folder: Path) -> dict[str, str]:
    """What the installer fills in; the names are awkward on purpose."""
    scripts, home = folder / 'a "b" & 100% c' / "scripts", folder / "bee <home>"
    scripts.mkdir(parents=True)
    home.mkdir()
    for name in PROGRAMS:
        shutil.copy(ROOT / "scripts" / name, scripts / name)
    return {"scripts": str(scripts), "home": str(home), "path": "/opt/homebrew/bin:/usr/bin:/bin", **OFTEN}


def plist(path: Path, folder: Path) -> dict[str, object]:
    """A plist with its values escaped for XML."""
    filled = values(folder)
    text = PLACEHOLDER.sub(lambda match: escape(filled[match[1]]), path.read_text())
    parsed = plistlib.loads(text.encode())
    assert isinstance(parsed, dict)
    return parsed


def unit(path: Path, folder: Path) -> str:
    """A unit file with its values escaped for systemd, as its first line says."""
    filled = values(folder)
    lines = []
    for line in path.read_text().splitlines():

        def quoted(match: re.Match[str], line: str = line) -> str:
            value = filled[match[1]].replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
            return value.replace("$", "$$") if line.startswith("ExecStart=") else value

        lines.append(PLACEHOLDER.sub(quoted, line))
    return "\n".join(lines) + "\n"


def test_there_is_a_tick_and_a_watchdog_for_each_scheduler() -> None:
    assert [path.name for path in PLISTS] == ["dev.git-bee.tick.plist", "dev.git-bee.watchdog.plist"]
    assert [path.name for path in UNITS] == [
        f"git-bee-{name}.{kind}" for name in PROGRAMS for kind in ("service", "timer")
    ]


def test_every_placeholder_is_one_the_installer_knows(tmp_path: Path) -> None:
    names = {name for path in (*PLISTS, *UNITS) for name in PLACEHOLDER.findall(path.read_text())}
    assert names == set(values(tmp_path))


@pytest.mark.parametrize("path", PLISTS, ids=lambda path: path.name)
def test_a9_launchd_lets_the_worker_outlive_the_tick(path: Path, tmp_path: Path) -> None:
    parsed = plist(path, tmp_path)
    program = path.name.split(".")[2]
    assert parsed["Label"] == path.stem
    assert parsed["AbandonProcessGroup"] is True
    assert parsed["StartInterval"] == 300
    arguments = parsed["ProgramArguments"]
    assert isinstance(arguments, list)
    assert [arguments[0], arguments[1].endswith(f"/scripts/{program}")] == ["/bin/sh", True]
    assert Path(arguments[1]).is_file()
    environment = parsed["EnvironmentVariables"]
    assert isinstance(environment, dict)
    assert environment["GIT_BEE_HOME"].endswith("bee <home>")
    assert all(folder.startswith("/") for folder in environment["PATH"].split(":"))
    # HOME and the user's own folders are launchd's to give; nothing else may be relative.
    assert parsed["WorkingDirectory"] == "/"


@pytest.mark.parametrize("path", PLISTS, ids=lambda path: path.name)
def test_a9_apples_own_checker_reads_the_plist(path: Path, tmp_path: Path) -> None:
    checker = shutil.which("plutil") or shutil.which("plistutil")
    if checker is None:
        pytest.skip("neither plutil nor plistutil is installed")
    rendered = tmp_path / path.name
    rendered.write_bytes(plistlib.dumps(plist(path, tmp_path)))
    words = ["-lint", str(rendered)] if checker.endswith("plutil") else ["-i", str(rendered), "-o", "/dev/null"]
    assert subprocess.run([checker, *words], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_a9_systemd_lets_the_worker_outlive_the_tick(program: str) -> None:
    service = (ROOT / "systemd" / f"git-bee-{program}.service").read_text().splitlines()
    timer = (ROOT / "systemd" / f"git-bee-{program}.timer").read_text().splitlines()
    assert "Type=oneshot" in service
    assert "SuccessExitStatus=75" in service
    assert ("KillMode=process" in service) is (program == "tick")
    assert any(re.fullmatch(r"OnCalendar=\*:\d/(?:5|\{\{minutes\}\})", line) for line in timer)
    assert "WantedBy=timers.target" in timer


def test_a9_systemd_accepts_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    folder, runtime = tmp_path / "units", tmp_path / "run"
    folder.mkdir()
    runtime.mkdir(mode=0o700)
    for number, path in enumerate(UNITS):
        (folder / path.name).write_text(unit(path, tmp_path / str(number)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *sorted(map(str, folder.iterdir()))],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a9_the_systemd_checker_would_see_a_mistake(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    wrong = tmp_path / "git-bee-tick.service"
    wrong.write_text("[Service]\nExecStart=/nowhere/at/all\nKilMode=process\n")
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(wrong)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
    )
    assert "KilMode" in done.stderr
