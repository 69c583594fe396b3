"""What closed items and dead runs leave behind goes, once a day, within bounds, and costs nobody anything else."""

from __future__ import annotations

from bee.model.refs import TRACE_REFS
from tests.belt.plays import bee, fault, lift
from tests.belt.stage import Stage
from tests.run.test_traces import APART, address, below, other, there

DAY = 24 * 60 * 60


def test_once_a_day_what_long_closed_items_left_is_swept(stage: Stage) -> None:
    """bee's labels, traces, and ledgers, which are archived; an open item, a person's label and what is young stay."""
    host = stage.host(moves={"drafter": 'bee nothing-to-do already-done "It is there."\n'})
    old, held, mine, still_open = (stage.issue() for _ in range(4))
    for _ in range(4):
        assert stage.tick(host).run
    stage.label(old, "breeze:wip", "breeze:quarantine-hotloop")
    stage.label(held, "breeze:human")
    stage.label(mine, "bug")
    for number in (old, held, mine):
        stage.call("ada", "PATCH", stage.at(f"/issues/{number}"), {"state": "closed"})
    stage.clone()
    traces = {
        f"refs/bee/traces/{old}/20200101T000000Z-test-{old}-0a": False,
        f"refs/bee/traces/{old}/20990101T000000Z-test-{old}-0b": True,
        f"refs/bee/traces/{still_open}/20200101T000000Z-test-{still_open}-0c": True,
    }
    for ref in traces:
        stage.git("push", "-q", "origin", f"HEAD:{ref}")
    other(stage)
    apart = below(stage)
    kept = {f"{apart}{still_open}/20200101T000000Z-test-{still_open}-0c", f"{TRACE_REFS}R_another/{old}/x"}
    url = address(stage).replace("http://", f"http://ada:{stage.tokens['ada']}@")
    for ref in (*traces, f"{apart}{old}/20200101T000000Z-test-{old}-0a", *kept):
        stage.git("push", "-q", url, f"HEAD:{ref}")
    stage.edit_policy(APART)
    stage.tick(host)
    stage.sleep(31 * DAY)
    stage.tick(host)
    assert set(there(stage)) == {*traces, *kept}, "what the other repository and others keep there is theirs"
    done = "breeze:done"  # a person closed it as completed
    assert (stage.labels(old), stage.labels(held), stage.labels(mine)) == ({done}, {"breeze:human"}, {"bug", done})
    assert set(stage.refs("refs/bee/traces/")) == {ref for ref, stays in traces.items() if stays}
    assert set(stage.refs("refs/bee/items/")) == {f"refs/bee/items/{still_open}"}
    assert len(stage.refs("refs/bee/archive/")) == 3
    log = bee(stage, "log", str(old), "--json", "--repo", stage.repo)
    assert [record["role"] for record in log.json["records"]].count("drafter") >= 1, log.err
    before = stage.asked()
    stage.tick(host)
    assert len(stage.log(before)) <= 3, "swept for today"
    stage.call("ada", "PATCH", stage.at(f"/issues/{old}"), {"state": "open"})
    stage.unlabel(old, done)
    assert stage.tick(host).run, "reopened, it has a ledger of its own again"


def test_once_a_day_what_was_said_twice_on_a_closed_item_is_said_once(stage: Stage) -> None:
    """A host that slept wrote it after the end; ticks look at open items only."""
    number = stage.issue()
    host = stage.host()
    stage.quiet(host)
    (pull,) = stage.pulls()
    assert pull["merged_at"]
    before, reviews = stage.comments(pull["number"]), stage.reviews(pull["number"])
    said = next(text for text in before if "**E2E trace (pass)**" in text)
    stage.comment(pull["number"], said, who="bee")
    stage.call(
        "bee", "POST", stage.at(f"/pulls/{pull['number']}/reviews"), {"event": "COMMENT", "body": reviews[0]["body"]}
    )
    stage.tick(host)
    assert len(stage.comments(pull["number"])) == len(before) + 1
    stage.sleep(DAY + 60)
    stage.tick(host)
    assert stage.comments(pull["number"]) == before
    first, second = stage.reviews(pull["number"])
    assert first["body"] == reviews[0]["body"]
    assert "sent twice" in second["body"]
    assert stage.item(number)["state"] == "closed"


def test_a_sweep_that_fails_costs_only_itself_and_is_not_tried_at_every_tick(stage: Stage) -> None:
    number = stage.issue(labels=[])
    host = stage.host(moves={"drafter": 'bee nothing-to-do waiting "Later."\n'})
    stage.tick(host)
    stage.sleep(2 * DAY)
    stage.comment(number, "Now.")
    fault(stage, "status", {"method": "GET", "path": "/repos/ada/calc/issues$"}, status=403)
    report = stage.tick(host)
    lift(stage)
    assert len(report.problems) == 1
    assert report.run, "the item is worked all the same"
    assert stage.tick(host).problems == []


def test_the_clone_of_a_killed_run_goes_and_its_transcript_stays(stage: Stage) -> None:
    """The worker would have cleared it; a live run's is never touched."""
    host = stage.host()
    host.home.ensure()
    for run in ("dead", "alive", "unknown"):
        (host.home.run_dir(run) / "clone").mkdir()
        (host.home.run_dir(run) / "transcript.log").write_text("x")
    host.home.hold_alive("dead").release()
    held = host.home.hold_alive("alive")
    stage.tick(host)
    held.release()
    left = {path.parent.name for path in host.home.path.glob("runs/*/clone")}
    assert left == {"alive", "unknown"}
    assert len(list(host.home.path.glob("runs/*/transcript.log"))) == 3
