"""Labels and titles by which people say that something must wait, whatever program they say it to. Pure.

Whoever may set them may stop bee by them: they hold, and grant nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bee.model.items import Item, Pull
from bee.model.labels import OWNED_PREFIX
from bee.model.text import one_line

_SHORTCODE: Final = re.compile(r":[a-z0-9_+-]+:")  # an emoji, as label names spell it
_APOSTROPHES: Final = str.maketrans("", "", "'\u2019")
_PARTS: Final = re.compile(r"[:/=|()\[\]{}]")
_NO_WORD: Final = re.compile(r"[\W_]+")
# What a label may say before its sign, that it is about a state and not about a topic; and what may come after it.
_SCOPES: Final = re.compile(
    r"(?:(?:p?\d+|[a-z]|status|state|stage|phase|progress|workflow|priority|pull request|pull|pr|merge|review) )+"
)
_REASONS: Final = re.compile(r" (?:yet|now|until|till|before|by|on|for|due|because|pending|upstream|external(?:ly)?)\b")
# "Do not merge" needs nothing beside it to be understood; what else is a sign may be what the title is about.
_STRONG: Final = (
    r"(?:wip|w\.i\.p\.|work[ _-]in[ _-]progress|dnm"
    r"|(?:do[ _-]?not|don['\u2019]?t|no)[ _-]?(?:merge|land)|not[ _-]ready)"
)
_SIGN: Final = rf"(?:{_STRONG}|draft(?: pr| pull request)?|on[ _-]?hold|hold|blocked)"
_WHEN: Final = r"(?:yet|now|until|till|before|unless|for now|by|on)\b"
_TAG: Final = (
    r"[\[({](?:[^\[({\])}]{0,40}[,;/|+&])?\s*(?:please )?"
    rf"(?:{_STRONG}\b[^\])}}]{{0,60}}|{_SIGN}\s*(?:(?:[,;:/|+&!.]|-\s|{_WHEN})[^\])}}]{{0,60}})?)[\])}}]"
)
_CONES: Final = r"(?:[\U0001f6a7\U0001f6d1\u26d4]|:(?:construction|stop_sign|no_entry):)"
# In brackets or as an emoji at either end, before a colon, a dash or a reason at the beginning (behind the type of a
# commit, too), behind a dash at the end, alone, or in capitals at the beginning.
_TITLE: Final = re.compile(
    rf"^[^\w\[({{]{{0,9}}(?:\[[^\]]{{0,40}}\]\s*){{0,4}}{_TAG}|{_TAG}[\s!.]*$|^[\W_]*{_CONES}|{_CONES}[\s\ufe0f\])}}!.]*$"
    rf"|^[\W_]*(?:[a-z]+(?:\([^)]{{0,40}}\))?!?:\s*)?(?:please )?{_SIGN}"
    r"(?:\*|_{1,2}(?!\w)|[\s!.]*(?:[:|\u2013\u2014]|-\s|$))"
    rf"|^[\W_]*(?:please )?(?:do[ _-]?not|don['\u2019]?t|not)[ _-](?:merge|land|ready)\s*(?:\(|[,;]|{_WHEN}"
    rf"|(?:this|it)(?: (?:pr|pull request|one|yet|now))?\s*(?:$|[:,;(.!\u2013\u2014]|-\s|{_WHEN}))|^[\W_]*w\.i\.p\b"
    r"|(?-i:^[\W_]*(?:PLEASE )?(?:DNM|(?:DO[ _-]?NOT|DON['\u2019]?T|NO)[ _-]?MERGE)\b)"
    rf"|(?-i:^[A-Za-z]+(?:\([^)]{{0,40}}\))?!?:\s*(?:WIP|DNM)\b)|\s[-|\u2013\u2014]+\s*(?:please )?(?:{_SIGN}[\s!.]*$"
    rf"|(?:do[ _-]?not|don['\u2019]?t)[ _-](?:merge|land)\s+{_WHEN})",
    re.IGNORECASE,
)
# The WIP app reads these on pull requests; of an issue they may be the subject.
_TITLE_OF_PULL: Final = re.compile(
    r"(?i:^[\W_]*wip\b)|\b(?:WIP|DNM)[\s!.]*$|\b(?:DO[ _-]?NOT|DON['\u2019]?T)[ _-]?(?:MERGE|LAND)\b"
)


def stop_signs(item: Item, labels: Sequence[str]) -> list[str]:
    """What of an item's labels (`labels` are those that hold, in any spelling) and title holds it, in words."""
    wanted = {_plain(label.casefold()) for label in labels}
    wanted |= {sign.replace(" ", "") for sign in wanted}
    names = sorted(name for name in item.label_names if _holds(name, wanted))
    said = [f"the label `{one_line(name)}`" for name in names]
    sign = sign_in_title(item.title, of_pull=isinstance(item, Pull))
    return [*said, f"\u201c{sign}\u201d in its title"] if sign else said


def sign_in_title(title: str, *, of_pull: bool) -> str:
    """The words by which a title says that it must wait; empty where it does not."""
    found = _TITLE.search(title) or (_TITLE_OF_PULL.search(title) if of_pull else None)
    return found[0].strip() if found else ""


def _plain(text: str) -> str:
    return _NO_WORD.sub(" ", text.translate(_APOSTROPHES)).strip()


def _holds(name: str, wanted: set[str]) -> bool:
    """Whether a label says one of `wanted`: as `blocked: ci`, `status: blocked`, `S-blocked/ci`, `on hold until 3`.

    A scope that names a topic (`area/blocked`) says what a thing is about.
    """
    name = _SHORTCODE.sub(" ", name.casefold())
    if name.startswith(OWNED_PREFIX):
        return False
    said = [_plain(name[: part.start()]) for part in _PARTS.finditer(name)] + [_plain(name)]
    said += [_SCOPES.sub("", one, count=1) for one in said if _SCOPES.match(one)]
    return any(
        one == sign or (one.startswith(sign) and _REASONS.match(one, len(sign)))
        for one in said
        for sign in wanted - {""}
    )
