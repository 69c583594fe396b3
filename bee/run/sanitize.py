"""Text on its way to an agent: what a person sees of it, and a fence around what is no instruction. Pure.

What stands in a text but is not shown by GitHub (hidden comments, the texts of images, attributes, the titles of link
definitions) steers a program and no person; it is taken out, and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from bee.model.markdown import ENDS, Block, blocks_of, code_spans, inline_of
from bee.model.text import plain, unix

PARAGRAPH_CHARACTERS_MAX: Final = 16_000  # of one with brackets: they are matched in more than linear time
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_OWN: Final = "<!-- bee:"
# Without any of these nothing is hidden.
_HIDES: Final = re.compile(r"[<\[`~]")
# The text of an image is shown to nobody who sees the image. The bounds keep this linear; what passes them is found by
# `_as_shown`.
_IMAGE: Final = re.compile(
    r"!\[[^\[\]\\`]{0,1000}\](?:\([^()\n]{0,1000}(?:\([^()\n]{0,200}\))?[^()\n]{0,200}\)|\[[^\[\]\n]{0,200}\])?"
)
_OPENS: Final = re.compile(r"</?([A-Za-z][^\s/<>\"'=]*)(?=[\s/>]|\Z)")
_STOPS: Final = re.compile(r"[>\"']")
_LEAVES: Final = frozenset({"inline", "html_block", "fence", "code_block", "tr_open"})
_NAME_OF_TAG: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# What GitHub keeps of HTML: any other tag is shown to nobody, so its name may not be a word for an agent.
_TAGS: Final = frozenset(
    "a abbr audio b bdo blockquote br caption center cite code dd del details dfn div dl dt em figcaption figure font "
    "h1 h2 h3 h4 h5 h6 h7 h8 hr i img ins kbd li mark ol p picture pre q rp rt ruby s samp small source span strike "
    "strong sub summary sup table tbody td tfoot th thead time tr tt u ul var video wbr".split()
)
# https://spec.commonmark.org/0.31.2/#link-title: shown to a mouse that rests on the link, so to hardly anybody.
_LINK_TITLE: Final = re.compile(
    r"(\]\(\s{0,20}(?:<[^<>\n]{0,2000}>|[^\s<>]{1,2000}))"
    r"\s{1,20}(?:\"[^\"]{0,2000}\"|'[^']{0,2000}'|\([^()]{0,2000}\))\s{0,20}\)"
)
# What is meant as a definition with a title, and is not one: so people write what nobody is to see.
_MEANT: Final = re.compile(
    r"^ {0,3}\[(?!\^)[^\[\]]{1,200}\]:\s{0,20}(?:<[^<>\n]{0,2000}>|\S{1,2000})"
    r"\s{1,20}(?:\"[^\"]{0,2000}\"|'[^']{0,2000}'|\([^\n]{0,2000}\))[ \t]*$",
    re.MULTILINE,
)
_ADDRESS: Final = re.compile(r"href=[\"']?([^\s\"'<>`]{1,500})")
# https://docs.github.com/en/get-started/writing-on-github: a footnote that nothing refers to is not shown.
_FOOTNOTE: Final = re.compile(r"[ \t>*+-]{0,20}\[\^([^\]\s]{1,200})\]:")
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9+#.:_-]{1,30}")
# What `silent` made of a mention: a person sees it whole, and a command or a path with it must stay one.
_BROKEN: Final = "@\u200b"
_LABEL: Final = re.compile(r"\[([^\[\]]{1,200})\]")
_NAME: Final = re.compile(r"[^A-Za-z0-9._/-]")


def visible(text: str) -> str:
    """A text as a person sees it on GitHub: nothing hidden, and no invisible or control character that could act."""
    return _taken_out(text)[0]


def hidden_in(text: str) -> int:
    """How many parts of a text a person does not see on GitHub. bee's own markers are none."""
    return _taken_out(text)[1]


def _taken_out(text: str) -> tuple[str, int]:
    comments = [found[0] for found in _COMMENT.finditer(text)]
    count = sum(1 for comment in comments if not comment.startswith(_OWN))
    text = unix(_COMMENT.sub("", text))
    if _HIDES.search(text):
        lines = text.split("\n")
        for start, end, shown, more in reversed(list(_changed(text, lines))):
            lines[start:end] = shown
            count += more
        text = "\n".join(lines)
    return plain(text.replace(_BROKEN, "@")), count


