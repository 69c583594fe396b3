"""Whoever asks whom to trust stands in a table: as the reader of a grant of `bee.pipeline.grants`, or of none.

A new caller fails here until somebody has said which grant it reads, and so which cells it is held to.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bee.pipeline.grants import GRANTS, Grant
from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]
METHODS: Final = frozenset({"of", "counts", "is_bee"})
FUNCTIONS: Final = frozenset({"adopted_at", "as_heard", "text_is_trusted", "title_is_trusted", "resumed_at"})
WITHIN: Final = "bee.pipeline.trust"

READERS: Final[dict[str, tuple[Grant, ...]]] = {
    "bee.pipeline.evidence.words": (Grant.REVIEW, Grant.MARKER, Grant.APPROVE, Grant.VERDICT),
    "bee.pipeline.evidence.pushed_heads": (Grant.PUSHED,),
    "bee.pipeline.evidence.e2e_results": (Grant.E2E,),
    "bee.pipeline.gates._approvals": (Grant.WORDS,),
    "bee.pipeline.gates._ticked_at": (Grant.TICK,),
    "bee.pipeline.facts.adopted": (Grant.ADOPTION,),
    "bee.pipeline.facts.common": (Grant.ADOPTION,),
    "bee.pipeline.pull_facts._doubted_issue": (Grant.ADOPTION,),
    "bee.run.brief.hint_for": (Grant.HINT,),
    "bee.dashboard.issue._do": (Grant.BOX,),
    **dict.fromkeys(
        (
            "bee.pipeline.decide._acts_on", "bee.pipeline.decide._repair", "bee.pipeline.escalation.escalation_key",
            "bee.pipeline.escalation.answered", "bee.pipeline.issue_facts.issue_facts",
            "bee.pipeline.escalation.releases", "bee.pipeline.escalation.tried_on",
            "bee.pipeline.facts.escalation_stands", "bee.pipeline.fingerprint.fingerprint",
            "bee.pipeline.issue_facts._step_state", "bee.pipeline.merge_queue.taken_out",
            "bee.pipeline.pull_facts.pull_facts", "bee.pipeline.status._block",
            "bee.pipeline.status._overdue", "bee.publish.outbox._let_go", "bee.run.brief.brief_of",
            "bee.run.brief.of_pull",
            "bee.run.workspace._brief", "bee.steer.actions.resumed", "bee.tick.dispatch._job",
            "bee.tick.reconcile._act", "bee.tick.repair._release",
        ),
        (Grant.RESUME,),
    ),
}  # fmt: skip

GRANTS_NOTHING: Final = {
    "bee.dashboard.model.found": "finds bee's own dashboard",
    "bee.github.snapshot._with_fixed": "a closed bug lets a quarantined item be tried again, three times at most",
    "bee.pipeline.checks.counted": "bee's own statuses count by their records, never as somebody's checks",
    "bee.pipeline.edits.as_heard": "what somebody else edited may stop, never grant; its readers have rows",
    "bee.pipeline.escalation.already_escalated": "finds bee's own words, so as not to repeat them",
    "bee.pipeline.escalation._review_says_so": "finds bee's own words, so as not to repeat them",
    "bee.pipeline.escalation.quarantined_at": "only what bee quarantined is released by itself",
    "bee.pipeline.facts.held_by_hand": "a hold stops",
    "bee.pipeline.facts.is_alert": "an alert is never work",
    "bee.pipeline.fingerprint.trusted_comments": "what is new, so that the same is not tried twice",
    "bee.pipeline.fingerprint._lines": "what is new, so that the same is not tried twice",
    "bee.pipeline.gates.requests_of": "a request for changes stops a plan; a later approval is a grant of its own",
    "bee.pipeline.issue_facts.pulls_of_issue": "which pull requests are bee's; each stands on grants of its own",
    "bee.pipeline.issue_facts._claimed_at": "holds an issue back; the label NEW lifts no more than that",
    "bee.pipeline.issue_facts.taken_by": "holds an issue back; the label NEW lifts no more than that",
    "bee.pipeline.leftovers.twins_of": "finds bee's own words, to take the later one away",
    "bee.pipeline.status_comment.found": "finds bee's own status comment",
    "bee.pipeline.pull_facts._not_counted": "says why an approval does not count",
    "bee.pipeline.words_to_wait._gestures": "holds, and grants nothing",
    "bee.publish.context.has_posted": "finds an effect that is done, so as not to repeat it",
    "bee.run.handed_in._read_by": "finds bee's own questions, which are no news to who reads",
    "bee.run.job.carried": "leaves out what a stranger said; what stays is asked about again",
    "bee.run.prompt._hidden": "counts what was left out of a prompt",
    "bee.run.prompt._withheld_posts": "counts what was left out of a prompt",
    "bee.run.prompt.thread": "what an agent reads, as material",
    "bee.run.threads._thread": "what an agent reads, as material",
    "bee.run.verbs.review.effects": "GitHub refuses an author's own verdict",
    "bee.status.overview._asked": "shows bee's own question",
    "bee.tick.leftovers._set_by_bee": "only labels that bee set are taken off",
}


def askers(root: Path) -> Iterator[tuple[str, str]]:
    """(function, where) of every use of a trust function, called or handed on; a method counts as its class's."""
    for module in checks.modules(root):
        if module.name == WITHIN or module.name.startswith("bee.forge"):
            continue
        for top in module.tree.body:
            for function in [top] if not isinstance(top, ast.ClassDef) else top.body:
                for node in ast.walk(function):
                    if _asks(node) or _renames(node):
                        yield f"{module.name}.{getattr(function, 'name', '')}", module.at(node.lineno)


