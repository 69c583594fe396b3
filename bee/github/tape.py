"""Records what GitHub and git answered, as lines that people can send: nothing in them says whose repository it was.

Kept are statuses, numbers, times, object names, bee's own probe refs, GitHub's words for a state, and its error
messages without names, addresses and credentials. Whatever a repository holds may be somebody's, in capitals too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests

from bee.github.client import Transport
from bee.model.errors import BeeError
from bee.model.text import digest, plain

T = TypeVar("T")
HEADERS: Final = (
    "Date", "ETag", "Retry-After", "X-GitHub-SSO", "github-authentication-token-expiration", "x-ratelimit-limit",
    "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-resource",
)  # fmt: skip
HIDDEN: Final = "…"
NAMELESS: Final = "owner/name"  # instead of the repository's own name
_PROBE: Final = r"[0-9a-f]{12}(?:/(?:one|two|three|old|new))?"
_KEPT: Final = re.compile(rf"[0-9a-f]{{40}}|\d{{4}}-\d\d-\d\dT[\d:]+Z|(?:refs/|heads/)*bee/probe[-/]{_PROBE}|{_PROBE}|")
_STATES: Final = frozenset(
    "__typename type code state issueState pullState stateReason state_reason conclusion status mergeable "
    "mergeStateStatus reviewDecision previousReviewState viewerPermission permission author_association "
    "current_user_can_bypass".split()
)
_STATE: Final = re.compile(r"[A-Za-z0-9_]{1,40}")
# In an error's words: an address, an e-mail address, a host by number, a credential.
_NAMING: Final = re.compile(r"\w+://\S+|[\w.+-]+@[\w.-]+|\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|\b(?:gh[a-z]|github_pat)_\w+")
# The segment of a path that names a branch, which may be anybody's; the one that bee asks about is its own.
_BRANCH: Final = re.compile(r"(?<=/branches/)(?!bee%2F1-task$)[^/]+")
WORDS_MAX: Final = 1500
_OPERATION: Final = re.compile(r"\b(?:query|mutation)\s+(\w+)")


class Tape:
    """A client's transport that also notes what comes, as `git` does of commands.

    `hidden`: names to leave out, the repository's first.
    """

    def __init__(self, transport: Transport, hidden: Sequence[str]) -> None:
        self.lines: list[dict[str, Any]] = []
        self._transport = transport
        self._hidden = [
            (re.escape(name), f"NAME{at}") for at, name in enumerate(sorted(set(hidden), key=len, reverse=True), 1)
        ]
        self._repo = hidden[0].lower() if hidden else ""
        self._known: dict[str, int] = {}
        self._texts: dict[str, int] = {}

    def request(self, *what: Any, **how: Any) -> requests.Response:
        """One request and its answer, noted."""
        answer = self._transport.request(*what, **how)
        method, url = what
        body = how.get("json")
        query = body.get("query") if isinstance(body, dict) else None
        asked = _OPERATION.search(query) if isinstance(query, str) else None
        headers = {name: self._named(answer.headers[name]) for name in HEADERS if name in answer.headers}
        path = self._named(_BRANCH.sub(HIDDEN, urlsplit(str(url)).path))
        self.lines.append({
            "method": method, "path": path, "operation": asked[1] if asked else "",
            "asked": digest(query) if isinstance(query, str) else "",
            "status": answer.status_code, "headers": headers,
            "body": self.redacted(_json(answer), "", answer.status_code >= 400),
        })  # fmt: skip
        return answer

    def git(self, command: str, do: Callable[[], T]) -> T:
        """What one git command came to, noted: plain values, or the kind of its error and its words."""
        try:
            came = do()
        except BeeError as problem:
            said = {"error": type(problem).__name__, "said": self._named(str(problem))}
            self.lines.append({"git": command, **said})
            raise
        noted: Any = came
        if isinstance(noted, dict):
            noted = {
                name if _KEPT.fullmatch(name) else f"{HIDDEN}{at}": oid for at, (name, oid) in enumerate(noted.items())
            }
        self.lines.append({"git": command, "came": noted})
        return came

    def redacted(self, value: Any, key: str, error: bool) -> Any:
        """A value of an answer without what is somebody's."""
        if isinstance(value, dict):
            return {name: self.redacted(one, name, error or name == "errors") for name, one in value.items()}
        if isinstance(value, list):
            return [self.redacted(one, key, error) for one in value]
        if key in ("id", "databaseId", "node_id") and not isinstance(value, bool) and value is not None:
            number = self._known.setdefault(str(value), len(self._known) + 1)
            return number if isinstance(value, int) else f"ID{number}"
        if not isinstance(value, str):
            return value
        if key == "login" and (login := (rf"(?<!\w){re.escape(value)}(?!\w)", "LOGIN")) not in self._hidden:
            self._hidden.append(login)
        if value.lower() == self._repo:
            return NAMELESS
        if key in ("body", "diff") and value:  # whether two texts are one is all that can be told
            same = "\n".join(value.splitlines())
            return f"{HIDDEN}{self._texts.setdefault(same, len(self._texts) + 1)}"
        if error and key in ("message", "reason"):
            return self._named(value)
        return value if (_STATE if key in _STATES else _KEPT).fullmatch(value) else HIDDEN

    def _named(self, text: str) -> str:
        for name, instead in self._hidden:
            text = re.sub(name, instead, text, flags=re.IGNORECASE)
        return plain(_NAMING.sub(HIDDEN, text))[:WORDS_MAX]

    def text(self, head: dict[str, Any]) -> str:
        """The recording: a line for `head`, then one for each answer."""
        return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in (head, *self.lines))


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json() if answer.content else None
    except ValueError:
        return None
