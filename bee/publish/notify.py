"""Telling a person that they are needed, by the ways of `notify` in config.yml; at most once for each cause.

Called on the host that made the record which asks the person, so no other host says it too. The mark in the home comes
before the telling: a crash in between loses a notice, and never doubles one. What fails costs only itself.
"""

from __future__ import annotations

from typing import Final

from bee.config.notify import DESKTOP, Notice, Way
from bee.host import Host
from bee.model.text import digest

PROBLEM: Final = "notify-problem"


def notify(host: Host, notice: Notice) -> None:
    """Tell it by every way, unless it was told. What does not work is said, and stays on record for `bee doctor`."""
    ways = host.settings.notify
    if not ways or not host.home.first_time("told", digest(notice.cause)):
        return
    problems = [problem for way in ways if (problem := _tell(host, way, notice))]
    for problem in problems:
        host.say(f"a notification did not get through: {problem}")
    if problems:
        host.home.set_marker(PROBLEM, "; ".join(problems))
    else:
        host.home.clear_markers(PROBLEM)


def _tell(host: Host, way: Way, notice: Notice) -> str:
    from bee.system import notifier  # here, because most ticks tell nobody anything

    data = notice.json()
    if way == DESKTOP:
        return notifier.desktop(str(data["title"]), str(data["text"]), host.env)
    if isinstance(way, str):
        return notifier.webhook(way, data)
    return notifier.command(way, data, host.env)
