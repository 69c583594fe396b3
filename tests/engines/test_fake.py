"""Programs that misbehave in every way known, in the place of the real ones: what the adapters make of their end."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from bee.cli import wiring
from bee.config.schema import RoleSettings, Settings, settings_of
from bee.config.yaml import parse as parse_yaml
from bee.engines import session_lines
from bee.engines.base import EngineResult
from bee.engines.find import find
from bee.engines.table import Price
from bee.model.errors import ConfigError
from bee.model.outcomes import Failure, Outcome
from bee.model.roles import Role
from bee.system import process
from bee.system.process.agent import Agent, Bounds, Stopped
from tests.belt.plays import runs
from tests.belt.stage import Stage, staged
from tests.engines.jobs import agent_job
from tests.git.world import until

HEAD = f"""#!{sys.executable} -I
import json, os, signal, subprocess, sys, time
def say(**event): print(json.dumps(event), flush=True)
def result(**more):
    say(**{{"type": "result", "subtype": "success", "is_error": False, "num_turns": 2, "result": "done",
           "total_cost_usd": 0.5, "usage": {{"input_tokens": 100, "cache_read_input_tokens": 20, "output_tokens": 30}},
           **more}})
def answer(id="m1", **more):
    say(**{{"type": "assistant", "message": {{"id": id, "model": "claude-opus-4-8", "content": [],
           "usage": {{"input_tokens": 1000, "output_tokens": 10}}}}, **more}})
def note_pid(): open("pid", "w").write(str(os.getpid()))
def item(kind): say(type="item.completed", item={{"type": kind}})
prompt = sys.stdin.read()
"""
CODEX_DONE = 'item("agent_message"); say(type="turn.completed", usage={"input_tokens": 4000, "cached_input_tokens": 800, "output_tokens": 200})'  # noqa: E501
GEMINI_WORK = 'say(type="init", model="gemini-2.5-pro"); say(type="message", role="assistant", content="x")'
GEMINI_DONE = GEMINI_WORK + (
    '; say(type="result", status="success", stats={"models": {"gemini-2.5-pro": '
    '{"input_tokens": 4000, "cached": 800, "output_tokens": 200, "total_tokens": 4300}}})'
)


@dataclass
class Played:
    """How a program ended, and what its adapter made of it."""

    stopped: Stopped
    result: EngineResult
    seconds: float


def play(
    tmp_path: Path,
    body: str,
    engine: str = "claude",
    total: float = 20,
    silent: float = 20,
    bytes_max: int = 100_000,
    **how: object,
) -> Played:
    """Run a program of this body under the name of an engine, through its adapter and the real clocks."""
    program = tmp_path / engine
    program.write_text(HEAD + body)
    program.chmod(0o755)
    job = agent_job(tmp_path, home=tmp_path / "own", **how)
    for path in (job.clone, job.context, job.bin, job.home):
        path.mkdir(exist_ok=True)
    adapter = find(engine, str(tmp_path))
    adapter.prepare(job)
    begun = time.monotonic()
    telling = [sys.executable, "-I", session_lines.__file__, adapter.sessions] if adapter.sessions else []
    agent = Agent.start(
        [*telling, *adapter.argv(job)], cwd=job.clone, env=adapter.env(job, {}), prompt=b"the prompt",
        transcript=tmp_path / "transcript", bytes_max=bytes_max,
        bounds=Bounds(descendants_max=30, done_seconds=0.5, grace_seconds=0.5),
    )  # fmt: skip
    stopped = agent.wait(total, silent, Event(), adapter.feed)
    return Played(stopped, adapter.result(stopped), time.monotonic() - begun)


def gone(path: Path) -> bool:
    """Whether the process whose pid a program wrote down has ended."""
    return until(lambda: process.process_start(int(path.read_text())) is None)


@pytest.mark.parametrize(
    ("engine", "body", "tokens", "cost"),
    [
        ("claude", "answer(); result()", 150, 0.5),
        ("codex", CODEX_DONE, 4200, (3200 * 5 + 800 * 0.5 + 200 * 30) / 1e6),
        ("gemini", GEMINI_DONE, 4300, (3200 * 1.25 + 800 * 0.125 + 300 * 10) / 1e6),
    ],
)
def test_success_is_exit_0_and_a_success_record_and_a_turn(
    tmp_path: Path, engine: str, body: str, tokens: int, cost: float
) -> None:
    played = play(tmp_path, body, engine)
    assert played.result == EngineResult(
        ok=True, cost_usd=pytest.approx(cost), tokens=tokens, turns=2 if engine == "claude" else 1
    )


@pytest.mark.parametrize(
    ("engine", "body"),
    [
        ("claude", "answer(); result(); sys.exit(1)"),
        ("claude", "answer(); result(is_error=True)"),
        ("claude", "answer(); result(num_turns=0)"),
        ("claude", "answer(); result(subtype='error_during_execution', is_error=True)"),
        ("claude", "answer(); result(subtype='error_during_execution')"),
        ("claude", "answer(); say(type='result', num_turns=3)"),
        ("claude", "answer(); print('done, all is well')"),
        ("claude", ""),
        ("claude", "print(json.dumps(dict(type='result', subtype='success', is_error=False))[:40])"),
        ("claude", "print('[' * 100000); print('{' * 100000); print('{\"type\":' * 50000)"),
        ("claude", "print('null'); print('[]'); print('{}'); print('{\"type\": []}'); print('{\"type\": \"result\"}')"),
        ("claude", "say(type='result', subtype=[], usage=7, num_turns='x', total_cost_usd='y', errors=3)"),
        ("claude", "say(type='assistant', message=3); say(type='rate_limit_event', rate_limit_info=[1])"),
        ("codex", "say(type='turn.completed', usage={})"),
        ("codex", "item('error'); say(type='turn.completed', usage=None)"),
        ("codex", "item('agent_message')"),
        ("codex", "item('agent_message'); say(type='turn.failed', error={'message': 'stream disconnected'})"),
        ("codex", CODEX_DONE + "; sys.exit(3)"),
        ("gemini", "say(type='result', status='success', stats={})"),
        ("gemini", GEMINI_WORK),
        ("gemini", GEMINI_WORK + "; say(type='result', status='error', error={'message': 'oops'})"),
        ("gemini", GEMINI_DONE + "; sys.exit(54)"),
        ("gemini", "sys.exit(42)"),
    ],
)
def test_r3_r6_anything_less_is_a_crash(tmp_path: Path, engine: str, body: str) -> None:
    played = play(tmp_path, body, engine)
    assert (played.result.ok, played.result.failure) == (False, Failure.CRASH), played
    assert played.result.note


def test_r3_a_signal_is_killed_and_its_cost_is_kept(tmp_path: Path) -> None:
    """No bill came: the tokens its messages reported are priced from the table."""
    played = play(tmp_path, "answer(); answer(); answer('m2'); os.kill(os.getpid(), signal.SIGKILL)")
    assert played.stopped == Stopped(None, 9, "exit")
    assert played.result.failure is Failure.KILLED
    assert played.result.tokens == 2020
    assert played.result.cost_usd == pytest.approx((2000 * 5 + 20 * 25) / 1e6)


NOTE = {
    "codex": """
