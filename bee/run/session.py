"""The work of a run: its workspace, the part that needs no agent, and the agent's session with its verbs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from bee.engines.base import AgentJob
from bee.git.mirror import Mirror
from bee.model import limits
from bee.model.effects import TraceResult
from bee.model.errors import LeaseLost, SetupError, UnreachableError
from bee.model.items import Pull
from bee.model.outcomes import Failure, Outcome
from bee.model.roles import Role
from bee.model.verb_answer import Answer
from bee.run import handed_in, prompt, traces
from bee.run.commit import commit
from bee.run.outcome import Result
from bee.run.run_log import add_verb
from bee.run.sanitize import fenced
from bee.run.setup import keep_cache
from bee.run.state import Run
from bee.run.verbs import handle, listed, settle
from bee.run.verbs.base import Accepted, Session
from bee.run.verbs.e2e import Tested, said
from bee.run.verbs.submit import is_sound
from bee.run.workspace import StaleInput, Workspace, make_workspace
from bee.system.home import QUARANTINE
from bee.wording import texts

FEEDBACK: Final = "feedback.md"


def work(run: Run) -> Result:
    """Do the run's work. Raises StaleInput, LeaseLost, or another BeeError where the workspace cannot be made."""
    job, renewer = run.job, run.renewer
    run.host.home.note_began(job.run, fetched=False)
    try:
        workspace = make_workspace(run.store, renewer.lease, job, run.mirror, run.folder, renewer.stop)
    except UnreachableError:
        if renewer.stop.is_set():
            return run.without_effect(Outcome.STALE_INPUT, renewer.why, Failure.CANCELLED)
        raise
    run.workspace = workspace
    run.host.home.note_began(job.run, fetched=True)
    base_ref = workspace.brief.base_ref
    base_tip = job.snapshot.merges.get(base_ref)
    if job.role is Role.TEST and not run.store.hold_base(renewer.current(), base_ref, base_tip):
        raise StaleInput(f"another run is between E2E and merge on {base_ref}")
    try:
        if job.role is Role.TEST:
            traces.check(run, workspace.brief.view.policy)
        accepted = _without_agent(run, workspace) or _without_pay(run, workspace) or _with_agent(run, workspace)
    except SetupError as problem:
        run.asks, accepted = str(problem), Accepted()
    if run.asks:
        accepted = Accepted({"pause": run.asks})
    if renewer.lost:
        raise LeaseLost(renewer.why)
    if renewer.stop.is_set() and "pause" not in accepted.values:
        return run.without_effect(Outcome.STALE_INPUT, renewer.why, Failure.CANCELLED)
    failure = run.engine.failure or (None if run.engine.ok else Failure.CRASH)
    note = run.output_checks().told(run.engine.note) if run.engine.note else ""
    return settle(accepted, workspace.brief, job.fingerprint, failure, note)


def _e2e(run: Run, workspace: Workspace) -> TraceResult:
    try:
        return run.e2e(workspace.brief.head, workspace.brief.base)
    except SetupError as problem:
        run.asks = str(problem)  # whatever the agent makes of the refusal
        raise


def _made_ready(run: Run, workspace: Workspace) -> Workspace:
    """The workspace after the policy's setup; where that fails for this branch alone, its agent is told.

    Raises SetupError where it fails on the base, too: then a person is asked.
    """
    brief, setup = workspace.brief, run.set_up()
    failed = setup.failure(workspace.clone.path, workspace.home)
    if not failed:
        default = run.mirror.rev(f"refs/heads/{brief.view.snapshot.default_branch}")
        if setup.policy.setup.run and brief.head == brief.base == default:
            keep_cache(run.host.home, run.job.repo, workspace.home)
        return workspace
    if brief.head == brief.base:
        raise SetupError(texts.setup_failed(brief.base_ref, failed))
    setup.check_base(brief.base, brief.base_ref)
    words = fenced(texts.setup_failed(brief.branch, failed), brief.mark, "what `setup` printed")
    return _with_feedback(workspace, words)


def _with_feedback(workspace: Workspace, words: str) -> Workspace:
    """The workspace, with more in what its agent reads of what failed."""
    text = f"{workspace.files.get(FEEDBACK, '')}\n\n{words}".lstrip("\n")
    (workspace.context / FEEDBACK).write_text(text, encoding="utf-8", errors="replace")
    return replace(workspace, files={**workspace.files, FEEDBACK: text})


def _without_agent(run: Run, workspace: Workspace) -> Accepted | None:
    """What needs no judgement, unless the policy wants an agent for it; None where an agent is to judge."""
    item = workspace.brief.item
    if isinstance(item, Pull) and item.merged:
        return Accepted({"merge": True})
    if run.job.role not in workspace.brief.view.policy.lean:
        return None
    if run.job.role is Role.MERGER:
        return Accepted({"merge": True})
    run.tested = Tested(_e2e(run, workspace))
    return Accepted({"e2e": run.tested}) if run.tested.trace.passed else None


