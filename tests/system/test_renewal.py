"""The token that a command prints: what of it counts, what is said where it fails, and when the next is asked for."""

from __future__ import annotations

import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bee.model import limits
from bee.model.errors import AuthError
from bee.system.clock import Clock
from bee.system.renewal import Renewal, printed

ENV = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}


class Sandglass(Clock):
    """A clock that stands still until it is turned."""

    at = 1000.0

    def monotonic(self) -> float:
        return self.at


def sh(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


@pytest.mark.parametrize(
    "script", ["echo ghs_token12345", "printf '  ghs_token12345\n\n'", "echo no >&2; echo ghs_token12345"]
)
def test_one_token_is_taken_without_the_space_around_it(script: str) -> None:
    assert printed(sh(script), ENV) == "ghs_token12345"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("true", "something else than one token"),
        ("echo ghs_secret12345; echo ghs_secret12345", "something else than one token"),
        ("echo Token: ghs_secret12345", "something else than one token"),
        ("echo short", "something else than one token"),
        (f"head -c {limits.TOKEN_BYTES_MAX + 1} /dev/zero | tr '\\0' s", "something else than one token"),
        ("echo ghs_secret12345; echo ghs_secret12345 >&2; exit 3", r"failed \(exit code 3\); run it in a terminal"),
        ("kill -9 $$", r"failed \(exit code -9\)"),
    ],
)
def test_anything_else_is_a_clear_error_that_quotes_nothing(script: str, said: str) -> None:
    with pytest.raises(AuthError, match=said) as caught:
        printed(sh(script), ENV)
    assert "secret" not in str(caught.value)
    assert caught.value.exit_code == 75


def test_one_that_hangs_or_is_not_there_is_an_error_too() -> None:
    with pytest.raises(AuthError, match=r"more than 0\.2 s"):
        printed(sh("sleep 60"), ENV, seconds=0.2)
    with pytest.raises(AuthError, match="`/no/such/program` cannot be started"):
        printed(["/no/such/program"], ENV)


def test_it_is_given_what_finds_a_log_in_and_no_credential() -> None:
    code = "import os; print('+'.join(sorted(os.environ)))"
    given = {**ENV, "PATH": "/usr/bin:/bin", "USER": "u", "GH_TOKEN": "x", "BEE_KEY": "x", "ANTHROPIC_API_KEY": "x"}
    names = set(printed([sys.executable, "-I", "-c", code], given).split("+"))
    assert names - {"LC_CTYPE"} == {"PATH", "HOME", "USER"}


@pytest.fixture
def numbered(tmp_path: Path) -> list[str]:
    """A command that prints another token each time, and keeps count."""
    file = shlex.quote(str(tmp_path / "count"))
    return sh(f'echo x >> {file}; test ! -e {file}.broken && echo "ghs_number$(wc -l < {file} | tr -d " ")"')


def asked(tmp_path: Path) -> int:
    return len((tmp_path / "count").read_text().splitlines()) if (tmp_path / "count").exists() else 0


def test_the_next_is_asked_for_before_the_old_one_ends_and_once(tmp_path: Path, numbered: list[str]) -> None:
    clock = Sandglass()
    one = Renewal(numbered, ENV, "ghs_first00", clock)
    assert (one.current(), asked(tmp_path)) == ("ghs_first00", 0)
    clock.at += limits.TOKEN_SECONDS_MAX
    assert [one.current(), one.current()] == ["ghs_number1"] * 2
    one.age()
    assert [one.current(), one.current()] == ["ghs_number2"] * 2
    assert one.given == ["ghs_first00", "ghs_number1", "ghs_number2"], "none of them may be published"


def test_while_it_fails_the_old_one_is_used(tmp_path: Path, numbered: list[str]) -> None:
    clock = Sandglass()
    one = Renewal(numbered, ENV, "ghs_first00", clock)
    (tmp_path / "count.broken").touch()
    clock.at += limits.TOKEN_SECONDS_MAX
    assert [one.current(), one.current()] == ["ghs_first00"] * 2
    assert asked(tmp_path) == 1, "not at every request"
    clock.at += limits.TOKEN_RETRY_SECONDS
    (tmp_path / "count.broken").unlink()
    assert one.current() == "ghs_number2"
    (tmp_path / "count.broken").touch()
    with pytest.raises(AuthError, match="failed"):
        one.renewed("ghs_number2")


def test_a_refused_token_is_replaced_once_for_all_threads(tmp_path: Path, numbered: list[str]) -> None:
    one = Renewal(numbered, ENV, "ghs_first00")
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one.renewed, ["ghs_first00"] * 8))
    assert (one.current(), asked(tmp_path)) == ("ghs_number1", 1)
    still = Renewal(sh("echo ghs_first00"), ENV, "ghs_first00")
    assert not still.renewed("ghs_first00"), "the same again is no other"