def note(n):
    usage = dict(input_tokens=1000 * n, cached_input_tokens=200 * n, output_tokens=50 * n)
    folder = os.path.join(os.environ["CODEX_HOME"], "sessions/2026/11/21"); os.makedirs(folder, exist_ok=True)
    line = dict(type="event_msg", payload=dict(type="token_count", info=dict(total_token_usage=usage)))
    open(folder + "/rollout-1.jsonl", "a").write("no JSON\\n" + json.dumps(line) + "\\n")
""",
    "gemini": """
def note(n):
    tokens = dict(input=1000, cached=200, output=30, thoughts=20, total=1050)
    folder = os.path.join(os.environ["HOME"], ".gemini/tmp/clone/chats"); os.makedirs(folder, exist_ok=True)
    line = json.dumps(dict(type="gemini", id=str(n), tokens=tokens)) + "\\n"
    open(folder + "/session-1.jsonl", "a").write(line + line)
""",
}


@pytest.mark.parametrize("engine", ["codex", "gemini"])
def test_r3_what_a_run_without_a_bill_has_used_is_read_from_its_session(tmp_path: Path, engine: str) -> None:
    """These two say what they used with their last record alone, and note it as they go."""
    work = "item('agent_message')" if engine == "codex" else GEMINI_WORK
    body = f"{NOTE[engine]}\n{work}; note(1); note(2); os.kill(os.getpid(), signal.SIGKILL)"
    played = play(tmp_path, body, engine)
    assert played.result.failure is Failure.KILLED
    assert played.result.tokens == 2100
    assert played.result.cost_usd > 0
    (tmp_path / "2").mkdir()
    done = play(
        tmp_path / "2", f"{NOTE[engine]}\n{work}; note(9); {CODEX_DONE if engine == 'codex' else GEMINI_DONE}", engine
    )
    assert (done.result.ok, done.result.tokens) == (True, 4200 if engine == "codex" else 4300)


def test_a_run_is_ended_when_its_session_says_that_the_money_is_spent(tmp_path: Path) -> None:
    body = f"{NOTE['codex']}\nfor n in range(1, 99): note(1000 * n); item('agent_message'); time.sleep(0.3)"
    played = play(tmp_path, body, "codex", usd_max=3.0)
    assert played.result.failure is Failure.BUDGET
    assert played.result.cost_usd >= 3.0
    assert played.seconds < 9


@pytest.mark.parametrize(
    "trick",
    ["os.mkfifo(name)", "os.symlink('/dev/zero', name)", "os.mkdir(name)", "open(name, 'w').write('{' * 9_000_000)"],
)
def test_what_an_agent_puts_in_the_place_of_a_session_holds_nobody_up(tmp_path: Path, trick: str) -> None:
    folder = "os.path.join(os.environ['CODEX_HOME'], 'sessions/2026/11/21')"
    body = f"folder = {folder}; os.makedirs(folder); name = folder + '/rollout-1.jsonl'; {trick}; {CODEX_DONE}"
    played = play(tmp_path, body, "codex")
    assert (played.result.ok, played.result.tokens) == (True, 4200)
    assert played.seconds < 9


def test_r3_a_success_record_before_a_signal_is_still_killed(tmp_path: Path) -> None:
    played = play(tmp_path, "answer(); result(); os.kill(os.getpid(), signal.SIGSEGV)")
    assert played.result.failure is Failure.KILLED


@pytest.mark.parametrize("engine", ["claude", "codex", "gemini"])
def test_r3_a_signal_seen_through_the_box_is_killed(tmp_path: Path, engine: str) -> None:
    assert play(tmp_path, "sys.exit(137)", engine).result.failure is Failure.KILLED


def test_r2_term_ignored_ends_all_the_same(tmp_path: Path) -> None:
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN); note_pid(); answer(); time.sleep(99)"
    played = play(tmp_path, body, total=1)
    assert played.result.failure is Failure.TIMEOUT
    assert played.seconds < 8
    assert gone(tmp_path / "clone" / "pid")


def test_r2_a_hang_before_the_result_is_a_stall_or_a_timeout(tmp_path: Path) -> None:
    body = "answer(); time.sleep(99)"
    assert play(tmp_path, body, silent=1).result.failure is Failure.STALL
    assert play(tmp_path, "while True: answer(); time.sleep(0.1)", total=1).result.failure is Failure.TIMEOUT


@pytest.mark.parametrize(
    ("engine", "body"), [("claude", "answer(); result()"), ("codex", CODEX_DONE), ("gemini", GEMINI_DONE)]
)
def test_r2_a_hang_after_the_result_is_no_failure(tmp_path: Path, engine: str, body: str) -> None:
    """Claude Code survives its result while a shell of its own lives: it is ended, and the result counts."""
    played = play(tmp_path, body + "; subprocess.Popen(['sleep', '99']); time.sleep(99)", engine)
    assert played.stopped.why == "done"
    assert played.result.ok
    assert played.seconds < 6


def test_r4_the_prompt_goes_in_on_stdin_which_is_then_closed(tmp_path: Path) -> None:
    body = "assert prompt == 'the prompt'; assert sys.stdin.read() == ''; answer(); result()"
    assert play(tmp_path, body).result.ok


def test_stderr_between_the_events_breaks_none(tmp_path: Path) -> None:
    body = (
        "for _ in range(200):\n    answer(); print('{\"type\": \"result\"}', 'warning', file=sys.stderr, flush=True)\n"
        "result()"
    )
    played = play(tmp_path, body)
    assert played.result.ok
    assert b"warning" in (tmp_path / "transcript").read_bytes()


def test_an_event_of_nine_megabytes_is_survived(tmp_path: Path) -> None:
    played = play(tmp_path, "answer(); say(type='user', text='x' * 9_000_000); result()")
    assert played.result.ok
    assert (tmp_path / "transcript").stat().st_size < 110_000


@pytest.mark.deep
def test_a_stream_of_a_hundred_mebibytes_is_bounded(tmp_path: Path) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    body = "answer()\nfor _ in range(1600): say(type='user', text='x' * 65536)\nprint('{' + 'y' * 30_000_000)\nresult()"
    played = play(tmp_path, body, total=120, silent=60, bytes_max=1_000_000)
    assert played.result.ok
    assert (tmp_path / "transcript").stat().st_size < 1_100_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # kilobytes


REJECTED = "say(type='rate_limit_event', rate_limit_info=dict(status='{}', resetsAt=int(time.time()) + 3600, rateLimitType='five_hour'))"  # noqa: E501


@pytest.mark.parametrize(
    ("engine", "body", "seconds"),
    [
        ("claude", REJECTED.format("rejected") + "; result(is_error=True, api_error_status=429, result='x')", 3600),
        ("claude", REJECTED.format("rejected") + "; answer(error='rate_limit'); result()", 3600),
        ("claude", "answer(); result(is_error=True, api_error_status=429, result='API Error: (429)')", None),
        ("claude", "answer(); result(result='You\\'ve hit your session limit · resets in 2h')", 7200),
        ("claude", "print('You\\'ve hit your session limit · resets in 2h 30m'); sys.exit(1)", 9000),
        ("claude", "answer(); result(result='Claude AI usage limit reached|%d' % (time.time() + 60))", 60),
        (
            "codex",
            "item('reasoning'); say(type='turn.failed', error=dict(message='usage limit; try again in 90s'))",
            90,
        ),
        ("codex", "say(type='error', message='exceeded retry limit, last status: 429'); time.sleep(99)", None),
        (
            "codex",
            "say(type='error', message='Reconnecting... 1/5 (exceeded retry limit, last status: 429)'); time.sleep(9)",
            None,
        ),
        (
            "gemini",
            "say(type='result', status='error', error=dict(message='exhausted your quota, resets after 1h'))"
            "; sys.exit(173)",
            3600,
        ),
        ("gemini", "print('Attempt 3 failed with status 429. Retrying', file=sys.stderr); sys.exit(173)", None),
    ],
)
def test_a7_a_quota_has_its_class_and_its_reset_time(
    tmp_path: Path, engine: str, body: str, seconds: int | None
) -> None:
    played = play(tmp_path, body, engine)
    assert (played.result.ok, played.result.failure) == (False, Failure.QUOTA), played
    assert played.seconds < 6
    if seconds is None:
        assert played.result.retry_at is None
    else:
        assert played.result.retry_at == pytest.approx(time.time() + seconds, abs=12)


def warned(seconds: int, **more: object) -> str:
    """A program that is told that a limit is near, and ends its turn as if all were well."""
    info = (
        f"dict(status='allowed_warning', resetsAt=int(time.time()) + {seconds}, rateLimitType='five_hour', **{more!r})"
    )
    return f"answer(); say(type='rate_limit_event', rate_limit_info={info}); answer(); result()"


@pytest.mark.parametrize(
    ("body", "near", "seconds"),
    [
        (warned(3600, utilization=0.93), True, 3600),
        (warned(3600), True, 3600),
        (warned(3600, utilization="full"), True, 3600),
        (warned(6 * 86400, utilization=0.99), True, None),
        (warned(-60, utilization=0.99), True, None),
        (warned(3600, utilization=0.75), False, None),
        (warned(3600, utilization=0.93) + "; result()", True, 3600),
        (warned(3600, utilization=0.93).replace("; result()", "; say(type='rate_limit_event', rate_limit_info="
         "dict(status='allowed')); result()"), False, None),
        (REJECTED.format("allowed") + "; answer(); result()", False, None),
    ],
)  # fmt: skip
def test_case_r12_a_turn_that_ends_near_a_limit_says_so(
    tmp_path: Path, body: str, near: bool, seconds: int | None
) -> None:
    """It ended well all the same; the wait is no longer than a short window, and a mere warning at 75 % is none."""
    result = play(tmp_path, body).result
    assert (result.ok, result.failure) == (True, Failure.QUOTA if near else None)
    assert result.note == ("exit 0: the limit five_hour is nearly reached" if near else "")
    if seconds is None:
        assert result.retry_at is None
    else:
        assert result.retry_at == pytest.approx(time.time() + seconds, abs=12)


@pytest.mark.parametrize(
    ("verb", "outcome", "failure"),
    [
        ("", Outcome.ERROR, Failure.QUOTA),
        ("subprocess.run(['bee', 'nothing-to-do', 'waiting', 'for the other step']); ", Outcome.WAITING, None),
    ],
)
def test_case_r12_near_a_limit_no_verb_is_a_quota_and_a_verb_counts(
    tmp_path: Path, verb: str, outcome: Outcome, failure: Failure | None
) -> None:
    """Through the belt: it is no failed try, and the next tick waits."""
    with staged(tmp_path) as stage:
        assert told(stage, verb + warned(3600, utilization=0.95)) == (outcome, failure, 0.5)


@pytest.mark.parametrize(
    ("engine", "body"),
    [
        ("claude", REJECTED.format("allowed_warning") + "; answer(); result()"),
        ("claude", REJECTED.format("rejected") + "; answer(); result()"),
        ("claude", "say(type='system', subtype='api_retry', attempt=1, error='rate_limit'); answer(); result()"),
        ("claude", "answer(); result(result='I handle HTTP 429 and the rate limit now, see the quota test.')"),
        ("codex", "say(type='error', message='Reconnecting... 1/5 (429 Too Many)'); time.sleep(1); " + CODEX_DONE),
        ("gemini", "sys.stderr.write('Attempt 1 failed with status 429\\n'); time.sleep(0.3); " + GEMINI_DONE),
    ],
)  # fmt: skip
def test_a7_a_limit_that_was_waited_out_is_none(tmp_path: Path, engine: str, body: str) -> None:
    played = play(tmp_path, body, engine)
    assert played.result.ok, played


@pytest.mark.parametrize(
    ("engine", "body"),
    [
        ("claude", "answer(error='authentication_failed'); result(is_error=True, result='Not logged in')"),
        ("claude", "answer(); result(is_error=True, api_error_status=401, result='x')"),
        ("claude", "answer(error='billing_error'); result(is_error=True, result='Credit balance is too low')"),
        (
            "claude",
            "for n in range(1, 11): say(type='system', subtype='api_retry', attempt=n, error_status=401); "
            "time.sleep(n / 4)",
        ),
        ("claude", "print('Invalid API key · Please run /login'); sys.exit(1)"),
        ("codex", "say(type='error', message='Reconnecting... 1/5 (status 401 Unauthorized: x)'); time.sleep(99)"),
        ("codex", "say(type='turn.failed', error=dict(message='unexpected status 401 Unauthorized')); sys.exit(1)"),
        ("gemini", "print('you must specify the GEMINI_API_KEY environment variable', file=sys.stderr); sys.exit(41)"),
        ("gemini", "sys.exit(41)"),
        ("gemini", "say(type='result', status='error', error=dict(message='{\"code\":401}')); sys.exit(145)"),
    ],
)
def test_a7_a_refused_login_has_its_class_and_is_not_tried_for_minutes(tmp_path: Path, engine: str, body: str) -> None:
    played = play(tmp_path, body, engine)
    assert (played.result.ok, played.result.failure) == (False, Failure.AUTH), played
    assert played.seconds < 6


@pytest.mark.parametrize(
    ("engine", "body", "failure"),
    [
        ("claude", "answer(); result(subtype='error_max_turns', is_error=True)", Failure.TURNS),
        ("claude", "answer(); result(subtype='error_max_budget_usd', is_error=True)", Failure.BUDGET),
        ("gemini", "sys.exit(53)", Failure.TURNS),
        ("gemini", "sys.exit(130)", Failure.KILLED),
    ],
)
def test_a_bound_of_its_own_has_its_class(tmp_path: Path, engine: str, body: str, failure: Failure) -> None:
    played = play(tmp_path, body, engine)
    assert played.result.failure is failure
    assert (played.result.cost_usd, played.result.tokens) == ((0.5, 150) if engine == "claude" else (0.0, 0))


@pytest.mark.parametrize(("left", "over"), [(0.0, False), (0.006, False), (0.001, True)])
def test_a_program_that_has_used_what_was_left_for_its_run_is_ended(tmp_path: Path, left: float, over: bool) -> None:
    """What its events say it used is enough: the worker need not wait for the program's own bound, or for its end."""
    (tmp_path / "claude").write_text("")
    (tmp_path / "claude").chmod(0o755)
    engine = find("claude", path=str(tmp_path))
    engine.argv(agent_job(tmp_path, usd_max=left))
    usage = {"input_tokens": 1_000, "output_tokens": 10}
    event = {"type": "assistant", "message": {"id": "m1", "model": "claude-opus-4-8", "content": [], "usage": usage}}
    assert engine.feed("stdout", json.dumps(event).encode()) is over
    ended = engine.result(Stopped(0, None, "done"))
    assert (ended.failure is Failure.BUDGET, round(ended.cost_usd, 5)) == (over, 0.00525)


