"""Rules by a pattern: on the names of new branches and tags, and on what new commits say of themselves.

https://docs.github.com/rest/repos/rules. GitHub's regular expressions are RE2's; Python's stand in for them. The
sentences follow the names of the settings: the exact ones of a refusal are not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from bee.forge.core.gitobjects import Commit

Json = dict[str, Any]
NAMES: Final = {"branch_name_pattern": ("Branch name", "refs/heads/"), "tag_name_pattern": ("Tag name", "refs/tags/")}
COMMITS: Final[dict[str, tuple[str, Callable[[Commit], str]]]] = {
    "commit_message_pattern": ("Commit message", lambda commit: commit.message),
    "commit_author_email_pattern": ("Commit author email address", lambda commit: commit.author.email),
    "committer_email_pattern": ("Committer email address", lambda commit: commit.committer.email),
}
KINDS: Final = (*NAMES, *COMMITS)
_OPERATORS: Final[dict[str, tuple[str, Callable[[str, str], bool]]]] = {
    "starts_with": ("start with a matching pattern", lambda pattern, text: text.startswith(pattern)),
    "ends_with": ("end with a matching pattern", lambda pattern, text: text.rstrip("\n").endswith(pattern)),
    "contains": ("contain a matching pattern", lambda pattern, text: pattern in text),
    "regex": ("match a given regex pattern", lambda pattern, text: re.search(pattern, text) is not None),
}


def is_valid(kind: str, parameters: Any, target: str) -> bool:
    """Whether a rule of this kind can be kept: its parameters, and a name of what the ruleset is for."""
    if not isinstance(parameters, dict) or parameters.get("operator") not in _OPERATORS:
        return False
    pattern, negate = parameters.get("pattern"), parameters.get("negate", False)
    if not isinstance(pattern, str) or not pattern or not isinstance(negate, bool):
        return False
    try:
        re.compile(pattern if parameters["operator"] == "regex" else "")
    except re.error:
        return False
    return kind in COMMITS or kind == f"{target}_name_pattern"


def against(rules: Iterable[Json], ref: str, new: bool, commits: Sequence[Commit]) -> list[str]:
    """The sentences that stand against new commits on a ref, and against its name where it is new."""
    said = []
    for rule in rules:
        kind, asked = rule["type"], rule["parameters"]
        if kind in NAMES:
            subject, place = NAMES[kind]
            texts = [ref.removeprefix(place)] if new and ref.startswith(place) else []
        else:
            subject, read = COMMITS[kind]
            texts = [read(commit) for commit in commits]
        words, fits = _OPERATORS[asked["operator"]]
        negate = bool(asked.get("negate"))
        if not all(fits(asked["pattern"], text) is not negate for text in texts):
            said.append(f"{subject} must {'not ' * negate}{words}: {asked['pattern']}")
    return said
