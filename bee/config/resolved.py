"""Every setting as it counts here, with the file and line that set it. Pure; secrets are left out of what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from bee.config.network import MODEL, agreed
from bee.config.schema import Policy, Settings
from bee.model.roles import ROLES, Role
from bee.model.text import secrets_in

if TYPE_CHECKING:  # a tick where nothing changed parses no YAML
    from bee.config.yaml import YamlNode

DEFAULT: Final = "default"
HIDDEN: Final = "(hidden)"
_SECRET_NAME: Final = re.compile(r"key|token|secret|passw|auth", re.IGNORECASE)
# A header or an assignment in a word of its own, as curl and env take them.
_SECRET_SAID: Final = re.compile(r"(?:key|token|secret|password|authorization|bearer)\s?[:= ]\s?\S", re.IGNORECASE)
_ELSEWHERE: Final = frozenset({"roles", "per_repo"})


@dataclass(frozen=True, slots=True)
class Value:
    """One setting, by its dotted name."""

    name: str
    value: Any
    """text, number, list or object; what may be a secret is left out"""
    set_by: str
    """`default`, `environment`, or file and line"""


def of_machine(settings: Settings, tree: YamlNode | None, path: str) -> list[Value]:
    """What `config.yml` says of the machine as a whole; `tree` is the parsed file, None where there is none."""
    return [
        Value(part.name, shown(getattr(settings, part.name), part.name), _set_by(tree, path, (), part.name))
        for part in fields(Settings)
        if part.name not in _ELSEWHERE
    ]


def of_roles(
    settings: Settings, tree: YamlNode | None, path: str, repo: str, policy: Policy | None = None
) -> list[Value]:
    """How each role is played in a repository on this machine; the network as the policy narrows it."""
    found = []
    for role in Role:
        for name, (value, keys) in settings.chosen(role, repo).items():
            said = DEFAULT if keys is None else _set_by(tree, path, keys, name)
            if name == "network":
                theirs = policy.network.get(role, "") if policy else ""
                value, own = agreed(value, theirs), value
                if keys is None and theirs != "":
                    said = "the policy"
                elif value != own and keys is not None:
                    said = f"{said}, narrowed by the policy"
            found.append(Value(f"{role}.{name}", shown(value, name), said))
    return found


def of_policy(policy: Policy, tree: YamlNode, path: str) -> list[Value]:
    """What the repository's own policy says."""
    found = []
    for part in fields(Policy):
        value = getattr(policy, part.name)
        if is_dataclass(value) and not isinstance(value, type):
            inner = [(f"{part.name}.{one.name}", getattr(value, one.name), one.name) for one in fields(value)]
            found += [Value(name, shown(v, key), _set_by(tree, path, (part.name,), key)) for name, v, key in inner]
        elif part.name != "roles":  # below, role by role
            found.append(Value(part.name, shown(value, part.name), _set_by(tree, path, (), part.name)))
    for role in Role:
        if ROLES[role].mechanical:
            session = "needed" if role in policy.lean else "always"
            by = _set_by(tree, path, ("roles", role.value), "session")
            found.append(Value(f"roles.{role}.session", session, by))
        if role in policy.network:
            by = _set_by(tree, path, ("roles", role.value), "network")
            found.append(Value(f"roles.{role}.network", shown(policy.network[role], "network"), by))
    return found


def _set_by(tree: YamlNode | None, path: str, keys: Sequence[str], name: str) -> str:
    """The file and line of a key; names of repositories are compared without case."""
    line = 0
    for key in (*keys, name):
        known = tree.value if tree is not None and isinstance(tree.value, dict) else {}
        meant = next((one for one in known if one.lower() == key.lower()), None)
        if tree is None or meant is None:
            return f"{path}:{line}" if line and tree is not None and not isinstance(tree.value, dict) else DEFAULT
        line, tree = tree.key_lines.get(meant, tree.line), known[meant]
    return f"{path}:{line}"


def shown(value: Any, name: str = "") -> Any:
    """A value as JSON has it, without what may be a secret."""
    if isinstance(value, Mapping):
        return {str(key): shown(part, str(key)) for key, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if name == "network" and value == ():
        return MODEL
    if isinstance(value, list | tuple):
        return _words([shown(part, name) for part in value])
    if isinstance(value, str):
        return _text(value, whole=name != "notify")
    return value


def _words(words: Iterable[Any]) -> list[Any]:
    """Arguments: what follows `--api-key`, or stands behind `--api-key=`, is hidden."""
    kept: list[Any] = []
    hide = False
    for word in words:
        if hide:
            word = HIDDEN
        name, sign, _ = word.partition("=") if isinstance(word, str) else ("", "", "")
        flag = name.startswith("-") and _SECRET_NAME.search(name) is not None
        hide = flag and not sign
        kept.append(f"{name}={HIDDEN}" if flag and sign else word)
    return kept


def _text(text: str, whole: bool) -> str:
    """An address without its user, password and query (and for a webhook, without its path)."""
    address = "://" in text and not re.search(r"\s", text)
    if secrets_in(text) or (not address and _SECRET_SAID.search(text)):
        return HIDDEN
    if not address:
        return text
    url = urlsplit(text)
    host = url.netloc.rpartition("@")[2]
    bare = f"{url.scheme}://{host}{url.path if whole else ''}"
    return bare if bare == text else f"{bare} {HIDDEN}"
