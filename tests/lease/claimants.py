"""Fifty processes that claim the same item at once, as fifty hosts would: each with a door of its own.

argv: how many. Standard input: one JSON line with the addresses and the repository, then `go N` for each round.
Standard output: `ready`, then one JSON line for each round: which of the processes won.
"""

from __future__ import annotations

import json
import os
import select
import sys
from typing import Any

from bee.github.client import GitHubClient, Servers
from bee.lease.store import Claim, LeaseStore
from bee.system.clock import Clock
from bee.system.keys import parsed_line


class Hasty(Clock):
    """A clock that does not wait: how fast one machine may write is not what is tried here."""

    def sleep(self, seconds: float) -> None:
        """At once."""


def store_of(data: dict[str, Any], mine: int) -> LeaseStore:
    """The lease store of one process, with its connection open already."""
    client = GitHubClient(Servers(data["api"], data["graphql"], data["web"]), data["token"], clock=Hasty())
    client.rest("GET", "/rate_limit")
    return LeaseStore(
        client=client, key=parsed_line(data["key"], "the test"), repo=data["repo"], repo_id=data["repo_id"],
        address="bee@localhost", host=f"host-{mine}", boot="boot",
    )  # fmt: skip


def play(data: dict[str, Any], mine: int, orders: int, answers: int) -> None:
    """One process: claim what it is told to, and say whether it won."""
    store = store_of(data, mine)
    os.write(answers, b"r")
    while order := os.read(orders, 16):
        number = int(order)
        lease = store.acquire(Claim(number=number, role="drafter", run=f"run-{mine}", fingerprint="f"), None)
        os.write(answers, b"w" if lease is not None else b"l")


def main() -> int:
    """Fork the processes once, then let them race round by round."""
    data = json.loads(sys.stdin.readline())
    told, heard = [], []
    for mine in range(int(sys.argv[1])):
        (order_in, order_out), (answer_in, answer_out) = os.pipe(), os.pipe()
        if os.fork() == 0:
            for pipe in (*told, *heard, order_out, answer_in):
                os.close(pipe)
            play(data, mine, order_in, answer_out)
            os._exit(0)
        os.close(order_in)
        os.close(answer_out)
        told.append(order_out)
        heard.append(answer_in)
    everyone(heard)
    print("ready", flush=True)
    for line in sys.stdin:
        for pipe in told:
            os.write(pipe, line.split()[1].encode())
        said = everyone(heard)
        print(json.dumps([mine for mine, word in enumerate(said) if word == b"w"]), flush=True)
    return 0


def everyone(heard: list[int]) -> list[bytes]:
    """One byte of each process; a process that died says nothing (b"")."""
    said = dict.fromkeys(heard, b"")
    left = set(heard)
    while left:
        for pipe in select.select(list(left), [], [])[0]:
            said[pipe] = os.read(pipe, 1)
            left.discard(pipe)
    assert all(said.values()), "a process died"
    return [said[pipe] for pipe in heard]


if __name__ == "__main__":
    sys.exit(main())
