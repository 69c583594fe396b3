"""One run, from a claimed lease to its last record: work, publish, record, release.

Whatever happens, the outcome is recorded once and the lease is given back, or it is another's already.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from bee.config.network import OPEN
from bee.config.notify import Notice
from bee.engines import EngineResult
from bee.git.mirror import Mirror, RefChange
from bee.github import git_database
from bee.host import Host, Scene, credentials_of, note_writes
from bee.lease import pause
from bee.lease.renewer import LeaseRenewer
from bee.lease.store import Ending, Lease, LeaseStore, add_ref
from bee.model import limits
from bee.model.answer import Answer
from bee.model.effects import SetLabels
from bee.model.effects import TraceResult as Trace
from bee.model.errors import BeeError, GitError, LeaseLost, LookError, RefConflict, StopOrder
from bee.model.labels import Label
from bee.model.outcomes import Failure, Outcome
from bee.model.records import Kind
from bee.model.refs import BRANCH_REFS, CONTROL_REF
from bee.model.roles import ROLES, Role
from bee.model.text import one_line
from bee.pipeline.error_signature import error_print
from bee.pipeline.holds import BY_QUOTA
from bee.pipeline.output_checks import Gates
from bee.pipeline.status_preview import sticky
from bee.pipeline.trust import Trust
from bee.publish.alerts import Alert, raise_alert
from bee.publish.context import PublishContext
from bee.publish.merge import merge_gate
from bee.publish.notify import notify
from bee.publish.outbox import carry_out
from bee.run import prompt, runlog
from bee.run.e2e import Bench, run_e2e
from bee.run.job import Job
from bee.run.outcome import Result, Said, settle
from bee.run.verbs import Session
from bee.run.workspace import Place, StaleInput, make_place
from bee.system.home import CLONES, remove_tree
from bee.wording import texts

CLAIM_FRESH_SECONDS: Final = 10


def work(host: Host, job: Job) -> Outcome:
    """Do one run. Returns its outcome; LOST when the lease was another's before the end."""
    client = host.client()
    store = LeaseStore.of(host, client, job.snapshot)
    lease = _claimed(store, job)
    if lease is None:
        host.say(f"#{job.number}: the claim of {job.run} is not there any more; nothing was done")
        return Outcome.LOST
    # The renewer's thread has a client of its own: a session is not for two threads.
    beside = host.client()
    beside.set_clock(client.now())
    renewer = LeaseRenewer(replace(store, client=beside), lease)
    renewer.start()
    run = Run(host, job, store, renewer)
    try:
        return run.go()
    except LeaseLost as problem:
        host.say(f"#{job.number}: {problem}; this run published nothing more")
        run.note_end(Result(Outcome.LOST, str(problem), ()))
        return Outcome.LOST
    finally:
        renewer.close()
        note_writes(host, client, beside)
        run.clean()


def _claimed(store: LeaseStore, job: Job) -> Lease | None:
    """The lease of the claim, if it stands. GitHub is asked again, unless the tick read it back just now."""
    client = store.client
    age = client.clock.time() - job.read_at
    tip = job.snapshot.items.get(job.number)
    if 0 <= age < CLAIM_FRESH_SECONDS:
        client.set_clock(job.snapshot.now + int(age))
    else:
        tip = git_database.pulse(client, job.repo, job.number).tip
    return store.held_from(job.number, tip, job.lease)