def _asks(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in FUNCTIONS or (node.attr in METHODS and _is_trust(ast.unparse(node.value)))
    return isinstance(node, ast.Name) and node.id in FUNCTIONS


def _renames(node: ast.AST) -> bool:
    """Whether a trust gets a name by which nobody finds who asks it."""
    if isinstance(node, ast.arg):
        return node.annotation is not None and ast.unparse(node.annotation) == "Trust" and not _is_trust(node.arg)
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [name for target in targets for name in (target.elts if isinstance(target, ast.Tuple) else [target])]
        given = any(_is_trust(ast.unparse(value)) or _makes_trust(value) for value in values)
        return given and not any(_is_trust(ast.unparse(name)) for name in names)
    return isinstance(node, ast.ImportFrom) and any(one.asname and one.name in FUNCTIONS for one in node.names)


def _makes_trust(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in {"trust_of", "Trust"}


def _is_trust(name: str) -> bool:
    return name.split(".")[-1].lower().endswith("trust")


def test_whoever_asks_whom_to_trust_is_held_to_a_row() -> None:
    found = dict(askers(ROOT))
    unknown = [f"{where}: {name} asks whom to trust; name its grant in READERS, or say why it grants nothing"
               for name, where in found.items() if name not in READERS and name not in GRANTS_NOTHING]  # fmt: skip
    assert not unknown, "\n".join(unknown)
    assert set(READERS) | set(GRANTS_NOTHING) == set(found), "a reader that is gone"
    assert not set(READERS) & set(GRANTS_NOTHING)


def test_every_grant_is_read_somewhere_and_has_its_row() -> None:
    assert {grant for grants in READERS.values() for grant in grants} == set(Grant) == set(GRANTS)


def test_a_new_caller_is_found(tmp_path: Path) -> None:
    (tmp_path / "bee" / "run").mkdir(parents=True)
    (tmp_path / "bee" / "run" / "new.py").write_text(
        "def one(view, who):\n    return view.trust.of(who)\n\n\nclass Two:\n    def three(self, post):\n"
        "        return self._trust.counts(post)\n\n\ndef four(item, trust):\n    return adopted_at(item, trust)\n\n\n"
        "def five(view, posts):\n    return filter(view.trust.counts, posts)\n\n\n"
        "def six(view, who):\n    known = view.trust\n    return known.of(who)\n\n\n"
        "def seven(known: Trust, who):\n    return known.of(who)\n\n\n"
        "def eight(items, trust):\n    return map(resumed_at, items, trust)\n\n\n"
        "def nine(snapshot, who):\n    known = trust_of(snapshot)\n    return known.of(who)\n\n\n"
        "def ten(trust):\n    mine, known = 1, trust\n    return known\n\n\n"
        "def not_one(view):\n    trust = view.trust\n    return f(trust)\n"
    )
    numbers = "one three four five six seven eight nine ten".split()
    assert [name for name, _ in askers(tmp_path)] == [f"bee.run.new.{number}" for number in numbers]
