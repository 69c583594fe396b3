"""What bee says where it could not push to its branches, before an agent is paid."""

from __future__ import annotations

from collections.abc import Sequence

from bee.model.text import neutralised


def cannot_push(branch: str, why: Sequence[str]) -> str:
    """What stands against a push to `branch`, to whoever can change it."""
    reasons = "\n".join(f"- {neutralised(reason)}" for reason in why)
    return (
        f"GitHub would refuse bee's push to `{branch}`, or its merge, so no agent was sent:\n\n{reasons}\n\n"
        "Change that, or let bee's account bypass the rule (Settings, Rules); then reply here. bee continues by itself."
    )


def name_in_the_way(name: str) -> str:
    """A branch beside which git can have no branch of bee's."""
    return f"there is a branch `{name}`, and git has no branch `{name}/…` beside it: rename or delete it"
