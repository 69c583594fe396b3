"""How a tick was asked for, and one that is under way: what its stages work with and hand on."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bee.github.client import GitHubClient
from bee.host import Host
from bee.model.errors import BeeError
from bee.tick.report import TickReport

if TYPE_CHECKING:  # a tick where nothing changed decides nothing
    from bee.pipeline.decide import Decision
    from bee.pipeline.facts import View
    from bee.run.job import Job


@dataclass(frozen=True, slots=True)
class TickOptions:
    """How a tick was asked for. `inline`: the run happens in this process. `dry`: look and decide, write nothing."""

    repos: tuple[str, ...]
    inline: bool = False
    dry: bool = False
    trigger: bool = True


@dataclass(slots=True, kw_only=True)
class Tick:
    """One tick under way. `held` is freed at its end: the claim's lock."""

    host: Host
    options: TickOptions
    client: GitHubClient
    report: TickReport = field(default_factory=TickReport)
    held: ExitStack = field(default_factory=ExitStack)
    views: list[View] = field(default_factory=list)
    job: Job | None = None

    @property
    def decision(self) -> Decision:
        """What was decided; only for the stages after that."""
        assert self.report.decision is not None
        return self.report.decision

    def fail(self, problem: BeeError) -> None:
        """Say what went wrong, and let the exit code of the tick tell."""
        self.report.problems.append(problem)
        self.host.say(str(problem))
