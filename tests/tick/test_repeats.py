"""What repeats is noticed: the next run is told, and a person is asked before the money is gone (A8, D8)."""

from __future__ import annotations

from bee.model.outcomes import Cause
from tests.belt.stage import Stage

FAILS = 'n=$(cat "{folder}/count" 2>/dev/null || echo 0)\necho $((n + 1)) > "{folder}/count"\n'
SAYS = FAILS + 'cp "$BEE_CONTEXT/last-failure.md" "{folder}/told-$n" 2>/dev/null || true\n{how}\nexit 1\n'


def test_d8_the_same_failure_at_three_inputs_asks_a_person_and_the_third_run_was_told(stage: Stage) -> None:
    """The person's comment changes the input and not the failure: the run is told so, then the person is."""
    number = stage.issue()
    how = 'echo "KeyError: $n in /tmp/$n/x.py line $n" >&2'
    host = stage.host(moves={"drafter": SAYS.format(folder=stage.folder, how=how)})
    for text in ("Try again.", "And again.", "Once more."):
        assert stage.tick(host).run
        stage.sleep(2)
        stage.comment(number, text)
    told = (stage.folder / "told-2").read_text()
    assert "The last 2 tries failed in the same way: take another way, or pause." in told
    assert "KeyError: 1 in /tmp/1/x.py line 1" in told, "the failure's own text stays"
    prompts = sorted(host.home.path.glob("runs/*-drafter-*/prompt.md"))
    assert ["`last-failure.md`: why the last run" in path.read_text() for path in prompts] == [False, True, True]
    stage.ticks(host)
    assert stage.labels(number) == {"breeze:human"}
    (card,) = [text for text in stage.comments(number) if "Reason: `" in text]
    assert f"Reason: `{Cause.SAME_FAILURE}`." in card
    assert "the last failure: `exit 1: KeyError: 2 in" in card
    assert not stage.tick(host).acted


def test_a8_two_failures_in_turn_ask_a_person_before_the_tries_are_used_up(stage: Stage) -> None:
    number = stage.issue()
    how = '[ $((n % 2)) = 0 ] && echo "the tests fail" >&2 || echo "the linter fails" >&2'
    host = stage.host(moves={"drafter": SAYS.format(folder=stage.folder, how=how)})
    for minutes in (0, 6, 11, 21, 41):
        stage.sleep(minutes * 60)
        stage.tick(host)
    assert (stage.folder / "count").read_text() == "4\n", "the fifth try was not made"
    (card,) = [text for text in stage.comments(number) if "Reason: `" in text]
    assert "Reason: `alternating`." in card
    assert "the linter fails" in card
    assert "the tests fail" in card
