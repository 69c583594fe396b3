"""What public clients recorded of the real GitHub, as values; some of it is from 2012, some of this year."""

from __future__ import annotations

import ast
import base64
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.recorded import fetch

API = "api.github.com"


@dataclass(frozen=True)
class Exchange:
    """One request and GitHub's answer to it; `path` has the query. `body` is the text as it came."""

    source: str
    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body, decoded; None where there is none."""
        return json.loads(self.body) if self.body.strip() else None


def _of_pygithub(file: Path) -> Iterator[Exchange]:
    """Ten lines each: scheme, method, host, port, path, headers, body, status, headers, body; then an empty one."""
    lines = file.read_text(encoding="utf-8").split("\n")
    at = 0
    while at + 9 < len(lines):
        if lines[at] not in ("http", "https"):
            at += 1
            continue
        method, host, path = lines[at + 1], lines[at + 2], lines[at + 4]
        if host == API:
            headers = {str(name).lower(): str(value) for name, value in ast.literal_eval(lines[at + 8])}
            yield Exchange(file.name, method, path, int(lines[at + 7]), headers, lines[at + 9])
        at += 10


def _of_octokit(file: Path) -> Iterator[Exchange]:
    for one in json.loads(file.read_text(encoding="utf-8")):
        if f"//{API}" in one["scope"]:
            raw = one.get("rawHeaders") or {}
            pairs = zip(raw[::2], raw[1::2], strict=True) if isinstance(raw, list) else raw.items()
            body = one["response"] if isinstance(one["response"], str) else json.dumps(one["response"])
            headers = {str(name).lower(): str(value) for name, value in pairs}
            yield Exchange(file.name, one["method"].upper(), one["path"], int(one["status"]), headers, body)


def _of_github3(file: Path) -> Iterator[Exchange]:
    """Betamax's cassettes; most bodies are packed."""
    for one in json.loads(file.read_text(encoding="utf-8"))["http_interactions"]:
        url, answer = urlsplit(one["request"]["uri"]), one["response"]
        if url.netloc != API:
            continue
        raw = base64.b64decode(answer["body"].get("base64_string") or "")
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        body = answer["body"].get("string") or raw.decode("utf-8", "replace")
        code = answer["status"]["code"] if "status" in answer else answer["status_code"]
        headers = {str(name).lower(): ", ".join(values) for name, values in answer["headers"].items()}
        path = f"{url.path}?{url.query}" if url.query else url.path
        yield Exchange(file.name, one["request"]["method"], path, int(code), headers, body)


@cache
def all_of_them() -> tuple[Exchange, ...]:
    """Every exchange, in a stable order."""
    found: list[Exchange] = []
    for file in sorted(fetch.pygithub().glob("*.txt")):
        found.extend(_of_pygithub(file))
    for file in sorted(fetch.fixtures().glob("*.json")):
        found.extend(_of_octokit(file))
    for file in sorted(fetch.github3().glob("*.json")):
        found.extend(_of_github3(file))
    return tuple(found)


if __name__ == "__main__":
    print(f"{len(all_of_them())} recorded exchanges")
