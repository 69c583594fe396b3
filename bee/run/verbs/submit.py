"""`bee submit`: commits, for a new pull request or one that is open."""

from __future__ import annotations

from typing import Final, NamedTuple

from bee.git.workspace import AGENT
from bee.model.answer import Answer
from bee.model.effects import OpenPull
from bee.model.errors import Refusal
from bee.model.items import Pull
from bee.model.plan import read_body
from bee.model.roles import ROLES, Role
from bee.model.text import neutralised, one_line
from bee.pipeline.output_checks import Handed
from bee.pipeline.pull_facts import is_own
from bee.publish.merge import changes
from bee.run.outcome import Outbox, Result
from bee.run.verbs.base import BODY, Args, Session, Syntax, Verb
from bee.wording import texts


class Submission(NamedTuple):
    """Commits handed in: the head in the clone, and what the agent wrote about them."""

    head: str
    title: str
    body: str


def check(session: Session, args: Args) -> Answer:
    """Everything is committed to bee's branch, on top of what was there, and passes the output checks."""
    brief, clone = session.brief, session.clone
    title, body = one_line(session.given(args, "title")), str(args.get("body") or "")
    session.check_text(f"{title}\n{body}")
    if isinstance(brief.item, Pull) and not is_own(brief.item):
        raise Refusal("this branch is not bee's, and bee pushes only to branches of its own: `bee pause` instead")
    branch, head = clone.current_branch(), clone.head()
    if branch != brief.branch:
        raise Refusal(f"check out `{brief.branch}` first: bee names the branch, and you are on `{branch}`")
    if head == brief.head:
        raise Refusal("there is nothing to submit: commit your work first (`git add`, `git commit`)")
    dirty = clone.changed_paths()
    if dirty:
        names = ", ".join(f"`{one_line(path, 60)}`" for path in dirty[:8])
        raise Refusal(f"these files are changed but not committed: {names}. Commit them or take them back first")
    _check_commits(session, head)
    session.accepted.values["submit"] = Submission(head, title, body)
    return Answer(True, f"accepted: {head[:10]}. bee publishes it when you end; submit again to replace it.")


def _check_commits(session: Session, head: str) -> None:
    brief, mirror = session.brief, session.mirror
    mirror.take_back(session.clone, head)
    if not mirror.is_ancestor(brief.head, head):
        raise Refusal(f"your branch no longer contains {brief.head[:10]}: add commits, never rewrite them")
    before, after = mirror.span(brief.base, head)
    changed = changes(mirror, before, after)
    if not changed:
        raise Refusal(f"your branch changes nothing against {brief.base_ref}")
    tests_only = ROLES[brief.role].tests_only
    if tests_only:
        made = mirror.span(brief.base, brief.head)[1]
        names = {change.path for change in (*changes(mirror, brief.head, head), *changes(mirror, made, after))}
        changed = [change for change in changed if change.path in names]
    problems = session.gates.files(changed, brief.view.policy, tests_only)
    # what is too big is not looked through
    problems = problems or _problems_of_commits(session, head)
    if problems:
        raise session.held("the change is not accepted:\n" + "\n".join(f"- {problem}" for problem in problems))


def _problems_of_commits(session: Session, head: str) -> list[str]:
    """What each new commit says and adds: all of them are published, not only what they come to."""
    allowed, mirror, gates = session.brief.view.policy.secrets_allowed_in, session.mirror, session.gates
    new = mirror.new_commits(head, [session.brief.head, session.brief.base])
    handed = [Handed(entry.oid, entry.message, (entry.author, entry.committer)) for entry in new]
    problems = gates.commits(handed, f"{AGENT[0]} <{AGENT[1]}>")
    problems += gates.refuse_text("\n".join(entry.message for entry in new))
    commits = [entry.oid for entry in new]
    exempt = mirror.added_lines(commits, only=allowed) if allowed else ""
    return problems + gates.refuse_added(mirror.added_lines(commits, but=allowed), exempt)


def effects(outbox: Outbox, work: Submission) -> Result:
    """A pull request for a new branch, a comment on an old one."""
    brief = outbox.brief
    if isinstance(brief.item, Pull):
        words = texts.pushed(str(brief.role), work.title, work.body, work.head)
        comment = outbox.comment("push", words, pushed=work.head)
        return outbox.progressed(f"pushed {texts.short(work.head)}", comment, push=work.head)
    assert brief.step is not None
    plan = read_body(brief.item.body).plan_hash
    body = texts.pull_body(brief.item.number, brief.step.id, work.body, plan, work.head)
    opening = OpenPull(brief.branch, brief.base_ref, neutralised(one_line(work.title, 120)), body)
    return outbox.progressed(f"opened a pull request for `{brief.step.id}`", opening, push=work.head)


SUBMIT: Final = Verb(
    syntax=Syntax(
        name="submit", help="Propose your commits as a pull request.",
        example='bee submit --title "Parse dates" --body-file body.md',
        arguments=({"name": "--title", "required": True, "metavar": "TEXT", "help": "the title, one line"}, BODY),
    ),
    check=check, effects=effects, roles=(Role.DRAFTER, Role.TEST),
)  # fmt: skip
