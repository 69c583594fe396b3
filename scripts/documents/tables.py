"""The tables of the documents, made from the code. `bee help` shows them from there.

A document holds them between `<!-- generated:NAME -->` and `<!-- /generated -->`. What the code says (rules, limits,
options, defaults) is read from it; the sentences beside it stand here, and a name without its sentence is an error.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from bee.config import readers, schema
from bee.engines import capabilities as engines
from bee.engines.table import OF_ENGINES
from bee.model import errors, limits, markers
from bee.model.answers import ROWS
from bee.model.labels import Label
from bee.model.outcomes import Failure, Outcome
from bee.model.protected import listed
from bee.model.roles import ROLES, Role
from bee.pipeline import design
from bee.pipeline.grants import GRANTS, GrantChange
from bee.pipeline.positions import AGENT_FILL, BLOCKS, ISSUE_RULES, PULL_RULES, Mover, Position, Rule
from bee.run import agent_cli, prompt
from bee.run.verbs import VERBS, own_verbs, syntaxes
from bee.wording.escalations import CAUSES
from scripts.documents import messages, texts

# ---- Markdown -------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(text: object) -> str:
    """The text as code; nothing for an empty one."""
    return f"`{text}`" if str(text) else ""


def said_of(known: Mapping[str, str], names: Iterable[str], where: str) -> dict[str, str]:
    """The sentence of each name. Raises LookupError when one is missing, or speaks of nothing."""
    wanted = list(names)
    wrong = sorted(set(wanted) ^ set(known))
    if wrong:
        raise LookupError(f"scripts/documents/texts.py, {where}: a sentence is missing or left over for {wrong}")
    return {name: known[name] for name in wanted}


# ---- positions ------------------------------------------------------------------------------------------------------


def _positions(rules: Sequence[Rule]) -> str:
    rows = [
        (str(number), code(rule.position), rule.name, f"**{rule.mover}**", rule.advice.format(number="N"))
        for number, rule in enumerate(rules, 1)
    ]
    return table(("", "position", "when", "who moves next", "what a person can do"), rows)


def _asking() -> str:
    """The rows of both tables where a person moves next."""
    rules = {rule.name: rule for rule in (*ISSUE_RULES, *PULL_RULES) if rule.mover is Mover.PERSON}
    rows = [(code(rule.position), name, rule.advice.format(number="N")) for name, rule in rules.items()]
    return table(("position", "when", "what it needs from you"), rows)


def _history() -> str:
    return table(("position", "when"), [(code(row.position), row.name) for row in BLOCKS])


def _colour(position: Position) -> str:
    movers = [rule.mover for rule in (*ISSUE_RULES, *PULL_RULES) if rule.position is position]
    return "agent" if isinstance(movers[0], Role) else str(movers[0])


def edges(rules: Sequence[Rule]) -> texts.Edges:
    """What the rows of a table lead to, as a diagram draws it."""
    return tuple((str(rule.position), why, str(to)) for rule in rules for why, to in rule.leads)


def _diagram(edges: texts.Edges) -> str:
    names = dict.fromkeys(name for start, _, end in edges for name in (start, end))
    lines = ["```mermaid", "flowchart TD"]
    lines += [f"  {name.replace('-', '_')}([{name}]):::{_colour(Position(name))}" for name in names]
    lines += [f"  {a.replace('-', '_')} -- {why} --> {b.replace('-', '_')}" for a, why, b in edges]
    fills = {"agent": AGENT_FILL, **{str(mover): mover.fill for mover in Mover}}
    lines += [f"  classDef {name} fill:{fill},stroke:#57606a,color:#1f2328" for name, fill in fills.items()]
    return "\n".join([*lines, "```", "", texts.LEGEND])


# ---- labels, roles, outcomes, markers -------------------------------------------------------------------------------


def _labels() -> str:
    rows = [(code(one), one.description, one.set_by, code(one.color and f"#{one.color}")) for one in Label]
    return table(("label", "meaning", "set by", "colour"), rows)


def _roles() -> str:
    rows = []
    for role, row in ROLES.items():
        moved = dict.fromkeys(str(rule.position) for rule in (*ISSUE_RULES, *PULL_RULES) if rule.mover is role)
        session = "only for judgement" if row.mechanical else "always"
        commits = "tests only" if row.tests_only else "yes" if row.writes_code else "no"
        times = f"{row.minutes_total} / {row.minutes_silent}"
        places, verbs = (", ".join(map(code, names)) for names in (moved, own_verbs(role)))
        rows.append((f"**{role}**", places, verbs, times, commits, session))
    head = ("role", "moves", "its verbs", "minutes: total / silent", "hands in commits", "an agent's session")
    return table(head, rows)


def _outcomes() -> str:
    return table(("outcome", "what changed"), [(code(outcome), outcome.meaning) for outcome in Outcome])


def _causes() -> str:
    rows = [(code(cause), text.meaning, text.recommends) for cause, text in CAUSES.items()]
    return table(("code", "what happened", "what bee recommends"), rows)


def _failures() -> str:
    return table(("failure", "what happened"), [(code(failure), failure.meaning) for failure in Failure])


def _design_parts() -> str:
    """What the linter of design docs looks for."""
    rows = []
    for part in design.PARTS:
        names = [*(heading for heading, _ in part.form), *part.synonyms]
        holds = " ".join(asks for _, asks in part.form)
        rows.append((part.name, ", ".join(code(f"## {name}") for name in names), holds, str(part.severity)))
    return table(("part", "headings", "what belongs there", "when it is missing"), rows)


def _markers() -> str:
    rows = [(code(f"bee:{name}"), *said) for name, said in markers.KNOWN.items()]
    return table(("marker", "values", "written by", "effect"), rows)


# ---- configuration --------------------------------------------------------------------------------------------------


def _grants() -> str:
    rows = [
        [str(grant), row.about, *(str(row.cells[change]) for change in GrantChange)] for grant, row in GRANTS.items()
    ]
    return table(("what grants", "what it is about", *map(str, GrantChange)), rows)


def _shown(value: Any) -> str:
    if isinstance(value, tuple | frozenset | Mapping):
        parts = list(value)
        return ", ".join(map(code, parts)) if len(parts) <= 3 else f"{len(parts)} patterns, see below"
    return code(f"{value:g}" if isinstance(value, float) else value)


def _keys(kind: type[Any]) -> str:
    defaults = {field.name: _default(field) for field in dataclasses.fields(kind)}
    rows = []
    for name, key in readers.keys_of(kind).items():
        # a role's gaps are filled from elsewhere, and what must be written has no default
        unset = key.required or kind is schema.RoleSettings
        rows.append((code(name), key.reader.accepts, "" if unset else _shown(defaults[name]), key.meaning))
    return table(("key", "value", "default", "meaning"), rows)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is dataclasses.MISSING:
        return ""
    return "" if dataclasses.is_dataclass(field.default) else field.default


def _context() -> str:
    """What an agent is given to read, and how much of each."""
    said = said_of(prompt._FILE_TEXTS, limits.CONTEXT_BYTES_MAX, "prompt._FILE_TEXTS")
    rows = [(code(name), sentence, f"{limits.CONTEXT_BYTES_MAX[name]:,}") for name, sentence in said.items()]
    return table(("file", "what it is", "bytes at most"), rows)


def _protected() -> str:
    rows = [
        (row.obeyed_by, "yes" if row.from_base else "", ", ".join(map(code, row.patterns)))
        for row in listed(OF_ENGINES)
    ]
    return table(("obeyed by", "the base's in a clone", "patterns"), rows)


def _bounds() -> str:
    rows = [
        (code(name), ", ".join(f"{part:,}" for part in (value if isinstance(value, tuple) else (value,))))
        for name, value in vars(limits).items()
        if name.isupper() and name not in texts.BOUNDS_ELSEWHERE
    ]
    return table(("bound", "value"), rows)


# ---- the command line -----------------------------------------------------------------------------------------------


def verb_parsers() -> dict[str, argparse.ArgumentParser]:
    """The parsers of the verbs an agent has in session."""
    [verbs] = [
        action for action in agent_cli.parser(syntaxes())._actions if isinstance(action, argparse._SubParsersAction)
    ]
    return dict(verbs.choices)


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The arguments of a parser that its users see."""
    return [a for a in parser._actions if a.help != argparse.SUPPRESS and not isinstance(a, argparse._HelpAction)]


