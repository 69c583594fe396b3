"""Merges that GitHub refuses, by the examples of GitHub's own description; no public recording has one."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from bee.github import write
from bee.github.client import GitHubClient, Servers
from bee.model.errors import RefusedError
from tests.forge import official

URL = "https://api.github.com"
MERGE = "/repos/{owner}/{repo}/pulls/{pull_number}/merge"


def examples(status: int) -> list[dict[str, Any]]:
    """What GitHub says it answers to a merge with a status."""
    described = official.openapi()["paths"][MERGE]["put"]["responses"]
    given = described[str(status)]["content"]["application/json"]["examples"]
    return [one["value"] for one in given.values()]


def test_a_refused_merge_is_refused_with_githubs_own_words() -> None:
    """405 where it may not be merged now, 409 where the head has moved."""
    fed = 0
    for status in (405, 409):
        for body in examples(status):
            with responses.RequestsMock() as github:
                github.add("PUT", f"{URL}/repos/a/b/pulls/1/merge", json=body, status=status)
                with pytest.raises(RefusedError) as caught:
                    write.merge(GitHubClient(Servers(), "t"), "a/b", 1, "0" * 40, "squash", "t", "m")
            assert (caught.value.status, caught.value.message) == (status, body["message"])
            fed += 1
    assert fed >= 2
