"""The two configuration files: every mistake names file, line and nearest key; every default is there."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bee.config import readers
from bee.config.readers import check_repo_name
from bee.config.schema import (
    Policy,
    PolicyLimits,
    RepoSettings,
    RolePolicy,
    RoleSettings,
    Settings,
    TrustPolicy,
    policy_of,
    settings_of,
)
from bee.config.yaml import parse
from bee.model import limits
from bee.model.errors import ConfigError
from bee.model.roles import ROLES, Role

MINE, THEIRS = "config.yml", ".github/bee.yml"


def settings(text: str) -> Settings:
    return settings_of(MINE, parse(f"version: 1\n{text}", MINE))


def policy(text: str) -> Policy:
    return policy_of(THEIRS, parse(f"version: 1\nintake: all\n{text}", THEIRS))


def refused(read: Any, text: str) -> str:
    with pytest.raises(ConfigError) as problem:
        read(text)
    assert problem.value.exit_code == 2
    return str(problem.value)


def test_an_empty_configuration_has_every_default() -> None:
    mine = settings("")
    assert mine == Settings()
    assert (mine.repos, mine.engine, mine.slots, mine.sandbox) == ((), "claude", 1, "required")
    assert (mine.usd_per_day, mine.runs_per_day) == (limits.USD_PER_DAY_MAX, limits.RUNS_PER_DAY_MAX)
    theirs = policy("")
    assert theirs == Policy(intake="all")
    assert (theirs.verify, theirs.plan_approval, theirs.merge_method) == (
        ("sh tests/e2e/verify.sh",),
        "human",
        "squash",
    )
    assert theirs.limits.failures == limits.FAILURES_MAX
    assert ".github/**" in theirs.protected_paths


def test_everything_that_can_be_written_is_read() -> None:
    mine = settings("""
repos: [octo/calc, octo/other, octo/calc]
engine: codex
roles:
  drafter: {engine: {command: [sh, -c, ./agent]}, minutes: 90, minutes_silent: 20, usd: 2.5, model: big, args: [-v],
       base_url: "http://x"}
slots: 2
sandbox: none
usd_per_day: 12.5
runs_per_day: 9
notify: [desktop, "https://hooks.example/x", {command: [say, bee]}]
prices: {big: [1.25, 0.125, 10]}
per_repo: {Octo/Calc: {engine: gemini, roles: {reviewer: {network: [pypi.org], minutes: 7}}}}
""")  # one role in one line, as people write it
    assert mine.repos == ("octo/calc", "octo/other")
    assert (mine.engine, mine.slots, mine.sandbox, mine.usd_per_day, mine.runs_per_day) == ("codex", 2, "none", 12.5, 9)
    command = ("sh", "-c", "./agent")
    assert mine.role(Role.DRAFTER) == RoleSettings(
        engine=command, model="big", minutes=90, minutes_silent=20, usd=2.5, args=("-v",), base_url="http://x",
        network="",
    )  # fmt: skip
    row = ROLES[Role.TEST]
    assert mine.role(Role.TEST) == RoleSettings(
        engine="codex", minutes=row.minutes_total, minutes_silent=row.minutes_silent, network=""
    )
    assert mine.role(Role.REVIEWER, "octo/CALC") == RoleSettings(
        engine="gemini", minutes=7, minutes_silent=10, network=("pypi.org",)
    )
    theirs = policy("""
