"""The texts that `bee init` writes are good ones, and a configuration is added to without losing anything."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from bee.config.schema import Policy, Settings, policy_of, settings_of
from bee.config.yaml import parse
from bee.model.plan import read_body
from bee.setup import machine, templates
from bee.setup.templates import Answers, Remote


def settings(text: str) -> Settings:
    """The settings that a text says."""
    return settings_of("config.yml", parse(text, "config.yml"))


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("https://github.com/ada/calc.git", Remote("github.com", "ada/calc")),
        ("https://github.com/ada/calc/", Remote("github.com", "ada/calc")),
        ("https://ada:secret@github.com/ada/calc", Remote("github.com", "ada/calc")),
        ("git@github.com:ada/calc.git", Remote("github.com", "ada/calc")),
        ("ssh://git@github.com/ada/calc.git", Remote("github.com", "ada/calc")),
        ("ssh://git@ssh.github.com:443/ada/calc.git", Remote("github.com", "ada/calc")),
        ("git@GitHub.com:ada/a.b_c-d", Remote("github.com", "ada/a.b_c-d")),
        ("http://127.0.0.1:8080/ada/calc.git", Remote("127.0.0.1:8080", "ada/calc")),
        ("/srv/git/calc.git", None),
        ("../calc", None),
        ("https://github.com/ada", None),
        ("https://github.com/ada/..", None),
        ("https://github.com/a/b/c", None),
        ("", None),
    ],
)
def test_the_repository_is_read_from_the_address(url: str, remote: Remote | None) -> None:
    assert templates.remote_of(url) == remote


@pytest.mark.parametrize(
    ("url", "web", "same"),
    [
        ("git@github.com:ada/calc", "https://github.com", True),
        ("git@gitlab.com:ada/calc", "https://github.com", False),
        ("http://127.0.0.1:80/ada/calc", "http://127.0.0.1:80", True),
        ("http://127.0.0.1:80/ada/calc", "http://127.0.0.1:81", False),
        ("git@ghe.example:ada/calc", "https://ghe.example:8443", True),
    ],
)
def test_a_clone_of_another_server_is_noticed(url: str, web: str, same: bool) -> None:
    remote = templates.remote_of(url)
    assert remote is not None
    assert templates.same_server(remote, web) is same


def test_only_the_first_address_of_origin_counts(tmp_path: Path) -> None:
    text = """
