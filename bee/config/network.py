"""Which hosts a run may reach: its model server alone, hosts in addition to that, `open`, or `none`. Pure.

A name is `host` (port 443), `host:port`, `*.domain` (every name below it, not itself), or `*` (every host). What
the engine's own model server needs is added by whoever starts it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

Network = str | tuple[str, ...]
"""`open`, `none`, or what is reached beside the model server; empty text where nobody has said anything"""
OPEN: Final = "open"
NONE: Final = "none"
MODEL: Final = "model"
PORT: Final = "443"
PATTERN: Final = re.compile(
    r"(?:(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\*|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?"
)
# A repository's `open` is every public host, on the ports of the web: this machine's own network is not its to give.
PUBLIC: Final = ("*", "*:80")
# What Python counts as public, and a machine's own cloud may answer: Azure's metadata service, and the range of IETF
# protocols (https://www.rfc-editor.org/rfc/rfc6890), before Python 3.13. Every other one is private by Python's word.
_METADATA: Final = (ipaddress.IPv4Network("168.63.129.16/32"), ipaddress.IPv4Network("192.0.0.0/24"))
_V6_GLOBAL: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def is_host(text: str) -> bool:
    """Whether it is a name that a list may hold."""
    return PATTERN.fullmatch(text) is not None and ".." not in text


def allows(patterns: Iterable[str], host: str, port: int) -> bool:
    """Whether a host and port are on a list; names are compared without case and without the root's dot."""
    host = host.lower().rstrip(".")
    return any(_covers(*_split(pattern), host, str(port)) for pattern in patterns)


def _split(pattern: str) -> tuple[str, str]:
    """Name and port."""
    found = re.fullmatch(r"\[?(.*?)\]?(?::([0-9]{1,5}))?", pattern.lower())
    assert found is not None
    return found[1], found[2] or PORT


def _covers(name: str, port: str, other: str, other_port: str) -> bool:
    """Whether everything that `other` means is meant by `name`."""
    below = name.startswith("*") and other.removeprefix("*.").endswith(name[1:])
    return (name == other or below) and port == other_port


def agreed(machine: Network, policy: Network) -> Network:
    """What a role may reach: the machine bounds what the policy says, and where one says nothing the other counts.

    Where nobody says anything, that is the model server alone.
    """
    if machine == "":
        return {OPEN: PUBLIC, "": ()}.get(policy, policy) if isinstance(policy, str) else policy
    return machine if policy == "" else _narrowed(machine, policy)


def _narrowed(first: Network, second: Network) -> Network:
    """What both allow."""
    if NONE in (first, second):
        return NONE
    if isinstance(first, str):
        return second
    if isinstance(second, str):
        return first
    pairs = [(one, other) for own, others in ((first, second), (second, first)) for one in own for other in others]
    return tuple(dict.fromkeys(one for one, other in pairs if _covers(*_split(other), *_split(one))))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's: not this machine's, its network's, or its cloud's metadata.

    An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) counts as what it is. Raises ValueError for other text.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None and ip not in _V6_GLOBAL:
            return False
        ip = inner or ip
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not any(ip in one for one in _METADATA)


def is_private_name(text: str) -> bool:
    """Whether a name of a list says by itself that it is not the internet's."""
    name, _ = _split(text)
    try:
        return not is_public(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
