"""How a value of a configuration file is read: strictly, with file, line and the nearest key in every error. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bee.config.network import MODEL, NONE, OPEN, Network, is_host, is_private_name
from bee.config.notify import ways_of
from bee.model.errors import ConfigError
from bee.model.roles import Role

if TYPE_CHECKING:  # a tick where nothing changed parses no YAML
    from bee.config.yaml import YamlNode

REPO_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
T = TypeVar("T")
_KEY: Final = "key"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What is bee's own, or GitHub's: no agent gets a credential of either, and bee itself says the rest.
_OWN_VARIABLE: Final = re.compile(
    r"(?:BEE|GIT|GITHUB|GH|ACTIONS)_.*|COPILOT_GITHUB_TOKEN|PATH|HOME|TMPDIR|LD_.*|DYLD_.*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reader:
    """How a value is read: raises ConfigError with file and line. `accepts` says in the documents what it takes."""

    read: Callable[[str, YamlNode], Any]
    accepts: str = "keys, see below"


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """What is known of a key beside its default, which is its field's: how it is read, and what it means."""

    reader: Reader
    meaning: str
    required: bool = False


def key(default: Any, reader: Reader, meaning: str = "", required: bool = False) -> Any:
    """A field that a configuration file may set: this one row is all that a new key takes."""
    metadata = {_KEY: ConfigKey(reader, meaning, required)}
    return field(default_factory=dict, metadata=metadata) if default is dict else field(
        default=default, metadata=metadata
    )  # fmt: skip


def keys_of(kind: type[Any]) -> dict[str, ConfigKey]:
    """The keys of a section, by the fields of what it makes."""
    return {part.name: part.metadata[_KEY] for part in fields(kind)}


# ---- reading -----------------------------------------------------------------------------------------------------


def is_repo_name(name: str) -> bool:
    """Whether it is `owner/name`."""
    return REPO_NAME.fullmatch(name) is not None and not name.endswith(("/.", "/.."))


def check_repo_name(name: str) -> str:
    """The name, when it is `owner/name`. Raises ConfigError without a line."""
    if not is_repo_name(name):
        raise ConfigError("--repo", None, f"{name!r} is not a repository: write owner/name")
    return name


def _known(path: str, node: YamlNode, names: Sequence[str]) -> dict[str, YamlNode]:
    """The keys that are written, each of them one of `names`."""
    assert isinstance(node.value, dict)
    for name in node.value:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1, 0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"valid keys: {', '.join(names)}"
            raise ConfigError(path, node.key_lines.get(name, node.line), f"unknown key `{name}`; {hint}")
    return node.value


def read_file(path: str, node: YamlNode, kind: type[T]) -> T:
    """A whole file, as the keys of what it makes. Raises ConfigError."""
    if not isinstance(node.value, dict):
        raise ConfigError(path, node.line, "expected keys and values here, such as `version: 1`")
    keys = keys_of(kind)
    written = _known(path, node, ["version", *keys])
    version = written.get("version")
    if version is None or version.value != 1 or not isinstance(version.value, int) or version.value is True:
        line = version.line if version else node.line
        raise ConfigError(path, line, "write `version: 1`; this bee knows no other version")
    for name, key_ in keys.items():
        if key_.required and name not in written:
            raise ConfigError(path, node.line, f"`{name}` is missing; `intake: all` or `intake: opted-in`")
    return kind(**{name: keys[name].reader.read(path, part) for name, part in written.items() if name in keys})


def _part(make: Callable[..., T], readers: Mapping[str, Reader]) -> Callable[[str, YamlNode], T]:
    def read(path: str, node: YamlNode) -> T:
        if not isinstance(node.value, dict):
            raise ConfigError(path, node.line, f"expected keys here: {', '.join(readers)}")
        written = _known(path, node, list(readers))
        return make(**{name: readers[name].read(path, part) for name, part in written.items()})

    return read


def section(kind: type[Any]) -> Reader:
    """The keys of a section, read into what it makes."""
    return Reader(_part(kind, {name: key_.reader for name, key_ in keys_of(kind).items()}))


def by_role(kind: type[Any]) -> Reader:
    """By role, the keys of a section."""

    def made(**roles: Any) -> dict[Role, Any]:
        return {Role(name): value for name, value in roles.items()}

    return Reader(_part(made, {role.value: section(kind) for role in Role}))


def _text(path: str, node: YamlNode) -> str:
    if not isinstance(node.value, str):
        raise ConfigError(path, node.line, f"expected text, found {node.value!r}")
    return node.value


def _yes_no(path: str, node: YamlNode) -> bool:
    if not isinstance(node.value, bool):
        raise ConfigError(path, node.line, f"expected true or false, found {node.value!r}")
    return node.value


def one_of(*choices: str) -> Reader:
    """One of these words."""

    def read(path: str, node: YamlNode) -> str:
        if node.value not in choices:
            near = difflib.get_close_matches(str(node.value), choices, 1, 0.5)
            hint = f"did you mean `{near[0]}`? " if near else ""
            raise ConfigError(path, node.line, f"`{node.value}` is not a choice; {hint}one of: {', '.join(choices)}")
        return str(node.value)

    return Reader(read, " or ".join(f"`{choice}`" for choice in choices))


def number(lowest: int, highest: int, whole: bool = True) -> Reader:
    """A number within bounds."""
    kind = "whole number" if whole else "number"

    def read(path: str, node: YamlNode) -> float:
        value = node.value
        good = isinstance(value, int) or (isinstance(value, float) and not whole)
        if not good or isinstance(value, bool) or not lowest <= float(str(value)) <= highest:
            raise ConfigError(path, node.line, f"expected a {kind} from {lowest} to {highest}, found {value!r}")
        return int(str(value)) if whole else float(str(value))

    return Reader(read, f"{kind}, {lowest:,} to {highest:,}")


