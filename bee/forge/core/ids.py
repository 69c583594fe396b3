"""GraphQL node ids: the type's short name, and the numbers or names that find it, in base64."""

from __future__ import annotations

import base64
import binascii
from typing import Final

PREFIXES: Final = {
    "User": "U", "Bot": "BOT", "Organization": "O", "Repository": "R", "Issue": "I", "PullRequest": "PR",
    "IssueComment": "IC", "PullRequestReview": "PRR", "PullRequestReviewComment": "PRRC", "Label": "LA",
    "Ref": "REF", "Commit": "C", "Tree": "T", "Blob": "B", "Tag": "TA", "UserContentEdit": "UCE",
    "StatusContext": "SC", "CheckRun": "CR", "CheckSuite": "CS", "StatusCheckRollup": "SCR",
    "LabeledEvent": "LE", "UnlabeledEvent": "UNLE", "CrossReferencedEvent": "CRE", "ClosedEvent": "CE",
    "ReopenedEvent": "REE", "RenamedTitleEvent": "RTE", "AssignedEvent": "AE", "UnassignedEvent": "UNAE",
    "MergedEvent": "ME", "HeadRefDeletedEvent": "HRDE", "HeadRefForcePushedEvent": "HRFPE",
    "ReadyForReviewEvent": "RFRE", "ConvertToDraftEvent": "CTDE", "ReviewRequestedEvent": "RRE",
    "ReviewDismissedEvent": "RDE", "ReferencedEvent": "REFE", "BaseRefChangedEvent": "BRCE",
    "BaseRefDeletedEvent": "BRDE", "BaseRefForcePushedEvent": "BRFPE", "AutomaticBaseChangeSucceededEvent": "ABCSE",
    "PullRequestCommit": "PURC", "ReviewRequest": "RRQ", "WorkflowRun": "WFR", "SubIssueAddedEvent": "SIAE",
    "SubIssueRemovedEvent": "SIRE", "ParentIssueAddedEvent": "PIAE", "ParentIssueRemovedEvent": "PIRE",
    "ReviewRequestRemovedEvent": "RRRE", "PullRequestReviewThread": "PRRT", "BranchProtectionRule": "BPR",
    "RepositoryRuleset": "RRS", "MergeQueue": "MQ", "MergeQueueEntry": "MQE", "AddedToMergeQueueEvent": "ATMQE",
    "RemovedFromMergeQueueEvent": "RFMQE", "LockedEvent": "LOE", "UnlockedEvent": "UNLOE",
    "ConnectedEvent": "CONE", "DisconnectedEvent": "DCE", "Deployment": "DE", "DeploymentStatus": "DES",
}  # fmt: skip
_TYPES: Final = {prefix: name for name, prefix in PREFIXES.items()}


def node_id(typename: str, *parts: object) -> str:
    """The id of a node; `parts` are what the type is looked up by."""
    text = ":".join(str(part) for part in parts)
    return f"{PREFIXES[typename]}_" + base64.urlsafe_b64encode(b"forge:" + text.encode()).decode().rstrip("=")


def parse_node_id(text: str) -> tuple[str, list[str]] | None:
    """`(type, parts)` of a node id, or None where it is not one."""
    prefix, _, encoded = text.partition("_")
    try:
        decoded = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    if prefix not in _TYPES or not decoded.startswith("forge:"):
        return None
    return _TYPES[prefix], decoded[6:].split(":", 1)
