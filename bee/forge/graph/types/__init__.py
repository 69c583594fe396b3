"""The tables of fields, one module for each subject."""

from __future__ import annotations

from typing import Any, Final

from bee.forge.graph.fields import Fields
from bee.forge.graph.types import (
    accounts,
    checks,
    git,
    issues,
    labels,
    pulls,
    queue,
    repository,
    reviews,
    texts,
    timeline,
)

FIELDS: Final[dict[str, Fields[Any]]] = {
    **accounts.TYPES,
    **checks.TYPES,
    **git.TYPES,
    **issues.TYPES,
    **labels.TYPES,
    **pulls.TYPES,
    **queue.TYPES,
    **repository.TYPES,
    **reviews.TYPES,
    **texts.TYPES,
    **timeline.TYPES,
}
