"""Which head a person's word speaks of, where that is not the one it names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bee.model import markers
from bee.model.items import Pull
from bee.model.outcomes import Outcome
from bee.model.records import Record, RunSummary, fold
from bee.model.roles import AUTHORS

SHA_DIGITS_MIN: Final = 7  # of an oid, in what a person says against it


def approves_head(marker: markers.Marker, at: int, pull: Pull, record: Record | None) -> bool:
    """Whether an approving marker, written at `at`, is about the head as it is now.

    One that names a base is about that one, and without `sha=` later than everything that names the head; with it, in
    full: whoever may push can make one with the same first digits.
    """
    base = markers.ref_value(pull.base_ref)
    if marker.values.get("base_ref", base) != base:
        return False
    if "sha" in marker.values:
        return names_in_full(marker.get("sha"), pull.head)
    if pull.cross_repository or at <= pull.head_committed_at:
        return False
    ended = [run.ended_at for run in fold(record) if run.head == pull.head]
    return at > max(ended, default=0) and not (record and record.head == pull.head and at <= record.at)


def stops_head(sha: str | None, at: int, pull: Pull, record: Record | None) -> bool:
    """Whether a change request, said at `at` and naming `sha`, is about the head as it is now.

    It is about the head that it names, and about the one that was there when it was said: whoever wrote it may have had
    an older one before them. That is this one if it was there, and no run shows that it was said of another: one that
    comes while bee reads or tests is not lost when that is recorded.
    """
    if sha is not None and len(sha) < SHA_DIGITS_MIN:
        return False
    if sha is not None and pull.head.startswith(sha.lower()):
        return True
    runs = fold(record)
    was_another = any(_was_another_head(run, pull.head) for run in runs if run.started_at >= at)
    return at > _head_since(pull, runs) and not was_another


def names_in_full(said: str, oid: str) -> bool:
    """Whether what a person wrote is all of the oid."""
    return said.lower() == oid


def _head_since(pull: Pull, runs: Sequence[RunSummary]) -> int:
    """From when on a change request is about this head: it was committed, or the run that made it began.

    Nobody gave that run what was said after it began. Whoever pushes may date a commit ahead: it was there by GitHub's
    clock when a run looked at it, a check of it reported, a review was filed under it, or a comment approved it.
    """
    at, head = pull.head_committed_at, pull.head
    began = [run.started_at for run in runs if run.head == head or (run.role in AUTHORS and at <= run.ended_at)]
    seen = [check.at for check in pull.checks if check.at and check.app is None]  # an app may date its runs
    seen += [review.at for review in pull.reviews if review.commit == head]
    seen += [post.at for post in pull.comments for said in markers.named(post.body, markers.APPROVED)
             if names_in_full(said.get("sha"), head)]  # fmt: skip
    return min([at, *began, *seen])


def _was_another_head(run: RunSummary, head: str) -> bool:
    """Whether the head was another one when a run began: it worked on another, or made this one (or answered in words).

    A claim that came to nothing may have seen an older head than there was.
    """
    if run.outcome.void:
        return False
    made = run.role in AUTHORS and run.outcome is Outcome.PROGRESSED
    return made if run.head == head else bool(run.head)
