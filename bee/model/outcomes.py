"""What a run changed, why a run failed, and why an item goes to a person: closed sets. Values only."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What a run changed: computed by bee from what is different now, never taken from what an agent says.

    `meaning` is for the documents. What it does to the next try: `no_op` (nothing to do: not asked again until
    something changes), `failed` (a failed try), `void` (the claim came to nothing, and may have seen what was no more).
    """

    meaning: str
    no_op: bool
    failed: bool
    void: bool

    def __new__(cls, name: str, meaning: str = "", effect: str = "") -> Outcome:
        """A member and its columns."""
        member = str.__new__(cls, name)
        member._value_, member.meaning = name, meaning
        member.no_op, member.failed, member.void = effect == "no-op", effect == "failed", effect == "void"
        return member

    PROGRESSED = (
        "progressed",
        "The run published something: a plan, commits, a reply, a verdict, an E2E result, a merge.",
    )
    ALREADY_DONE = (
        "no-op-already-done",
        "The agent said, with a reason, that nothing is left to do. It is not asked again until something changes.",
        "no-op",
    )
    WAITING = (
        "no-op-waiting",
        "The agent said, with a reason, what it waits for. It is not asked again until something changes.",
        "no-op",
    )
    STALE_INPUT = (
        "no-op-stale-input",
        "The input of the run had changed, or a person stopped it. Nothing was published after that.",
        "void",
    )
    ESCALATED = "escalated", "The item went to a person: an agent paused it, or a limit was reached."
    ERROR = "error", "The run failed; its failure says how.", "failed"
    UNCLASSIFIED = "no-op-unclassified", "The agent ended without a verb. It counts as a failed try.", "failed"
    LOST = "lost", "The claim ended without a result (its host died or slept). Bounded separately.", "void"


class Failure(StrEnum):
    """Why a run failed. `quota` waits for everyone, `auth` asks a person, the rest back off.

    `meaning` is for the documents. `counts`: whether it is a failed try. `void`: unless money was spent, it was no run
    at all. `pushed`: what the run had committed was published before.
    """

    meaning: str
    counts: bool
    void: bool
    pushed: bool

    def __new__(cls, name: str, meaning: str = "", counts: bool = True, effect: str = "") -> Failure:
        """A member and its columns."""
        member = str.__new__(cls, name)
        member._value_, member.meaning, member.counts = name, meaning, counts
        member.void, member.pushed = effect == "void", effect == "pushed"
        return member

    QUOTA = "quota", "The engine's own limit is reached. Not a failed try.", False
    AUTH = "auth", "The engine refused its login.", False
    BUDGET = "budget", "The engine's money limit ended the run."
    TURNS = "turn-limit", "The engine's turn limit ended the run."
    TIMEOUT = "timeout", "The run took longer than its total time and was ended."
    STALL = "stall", "The agent was silent for too long and was ended."
    KILLED = "killed", "A signal, or too much output, ended the agent."
    NO_VERB = "no-verb", "The agent ended without a verb."
    CRASH = "crash", "The agent's program failed, or bee has a bug; the note says which."
    GATE = "output-gate", "What the agent handed in may not be published."
    WORKSPACE = "workspace", "git, the sandbox or the network failed."
    AWAY = "github-away", "GitHub could not be reached, and nothing was published. Not a failed try.", False, "void"
    MERGE = "merge-refused", "The merge gate or GitHub refused; the note says which proof failed.", True, "pushed"
    RULES = (
        "rules-refused",
        "GitHub's rules forbid the write or the merge. Not a failed try.",
        False,
        "pushed",
    )
    CANCELLED = "cancelled", "A person stopped the run, or its input changed. Not a failed try.", False, "void"


class Cause(StrEnum):
    """Why an item goes to a person. What bee says of each stands in `wording.escalations`."""

    QUESTION = "agent-question"
    FAILURES = "failures"
    SAME_FAILURE = "same-failure"
    ALTERNATING = "alternating"
    LOST = "lost-runs"
    ROUNDS = "review-rounds"
    REPAIR_ROUNDS = "repair-rounds"
    USD = "item-money"
    RUNS = "item-runs"
    CHECKS = "checks-pending"
    CHECK_ASKS = "check-asks"
    SETTLING = "not-computed"
    OVERTAKEN = "overtaken-passes"
    BASE_MOVED = "base-moved"
    HELD_BACK = "held-back"
    OTHER_RESULT = "other-result"
    E2E = "e2e-undecided"
    ABANDONED = "abandoned"
    ASTRAY = "astray"
    ON_HOLD = "on-hold"
    TAKEN = "taken"
    APPROVAL = "person-approval"
    VOUCH = "head-of-others"
    NOT_COUNTED = "approval-not-counted"
    SETTINGS = "settings"
    ISSUE_STOPPED = "issue-stopped"
    REOPENED = "reopened"
    HOT_LOOP = "hot-loop"
    BEE_FAILED = "bee-failed"
    CYCLE = "dependency-cycle"
    DROPPED = "dependency-dropped"
    FOREIGN = "foreign-records"
    NO_ROOM = "no-room"
