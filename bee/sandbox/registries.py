"""Which package registries a setup may reach: those that this machine's package managers are configured to use.

Read from the environment and from their own files, below the person's HOME and in /etc; a login in an address is left
out. Where nothing is configured, the ecosystem's public registry counts.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

CONFIG_BYTES_MAX: Final = 256 * 1024
MANIFEST_FOLDERS_MAX: Final = 200
# Where package managers keep what they have fetched: all of it below one folder of the private HOME.
CACHE: Final = ".cache"
_CACHES: Final = {
    "XDG_CACHE_HOME": CACHE,
    "npm_config_cache": f"{CACHE}/npm",
    "CARGO_HOME": f"{CACHE}/cargo",
    "GOMODCACHE": f"{CACHE}/go-mod",
}
_ADDRESS: Final = re.compile(r"https?://[^\s\"',|]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecosystem:
    """How one ecosystem is known, and how its registry is configured.

    `manifests` are globs of files in a repository or one folder below. `variables` name the registry in the
    environment, the first ones are set for a setup; `files` are below HOME or absolute; `key` is theirs.
    """

    manifests: tuple[str, ...]
    public: tuple[str, ...]
    variables: tuple[str, ...]
    files: tuple[str, ...]
    key: str


ECOSYSTEMS: Final = (
    Ecosystem(
        manifests=(
            "pyproject.toml", "requirements*.txt", "setup.py", "setup.cfg", "Pipfile", "tox.ini", "noxfile.py",
            "pytest.ini", "conftest.py", "test_*.py",
        ),
        public=("pypi.org", "files.pythonhosted.org"),
        variables=("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
        files=(".config/pip/pip.conf", ".pip/pip.conf", "/etc/pip.conf", ".config/uv/uv.toml", "/etc/uv/uv.toml"),
        key=r"index[-_]url|url",
    ),
    Ecosystem(
        manifests=("package.json",),
        public=("registry.npmjs.org", "registry.yarnpkg.com"),
        variables=("npm_config_registry",),
        files=(".npmrc", "/etc/npmrc"),
        key=r"(?:@[\w.-]+:)?registry",
    ),
    Ecosystem(
        manifests=("Cargo.toml",),
        public=("index.crates.io", "static.crates.io"),
        variables=(),
        files=(".cargo/config.toml", ".cargo/config"),
        key=r"registry|index",
    ),
    Ecosystem(
        manifests=("go.mod",),
        public=("proxy.golang.org", "sum.golang.org"),
        variables=("GOPROXY",),
        files=(".config/go/env",),
        key=r"GOPROXY|GOSUMDB",
    ),
    Ecosystem(
        manifests=("Gemfile",), public=("rubygems.org", "index.rubygems.org"), variables=(), files=(".gemrc",), key=r"-"
    ),
)  # fmt: skip
VARIABLES: Final = tuple(name for one in ECOSYSTEMS for name in one.variables)


@dataclass(frozen=True, slots=True)
class Registries:
    """What a setup may reach, as names of a list, and the variables that tell its package managers."""

    hosts: tuple[str, ...]
    env: Mapping[str, str]


def cache_env(home: Path) -> dict[str, str]:
    """The variables that keep every cache below one folder of a private HOME."""
    return {name: str(home / folder) for name, folder in _CACHES.items()}


def registries_for(clone: Path, host_env: Mapping[str, str]) -> Registries:
    """The registries of the ecosystems that a repository's files name. Reads no file of the clone."""
    hosts: list[str] = []
    env: dict[str, str] = {}
    for one in ECOSYSTEMS:
        if not any(_found(clone, pattern) for pattern in one.manifests):
            continue
        said = {name: _bare(host_env[name]) for name in one.variables if host_env.get(name)}
        written = list(_written(one, Path(host_env.get("HOME") or "/")))
        urls = [url for text in said.values() for url in _ADDRESS.findall(text)] or written
        if not said and written:
            said = dict.fromkeys(one.variables, written[0])
        env |= said
        hosts += list(filter(None, map(_host, (*urls, *written)))) or list(one.public)
    return Registries(tuple(dict.fromkeys(hosts)), env)


def _found(clone: Path, pattern: str) -> bool:
    """Whether a repository has such a file, at its top or one folder below."""
    return next(islice(clone.glob(pattern), 1), None) is not None or any(
        next(islice(folder.glob(pattern), 1), None) is not None
        for folder in islice(clone.iterdir(), MANIFEST_FOLDERS_MAX)
        if folder.is_dir() and not folder.is_symlink()
    )


def _written(one: Ecosystem, home: Path) -> Iterator[str]:
    """The addresses in an ecosystem's files, without logins."""
    line = re.compile(rf"(?m)^[ \t]*(?:{one.key})[ \t]*=[ \t]*(.*)$")
    for name in one.files:
        with contextlib.suppress(OSError), (home / name).open(encoding="utf-8", errors="replace") as file:
            for value in line.findall(file.read(CONFIG_BYTES_MAX)):
                yield from _ADDRESS.findall(_bare(value))


def _bare(text: str) -> str:
    return re.sub(r"(?<=//)[^/@\s]*@", "", text)


def _host(url: str) -> str:
    """Its host and port; empty where it is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        return ""
    return f"[{parts.hostname}]:{port}" if ":" in (parts.hostname or "") else f"{parts.hostname}:{port}"
