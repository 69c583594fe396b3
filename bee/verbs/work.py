"""One run, from a claimed lease to its last record: work, publish, record, release.

Whatever happens, the outcome is recorded once and the lease is given back, or it is another's already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bee.hands import process
from bee.hands.engines import EngineJob, EngineResult, find
from bee.hands.git import Mirror, RefChange
from bee.hands.github import writing
from bee.hands.journal import remove_tree
from bee.hands.process import Agent
from bee.thinking import prompt, wording
from bee.thinking.outcome import Result, Said, settle
from bee.thinking.outcome import TraceResult as Trace
from bee.verbs import lease as leases
from bee.verbs.e2e import Bench, run_e2e
from bee.verbs.host import Host
from bee.verbs.job import Job
from bee.verbs.keeper import Keeper
from bee.verbs.lease import Desk, Ending, Lease
from bee.verbs.merge import free_base, hold_base, merge_gate
from bee.verbs.publish import Carrying, carry_out
from bee.verbs.session import Session
from bee.verbs.workspace import Place, StaleInput, make_place
from bee.words import limits, records
from bee.words.answer import Answer
from bee.words.branches import BRANCH_REFS, item_ref
from bee.words.effects import SetLabels
from bee.words.errors import BeeError, GitError, LeaseLost, LookError, RefConflict, SandboxError, StopOrder
from bee.words.labels import Label
from bee.words.outcomes import Failure, Outcome
from bee.words.records import Kind
from bee.words.roles import ROLES, Role
from bee.words.text import one_line


def work(host: Host, job: Job) -> Outcome:
    """Do one run. Returns its outcome; LOST when the lease was another's before the end."""
    door = host.door()
    desk = Desk(door, job.repo, job.repo_id, job.tree, host.host_id, host.boot)
    pulse = writing.pulse(door, job.repo, job.number)
    if pulse.tip is None or pulse.tip.oid != job.lease or pulse.tip.record is None:
        host.say(f"#{job.number}: the claim of {job.run} is not there any more; nothing was done")
        return Outcome.LOST
    keeper = Keeper(desk, Lease(item_ref(job.number), job.lease, pulse.tip.record))
    keeper.start()
    run = Run(host, job, desk, keeper)
    try:
        return run.go()
    except LeaseLost as problem:
        host.say(f"#{job.number}: {problem}; this run published nothing more")
        return Outcome.LOST
    finally:
        keeper.close()
        run.clean()


