"""The two configuration files, checked strictly: an unknown key is an error with file, line and nearest key. Pure.

`config.yml` is this machine's (`Settings`); `.github/bee.yml` is the repository's (`Policy`), read on its
default branch only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar

from bee.config.network import NONE, OPEN, Network, is_host
from bee.config.notify import Way, ways_of
from bee.config.tree import Tree
from bee.model import limits
from bee.model.errors import ConfigError
from bee.model.roles import ROLES, Role

POLICY_PATH: Final = ".github/bee.yml"
PROMPT_PATHS: Final = ".github/bee/**"
REPO_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
PROTECTED_DEFAULT: Final = (
    # what GitHub, other services and people's tools run by themselves
    ".github/**", "**/CODEOWNERS", "**/.gitmodules", "**/.gitattributes", ".gitlab-ci.yml", ".circleci/**",
    "Jenkinsfile", "azure-pipelines.yml", ".husky/**", ".pre-commit-config.yaml", ".devcontainer/**", ".vscode/**",
    ".idea/**", "**/.npmrc", "**/.envrc", "**/gradle/wrapper/**",
    # what agents obey, at any depth
    "**/CLAUDE*.md", "**/AGENTS*.md", "**/GEMINI.md", "**/.claude/**", "**/.codex/**", "**/.gemini/**",
    "**/.cursor/**", "**/.cursorrules", "**/.windsurfrules", "**/.mcp.json",
    # what says exactly which foreign code is run
    "**/package-lock.json", "**/npm-shrinkwrap.json", "**/yarn.lock", "**/pnpm-lock.yaml", "**/bun.lock",
    "**/bun.lockb", "**/poetry.lock", "**/pdm.lock", "**/uv.lock", "**/Pipfile.lock", "**/Cargo.lock", "**/go.sum",
    "**/Gemfile.lock", "**/composer.lock", "**/flake.lock",
)  # fmt: skip

T = TypeVar("T")
Reader = Callable[[str, Tree], Any]


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """The `trust` part of the repository policy: logins in lower case."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    bots: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """How one role is played. `engine` is a name, or an argv for the `command` engine; minutes, USD."""

    engine: str | tuple[str, ...] | None = None
    model: str = ""
    minutes: int = 0
    minutes_silent: int = 0
    usd: float = 0.0
    args: tuple[str, ...] = ()
    base_url: str = ""
    network: Network = ""


# What belongs to an engine, and means nothing to another.
_OF_ENGINE: Final = frozenset({"engine", "model", "args", "base_url"})
Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepoSettings:
    """How one repository is played on this machine, where that differs."""

    engine: str | tuple[str, ...] | None = None
    roles: Mapping[Role, RoleSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """This machine's configuration."""

    repos: tuple[str, ...] = ()
    engine: str | tuple[str, ...] = "claude"
    roles: Mapping[Role, RoleSettings] = field(default_factory=dict)
    slots: int = 1
    sandbox: str = "required"
    usd_per_day: float = limits.USD_PER_DAY_MAX
    runs_per_day: int = limits.RUNS_PER_DAY_MAX
    notify: tuple[Way, ...] = ()
    prices: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    per_repo: Mapping[str, RepoSettings] = field(default_factory=dict)  # by the name in lower case

    def role(self, role: Role, repo: str = "") -> RoleSettings:
        """The settings of a role (in a repository), every gap filled from the defaults."""
        return RoleSettings(**{name: value for name, (value, _) in self.chosen(role, repo).items()})

    def chosen(self, role: Role, repo: str = "") -> dict[str, tuple[Any, Keys | None]]:
        """Each setting of a role: its value, and the keys of the section that set it (None: nobody did).

        The nearest section wins. What belongs to an engine is never taken from a section further away than the one
        that named the engine: another engine's model means nothing to it.
        """
        layers = self._layers(role, repo)
        named = next(index for index, (_, layer) in enumerate(layers) if layer.engine is not None)
        row = ROLES[role]
        gaps = {"minutes": row.minutes_total, "minutes_silent": row.minutes_silent, "network": OPEN}
        found: dict[str, tuple[Any, Keys | None]] = {}
        for part in fields(RoleSettings):
            near = layers[: named + 1] if part.name in _OF_ENGINE else layers
            said = ((getattr(layer, part.name), keys) for keys, layer in near)
            nobody = (gaps.get(part.name, part.default), None)
            found[part.name] = next(((value, keys) for value, keys in said if value != part.default), nobody)
        return found

    def _layers(self, role: Role, repo: str) -> list[tuple[Keys, RoleSettings]]:
        own, place = self.per_repo.get(repo.lower(), RepoSettings()), ("per_repo", repo.lower())
        return [
            ((*place, "roles", role.value), own.roles.get(role, RoleSettings())),
            (place, RoleSettings(own.engine)),
            (("roles", role.value), self.roles.get(role, RoleSettings())),
            ((), RoleSettings(self.engine)),
        ]