def test_the_prices_of_the_configuration_come_first(tmp_path: Path) -> None:
    engine = find("codex", prices={"m": Price(1.0, 0.0, 2.0)})
    programs = tmp_path / "codex"
    programs.write_text("")
    programs.chmod(0o755)
    engine._path = str(tmp_path)  # type: ignore[attr-defined]
    engine.argv(agent_job(tmp_path, model="m"))
    engine.feed("stdout", json.dumps({"type": "item.completed", "item": {"type": "agent_message"}}).encode())
    usage = {"input_tokens": 1_000_000, "output_tokens": 500_000}
    assert engine.feed("stdout", json.dumps({"type": "turn.completed", "usage": usage}).encode())
    assert engine.result(Stopped(0, None, "exit")).cost_usd == pytest.approx(2.0)


def test_r2_a_grandchild_that_outlives_its_parent_is_ended(tmp_path: Path) -> None:
    """It leaves its parent, its group and its session, and is known by having been seen in the tree."""
    inner = "note_pid(); time.sleep(99)"
    body = (
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        f"        {inner}\n    time.sleep(2.5); os._exit(0)\ntime.sleep(2.2)\nanswer(); result()"
    )
    played = play(tmp_path, body)
    assert played.result.ok
    assert gone(tmp_path / "clone" / "pid")


