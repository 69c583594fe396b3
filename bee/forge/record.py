"""Writes every API exchange down where FORGE_RECORD names a folder, so that it can be held against GitHub's words."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bee.forge.http import Request, Response


class Recorder:
    """One file of JSON lines for each process, in an existing folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{os.getpid()}.ndjson"

    def note(self, request: Request, asked: Mapping[str, Any], sent: bytes, response: Response) -> None:
        """Add one exchange: what was asked, what was sent with it, and the whole answer."""
        entry = {
            **asked,
            "query": request.query,
            "agent": request.headers.get("user-agent", ""),
            "sent": sent.decode("utf-8", "replace"),
            "status": response.status,
            "type": response.headers.get("Content-Type", ""),
            "body": response.body.decode("utf-8", "replace"),
        }
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        with self._path.open("ab", buffering=0) as file:  # whole lines, whoever else writes
            file.write(line)
