"""What the end of a run means beyond its item: this machine's own records, notices, and what stops every other run."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from bee.config.notify import Notice
from bee.github import git_database
from bee.lease import pause
from bee.model import limits
from bee.model.errors import LookError, RefConflict
from bee.model.outcomes import Failure, Outcome
from bee.model.refs import CONTROL_REF
from bee.model.text import one_line
from bee.pipeline.holds import BY_QUOTA
from bee.publish.alerts import Alert, raise_alert
from bee.publish.notify import notify
from bee.run import run_log
from bee.run.outcome import Result
from bee.run.state import Run
from bee.wording import texts


def note_end(run: Run, result: Result) -> None:
    """Write down on this machine what came of the run, for `bee logs`."""
    about = run_log.read_about(run.host.home, run.job.run)
    if about is not None:
        run_log.write_about(run.host.home, replace(
            about, ended_at=run.now, outcome=str(result.outcome), failure=str(result.failure or ""), note=result.note,
            cost_usd=run.engine.cost_usd, tokens=run.engine.tokens, turns=run.engine.turns,
        ))  # fmt: skip


def tell(run: Run, result: Result) -> None:
    """Tell this machine, people and other runs of an end that was recorded."""
    job, host = run.job, run.host
    note_end(run, result)
    host.say(texts.status_text(result.outcome, str(job.role), job.number, one_line(result.note, 80), ""))
    host.home.activity({
        "at": run.now, "run": job.run, "outcome": str(result.outcome), "note": result.note,
        "requests": run.store.client.requests,
    })  # fmt: skip
    item = job.snapshot.item(job.number)
    if result.outcome is Outcome.ESCALATED and item is not None:
        notify(host, Notice.of_item(job.run, job.repo, item, result.note))
    if result.failure is Failure.QUOTA:
        _wait_for_quota(run, result)
    if result.failure is Failure.AUTH:
        _ask_for_login(run, result)


def _wait_for_quota(run: Run, result: Result) -> None:
    """A quota stops every run until its reset time, on every host; nobody's attempts are spent on it."""
    until = run.engine.retry_at or run.now + limits.QUOTA_MINUTES * 60
    tip = git_database.read_ref(run.store.client, run.store.repo, run.store.repo_id, CONTROL_REF)
    with contextlib.suppress(RefConflict):
        pause.pause_all(run.store, tip, BY_QUOTA, result.note, until)


def _ask_for_login(run: Run, result: Result) -> None:
    """An engine that is not logged in fails every run on this host: ticks here stop, and one alert asks."""
    engine, host = run.renewer.lease.record.engine, run.host
    host.home.set_marker("PAUSED", f"{engine} is not logged in here: {result.note}")
    words = texts.not_logged_in(engine, host.host_id, result.note)
    alert = Alert(f"login-{engine}-{host.host_id}", *words, cause=run.job.run)
    with contextlib.suppress(LookError, RefConflict):
        if raise_alert(run.store, run.job.snapshot.viewer, alert):
            notify(host, Notice(cause=alert.key + alert.cause, title=alert.title, text=alert.text, repo=run.job.repo))