def _without_pay(run: Run, workspace: Workspace) -> Accepted | None:
    """What an earlier run handed in and GitHub did not take, or why it would not take it now; None where neither is."""
    run.asks = handed_in.forbidden(run, workspace.brief)
    if run.asks:
        return Accepted()
    sound = partial(is_sound, _session(run, workspace))
    work = handed_in.kept(run, workspace.brief, sound)
    if work is not None:
        run.kept = True
        return _handed_in(run, workspace, Accepted({"submit": work}))
    session, said = _session(run, workspace), handed_in.kept_words(run, workspace.brief)
    if not said or not all(handle(session, verb, args).ok for verb, args in said):
        return None
    run.kept, run.said = True, said
    return session.accepted


def _handed_in(run: Run, workspace: Workspace, accepted: Accepted) -> Accepted:
    """What was accepted, its commits ready to be pushed."""
    work = run.work = handed_in.made_ready(run, workspace.brief, accepted.values["submit"])
    accepted.values["submit"] = work
    return accepted


def _session(run: Run, workspace: Workspace) -> Session:
    session = Session(
        brief=workspace.brief, files=workspace.files, checks=run.output_checks(), now=lambda: run.now,
        accepted=Accepted({"e2e": run.tested} if run.tested else {}),
        take_in=lambda pack: _take_in(run, session.accepted, pack), run_e2e=partial(_e2e, run, workspace),
        commit_pause=partial(_pause_now, run), log=partial(_log, run),
    )  # fmt: skip
    return session


def _with_agent(run: Run, workspace: Workspace) -> Accepted:
    """Let an agent play the role."""
    workspace = _made_ready(run, workspace)
    if run.tested is not None:
        workspace = _with_feedback(workspace, said(run.tested.trace, workspace.brief.mark))
    run.workspace = workspace
    session = _session(run, workspace)
    template, name = _template(run, workspace)
    text = prompt.render(template, prompt.variables(workspace.brief, workspace.files, listed(run.job.role)), name)
    (run.folder / "prompt.md").write_text(text, encoding="utf-8")
    policy = workspace.brief.view.policy
    job = AgentJob(
        role=run.job.role, run=run.job.run, repo=run.job.repo, number=run.job.number, branch=workspace.brief.branch,
        base=workspace.brief.base, folder=run.folder, clone=workspace.clone.path, context=workspace.context,
        bin=workspace.bin, home=workspace.home, mirror=run.mirror.path, prompt=text, stop=run.renewer.stop,
        known=tuple({workspace.brief.head, workspace.brief.base}),
        # waiting for `bee e2e run` is bee's own time, not the agent's
        extra_minutes=policy.limits.verify_minutes * len(policy.verify) if run.job.role is Role.TEST else 0,
        usd_max=run.job.usd_max, network=policy.network.get(run.job.role, ""),
    )  # fmt: skip
    run.said = session.accepted.said
    run.engine = run.host.runner().run(job, partial(handle, session))
    if "submit" in session.accepted.values:
        return _handed_in(run, workspace, session.accepted)
    return session.accepted


def _take_in(run: Run, accepted: Accepted, pack: bytes) -> Mirror:
    """A quarantine of what an agent hands in, beside that of what was accepted before."""
    first, second = (run.folder / QUARANTINE / name for name in "12")
    taken = "submit" in accepted.values and accepted.values["submit"].quarantine.path == first
    return run.mirror.take_in(pack, second if taken else first, run.host.runner().confined)


def _template(run: Run, workspace: Workspace) -> tuple[str, str]:
    """The role's prompt and its name: the repository's own on its default branch, else the one that ships."""
    path = prompt.override_path(run.job.role)
    tip = run.mirror.rev(f"refs/heads/{workspace.brief.view.snapshot.default_branch}")
    raw = run.mirror.show(tip, path, limits.PROMPT_BYTES_MAX) if tip else None
    if raw is None:
        return run.host.role_prompt(run.job.role), f"{run.job.role}.md"
    name = f"{run.job.repo}:{path}"
    return prompt.check_override(raw, name), name


def _pause_now(run: Run, reason: str) -> None:
    """An agent's pause is committed at once, and survives whatever happens to the agent afterwards."""
    assert run.workspace is not None
    commit(run, settle(Accepted({"pause": reason}), run.workspace.brief, run.job.fingerprint, None, ""))


def _log(run: Run, verb: str, answer: Answer) -> None:
    at, home = run.now, run.host.home
    add_verb(home, run.job.run, at, verb, answer.ok, answer.text)
    home.activity({"at": at, "run": run.job.run, "verb": verb, "ok": answer.ok, "text": answer.text[:500]})
