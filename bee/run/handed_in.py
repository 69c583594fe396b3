"""What an agent handed in, between the agent and GitHub: made ready to push, and kept where GitHub does not take it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from bee.github import push_rules
from bee.github.push_rules import Push
from bee.model.errors import GitError, LookError
from bee.model.items import Pull, posts_of
from bee.model.markers import is_question, is_status
from bee.model.plan import read_body
from bee.model.records import TREE
from bee.model.refs import BRANCH, KEPT_REFS
from bee.model.roles import AUTHORS, ROLES
from bee.model.text import neutralised, one_line
from bee.pipeline.fingerprint import material
from bee.pipeline.leftovers import is_said
from bee.run.prompt import Brief
from bee.run.state import Run
from bee.run.verbs.base import Args
from bee.run.verbs.submit import Submission
from bee.wording import branches

WORKFLOWS: Final = ".github/workflows"


def forbidden(run: Run, brief: Brief) -> str:
    """What stands against every push to the branch of this run, in words for people; empty where nothing is known to.

    A branch named as the folder of bee's branches, or a rule. Asked for who writes the change; tests are handed in to
    a branch that took one already.
    """
    if run.job.role not in AUTHORS or not _pushes(run, brief):
        return ""
    if run.mirror.rev(f"refs/heads/{BRANCH}") is not None:
        return branches.cannot_push(brief.branch, [branches.name_in_the_way(BRANCH)])
    new = run.mirror.rev(f"refs/heads/{brief.branch}") is None
    push = Push(branch=brief.branch, new=new, base=brief.base_ref, address=run.job.snapshot.viewer.address)
    found = push_rules.forbidding(run.store.client, run.store.repo, push)
    return branches.cannot_push(brief.branch, found) if found else ""


def _pushes(run: Run, brief: Brief) -> bool:
    return ROLES[run.job.role].writes_code and brief.branch.startswith(f"{BRANCH}/")


def made_ready(run: Run, brief: Brief, work: Submission) -> Submission:
    """The submission as it is pushed: what GitHub needs to take it, and to merge it by the policy's method."""
    return _in_line(run, brief, _on_the_base(run, brief, work))


def _on_the_base(run: Run, brief: Brief, work: Submission) -> Submission:
    """The submission, with the base merged into it where the base has other workflow files by now.

    Who pushes a commit with workflow files that no branch has any more, writes workflows for GitHub, and needs the
    permission for that: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
    """
    mirror, ref = work.quarantine, f"refs/heads/{brief.base_ref}"
    try:
        ours = mirror.folder(work.head, WORKFLOWS)
        if ours is None:
            return work
        run.mirror.fetch([f"+{ref}:{ref}"])
        base = run.mirror.rev(ref)
        if base is None or ours == mirror.folder(base, WORKFLOWS) or mirror.is_ancestor(base, work.head):
            return work
        tree, _ = mirror.merge_tree(base, work.head)
        if tree is None:
            return work  # GitHub may take it all the same
        message = f"Merge {brief.base_ref} into {brief.branch}\n"
        return work._replace(head=mirror.commit_record(message, tree, [work.head, base], run.now))
    except (GitError, LookError):
        return work


def _in_line(run: Run, brief: Brief, work: Submission) -> Submission:
    """As one commit on the base, where merges are by rebase, which replays no merge: one that took the base in, mostly.

    A branch that holds anybody else's commit is left as it is; GitHub says that it cannot be rebased.
    """
    mirror, address = work.quarantine, run.job.snapshot.viewer.address
    if brief.view.policy.merge_method != "rebase":
        return work
    try:
        new = mirror.new_commits(work.head, [brief.base])
        own = all(person.endswith(f"<{address}>") for commit in new for person in commit.people)
        tree = (
            None if not own or mirror.is_linear(brief.base, work.head) else mirror.merge_tree(brief.base, work.head)[0]
        )
        if tree is None:
            return work
        message = f"{neutralised(one_line(work.title))}\n"
        return work._replace(head=mirror.commit_record(message, tree, [brief.base], run.now))
    except GitError:
        return work


# ---- kept for the next try, on this machine --------------------------------------------------------------------------


def keep(run: Run) -> None:
    """Keep what GitHub did not take: the next run here that stands where this one did publishes it without an agent."""
    if run.workspace is None:
        return
    run.kept = True
    brief, work = run.workspace.brief, run.work
    if work is not None:
        said = {"about": _about(brief), "head": work.head, "title": work.title, "body": work.body}
        commit = work.quarantine.commit_record(json.dumps(said), TREE, [work.head], run.now)
        run.mirror.bring(work.quarantine, commit, _ref(run), (brief.head, brief.base))
    elif run.said:
        words = {"of": _read_by(run, brief), "words": list(run.said)}
        run.mirror.bring(run.mirror, run.mirror.commit_record(json.dumps(words), TREE, [], run.now), _ref(run), ())


def kept(run: Run, brief: Brief, sound: Callable[[Submission], bool]) -> Submission | None:
    """What an earlier run could not publish, where it is still an answer to this one, and `sound`."""
    said = _kept(run)
    if not _pushes(run, brief) or "head" not in said:
        return None
    work = Submission(said["head"], run.mirror, said["title"], said["body"])
    if run.mirror.is_ancestor(work.head, brief.head):  # somebody pushed the very same
        run.mirror.drop_ref(_ref(run))
        return None
    same = said["about"] == _about(brief) and run.mirror.is_ancestor(brief.head, work.head)
    return work if same and sound(work) else None


def kept_words(run: Run, brief: Brief) -> list[tuple[str, Args]]:
    """A plan, a verdict or a reply that an earlier run could not publish, where whoever said it would read the same."""
    said = _kept(run)
    if "words" in said and said["of"] != _read_by(run, brief):
        run.mirror.drop_ref(_ref(run))  # no answer any more
        return []
    return [(verb, args) for verb, args in said.get("words", [])]


def _kept(run: Run) -> dict[str, Any]:
    if run.mirror.rev(_ref(run)) is None:
        return {}
    (entry,) = run.mirror.newest([_ref(run)], 0, 1)
    if is_said(run.renewer.lease.record.history, run.job.role, entry.committed_at):
        run.mirror.drop_ref(_ref(run))  # a run was killed between publishing it and forgetting it
        return {}
    return dict(json.loads(entry.message))


def forget(run: Run) -> None:
    """What was kept is published."""
    if run.kept:
        run.mirror.drop_ref(_ref(run))


def _ref(run: Run) -> str:
    return f"{KEPT_REFS}{run.job.number}/{run.job.role}"


def _read_by(run: Run, brief: Brief) -> list[Any]:
    """What an agent of this role goes by here: its input, all that was said, and which bases it had.

    After another word or another base, an earlier verdict is none. That bee asked about the refusal is no word.
    """
    item, trust = brief.item, brief.view.trust
    asked = {post.id for post in posts_of(item) if trust.is_bee(post.author) and is_question(post.body)}
    posts = sorted(post.id for post in posts_of(item) if post.id not in asked and not is_status(post.body))
    return [material(item, run.job.role, brief.view), posts, list(item.base_changes) if isinstance(item, Pull) else []]


def _about(brief: Brief) -> list[str]:
    """What the work answers: another branch or design, or a person's hint, is another question."""
    design = read_body(brief.issue.body).design_hash if brief.issue else ""
    return [brief.branch, brief.step.id if brief.step else "", design, brief.hint]
