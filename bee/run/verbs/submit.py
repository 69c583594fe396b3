"""`bee submit`: commits, for a new pull request or one that is open."""

from __future__ import annotations

from typing import Final, NamedTuple

from bee.engines.presets import PRESETS
from bee.engines.table import ENGINES
from bee.git.mirror import Mirror
from bee.git.parse import OID
from bee.git.workspace import AGENT
from bee.model.effects import OpenPull
from bee.model.errors import GitError, Refusal
from bee.model.items import Pull
from bee.model.plan import read_body
from bee.model.roles import ROLES, Role
from bee.model.text import neutralised, one_line
from bee.model.verb_answer import Answer
from bee.pipeline.names import refuse_names
from bee.pipeline.pull_facts import is_own
from bee.pipeline.stop_signs import sign_in_title
from bee.run import threads
from bee.run.outcome import Outbox, Result
from bee.run.verbs.base import BODY, Args, Session, Syntax, Verb
from bee.wording import texts

SIGNERS: Final = tuple(address for rows in (ENGINES, PRESETS) for row in rows.values() for address in row.signs)


class Submission(NamedTuple):
    """Commits handed in: their head, the quarantine they are in, and what the agent wrote about them."""

    head: str
    quarantine: Mirror
    title: str
    body: str


def check(session: Session, args: Args) -> Answer:
    """Everything is committed to bee's branch, on top of what was there, and passes the output checks.

    Raises Refusal, or GitError where git cannot read the commits.
    """
    brief = session.brief
    title, body = one_line(session.given(args, "title")), session.perhaps(args, "body")
    session.check_text(f"{title}\n{body}")
    if sign := sign_in_title(title, of_pull=True):
        raise Refusal(f"a title with `{sign}` would hold the pull request: leave that out, and submit what is finished")
    if isinstance(brief.item, Pull) and not is_own(brief.item):
        raise Refusal("this branch is not bee's, and bee pushes only to branches of its own: `bee pause` instead")
    pack, branch, head = args.get("pack"), session.given(args, "branch"), session.given(args, "head")
    if not isinstance(pack, bytes) or not OID.fullmatch(head):
        raise Refusal("commits come with a submit: use the `bee` of this run")
    if branch != brief.branch:
        raise Refusal(
            f"check out `{brief.branch}` first: bee names the branch, and you are on `{one_line(branch, 60)}`"
        )
    if head == brief.head:
        raise Refusal("there is nothing to submit: commit your work first (`git add`, `git commit`)")
    if isinstance(dirty := args.get("dirty"), list) and dirty:
        names = ", ".join(f"`{one_line(str(path), 60)}`" for path in dirty[:8])
        raise Refusal(f"these files are changed but not committed: {names}. Commit them or take them back first")
    answered = _answered(session, args)
    quarantine = session.take_in(pack)
    _check_commits(session, quarantine, head)
    session.accepted.answers.update(answered)
    session.accepted.values["submit"] = Submission(head, quarantine, title, body)
    return Answer(True, f"accepted: {head[:10]}. bee publishes it when you end; submit again to replace it.")


def _answered(session: Session, args: Args) -> dict[int, str]:
    """The review threads that these commits answer. Who was sent for a change request leaves none without an answer."""
    brief, before = session.brief, session.accepted.answers
    named = list(threads.ids_of(args.get("answers") or ""))
    threads.check_known(brief.item, named)
    if not isinstance(brief.item, Pull):
        return {}
    left = [one for one in threads.waiting(brief.item, brief.view) if one.id not in {*named, *before}]
    if left and brief.position == "changes-requested":
        raise Refusal(
            "review threads wait for an answer each: with these commits (`--answers ID,ID`), or in words first "
            f"(`bee reply --thread ID TEXT`): {threads.listed(left)}"
        )
    return {number: before.get(number, "") for number in named}


def _check_commits(session: Session, mirror: Mirror, head: str) -> None:
    brief = session.brief
    if not mirror.has(head):
        raise Refusal("your head is not among the commits that came with it: submit again")
    if not mirror.is_ancestor(brief.head, head):
        raise Refusal(f"your branch no longer contains {brief.head[:10]}: add commits, never rewrite them")
    before, after = mirror.span(brief.base, head)
    changes = mirror.diff_names(before, after)
    if not changes:
        raise Refusal(f"your branch changes nothing against {brief.base_ref}")
    tests_only = ROLES[brief.role].tests_only
    if tests_only:
        made = mirror.span(brief.base, brief.head)[1]
        own = (*mirror.diff_names(brief.head, head), *mirror.diff_names(made, after))
        names = {change.path for change in own}
        changes = [change for change in changes if change.path in names]
    problems = session.checks.files(changes, brief.view.policy, tests_only)
    problems += refuse_names(changes, mirror.paths(after))
    # what is too big is not looked through
    problems = problems or _problems_of_commits(session, mirror, head)
    if problems:
        raise session.held("the change is not accepted:\n" + "\n".join(f"- {problem}" for problem in problems))


def _problems_of_commits(session: Session, mirror: Mirror, head: str) -> list[str]:
    """What each new commit says and adds: all of them are published, not only what they come to."""
    allowed, checks = session.brief.view.policy.secrets_allowed_in, session.checks
    new = mirror.new_commits(head, [session.brief.head, session.brief.base])
    address = session.brief.view.snapshot.viewer.address
    problems = checks.commits(new, f"{AGENT} <{address}>", (address, *SIGNERS), session.now())
    problems += checks.refuse_text("\n".join(entry.message for entry in new))
    commits = [entry.oid for entry in new]
    exempt = mirror.added_lines(commits, only=allowed) if allowed else ""
    return problems + checks.refuse_added(mirror.added_lines(commits, but=allowed), exempt)


def is_sound(session: Session, work: Submission) -> bool:
    """Whether what was accepted in an earlier run would be accepted in this one."""
    try:
        session.check_text(f"{work.title}\n{work.body}")
        _check_commits(session, work.quarantine, work.head)
    except (Refusal, GitError):
        return False
    return True


def effects(outbox: Outbox, work: Submission) -> Result:
    """A pull request for a new branch, a comment on an old one."""
    brief = outbox.brief
    if isinstance(brief.item, Pull):
        words = texts.pushed(str(brief.role), work.title, work.body, work.head)
        comment = outbox.comment("push", words, pushed=work.head)
        answers = outbox.in_threads(work.title, work.head)
        return outbox.progressed(f"pushed {texts.short(work.head)}", *answers, comment, push=work.head)
    assert brief.step is not None
    plan = read_body(brief.item.body).plan_hash
    body = texts.pull_body(brief.item.number, brief.step.id, work.body, plan, work.head)
    opening = OpenPull(brief.branch, brief.base_ref, neutralised(one_line(work.title, 120)), body)
    return outbox.progressed(f"opened a pull request for `{brief.step.id}`", opening, push=work.head)


SUBMIT: Final = Verb(
    syntax=Syntax(
        name="submit", help="Propose your commits as a pull request.",
        example='bee submit --title "Parse dates" --body-file body.md',
        arguments=(
            {"name": "--title", "required": True, "metavar": "TEXT", "help": "the title, one line"}, BODY,
            {"name": "--answers", "metavar": "ID,…", "help": "the review threads that these commits answer"},
        ),
        commits=True,
    ),
    check=check, effects=effects, roles=(Role.DRAFTER, Role.TEST),
)  # fmt: skip
