"""`bee config show`: each value as it counts, who set it, and no secret."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bee.config.resolved import HIDDEN, shown
from tests import forks
from tests.belt.plays import bee
from tests.belt.stage import staged

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """version: 1
repos: [ada/calc]
roles:
  drafter:
    model: opus
    minutes: 50
    network: [pypi.org, evil.example]
    args: [--api-key, sk-abc, --secret=x, -v]
    base_url: "https://ann:pass@gateway.example/v1?key=1"
per_repo:
  Ada/Calc:
    roles:
      reviewer: {minutes: 7}
notify: "https://hooks.example/T0/secret"
"""
POLICY = """version: 1
intake: all
limits:
  failures: 3
roles:
  drafter:
    network: [pypi.org]
"""


def show(home: Path, *words: str, code: int = 0, **env: str) -> str:
    """`bee config show` without a token and without a server."""
    whole = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"], "PYTHONPATH": str(ROOT), "GIT_BEE_HOME": str(home)}
    ended = forks.run(["config", "show", *words], {**whole, **env}, Path.cwd())
    assert ended.code == code, ended.err
    return ended.out + ended.err


def by_name(values: list[dict[str, Any]]) -> dict[str, tuple[Any, str]]:
    return {one["name"]: (one["value"], one["set_by"]) for one in values}


def test_every_value_has_the_line_that_set_it_and_the_policy_narrows(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.edit_policy(POLICY)
        home = stage.folder / "home-host"
        home.mkdir()
        (home / "config.yml").write_text(CONFIG)
        ended = bee(stage, "config", "show", "--json", ANTHROPIC_API_KEY="sk-secret", OPENAI_BASE_URL="http://h/v1")
        told, path = ended.json, str(home / "config.yml")
        machine, [repo] = by_name(told["machine"]), told["repos"]
        assert machine["slots"] == (1, "default")
        assert machine["notify"] == ([f"https://hooks.example {HIDDEN}"], f"{path}:14")
        roles = by_name(repo["roles"])
        assert roles["drafter.model"] == ("opus", f"{path}:5")
        assert roles["drafter.args"] == (["--api-key", HIDDEN, HIDDEN, "-v"], f"{path}:8")
        assert roles["drafter.base_url"] == (f"https://gateway.example/v1 {HIDDEN}", f"{path}:9")
        assert roles["drafter.network"] == (["pypi.org"], f"{path}:7, narrowed by the policy")
        assert roles["reviewer.minutes"] == (7, f"{path}:13")
        assert roles["planner.minutes"] == (30, "default")
        policy = by_name(repo["policy"])
        assert policy["intake"] == ("all", ".github/bee.yml:2")
        assert policy["limits.failures"] == (3, ".github/bee.yml:4")
        assert policy["limits.review_rounds"] == (3, "default")
        assert "roles" not in policy, "shown role by role"
        assert policy["roles.drafter.network"] == (["pypi.org"], ".github/bee.yml:7")
        environment = by_name(told["environment"])
        assert environment["ANTHROPIC_API_KEY"] == ("set", "environment")
        assert environment["OPENAI_BASE_URL"] == ("http://h/v1", "environment")
        printed = bee(stage, "config", "show", ANTHROPIC_API_KEY="sk-secret")
        text = printed.out
        assert (printed.code, "bug in bee" in printed.err) == (0, False)
        assert f"opus   ({path}:5)" in text
        assert '["pypi.org"]   (.github/bee.yml:7)' in text
        for secret in ("sk-", "pass", "T0", stage.tokens["bee"]):
            assert secret not in ended.out + text


def test_without_a_token_the_machine_is_shown_all_the_same(tmp_path: Path) -> None:
    assert "not there, everything has its default" in show(tmp_path / "none")
    text = show(tmp_path / "none", "--repo", "o/r")
    assert "o/r on this machine\n  planner.engine" in text
    assert "not read: no GitHub token" in text
    assert json.loads(show(tmp_path / "none", "--json"))["repos"] == []


def test_a_file_that_is_wrong_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("version: 1\nslot: 2\n")
    assert "config.yml:2: unknown key `slot`; did you mean `slots`?" in show(tmp_path, code=2)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
        ("http://user@h/v1", f"http://h/v1 {HIDDEN}"),
        ("ghp_" + "a1B2" * 9, HIDDEN),
        (("curl", "-H", "Authorization: Bearer abc"), ["curl", "-H", HIDDEN]),
        (("env", "API_KEY=abc", "x"), ["env", HIDDEN, "x"]),
        (("--token", "x", "y"), ["--token", HIDDEN, "y"]),
        ({"m": (1.0, 0.1, 2.0)}, {"m": [1.0, 0.1, 2.0]}),
    ],
)
def test_what_may_be_a_secret_is_not_shown(value: object, what: object) -> None:
    assert shown(value) == what


def test_one_setting_is_printed_alone(tmp_path: Path) -> None:
    """As in `$(bee config get slots)`; a name that is not there is answered with the nearest one."""
    with staged(tmp_path) as stage:
        stage.edit_policy(POLICY)
        home = stage.folder / "home-host"
        home.mkdir()
        (home / "config.yml").write_text(CONFIG)
        for key, value in (
            ("slots", "1"), ("drafter.model", "opus"), ("limits.failures", "3"),
            ("verify", '["sh tests/e2e/verify.sh"]'), ("repos", '["ada/calc"]'), ("prices", "-"),
            ("notify", f'["https://hooks.example {HIDDEN}"]'),
        ):  # fmt: skip
            assert bee(stage, "config", "get", key).out == f"{value}\n"
        told = bee(stage, "config", "get", "limits.failures", "--json").json
        assert told["machine"] == told["environment"] == told["repos"][0]["roles"] == []
        assert told["repos"][0]["policy"] == [{"name": "limits.failures", "value": 3, "set_by": ".github/bee.yml:4"}]
        wrong = bee(stage, "config", "get", "slot")
        assert (wrong.code, wrong.out) == (2, "")
        assert "there is no setting 'slot'; did you mean `bee config get slots`?" in wrong.err
        everything = bee(stage, "config", "get").out
        assert "\nada/calc: limits.failures  3\n" in everything
        assert "bee config get slots" in bee(stage, "config", "show", "slots").err


def test_where_the_policy_is_not_read_a_setting_that_is_not_found_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(
        "version: 1\nrepos: [a/b, a/c]\nper_repo: {a/c: {roles: {drafter: {minutes: 5}}}}\n"
    )
    env = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"], "PYTHONPATH": str(ROOT), "GIT_BEE_HOME": str(tmp_path)}
    ended = forks.run(["config", "get", "intake"], env, tmp_path)
    assert ended.code == 2
    assert "a/b: not read: no GitHub token" in ended.err
    ended = forks.run(["config", "get", "drafter.minutes"], env, tmp_path)
    assert ended.out == "a/b: drafter.minutes  60\na/c: drafter.minutes  5\n"