@dataclass(frozen=True, slots=True)
class PolicyLimits:
    """Bounds a repository may set."""

    failures: int = limits.FAILURES_MAX
    review_rounds: int = limits.REVIEW_ROUNDS_MAX
    usd_per_item: float = limits.USD_PER_ITEM_MAX
    runs_per_item: int = limits.RUNS_PER_ITEM_MAX
    checks_minutes: int = limits.CHECKS_PENDING_MINUTES_MAX
    diff_files: int = limits.DIFF_FILES_MAX
    diff_bytes: int = limits.DIFF_BYTES_MAX
    verify_minutes: int = limits.VERIFY_SECONDS_MAX // 60


@dataclass(frozen=True, slots=True)
class Policy:
    """The repository's policy."""

    intake: str = "opted-in"
    verify: tuple[str, ...] = ("sh tests/e2e/verify.sh",)
    plan_approval: str = "human"
    merge_method: str = "squash"
    protected_paths: tuple[str, ...] = PROTECTED_DEFAULT
    protected_paths_add: tuple[str, ...] = ()
    secrets_allowed_in: tuple[str, ...] = ()
    trust: TrustPolicy = TrustPolicy()
    limits: PolicyLimits = PolicyLimits()
    lean: frozenset[Role] = frozenset()
    network: Mapping[Role, Network] = field(default_factory=dict)
    dashboard: bool = False

    @property
    def protected(self) -> tuple[str, ...]:
        """Every pattern of paths that no run may change; the policy and the prompts are always among them."""
        return (*self.protected_paths, *self.protected_paths_add, POLICY_PATH, PROMPT_PATHS)


def settings_of(path: str, tree: Tree) -> Settings:
    """The machine's settings. Raises ConfigError."""
    values = _fields(path, tree, _SETTINGS, required=())
    return Settings(**values)


def policy_of(path: str, tree: Tree) -> Policy:
    """The repository's policy. Raises ConfigError."""
    values = _fields(path, tree, _POLICY, required=("intake",))
    roles: dict[Role, tuple[str, Network]] = values.pop("roles", {})
    lean = frozenset(role for role, (engine, _) in roles.items() if engine == "none")
    return Policy(
        **values, lean=lean, network={role: network for role, (_, network) in roles.items() if network != OPEN}
    )


def _is_repo_name(name: str) -> bool:
    return REPO_NAME.fullmatch(name) is not None and not name.endswith(("/.", "/.."))


def check_repo_name(name: str) -> str:
    """The name, when it is `owner/name`. Raises ConfigError without a line."""
    if not _is_repo_name(name):
        raise ConfigError("--repo", None, f"{name!r} is not a repository: write owner/name")
    return name