class Run:
    """One run under way."""

    def __init__(self, host: Host, job: Job, desk: Desk, keeper: Keeper) -> None:
        self.host, self.job, self.desk, self.keeper = host, job, desk, keeper
        self.folder = host.home.run_dir(job.run)
        self.engine = EngineResult(ok=True)
        self.mirror: Mirror = host.mirror(job.repo)
        self.place: Place | None = None
        self.base_lease: Lease | None = None

    def go(self) -> Outcome:
        """Work, publish, record, release."""
        try:
            result = self._result()
        except StaleInput as problem:
            result = Result(Outcome.STALE_INPUT, str(problem), (self._wip_off(),))
        except (GitError, SandboxError, LookError) as problem:
            result = Result(Outcome.ERROR, one_line(str(problem), 400), (self._wip_off(),), Failure.WORKSPACE)
        except LeaseLost:
            raise
        except Exception as problem:
            self._finish(Result(Outcome.ERROR, f"a bug in bee: {problem!r}"[:400], (), Failure.CRASH))
            raise
        finally:
            self._free_base()
        if self.keeper.lease.record.kind is not Kind.PUBLISHED:
            result = self._commit(result)
        return self._carry(result)

    def clean(self) -> None:
        """The clone is not needed any more; prompt, context and transcript stay."""
        for name in ("clone", "e2e", "e2e-home", "agent-home"):
            if (self.folder / name).exists():
                remove_tree(self.folder / name)

    def _wip_off(self) -> SetLabels:
        return SetLabels(self.job.number, (), (Label.WIP.value,))

    def _result(self) -> Result:
        place = self.place = make_place(self.desk, self.keeper.lease, self.job, self.mirror, self.folder)
        if self.job.role is Role.TEST:
            self.base_lease = hold_base(self.desk, place.brief.base_ref, self.job.number, self.job.run)
            if self.base_lease is None:
                raise StaleInput(f"another run is between E2E and merge on {place.brief.base_ref}")
        said = self._lean(place)
        if said is None:
            said = self._play(place)
        if self.keeper.lost:
            raise LeaseLost(self.keeper.why)
        if self.keeper.stop.is_set() and said.pause is None:
            return Result(Outcome.STALE_INPUT, self.keeper.why, (self._wip_off(),), Failure.CANCELLED)
        failure = None if self.engine.ok else self.engine.failure or Failure.CRASH
        return settle(said, place.brief, self.job.fingerprint, failure, self.engine.note)

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
        bench = Bench(self.mirror, self.host.find_box(), self.folder, process.base_env(self.host.env))
        return run_e2e(
            bench, brief.view.policy, self.job.number, self.job.run, brief.head, brief.base, self.desk.door.now()
        )

    def _play(self, place: Place) -> Said:
        """Let the engine play the role."""
        session = Session(
            place.brief, place.clone, self.mirror, self._e2e, self._pause_now, place.files, self._explain(place),
            on_verb=self._verb_heard,
        )  # fmt: skip
        self.host.install_client(place.bin)
        text = prompt.render(self.host.role_prompt(self.job.role), prompt.variables(place.brief, place.files))
        (self.folder / "prompt.md").write_text(text, encoding="utf-8")
        with self.host.open_broker(session.handle) as socket:
            self.engine = self._run_engine(place, text, socket)
        return session.said

    def _run_engine(self, place: Place, text: str, socket: Path) -> EngineResult:
        own = self.host.settings.role(self.job.role)
        assert own.engine is not None
        engine = find(own.engine if isinstance(own.engine, str) else {"command": list(own.engine)})
        job = EngineJob(
            str(self.job.role), self.job.run, self.job.repo, self.job.number, place.clone.path, place.context,
            self.folder, str(socket), place.bin, place.home, own.model, own.usd, own.args, {}, place.brief.branch,
        )  # fmt: skip
        env = engine.env(job, self.host.env)
        program = engine.argv(job)
        argv = self.host.find_box().wrap(
            program,
            writable=[place.clone.path, place.home, socket.parent],
            readable=[self.mirror.path, place.context, place.bin, *_named(program, self.host.python)],
            cwd=place.clone.path,
            env=env,
            network=True,
        )
        agent = Agent.start(
            argv, cwd=place.clone.path, env=env, prompt=text.encode(), transcript=self.folder / "transcript.log",
            bytes_max=limits.TRANSCRIPT_BYTES_MAX,
        )  # fmt: skip
        stopped = agent.wait(own.minutes * 60, own.minutes_silent * 60, self.keeper.stop, engine.feed)
        return engine.result(stopped)

    def _verb_heard(self, verb: str, answer: Answer) -> None:
        self.host.home.activity(
            {"at": self.desk.door.now(), "run": self.job.run, "verb": verb, "ok": answer.ok, "text": answer.text[:500]}
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
        if result.push is None and result.trace is None and not result.outbox[:-1]:
            return result
        try:
            self.keeper.move(lambda lease: self._push(lease, result))
        except RefConflict as problem:
            note = f"somebody else moved the branch: {one_line(str(problem), 200)}"
            return Result(Outcome.STALE_INPUT, note, (self._wip_off(),))
        return result

    def _push(self, lease: Lease, result: Result) -> Lease:
        record = leases.published(lease.record, result.outbox, self._ending(result), self.desk.door.now())
        self.mirror.ensure()
        self.mirror.fetch([f"+{lease.ref}:{lease.ref}"])
        if not self.mirror.has(lease.oid):
            raise LeaseLost(f"the lease of #{self.job.number} is another run's, or a person stopped this one")
        oid = self.mirror.commit_record(records.encode(record), self.mirror.tree_of(lease.oid), [lease.oid], record.at)
        push_published(self.mirror, lease.ref, lease.oid, oid, self._refs_with(result))
        return Lease(lease.ref, oid, record)

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
        return Ending(
            result.outcome, result.note, result.failure, result.handoff, "", self.engine.cost_usd, self.engine.tokens,
            result.push or (self.place.brief.head if self.place else ""),
        )  # fmt: skip

    def _carry(self, result: Result) -> Outcome:
        """Carry the outbox out, then give the lease back."""
        stoppable = result.outcome is not Outcome.ESCALATED and result.failure is not Failure.CANCELLED
        carrying = Carrying(
            self.desk, self.keeper.lease, merge_gate(self.job.permissions), stoppable, self.keeper.current
        )  # fmt: skip
        try:
            carry_out(carrying, result.outbox)
        except StopOrder as problem:
            result = Result(Outcome.STALE_INPUT, str(problem), (self._wip_off(),), Failure.CANCELLED)
            carry_out(Carrying(self.desk, self.keeper.lease, merge_gate({}), False, self.keeper.current), result.outbox)
        if carrying.refused:
            result = replace(result, outcome=Outcome.ERROR, failure=Failure.MERGE, note=carrying.refused)
        self._finish(result)
        return result.outcome

    def _finish(self, result: Result) -> None:
        ending = self._ending(result)
        self.keeper.move(lambda lease: leases.finish(self.desk, lease, ending))
        line = wording.status_text(result.outcome, str(self.job.role), self.job.number, one_line(result.note, 80), "")
        self.host.say(line)
        event: dict[str, Any] = {"at": self.desk.door.now(), "run": self.job.run, "outcome": str(result.outcome)}
        self.host.home.activity({**event, "note": result.note, "requests": self.desk.door.requests})

    def _free_base(self) -> None:
        if self.base_lease is not None:
            free_base(self.desk, self.base_lease)
            self.base_lease = None


def _named(argv: Sequence[str], python: str) -> list[Path]:
    """What the configuration's own argv names by absolute path, for the box to show; Python itself is there already."""
    paths = [Path(word) for word in argv if word.startswith("/") and word != "/"]
    return [path for path in paths if path.exists() and not path.is_relative_to(Path(python).parent.parent)]


def push_published(mirror: Mirror, ref: str, before: str, after: str, more: list[RefChange]) -> None:
    """Push the record, and what moves with it. A lost reply is looked up, then tried again with the same commit.

    Raises LeaseLost when the lease moved, RefConflict when only something else did.
    """
    for left in range(limits.REQUEST_TRIES_MAX - 1, -1, -1):
        problem: BeeError
        try:
            mirror.push_atomic([RefChange(ref, before, after), *more])
            return
        except (RefConflict, LookError, GitError) as caught:
            problem = caught
        stands = mirror.remote_refs([ref]).get(ref)
        if stands == after:
            return
        if stands != before:
            raise LeaseLost(f"{ref} is another run's now, or a person stopped this one")
        if isinstance(problem, RefConflict) or not left:
            raise problem
