"""The two configuration files: one row for each key, with its default, how it is read, and what it means. Pure.

`config.yml` is this machine's (`Settings`); `.github/bee.yml` is the repository's (`Policy`), read on its
default branch only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from bee.config.network import Network
from bee.config.notify import Way
from bee.config.readers import (
    COMMANDS,
    ENGINE,
    LOGINS,
    NETWORK,
    NOTIFY,
    PRICES,
    PUBLIC_HOSTS,
    PUBLIC_NETWORK,
    REPO,
    REPOS,
    TEXT,
    TEXTS,
    TOKEN,
    VARIABLES,
    YES_NO,
    Reader,
    by_role,
    is_repo_name,
    key,
    number,
    one_of,
    read_file,
    section,
)
from bee.model import limits
from bee.model.errors import ConfigError
from bee.model.labels import Label
from bee.model.protected import OF_BEE, PROTECTED
from bee.model.roles import ROLES, Role

if TYPE_CHECKING:  # a tick where nothing changed parses no YAML
    from bee.config.yaml import YamlNode

POLICY_PATH: Final = OF_BEE[0]
HOLD_LABELS: Final = ("do not merge", "dont merge", "donotmerge", "dnm", "no merge", "nomerge", "do not land", "wip",
                      "work in progress", "draft", "not ready", "on hold", "onhold", "hold", "blocked")  # fmt: skip

# ---- the machine's file --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSettings:
    """How one role is played. `engine` is a name, or an argv for the `command` engine; minutes, USD."""

    engine: str | tuple[str, ...] | None = key(None, ENGINE, "Another engine for this role. Default: the machine's.")
    model: str = key("", TEXT, "The model, for an engine that takes one. The `command` engine does not.")
    minutes: int = key(
        0, number(1, 600),
        "The total time of a run. Default: the role's, see [AGENTS.md](../AGENTS.md#roles).",
    )  # fmt: skip
    minutes_silent: int = key(0, number(1, 600), "How long the agent may print nothing. Default: the role's.")
    usd: float = key(
        0.0, number(0, 10_000, whole=False),
        "The money limit of one run, for an engine that takes one. The `command` engine does not.",
    )  # fmt: skip
    args: tuple[str, ...] = key((), TEXTS, "More arguments for the engine's program.")
    env: tuple[str, ...] = key(
        (), VARIABLES,
        "Names of variables of bee's own environment that the engine gets, beside its login. None of GitHub's.",
    )  # fmt: skip
    base_url: str = key(
        "", TEXT,
        "A server other than the vendor's, see [engines.md](engines.md#model-servers-of-your-own). The `command` "
        "engine does not take one.",
    )  # fmt: skip
    network: Network = key(
        "", NETWORK,
        "What the agent may reach, see [engines.md](engines.md#what-an-agent-may-reach). Default: what the "
        "repository's policy says, else `model`.",
    )  # fmt: skip
    memory_mb: int = key(
        0, number(0, 16_000_000),
        "How much memory all processes of an agent may use together, in MiB; for `test`, of `verify` too. See "
        "[engines.md](engines.md#memory-and-processors).",
    )  # fmt: skip
    cpus: float = key(
        0.0, number(0, 4_096, whole=False),
        "How many processors they may use, such as `1.5`.",
    )  # fmt: skip


# What belongs to an engine, and means nothing to another.
_OF_ENGINE: Final = frozenset({"engine", "model", "args", "env", "base_url"})
Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepoSettings:
    """How one repository is played on this machine, where that differs."""

    engine: str | tuple[str, ...] | None = key(None, ENGINE)
    env: tuple[str, ...] = key((), VARIABLES)
    roles: Mapping[Role, RoleSettings] = key(dict, by_role(RoleSettings))


def _per_repo(path: str, node: YamlNode) -> dict[str, RepoSettings]:
    if not isinstance(node.value, dict):
        raise ConfigError(
            path, node.line, "expected repositories with their settings, such as `owner/name: {roles: …}`"
        )
    for name in node.value:
        if not is_repo_name(name):
            raise ConfigError(path, node.key_lines.get(name), f"{name!r} is not a repository: write owner/name")
    read = section(RepoSettings).read
    return {name.lower(): read(path, value) for name, value in node.value.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """This machine's configuration. `per_repo` is keyed by the repository's name in lower case."""

    repos: tuple[str, ...] = key((), REPOS, "The repositories this machine watches. Needed unless `--repo` is given.")
    engine: str | tuple[str, ...] = key("claude", ENGINE, "The program that plays the roles. See *Engines* below.")
    env: tuple[str, ...] = key(
        (), VARIABLES,
        "Names of variables of bee's own environment that this `engine` gets, beside its login. None of GitHub's.",
    )  # fmt: skip
    token: tuple[str, ...] = key(
        (), TOKEN,
        "A program that prints a GitHub token, for tokens that change: see "
        "[SECURITY.md](../SECURITY.md#a-token-from-a-command). `GH_TOKEN` and `GITHUB_TOKEN` beat it.",
    )  # fmt: skip
    roles: Mapping[Role, RoleSettings] = key(
        dict, by_role(RoleSettings),
        "Settings per role, by its name.",
    )  # fmt: skip
    slots: int = key(1, number(1, 64), "How many agents may run on this machine at the same time.")
    sandbox: str = key(
        "required", one_of("required", "none"),
        "`required`: every agent runs in a box, or no agent runs. `none`: agents run with all your rights.",
    )  # fmt: skip
    usd_per_day: float = key(
        limits.USD_PER_DAY_MAX, number(0, 100_000, whole=False),
        "US dollars that one repository may cost in a UTC day, whichever machine spends them. 0 is no limit. "
        "What is left of it is the limit of a run.",
    )  # fmt: skip
    runs_per_day: int = key(
        limits.RUNS_PER_DAY_MAX, number(1, 100_000),
        "Runs that may begin in one repository in a UTC day, on whichever machine.",
    )  # fmt: skip
    notify: tuple[Way, ...] = key(
        (), NOTIFY,
        "How this machine tells you that you are needed, see [operators.md](operators.md#notifications).",
    )  # fmt: skip
    prices: Mapping[str, tuple[float, float, float]] = key(
        dict, PRICES,
        "US dollars for a million tokens read, read from the cache, and written. They override the table in "
        "[engines.md](engines.md#what-a-run-costs).",
    )  # fmt: skip
    per_repo: Mapping[str, RepoSettings] = key(
        dict, Reader(_per_repo, "by `owner/name`, the keys `engine`, `env` and `roles`"),
        "Overrides for one repository on this machine: its own `engine`, its own `roles`. It beats the stands "
        "outside. See *Which value counts* below.",
    )  # fmt: skip

    def variables(self) -> tuple[str, ...]:
        """The variables that any engine gets, wherever that is said."""
        roles = [*self.roles.values(), *(one for own in self.per_repo.values() for one in own.roles.values())]
        lists = (self.env, *(own.env for own in self.per_repo.values()), *(one.env for one in roles))
        return tuple(dict.fromkeys(name for names in lists for name in names))

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
        gaps = {"minutes": row.minutes_total, "minutes_silent": row.minutes_silent}
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
            (place, RoleSettings(engine=own.engine, env=own.env)),
            (("roles", role.value), self.roles.get(role, RoleSettings())),
            ((), RoleSettings(engine=self.engine, env=self.env)),
        ]


# ---- the repository's file -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """The `trust` part of the repository policy: logins in lower case."""

    allow: frozenset[str] = key(frozenset(), LOGINS)
    deny: frozenset[str] = key(frozenset(), LOGINS)
    bots: frozenset[str] = key(frozenset(), LOGINS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLimits:
    """Bounds a repository may set."""

    failures: int = key(
        limits.FAILURES_MAX, number(1, 20),
        "Failed tries with unchanged input before a person is asked.",
    )  # fmt: skip
    review_rounds: int = key(
        limits.REVIEW_ROUNDS_MAX, number(1, 20),
        "Times the reviewer may ask for changes on one pull request, before a person is asked.",
    )  # fmt: skip
    usd_per_item: float = key(
        limits.USD_PER_ITEM_MAX, number(0, 10_000, whole=False),
        "Money spent on one item, before a person is asked. 0 is no limit.",
    )  # fmt: skip
    runs_per_item: int = key(limits.RUNS_PER_ITEM_MAX, number(1, 1_000), "Runs on one item, before a person is asked.")
    checks_minutes: int = key(
        limits.CHECKS_PENDING_MINUTES_MAX, number(1, 10_000),
        "How long checks may be pending, or another condition may last, before bee says so once.",
    )  # fmt: skip
    diff_files: int = key(limits.DIFF_FILES_MAX, number(1, 10_000), "Files that one of bee's pull requests may change.")
    diff_bytes: int = key(
        limits.DIFF_BYTES_MAX, number(1, 100_000_000),
        "Total size of the changed files, in bytes.",
    )  # fmt: skip
    verify_minutes: int = key(
        limits.VERIFY_SECONDS_MAX // 60, number(1, 240), "Time limit of one verify or setup command."
    )


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """What a repository says of one role: `session` is `needed` or `always`."""

    session: str = key("needed", one_of("needed", "always"))
    network: Network = key("", PUBLIC_NETWORK)


@dataclass(frozen=True, slots=True)
class SetupPolicy:
    """The `setup` part of the policy: commands, and hosts beside the package registries."""

    run: tuple[str, ...] = key((), COMMANDS)
    hosts: tuple[str, ...] = key((), PUBLIC_HOSTS)


@dataclass(frozen=True, slots=True)
class E2ePolicy:
    """The `e2e` part of the policy. `repo`: where traces are pushed; empty is the repository itself."""

    repo: str = key("", REPO)


def _setup(path: str, node: YamlNode) -> SetupPolicy:
    whole = isinstance(node.value, dict)
    found: SetupPolicy = section(SetupPolicy).read(path, node) if whole else SetupPolicy(run=COMMANDS.read(path, node))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The repository's policy."""

    intake: str = key(
        "opted-in", one_of("all", "opted-in"),
        "**Required.** `all`: every open issue of trusted authors. `opted-in`: design docs, and what carries "
        f"`{Label.NEW}`. bee's own pull requests are in scope in both.", required=True,
    )  # fmt: skip
    verify: tuple[str, ...] = key(
        ("sh tests/e2e/verify.sh",), COMMANDS,
        "The commands that E2E runs in order, with `sh -c`, in a clean checkout of base plus head.",
    )  # fmt: skip
    setup: SetupPolicy = key(
        SetupPolicy(), Reader(_setup, f"{COMMANDS.accepts}, or `{{run: …, hosts: […]}}`"),
        "The commands that make a fresh clone ready, such as `uv sync`: before an agent and before `verify`, with the "
        "package registries in reach and these hosts. See [engines.md](engines.md#setup).",
    )  # fmt: skip
    e2e: E2ePolicy = key(
        E2ePolicy(), section(E2ePolicy),
        "`repo: owner/name` is where the traces of E2E go instead, of the same visibility. See "
        "[operators.md](operators.md#a-sandbox-repository-for-traces).",
    )  # fmt: skip
    required_checks: tuple[str, ...] | None = key(
        None, TEXTS,
        "Checks that must have reported on a pull request, and be green, in addition to those that branch rules "
        "require. `[]`: none must. Not set, and no rule names one: at least one check, where any of the last three "
        "pull requests merged into the same branch had one.",
    )  # fmt: skip
    plan_approval: str = key(
        "human", one_of("human", "auto"),
        "`auto` waives the second gate: work begins as soon as there is a plan.",
    )  # fmt: skip
    merge_method: str = key("squash", one_of("squash", "merge", "rebase"), "How the merge gate merges.")
    hold_labels: tuple[str, ...] = key(
        HOLD_LABELS, TEXTS,
        "Labels that hold the issue or pull request that carries them, in any case and spelling (`On-Hold`), and also "
        "as a state (`status: blocked`) or with a reason (`blocked by #3`), but not of a topic (`area/blocked`). "
        "`[]`: none.",
    )  # fmt: skip
    protected_paths: tuple[str, ...] = key(
        PROTECTED, TEXTS,
        "Paths that no run may change. A list here **replaces** the default; to keep the default and add to it, "
        "write `protected_paths_add`.",
    )  # fmt: skip
    protected_paths_add: tuple[str, ...] = key(
        (), TEXTS,
        "More paths that no run may change, in addition to `protected_paths`.",
    )  # fmt: skip
    secrets_allowed_in: tuple[str, ...] = key(
        (), TEXTS,
        "Paths that may contain what looks like a credential, such as test keys. Credentials of the machine bee "
        "runs on may stand nowhere.",
    )  # fmt: skip
    trust: TrustPolicy = key(
        TrustPolicy(), section(TrustPolicy),
        "Who may steer bee here, in addition to those with write access: `allow` and `deny` name logins, `bots` names "
        "bots. `deny` wins.",
    )  # fmt: skip
    limits: PolicyLimits = key(PolicyLimits(), section(PolicyLimits), "Bounds of this repository.")
    roles: Mapping[Role, RolePolicy] = key(
        dict, by_role(RolePolicy),
        "bee does the work of `test` and `merger` itself, and asks an agent only why E2E failed; with "
        "`session: always` an agent plays the role each time. Every role takes `network`, which this machine's own "
        "bounds, see [engines.md](engines.md#what-an-agent-may-reach).",
    )  # fmt: skip
    dashboard: bool = key(
        False, YES_NO,
        "One issue that shows what runs, what is next and what waits for you, with boxes to steer by. See "
        "[operators.md](operators.md#the-dashboard-issue).",
    )  # fmt: skip

    def protected(self, of_engines: Sequence[str]) -> tuple[str, ...]:
        """Every pattern of paths that no run may change; the policy and the prompts are always among them.

        `of_engines`: what the engines read of a clone, which the default has too.
        """
        default = of_engines if self.protected_paths == PROTECTED else ()
        return (*self.protected_paths, *default, *self.protected_paths_add, *OF_BEE)

    @property
    def lean(self) -> frozenset[Role]:
        """The roles whose work bee does itself, as far as it needs no judgement."""
        always = {role for role, one in self.roles.items() if one.session == "always"}
        return frozenset(role for role, row in ROLES.items() if row.mechanical) - always

    @property
    def network(self) -> dict[Role, Network]:
        """What each role may reach, where this says so."""
        return {role: one.network for role, one in self.roles.items() if one.network != ""}


def settings_of(path: str, node: YamlNode) -> Settings:
    """The machine's settings. Raises ConfigError."""
    return read_file(path, node, Settings)


def policy_of(path: str, node: YamlNode) -> Policy:
    """The repository's policy. Raises ConfigError."""
    return read_file(path, node, Policy)
