"""The keys that seal bee's records: BEE_KEY, else a file beside the person's other settings, outside bee's home.

Lines of `ID BASE64`, in the variable parted by commas. The first key seals, all of them verify. Agents never get them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.model.errors import UsageError
from bee.model.seals import KEY_ID, Key
from bee.model.tokens import lasts
from bee.system.home import write_whole

VARIABLE: Final = "BEE_KEY"
SECRET_BYTES: Final = 32
FILE_BYTES_MAX: Final = 64 * 1024
_LASTING: Final = "from the token"


@dataclass(frozen=True, slots=True)
class Keys:
    """A machine's keys, the one that seals first, and where they come from in words."""

    keys: tuple[Key, ...]
    source: str

    @property
    def lasting(self) -> bool:
        """Whether they stay when the token changes."""
        return self.source != _LASTING

    @property
    def text(self) -> str:
        """As BEE_KEY has them: secrets."""
        return ",".join(map(_line, self.keys))


def key_file(env: Mapping[str, str]) -> Path:
    """The file of keys: $XDG_CONFIG_HOME/git-bee/keys, or ~/.config/git-bee/keys."""
    config = env.get("XDG_CONFIG_HOME") or ""
    folder = Path(config) if Path(config).is_absolute() else Path(env.get("HOME") or "~").expanduser() / ".config"
    return folder / "git-bee" / "keys"


def keys_of(env: Mapping[str, str], token: str, changes: bool = False) -> Keys:
    """The keys of BEE_KEY, of the file, or for one machine whose token lasts, one made of that token.

    Raises UsageError where they cannot be read, or where there are none and the token does not last, or `changes`.
    """
    found = kept_keys(env)
    if found is not None:
        return found
    if changes or not lasts(token):
        raise UsageError(
            "this token is an App's, a workflow's or a command's and changes, so bee needs a key of its own to know "
            "its records by: run `bee key add` on one machine, and set what `bee key --secret` prints there as BEE_KEY"
        )
    secret = hmac.new(token.encode(), b"git-bee records", hashlib.sha256).digest()
    return Keys((Key(f"token-{hashlib.sha256(secret).hexdigest()[:8]}", secret),), _LASTING)


def kept_keys(env: Mapping[str, str]) -> Keys | None:
    """The keys of BEE_KEY or of the file; None where there is neither. Raises UsageError."""
    if text := env.get(VARIABLE, "").strip():
        return Keys(_parsed(text.split(","), VARIABLE), VARIABLE)
    path = key_file(env)
    try:
        found = path.stat()
    except OSError:
        return None
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(f"{path} can be read by others, so its keys prove nothing: run `chmod 600 {path}`")
    if found.st_size > FILE_BYTES_MAX:
        raise UsageError(f"{path} is too big to be a file of keys")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return Keys(_parsed([line for line in lines if not line.startswith("#")], str(path)), str(path))


def new_key(taken: Sequence[Key] = ()) -> Key:
    """A fresh key, under an id that none of these has."""
    while True:
        key = Key(f"key-{secrets.token_hex(4)}", secrets.token_bytes(SECRET_BYTES))
        if all(key.id != other.id for other in taken):
            return key


def parsed_line(text: str, where: str) -> Key:
    """One key of `ID BASE64`. Raises UsageError, which never quotes the secret."""
    name, _, secret = text.strip().partition(" ")
    try:
        raw = base64.b64decode(secret.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not KEY_ID.fullmatch(name) or len(raw) < SECRET_BYTES:
        said = f"a line is `ID BASE64`, the secret of at least {SECRET_BYTES} bytes"
        raise UsageError(f"{where} holds a line that is not a key: {said}")
    return Key(name, raw)


def write_keys(path: Path, keys: Sequence[Key]) -> None:
    """Keep these in a file of mode 0600, the one that seals first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, "".join(f"{_line(key)}\n" for key in keys))


def _parsed(lines: Sequence[str], where: str) -> tuple[Key, ...]:
    keys = tuple(parsed_line(line, where) for line in lines if line.strip())
    ids = [key.id for key in keys]
    if not keys or len(set(ids)) < len(ids):
        raise UsageError(f"{where} {'has an id twice' if keys else 'holds no key'}")
    return keys


def _line(key: Key) -> str:
    return f"{key.id} {base64.b64encode(key.secret).decode()}"