def _fields(path: str, tree: Tree, readers: Mapping[str, Reader], required: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(tree.value, dict):
        raise ConfigError(path, tree.line, "expected keys and values here, such as `version: 1`")
    known = ["version", *readers]
    for key in tree.value:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"valid keys: {', '.join(known)}"
            raise ConfigError(path, tree.key_lines.get(key, tree.line), f"unknown key `{key}`; {hint}")
    version = tree.value.get("version")
    if version is None or version.value != 1 or not isinstance(version.value, int) or version.value is True:
        line = version.line if version else tree.line
        raise ConfigError(path, line, "write `version: 1`; this bee knows no other version")
    return _read(path, tree, readers, required)


def _read(path: str, tree: Tree, readers: Mapping[str, Reader], required: tuple[str, ...]) -> dict[str, Any]:
    assert isinstance(tree.value, dict)
    for key in required:
        if key not in tree.value:
            raise ConfigError(path, tree.line, f"`{key}` is missing; `intake: all` or `intake: opted-in`")
    return {key: readers[key](path, value) for key, value in tree.value.items() if key in readers}


def _section(readers: Mapping[str, Reader], make: Callable[..., T]) -> Reader:
    def read(path: str, tree: Tree) -> T:
        if not isinstance(tree.value, dict):
            raise ConfigError(path, tree.line, f"expected keys here: {', '.join(readers)}")
        for key in tree.value:
            if key not in readers:
                near = difflib.get_close_matches(key, list(readers), 1, 0.5)
                hint = f"did you mean `{near[0]}`?" if near else f"valid keys: {', '.join(readers)}"
                raise ConfigError(path, tree.key_lines.get(key, tree.line), f"unknown key `{key}`; {hint}")
        return make(**_read(path, tree, readers, ()))

    return read


def _text(path: str, tree: Tree) -> str:
    if not isinstance(tree.value, str):
        raise ConfigError(path, tree.line, f"expected text, found {tree.value!r}")
    return tree.value


def _yes_no(path: str, tree: Tree) -> bool:
    if not isinstance(tree.value, bool):
        raise ConfigError(path, tree.line, f"expected true or false, found {tree.value!r}")
    return tree.value


def _one_of(*choices: str) -> Reader:
    def read(path: str, tree: Tree) -> str:
        if tree.value not in choices:
            near = difflib.get_close_matches(str(tree.value), choices, 1, 0.5)
            hint = f"did you mean `{near[0]}`? " if near else ""
            raise ConfigError(path, tree.line, f"`{tree.value}` is not a choice; {hint}one of: {', '.join(choices)}")
        return str(tree.value)

    return read


def _number(lowest: float, highest: float, whole: bool) -> Reader:
    def read(path: str, tree: Tree) -> float:
        value = tree.value
        good = isinstance(value, int) or (isinstance(value, float) and not whole)
        if not good or isinstance(value, bool) or not lowest <= float(str(value)) <= highest:
            kind = "a whole number" if whole else "a number"
            raise ConfigError(path, tree.line, f"expected {kind} from {lowest:g} to {highest:g}, found {value!r}")
        return int(str(value)) if whole else float(str(value))

    return read


def _texts(path: str, tree: Tree) -> tuple[str, ...]:
    if not isinstance(tree.value, list):
        raise ConfigError(path, tree.line, "expected a list, such as [one, two]")
    return tuple(_text(path, part) for part in tree.value)


def _commands(path: str, tree: Tree) -> tuple[str, ...]:
    """One command or several. None at all would pass E2E without testing anything."""
    commands = _texts(path, tree) if isinstance(tree.value, list) else (_text(path, tree),)
    if not commands or not all(command.strip() for command in commands):
        raise ConfigError(path, tree.line, "write at least one command here, and none that is empty")
    return commands


def _logins(path: str, tree: Tree) -> frozenset[str]:
    return frozenset(login.lower().removeprefix("@") for login in _texts(path, tree))


def _repos(path: str, tree: Tree) -> tuple[str, ...]:
    names = _texts(path, tree)
    for name, part in zip(names, tree.value if isinstance(tree.value, list) else (), strict=True):
        if not _is_repo_name(name):
            raise ConfigError(path, part.line, f"{name!r} is not a repository: write owner/name")
    return tuple(dict.fromkeys(names))


def _engine(path: str, tree: Tree) -> str | tuple[str, ...]:
    if isinstance(tree.value, dict):
        read = _section({"command": _texts}, lambda command=(): command)
        command: tuple[str, ...] = read(path, tree)
        if not command:
            raise ConfigError(path, tree.line, "`command` is empty: write [program, argument, …]")
        return command
    return _text(path, tree)


def _prices(path: str, tree: Tree) -> dict[str, tuple[float, float, float]]:
    """By model: US dollars for a million tokens read, read from the cache, and written."""
    if not isinstance(tree.value, dict):
        raise ConfigError(path, tree.line, "expected models with their prices, such as `my-model: [1.25, 0.125, 10]`")
    read = _number(0, 10_000, False)
    found = {}
    for model, value in tree.value.items():
        if not isinstance(value.value, list) or len(value.value) != 3:
            raise ConfigError(path, value.line, f"`{model}` takes three numbers: [read, read from the cache, written]")
        new, cached, written = (float(read(path, part)) for part in value.value)
        found[model] = (new, cached, written)
    return found


def _roles(read_one: Reader) -> Reader:
    def read(path: str, tree: Tree) -> dict[Role, Any]:
        found = _section({role.value: read_one for role in Role}, lambda **roles: roles)(path, tree)
        return {Role(name): value for name, value in found.items()}

    return read


def _network(path: str, tree: Tree) -> Network:
    """`open`, `none`, or a list of hosts; an empty list is the model server alone."""
    if not isinstance(tree.value, list):
        return str(_one_of(OPEN, NONE)(path, tree))
    names = _texts(path, tree)
    for name, part in zip(names, tree.value, strict=True):
        if not is_host(name):
            raise ConfigError(path, part.line, f"{name!r} is no host: write host, host:port, or *.domain")
    return names


def _per_repo(path: str, tree: Tree) -> dict[str, RepoSettings]:
    if not isinstance(tree.value, dict):
        raise ConfigError(
            path, tree.line, "expected repositories with their settings, such as `owner/name: {roles: …}`"
        )
    for name in tree.value:
        if not _is_repo_name(name):
            raise ConfigError(path, tree.key_lines.get(name), f"{name!r} is not a repository: write owner/name")
    read = _section({"engine": _engine, "roles": _roles(_section(_ROLE, RoleSettings))}, RepoSettings)
    return {name.lower(): read(path, value) for name, value in tree.value.items()}


def _lean_roles(path: str, tree: Tree) -> dict[Role, tuple[str, Network]]:
    """Which roles run without an engine (only those may whose work bee can do by itself), and what each may reach."""
    one: dict[str, Reader] = {"engine": _one_of("none", "default"), "network": _network}
    read = _roles(_section(one, lambda engine="default", network=OPEN: (engine, network)))
    found: dict[Role, tuple[str, Network]] = read(path, tree)
    for role, (engine, _) in found.items():
        if engine == "none" and not ROLES[role].lean:
            able = " and ".join(str(row.role) for row in ROLES.values() if row.lean)
            line = tree.value[role].line if isinstance(tree.value, dict) else tree.line
            raise ConfigError(path, line, f"the {role} cannot run without an engine; {able} can")
    return found


_ROLE: Final[dict[str, Reader]] = {
    "engine": _engine,
    "model": _text,
    "minutes": _number(1, 600, True),
    "minutes_silent": _number(1, 600, True),
    "usd": _number(0, 10_000, False),
    "args": _texts,
    "base_url": _text,
    "network": _network,
}
_SETTINGS: Final[dict[str, Reader]] = {
    "repos": _repos,
    "engine": _engine,
    "roles": _roles(_section(_ROLE, RoleSettings)),
    "slots": _number(1, 64, True),
    "sandbox": _one_of("required", "none"),
    "usd_per_day": _number(0, 100_000, False),
    "runs_per_day": _number(1, 100_000, True),
    "notify": ways_of,
    "prices": _prices,
    "per_repo": _per_repo,
}
_LIMITS: Final[dict[str, Reader]] = {
    "failures": _number(1, 20, True),
    "review_rounds": _number(1, 20, True),
    "usd_per_item": _number(0, 10_000, False),
    "runs_per_item": _number(1, 1_000, True),
    "checks_minutes": _number(1, 10_000, True),
    "diff_files": _number(1, 10_000, True),
    "diff_bytes": _number(1, 100_000_000, True),
    "verify_minutes": _number(1, 240, True),
}
_POLICY: Final[dict[str, Reader]] = {
    "intake": _one_of("all", "opted-in"),
    "verify": _commands,
    "plan_approval": _one_of("human", "auto"),
    "merge_method": _one_of("squash", "merge", "rebase"),
    "protected_paths": _texts,
    "protected_paths_add": _texts,
    "secrets_allowed_in": _texts,
    "trust": _section({"allow": _logins, "deny": _logins, "bots": _logins}, TrustPolicy),
    "limits": _section(_LIMITS, PolicyLimits),
    "roles": _lean_roles,
    "dashboard": _yes_no,
}
