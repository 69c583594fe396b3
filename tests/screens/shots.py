"""Screens kept as text. `BEE_SCREENS=write BEE_DEEP=1 .venv/bin/python -m pytest tests/screens` takes them anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

from rich.cells import cell_len

SHOTS = Path(__file__).with_name("shots")
# What is another at every run, and what stands for it: of the same width, so that a table stays a table.
CHANGING = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "2026-01-31 12:00 UTC"),
    (r"\d{8}T\d{6}Z-(\w+)-(\d+)-[0-9a-f]{8}", r"20260131T120000Z-\1-\2-01234567"),
    (r"looks again in \d+ s *|looking … *", "looks again in 9 s"),
    (r"127\.0\.0\.1:\d{5}", "127.0.0.1:12345"),
    (r"/tmp/bee-\w{8}", "/tmp/bee-01234567"),
    (r"began \d+ s(econds)? ago", "began 9 seconds ago"),
    (r"due in \d+ (s|min)", "due in 4 min"),
    (r"\d,\d{3} of 5,000", "4,900 of 5,000"),
    (r"\d{4} of 5000", "4900 of 5000"),
    (r"\d+ GraphQL points(?! are)", "9 GraphQL points"),
    (r"[\d.]+ GiB", "9.9 GiB"),
    (r"\([+-]\d s\)", "(+0 s)"),  # of the forge's clock, which goes on a second with what people do
)


def steady(text: str) -> str:
    """The text with what changes from run to run set to one value, and no trailing space."""
    for pattern, value in CHANGING:
        text = re.sub(pattern, value, text)
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n")) + "\n"


def held(name: str, text: str, columns: int) -> None:
    """The screen is the one that is kept under this name, and no line of it is wider than the terminal."""
    assert [line for line in text.split("\n") if cell_len(line) > columns] == []
    path, now = SHOTS / f"{name}-{columns}.txt", steady(text)
    if os.environ.get("BEE_SCREENS") == "write":
        SHOTS.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    assert now == kept, f"{path.name} shows something else now; BEE_SCREENS=write takes it anew"
