"""`bee version`: which version this is, in the words of `bee --version`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from bee import __version__


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Print it."""
    print(f"bee {__version__}")
    return 0