def test_a_process_flood_is_ended_and_is_killed(tmp_path: Path) -> None:
    body = "answer()\nfor _ in range(80): subprocess.Popen(['sleep', '99'])\nnote_pid()\ntime.sleep(99)"
    played = play(tmp_path, body)
    assert played.stopped.why == "flood"
    assert played.result.failure is Failure.KILLED
    assert gone(tmp_path / "clone" / "pid")


# ---- through the belt: recorded once, with its class, and the lease is free ------------------------------------------


SECONDS = 1 / 60  # RoleSettings counts in minutes


def told(stage: Stage, body: str, seconds: float = 60, silent: float = 60) -> tuple[Outcome, Failure | None, float]:
    """One tick whose drafter is a fake Claude Code; its one record, after which the item is free again."""
    folder = stage.folder / "programs"
    folder.mkdir(exist_ok=True)
    (folder / "claude").write_text(HEAD + body)
    (folder / "claude").chmod(0o755)
    number = stage.issue()
    env = {**stage.env(), "PATH": f"{folder}:{stage.env()['PATH']}"}
    own = RoleSettings(engine="claude", minutes=seconds * SECONDS, minutes_silent=silent * SECONDS)  # type: ignore[arg-type]
    chosen = Settings(repos=(stage.repo,), sandbox="none", roles={Role.DRAFTER: own})
    host = wiring.host_of(env, chosen, stage.tokens["bee"], lambda text: None)
    ticked = stage.tick(host)
    assert ticked.run, ticked
    [run] = runs(stage, host, number)
    assert run.run == ticked.run
    assert "breeze:wip" not in stage.labels(number)
    record = stage.record(number)
    assert (str(record.kind), record.expires_at, record.run) == ("finished", 0, run.run)
    return run.outcome, run.failure, run.cost_usd


