"""When the words of a post were said, whether an approval takes itself back, and what outlives a stranger's edit. Pure.

An edit says a post anew: what asks for changes is dated by it, and what approves counts only in the words in which it
was given, since nobody can tell a corrected typo from a "stop". What somebody else edited is nobody's word, but that it
asked for changes stands.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, TypeVar

from bee.model import markers
from bee.model.items import LineComment, Post, Review, ReviewState
from bee.model.markdown import reading, words_of
from bee.pipeline.trust import Trust

P = TypeVar("P", bound=Post)

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


def as_heard(post: P, trust: Trust) -> P | None:
    """The post, where it is its trusted author's own word. Edited by somebody else, what asks for changes in it.

    Not a word of the text is left then: a review or a line comment asks by what it is, a comment by its marker, and a
    run by its verdict. None where nothing counts.
    """
    if trust.counts(post):
        return post
    if not trust.of(post.author):
        return None
    said = markers.parse(post.body)
    stops = "".join(map(markers.render, filter(None, map(_stop, said))))
    asks = not markers.named(post.body, markers.RUN) and _asks(post, bool(said))
    if not asks and not stops:
        return None
    left = replace(post, body=stops, edited_at=None, editor=None)
    return replace(left, state=ReviewState.CHANGES_REQUESTED) if isinstance(left, Review) and asks else left


def _asks(post: Post, marked: bool) -> bool:
    """Whether a person's post asks for changes by its kind, whatever its text is by now."""
    if isinstance(post, Review):
        comments = post.state is ReviewState.COMMENTED and not marked and not (post.author and post.author.bot)
        return post.state is ReviewState.CHANGES_REQUESTED or comments
    return isinstance(post, LineComment)


def _stop(marker: markers.Marker) -> markers.Marker | None:
    """What of a marker asks for changes, and nothing else of it."""
    if marker.name == markers.CHANGES_REQUESTED:
        return marker
    if marker.name == markers.RUN and marker.get("verdict") == "changes":
        return markers.Marker(marker.name, {key: marker.get(key) for key in ("id", "role", "verdict", "head")})
    return None
