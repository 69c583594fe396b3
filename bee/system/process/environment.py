"""What a child process may know of the host, before anything is added. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROXIES: Final = frozenset(
    "http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY".split()
)
_PASSED_ON: Final = _PROXIES | frozenset(
    "LANG LC_ALL LC_CTYPE TZ SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS".split()
)
_LOGIN: Final = re.compile(r"(?:[a-zA-Z0-9+.-]+://)?([^/@\s]+)@")


def base_env(host_env: Mapping[str, str]) -> dict[str, str]:
    """What every child may know of the host: language, time zone, proxies and certificates; PATH is the system's."""
    return {"PATH": SYSTEM_PATH, **{key: value for key, value in host_env.items() if key in _PASSED_ON}}


def without_proxies(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of what has no way out, or another one: a proxy's address may hold a login."""
    return {key: value for key, value in env.items() if key not in _PROXIES}


def proxy_logins(host_env: Mapping[str, str]) -> Iterator[str]:
    """The logins in the addresses of the machine's proxies, and their passwords, as written and decoded."""
    for name in sorted(_PROXIES & set(host_env)):
        if match := _LOGIN.match(host_env[name]):
            password = match[1].partition(":")[2]
            yield from filter(None, dict.fromkeys((match[1], unquote(match[1]), password, unquote(password))))
