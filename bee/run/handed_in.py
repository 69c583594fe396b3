"""What an agent handed in, made ready for GitHub: a base that moved meanwhile is merged into it where it must be."""

from __future__ import annotations

from typing import Final

from bee.model.errors import GitError, LookError
from bee.run.prompt import Brief
from bee.run.state import Run
from bee.run.verbs.submit import Submission

WORKFLOWS: Final = ".github/workflows"


def on_the_base(run: Run, brief: Brief, work: Submission) -> Submission:
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
