"""When the words of a post were said, and whether an approval takes itself back in them. Pure.

An edit says a post anew: what asks for changes is dated by it, and what approves counts only in the words in which it
was given, since nobody can tell a corrected typo from a "stop".
"""

from __future__ import annotations

import re
from typing import Final

from bee.model.items import Post
from bee.model.markdown import reading, words_of

# Of a line outside code and quotes. "Do not merge" stops wherever it stands, the others where a line begins with them.
_BEGINS: Final = re.compile(r"(?:please\s+)?(?:stop|wait|hold|not yet)\b", re.IGNORECASE)
_HOLDS: Final = re.compile(r"\b(?:do not|don.?t)(?: \w+)? merge\b", re.IGNORECASE)


def said_at(post: Post) -> int:
    """When its words as they stand were said, in seconds since the epoch: an edit says them anew."""
    return max(post.at, post.edited_at or 0)


def is_edited(post: Post) -> bool:
    """Whether its words were changed in a later second; a review that was corrected in draft was not."""
    return said_at(post) > post.at


def is_taken_back(post: Post) -> bool:
    """Whether a person's approval does not count: its text was edited after it was given, or says not to merge."""
    if is_edited(post):
        return True
    read = reading(post.body)
    sources = [*(heading.source for heading in read.headings), *(line.source for line in read.lines)]
    return any(_BEGINS.match(words) or _HOLDS.search(words) for words in map(words_of, sources))