def bare(action: argparse.Action) -> str:
    """An argument as a person types it."""
    value = str(action.metavar or "|".join(map(str, action.choices or ())) or action.dest)
    if not action.option_strings:
        return value
    return action.option_strings[-1] if action.nargs == 0 else f"{action.option_strings[-1]} {value}"


def written(action: argparse.Action) -> str:
    """An argument as a usage line shows it."""
    return bare(action) if action.required and action.nargs != "?" else f"[{bare(action)}]"


def usage(parser: argparse.ArgumentParser) -> str:
    """The usage line of a parser."""
    grouped = {id(a): group for group in parser._mutually_exclusive_groups for a in group._group_actions}
    parts: list[str] = []
    for action in sorted(arguments(parser), key=lambda a: bool(a.option_strings)):
        group = grouped.get(id(action))
        if group is None:
            parts.append(written(action))
        elif action is group._group_actions[0]:
            choices = " | ".join(map(bare, group._group_actions))
            parts.append(f"({choices})" if group.required else f"[{choices}]")
    return " ".join([parser.prog, *parts])


def _verbs() -> str:
    rows = []
    for name, parser in verb_parsers().items():
        roles = VERBS[name].roles
        subs = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        usages = [usage(sub) for sub in subs[0].choices.values()] if subs else [usage(parser)]
        who = "every role" if len(roles) == len(Role) else ", ".join(roles)
        rows.append((who, "<br>".join(map(code, usages)), (parser.description or "").replace("\n", " ")))
    return table(("role", "verb", "meaning"), rows)


