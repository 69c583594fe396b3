"""Reads the ledger of items from git, the same on any machine; changes nothing but this host's mirror."""

from __future__ import annotations

from collections.abc import Sequence

from bee.git.parse import Commit
from bee.github.read import read_head
from bee.host import Host
from bee.model import limits
from bee.model.errors import CutOffError
from bee.model.records import Entry, Record
from bee.model.refs import ARCHIVE_REFS, ITEM_REFS, archive_ref, item_ref
from bee.model.seals import Key, Place
from bee.model.seals import read as read_sealed


def read(host: Host, repo: str, numbers: Sequence[int], since: int = 0) -> list[Entry]:
    """The records of these items (of all where none is named), oldest first; those before `since` may be left out.

    Raises CutOffError where there are more than LEDGER_RECORDS_MAX.
    """
    mirror = host.mirror(repo)
    mirror.ensure()
    named = [ref(number) for number in numbers for ref in (item_ref, archive_ref)]
    refs = sorted(mirror.remote_refs(named)) if numbers else [f"{ITEM_REFS}*", f"{ARCHIVE_REFS}*"]
    if not refs:
        return []  # no run was ever here
    mirror.fetch([f"+{ref}:{ref}" for ref in refs])
    found: list[Commit] = []
    for skip in range(0, limits.LEDGER_RECORDS_MAX, limits.LEDGER_PAGE_RECORDS):
        page = mirror.newest(refs, skip, limits.LEDGER_PAGE_RECORDS)
        found += page
        if len(page) < limits.LEDGER_PAGE_RECORDS or page[-1].committed_at < since:
            repository = read_head(host.client(), repo).repo_id
            return [_entry(repo, numbers, commit, repository, host.keys.keys) for commit in reversed(found)]
    raise CutOffError(f"{repo}: the ledger has more than {limits.LEDGER_RECORDS_MAX:,} records; say --since")


def _entry(repo: str, numbers: Sequence[int], commit: Commit, repository: str, keys: Sequence[Key]) -> Entry:
    """A record that does not verify is of the item that was asked for, where that was one. It counts for nothing."""
    found = read_sealed(commit.message, Place(repository, ARCHIVE_REFS, None), keys)
    record = found if isinstance(found, Record) else None
    number = record.number if record else numbers[0] if len(numbers) == 1 else 0
    return Entry(repo, number, commit.message.split("\n", 1)[0], record)
