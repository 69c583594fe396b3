"""The keys of bee's records: where they come from, what is refused, and that a secret is never said."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from bee.cli.wiring import host_of
from bee.config.schema import Settings
from bee.host import credentials_of
from bee.model.errors import UsageError
from bee.model.tokens import KINDS, lasts
from bee.system.counts import Counts
from bee.system.home import Home
from bee.system.keys import keys_of, new_key, write_keys

SECRET = base64.b64encode(b"s" * 32).decode()


def env(folder: Path, **more: str) -> dict[str, str]:
    """An environment whose settings are in a folder."""
    return {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), **more}


def kept(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A file of keys."""
    path = folder / "config" / "git-bee" / "keys"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_first_key_of_the_variable_seals_and_the_file_waits(tmp_path: Path) -> None:
    kept(tmp_path, f"file {SECRET}\n")
    found = keys_of(env(tmp_path, BEE_KEY=f"one {SECRET},two {SECRET}"), "t")
    assert ([key.id for key in found.keys], found.source, found.lasting) == (["one", "two"], "BEE_KEY", True)
    assert keys_of({"BEE_KEY": found.text}, "t").keys == found.keys


def test_the_file_has_a_line_a_key(tmp_path: Path) -> None:
    path = kept(tmp_path, f"# mine\n\none {SECRET}\ntwo {SECRET}\n")
    found = keys_of(env(tmp_path), "ghs_changes")
    assert ([key.id for key in found.keys], found.source) == (["one", "two"], str(path))


def test_a_relative_config_folder_is_none(tmp_path: Path) -> None:
    """https://specifications.freedesktop.org/basedir/latest/ has it ignored."""
    found = keys_of({"HOME": str(tmp_path), "XDG_CONFIG_HOME": "config"}, "ghp_x")
    assert not found.lasting


def test_a_lasting_token_makes_a_key_that_changes_with_it(tmp_path: Path) -> None:
    one, again, other = (keys_of(env(tmp_path), token) for token in ("ghp_a", "ghp_a", "ghp_b"))
    assert (one, one.lasting) == (again, False)
    assert one.keys[0].id != other.keys[0].id
    assert "ghp_a" not in one.text


@pytest.mark.parametrize("token", ["ghs_16C7e42F292c6912E7710c838347Ae178B4a", "ghu_16C7e42F", "v1.1f699f1069f60xxx"])
def test_case_t5_with_a_token_that_changes_bee_does_not_start_without_a_key(tmp_path: Path, token: str) -> None:
    with pytest.raises(UsageError, match="bee key add"):
        keys_of(env(tmp_path), token)
    assert keys_of(env(tmp_path, BEE_KEY=f"one {SECRET}"), token).lasting


@pytest.mark.parametrize("text", ["", "one", f"one  {SECRET[:-4]}", f"o/ne {SECRET}", f"one {SECRET}\none {SECRET}",
                                  "one " + base64.b64encode(b"s" * 31).decode(), f"one {SECRET} more"])  # fmt: skip
def test_what_is_not_a_key_is_refused_and_never_quoted(tmp_path: Path, text: str) -> None:
    kept(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        keys_of(env(tmp_path), "t")
    assert SECRET[:8] not in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_proves_nothing(tmp_path: Path, mode: int) -> None:
    kept(tmp_path, f"one {SECRET}\n", mode)
    with pytest.raises(UsageError, match="chmod 600"):
        keys_of(env(tmp_path), "t")


def test_a_file_too_big_is_not_read(tmp_path: Path) -> None:
    os.truncate(kept(tmp_path, "x"), 10**6)
    with pytest.raises(UsageError, match="too big"):
        keys_of(env(tmp_path), "t")


def test_a_new_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "config" / "git-bee" / "keys"
    keys = (new_key(), new_key())
    write_keys(path, keys)
    assert keys_of(env(tmp_path), "t").keys == keys
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert keys[0].secret != keys[1].secret


def test_no_child_of_bee_is_given_a_key_and_no_run_may_publish_one(tmp_path: Path) -> None:
    given = env(tmp_path, BEE_KEY=f"one {SECRET}", PATH="/usr/bin", GIT_BEE_HOME=str(tmp_path / "home"))
    host = host_of(given, Settings(), "ghp_x", lambda text: None)
    assert SECRET not in repr(host.env)
    assert SECRET in credentials_of(host)
    assert SECRET not in repr(host.keys)


def test_counts_only_go_up_and_are_shared_by_the_processes_of_a_home(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.ensure()
    one, two = Counts(home), Counts(home)
    assert one.seen("R") == two.seen("R") == {}
    one.note("R", {"a": 5, "b": 1})
    two.note("R", {"a": 3, "c": 2})
    assert Counts(home).seen("R") == {"a": 5, "b": 1, "c": 2}
    assert Counts(home).seen("other") == {}


@pytest.mark.parametrize("text", ["", "[", "[1]", '{"a": "x", "b": true}', "[" * 100_000])
def test_counts_that_cannot_be_read_are_forgotten(tmp_path: Path, text: str) -> None:
    home = Home(tmp_path / "home")
    home.ensure()
    Counts(home).note("R", {"a": 5})
    (path,) = (home.path / "counts").glob("*.json")
    path.write_text(text)
    assert Counts(home).seen("R") == {}


def test_without_a_home_nothing_is_remembered_on_disk(tmp_path: Path) -> None:
    counts = Counts(Home(tmp_path / "nowhere"))
    counts.note("R", {"a": 5})
    assert counts.seen("R") == {"a": 5}
    assert not (tmp_path / "nowhere").exists()


def test_case_r7_every_kind_of_token_has_its_row_in_security_md() -> None:
    """With whether it changes: what does not last needs a key, and is made by a command."""
    page = (Path(__file__).resolve().parents[2] / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `") and line.count("|") == 4]
    for start, _, long in KINDS:
        (row,) = [line for line in rows if f"`{start}`" in line.split("|")[1]]
        assert ("command" in row) != long, row
        assert lasts(f"{start}x") == long
