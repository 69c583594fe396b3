"""The report of a bug in bee, ready to paste into an issue, without secrets."""

from __future__ import annotations

import platform
import sys
import traceback
from collections.abc import Sequence

from bee import __version__


def bug_report(bug: BaseException, words: Sequence[str]) -> str:
    """What happened, where, with what; paths are shortened to module names."""
    frames = traceback.extract_tb(bug.__traceback__)
    trail = "\n".join(f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames)
    return (
        "bee: this is a bug in bee, not a mistake of yours. Nothing was lost; the next tick goes on.\n"
        "Please report it with these lines:\n\n"
        f"bee {__version__}, Python {platform.python_version()}, {sys.platform}\n"
        f"command: bee {' '.join(words[:1])}\n"
        f"{trail}\n  {type(bug).__name__}: {str(bug)[:500]}"
    )


def _short(path: str) -> str:
    parts = path.replace("\\", "/").split("/")
    return "/".join(parts[-3:])