def _changed(text: str, lines: list[str]) -> Iterator[tuple[int, int, list[str], int]]:
    """What is not shown as it stands, in order: its lines (start, end), what is shown of them, and how much is not."""
    blocks, definitions = blocks_of(text)
    used = Counter(found[1].casefold() for found in _LABEL.finditer(text))
    found: list[tuple[int, int, list[str], int]] = []
    left, gone = set(range(len(lines))), set[int]()
    for label, title, start, end in definitions:
        left.difference_update(range(start, end))
        if used[label.casefold()] < 2 or (title and not label.startswith("^")):
            found.append((start, end, [""], 1))
            gone |= {end - 1} if label.startswith("^") else set()
    labels = [label for label, *_ in definitions]
    in_table = False
    for token in blocks:
        in_table = {"table_open": True, "table_close": False}.get(token.type, in_table)
        if token.map is None or token.type not in _LEAVES or (in_table and token.type != "tr_open"):
            continue
        start, end = token.map
        left.difference_update(range(start, end))
        if token.type == "fence":
            found.append((start, start + 1, *_without_words(token, lines[start])))
        elif token.type == "tr_open":
            found.append((start, end, *_shown(lines[start], (), False, labels)))
        elif token.type == "code_block":
            before = next((index for index in range(start - 1, -1, -1) if lines[index].strip()), -1)
            found.append((start, end, [""], int(before in gone)))  # a footnote's next paragraph
        else:
            found.append((start, end, *_of_block(token, lines[start:end], used, labels)))
        gone |= {end - 1} if found[-1][3] and found[-1][2][-1:] == [""] else set()
    found += [(index, index + 1, *_shown(lines[index], (), True, labels)) for index in left if "<" in lines[index]]
    yield from sorted(one for one in found if one[3])


def _without_words(fence: Block, line: str) -> tuple[list[str], int]:
    """The first line of a block of code with nothing behind the name of its language, which alone has an effect."""
    before = line[: line.find(fence.markup) + len(fence.markup)]
    word, _, rest = fence.info.strip().partition(" ")
    known = _LANGUAGE.fullmatch(word) is not None
    return [before + word * known], int(bool(rest or (word and not known)))


def _of_block(token: Block, raw: list[str], used: Counter[str], labels: list[str]) -> tuple[list[str], int]:
    """A paragraph's or an HTML block's lines with what stands before them (a list's or quote's sign) kept."""
    content, block = token.content.rstrip("\n"), token.type == "html_block"
    kept, dropped, notes = content.split("\n"), False, 0
    for index, line in enumerate(kept):
        note = _FOOTNOTE.match(line)
        dropped = used[f"^{note[1]}".casefold()] < 2 if note else dropped
        notes += bool(note and dropped)
        kept[index] = "" if dropped else line
    shown, count = _shown("\n".join(kept), () if block else code_spans("\n".join(kept)), block, labels)
    before = [line[: max(0, line.find(part.strip()))] for line, part in zip(raw, content.split("\n"), strict=False)]
    more = before[1] if len(before) > 1 else ""
    lines = [(before[0] if not index else more if not line.startswith(more) else "") + line
             for index, line in enumerate(shown)]  # fmt: skip
    return lines, count + notes


def _shown(text: str, code: Iterable[tuple[int, int]], block: bool, labels: list[str]) -> tuple[list[str], int]:
    """The lines of a text without what is not shown, and how many parts that were. `block`: it is HTML as a whole."""
    text, count = _without_html(text, code, block)
    text, images = _IMAGE.subn("[image]", text)
    text, titles = _LINK_TITLE.subn(r"\1)", text)
    text, meant = _MEANT.subn("", text)
    if not block and len(text) > PARAGRAPH_CHARACTERS_MAX and "[" in text:
        left_out = len(text) - PARAGRAPH_CHARACTERS_MAX
        text, count = (
            f"{text[:PARAGRAPH_CHARACTERS_MAX]} [… {left_out} characters of one paragraph left out]",
            count + 1,
        )
    if not block and ("![" in text or "](" in text or "][" in text):
        text, more = _as_shown(text, labels)
        count += more
    return text.split("\n"), count + images + titles + meant


