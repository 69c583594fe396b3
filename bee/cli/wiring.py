"""Builds a `Host` from the environment and the configuration: the only place that knows where things come from."""

from __future__ import annotations

import functools
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from bee.config.readers import check_repo_name
from bee.config.schema import Settings, settings_of
from bee.engines.table import ENGINES, LOGINS
from bee.executors import EXECUTORS
from bee.git.command import Git
from bee.git.mirror import Mirror
from bee.github.client import GitHubClient, Servers
from bee.host import AgentRunner, Host, Say
from bee.model.errors import AuthError, UsageError
from bee.model.roles import Role
from bee.sandbox.registries import VARIABLES
from bee.system import gh, keys, process, renewal
from bee.system.clock import SYSTEM
from bee.system.counts import Counts
from bee.system.data import data_path
from bee.system.home import Home
from bee.system.keys import Keys

TOKENS: Final = ("GH_TOKEN", "GITHUB_TOKEN")
TOKEN_ON_STDIN: Final = "GIT_BEE_TOKEN_ON_STDIN"  # noqa: S105 # a variable's name
TOKEN_RENEWS: Final = "GIT_BEE_TOKEN_RENEWS"  # noqa: S105 # a variable's name
TOKEN_BYTES_MAX: Final = keys.FILE_BYTES_MAX
PASSED_ON: Final = (
    "PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "HOME", "USER", "LOGNAME", "VIRTUAL_ENV", "PYTHONPATH",
    "GIT_BEE_HOME", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL", "GITHUB_SERVER_URL",
    "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR",
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO",
    *VARIABLES, *(name for names in LOGINS.values() for name in names),
    *(row.server_variable for row in ENGINES.values()),
)  # fmt: skip


def home_of(env: Mapping[str, str]) -> Home:
    """bee's home directory: GIT_BEE_HOME, or ~/.git-bee."""
    named = env.get("GIT_BEE_HOME")
    return Home(Path(named) if named else Path(env.get("HOME") or "~").expanduser() / ".git-bee")


def servers_of(env: Mapping[str, str]) -> Servers:
    """Where GitHub is, as GitHub Actions sets it."""
    api = env.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    default = f"{api.removesuffix('/v3')}/graphql"
    return Servers(
        api, env.get("GITHUB_GRAPHQL_URL", default), env.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    )


def token_of(env: Mapping[str, str], settings: Settings) -> str:
    """GH_TOKEN, GITHUB_TOKEN, the command of config.yml, then `gh auth token`. Raises AuthError where there is none.

    A tick that a worker starts is given it on standard input: what an agent left running may read environments.
    """
    if env.get(TOKEN_ON_STDIN) == "1":
        return sys.stdin.readline(TOKEN_BYTES_MAX).strip()
    token = next((env[name].strip() for name in TOKENS if env.get(name, "").strip()), "")
    if not token:
        token = renewal.printed(settings.token, env) if settings.token else gh.token(env)
    if token:
        return token
    raise AuthError("no GitHub token: set GH_TOKEN, or log in with `gh auth login`")


def renews(env: Mapping[str, str], settings: Settings) -> bool:
    """Whether the token is the command's, which prints the next one, too. A worker says so to the tick it starts."""
    if TOKEN_ON_STDIN in env:
        return env.get(TOKEN_RENEWS) == "1"
    return bool(settings.token) and not any(env.get(name, "").strip() for name in TOKENS)


def keys_of(env: Mapping[str, str], token: str, changes: bool = False) -> Keys:
    """The keys of BEE_KEY, their file, or the token. A worker hands them on after the token. Raises UsageError."""
    if env.get(TOKEN_ON_STDIN) == "1":
        return keys.keys_of({keys.VARIABLE: sys.stdin.readline(TOKEN_BYTES_MAX)}, token)
    return keys.keys_of(env, token, changes)


