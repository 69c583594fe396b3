"""One alert per key: counted and edited in place, never a second while one is open, never work (D11)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bee.github.snapshot import look
from bee.model.records import Kind
from bee.publish.alerts import Alert, clear_alert, raise_alert
from bee.wording import texts
from tests.belt.plays import fault, lift
from tests.belt.stage import Stage, until


def open_issues(stage: Stage, words: str) -> list[dict[str, Any]]:
    """The open issues with these words in their title."""
    return [one for one in stage.call("ada", "GET", stage.at("/issues")) if words in one["title"]]


def test_d11_an_alert_is_one_issue_with_a_counter_and_never_work(stage: Stage) -> None:
    """Raised for three causes by two hosts it is one issue, edited in place; closed, the next cause opens another."""
    stage.issue("<!-- bee:alert key=boiler -->", title="Boiler", who="eve")
    hosts = [stage.host(name) for name in ("one", "two")]
    for number, host in enumerate((*hosts, *hosts)):
        store = stage.store(host)
        viewer = viewer_of(stage)
        alert = Alert("boiler", "The boiler is cold", "It is cold.", cause=f"cause {number // 2}")
        assert raise_alert(store, viewer, alert) is (number % 2 == 0), "two hosts that see one cause raise it once"
    (issue,) = open_issues(stage, "boiler is cold")
    assert issue["body"].startswith("It is cold.\n\nSeen 2 times, the last time at 20")
    assert stage.comments(issue["number"]) == []
    assert stage.position(issue["number"]) == "ignored"
    for _ in range(3):
        assert not stage.tick(hosts[0]).run
    assert len(open_issues(stage, "")) == 2, "a stranger's issue and the alert: nothing came of either"
    stage.call("ada", "PATCH", stage.at(f"/issues/{issue['number']}"), {"state": "closed"})
    assert raise_alert(stage.store(hosts[1]), viewer_of(stage), Alert("boiler", "The boiler is cold", "Again.", "3"))
    (again,) = open_issues(stage, "boiler is cold")
    assert again["number"] != issue["number"]


def viewer_of(stage: Stage) -> Any:
    """The account bee writes with."""
    from bee.github.snapshot import look

    return look(stage.host().client(), stage.repo).snapshot.viewer


def test_open_items_that_nobody_moves_raise_one_alert_after_three_ticks(stage: Stage) -> None:
    """A reopened item that is still marked done: counted by whatever machine ticks, said once, taken back when gone."""
    done, waiting = stage.issue(title="Done too early"), stage.issue("Blocked by #1", title="Waits for it")
    stage.label(done, "breeze:done")
    hosts = [stage.host(name) for name in ("one", "two")]
    for count, host in enumerate((*hosts, hosts[0])):
        assert len(open_issues(stage, "nobody is responsible")) == 0, f"{count} ticks are not three"
        report = stage.tick(host)
        assert (report.run, report.problems) == ("", [])
    (alert,) = open_issues(stage, "nobody is responsible")
    assert f"- #{done} is `done`. Remove the label breeze:done" in alert["body"]
    assert f"- #{waiting} is `blocked`." in alert["body"]
    assert [stage.tick(host).requests for host in hosts] == [1, 1], "what is said already is known from one look"
    assert len(open_issues(stage, "nobody is responsible")) == 1
    stage.unlabel(done, "breeze:done")
    stage.label(done, "breeze:human")
    stage.tick(hosts[1])
    assert open_issues(stage, "nobody is responsible") == []
    assert stage.comments(alert["number"]) == [texts.IDLE_DEBT_OVER]
    record = stage.record(0, "alerts/idle-debt")
    assert (record.kind, record.count) == (Kind.FINISHED, 0)


def test_an_alert_whose_reply_was_lost_or_whose_host_died_is_completed_and_not_doubled(stage: Stage) -> None:
    """The issue was made and the connection dropped: the next tick finds it by its marker, and counts it once."""
    stage.label(stage.issue(), "breeze:done")
    host = stage.host()
    stage.tick(host)
    stage.tick(host)
    fault(stage, "drop_after", {"method": "POST", "path": "/repos/ada/calc/issues"}, times=1)
    stage.tick(host)
    lift(stage)
    assert len(open_issues(stage, "nobody is responsible")) == 1
    stage.sleep(16 * 60)
    stage.tick(host)
    (alert,) = open_issues(stage, "nobody is responsible")
    assert "Seen 3 times" in alert["body"]
    assert stage.record(0, "alerts/idle-debt").number == alert["number"]


def test_case_s5_two_hosts_that_clear_one_alert_at_once_speak_once(stage: Stage) -> None:
    """Both saw the same record; while one is about to speak, the other comes: the key is another's by then."""
    one, two = (stage.store(stage.host(name)) for name in ("one", "two"))
    assert raise_alert(one, viewer_of(stage), Alert("boiler", "The boiler is cold", "It is cold.", "1"))
    (alert,) = open_issues(stage, "boiler is cold")
    tip = look(two.client, stage.repo).snapshot.alerts["boiler"]
    stage.fault("latency", seconds=60, match={"method": "POST", "path": f"/issues/{alert['number']}/comments$"})
    with ThreadPoolExecutor(1) as pool:
        clearing = pool.submit(clear_alert, one, "boiler", tip, "It is warm.")
        until("the first host is about to speak", 30, stage.fired)
        assert not clear_alert(two, "boiler", tip, "It is warm.")
        stage.lift()
        assert clearing.result(timeout=60)
    assert stage.comments(alert["number"]) == ["It is warm."]
    assert stage.item(alert["number"])["state"] == "closed"
    record = stage.record(0, "alerts/boiler")
    assert (record.kind, record.count, record.number) == (Kind.FINISHED, 0, 0)
