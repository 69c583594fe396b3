"""Faults on demand: what a test asks the forge to do wrong, and when."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bee.forge.pushes import Refusal

ACTIONS: Final = (
    "status", "drop_before", "drop_after", "latency", "secondary_rate_limit", "primary_rate_limit", "stale_list",
    "hang", "kill_before", "kill_after", "without", "graphql_error", "refuse_ref", "resource_limits", "sso",
    "too_quickly", "refuse_push",
)  # fmt: skip
_OF_GRAPHQL: Final = ("graphql_error", "resource_limits")
RESTRICTED: Final = "Cannot create ref due to creations being restricted."
MATCHES: Final = ("method", "path", "operation", "login", "kind", "write", "nth")


@dataclass(kw_only=True)
class Fault:
    """One fault: from the `nth` request that matches, `times` times (0: for ever)."""

    action: str
    match: dict[str, Any]
    times: int
    settings: dict[str, Any]
    matched: int = 0
    fired: int = 0
    lifted: threading.Event = field(default_factory=threading.Event)

    def fits(self, facts: Mapping[str, Any]) -> bool:
        """Whether a request is of the kind that this fault waits for."""
        if self.action in _OF_GRAPHQL and facts["kind"] != "graphql":
            return False
        want = {**facts, "path": "", **self.match}
        same = all(want[name] == facts[name] for name in ("operation", "login", "kind", "write"))
        return same and want["method"].upper() == facts["method"] and bool(re.search(want["path"], facts["path"]))

    def counted(self) -> bool:
        """Count a request that fits; whether the fault fires for it."""
        self.matched += 1
        due = (not self.times or self.fired < self.times) and self.matched >= int(self.match.get("nth", 1))
        self.fired += due
        return due

    def seconds(self, default: float) -> float:
        """How long the fault lasts."""
        return float(self.settings.get("seconds", default))

    def refusal(self) -> Refusal:
        """What is said of the refs of a push: git's word, and what people read after `remote:`."""
        return Refusal(str(self.settings.get("reason", "failure")), str(self.settings.get("told", "")))

    def shown(self) -> dict[str, Any]:
        """The fault as its JSON."""
        return {"action": self.action, "match": self.match, "times": self.times, **self.settings,
                "matched": self.matched, "fired": self.fired}  # fmt: skip


def without(body: bytes, settings: dict[str, Any]) -> bytes:
    """An answer that lacks a field, named by a path with dots (`*` is every element), or has `value` in its place."""
    whole = json.loads(body or b"null")
    *way, last = str(settings["field"]).split(".")
    places = [whole]
    for part in way:
        places = [child for place in places for child in _children(place, part)]
    for place in places:
        if isinstance(place, dict) and last in place:
            if "value" in settings:
                place[last] = settings["value"]
            else:
                del place[last]
    return json.dumps(whole).encode()


def _children(place: Any, part: str) -> list[Any]:
    if isinstance(place, list):
        return place if part == "*" else place[int(part) : int(part) + 1]
    return [place[part]] if isinstance(place, dict) and part in place else []


def runs(settings: Mapping[str, Any]) -> bool:
    """Whether an operation that is answered with an ordered error is carried out all the same."""
    return settings.get("data") == "kept" or bool(settings.get("took_effect"))


def graphql_error(settings: Mapping[str, Any], names: Iterable[str], body: bytes = b"") -> bytes:
    """GraphQL's answer with an ordered error; `names` stand below `data`, `body` is the answer without the fault.

    `type`, `code`, `message`, `path` and `extensions` are the error's. `data` says what stands beside it: "none",
    "null" (every field of the root), or "kept", where only what `path` names becomes null. An answer that has no such
    place stays as it is.
    """
    error = {name: settings[name] for name in ("type", "code", "path", "extensions") if name in settings}
    error["message"] = settings.get("message", "Something went wrong while executing your query.")
    beside, errors = settings.get("data", "none"), {"errors": [error]}
    if beside == "none":
        return json.dumps(errors).encode()
    if beside == "null":
        return json.dumps({"data": dict.fromkeys(names), "errors": [{"path": [*names][:1], **error}]}).encode()
    data = json.loads(body).get("data")
    *way, last = settings.get("path") or [None]
    place = data
    try:
        for part in way:
            place = place[part]
    except (LookupError, TypeError):
        return body
    if last is not None and place is not None:
        place[last] = None
    return json.dumps({"data": data, **errors}).encode()


def _pattern(text: str) -> None:
    """Raises ValueError for what is not a pattern."""
    try:
        re.compile(text)
    except re.error as problem:
        raise ValueError(f"{text!r} is not a pattern: {problem}") from None


def parse(data: Any) -> Fault:
    """A fault from its JSON; raises ValueError that names what is wrong."""
    if not isinstance(data, dict) or data.get("action") not in ACTIONS:
        raise ValueError(f"a fault needs an action, one of {', '.join(ACTIONS)}")
    match = data.get("match") or {}
    unknown = set(match) - set(MATCHES)
    if unknown:
        raise ValueError(f"a fault cannot match by {', '.join(sorted(unknown))}; known: {', '.join(MATCHES)}")
    _pattern(match.get("path", ""))
    if data["action"] == "without" and not isinstance(data.get("field"), str):
        raise ValueError('"without" needs a field, such as data.repository.issues.nodes.*.body')
    if data["action"] == "refuse_ref":
        if not isinstance(data.get("ref"), str):
            raise ValueError('"refuse_ref" needs a pattern as "ref", such as refs/bee/.*')
        _pattern(data["ref"])
    if data["action"] == "graphql_error" and data.get("data", "none") not in ("none", "null", "kept"):
        raise ValueError('"data" is "none", "null" or "kept"')
    if data["action"] == "resource_limits" and not isinstance(data.get("nodes"), int):
        raise ValueError('"resource_limits" needs "nodes", how many a query may ask for')
    settings = {key: value for key, value in data.items() if key not in ("action", "match", "times")}
    return Fault(action=data["action"], match=match, times=int(data.get("times", 1)), settings=settings)


class Faults:
    """The faults that are active."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Activate a fault."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Lift every fault; requests that hang are let go."""
        with self._lock:
            for fault in self._faults:
                fault.lifted.set()
            self._faults = []

    def due(self, facts: Mapping[str, Any]) -> list[Fault]:
        """The faults that this request meets, each counted."""
        found = []
        with self._lock:
            for fault in self._faults:
                if fault.action != "refuse_ref" and fault.fits(facts) and fault.counted():
                    found.append(fault)
        return found

    def refusal(self, ref: str, login: str) -> str:
        """Why a ref is refused to an account by order; empty where it is not."""
        with self._lock:
            for fault in self._faults:
                named = fault.action == "refuse_ref" and re.fullmatch(fault.settings["ref"], ref)
                if named and fault.match.get("login", login) == login and fault.counted():
                    return str(fault.settings.get("rule", RESTRICTED))
        return ""

    def shown(self) -> list[dict[str, Any]]:
        """Every fault with its counts."""
        with self._lock:
            return [fault.shown() for fault in self._faults]