def _as_shown(text: str, labels: list[str]) -> tuple[str, int]:
    """The text; its words alone where an image or a title is still in it, whatever its spelling."""
    parts, hidden, address = [], 0, ""
    for token in inline_of(text, labels):
        hidden += token.type == "image" or (token.type == "link_open" and "title" in token.attrs)
        address = str(token.attrGet("href")) if token.type == "link_open" else address
        kinds = {"softbreak": "\n", "hardbreak": "\n", "code_inline": f"`{token.content}`", "image": "[image]",
                 "link_close": f" ({address})"}  # fmt: skip
        parts.append(kinds.get(token.type, token.content))
    return ("".join(parts), hidden) if hidden else (text, 0)


def _without_html(text: str, code: Iterable[tuple[int, int]], block: bool) -> tuple[str, int]:
    """The text with its tags bare, and without instructions, declarations and sections of CDATA. In linear time."""
    last = {end: text.rfind(end) for _, end in ENDS}
    spans, dead = list(code), set[int]()
    parts, count, at, start = list[str](), 0, 0, text.find("<")
    while start >= 0:
        while spans and spans[0][1] <= start:
            del spans[0]
        if spans and spans[0][0] < start:
            start = text.find("<", spans[0][1])
            continue
        end, shown, hides = _bare(text, start, block, last, dead)
        if "`" in text[start:end]:
            spans = []  # what code seemed to be began within a tag
        parts += [text[at:start], shown]
        count += hides
        at = end
        start = text.find("<", max(end, start + 1))
    return "".join([*parts, text[at:]]), count


def _bare(text: str, start: int, block: bool, last: dict[str, int], dead: set[int]) -> tuple[int, str, int]:
    """Of what begins with the `<` at `start`: its end, what stays of it, and whether anything was hidden in it."""
    rest = (len(text), "", 1) if block else (start, "", 0)  # without an end it is text, but in HTML
    for begin, end in ENDS:
        if text.startswith(begin, start) and (begin != "<!" or text[start + 2 : start + 3].isalpha()):
            stop = text.find(end, start + len(begin)) if last[end] > start else -1
            return (stop + len(end), "", 1) if stop >= 0 else rest
    found = _OPENS.match(text, start)
    if found is None or not (block or _NAME_OF_TAG.fullmatch(found[1])):
        return start, "", 0
    at = _end_of_tag(text, found.end(), last[">"], dead)
    if at < 0:
        at = text.find(">", found.end()) if last[">"] >= found.end() else -1
        if at < 0:
            return rest
    if found[1].lower() not in _TAGS:
        return at + 1, "", 1
    inside = text[found.end() : at]
    if not inside.strip(" /\n"):
        return at + 1, text[start : at + 1], 0
    address = _ADDRESS.search(inside)
    return at + 1, found[0] + (f' href="{address[1]}"' if address else "") + ">", 1


def _end_of_tag(text: str, at: int, last: int, dead: set[int]) -> int:
    """Where the `>` of a tag stands that is in no quotes, or -1. `last`: of all `>`; `dead`: where none follows."""
    passed = list[int]()
    while at <= last and (found := _STOPS.search(text, at)):
        if text[found.start()] == ">":
            return found.start()
        passed.append(found.start())
        close = text.find(found[0], found.end()) if found.start() not in dead else -1
        if close < 0:
            break
        at = close + 1
    dead.update(passed)
    return -1


def fenced(text: str, mark: str, what: str) -> str:
    """A text that is no instruction, between two lines that only bee can write: `mark` is random, and the run's own."""
    inner = plain(text).replace(mark, "?")
    return f"----- {mark} begin: {what} -----\n{inner.rstrip()}\n----- {mark} end -----\n"


def safe_name(name: str) -> str:
    """A branch's name as a prompt shows it: whoever chose it wrote no sentence with it."""
    return _NAME.sub("?", name)[:120]
