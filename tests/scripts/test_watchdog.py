"""A3: the watchdog speaks when bee has stopped ticking, never because a run is long, and never twice."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.scripts.conftest import BROKEN, SHELLS, Checkout
from tests.scripts.github import TOKEN, GitHub, github

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
MARKER = "<!-- bee:alert key=heartbeat -->"


@pytest.fixture
def server() -> Iterator[GitHub]:
    with github() as running:
        yield running


def watch(checkout: Checkout, server: GitHub | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
    """One run of the watchdog, with a token and a repository when there is a server."""
    (checkout.home).mkdir(exist_ok=True)
    if server is not None:
        (checkout.home / "config.yml").write_text("version: 1\nrepos: [o/n]\n")
        extra = {"GH_TOKEN": TOKEN, "GITHUB_API_URL": server.url, **extra}
    return checkout.run("watchdog", **extra)


def stop_ticking(checkout: Checkout, minutes: float = 16) -> None:
    """A heartbeat that stopped so many minutes ago."""
    checkout.home.mkdir(exist_ok=True)
    (checkout.home / "heartbeat").write_text(f"{int(time.time() - minutes * 60)} scripts/tick\n")
    checkout.age("heartbeat", minutes)


def pass_minutes(checkout: Checkout, minutes: float) -> None:
    """Makes the first finding look older."""
    first = checkout.home / "watchdog-first"
    first.write_text(f"{int(first.read_text()) - int(minutes * 60)}\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_a3_two_findings_four_minutes_apart_raise_one_issue(checkout: Checkout, server: GitHub) -> None:
    stop_ticking(checkout)
    assert watch(checkout, server).returncode == 0
    assert server.requests == []
    pass_minutes(checkout, 4.1)
    assert watch(checkout, server).returncode == 0
    assert [issue["title"] for issue in server.issues] == ["bee has stopped ticking"]
    body = server.issues[0]["body"]
    assert body.startswith(MARKER + "\n")
    assert "The last tick began 16 minutes ago." in body


def test_a3_never_a_second_issue(checkout: Checkout, server: GitHub) -> None:
    stop_ticking(checkout)
    watch(checkout, server)
    for _ in range(4):
        pass_minutes(checkout, 5)
        assert watch(checkout, server).returncode == 0
    assert len(server.issues) == 1


@pytest.mark.parametrize("page_items", [100, 2])
def test_a3_an_open_alert_of_another_home_is_found_in_whatever_page(
    checkout: Checkout, server: GitHub, page_items: int
) -> None:
    server.page_items = page_items
    server.add("the alert", f'{MARKER}\nIt has "number": 5 and "repository_url": "x" in its text.')
    for number in range(7):
        server.add(f"another {number}", "bee:alert of another kind")
    stop_ticking(checkout)
    watch(checkout, server)
    pass_minutes(checkout, 5)
    done = watch(checkout, server)
    assert done.returncode == 0
    assert "o/n#1" in done.stderr
    assert len(server.issues) == 8


def test_a3_a_strangers_marker_does_not_keep_the_alert_away(checkout: Checkout, server: GitHub) -> None:
    server.add("not an alert", MARKER, login="stranger")
    stop_ticking(checkout)
    watch(checkout, server)
    pass_minutes(checkout, 5)
    watch(checkout, server)
    assert len(server.issues) == 2


def test_a3_one_finding_alone_is_a_laptop_that_woke_up(checkout: Checkout, server: GitHub) -> None:
    stop_ticking(checkout, 600)
    watch(checkout, server)
    checkout.tick()
    pass_minutes(checkout, 5)
    watch(checkout, server)
    stop_ticking(checkout, 600)
    watch(checkout, server)
    assert server.issues == []


def test_a3_a_finding_from_before_a_long_sleep_counts_anew(checkout: Checkout, server: GitHub) -> None:
    stop_ticking(checkout)
    watch(checkout, server)
    pass_minutes(checkout, 8 * 60)
    watch(checkout, server)
    assert server.issues == []
    pass_minutes(checkout, 5)
    watch(checkout, server)
    assert len(server.issues) == 1


def test_a3_two_runs_of_the_watchdog_within_four_minutes_say_nothing(checkout: Checkout, server: GitHub) -> None:
    stop_ticking(checkout)
    watch(checkout, server)
    pass_minutes(checkout, 3.5)
    watch(checkout, server)
    assert server.issues == []


@pytest.mark.parametrize("minutes", [0, 14])
def test_a3_a_heartbeat_within_fifteen_minutes_is_well(checkout: Checkout, server: GitHub, minutes: int) -> None:
    stop_ticking(checkout, minutes)
    for _ in range(3):
        assert watch(checkout, server).returncode == 0
    assert not checkout.has("watchdog-first")
    assert server.requests == []


def test_a3_a_long_run_is_no_reason_to_cry(checkout: Checkout, server: GitHub) -> None:
    # The heartbeat is the tick's; a run that has gone on for hours leaves it alone.
    (checkout.home / "runs" / "1").mkdir(parents=True)
    checkout.age("runs", 300)
    checkout.tick()
    watch(checkout, server)
    assert server.requests == []


def test_a3_a_tick_that_never_came_is_found_too(checkout: Checkout, server: GitHub) -> None:
    watch(checkout, server)
    pass_minutes(checkout, 5)
    watch(checkout, server)
    assert len(server.issues) == 1
    assert "No tick has left a readable heartbeat." in server.issues[0]["body"]


def test_a3_after_recovery_the_next_silence_is_a_new_story(checkout: Checkout, server: GitHub) -> None:
    stop_ticking(checkout)
    watch(checkout, server)
    pass_minutes(checkout, 5)
    watch(checkout, server)
    checkout.tick()
    watch(checkout, server)
    assert not checkout.has("watchdog-alerted-heartbeat")
    server.issues[0]["state"] = "closed"
    stop_ticking(checkout)
    watch(checkout, server)
    pass_minutes(checkout, 5)
    watch(checkout, server)
    assert len(server.issues) == 2


@pytest.mark.parametrize("missing", ["token", "repo", "curl", "network"])
def test_a3_without_a_way_to_github_the_alert_is_local(checkout: Checkout, server: GitHub, missing: str) -> None:
    said = checkout.home / "said"
    checkout.tool("notify-send", f'#!/bin/sh\nprintf "%s\\n" "$1" >>"{said}"\n')
    if missing == "curl":
        (checkout.path / "curl").unlink()
    stop_ticking(checkout)
    if missing != "repo":
        (checkout.home / "config.yml").write_text("repos: [o/n]\n")
    reach = {
        "GH_TOKEN": "" if missing == "token" else TOKEN,
        "GITHUB_API_URL": "http://127.0.0.1:9" if missing == "network" else server.url,
    }
    assert checkout.run("watchdog", **reach).returncode == 0
    for _ in range(3):
        pass_minutes(checkout, 5)
        assert checkout.run("watchdog", **reach).returncode == 75
    assert server.issues == []
    assert checkout.marker("ALERT")["key"] == "heartbeat"
    assert said.read_text() == "bee has stopped ticking\n"


def test_a3_a_list_that_cannot_be_read_is_not_an_empty_list(checkout: Checkout, server: GitHub) -> None:
    stop_ticking(checkout)
    watch(checkout, server)
    pass_minutes(checkout, 5)
    server.fault = "GET"
    assert watch(checkout, server).returncode == 75
    assert not any(request.startswith("POST") for request in server.requests)
    server.fault = ""
    pass_minutes(checkout, 5)
    assert watch(checkout, server).returncode == 0
    assert len(server.issues) == 1


def test_a3_a_lost_reply_makes_no_second_issue(checkout: Checkout, server: GitHub) -> None:
    stop_ticking(checkout)
    watch(checkout, server)
    pass_minutes(checkout, 5)
    server.fault = "lost reply"
    assert watch(checkout, server).returncode == 75
    server.fault = ""
    pass_minutes(checkout, 5)
    assert watch(checkout, server).returncode == 0
    assert len(server.issues) == 1


@pytest.mark.parametrize(
    "config",
    [
        "repos: [o/n, x/y]",
        "repos: ['o/n']",
        'repos:\n  - "o/n"  # first\n  - x/y',
        "repos:\n- o/n\nslots: 1",
        "notify: a/b\nrepos:\n  # not/this\n  - o/n",
    ],
)
def test_a3_the_repository_is_the_first_of_the_configuration(checkout: Checkout, server: GitHub, config: str) -> None:
    stop_ticking(checkout)
    watch(checkout, server)
    pass_minutes(checkout, 5)
    (checkout.home / "config.yml").write_text(f"version: 1\n{config}\n")
    assert checkout.run("watchdog", GITHUB_TOKEN=TOKEN, GITHUB_API_URL=server.url).returncode == 0
    assert len(server.issues) == 1


def test_a3_the_token_is_never_an_argument(checkout: Checkout, server: GitHub) -> None:
    real = shutil.which("curl")
    seen = checkout.home.parent / "seen"
    checkout.tool("curl", f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{seen}"\nexec {real} "$@"\n')
    stop_ticking(checkout)
    watch(checkout, server)
    pass_minutes(checkout, 5)
    watch(checkout, server)
    assert "POST" in seen.read_text()
    assert TOKEN not in seen.read_text()


def test_a3_a_pause_of_the_guard_reaches_github(checkout: Checkout, server: GitHub) -> None:
    checkout.commit(BROKEN)
    checkout.tick(3)
    watch(checkout, server)
    assert server.issues == []
    checkout.age("PAUSED", 16)
    watch(checkout, server)
    watch(checkout, server)
    assert [issue["title"] for issue in server.issues] == ["bee is paused"]
    assert "no version is known to have worked" in server.issues[0]["body"]


def test_a3_a_persons_pause_is_no_alert(checkout: Checkout, server: GitHub) -> None:
    checkout.tick()
    (checkout.home / "PAUSED").touch()
    checkout.age("PAUSED", 600)
    watch(checkout, server)
    assert server.requests == []


def test_a3_a_rollback_that_bee_could_not_report_reaches_github(checkout: Checkout, server: GitHub) -> None:
    checkout.tick()
    bad = checkout.commit(BROKEN)
    checkout.tick(3)
    checkout.age("rollback-alert-pending", 16)
    watch(checkout, server)
    watch(checkout, server)
    assert len(server.issues) == 1
    assert "<!-- bee:alert key=rollback -->" in server.issues[0]["body"]
    assert bad in server.issues[0]["body"]
