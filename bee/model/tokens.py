"""The kinds of tokens that GitHub gives, by how each begins, and how long it lasts. Pure.

https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
"""

from __future__ import annotations

from typing import Final

# How it begins; what it is; whether it lasts for longer than some hours.
KINDS: Final[tuple[tuple[str, str, bool], ...]] = (
    ("github_pat_", "a fine-grained personal access token", True),
    ("ghp_", "a classic personal access token", True),
    ("gho_", "a log-in of `gh`", True),
    ("ghs_", "a GitHub App's or a workflow's token", False),
    ("ghu_", "a GitHub App's token for a person", False),
    ("v1.", "an old GitHub App's token", False),
)


def kind_of(token: str) -> tuple[str, bool]:
    """What a token is, and whether it lasts; of one that begins otherwise nothing is known."""
    return next(((what, long) for start, what, long in KINDS if token.startswith(start)), ("a token", True))


def lasts(token: str) -> bool:
    """Whether it stays the same for longer than some hours."""
    return kind_of(token)[1]
