"""The shape of every `--json` line as a JSON Schema: one table, from which docs/schemas is written and tests judge.

Under one `version`, keys are added and never change their meaning, so a published schema lets unknown keys pass;
`strict` does not, for tests. https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind
from bee.model.roles import Role
from bee.pipeline.design import Severity
from bee.pipeline.positions import Mover, Position

Schema = dict[str, Any]
DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def obj(**keys: Schema) -> Schema:
    """An object with these keys, each required."""
    return {"type": "object", "properties": keys, "required": sorted(keys)}


def listed(part: Schema, said: str = "") -> Schema:
    """A list."""
    return _with(said, {"type": "array", "items": part})


def maybe(part: Schema) -> Schema:
    """The same, or null."""
    kind = part.get("type")
    if "enum" in part:
        return {**part, "enum": [*part["enum"], None], "type": ["string", "null"]}
    return {**part, "type": [kind, "null"]}


def one_of(*values: str, said: str = "") -> Schema:
    """One of these texts."""
    return _with(said, {"type": "string", "enum": list(values)})


def mapping(part: Schema, said: str = "") -> Schema:
    """An object with any keys, each with such a value."""
    return _with(said, {"type": "object", "additionalProperties": part})


def text(said: str = "") -> Schema:
    """A text."""
    return _with(said, {"type": "string"})


def whole(said: str = "") -> Schema:
    """A whole number."""
    return _with(said, {"type": "integer"})


def number(said: str = "") -> Schema:
    """Any number."""
    return _with(said, {"type": "number"})


def flag(said: str = "") -> Schema:
    """True or false."""
    return _with(said, {"type": "boolean"})


def _with(said: str, schema: Schema) -> Schema:
    return {**schema, "description": said} if said else schema


# ---- parts that several shapes share --------------------------------------------------------------------------------

EXIT: Final = whole("the process's exit code")
KIND: Final = one_of("issue", "pull")
MOVES_NEXT: Final = one_of(*Role, *Mover, said="an agent's role, or who else moves next")
POSITION: Final = one_of(*Position)
SETTINGS: Final = listed(obj(
    name=text(), value=_with("text, number, list or object; what may be a secret is left out", {}),
    set_by=text("`default`, `environment`, or file and line"),
))  # fmt: skip
ITEM: Final = obj(
    repo=text(), number=whole(), kind=KIND, position=POSITION, moves_next=MOVES_NEXT, reason=text("the rule, in words")
)
CHARGED: Final = obj(requests=whole("REST requests that GitHub counts; a 304 is none"), points=whole("of GraphQL"))
DECISION: Final = obj(
    kind=one_of("idle", "dispatch", "repair", "escalate"), repo=maybe(text()), number=maybe(whole()),
    role=maybe(one_of(*Role)), reason=maybe(text()),
)  # fmt: skip
STEERED: Final = obj(repo=text(), number=whole(), changed=flag(), said=text("what came of it"))
STEERED_ALL: Final = obj(repos=listed(obj(repo=text(), changed=flag(), said=text())))
WAITING: Final = obj(
    repo=text(),
    number=whole(),
    kind=KIND,
    title=text(),
    position=POSITION,
    what=text("the question, or the condition"),
    what_you_can_do=text(),
    until=maybe(whole("seconds since the epoch")),
)
SUM: Final = {"runs": whole("of agents"), "cost_usd": number(), "tokens": whole()}
NOTES: Final = listed(text(), "what else a person should know")
PROBLEMS: Final = listed(text(), "what could not be looked at")

# ---- the table ------------------------------------------------------------------------------------------------------

SHAPES: Final[Mapping[str, Schema]] = {
    "init": obj(
        repo=text(), dry_run=flag(), changed=flag(),
        steps=listed(obj(
            kind=one_of("label", "file", "config"), name=text(),
            action=one_of("keep", "create", "add", "proposed", said="with `dry_run`, what would be done"),
        )),
        pull=maybe(whole("the open pull request that brings the files")),
        commit=maybe(text("the commit that brought the files")),
    ),
    "doctor": obj(
        exit=EXIT, counts=obj(ok=whole(), warn=whole(), fail=whole()),
        checks=listed(obj(
            name=text(), status=one_of("ok", "warn", "fail"), repo=maybe(text("null for what is this machine's")),
            text=text(), mend=maybe(text("what mends it")),
        )),
        problems=PROBLEMS,
    ),
    "new": obj(
        repo=maybe(text("null where the text has an error")), dry_run=flag(), changed=flag(),
        problems=listed(obj(title=text(), name=text(), severity=one_of(*Severity), text=text())),
        issues=listed(obj(
            title=text(), number=maybe(whole()), url=maybe(text()), action=one_of("create", "keep"),
            blocked_by=listed(whole()),
        )),
    ),
    "tick": obj(
        exit=EXIT, decision=DECISION, items=listed(ITEM), requests=whole("requests to GitHub"),
        run=maybe(text("the run that was sent")),
        charged=CHARGED,
        acted=listed(obj(kind=text(), repo=text(), number=whole(), reason=text(), done=flag()), "what bee itself did"),
        problems=PROBLEMS,
    ),
    "status": obj(
        exit=EXIT, person_needed=flag(),
        running=listed(obj(
            repo=text(), number=whole(), title=text(), role=text(), run=text(), engine=text(), host=text(),
            since_seconds=whole(), cost_usd=number("of the item, this run included as far as this machine knows"),
            last_line=maybe(text("what its agent said last, where it runs on this machine")),
        )),
        next=maybe(ITEM), waiting=listed(WAITING, "what a person moves next, with the question"),
        held=listed(WAITING, "what waits for something else"), items=listed(ITEM),
        holds=listed(
            obj(kind=text(), text=text(), until=maybe(whole("seconds since the epoch"))), "what holds repositories"
        ),
        spend=listed(obj(
            repo=text(), cost_usd=number(), runs=whole(), usd_per_day=number("0 is no limit"),
            runs_per_day=whole("0 is no limit"),
        ), "today, in UTC"),
        slots=listed(text(), "who holds the agent slots of this machine"),
        markers=mapping(text(), "the texts of PAUSED and ROLLBACK, where they are there"),
        notify_problem=maybe(text("why the last notification did not get through, while `notify` is set")),
        sandbox=text(), heartbeat_seconds=maybe(whole("since a tick last began on this machine")),
        next_tick_seconds=maybe(whole("until the next one is due, by when the last ones were; null: unknown")),
        requests=whole("requests to GitHub"), charged=CHARGED,
        limits=listed(obj(
            resource=text("core is REST"), limit=whole("for an hour"), used=whole("by all that use this account"),
            remaining=whole(), reset=whole("seconds since the epoch"), reserve=whole("what bee leaves to you"),
        ), "of GitHub, as its last answers said"),
        writes_last_hour=whole("to GitHub from this machine, as far as it remembers"),
        problems=PROBLEMS,
    ),
    "why": obj(
        repo=text(), number=whole(), kind=KIND, position=POSITION, moves_next=MOVES_NEXT, rule=text(),
        facts=mapping({}, "the facts the rules looked at, and numbers and names beside them"), what_you_can_do=text(),
    ),
    "log": obj(
        repo=maybe(text("null where several were asked for")), number=maybe(whole("null where one was not asked for")),
        records=listed(obj(
            at=whole("seconds since the epoch"), line=text("the first line of the commit"), repo=text(),
            number=whole(), kind=maybe(one_of(*Kind)), role=maybe(text()), run=maybe(text()),
            outcome=maybe(one_of(*Outcome)), failure=maybe(one_of(*Failure)), note=text(), cost_usd=number(),
        ), "oldest first; kind, role and run are null where this bee cannot read a record"),
    ),
    "cost": obj(
        since=whole("seconds since the epoch; 0 is the beginning"), until=maybe(whole()),
        repos=listed(obj(
            repo=text(), **SUM, usd_per_item=number("the policy's limit; 0 is none"),
            runs_per_item=whole("the policy's limit"),
            usd_per_day=number("this machine's limit; 0 is none"),
            runs_per_day=whole("this machine's limit; 0 is none"),
            items=listed(obj(number=whole(), **SUM)), roles=listed(obj(role=text(), **SUM)),
            days=listed(obj(day=text("in UTC"), **SUM)),
        )),
    ),
    "watchdog": obj(
        heartbeat_at=maybe(whole("seconds since the epoch; null where no tick ever began")),
        age_seconds=maybe(whole()), stale=flag("older than the guard lets it be"),
        suspected=flag("one run of the guard has found it stale; the second alerts"),
        alerts=listed(obj(key=text(), issue=text("owner/name#number"))),
        local_alert=maybe(text("an alert that could not be written to GitHub yet")),
        ticks=listed(text(), "the last lines of tick-history: time, exit code, version"),
    ),
    "logs": obj(
        repo=text(), number=whole(), run=text(), role=text(), engine=text(), model=text(),
        state=one_of("live", "ended", "dead"), outcome=text("empty while it runs"), failure=text(), note=text(),
        turns=whole(), tokens=whole(), cost_usd=number(), raw=text("the file of what the agent printed"),
        runs=listed(text(), "every run on the item that is here, oldest first"),
        entries=listed(obj(
            kind=one_of("message", "thought", "tool", "answer", "error", "output", "verb"),
            at=whole("seconds since the epoch, 0 where the output has no time"), text=text(),
        )),
    ),
    "config": obj(
        config=text("the machine's file"), found=flag("whether it is there"), machine=SETTINGS, environment=SETTINGS,
        repos=listed(obj(
            repo=text(), roles=SETTINGS, policy=SETTINGS, problem=text("why there is no policy; empty where there is"),
        )),
    ),
    **dict.fromkeys(("approve", "request-changes", "cancel", "retry", "override"), STEERED),
    "pause": STEERED,
    "resume": STEERED,
    "pause --all": STEERED_ALL,
    "resume --all": STEERED_ALL,
    "install": obj(
        exit=EXIT, scheduler=text(), files=listed(obj(path=text(), text=text())), changes=listed(text()),
        token=maybe(text("where scheduled ticks find one")), tick=maybe(obj(exit=EXIT, said=listed(text()))),
        notes=NOTES,
    ),
    "uninstall": obj(changes=listed(text()), notes=NOTES),
    "demo": obj(
        issue=whole(), state=text(), merged=listed(whole()), ticks=whole(), runs=whole(), api_requests=whole(),
        seconds=number(),
    ),
}  # fmt: skip
VERSIONS: Final[Mapping[str, int]] = {}  # a shape that is not at version 1


def schema_of(name: str) -> Schema:
    """The published schema of one shape. Raises KeyError for a command without `--json`."""
    shape = SHAPES[name]
    version = {"const": VERSIONS.get(name, 1), "description": "of the shape"}
    return {
        "$schema": DRAFT,
        "title": f"bee {name} --json",
        **shape,
        "properties": {"version": version, **shape["properties"]},
        "required": sorted(["version", *shape["required"]]),
    }


def strict(name: str) -> Schema:
    """The same schema without room for keys that it does not name."""
    made: Schema = _closed(schema_of(name))
    return made


def _closed(part: Any) -> Any:
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(value) for key, value in part.items()}
    return {**closed, "additionalProperties": False} if "properties" in part and "required" in part else closed


def file_name(name: str) -> str:
    """The file of a shape below docs/schemas."""
    return f"{name.replace(' --', '-')}.json"


def files() -> dict[str, str]:
    """The file of every shape, by the words of its command."""
    return {name: file_name(name) for name in SHAPES}


def documents() -> dict[str, str]:
    """Every file of docs/schemas, by name."""
    return {file_name(name): json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n" for name in SHAPES}
