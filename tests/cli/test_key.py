"""`bee key`: what it shows, what it writes, and that it prints a secret only where it is asked to."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from tests import forks

ROOT = Path(__file__).resolve().parents[2]
SECRET = base64.b64encode(b"s" * 32).decode()


def key(folder: Path, *args: str, stdin: str = "", **more: str) -> forks.Ended:
    """`bee key` with a HOME of its own."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "GH_TOKEN": "ghp_x", **more}
    return forks.run(["key", *args], env, folder, given=stdin)


def test_a_first_key_seals_and_what_the_token_sealed_still_verifies(tmp_path: Path) -> None:
    before = key(tmp_path)
    assert "from:  the token (it changes with it: run `bee key add`)" in before.out
    made_of_token = before.out.split()[0]
    added = key(tmp_path, "add")
    assert added.code == 0, added.err
    after = json.loads(key(tmp_path, "--json").out)
    assert (len(after["ids"]), after["lasting"]) == (2, True)
    assert after["ids"][0] == added.out.split()[0]
    assert after["ids"][1] == made_of_token


def test_keys_are_brought_to_another_machine(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    key(one, "add")
    secrets = key(one, "--secret").out
    assert key(other, "add", "--from-stdin", stdin=secrets).code == 0
    assert key(other, "--secret").out == secrets
    again = key(other, "add", "--from-stdin", stdin=secrets)
    assert "nothing changed" in again.out
    assert key(other, "--secret").out == secrets


def test_one_more_key_verifies_and_with_first_it_seals(tmp_path: Path) -> None:
    key(tmp_path, "add", "--from-stdin", stdin=f"one {SECRET}\n", GH_TOKEN="ghs_x")
    key(tmp_path, "add", "--from-stdin", stdin=f"two {SECRET}\n")
    key(tmp_path, "add", "--from-stdin", "--first", stdin=f"three {SECRET}\n")
    shown = key(tmp_path)
    assert shown.out.splitlines()[:3] == [
        "three  seals this machine's records, and verifies", "one  verifies", "two  verifies",
    ]  # fmt: skip
    assert SECRET not in shown.out + shown.err + key(tmp_path, "--json").out


@pytest.mark.parametrize("stdin", [f"one {base64.b64encode(b'x' * 32).decode()}\n", "one\n", "nonsense here\n"])
def test_what_would_lose_a_key_or_is_none_is_refused(tmp_path: Path, stdin: str) -> None:
    key(tmp_path, "add", "--from-stdin", stdin=f"one {SECRET}\n")
    before = key(tmp_path, "--secret").out
    refused = key(tmp_path, "add", "--from-stdin", stdin=stdin)
    assert refused.code == 2
    assert refused.out == ""
    assert key(tmp_path, "--secret").out == before


def test_case_t5_an_apps_token_needs_a_key(tmp_path: Path) -> None:
    refused = key(tmp_path, GH_TOKEN="ghs_x")
    assert refused.code == 2
    assert "bee key add" in refused.err
    assert key(tmp_path, GH_TOKEN="ghs_x", BEE_KEY=f"one {SECRET}").code == 0


def test_a_machine_without_a_key_or_a_token_is_told_how_to_make_one(tmp_path: Path) -> None:
    shown = key(tmp_path, GH_TOKEN="", PATH="/usr/bin:/bin")
    assert (shown.code, shown.out) == (2, "")
    assert "run `bee key add`" in shown.err
