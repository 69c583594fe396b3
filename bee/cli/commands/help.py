"""`bee help`: a command's help, or a topic from the same tables as the documents; offline, paged on a terminal."""

from __future__ import annotations

import argparse
import difflib
import pydoc
import sys
from collections.abc import Mapping, Sequence

from bee.cli import main
from bee.model.errors import UsageError
from bee.reference import shapes, topics
from bee.status import terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee help`."""
    parser.add_argument("topic", nargs="?", default="topics", help="a command or a topic")
    parser.add_argument("shape", nargs="*", help="for `json`: the command whose JSON Schema is printed")


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print it."""
    width = terminal.columns(sys.stdout.isatty())
    if args.topic in main.shown() and not args.shape:
        text = main.parser_of(args.topic)[0].format_help()
    elif args.topic == "json" and args.shape:
        text = shapes.schema(" ".join(args.shape))
    elif args.topic in topics.TOPICS:
        text = topics.text(args.topic, width)
    else:
        known = [*topics.TOPICS, *main.shown()]
        hint = nearest(args.topic, known, "bee help") or "`bee help topics` lists them"
        raise UsageError(f"there is no topic {args.topic!r}; {hint}")
    if sys.stdin.isatty() and sys.stdout.isatty() and env.get("TERM") != "dumb":
        pydoc.pager(text)
    else:
        print(text.rstrip())
    return 0


def nearest(word: str, known: Sequence[str], before: str) -> str:
    """A question whether one of the known words was meant, for a word that is not one; empty where none is near."""
    near = difflib.get_close_matches(word, known, 1, 0.5)
    return f"did you mean `{before} {near[0]}`?" if near else ""