[core]
\turl = not-this
[remote "upstream"]
\turl = git@github.com:other/calc.git
[Remote "origin"] ; a comment
\tfetch = +refs/heads/*:refs/remotes/origin/*
\tURL = "https://github.com/ada/calc.git" # mine
\turl = https://example.com/b/c
"""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".git" / "config").write_text(text)
    assert machine.origin(tmp_path, os.environ["PATH"]) == "https://github.com/ada/calc.git"
    (tmp_path / ".git" / "config").write_text(text.replace("origin", "somewhere"))
    assert machine.origin(tmp_path, os.environ["PATH"]) is None


@given(text=st.text(max_size=200))
def test_reading_addresses_of_git_is_total(text: str) -> None:
    assert templates.remote_of(text) is None or "/" in text
    assert templates.remote_of(f"http://[{text}") is None or "]" in text


@pytest.mark.parametrize("intake", templates.INTAKES)
@pytest.mark.parametrize("method", ["squash", "merge", "rebase"])
def test_the_policy_says_what_was_answered_and_else_the_defaults(intake: str, method: str) -> None:
    text = templates.policy_text(Answers(intake=intake, verify="make test", merge_method=method))
    wanted = Policy(intake=intake, verify=("make test",), merge_method=method)
    assert policy_of("bee.yml", parse(text, "bee.yml")) == wanted


@example(command="pytest # \x7f\x9b2J")
@given(command=st.text(min_size=1, max_size=80).filter(str.strip))
def test_any_command_survives_the_policy(command: str) -> None:
    text = templates.policy_text(Answers(verify=command))
    assert policy_of("bee.yml", parse(text, "bee.yml")).verify == (command,)


@given(commands=st.lists(st.text(min_size=1, max_size=80).filter(lambda text: text.strip() and text.isprintable())))
def test_any_printable_setup_survives_the_policy(commands: list[str]) -> None:
    text = templates.policy_text(Answers(setup=tuple(commands)))
    assert policy_of("bee.yml", parse(text, "bee.yml")).setup.run == tuple(commands)


@given(names=st.lists(st.text(min_size=1, max_size=80).filter(lambda text: text.strip() and text.isprintable())))
def test_the_checks_of_the_last_pull_requests_survive_the_policy(names: list[str]) -> None:
    text = templates.policy_text(Answers(checks=tuple(names)))
    assert policy_of("bee.yml", parse(text, "bee.yml")).required_checks == (tuple(names) or None)


def test_what_looks_like_a_name_to_fill_in_stays_in_a_value() -> None:
    text = templates.policy_text(Answers(verify="make {{merge_method}}"))
    assert policy_of("bee.yml", parse(text, "bee.yml")).verify == ("make {{merge_method}}",)


def uncommented(text: str) -> str:
    """The text with its commented examples taken in: a comment that is a key, or below one."""
    keys = ("required_checks:", "setup:", "trust:", "limits:", "roles:", "slots:", "  ", "engine:")
    lines = [line[2:] if line.startswith("# ") and line[2:].startswith(keys) else line for line in text.splitlines()]
    return "\n".join(line for line in lines if "  opted-in  " not in line and "  all       " not in line)


def test_the_commented_examples_are_good_ones() -> None:
    policy = policy_of("bee.yml", parse(uncommented(templates.policy_text(Answers())), "bee.yml"))
    assert policy.trust.bots == {"dependabot"}
    assert policy.limits == Policy().limits, "the examples show the defaults"
    assert policy.lean == frozenset()
    found = settings(uncommented(templates.config_text("ada/calc", Answers(engine="claude"))))
    assert found.slots == Settings().slots
    assert len(found.roles) == 1


@pytest.mark.parametrize("engine", [None, "codex", ("/opt/my agent", "--fast", "häßlich: #1")])
def test_the_configuration_says_what_was_answered(engine: str | tuple[str, ...] | None) -> None:
    found = settings(templates.config_text("ada/calc", Answers(engine=engine, sandbox="none")))
    assert found == Settings(repos=("ada/calc",), engine=engine or "claude", sandbox="none")


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\n",
        "version: 1",
        "version: 1\nrepos: []\n",
        "version: 1\nrepos: [b/c]\nslots: 2\n",
        "version: 1\nrepos: [b/c, d/e]  # two\n",
        "version: 1\nrepos: [\n  b/c,\n  d/e,\n]\n",
        'version: 1\nrepos: ["b/c"]\n',
        "version: 1\nrepos:\n  - b/c  # the first\n  - d/e\nslots: 2\n# the end\n",
        "version: 1\nrepos:\n- b/c\nslots: 2\n",
        "version: 1\nslots: 2\nrepos:\n  - b/c",
        '{"version": 1, "repos": ["b/c"], "slots": 3}',
        '{"version": 1, "repos": []}',
        "# nothing but this\nversion: 1\nroles:\n  reviewer: {minutes: 3}\n",
    ],
)
def test_a_repository_is_added_and_nothing_else_changes(text: str) -> None:
    before = settings(text)
    added = templates.with_repo(text, parse(text, "config.yml"), "ada/calc")
    after = settings(added)
    assert after.repos == (*before.repos, "ada/calc")
    assert (after.slots, after.roles, after.engine) == (before.slots, before.roles, before.engine)
    comments = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    assert all(comment in added for comment in comments)


def form() -> dict[str, Any]:
    """The issue form."""
    return dict(yaml.safe_load(templates.form_text()))


def test_the_issue_form_has_what_github_asks_of_one() -> None:
    """https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms"""
    found = form()
    assert {"name", "description", "body"} <= set(found) <= {"name", "description", "body", "title", "labels"}
    kinds = [part["type"] for part in found["body"]]
    assert set(kinds) <= {"markdown", "textarea", "input", "dropdown", "checkboxes"}
    assert set(kinds) - {"markdown"}, "one part takes something in"
    for part in found["body"]:
        assert set(part) <= {"type", "id", "attributes", "validations"}
        assert part["attributes"]["value"]
        assert part["type"] == "markdown" or part["attributes"]["label"]


def test_an_issue_from_the_form_is_a_design_doc_whose_gate_is_open() -> None:
    [area] = [part for part in form()["body"] if part["type"] == "textarea"]
    assert "render" not in area["attributes"], "rendered as code, the gate would be none"
    body = f"### {area['attributes']['label']}\n\n{area['attributes']['value']}"
    assert read_body(body).design_gate is False
    assert read_body(body.replace("- [ ]", "- [x]")).design_gate is True