KILL_9 = pytest.approx(0.00525)  # no bill: priced by what its messages had told
ENDS = {
    "signal": ("answer(); os.kill(os.getpid(), signal.SIGKILL)", Failure.KILLED, KILL_9),
    "error flag with success": ("answer(); result(is_error=True)", Failure.CRASH, 0.5),
    "no turn": ("result(num_turns=0)", Failure.CRASH, 0.5),
    "cut-off record": ("answer(); print('{\"type\": \"result\", \"subtype\": \"succ')", Failure.CRASH, KILL_9),
    "a huge line": ("answer(); print('{' + 'y' * 12_000_000)", Failure.CRASH, KILL_9),
    "stderr between": ("answer(); print('{\"type\"', file=sys.stderr); sys.exit(2)", Failure.CRASH, KILL_9),
    "turn limit": ("answer(); result(subtype='error_max_turns', is_error=True)", Failure.TURNS, 0.5),
    "budget": ("answer(); result(subtype='error_max_budget_usd', is_error=True)", Failure.BUDGET, 0.5),
    "TERM ignored": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: answer(); time.sleep(0.1)", Failure.TIMEOUT, KILL_9,
    ),
    "a hang before the result": ("answer(); time.sleep(99)", Failure.STALL, KILL_9),
    "a hang after the result": ("answer(); result(); time.sleep(99)", Failure.NO_VERB, 0.5),
    "a grandchild": (
        "subprocess.Popen(['sleep', '99'], start_new_session=True); answer(); result()", Failure.NO_VERB, 0.5,
    ),
    "a hundred mebibytes": (
        "answer()\nfor _ in range(1600): say(type='user', text='x' * 65536)\nresult()", Failure.NO_VERB, 0.5,
    ),
    # the last one keeps ticks still
    "quota": ("answer(); result(result='You\\'ve hit your session limit · resets in 2h')", Failure.QUOTA, 0.5),
}  # fmt: skip


