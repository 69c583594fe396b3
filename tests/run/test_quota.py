"""A limit of the engine's own stops every run of the repository until it is over, and counts as nobody's try."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from bee.engines.base import AgentJob, EngineResult
from bee.host import Handler
from bee.model.outcomes import Failure
from bee.model.roles import Role
from tests.sim.still import Runner, Still


@dataclass
class Spent(Runner):
    """Whose engine says when it may go on."""

    until: int

    def run(self, job: AgentJob, handle: Handler) -> EngineResult:
        """Nothing comes of it."""
        self.sent.append(str(job.role))
        return EngineResult(ok=False, failure=Failure.QUOTA, note="resets later", retry_at=self.until)


def test_a_quota_stops_all_runs_on_every_host_until_it_is_over(tmp_path: Path) -> None:
    still = Still(tmp_path)
    for title in ("One", "Two"):
        still.ask("POST", "/issues", title=title, body="Do it.")
    until = int(still.clock.now) + 2 * 3600
    still.tick(replace(still.host(), runner=lambda: Spent(still.hub, {}, still.agents, until)))
    for _ in range(2):
        report = still.tick()
        assert (report.run, "quota" in report.said) == ("", True), report.said
        still.clock.now += 3600 - 60
    assert still.agents == [Role.DRAFTER]
    still.clock.now = until + 60
    still.ticks()
    assert [thing.state for thing in still.hub.things()] == ["CLOSED", "CLOSED", "MERGED", "MERGED"]
