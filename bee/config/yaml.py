"""Parses YAML into plain values with their lines: the one importer of `yaml`. Knows no key and reads no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from bee.model.errors import ConfigError

BYTES_MAX: Final = 256 * 1024
DEPTH_MAX: Final = 20
_STRING_TAGS: Final = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:value"})


@dataclass(frozen=True, slots=True)
class YamlNode:
    """One value of a file, with its line (from 1); for a mapping, `key_lines` has the line of each key."""

    value: str | int | float | bool | list[YamlNode] | dict[str, YamlNode] | None
    line: int
    key_lines: Mapping[str, int] = field(default_factory=dict)


def parse(text: str, path: str) -> YamlNode:
    """One YAML document; an empty one is None at line 1.

    Raises ConfigError (with `path` and the line) for what is not YAML, and for what a configuration does not need:
    tags, anchors, aliases, merge keys, several documents, duplicate or non-string keys, dates, great size or depth.
    """
    if len(text.encode("utf-8", "replace")) > BYTES_MAX:
        raise ConfigError(path, None, f"the file has more than {BYTES_MAX} bytes")
    try:
        _check_events(text, path)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigError(path, mark.line + 1 if mark else None, f"invalid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigError(path, None, f"invalid YAML: {' '.join(str(error).split())}") from error
    return _node(node, path, yaml.SafeLoader("")) if node is not None else YamlNode(None, 1)


def _check_events(text: str, path: str) -> None:
    depth = documents = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError(path, line, "anchors (&) and aliases (*) are not used here; quote a text that has them")
        if tag := getattr(event, "tag", None):
            raise ConfigError(path, line, f"tags are not used here: {tag}")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if documents > 1:
            raise ConfigError(path, line, "a second document (---); one is expected")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_MAX:
            raise ConfigError(path, line, f"more than {DEPTH_MAX} levels")


def _node(node: yaml.Node, path: str, loader: yaml.SafeLoader) -> YamlNode:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, loader)
    if isinstance(node, yaml.SequenceNode):
        return YamlNode([_node(item, path, loader) for item in node.value], line)
    return YamlNode(_scalar(node, path, loader), line)


def _mapping(node: yaml.MappingNode, path: str, loader: yaml.SafeLoader) -> YamlNode:
    values: dict[str, YamlNode] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag not in _STRING_TAGS:
            shown = getattr(key_node, "value", "")
            raise ConfigError(path, line, f"the key {shown if isinstance(shown, str) else '?'!r} is not text; quote it")
        key = key_node.value
        if key in values:
            raise ConfigError(path, line, f"the key {key!r} is a duplicate; first on line {lines[key]}")
        values[key], lines[key] = _node(value_node, path, loader), line
    return YamlNode(values, node.start_mark.line + 1, lines)


def _scalar(node: yaml.Node, path: str, loader: yaml.SafeLoader) -> str | int | float | bool | None:
    if node.tag in _STRING_TAGS:
        return str(node.value)
    try:
        value: Any = loader.construct_object(node)
    except ValueError as error:
        raise ConfigError(path, node.start_mark.line + 1, f"{node.value!r} is not a valid value: {error}") from error
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise ConfigError(path, node.start_mark.line + 1, f"{node.value!r} reads as a date; quote it")
