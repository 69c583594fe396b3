"""What a run said, turned into an outbox and an outcome. Pure: nothing here trusts the agent's own summary.

`said` holds only verbs that the worker accepted; `settle` computes what changed from them and from the engine's end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bee.model.effects import (
    DeleteBranch,
    Effect,
    MergePull,
    OpenPull,
    PostComment,
    PostReview,
    SetLabels,
    SetStatus,
    TraceResult,
    WritePlan,
    effect_key,
)
from bee.model.items import Issue, Pull
from bee.model.labels import Label
from bee.model.outcomes import Cause, Failure, Outcome
from bee.model.plan import Plan, Step, read_body, render_section
from bee.model.roles import Role
from bee.model.text import neutralised, one_line
from bee.pipeline.escalation import TRIED_SHOWN_MAX, tried_on
from bee.pipeline.evidence import verdict_at_head
from bee.pipeline.facts import record_of
from bee.pipeline.pull_facts import said_of
from bee.run.prompt import Brief
from bee.wording import texts

WIP_OFF = (Label.WIP.value,)


@dataclass(frozen=True, slots=True)
class Submitted:
    """Commits handed in: the head in the clone, and what the agent wrote about them."""

    head: str
    title: str
    body: str


@dataclass(slots=True)
class Said:
    """The verbs accepted in one run. `refused`: what the output gates held back last, with nothing accepted since."""

    steps: tuple[Step, ...] | None = None
    submitted: Submitted | None = None
    reply: str | None = None
    review: tuple[bool, str] | None = None
    trace: TraceResult | None = None
    classified: tuple[str, str] | None = None
    merge: bool = False
    pause: str | None = None
    nothing: tuple[str, str] | None = None
    refused: str = ""
    verbs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Result:
    """What the commit point will hold. `push`: the new head of the branch, where commits were handed in."""

    outcome: Outcome
    note: str
    outbox: tuple[Effect, ...] = ()
    failure: Failure | None = None
    push: str | None = None
    trace: TraceResult | None = None
    handoff: str = ""


_NOTHING = {
    "already-done": Outcome.ALREADY_DONE,
    "waiting": Outcome.WAITING,
    "stale-input": Outcome.STALE_INPUT,
}


def settle(said: Said, brief: Brief, fingerprint: str, failure: Failure | None, note: str) -> Result:
    """The result of a run whose agent has ended.

    What bee accepted counts, however the agent ended afterwards; `failure` and `note`, the engine's, count only where
    nothing was accepted.
    """
    maker = _Maker(brief, fingerprint)
    if said.pause is not None:
        return maker.paused(said.pause)
    result = maker.result(said)
    if result is not None:
        return result
    if failure is not None:
        return Result(Outcome.ERROR, note or str(failure), (maker.labels(),), failure, handoff=note)
    if said.refused:
        return Result(Outcome.ERROR, one_line(said.refused, 400), (maker.labels(),), Failure.GATE, handoff=said.refused)
    return Result(Outcome.UNCLASSIFIED, "it ended without a verb", (maker.labels(),), Failure.NO_VERB)


class _Maker:
    """Makes the effects of one run, each with its key."""

    def __init__(self, brief: Brief, fingerprint: str) -> None:
        self.brief, self.fingerprint = brief, fingerprint
        self.number = brief.item.number
        self.role = str(brief.role)
        record = record_of(brief.view, self.number)
        self.n = record.sequence if record is not None else 0

    def result(self, said: Said) -> Result | None:
        """The result of whatever the role said; None when it said nothing that counts."""
        if said.steps is not None:
            return self.planned(said.steps)
        if said.submitted is not None:
            return self.submitted(said.submitted)
        if said.reply is not None:
            text = texts.reply(said.reply)
            answers = self._answered()
            comment = self.comment("reply", text, verdict="reply", head=self.brief.head, answers=answers)
            return self._done("replied", comment)
        if said.review is not None:
            return self.reviewed(*said.review)
        if said.trace is not None and (said.trace.passed or said.classified):
            return self.tested(said.trace, said.classified)
        if said.merge:
            return self.merging()
        return self.nothing(*said.nothing) if said.nothing else None

    def _answered(self) -> str:
        """The id of the change request that a reply answers; empty where there is none."""
        item = self.brief.item
        said = verdict_at_head(said_of(item, self.brief.view), item.head) if isinstance(item, Pull) else None
        return str(said.id) if said is not None else ""

    def labels(self, add: tuple[str, ...] = ()) -> SetLabels:
        """The last effect of every run: the label WIP goes."""
        return SetLabels(self.number, add, WIP_OFF)

    def comment(self, kind: str, text: str, **values: str) -> PostComment:
        """A comment on the item that finds itself again."""
        key = effect_key(self.number, self.role, self.fingerprint, kind)
        return PostComment(self.number, texts.marked(text, self.brief.run, self.role, key, self.n, **values), key)

    def _done(self, note: str, *effects: Effect, push: str | None = None, trace: TraceResult | None = None) -> Result:
        return Result(Outcome.PROGRESSED, note, (*effects, self.labels()), push=push, trace=trace, handoff=note)

    def paused(self, reason: str) -> Result:
        """The agent hands the item to a person."""
        tried = tried_on(self.brief.item, self.brief.view, self.brief.run)
        text = texts.escalation(Cause.QUESTION, reason, tried[-TRIED_SHOWN_MAX:], (), self.number, self.role)
        comment = self.comment("pause", text, cause=Cause.QUESTION.value)
        outbox = (comment, self.labels((Label.HUMAN.value,)))
        return Result(Outcome.ESCALATED, one_line(reason), outbox, handoff=reason)

    def planned(self, steps: tuple[Step, ...]) -> Result:
        """The plan goes into the issue body, the news into a comment."""
        issue = self.brief.item
        assert isinstance(issue, Issue)
        gate = self.brief.view.policy.plan_approval == "human"
        design = read_body(issue.body).design_hash
        section = render_section(Plan(steps, design), gate)
        return self._done(
            f"a plan of {len(steps)} {'step' if len(steps) == 1 else 'steps'}",
            WritePlan(self.number, section, design),
            self.comment("plan", texts.plan_posted(steps, gate)),
        )

    def submitted(self, work: Submitted) -> Result:
        """Commits: a pull request for a new branch, a comment on an old one."""
        brief = self.brief
        if isinstance(brief.item, Pull):
            words = texts.pushed if brief.role is Role.DRAFTER else texts.tests_pushed
            comment = self.comment("push", words(work.title, work.body, work.head))
            return self._done(f"pushed {texts.short(work.head)}", comment, push=work.head)
        assert brief.step is not None
        plan_hash = read_body(brief.item.body).plan_hash
        opening = OpenPull(
            brief.branch,
            brief.base_ref,
            neutralised(one_line(work.title, 120)),
            texts.pull_body(brief.item.number, brief.step.id, work.body, plan_hash),
        )
        return self._done(f"opened a pull request for `{brief.step.id}`", opening, push=work.head)

    def reviewed(self, approved: bool, text: str) -> Result:
        """The verdict on one head, and its status."""
        brief = self.brief
        verdict = "approve" if approved else "changes"
        key = effect_key(self.number, self.role, self.fingerprint, "review")
        body = texts.marked(
            texts.reviewed(approved, text, brief.head), brief.run, self.role, key, self.n,
            head=brief.head, verdict=verdict,
        )  # fmt: skip
        event = self._event(approved)
        state = "success" if approved else "failure"
        return self._done(
            f"{'approved' if approved else 'asked for changes at'} {texts.short(brief.head)}",
            PostReview(self.number, brief.head, event, body, key),
            SetStatus(brief.head, "bee/review", state, "approved" if approved else "changes requested", key),
        )

    def _event(self, approved: bool) -> str:
        """GitHub refuses (422) an author's verdict on their own pull request, so there it is a comment."""
        item, viewer = self.brief.item, self.brief.view.snapshot.viewer
        own = item.author is not None and item.author.id == viewer.id
        return "COMMENT" if own else "APPROVE" if approved else "REQUEST_CHANGES"

    def tested(self, trace: TraceResult, classified: tuple[str, str] | None) -> Result:
        """The E2E result, for one head on one base."""
        cls, why = classified or ("", "")
        verdict = f"{cls}: {why}" if cls else ""
        steps = "\n".join(trace.lines)
        if trace.output:
            steps += f"\n\n````text\n{trace.output.replace('````', '` ` ` `')}\n````"
        text = texts.e2e_result(trace.passed, trace.head, trace.base, self.brief.base_ref, steps, trace.ref, verdict)
        word = "pass" if trace.passed else "fail"
        comment = self.comment(
            f"e2e {trace.ref}", text, head=trace.head, base=trace.base, result=word, trace=trace.ref,
            **({"class": cls} if cls else {}),
        )  # fmt: skip
        state = "success" if trace.passed else "failure"
        said = f"{word} on {self.brief.base_ref} {trace.base}"
        status = SetStatus(trace.head, "bee/e2e", state, said, comment.key)
        note = f"E2E {word} of {texts.short(trace.head)} on {texts.short(trace.base)}{f' ({cls})' if cls else ''}"
        return self._done(note, comment, status, trace=trace)

    def merging(self) -> Result:
        """The merge through the gate, and what follows it on the pull request."""
        brief, pull = self.brief, self.brief.item
        assert isinstance(pull, Pull)
        outbox: list[Effect] = [
            MergePull(self.number, brief.head, brief.base_ref, brief.base, brief.view.policy.merge_method)
        ]
        if not pull.cross_repository and pull.head_ref.startswith("bee/"):
            outbox.append(DeleteBranch(pull.head_ref, brief.head))
        outbox.append(self.labels((Label.DONE.value,)))
        return Result(Outcome.PROGRESSED, f"merged {texts.short(brief.head)}", tuple(outbox))

    def nothing(self, kind: str, why: str) -> Result:
        """An explicit no-op: said once, and not asked again until something changes."""
        outcome = _NOTHING[kind]
        if outcome is Outcome.STALE_INPUT:
            return Result(outcome, one_line(why), (self.labels(),))
        text = texts.said(self.role, f"nothing to do ({kind}): {neutralised(why)}")
        return Result(outcome, one_line(why), (self.comment("nothing", text), self.labels()))