class Run:
    """One run under way."""

    def __init__(self, host: Host, job: Job, store: LeaseStore, renewer: LeaseRenewer) -> None:
        self.host, self.job, self.store, self.renewer = host, job, store, renewer
        self.folder = host.home.run_dir(job.run)
        self.engine = EngineResult(ok=True)
        self.mirror: Mirror = host.mirror(job.repo)
        self.place: Place | None = None

    def go(self) -> Outcome:
        """Work, publish, record, release."""
        try:
            result = self._result()
        except StaleInput as problem:
            result = Result(Outcome.STALE_INPUT, str(problem), (self._wip_off(),))
        except LeaseLost:
            raise
        except BeeError as problem:
            result = Result(Outcome.ERROR, one_line(str(problem), 400), (self._wip_off(),), Failure.WORKSPACE)
        except Exception as problem:
            self._finish(Result(Outcome.ERROR, f"a bug in bee: {problem!r}"[:400], (), Failure.CRASH))
            raise
        committed = self.renewer.lease.record
        if committed.kind is Kind.PUBLISHED:
            return self._carry(replace(result, outbox=committed.outbox))
        return self._carry(self._commit(result))

    def clean(self) -> None:
        """The clone is not needed any more; prompt, context and transcript stay."""
        for name in CLONES:
            if (self.folder / name).exists():
                remove_tree(self.folder / name)

    def _wip_off(self) -> SetLabels:
        return SetLabels(self.job.number, (), (Label.WIP.value,))

    def _result(self) -> Result:
        place = self.place = make_place(self.store, self.renewer.lease, self.job, self.mirror, self.folder)
        if self.job.role is Role.TEST:
            base_ref = place.brief.base_ref
            if not self.store.hold_base(self.renewer.current(), base_ref, self.job.snapshot.merges.get(base_ref)):
                raise StaleInput(f"another run is between E2E and merge on {base_ref}")
        said = self._lean(place)
        if said is None:
            said = self._play(place)
        if self.renewer.lost:
            raise LeaseLost(self.renewer.why)
        if self.renewer.stop.is_set() and said.pause is None:
            return Result(Outcome.STALE_INPUT, self.renewer.why, (self._wip_off(),), Failure.CANCELLED)
        failure = None if self.engine.ok else self.engine.failure or Failure.CRASH
        note = self._gates().told(self.engine.note) if self.engine.note else ""
        return settle(said, place.brief, self.job.fingerprint, failure, note)

    def _lean(self, place: Place) -> Said | None:
        """The mechanical part without an engine, where the policy wants it; None where judgement is needed."""
        if self.job.role not in place.brief.view.policy.lean or not ROLES[self.job.role].lean:
            return None
        if self.job.role is Role.MERGER:
            return Said(merge=True)
        trace = self._e2e()
        return Said(trace=trace) if trace.passed else None

    def _e2e(self) -> Trace:
        assert self.place is not None
        brief = self.place.brief
        bench = Bench(self.mirror, self.host.crew, self.folder, self._gates())
        return run_e2e(
            bench, brief.view.policy, self.job.number, self.job.run, brief.head, brief.base, self.store.client.now()
        )

    def _test_result(self, commit: str) -> Trace:
        """E2E of a merge commit that nobody tested: a push had overtaken its base. Its trace is pushed at once."""
        assert self.place is not None
        self.mirror.fetch(["+refs/heads/*:refs/heads/*"])
        bench = Bench(self.mirror, self.host.crew, self.folder, self._gates())
        policy = self.place.brief.view.policy
        trace = run_e2e(bench, policy, self.job.number, self.job.run, commit, commit, self.store.client.now())
        add_ref(self.mirror, trace.ref, trace.tip)
        return trace

    def _gates(self) -> Gates:
        """What stands between this run's output and GitHub, with the credentials of this machine."""
        return self.host.gates().knowing(credentials_of(self.host))

    def _play(self, place: Place) -> Said:
        """Let the engine play the role."""
        session = Session(
            place.brief, place.clone, self.mirror, self._e2e, self._pause_now, place.files, self._explain(place),
            self._gates(), on_verb=self._verb_heard,
        )  # fmt: skip
        self.host.install_client(place.bin)
        template, path = self._template(place)
        text = prompt.render(template, prompt.variables(place.brief, place.files), path)
        (self.folder / "prompt.md").write_text(text, encoding="utf-8")
        with self.host.open_broker(session.handle) as socket:
            self.engine = self.host.crew.play(self._scene(place, text, socket))
        return session.said

    def _template(self, place: Place) -> tuple[str, str]:
        """The role's prompt and its name: the repository's own on its default branch, else the one that ships."""
        path = prompt.override_path(self.job.role)
        branch = place.brief.view.snapshot.default_branch
        tip = self.mirror.rev(f"refs/heads/{branch}")
        raw = self.mirror.show(tip, path, limits.PROMPT_BYTES_MAX) if tip else None
        if raw is None:
            return self.host.role_prompt(self.job.role), f"{self.job.role}.md"
        name = f"{self.job.repo}:{path}"
        return prompt.check_override(raw, name), name

    def _scene(self, place: Place, text: str, socket: Path) -> Scene:
        job = self.job
        return Scene(
            job.role, job.run, job.repo, job.number, place.brief.branch, self.folder, place.clone.path, place.context,
            place.bin, place.home, self.mirror.path, socket, text, self.renewer.stop, self._e2e_minutes(place),
            job.usd_max, place.brief.view.policy.network.get(job.role, OPEN),
        )  # fmt: skip

    def _e2e_minutes(self, place: Place) -> int:
        """How long an agent may have to wait, without a word, for `bee e2e run`: bee's own time, not the agent's."""
        policy = place.brief.view.policy
        return policy.limits.verify_minutes * len(policy.verify) if self.job.role is Role.TEST else 0

    def _verb_heard(self, verb: str, answer: Answer) -> None:
        at = self.store.client.now()
        runlog.add_verb(self.host.home, self.job.run, at, verb, answer.ok, answer.text)
        self.host.home.activity(
            {"at": at, "run": self.job.run, "verb": verb, "ok": answer.ok, "text": answer.text[:500]}
        )

    def _explain(self, place: Place) -> str:
        brief = place.brief
        return f"#{brief.item.number} is {brief.position}: {brief.reason}. You are its {brief.role} (run {brief.run})."

    def _pause_now(self, reason: str) -> None:
        """An agent's pause is committed at once, and survives whatever happens to the agent afterwards."""
        assert self.place is not None
        said = Said(pause=reason)
        self._commit(settle(said, self.place.brief, self.job.fingerprint, None, ""))

    def _commit(self, result: Result) -> Result:
        """The commit point: lease, branch and trace in one atomic push. A branch somebody else moved makes it stale."""
        shown = self._shown(result)
        if result.push is None and result.trace is None and not result.outbox[:-1]:
            return shown
        result = shown
        try:
            self.renewer.move(lambda lease: self._push(lease, result))
        except RefConflict as problem:
            note = f"somebody else moved the branch: {one_line(str(problem), 200)}"
            return Result(Outcome.STALE_INPUT, note, (self._wip_off(),))
        except GitError as problem:
            note = f"the push was refused: {one_line(str(problem), 300)}"
            return Result(Outcome.ERROR, note, (self._wip_off(),), Failure.WORKSPACE)
        return result

    def _shown(self, result: Result) -> Result:
        """The result, with the comment that says where the item will stand when it is carried out."""
        if self.place is None:
            return result
        brief = self.place.brief
        record = self.store.ended(self.renewer.lease.record, self._ending(result))
        shown = sticky(brief.item, result.outbox, brief.view, record, result.push or "")
        return replace(result, outbox=(*result.outbox, shown))

    def _push(self, lease: Lease, result: Result) -> Lease:
        record = self.store.published(lease.record, result.outbox, self._ending(result))
        return self.store.push(lease, record, self.mirror, self._refs_with(result))

    def _refs_with(self, result: Result) -> list[RefChange]:
        """What moves together with the lease."""
        changes = []
        if result.push is not None:
            assert self.place is not None
            branch = self.place.brief.branch
            old = self.mirror.rev(f"refs/heads/{branch}")
            changes.append(RefChange(f"{BRANCH_REFS}{branch.removeprefix('bee/')}", old, result.push))
        if result.trace is not None:
            changes.append(RefChange(result.trace.ref, None, result.trace.tip))
        return changes

    def _ending(self, result: Result) -> Ending:
        note = "; ".join(part for part in (result.note, texts.kept_from(self.engine.refused)) if part)
        return Ending(
            outcome=result.outcome, note=note, failure=result.failure, handoff=result.handoff,
            error_print=self._print(result), cost_usd=self.engine.cost_usd, tokens=self.engine.tokens,
            head=result.push or (self.place.brief.head if self.place else ""),
        )  # fmt: skip

    def _print(self, result: Result) -> str:
        """What tells one kind of failure from another, for the runs that come after; silence is the hot loop's."""
        return error_print(result.failure, result.note) if result.outcome is Outcome.ERROR else ""

    def _carry(self, result: Result) -> Outcome:
        """Carry the outbox out, then give the lease back."""
        stoppable = result.outcome is not Outcome.ESCALATED and result.failure is not Failure.CANCELLED
        known = self.job.snapshot
        trust = Trust(known.viewer, known.permissions)
        item = known.item(self.job.number)
        context = PublishContext(
            lease=self.renewer.lease, merger=merge_gate(known), trust=trust, stoppable=stoppable, first=True,
            label_ids=known.label_ids, keep=self.renewer.current, test_result=self._test_result,
            items={item.number: item} if item is not None else {},
        )  # fmt: skip
        try:
            carry_out(context, result.outbox)
        except StopOrder as problem:
            result = Result(Outcome.STALE_INPUT, str(problem), (self._wip_off(),), Failure.CANCELLED)
            last = PublishContext(
                lease=self.renewer.lease, merger=merge_gate(known), trust=trust, stoppable=False,
                keep=self.renewer.current,
            )  # fmt: skip
            carry_out(last, result.outbox)
        if context.refused:
            result = replace(result, outcome=Outcome.ERROR, failure=Failure.MERGE, note=context.refused)
        self._finish(result)
        if result.outcome is Outcome.ESCALATED and item is not None:
            notify(self.host, Notice.of_item(self.job.run, self.job.repo, item, result.note))
        if result.failure is Failure.QUOTA:
            self._wait_for_quota(result)
        if result.failure is Failure.AUTH:
            self._ask_for_login(result)
        return result.outcome

    def _wait_for_quota(self, result: Result) -> None:
        """A quota stops every run until its reset time, on every host; nobody's attempts are spent on it."""
        until = self.engine.retry_at or self.store.client.now() + limits.QUOTA_MINUTES * 60
        tip = git_database.read_ref(self.store.client, self.store.repo, CONTROL_REF)
        with contextlib.suppress(RefConflict):
            pause.pause_all(self.store, tip, BY_QUOTA, result.note, until)

    def _ask_for_login(self, result: Result) -> None:
        """An engine that is not logged in fails every run on this host: ticks here stand still, and one alert asks."""
        engine = self.renewer.lease.record.engine
        self.host.home.set_marker("PAUSED", f"{engine} is not logged in here: {result.note}")
        words = texts.not_logged_in(engine, self.host.host_id, result.note)
        alert = Alert(f"login-{engine}-{self.host.host_id}", *words, cause=self.job.run)
        with contextlib.suppress(LookError, RefConflict):
            if raise_alert(self.store, self.job.snapshot.viewer, alert):
                notify(self.host, Notice(alert.key + alert.cause, alert.title, alert.text, self.job.repo))

    def note_end(self, result: Result) -> None:
        """Say on this machine what came of the run, for `bee logs`."""
        about = runlog.read_about(self.host.home, self.job.run)
        if about is None:
            return
        engine, failure = self.engine, str(result.failure or "")
        about = replace(about, ended_at=self.store.client.now(), outcome=str(result.outcome), failure=failure)
        about = replace(about, note=result.note, cost_usd=engine.cost_usd, tokens=engine.tokens, turns=engine.turns)
        runlog.write_about(self.host.home, about)

    def _finish(self, result: Result) -> None:
        ending = self._ending(result)
        self.renewer.move(lambda lease: self.store.push(lease, self.store.ended(lease.record, ending), self.mirror))
        self.note_end(result)
        line = texts.status_text(result.outcome, str(self.job.role), self.job.number, one_line(result.note, 80), "")
        self.host.say(line)
        event: dict[str, Any] = {"at": self.store.client.now(), "run": self.job.run, "outcome": str(result.outcome)}
        self.host.home.activity({**event, "note": result.note, "requests": self.store.client.requests})
