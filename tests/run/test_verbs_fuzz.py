"""Whatever an agent sends over its socket, it gets an answer that says what to do, and what serves it lives on."""

from __future__ import annotations

import json
import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bee.model.effects import TraceResult
from bee.model.roles import Role
from bee.pipeline.output_checks import OutputChecks
from bee.run.broker import Broker
from bee.run.verbs import VERBS, handle, settle
from bee.run.verbs.base import Session
from tests.attacks.by_clone import world
from tests.attacks.by_text import brief_of, view_of
from tests.attacks.rows import Layer
from tests.git.world import confined
from tests.pipeline import worlds as w

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
ODD = st.sampled_from(["", " ", "\ud800", "\udfff x", "\0", "\x1b]0;x\x07", "--all", "0" * 40, "f" * 40, "a" * 70_000])
WORDS = st.sampled_from(["run", "classify", "code-bug", "waiting", "already-done", "bee/1-task", "stale-input"])
VALUES = st.recursive(
    SCALARS | ODD | WORDS,
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=5), some),
    max_leaves=8,
)
NAMES = st.sampled_from(
    "title body text reason kind approve action class why branch head dirty pack number".split()
) | st.text(max_size=8)
ARGS = st.dictionaries(NAMES, VALUES, max_size=8)
VERB = st.sampled_from([*VERBS, "fly", "x" * 50]) | VALUES
ROLES = st.sampled_from(list(Role))
FUZZ = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


def session_of(role: Role, folder: Path) -> Session:
    here = world()
    item = w.issue() if role in {Role.DRAFTER, Role.PLANNER} else w.pull()
    brief = brief_of(item, view_of(item, frozenset({Layer.PERMISSION})), role, base=here.base, head=here.base)
    trace = TraceResult(
        passed=False, head=here.base, base=here.base, ref="refs/bee/x", tip=here.base, lines=(), output=""
    )
    return Session(
        brief=brief, files={}, checks=OutputChecks(), now=lambda: 1, run_e2e=lambda: trace,
        take_in=lambda pack: here.mirror.take_in(pack, folder / "quarantine", confined), commit_pause=lambda text: None,
    )  # fmt: skip


def send(path: str, raw: bytes) -> dict[str, Any] | None:
    """What comes back; None where the server hung up on too much."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(path)
        try:
            peer.sendall(raw)
            peer.shutdown(socket.SHUT_WR)
            return dict(json.loads(peer.makefile().readline() or "{}")) or None
        except (BrokenPipeError, ConnectionResetError):
            return None


def lives(role: Role, raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        session = session_of(role, Path(folder))
        with Broker(partial(handle, session)) as broker:
            answer = send(broker.socket, raw)
            after = send(broker.socket, b'{"verb": "why"}\n')
        assert broker.crash is None, repr(broker.crash)
        assert answer is None or answer["exit"] in (0, 1, 2, 75), answer
        assert answer is None or answer["ok"] or answer["text"].strip()
        assert folder not in str(answer), "an answer names a place of this machine"
        assert after, "it serves nobody any more"
        assert settle(session.accepted, session.brief, "print", None, "").outcome


@FUZZ
@given(role=ROLES, verb=VERB, args=ARGS, pack=st.binary(max_size=60) | st.none())
def test_any_verb_with_any_arguments(role: Role, verb: Any, args: dict[str, Any], pack: bytes | None) -> None:
    asked = {"verb": verb, "args": args} | ({} if pack is None else {"pack": len(pack)})
    lives(role, json.dumps(asked).encode() + b"\n" + (pack or b""))


@FUZZ
@given(role=ROLES, asked=VALUES)
def test_any_json(role: Role, asked: Any) -> None:
    lives(role, json.dumps(asked).encode() + b"\n")


@FUZZ
@given(raw=st.binary(max_size=300), size=st.integers(-3, 10**20))
def test_any_bytes_after_any_announcement(raw: bytes, size: int) -> None:
    head, line = "0" * 40, {"verb": "submit", "pack": size}
    for args in ({}, {"title": "T", "branch": "bee/1-task", "head": head}):
        lives(Role.DRAFTER, json.dumps({**line, "args": args}).encode() + b"\n" + raw)
    lives(Role.DRAFTER, raw)