def settings_at(home: Home, repo_given: bool) -> Settings:
    """The machine's settings. Without config.yml they are the defaults, when a repository was named.

    Raises UsageError where there is no file, and ConfigError for a wrong one.
    """
    path = home.config_path
    if not path.exists():
        if repo_given:
            return Settings()
        raise UsageError(f"there is no {path}: run `bee init`, or say --repo owner/name")
    from bee.config.yaml import parse as parse_yaml

    where = str(path)
    return settings_of(where, parse_yaml(path.read_text(encoding="utf-8"), where))


def repos_of(settings: Settings, named: list[str] | None) -> tuple[str, ...]:
    """The repositories asked for, each once: those named, else those of config.yml. Raises UsageError."""
    if not named and not settings.repos:
        raise UsageError("config.yml names no repository: add `repos: [owner/name]`, or use --repo owner/name")
    kept: dict[str, str] = {}
    for name in named or settings.repos:
        kept.setdefault(check_repo_name(name).lower(), name)  # GitHub folds case in names
    return tuple(kept.values())


def one_repo(settings: Settings, named: list[str] | None) -> str:
    """The repository that a number belongs to. Raises UsageError where it could be several."""
    repos = repos_of(settings, named)
    if len(repos) > 1:
        raise UsageError(f"which repository? Say --repo owner/name; config.yml has {', '.join(repos)}")
    return repos[0]


def passed_on(env: Mapping[str, str], settings: Settings, token: str = "") -> dict[str, str]:
    """What of the environment reaches a worker: nothing that neither bee nor the configuration names; no token."""
    named = (name for name in settings.variables() if name in env and not (token and token in env[name]))
    return {name: env[name] for name in (*PASSED_ON, *named) if name in env}


def host_of(env: Mapping[str, str], settings: Settings, token: str, say: Say, home: Home | None = None) -> Host:
    """This machine, ready to work."""
    home = home or home_of(env)
    boot = process.boot_id()
    host_id = home.host_id(socket.gethostname())
    kept = passed_on(env, settings, token)
    path, servers = env.get("PATH", process.SYSTEM_PATH), servers_of(env)
    changes = renews(env, settings)
    known, new = keys_of(env, token, changes), renewal.Renewal(settings.token, kept, token) if changes else None
    return Host(
        home=home,
        settings=settings,
        token=token,
        renewal=new,
        keys=known,
        host_id=host_id,
        boot=boot,
        python=sys.executable,
        env=kept,
        clock=SYSTEM,
        client=lambda: GitHubClient(servers, token, keys=known.keys, memory=Counts(home), memos=home, renewal=new),
        mirror=lambda repo: replace(mirror_of(env, settings, token, home, repo), renewal=new),
        executor=EXECUTORS["local"](
            home=home, python=sys.executable, env=kept, host_id=host_id, boot=boot, slots_max=settings.slots
        ),
        runner=functools.cache(lambda: _runner(home, settings, boot, kept, path)),
        role_prompt=role_prompt,
        say=say,
    )


def mirror_of(env: Mapping[str, str], settings: Settings, token: str, home: Home, repo: str) -> Mirror:
    """The mirror of a repository in this home."""
    path, network = env.get("PATH", process.SYSTEM_PATH), process.base_env(passed_on(env, settings, token))
    git = Git(home=home.empty_dir, env_path=path, network_env=network)
    return Mirror(git, home.mirror_path(repo), f"{servers_of(env).web}/{repo}.git", token)


def runner_of(env: Mapping[str, str], settings: Settings, home: Home) -> AgentRunner:
    """What runs agents on this machine, for who asks one without GitHub."""
    kept, path = passed_on(env, settings), env.get("PATH", process.SYSTEM_PATH)
    return _runner(home, settings, process.boot_id(), kept, path)


def _runner(home: Home, settings: Settings, boot: str, env: Mapping[str, str], path: str) -> AgentRunner:
    from bee.run.agent_runner import BoxedRunner
    from bee.sandbox.box import find

    box = functools.cache(lambda: find("none" if settings.sandbox == "none" else "required", path))
    return BoxedRunner(home=home, settings=settings, boot=boot, python=sys.executable, env=env, find_box=box)


def role_prompt(role: Role) -> str:
    """The prompt of a role as it ships."""
    return data_path("agents", f"{role}.md").read_text(encoding="utf-8")
