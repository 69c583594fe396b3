"""What a child process may know of the host, before anything is added. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED_ON: Final = frozenset(
    "LANG LC_ALL LC_CTYPE TZ SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS "
    "http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY".split()
)


def base_env(host_env: Mapping[str, str]) -> dict[str, str]:
    """What every child may know of the host: language, time zone, proxies and certificates; PATH is the system's."""
    return {"PATH": SYSTEM_PATH, **{key: value for key, value in host_env.items() if key in _PASSED_ON}}
