"""What a person is told away from GitHub, and by which ways. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bee.model.errors import ConfigError
from bee.model.text import one_line

if TYPE_CHECKING:  # configuration is read by ticks that look at no item
    from bee.config.yaml import YamlNode
    from bee.model.items import Item

DESKTOP: Final = "desktop"
TITLE_MAX: Final = 80
TEXT_MAX: Final = 400

Way = str | tuple[str, ...]  # DESKTOP, the address of a webhook, or a command's words


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing a person should know. Nothing is said twice for one `cause`."""

    cause: str
    title: str
    text: str
    repo: str
    number: int = 0
    url: str = ""

    @classmethod
    def of_item(cls, cause: str, repo: str, item: Item, why: str) -> Notice:
        """An item waits for a person."""
        title = f"bee needs you: {repo}#{item.number}"
        return cls(cause=cause, title=title, text=f"{item.title}: {why}", repo=repo, number=item.number, url=item.url)

    def json(self) -> dict[str, object]:
        """What a webhook and a command are given; short lines without control characters."""
        return {
            "version": 1, "title": one_line(self.title, TITLE_MAX), "text": one_line(self.text, TEXT_MAX),
            "repo": self.repo, "number": self.number or None, "url": one_line(self.url, TEXT_MAX),
        }  # fmt: skip


def ways_of(path: str, tree: YamlNode) -> tuple[Way, ...]:
    """The value of `notify`: one way or a list of them. Raises ConfigError."""
    return tuple(_way(path, part) for part in (tree.value if isinstance(tree.value, list) else [tree]))


def _way(path: str, tree: YamlNode) -> Way:
    value = tree.value
    if isinstance(value, str) and (value == DESKTOP or value.startswith(("https://", "http://"))):
        return value
    command = value.get("command") if isinstance(value, dict) and set(value) == {"command"} else None
    words = command.value if command is not None and isinstance(command.value, list) else []
    if words and all(isinstance(word.value, str) and word.value for word in words):
        return tuple(str(word.value) for word in words)
    raise ConfigError(
        path, tree.line, "expected `desktop`, an address that starts with https://, or {command: [program, argument]}"
    )
