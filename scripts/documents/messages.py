"""Every message a person can get, found in the code itself: errors where they are raised, alerts where they are worded.

Read from the sources. What to do stands in `texts`; a message without it, or a raise that the sources do not spell out
and `texts.UNSPELLED` does not explain, is an error.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.model import errors
from bee.wording import refusals
from bee.wording import texts as wording
from scripts.documents import texts

CODE: Final = Path(__file__).resolve().parents[2] / "bee"
# Not for people at a terminal: agents' refusals are answers in session, the demo and the forge are worlds of their own.
IN_SESSION: Final = frozenset({"Refusal"})
ELSEWHERE: Final = frozenset({"forge", "demo"})
KINDS: Final = {
    name: kind for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.BeeError)
}
_TEXT_AT: Final = {"ConfigError": 2, "RefusedError": 1, "RuleError": 1}


@dataclass(frozen=True, slots=True)
class Message:
    """One error's text, with `…` where it names something, and where it is made (`module:function`)."""

    kind: str
    text: str
    where: str

    @property
    def exit(self) -> int:
        """What the process ends with."""
        return KINDS[self.kind].exit_code


def errors_said(root: Path = CODE, explained: Mapping[str, str] = texts.UNSPELLED) -> list[Message]:
    """Every error's text. Raises LookupError for one that is not spelled out and not explained."""
    found, unspelled = [], set()
    for path in sorted(root.rglob("*.py")):
        if ELSEWHERE & set(path.relative_to(root).parts):
            continue
        for where, call in _errors_in(path, root):
            kind = _name(call)
            template = _template(_text_of(call, kind))
            if template is None:
                unspelled.add(where)
                template = explained.get(where, "")
            found.append(Message(kind, " ".join(template.split()), where))
    wrong = sorted(unspelled ^ set(explained))
    if wrong:
        raise LookupError(f"scripts/documents/texts.py, UNSPELLED: a text is missing or left over for {wrong}")
    unique = {(one.kind, one.text): one for one in found if one.text}
    return sorted(unique.values(), key=lambda one: (one.exit, one.kind, one.text.lower()))


def alerts_said() -> list[tuple[str, str]]:
    """(name, title) of every alert: the functions of `wording` that make a title and a text."""
    found = []
    for node in (node for module in (wording, refusals) for node in ast.parse(inspect.getsource(module)).body):
        if isinstance(node, ast.FunctionDef) and node.returns and ast.unparse(node.returns) == "tuple[str, str]":
            [made] = [one.value for one in ast.walk(node) if isinstance(one, ast.Return)]
            title = _template(made.elts[0]) if isinstance(made, ast.Tuple) else None
            found.append((node.name, title or node.name))
    return found


def rows(what_to_do: Mapping[str, str] = texts.WHAT_TO_DO) -> list[Sequence[str]]:
    """The table of errors: exit, kind, message, what to do."""
    said = errors_said()
    missing = sorted({one.kind for one in said} ^ set(what_to_do))
    if missing:
        raise LookupError(f"scripts/documents/texts.py, WHAT_TO_DO: a sentence is missing or left over for {missing}")
    return [(str(one.exit), f"`{one.kind}`", one.text, what_to_do[one.kind]) for one in said]


def _errors_in(path: Path, root: Path) -> Iterator[tuple[str, ast.Call]]:
    module = str(path.relative_to(root).with_suffix("")).replace("/", ".")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        inner = {id(part) for node in ast.walk(function) if isinstance(node, ast.FunctionDef) and node is not function
                 for part in ast.walk(node)}  # fmt: skip
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and _name(node) in set(KINDS) - IN_SESSION and id(node) not in inner:
                yield f"{module}:{function.name}", node


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _text_of(call: ast.Call, kind: str) -> ast.expr | None:
    at = _TEXT_AT.get(kind, 0)
    return call.args[at] if len(call.args) > at else None


def _template(node: ast.expr | None) -> str | None:
    """The text that an expression makes, `…` for what it fills in; None where it is not spelled out there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp):
        left, right = _template(node.left), _template(node.right)
        return f"{left}{right if right is not None else '…'}" if left is not None else None
    if isinstance(node, ast.IfExp):
        first, second = _template(node.body), _template(node.orelse)
        return f"{first} / {second}" if first and second else None
    return None
