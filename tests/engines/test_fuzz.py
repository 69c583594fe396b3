"""Whatever a program in the box prints, its adapter makes an end of it: it raises nothing, and its numbers are sane."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bee.engines.find import find
from bee.engines.table import ENGINES
from bee.system.process.agent import Stopped

KINDS = """
result assistant rate_limit_event system item.completed item.started turn.completed turn.failed error init message
tool_use tool_result gemini token_count agent_message api_retry user
""".split()
KEYS = """
type subtype is_error num_turns total_cost_usd usage input_tokens output_tokens cache_read_input_tokens message id
model content text error status item payload info total_token_usage cached_input_tokens stats models tokens cached
total input output rate_limit_info resetsAt role severity bee.session claude-opus-4-8 result name parameters
""".split()
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, 2**63, 1e308])
LEAVES = (
    st.none() | st.booleans() | NUMBERS | st.sampled_from([*KINDS, "\ud800", "429", "resets 8pm"]) | st.text(max_size=9)
)
VALUES = st.recursive(
    LEAVES,
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), some),
    max_leaves=12,
)
EVENTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6).flatmap(
    lambda event: st.sampled_from(KINDS).map(lambda kind: {**event, "type": kind})
)
SESSIONS = VALUES.map(lambda value: {"bee.session": value})
TOKENS = dict.fromkeys(
    "input_tokens cached_input_tokens output_tokens total_tokens input output total".split(), 10**400
)
HUGE: list[dict[str, Any]] = [
    {"type": "assistant", "message": {"id": "m", "usage": TOKENS}},
    {"type": "item.completed", "item": {"type": "agent_message"}},
    {"bee.session": {"type": "gemini", "id": "1", "tokens": TOKENS}},
    {"bee.session": {"payload": {"type": "token_count", "info": {"total_token_usage": TOKENS}}}},
    {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 10**400}},
    {"type": "turn.completed", "usage": TOKENS},
    {"type": "result", "status": "success", "stats": {"models": {"gemini-3-pro": TOKENS}}, "usage": TOKENS,
     "num_turns": 10**400, "total_cost_usd": math.inf},
]  # fmt: skip
STREAMS = st.sampled_from(["stdout", "stderr"])


@pytest.mark.parametrize("engine", sorted(ENGINES))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@example(said=[("stdout", event) for event in HUGE], raw=b"")
@given(said=st.lists(st.tuples(STREAMS, EVENTS | SESSIONS | VALUES), max_size=6), raw=st.binary(max_size=40))
def test_any_output_comes_to_an_end_with_finite_numbers(engine: str, said: list[tuple[str, Any]], raw: bytes) -> None:
    adapter = find(engine, "/nowhere")
    for stream, event in said:
        line = json.dumps(event).encode()
        adapter.feed(stream, line)
        adapter.entries(line)
        adapter.feed(stream, raw)
    for stopped in (Stopped(0, None, "exit"), Stopped(None, 9, "exit"), Stopped(1, None, "timeout")):
        ended = adapter.result(stopped)
        assert math.isfinite(ended.cost_usd)
        assert ended.cost_usd >= 0
        assert 0 <= ended.tokens < 10**18
        assert 0 <= ended.turns < 10**18
        json.dumps({"note": ended.note, "at": ended.retry_at}, ensure_ascii=False).encode()
    assert math.isfinite(adapter.so_far().cost_usd)