SLOW = ("TERM ignored", "a hang before the result", "a hang after the result", "a hundred mebibytes")


@pytest.mark.parametrize("slow", [False, pytest.param(True, marks=pytest.mark.deep)])
def test_r3_every_end_is_recorded_once_with_its_class_and_its_cost_and_the_lease_is_free(
    tmp_path: Path, slow: bool
) -> None:
    """Through the belt, one item after the other on one host."""
    with staged(tmp_path) as stage:
        for name, (body, failure, cost) in ENDS.items():
            if (name in SLOW) != slow:
                continue
            seconds = {"TERM ignored": 2.0, "a hang before the result": 30.0}.get(name, 60.0)
            silent = 2.0 if name == "a hang before the result" else 60.0
            outcome = Outcome.UNCLASSIFIED if failure is Failure.NO_VERB else Outcome.ERROR
            assert told(stage, body, seconds, silent) == (outcome, failure, cost), name


def test_a7_a_refused_login_through_the_belt_is_recorded_once(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        body = "print('Not logged in · Please run /login'); sys.exit(1)"
        assert told(stage, body) == (Outcome.ERROR, Failure.AUTH, 0.0)


@pytest.mark.deep
def test_r2_a_process_flood_through_the_belt_is_ended_and_recorded_once(tmp_path: Path) -> None:
    """Counted by the worker itself: a user's limit does not bind root."""
    with staged(tmp_path) as stage:
        body = "answer()\nfor _ in range(600): subprocess.Popen(['sleep', '99'])\ntime.sleep(99)"
        assert told(stage, body) == (Outcome.ERROR, Failure.KILLED, KILL_9)


def test_an_engine_that_is_not_installed_claims_nothing(tmp_path: Path) -> None:
    """The tick says what to install and ends with 2; no item is claimed for what cannot run here."""
    with staged(tmp_path) as stage:
        number = stage.issue()
        own = {Role.DRAFTER: RoleSettings(engine="gemini")}
        env = {**stage.env(), "PATH": "/usr/bin:/bin"}
        chosen = Settings(repos=(stage.repo,), sandbox="none", roles=own)
        host = wiring.host_of(env, chosen, stage.tokens["bee"], lambda text: None)
        report = stage.tick(host)
        assert (report.run, report.exit) == ("", 2)
        assert "npm install -g @google/gemini-cli" in str(report.problems[0])
        assert stage.labels(number) == set()
        assert stage.refs("refs/bee/") == {}


def read_settings(text: str) -> Settings:
    return settings_of("config.yml", parse_yaml(f"version: 1\n{text}", "config.yml"))


def test_prices_in_the_configuration_are_three_numbers_by_model() -> None:
    assert read_settings("prices:\n  m: [1, 0.5, 2.25]\n").prices == {"m": (1.0, 0.5, 2.25)}
    for text, problem in {
        "prices: 3\n": "config.yml:2: expected models with their prices",
        "prices:\n  m: 3\n": "config.yml:3: `m` takes three numbers",
        "prices:\n  m: [1, 2]\n": "config.yml:3: `m` takes three numbers",
        "prices:\n  m: [1, 2, -1]\n": "config.yml:3: expected a number from 0 to 10000",
    }.items():
        with pytest.raises(ConfigError, match=problem):
            read_settings(text)
