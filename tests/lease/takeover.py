"""Takes a lease over, as another host would: called by a scripted agent in the middle of its run, without bee's code.

argv: the API's address, a token, the repository, the number of the item.
"""

from __future__ import annotations

import hmac
import json
import sys
import urllib.request
from typing import Any


def call(token: str, method: str, url: str, body: Any = None) -> Any:
    """One REST request; the decoded answer."""
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def sealed(text: str, repository: str, ref: str, parent: str) -> str:
    """The text with the seal of the stage's key, made by hand."""
    said = "\n".join(["bee record", repository, ref, "test", parent, text])
    return f"{text}\n\nbee-seal: test {parent} {hmac.new(b'k' * 32, said.encode(), 'sha256').hexdigest()}\n"


def take_over(api: str, token: str, repo: str, number: str) -> str:
    """Put another run's claim on top of what is there; the oid."""
    here = f"{api}/repos/{repo}/git"
    oid = call(token, "GET", f"{here}/ref/bee/items/{number}")["object"]["sha"]
    commit = call(token, "GET", f"{here}/commits/{oid}")
    first, body, _ = commit["message"].split("\n\n")
    record = {**json.loads(body), "kind": "claimed", "run": "the-other-run", "host": "elsewhere", "nonce": "another"}
    record["sequence"] = record.get("sequence", 0) + 1
    repository = call(token, "GET", f"{api}/repos/{repo}")["node_id"]
    message = sealed(f"{first}\n\n{json.dumps(record)}", repository, f"refs/bee/items/{number}", oid)
    made = call(token, "POST", f"{here}/commits", {"message": message, "tree": commit["tree"]["sha"], "parents": [oid]})
    call(token, "PATCH", f"{here}/refs/bee/items/{number}", {"sha": made["sha"]})
    return str(made["sha"])


if __name__ == "__main__":
    take_over(*sys.argv[1:5])
