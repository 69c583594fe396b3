"""Faults on demand: what a test asks the forge to do wrong, and when."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ACTIONS: Final = (
    "status", "drop_before", "drop_after", "latency", "secondary_rate_limit", "primary_rate_limit", "stale_list",
    "hang", "kill_before", "kill_after", "without",
)  # fmt: skip
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
        want = {**facts, "path": "", **self.match}
        same = all(want[name] == facts[name] for name in ("operation", "login", "kind", "write"))
        return same and want["method"].upper() == facts["method"] and bool(re.search(want["path"], facts["path"]))

    def seconds(self, default: float) -> float:
        """How long the fault lasts."""
        return float(self.settings.get("seconds", default))

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


def parse(data: Any) -> Fault:
    """A fault from its JSON; raises ValueError that names what is wrong."""
    if not isinstance(data, dict) or data.get("action") not in ACTIONS:
        raise ValueError(f"a fault needs an action, one of {', '.join(ACTIONS)}")
    match = data.get("match") or {}
    unknown = set(match) - set(MATCHES)
    if unknown:
        raise ValueError(f"a fault cannot match by {', '.join(sorted(unknown))}; known: {', '.join(MATCHES)}")
    re.compile(match.get("path", ""))
    if data["action"] == "without" and not isinstance(data.get("field"), str):
        raise ValueError('"without" needs a field, such as data.repository.issues.nodes.*.body')
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
                if fault.fits(facts):
                    fault.matched += 1
                    left = not fault.times or fault.fired < fault.times
                    if left and fault.matched >= int(fault.match.get("nth", 1)):
                        fault.fired += 1
                        found.append(fault)
        return found

    def shown(self) -> list[dict[str, Any]]:
        """Every fault with its counts."""
        with self._lock:
            return [fault.shown() for fault in self._faults]
