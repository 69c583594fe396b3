"""Holds every recorded exchange of a test run against GitHub's descriptions:  python -m tests.contract.check FOLDER

Answers are judged whoever asked; requests where bee asked. What a test ordered the forge to answer wrongly is counted
and not judged. Prints the counts and each violation once; exit 1 where there is one.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import GraphQLSyntaxError

from tests.contract import graph, needs, rest

Json = dict[str, Any]
SHOWN_MAX = 60
PROCESSES = os.cpu_count() or 1


@dataclass
class Tally:
    """What was checked, and what was found. `seen`: the endpoints and operations that bee asked for."""

    rest: int = 0
    graph: int = 0
    ordered: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    judged: dict[Any, list[str]] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Take in what was found in another part of the folder."""
        self.rest += other.rest
        self.graph += other.graph
        self.ordered += other.ordered
        self.violations.update(other.violations)
        self.seen |= other.seen

    def sentence(self) -> str:
        """The counts in one line."""
        return f"{self.rest} REST, {self.graph} GraphQL, {self.violations.total()} violations"


def _exchanges(paths: list[Path]) -> Iterator[Json]:
    """Every exchange that was written down."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def _by_bee(exchange: Json) -> bool:
    return bool(exchange["agent"] == "bee")


def _decoded(text: str) -> Any:
    return json.loads(text) if text else None


def _rest(tally: Tally, exchange: Json) -> None:
    tally.rest += 1
    method, path, status = exchange["method"], exchange["path"], exchange["status"]
    found = rest.operation(method, path)
    if found is None:
        if _by_bee(exchange) or status < 400:
            tally.violations[f"GitHub has no {method} {path} (answered {status})"] += 1
        return
    op, values = found
    wrong: list[str] = []
    if _by_bee(exchange):
        tally.seen.add(op.name)
        key: Any = (op.name, "asked", tuple(values), exchange["query"], exchange["sent"])
        if key not in tally.judged:
            question = needs.QUESTIONS.get(op.name) == exchange["sent"]
            tally.judged[key] = [] if question else rest.asked_wrong(op, values, exchange["query"], exchange["sent"])
        wrong += tally.judged[key]
    if not exchange["type"].startswith("application/json") and exchange["body"]:
        plain = "diff" in exchange["type"] or "patch" in exchange["type"] or "text/plain" in exchange["type"]
        wrong += [] if plain else [f"{op.name}: answered as {exchange['type']}"]
    elif method != "HEAD":
        body = _decoded(exchange["body"])
        key = (op.name, status, rest.shape(body))
        if key not in tally.judged:
            tally.judged[key] = rest.answered_wrong(op, status, body)
        wrong += tally.judged[key]
    tally.violations.update(wrong)


def _graph(tally: Tally, exchange: Json) -> None:
    tally.graph += 1
    try:
        asked = json.loads(exchange["sent"])
        text, name = str(asked["query"]), asked.get("operationName")
        graph.document(text)
    except (ValueError, KeyError, TypeError, GraphQLSyntaxError):
        if _by_bee(exchange):
            tally.violations[f"bee sent no document: {exchange['sent'][:100]}"] += 1
        return
    body = _decoded(exchange["body"])
    if exchange["status"] != 200:
        judge = rest.validator({"$ref": "#/components/schemas/basic-error"})
        tally.violations.update(f"GraphQL {exchange['status']}: {one.message[:200]}" for one in judge.iter_errors(body))
        return
    wrong: list[str] = []
    if _by_bee(exchange) or body.get("data") is not None:
        wrong += graph.document_wrong(text, strict=_by_bee(exchange))
    if not wrong and _by_bee(exchange):
        tally.seen.add(str(graph.operation_of(text, name).name.value))  # type: ignore[union-attr]
        wrong += graph.variables_wrong(text, asked.get("variables") or {}, name)
    if not wrong:
        wrong += graph.answer_wrong(text, body, name)
    tally.violations.update(f"GraphQL {one}" for one in wrong)


def judge(paths: list[Path]) -> Tally:
    """Judge what some files hold."""
    tally = Tally()
    for exchange in _exchanges(paths):
        if exchange["made_up"]:
            tally.ordered += 1
        elif exchange["kind"] == "rest":
            _rest(tally, exchange)
        else:
            _graph(tally, exchange)
    tally.judged.clear()
    return tally


def check(folder: Path) -> Tally:
    """Judge everything that lies in a folder, on as many processors as there are."""
    tally = Tally()
    paths = sorted(folder.glob("*.ndjson"), key=lambda path: path.stat().st_size)
    parts = [part for n in range(PROCESSES) if (part := paths[n::PROCESSES])]
    if len(parts) == 1:
        tally.add(judge(parts[0]))
    else:
        with ProcessPoolExecutor(PROCESSES) as pool:
            for found in pool.map(judge, parts):
                tally.add(found)
    listed = {need.endpoint for need in needs.REST + needs.SETUP} | set(needs.operations())
    tally.violations.update(f"bee asked for {name}, which needs.py does not list" for name in tally.seen - listed)
    return tally


def main(argv: list[str]) -> int:
    """Check a folder and say what was found. The counts are left in its file `checked`."""
    folder = Path(argv[0])
    tally = check(folder)
    for text, count in tally.violations.most_common(SHOWN_MAX):
        print(f"{count:6} x {text}")
    print(f"{tally.ordered} answers were ordered by a test and not judged")
    print(f"exchanges held against GitHub's descriptions: {tally.sentence()}")
    (folder / "checked").write_text(tally.sentence())
    return 1 if tally.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
