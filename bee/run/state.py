"""One run under way: what its stages share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bee.engines.base import EngineResult
from bee.git.mirror import Mirror
from bee.host import Host, credentials_of
from bee.lease.renewer import LeaseRenewer
from bee.lease.store import LeaseStore
from bee.model.effects import TraceResult
from bee.model.items import Pull
from bee.model.outcomes import Failure, Outcome
from bee.model.refs import trace_ref, trace_refs
from bee.pipeline.output_checks import OutputChecks
from bee.pipeline.pull_facts import said_of, vouched_by_person
from bee.run.e2e import E2e
from bee.run.job import Job
from bee.run.outcome import Result, without_effect
from bee.run.setup import SetUp
from bee.run.verbs.base import Args
from bee.run.verbs.e2e import Tested
from bee.run.verbs.submit import Submission
from bee.run.workspace import Workspace


@dataclass(slots=True, kw_only=True)
class Run:
    """The job, where it is done, and what came of it so far. `engine` is what the engine said of its end.

    `asks` is what a person must settle before any agent can go on.
    `work` is what was handed in, if it was commits, `said` what was accepted that can be said again; `kept`: this
    machine has them, for GitHub did not take them before. `tested`: the E2E run that bee made before it asks an agent.
    """

    host: Host
    job: Job
    store: LeaseStore
    renewer: LeaseRenewer
    mirror: Mirror
    work: Submission | None = None
    said: Sequence[tuple[str, Args]] = ()
    kept: bool = False
    engine: EngineResult = field(default_factory=lambda: EngineResult(ok=True))
    workspace: Workspace | None = None
    asks: str = ""
    tested: Tested | None = None

    @property
    def source(self) -> Mirror:
        """Where what it publishes is pushed from: the mirror, or the quarantine of the commits it handed in."""
        return self.work.quarantine if self.work is not None else self.mirror

    @property
    def folder(self) -> Path:
        """The run's folder on this machine."""
        return self.host.home.run_dir(self.job.run)

    def without_effect(self, outcome: Outcome, note: str, failure: Failure | None = None) -> Result:
        """A result that changes nothing but that the item is free again."""
        return without_effect(outcome, self.job.number, note, failure)

    @property
    def now(self) -> int:
        """GitHub's time, in seconds since the epoch."""
        return self.store.client.now()

    def output_checks(self) -> OutputChecks:
        """What stands between this run's output and GitHub, with the credentials of this machine."""
        return self.host.output_checks().knowing(credentials_of(self.host))

    def e2e(self, head: str, base: str) -> TraceResult:
        """Test `head` on `base`; the trace, with where the policy wants it. Raises GitError or SetupError."""
        assert self.workspace is not None
        setup, brief = self.set_up(), self.workspace.brief
        pull = brief.item
        approved = isinstance(pull, Pull) and pull.head == head and vouched_by_person(pull, said_of(pull, brief.view))
        tester = E2e(
            mirror=self.mirror, runner=setup.runner, folder=self.folder, checks=setup.checks, policy=setup.policy,
            number=self.job.number, run=self.job.run, setup=setup, head_counts=approved,
        )  # fmt: skip
        trace, apart = tester.test(head, base, self.now), setup.policy.e2e.repo
        if not apart:
            return trace
        ref = trace_ref(self.job.number, self.job.run, trace_refs(self.job.snapshot.repo_id))
        return replace(trace, ref=ref, origin=self.host.mirror(apart).url)

    def set_up(self) -> SetUp:
        """The setup of the policy, for a clone of this run."""
        assert self.workspace is not None
        return SetUp(
            runner=self.host.runner(), home=self.host.home, mirror=self.mirror, folder=self.folder,
            checks=self.output_checks(), policy=self.workspace.brief.view.policy, repo=self.job.repo,
            private=self.job.snapshot.private,
        )  # fmt: skip
