"""Every `bee` command in the documents exists, with those options: judged by the real parsers."""

from __future__ import annotations

import argparse
import re
import shlex

import pytest

from bee.cli import main
from bee.cli.table import COMMANDS
from scripts.documents import generate, tables
from tests.docs import pages
from tests.docs.pages import Block

_COMMAND = re.compile(r"^(?:git )?bee ([a-z][a-z0-9-]*)(?: (.*))?$")
_PLACEHOLDERS = {"N": "1", "PATH": ".", "FILE": "doc.md"}

HOST = {name: generate.parser_of(name) for name in main.shown()}
SESSION = tables.verb_parsers()


class RefusedError(Exception):
    """The parser would not take it."""


def _words(text: str) -> list[str]:
    return [_PLACEHOLDERS.get(word, word) for word in shlex.split(text, comments=True)]


def _takes(parser: argparse.ArgumentParser, words: list[str]) -> bool:
    def refuse(message: str) -> None:
        raise RefusedError(message)

    parser.error = refuse  # type: ignore[assignment, method-assign] # it would end the process
    try:
        parser.parse_args(words)
    except RefusedError:
        return False
    return True


def _has_options(parser: argparse.ArgumentParser, rest: str) -> bool:
    """Whether every option in a text is the parser's; the text may be a usage line with brackets."""
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest)) <= set(parser._option_string_actions)


def wrong(text: str, whole: bool) -> str:
    """What is wrong with a command; `whole`: a person can type it as it stands, so the parser must take it."""
    found = _COMMAND.match(text)
    if found is None:
        return ""
    name, rest = found[1], found[2] or ""
    parsers = [known[name] for known in (HOST, SESSION) if name in known]
    if not parsers:
        return "" if name in COMMANDS else f"there is no command {name}"
    if whole:
        return "" if _takes(parsers[0], _words(rest)) else "the parser does not take it"
    return "" if any(_has_options(parser, rest) for parser in parsers) else "it has no such option"


def typed(block: Block) -> list[str]:
    """The `bee` commands of a shell block, continued lines joined, assignments taken off."""
    text = block.text.replace("\\\n", " ")
    return [found[1] for line in text.splitlines() if (found := re.match(r"^(?:[A-Z_]+=\S+ )*(bee .*)$", line.strip()))]


SHELL = [(block, command) for block in pages.blocks() if block.language == "sh" for command in typed(block)]
SPANS = [(line, text) for line, text in pages.spans() if text.startswith(("bee ", "git bee "))]


@pytest.mark.parametrize(("block", "command"), SHELL, ids=lambda value: str(value))
def test_a_command_in_a_shell_block_can_be_typed(block: Block, command: str) -> None:
    assert wrong(command, whole=True) == ""


def test_every_command_in_a_sentence_exists_with_its_options() -> None:
    problems = [
        f"{line.page}:{line.number}: `{text}`: {problem}"
        for line, text in SPANS
        if (problem := wrong(text, whole=False))
    ]
    assert problems == []


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("bee fly", False),
        ("bee tick --fast", False),
        ("bee logs", True),
        ("bee approve one", True),
        ("bee review", True),
    ],
)
def test_a_wrong_command_is_noticed(text: str, whole: bool) -> None:
    assert wrong(text, whole) != ""


def test_every_command_is_described() -> None:
    text = pages.read("docs/cli.md")
    assert [name for name in main.shown() if f"### `bee {name}`" not in text] == []
    readme = pages.read("README.md")
    steering = set(main.shown()) - {"demo", "forge"}
    assert [name for name in sorted(steering) if f"bee {name}" not in readme] == []


def test_every_row_of_the_agents_verbs_names_a_verb_that_exists() -> None:
    assert set(SESSION) == {
        "plan",
        "submit",
        "reply",
        "review",
        "e2e",
        "merge",
        "pause",
        "nothing-to-do",
        "context",
        "why",
    }
    assert set(re.findall(r"`bee ([a-z0-9-]+)", generate.MAKERS["verbs"]())) == set(SESSION)
