"""YAML with lines, and without what no configuration needs."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bee.config.yaml import YamlNode, parse
from bee.model.errors import ConfigError


def plain(tree: YamlNode) -> object:
    if isinstance(tree.value, dict):
        return {key: plain(value) for key, value in tree.value.items()}
    if isinstance(tree.value, list):
        return [plain(value) for value in tree.value]
    return tree.value


def test_plain_values_with_their_lines() -> None:
    text = (
        "version: 1\nrepos:\n  - o/r # why\n  - 'x/y'\nsandbox: {network: yes, usd: 2.5}\nempty:\ntext: |\n  a\n  b\n"
    )
    tree = parse(text, "config.yml")
    assert plain(tree) == {
        "version": 1,
        "repos": ["o/r", "x/y"],
        "sandbox": {"network": True, "usd": 2.5},
        "empty": None,
        "text": "a\nb\n",
    }
    assert tree.key_lines == {"version": 1, "repos": 2, "sandbox": 5, "empty": 6, "text": 7}
    assert isinstance(tree.value, dict)
    repos = tree.value["repos"].value
    assert isinstance(repos, list)
    assert [item.line for item in repos] == [3, 4]


def test_an_empty_file_is_nothing() -> None:
    assert parse("", "f") == YamlNode(None, 1)
    assert parse("# only a comment\n", "f") == YamlNode(None, 1)


def test_the_equals_sign_is_a_text() -> None:
    assert plain(parse("a: =\n", "f")) == {"a": "="}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: !!python/object/apply:os.system [x]\n", 2, "tags"),
        ("a: !!str 1\n", 1, "tags"),
        ("a: &x 1\nb: 2\n", 1, "anchors"),
        ("a: 1\nb: *x\n", 2, "anchors"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is a duplicate; first on line 1"),
        ("a:\n  1: x\n", 2, "'1' is not text"),
        ("on: x\n", 1, "'on' is not text; quote it"),
        ("<<: {a: 1}\n", 1, "is not text"),
        ("? [a]\n: b\n", 1, "is not text"),
        ("a: 2026-01-01\n", 1, "reads as a date"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: [1\nb: 2\n", 2, "invalid YAML"),
        ("a: 'x\n", 2, "invalid YAML"),
        ("a: \x01\n", None, "invalid YAML"),
        ("[" * 30 + "]" * 30, 1, "more than 20 levels"),
        ("a: '" + "x" * 300_000 + "'", None, "more than 262144 bytes"),
    ],
)
def test_what_no_configuration_needs_is_refused_with_its_line(text: str, line: int | None, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "config.yml")
    assert caught.value.line == line
    assert problem in caught.value.problem
    assert str(caught.value).startswith("config.yml")


@given(st.text(alphabet=st.sampled_from(list("ab:-[]{}'\"|>&*!%#? \n\t0.1")), max_size=60) | st.text(max_size=40))
def test_whatever_comes_in_a_tree_or_a_config_error_comes_out(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(parse(text, "f"), YamlNode)
