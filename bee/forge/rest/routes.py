"""Every REST endpoint."""

from __future__ import annotations

from bee.forge.core.world import Forge
from bee.forge.limits import Limits
from bee.forge.rest import checks, contents, gitdata, issues, labels, pulls, relations, repos
from bee.forge.rest.base import Route


def all_routes(forge: Forge, limits: Limits) -> list[Route]:
    """The routes of all resources."""
    listed = [
        *issues.ROUTES,
        *labels.ROUTES,
        *relations.ROUTES,
        *pulls.ROUTES,
        *gitdata.ROUTES,
        *checks.ROUTES,
        *contents.ROUTES,
    ]
    return [*repos.routes(forge, limits), *listed]