def _texts(path: str, node: YamlNode) -> tuple[str, ...]:
    if not isinstance(node.value, list):
        raise ConfigError(path, node.line, "expected a list, such as [one, two]")
    return tuple(_text(path, part) for part in node.value)


def _commands(path: str, node: YamlNode) -> tuple[str, ...]:
    """One command or several. None at all would pass E2E without testing anything."""
    commands = _texts(path, node) if isinstance(node.value, list) else (_text(path, node),)
    if not commands or not all(command.strip() for command in commands):
        raise ConfigError(path, node.line, "write at least one command here, and none that is empty")
    return commands


def _variables(path: str, node: YamlNode) -> tuple[str, ...]:
    names = _texts(path, node)
    for name, part in zip(names, _parts(node), strict=True):
        if not _VARIABLE.fullmatch(name):
            raise ConfigError(path, part.line, f"{name!r} is not a variable's name: its value stays in the environment")
        if _OWN_VARIABLE.fullmatch(name):
            raise ConfigError(path, part.line, f"{name} is bee's own or GitHub's: no agent gets it")
    return names


def _logins(path: str, node: YamlNode) -> frozenset[str]:
    return frozenset(login.lower().removeprefix("@") for login in _texts(path, node))


def _repos(path: str, node: YamlNode) -> tuple[str, ...]:
    names = _texts(path, node)
    for name, part in zip(names, node.value if isinstance(node.value, list) else (), strict=True):
        if not is_repo_name(name):
            raise ConfigError(path, part.line, f"{name!r} is not a repository: write owner/name")
    return tuple(dict.fromkeys(names))


def _repo(path: str, node: YamlNode) -> str:
    name = _text(path, node)
    if not is_repo_name(name):
        raise ConfigError(path, node.line, f"{name!r} is not a repository: write owner/name")
    return name


def _engine(path: str, node: YamlNode) -> str | tuple[str, ...]:
    return _command(path, node) if isinstance(node.value, dict) else _text(path, node)


def _command(path: str, node: YamlNode) -> tuple[str, ...]:
    command: tuple[str, ...] = _part(lambda command=(): command, {"command": TEXTS})(path, node)
    if not command:
        raise ConfigError(path, node.line, "`command` is empty: write [program, argument, …]")
    return command


def _prices(path: str, node: YamlNode) -> dict[str, tuple[float, float, float]]:
    """By model: US dollars for a million tokens read, read from the cache, and written."""
    if not isinstance(node.value, dict):
        raise ConfigError(path, node.line, "expected models with their prices, such as `my-model: [1.25, 0.125, 10]`")
    read = number(0, 10_000, whole=False).read
    found = {}
    for model, value in node.value.items():
        if not isinstance(value.value, list) or len(value.value) != 3:
            raise ConfigError(path, value.line, f"`{model}` takes three numbers: [read, read from the cache, written]")
        new, cached, written = (float(read(path, part)) for part in value.value)
        found[model] = (new, cached, written)
    return found


def _network(path: str, node: YamlNode) -> Network:
    """`model` (nothing but the model server), `open`, `none`, or a list of hosts to add."""
    if isinstance(node.value, list):
        return _hosts(path, node)
    word = str(one_of(MODEL, OPEN, NONE).read(path, node))
    return () if word == MODEL else word


def _hosts(path: str, node: YamlNode) -> tuple[str, ...]:
    names = _texts(path, node)
    for name, part in zip(names, _parts(node), strict=True):
        if not is_host(name):
            raise ConfigError(path, part.line, f"{name!r} is not a host: write host, host:port, *.domain, or *")
    return names


def _public(read: Callable[[str, YamlNode], T]) -> Callable[[str, YamlNode], T]:
    """The reader for a repository's policy, which can never name this machine or what is near it."""

    def checked(path: str, node: YamlNode) -> T:
        found = read(path, node)
        for part in _parts(node):
            if is_private_name(str(part.value)):
                raise ConfigError(path, part.line, f"{part.value} is private: only config.yml of a machine may name it")
        return found

    return checked


def _parts(node: YamlNode) -> list[YamlNode]:
    return node.value if isinstance(node.value, list) else []


TEXT: Final = Reader(_text, "text")
TEXTS: Final = Reader(_texts, "list of texts")
YES_NO: Final = Reader(_yes_no, "`true` or `false`")
LOGINS: Final = Reader(_logins, "list of logins")
VARIABLES: Final = Reader(_variables, "list of names")
COMMANDS: Final = Reader(_commands, "text, or list of texts")
REPO: Final = Reader(_repo, "`owner/name`")
REPOS: Final = Reader(_repos, "list of `owner/name`")
ENGINE: Final = Reader(_engine, "a name, or `{command: [program, argument]}`")
TOKEN: Final = Reader(_command, "`{command: [program, argument]}`")
NETWORK: Final = Reader(_network, "`model`, `open`, `none`, or list of hosts")
PUBLIC_NETWORK: Final = Reader(_public(_network), NETWORK.accepts)
PUBLIC_HOSTS: Final = Reader(_public(_hosts), "list of hosts")
PRICES: Final = Reader(_prices, "by model, a list of three numbers")
NOTIFY: Final = Reader(ways_of, "`desktop`, an address, `{command: [program, argument]}`, or a list of these")