verify: [make lint, make e2e]
plan_approval: auto
merge_method: rebase
protected_paths: [infra/**]
trust: {allow: ["@Zoe", sam], deny: [MIA], bots: ["Renovate[bot]"]}
limits: {failures: 3, review_rounds: 2, usd_per_item: 1, runs_per_item: 5, checks_minutes: 9, verify_minutes: 7}
roles: {merger: {session: needed}, test: {session: always, network: none}, drafter: {network: ["*.pypi.org"]}}
""")
    assert (theirs.verify, theirs.plan_approval, theirs.merge_method) == (("make lint", "make e2e"), "auto", "rebase")
    assert theirs.trust == TrustPolicy(frozenset({"zoe", "sam"}), frozenset({"mia"}), frozenset({"renovate[bot]"}))
    assert theirs.limits == PolicyLimits(
        failures=3, review_rounds=2, usd_per_item=1.0, runs_per_item=5, checks_minutes=9, verify_minutes=7
    )
    assert theirs.lean == {Role.MERGER}
    assert theirs.network == {Role.TEST: "none", Role.DRAFTER: ("*.pypi.org",)}
    assert policy("verify: make").verify == ("make",)


def test_every_field_can_be_set() -> None:
    """A setting that no file can reach is a mechanism without a caller (D2)."""
    for kind in (Settings, RoleSettings, RepoSettings, Policy, PolicyLimits, RolePolicy, TrustPolicy):
        assert {field.name for field in dataclasses.fields(kind)} == set(readers.keys_of(kind))


def test_the_nearest_section_wins_and_no_engine_gets_what_another_was_given() -> None:
    mine = settings("""
engine: claude
roles:
  drafter: {model: opus, minutes: 50, usd: 4}
per_repo:
  octo/calc:
    roles: {drafter: {minutes: 5}}
  octo/other:
    engine: codex
    roles: {reviewer: {model: gpt-5}}
""")
    usual, here, other = (mine.role(Role.DRAFTER, repo) for repo in ("", "octo/calc", "octo/other"))
    assert (usual.engine, usual.model, usual.minutes, usual.usd) == ("claude", "opus", 50, 4)
    assert (here.engine, here.model, here.minutes, here.usd) == ("claude", "opus", 5, 4)
    assert (other.engine, other.model, other.minutes, other.usd) == ("codex", "", 50, 4)
    assert mine.chosen(Role.DRAFTER, "octo/other")["engine"] == ("codex", ("per_repo", "octo/other"))
    assert mine.chosen(Role.REVIEWER, "octo/other")["model"][1] == ("per_repo", "octo/other", "roles", "reviewer")
    assert mine.chosen(Role.TEST)["minutes"] == (ROLES[Role.TEST].minutes_total, None)


@pytest.mark.parametrize(
    ("read", "text", "problem"),
    [
        (settings, "slot: 2", "config.yml:2: unknown key `slot`; did you mean `slots`?"),
        (settings, "\nrepo: [a/b]", "config.yml:3: unknown key `repo`; did you mean `repos`?"),
        (settings, "roles:\n  drafters:\n    minutes: 5",
             "config.yml:3: unknown key `drafters`; did you mean `drafter`?"),
        (settings, "roles:\n  drafter:\n    minute: 5", "config.yml:4: unknown key `minute`; did you mean `minutes`?"),
        (settings, "engine:\n  comand: [x]", "config.yml:3: unknown key `comand`; did you mean `command`?"),
        (settings, "zzz: all", "config.yml:2: unknown key `zzz`; valid keys: version, repos, engine, env, "
                                  "token, roles, slots, sandbox, usd_per_day, runs_per_day, notify, prices, per_repo"),
        (policy, "merge-method: squash", ".github/bee.yml:3: unknown key `merge-method`; did you mean `merge_method`?"),
        (policy, "trust:\n  allowed: [x]", ".github/bee.yml:4: unknown key `allowed`; did you mean `allow`?"),
        (policy, "limits:\n  failures: 3\n  rounds: 2",
             ".github/bee.yml:5: unknown key `rounds`; did you mean `review_rounds`?"),
        (policy, "roles:\n  test:\n    minutes: 3", ".github/bee.yml:5: unknown key `minutes`; valid keys: session, "
                                                               "network"),
    ],
)  # fmt: skip
def test_an_unknown_key_names_file_line_and_nearest_valid_key(read: Any, text: str, problem: str) -> None:
    assert refused(read, text) == problem


@pytest.mark.parametrize(
    ("read", "text", "problem"),
    [
        (settings, "slots: two", "config.yml:2: expected a whole number from 1 to 64, found 'two'"),
        (settings, "slots: 0", "config.yml:2: expected a whole number from 1 to 64, found 0"),
        (settings, "slots: 1.5", "config.yml:2: expected a whole number from 1 to 64, found 1.5"),
        (settings, "slots: true", "config.yml:2: expected a whole number from 1 to 64, found True"),
        (settings, "usd_per_day: .nan", "config.yml:2: expected a number from 0 to 100000, found nan"),
        (settings, "usd_per_day: .inf", "config.yml:2: expected a number from 0 to 100000, found inf"),
        (settings, "usd_per_day: -1", "config.yml:2: expected a number from 0 to 100000, found -1"),
        (settings, "sandbox: require",
             "config.yml:2: `require` is not a choice; did you mean `required`? one of: required, none"),
        (settings, "roles:\n  drafter:\n    network: [http://x]",
             "config.yml:4: 'http://x' is not a host: write host, host:port, *.domain, or *"),
        (policy, "roles:\n  drafter:\n    network:\n      - pypi.org\n      - 10.0.0.1:80",
         ".github/bee.yml:7: 10.0.0.1:80 is private: only config.yml of a machine may name it"),
        (settings, "roles:\n  drafter:\n    network: closed",
             "config.yml:4: `closed` is not a choice; one of: model, open, none"),
        (settings, "per_repo:\n  calc: {}", "config.yml:3: 'calc' is not a repository: write owner/name"),
        (settings, "repos: octo/calc", "config.yml:2: expected a list, such as [one, two]"),
        (settings, "repos:\n  - octo/calc\n  - octo", "config.yml:4: 'octo' is not a repository: write owner/name"),
        (settings, "repos: [octo/..]", "config.yml:2: 'octo/..' is not a repository: write owner/name"),
        (settings, "repos: [5]", "config.yml:2: expected text, found 5"),
        (settings, "notify: [x]", "config.yml:2: expected `desktop`, an address that starts with"),
        (settings, "engine: {command: []}", "config.yml:2: `command` is empty: write [program, argument, …]"),
        (settings, "roles: [x]", "config.yml:2: expected keys here: planner, drafter, reviewer, test, merger"),
        (settings, "prices: {big: [1, 2]}", "config.yml:2: `big` takes three numbers"),
        (policy, "verify: []", ".github/bee.yml:3: write at least one command here, and none that is empty"),
        (policy, "verify: ' '", ".github/bee.yml:3: write at least one command here, and none that is empty"),
        (policy, "verify: [make, '']", ".github/bee.yml:3: write at least one command here, and none that is empty"),
        (policy, "plan_approval: yes", ".github/bee.yml:3: `True` is not a choice; one of: human, auto"),
        (policy, "roles:\n  test: {session: no}", ".github/bee.yml:4: `False` is not a choice; did you mean `always`?"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_file_and_line_and_what_would_be_right(read: Any, text: str, problem: str) -> None:
    assert refused(read, text).startswith(problem)


@pytest.mark.parametrize(("read", "path"), [(settings_of, MINE), (policy_of, THEIRS)], ids=["settings", "policy"])
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: expected keys and values here, such as `version: 1`"),
        ("[version, 1]", "1: expected keys and values here, such as `version: 1`"),
        ("roles: {}", "1: write `version: 1`; this bee knows no other version"),
        ("\n\nversion: 2", "3: write `version: 1`; this bee knows no other version"),
        ("version: true", "1: write `version: 1`; this bee knows no other version"),
        ("version: 1.0", "1: write `version: 1`; this bee knows no other version"),
        ("version: '1'", "1: write `version: 1`; this bee knows no other version"),
    ],
)
def test_the_version_is_checked_in_both_files(read: Any, path: str, text: str, problem: str) -> None:
    assert refused(lambda text: read(path, parse(text, path)), text) == f"{path}:{problem}"


def test_the_policy_must_say_what_bee_takes_on() -> None:
    found = refused(lambda text: policy_of(THEIRS, parse(text, THEIRS)), "version: 1\nverify: make\n")
    assert found == ".github/bee.yml:1: `intake` is missing; `intake: all` or `intake: opted-in`"


def test_x10_a_repository_is_a_name_and_never_a_path() -> None:
    assert check_repo_name("octo/calc.py-2_x") == "octo/calc.py-2_x"
    for name in (
        "octo",
        "octo/",
        "/calc",
        "octo/..",
        "octo/.",
        "../calc",
        "octo/a/b",
        "octo/a b",
        "-o/a",
        "octo/a\n",
        "",
    ):
        with pytest.raises(ConfigError, match="is not a repository"):
            check_repo_name(name)


def test_the_repository_for_traces_is_one_name() -> None:
    assert (policy("").e2e.repo, policy("e2e: {repo: octo/traces}").e2e.repo) == ("", "octo/traces")
    assert "unknown key `where`" in refused(policy, "e2e: {where: octo/traces}")
    for value in ("traces", "octo/..", "'https://github.com/octo/traces'", "[octo/traces]", "true"):
        assert refused(policy, f"e2e: {{repo: {value}}}").startswith(".github/bee.yml:3: ")
