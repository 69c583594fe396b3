"""`bee status`: what runs now, what is next, and what waits for a person."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bee.doors import render, services
from bee.doors.commands.common import add_repo, host_for, print_json
from bee.hands.journal import Slot
from bee.thinking.decide import Decision, Dispatch, decide, item_json
from bee.thinking.facts import View
from bee.verbs.host import Host
from bee.verbs.reconcile import with_phases
from bee.verbs.snapshot import look
from bee.words.text import plain

HELP = "what runs now, what is next, and what waits for you"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee status`."""
    add_repo(parser)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Show where everything is; 1 when a person is needed."""
    host = host_for(args, env)
    door = host.door()
    views = [with_phases(host, look(door, repo)) for repo in services.repos_of(host.settings, args.repo)]
    decision = decide(views)
    needed = any(render.needs_person(one) for one in decision.places)
    running = _running(views)
    if args.json:
        print_json(_json(host, decision, running, needed, door.requests))
    else:
        print(_text(host, decision, running, render.wants_colour(env, sys.stdout.isatty()), door.requests))
    return 1 if needed else 0


def _running(views: Sequence[View]) -> list[dict[str, Any]]:
    found = []
    for view in views:
        for number, tip in sorted(view.snapshot.items.items()):
            record = tip.record
            if record is not None and record.holds and record.expires_at > view.snapshot.now:
                seconds = view.snapshot.now - record.started_at
                found.append({"repo": view.snapshot.repo, "number": number, "role": record.role, "run": record.run,
                              "host": record.host, "since_seconds": seconds})  # fmt: skip
    return found


def _markers(host: Host) -> dict[str, str]:
    found = {name: host.home.marker(name) for name in ("PAUSED", "ROLLBACK")}
    return {name: text for name, text in found.items() if text is not None}


def _json(host: Host, decision: Decision, running: list[dict[str, Any]], needed: bool, requests: int) -> dict[str, Any]:
    upcoming = decision.choice
    return {
        "version": 1,
        "person_needed": needed,
        "running": running,
        "next": item_json(upcoming.placed) if isinstance(upcoming, Dispatch) else None,
        "items": [item_json(one) for one in decision.places],
        "slots": Slot.holders(host.home, host.settings.slots),
        "markers": _markers(host),
        "holds": [{"kind": hold.kind, "text": hold.text, "until": hold.until or None} for hold in decision.holds],
        "sandbox": host.settings.sandbox,
        "requests": requests,
    }


def _text(host: Host, decision: Decision, running: list[dict[str, Any]], colour: bool, requests: int) -> str:
    lines = [f"{name}: {plain(text)}" for name, text in _markers(host).items()]
    if host.settings.sandbox == "none":
        lines.append("sandbox: none (agents run with all your rights)")
    lines += [f"running: {r['role']} on {r['repo']}#{r['number']} for {r['since_seconds'] // 60} min ({r['run']})"
              for r in running] or ["running: nothing"]  # fmt: skip
    choice = decision.choice
    if isinstance(choice, Dispatch):
        lines.append(f"next:    {choice.role} on {choice.placed.repo}#{choice.placed.number}: {choice.reason}")
    else:
        lines.append(f"next:    {plain(decision.held) or 'nothing an agent could move'}")
    asked = render.waiting_for_you(decision.places)
    lines += ["", "waiting for you:", asked] if asked else []
    lines += ["", render.table(decision.places, colour), "", f"{requests} requests to GitHub"]
    return "\n".join(lines)
