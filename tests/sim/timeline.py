"""Virtual time: tasks that hand the baton at every wait, in the order of their waking. Same seed, same order.

Each task is a greenlet: it runs until it waits. A killed task runs nothing but its own unwinding, and every wait or
request in there kills it again.
"""

from __future__ import annotations

import contextlib
import heapq
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from random import Random
from typing import Any

from greenlet import greenlet

START = 1_767_268_800.0  # 2026-01-01 12:00:00 UTC


class Killed(BaseException):
    """This process is dead: nothing of it runs any more."""


class Process:
    """A process of a host: its tasks, and how much of the time it was frozen or its host suspended."""

    def __init__(self, name: str, host: str) -> None:
        self.name, self.host = name, host
        self.tasks: list[Task] = []
        self.dead = False
        self.frozen_until = 0.0
        self.suspended = 0.0  # seconds that its monotonic clock does not know of
        self.freezes = 0
        self.error: BaseException | None = None
        self.run = ""
        self.unborn: Callable[[], None] | None = None  # what the kernel does when it is killed before it began

    @property
    def alive(self) -> bool:
        """Whether any of its tasks can still run."""
        return not self.dead and any(not task.over for task in self.tasks)


class Task:
    """One line of doing in a process."""

    def __init__(self, process: Process, act: Callable[[], None]) -> None:
        self.process, self.act = process, act
        self.over = False
        self.line: greenlet | None = None


class Timeline:
    """The clock, and who is next."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = START
        self.current: Task | None = None
        self._queue: list[tuple[float, float, int, Task]] = []
        self._count = 0
        self.switches = 0
        self.failed: list[Process] = []  # processes that ended by an error

    def start(self, process: Process, act: Callable[[], None], after: float = 0.0) -> Task:
        """A new task."""
        task = Task(process, act)
        process.tasks.append(task)
        self._push(task, self.now + after)
        return task

    def _push(self, task: Task, at: float) -> None:
        self._count += 1
        heapq.heappush(self._queue, (at, self.random.random(), self._count, task))

    def sleep(self, seconds: float) -> None:
        """Let time go by for the task that runs. Raises Killed when its process is dead by then."""
        task = self.current
        assert task is not None
        if task.process.dead:
            raise Killed
        self._push(task, self.now + max(0.0, seconds))
        assert task.line is not None
        assert task.line.parent is not None
        task.line.parent.switch()
        if task.process.dead:
            raise Killed

    def kill(self, process: Process) -> None:
        """SIGKILL. Its tasks unwind at once, but for the one that runs now, whose next step raises."""
        if process.dead:
            return
        process.dead = True
        if process.unborn is not None:
            process.unborn()
        for task in process.tasks:
            if task is not self.current and not task.over:
                self._unwind(task)

    def _unwind(self, task: Task) -> None:
        if task.line is None:
            task.over = True
            return
        before, self.current = self.current, task
        task.line.parent = greenlet.getcurrent()
        task.line.switch()
        self.current = before

    def run(self, until: Callable[[], bool], at_most: float) -> bool:
        """Go on until a condition holds, nothing is left to do, or it is later than `at_most`; whether it holds."""
        while not until():
            if not self._queue or self._queue[0][0] > at_most:
                return until()
            at, _, _, task = heapq.heappop(self._queue)
            if task.over or (task.process.dead and task.line is None):
                task.over = True
                continue
            if task.process.frozen_until > at:
                self._push(task, task.process.frozen_until)
                continue
            self.now = max(self.now, at)
            self._resume(task)
        return True

    def _resume(self, task: Task) -> None:
        self.switches += 1
        self.current = task
        if task.line is None:
            task.line = greenlet(lambda: self._body(task))
        task.line.parent = greenlet.getcurrent()
        task.line.switch()
        self.current = None

    def _body(self, task: Task) -> None:
        try:
            if not task.process.dead:
                task.act()
        except Killed:
            pass
        except BaseException as problem:
            task.process.error = problem
            self.failed.append(task.process)
        finally:
            task.over = True

    def end(self) -> None:
        """Kill whatever is left."""
        for _, _, _, task in list(self._queue):
            self.kill(task.process)
        self._queue.clear()


class HostClock:
    """A process' clock (the `Clock` of bee). Its machine's idea of the time may be wrong by `skew` seconds."""

    def __init__(self, timeline: Timeline, process: Process, skew: float) -> None:
        self.timeline, self.process, self.skew = timeline, process, skew

    def time(self) -> float:
        """Since the epoch, as this machine believes."""
        return self.timeline.now + self.skew

    def monotonic(self) -> float:
        """Without the time that the machine was suspended."""
        return self.timeline.now - START - self.process.suspended

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self.timeline.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Let time go by, looking at the event now and then."""
        until = self.monotonic() + seconds
        while not event.is_set() and (left := until - self.monotonic()) > 1e-6:
            self.timeline.sleep(min(left, 15.0))
        return event.is_set()

    def beside(self, name: str, act: Callable[[], None]) -> None:
        """Another task of this process."""
        self.timeline.start(self.process, act)

    def lock(self) -> AbstractContextManager[Any]:
        """A lock between this process' tasks, which its holder may take again."""
        return _Lock(self.timeline)


class _Lock(AbstractContextManager[Any]):
    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.holder: Task | None = None
        self.depth = 0

    def __enter__(self) -> None:
        me = self.timeline.current
        while self.holder not in (None, me):
            self.timeline.sleep(0.05)
        self.holder = me
        self.depth += 1

    def __exit__(self, *error: object) -> None:
        self.depth -= 1
        if not self.depth:
            self.holder = None


@contextlib.contextmanager
def ended(timeline: Timeline) -> Iterator[Timeline]:
    """The timeline, and nothing left of it afterwards."""
    try:
        yield timeline
    finally:
        timeline.end()
