"""A machine's first key: made once, and never where records stand that another key sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bee.github.client import GitHubClient, Servers
from bee.github.read import read_snapshot
from bee.model.errors import LookError, NotFoundError, UsageError
from bee.model.seals import Key
from bee.pipeline.holds import unknown_keys
from bee.system import keys


def of_token(env: Mapping[str, str], token: str) -> tuple[Key, ...]:
    """The key that was made of a token so far: what it sealed must still verify beside a key that is kept."""
    try:
        return keys.keys_of({**env, keys.VARIABLE: ""}, token).keys if token else ()
    except UsageError:
        return ()


def make(
    env: Mapping[str, str], servers: Servers, token: str, repos: Sequence[str], write: bool
) -> tuple[list[str], list[str]]:
    """(what changed, what a person should know). Without `write` it only finds out what would change."""
    path, old = keys.key_file(env), of_token(env, token)
    if keys.kept_keys({**env, keys.VARIABLE: ""}) is not None:
        return [], []
    if (given := keys.kept_keys(env)) is not None:  # a scheduler does not hand the variable on
        if write:
            keys.write_keys(path, given.keys)
        return [f"keep the keys of {keys.VARIABLE} in {path}"], []
    try:
        for repo in repos if token else ():
            client = GitHubClient(servers, token, keys=old)
            if unknown := unknown_keys(read_snapshot(client, repo)):
                said = f"{repo} has records under the key {', '.join(unknown)}, so none was made: bring that key with"
                return [], [f"{said} `bee key add --from-stdin`, or take over with `bee key adopt {repo}`."]
    except (LookError, NotFoundError) as problem:
        return [], [f"No key for bee's records was made, because GitHub could not be asked: {problem}"]
    if write:
        keys.write_keys(path, (keys.new_key(old), *old))
    return [f"make a key for bee's records in {path}"], []
