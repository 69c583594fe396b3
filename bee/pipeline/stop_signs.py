"""Labels and titles by which people say that something must wait, whatever program they say it to. Pure.

Whoever may set them may stop bee by them: they hold, and grant nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bee.model.items import Item
from bee.model.labels import OWNED_PREFIX
from bee.model.text import one_line

_SHORTCODE: Final = re.compile(r":[a-z0-9_+-]+:")  # an emoji, as label names spell it
_APOSTROPHES: Final = str.maketrans("", "", "'\u2019")
_PARTS: Final = re.compile(r"[:/]|^[a-z]-")
_NO_WORD: Final = re.compile(r"[\W_]+")
_SIGN: Final = r"(?:wip|work[ -]in[ -]progress|dnm|do[ -]?not[ -]?merge|don['\u2019]?t[ -]?merge|draft|on[ -]hold)"
# In brackets anywhere, before a colon or a dash at the beginning, or alone; and what the WIP app reads, too.
_TITLE: Final = re.compile(
    rf"[\[({{]\s*{_SIGN}\s*[\])}}]|^\W*{_SIGN}\s*(?:[:|\u2013\u2014]|-\s|$)|^\W*wip\b|\U0001f6a7", re.IGNORECASE
)


def stop_signs(item: Item, labels: Sequence[str]) -> list[str]:
    """What of an item's labels (`labels` are those that hold, in any spelling) and title holds it, in words."""
    wanted = {_plain(label.casefold()) for label in labels}
    names = sorted(name for name in item.label_names if _spellings(name) & wanted)
    said = [f"the label `{one_line(name)}`" for name in names]
    sign = sign_in_title(item.title)
    return [*said, f"\u201c{sign}\u201d in its title"] if sign else said


def sign_in_title(title: str) -> str:
    """The words by which a title says that it must wait; empty where it does not."""
    found = _TITLE.search(title)
    return found[0].strip() if found else ""


def _plain(text: str) -> str:
    return _NO_WORD.sub(" ", text.translate(_APOSTROPHES)).strip()


def _spellings(name: str) -> set[str]:
    """A label as a whole, and each part of a scoped one: `status: blocked`, `do-not-merge/hold`, `S-blocked`."""
    name = _SHORTCODE.sub(" ", name.casefold())
    if name.startswith(OWNED_PREFIX):
        return set()
    return {_plain(part) for part in (name, *_PARTS.split(name))} - {""}
