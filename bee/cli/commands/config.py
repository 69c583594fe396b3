"""`bee config show` and `get`: every setting as it counts here, with the file and line that set it; or one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bee.cli import wiring
from bee.cli.commands.help import nearest
from bee.cli.common import add_repo, host_for, show
from bee.config.readers import check_repo_name
from bee.config.resolved import DEFAULT, Value, of_machine, of_policy, of_roles, shown
from bee.config.schema import POLICY_PATH, Policy, Settings, policy_of, settings_of
from bee.config.yaml import YamlNode
from bee.config.yaml import parse as parse_yaml
from bee.engines.table import ENGINES, LOGINS
from bee.github import read as github_read
from bee.model.errors import AuthError, UsageError
from bee.model.text import plain

LOGIN_NAMES: Final = tuple(dict.fromkeys(name for names in LOGINS.values() for name in names))
ADDRESSES: Final = (
    "GIT_BEE_HOME", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL", "GITHUB_SERVER_URL",
    *(row.server_variable for row in ENGINES.values()), "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RepoConfig:
    """What counts for one repository."""

    repo: str
    roles: tuple[Value, ...]
    policy: tuple[Value, ...]
    problem: str
    """why there is no policy; empty where there is one"""


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """What `bee config show --json` prints; `get KEY` prints the same with that setting alone."""

    config: str
    """the machine's file"""
    found: bool
    """whether it exists"""
    machine: tuple[Value, ...]
    environment: tuple[Value, ...]
    repos: tuple[RepoConfig, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee config`."""
    parser.add_argument("what", choices=("show", "get"), help="show: all settings with what set them; get: values only")
    parser.add_argument("key", nargs="?", default="", metavar="KEY", help="one setting, by the name that show gives it")
    add_repo(parser)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Show the machine's settings, and each repository's; without a token, the policies are left out.

    Raises UsageError.
    """
    if args.key and args.what == "show":
        raise UsageError(f"to see one setting: bee config get {args.key}")
    home = wiring.home_of(env)
    path, tree, settings = str(home.config_path), None, Settings()
    if home.config_path.exists():
        tree = parse_yaml(home.config_path.read_text(encoding="utf-8"), path)
        settings = settings_of(path, tree)
    repos = [_repo(args, env, settings, tree, repo) for repo in (args.repo or settings.repos)]
    machine, environment = tuple(of_machine(settings, tree, path)), tuple(_environment(env))
    line = ConfigLine(path, tree is not None, machine, environment, tuple(repos))
    if args.what == "get":
        return _get(args, line)
    said = [f"{path}{'' if tree else ': not there, everything has its default'}", _table(machine)]
    said += ["\nenvironment", _table(environment)]
    for one in repos:
        said += [f"\n{one.repo} on this machine", _table(one.roles)]
        said.append(f"\n{one.repo}: {POLICY_PATH} on the default branch")
        said.append(_table(one.policy) if one.policy else f"  {one.problem}")
    return show(args, line, "\n".join(said))


def _get(args: argparse.Namespace, line: ConfigLine) -> int:
    """The value of one setting, or all of them by name; with its repository where several differ. Raises UsageError."""
    named = [value.name for _, values in _groups(line) for value in values]
    if args.key:
        line = _only(line, args.key)
    found = [(repo, value) for repo, values in _groups(line) for value in values]
    if not found:
        instead = nearest(args.key, named, "bee config get") or "`bee config show` lists them"
        unread = "".join(f". {one.repo}: {one.problem}" for one in line.repos if one.problem)
        raise UsageError(f"there is no setting {args.key!r}; {instead}{unread}")
    said = [f"{f'{repo}: ' if repo else ''}{value.name}  {_said(value.value)}" for repo, value in found]
    alike = args.key and len({_said(value.value) for _, value in found}) == 1
    return show(args, line, _said(found[0][1].value) if alike else "\n".join(said))


def _groups(line: ConfigLine) -> list[tuple[str, tuple[Value, ...]]]:
    """All settings, by repository; those of the machine under an empty name."""
    return [("", line.machine + line.environment), *((one.repo, one.roles + one.policy) for one in line.repos)]


def _only(line: ConfigLine, key: str) -> ConfigLine:
    """The same with one setting alone."""

    def kept(values: tuple[Value, ...]) -> tuple[Value, ...]:
        return tuple(value for value in values if value.name == key)

    repos = tuple(replace(one, roles=kept(one.roles), policy=kept(one.policy)) for one in line.repos)
    return replace(line, machine=kept(line.machine), environment=kept(line.environment), repos=repos)


def _repo(
    args: argparse.Namespace, env: Mapping[str, str], settings: Settings, tree: YamlNode | None, repo: str
) -> RepoConfig:
    policy, values, problem = _policy(args, env, settings, repo)
    roles = of_roles(settings, tree, str(wiring.home_of(env).config_path), repo, policy)
    return RepoConfig(repo, tuple(roles), tuple(values), problem)


def _policy(
    args: argparse.Namespace, env: Mapping[str, str], settings: Settings, repo: str
) -> tuple[Policy | None, list[Value], str]:
    """The policy, its values, and why there is none. Raises LookError, and ConfigError for one that is wrong."""
    try:
        wiring.token_of(env, settings)
    except AuthError as missing:
        return None, [], f"not read: {missing}"
    args.repo = [repo]  # this one is named, so config.yml may be missing
    client = host_for(args, env).client()
    text = github_read.read_head(client, check_repo_name(repo)).policy_text
    if not text:
        return None, [], "there is none; `bee init` writes one"
    read = parse_yaml(text, POLICY_PATH)
    policy = policy_of(POLICY_PATH, read)
    return policy, of_policy(policy, read, POLICY_PATH), ""


def _environment(env: Mapping[str, str]) -> list[Value]:
    """What the environment says: tokens and logins by name only."""
    found = [
        Value(name, "set" if env.get(name) else "not set", "environment") for name in (*wiring.TOKENS, *LOGIN_NAMES)
    ]
    return found + [Value(name, shown(env[name]), "environment") for name in ADDRESSES if env.get(name)]


def _table(values: Sequence[Value]) -> str:
    """One line for each; what somebody set says where, what is a default says nothing."""
    rows = [(one.name, _said(one.value), "" if one.set_by == DEFAULT else one.set_by) for one in values]
    wide = max(len(name) for name, _, _ in rows)
    return "\n".join(f"  {name:<{wide}}  {value}{f'   ({by})' if by else ''}" for name, value, by in rows)


def _said(value: Any) -> str:
    if value in ("", [], {}, None):
        return "-"
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