def _errors() -> str:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.BeeError)]
    rows = sorted((str(kind.exit_code), kind.__name__, _first(kind)) for kind in kinds if kind is not errors.BeeError)
    return table(("exit", "error", "meaning"), [(code, f"`{name}`", text) for code, name, text in rows])


def _first(kind: type[Any]) -> str:
    return inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _answers() -> str:
    rows = []
    for row in ROWS:
        source = (
            f"[{'documented' if '//docs.github.com' in row.source else 'seen'}]({row.source})" if row.source else ""
        )
        rows.append((row.name, code(row.error.__name__), str(row.does), source))
    return table(("what GitHub says", "error", "what bee does", "source"), rows)


def _alerts() -> str:
    titles = dict(messages.alerts_said())
    said = said_of(texts.ALERTS, titles, "ALERTS")
    return table(("issue", "what to do"), [(titles[name], sentence) for name, sentence in said.items()])


MAKERS: Final[dict[str, Callable[[], str]]] = {
    "flow": lambda: _diagram(texts.FLOW),
    "diagram-issue": lambda: _diagram(edges(ISSUE_RULES)),
    "diagram-pull": lambda: _diagram(edges(PULL_RULES)),
    "positions-issue": lambda: _positions(ISSUE_RULES),
    "positions-pull": lambda: _positions(PULL_RULES),
    "positions-history": _history,
    "positions-person": _asking,
    "labels": _labels,
    "roles": _roles,
    "outcomes": _outcomes,
    "failures": _failures,
    "markers": _markers,
    "grants": _grants,
    "design-parts": _design_parts,
    "verbs": _verbs,
    "causes": _causes,
    "settings": lambda: _keys(schema.Settings),
    "settings-role": lambda: _keys(schema.RoleSettings),
    "policy": lambda: _keys(schema.Policy),
    "policy-limits": lambda: _keys(schema.PolicyLimits),
    "protected": _protected,
    "bounds": _bounds,
    "context": _context,
    "engines": lambda: table(*engines.capabilities()),
    "presets": lambda: table(*engines.presets()),
    "prices": lambda: table(*engines.prices()),
    "errors": _errors,
    "messages": lambda: table(("exit", "error", "message", "what to do"), messages.rows()),
    "alerts": _alerts,
    "answers": _answers,
    "exits": lambda: table(("code", "meaning"), texts.EXITS),
    "environment": lambda: table(("variable", "meaning"), texts.ENVIRONMENT),
}
