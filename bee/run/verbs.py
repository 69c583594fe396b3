"""What an agent may ask for while it runs: each verb is checked at once, and refused with what would be accepted.

Accepted verbs are kept in `said`; nothing is published here, but a pause, which is committed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bee.git.mirror import Mirror
from bee.git.workspace import AGENT, Clone
from bee.model.answer import Answer
from bee.model.effects import TraceResult
from bee.model.errors import GitError, Refusal
from bee.model.items import Pull
from bee.model.plan import lint_replan, parse_steps
from bee.model.roles import ROLES, Role
from bee.model.text import one_line
from bee.pipeline import output_checks
from bee.pipeline.pull_facts import is_own
from bee.run.outcome import Said, Submitted
from bee.run.prompt import Brief

CLASSES = ("code-bug", "test-bug", "lazy-run", "design-conflict")
NOTHINGS = ("already-done", "waiting", "stale-input")


@dataclass(slots=True)
class Session:
    """One run's verbs. `run_e2e` runs E2E and answers with its result; `commit_pause` commits a pause now."""

    brief: Brief
    clone: Clone
    mirror: Mirror
    run_e2e: Callable[[], TraceResult]
    commit_pause: Callable[[str], None]
    files: Mapping[str, str]
    explain: str
    gates: output_checks.Gates
    said: Said = field(default_factory=Said)
    on_verb: Callable[[str, Answer], None] = lambda verb, answer: None

    def handle(self, verb: str, args: Mapping[str, Any]) -> Answer:
        """Answer one verb. Never raises for what an agent does."""
        try:
            answer = self._answer(verb, args)
        except Refusal as problem:
            answer = Answer(False, str(problem), 2)
        except GitError as problem:
            answer = Answer(False, f"git could not read your commits: {problem}", 2)
        if answer.ok:
            self.said.verbs.append(verb)
            self.said.refused = ""
        self.on_verb(verb, answer)
        return answer

    def _answer(self, verb: str, args: Mapping[str, Any]) -> Answer:
        row = ROLES[self.brief.role]
        if verb not in row.all_verbs:
            raise Refusal(f"the {row.role} has no verb `{verb}`; it has: {', '.join(row.all_verbs)}")
        if self.said.pause is not None:
            raise Refusal("you have paused this item: end your session now")
        act: Callable[[Mapping[str, Any]], Answer] = getattr(self, f"_{verb.replace('-', '_')}")
        return act(args)

    def _plan(self, args: Mapping[str, Any]) -> Answer:
        steps, problems = parse_steps(_text(args, "text"))
        found = [*problems, *lint_replan(steps, self.brief.started_steps)]
        if found:
            lines = "\n".join(str(problem) for problem in found)
            raise Refusal(f"the plan is not accepted:\n{lines}\nMend these lines and run `bee plan` again.")
        self._check_text("\n".join(f"{step.title} {step.accept} {step.note}" for step in steps))
        self.said.steps = steps
        return Answer(True, f"accepted: {len(steps)} steps. bee writes them into the issue when you end.")

    def _submit(self, args: Mapping[str, Any]) -> Answer:
        title, body = one_line(_text(args, "title")), str(args.get("body") or "")
        self._check_text(f"{title}\n{body}")
        if isinstance(self.brief.item, Pull) and not is_own(self.brief.item):
            raise Refusal("this branch is not bee's, and bee pushes only to branches of its own: `bee pause` instead")
        branch, head = self.clone.current_branch(), self.clone.head()
        if branch != self.brief.branch:
            raise Refusal(f"check out `{self.brief.branch}` first: bee names the branch, and you are on `{branch}`")
        if head == self.brief.head:
            raise Refusal("there is nothing to submit: commit your work first (`git add`, `git commit`)")
        dirty = self.clone.changed_paths()
        if dirty:
            names = ", ".join(f"`{one_line(path, 60)}`" for path in dirty[:8])
            raise Refusal(f"these files are changed but not committed: {names}. Commit them or take them back first")
        self._check_commits(head)
        self.said.submitted = Submitted(head, title, body)
        return Answer(True, f"accepted: {head[:10]}. bee publishes it when you end; submit again to replace it.")

    def _check_commits(self, head: str) -> None:
        self.mirror.take_back(self.clone, head)
        if not self.mirror.is_ancestor(self.brief.head, head):
            raise Refusal(f"your branch no longer contains {self.brief.head[:10]}: add commits, never rewrite them")
        base = self.mirror.merge_base(self.brief.base, head) or self.brief.base
        changes = [
            output_checks.Change(entry.path, entry.status, entry.new_mode, entry.size)
            for entry in self.mirror.diff_names(base, head)
        ]
        if not changes:
            raise Refusal(f"your branch changes nothing against {self.brief.base_ref}")
        tests_only = self.brief.role is Role.TEST
        own = changes
        if tests_only:
            names = {entry.path for entry in self.mirror.diff_names(self.brief.head, head)}
            own = [change for change in changes if change.path in names]
        problems = self.gates.files(own, self.brief.view.policy, tests_only)
        # what is too big is not looked through
        problems = problems or self._refuse_commits(head)
        if problems:
            raise self._held("the change is not accepted:\n" + "\n".join(f"- {problem}" for problem in problems))

    def _refuse_commits(self, head: str) -> list[str]:
        """What each new commit says and adds: all of them are published, not only what they come to."""
        allowed = self.brief.view.policy.secrets_allowed_in
        new = self.mirror.new_commits(head, [self.brief.head, self.brief.base])
        handed = [output_checks.Handed(entry.oid, entry.message, (entry.author, entry.committer)) for entry in new]
        problems = self.gates.commits(handed, f"{AGENT[0]} <{AGENT[1]}>")
        problems += self.gates.refuse_text("\n".join(entry.message for entry in new))
        commits = [entry.oid for entry in new]
        added = self.mirror.added_lines(commits, but=allowed)
        exempt = self.mirror.added_lines(commits, only=allowed) if allowed else ""
        return problems + self.gates.refuse_added(added, exempt)

    def _reply(self, args: Mapping[str, Any]) -> Answer:
        if self.brief.position != "changes-requested":
            raise Refusal("there is no change request to reply to: commit and `bee submit`, or `bee pause`")
        self.said.reply = self._checked(args, "text")
        return Answer(True, "accepted: the reviewer reads it next. A reply without commits counts as a round.")

    def _review(self, args: Mapping[str, Any]) -> Answer:
        if self.said.review is not None:
            raise Refusal("you have given your verdict: one per run")
        approve = args.get("approve")
        if not isinstance(approve, bool):
            raise Refusal("say one of --approve or --request-changes")
        body = str(args.get("body") or "")
        if not approve and not body.strip():
            raise Refusal("--request-changes needs --body: what must change, where, and how you saw it")
        self._check_text(body)
        self.said.review = (approve, body)
        return Answer(True, f"accepted: {'approved' if approve else 'changes requested'} at {self.brief.head[:10]}.")

    def _e2e(self, args: Mapping[str, Any]) -> Answer:
        action = args.get("action")
        if action == "run":
            return self._e2e_run()
        if action == "classify":
            return self._classify(args)
        raise Refusal("say `bee e2e run` or `bee e2e classify CLASS WHY`")

    def _e2e_run(self) -> Answer:
        trace = self.run_e2e()
        self.said.trace, self.said.classified = trace, None
        word = "pass" if trace.passed else "fail"
        text = f"E2E {word}\n" + "\n".join(trace.lines) + (f"\n{trace.output}" if trace.output else "")
        data = {"passed": trace.passed, "output": trace.output}
        nexts = "" if trace.passed else f"\nNow: bee e2e classify {'|'.join(CLASSES)} WHY"
        return Answer(trace.passed, text + nexts, 0 if trace.passed else 1, data)

    def _classify(self, args: Mapping[str, Any]) -> Answer:
        cls = args.get("class")
        if self.said.trace is None or self.said.trace.passed:
            raise Refusal("there is no failed E2E run to classify: run `bee e2e run` first")
        if cls not in CLASSES:
            raise Refusal(f"`{cls}` is no class; one of: {', '.join(CLASSES)}")
        self.said.classified = (str(cls), self._checked(args, "why"))
        return Answer(True, f"accepted: {cls}")

    def _merge(self, args: Mapping[str, Any]) -> Answer:
        del args
        self.said.merge = True
        return Answer(True, "accepted: bee merges through its gate when you end.")

    def _pause(self, args: Mapping[str, Any]) -> Answer:
        reason = self._checked(args, "reason")
        self.said.pause = reason
        self.commit_pause(reason)
        return Answer(True, "accepted: a person will answer. End your session now.")

    def _nothing_to_do(self, args: Mapping[str, Any]) -> Answer:
        kind = args.get("kind")
        if kind not in NOTHINGS:
            raise Refusal(f"`{kind}` is no reason; one of: {', '.join(NOTHINGS)}")
        self.said.nothing = (str(kind), self._checked(args, "reason"))
        return Answer(True, f"accepted: nothing to do ({kind}).")

    def _context(self, args: Mapping[str, Any]) -> Answer:
        del args
        text = "\n\n".join(f"===== {name} =====\n{content}" for name, content in self.files.items())
        return Answer(True, text)

    def _why(self, args: Mapping[str, Any]) -> Answer:
        del args
        return Answer(True, self.explain)

    def _checked(self, args: Mapping[str, Any], name: str) -> str:
        text = _text(args, name)
        self._check_text(text)
        return text

    def _check_text(self, text: str) -> None:
        problems = self.gates.refuse_text(text)
        if problems:
            raise self._held("; ".join(problems))

    def _held(self, why: str) -> Refusal:
        """What the output gates hold back. Where nothing better comes, a person reads it as why the run failed."""
        self.said.refused = why
        return Refusal(why)


def _text(args: Mapping[str, Any], name: str) -> str:
    value = args.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refusal(f"`{name}` is missing or empty")
    return value
