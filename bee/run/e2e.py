"""E2E: the policy's verify command in a clean checkout of base plus head, each step a commit on a trace.

The result is computed from the step records, never from what anybody says of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bee.config.schema import Policy
from bee.git import submodules
from bee.git.mirror import Mirror
from bee.git.workspace import Clone
from bee.host import CommandRunner
from bee.model import limits
from bee.model.effects import TraceResult
from bee.model.records import TREE
from bee.model.refs import trace_ref
from bee.model.text import plain
from bee.pipeline.output_checks import OutputChecks
from bee.pipeline.tests_ran import count_tests
from bee.pipeline.verify_files import missing, named_of
from bee.run.setup import SetUp
from bee.system.trees import remove_tree
from bee.wording import texts


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step: the command, its exit code, whole seconds, and what it printed (bounded)."""

    command: str
    code: int
    seconds: int
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class E2e:
    """E2E of one run: the mirror, who runs commands, a folder of the run, and the checks of what they print.

    `head_counts`: a person approved this head, so the files that the commands name are its own, and not the base's.
    """

    mirror: Mirror
    runner: CommandRunner
    folder: Path
    checks: OutputChecks
    policy: Policy
    number: int
    run: str
    setup: SetUp
    head_counts: bool = False

    def test(self, head: str, base: str, at: int) -> TraceResult:
        """Merge `head` onto `base`, run every verify command there, and record each as a commit of the trace.

        `at` is GitHub's time in seconds since the epoch. Raises GitError, and SetupError where `setup` fails on the
        base alone, too.
        """
        steps = self._steps(head, base)
        passed = bool(steps) and all(step.code == 0 for step in steps)
        tip = _record(self.mirror, steps, passed, head, base, at)
        lines = tuple(texts.step_line(step.command, step.code, step.seconds) for step in steps)
        failed = next((step.output for step in steps if step.code != 0), "")
        ref = trace_ref(self.number, self.run)
        return TraceResult(
            passed=passed,
            head=head,
            base=base,
            ref=ref,
            tip=tip,
            lines=lines,
            output=failed[-limits.OUTPUT_TAIL_BYTES :],
        )

    def _steps(self, head: str, base: str) -> list[StepRecord]:
        tree, message = self.mirror.merge_tree(base, head)
        if tree is None:
            said = self.checks.told(plain(message))[-limits.OUTPUT_TAIL_BYTES :]
            return [StepRecord(f"git merge {head}", 1, 0, said)]
        merged = self.mirror.commit_record(f"E2E of {head} on {base}\n", tree, [base, head])
        records = [StepRecord(f"git merge {head}", 0, 0, "")]
        where = self.folder / "e2e"
        remove_tree(where)
        clone = self.mirror.checkout_to(where, merged)
        beside = submodules.fill(self.mirror, clone, base, self.setup.private)
        records += (StepRecord(said.replace("`", ""), 0, 0, "") for said in beside)
        if lost := missing(self.policy.verify, clone.files(merged)):
            return [*records, StepRecord("look for " + ", ".join(lost), 1, 0, f"missing: {', '.join(lost)}")]
        kept, taken = self._keep(clone, base, merged)
        if taken:
            records.append(StepRecord("take from the base " + ", ".join(taken), 0, 0, ""))
        (self.folder / "e2e-home").mkdir(mode=0o700, exist_ok=True)
        failed = self.setup.failure(where, self.folder / "e2e-home", kept)
        if failed:
            self.setup.check_base(base, base[:10])
            return [*records, StepRecord("setup", 1, 0, self.checks.told(_ends(failed)))]
        counts: list[int | None] = []
        for command in self.policy.verify:
            step, said = self._verify(where, command, kept)
            records.append(step)
            if step.code != 0:
                return records
            counts.append(count_tests(said))
        if 0 in counts and not any(counts):
            step = records[counts.index(0) - len(counts)]
            output = f"{step.output}\n[it ended with 0, and ran no tests]"
            records.append(StepRecord(f"look at what {step.command} said", 1, 0, output))  # decision 0131
        return records

    def _keep(self, clone: Clone, base: str, merged: str) -> tuple[list[str], list[str]]:
        """The files that no command may write, as the commands name them; and those that the change had changed."""
        ours, theirs = clone.files(merged), clone.files(base)
        named = [] if self.head_counts else named_of(self.policy.verify, theirs)
        clone.overlay(base, named)
        added = named_of(self.policy.verify, set(ours) - set(named))
        return [*named, *added], [path for path in named if ours.get(path) != theirs[path]]

    def _verify(self, where: Path, command: str, kept: Sequence[str]) -> tuple[StepRecord, str]:
        """The step, and the whole of what it printed."""
        home, seconds = self.folder / "e2e-home", self.policy.limits.verify_minutes * 60
        try:
            plain_kept = plain_files(where, kept)
        except OSError as problem:  # the command before has shut a folder
            return StepRecord(command, 126, 0, f"what E2E runs cannot be looked at: {problem.strerror}"), ""
        ended = self.runner.verify(command, where, home, self.mirror.path, seconds, kept=plain_kept)
        text = ended.out.decode("utf-8", "replace")
        output = plain(text)
        if ended.timed_out:
            output += f"\n[stopped after {seconds} s]"
        code = 124 if ended.timed_out else ended.code
        return StepRecord(command, code, int(ended.seconds), self.checks.told(_ends(output))), text


def plain_files(clone: Path, paths: Iterable[str]) -> list[Path]:
    """Those that are plain files in the clone, on the way to which there is no link. Raises OSError."""
    found = (clone.resolve() / path for path in paths)
    return [path for path in found if path.is_file() and path.resolve() == path]


def _ends(text: str) -> str:
    if len(text) <= limits.OUTPUT_HEAD_BYTES + limits.OUTPUT_TAIL_BYTES:
        return text
    left = len(text) - limits.OUTPUT_HEAD_BYTES - limits.OUTPUT_TAIL_BYTES
    return f"{text[: limits.OUTPUT_HEAD_BYTES]}\n[… {left} characters left out]\n{text[-limits.OUTPUT_TAIL_BYTES :]}"


def _record(mirror: Mirror, steps: list[StepRecord], passed: bool, head: str, base: str, at: int) -> str:
    tip = ""
    for index, step in enumerate(steps, 1):
        facts = {"version": 1, "step": index, "command": step.command, "exit": step.code, "seconds": step.seconds}
        message = (
            f"e2e step {index}: exit {step.code} in {step.seconds} s: {step.command[:80]}\n\n{json.dumps(facts)}\n"
        )
        tip = mirror.commit_record(f"{message}\n{step.output}\n", TREE, [tip] if tip else [], at)
    word = "pass" if passed else "fail"
    facts = {"version": 1, "result": word, "head": head, "base": base, "steps": len(steps)}
    return mirror.commit_record(
        f"e2e {word}: {head} on {base}\n\n{json.dumps(facts)}\n", TREE, [tip] if tip else [], at
    )
