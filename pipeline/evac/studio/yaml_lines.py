"""YAML files changed where the change is: all other lines stay as they are, to the byte.

Comments stand between lines and belong to none by YAML's rules. Here those within an item of a list go with it, and
those right above it (no empty line between) too, but for the first item's, which may be about the whole list. Only the
lines of the item, or of the key at the file's left edge that a change is under, go through ruamel.yaml, which loses
comments between items that stand in one line each (0.19.1).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import yaml
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from evac.studio.yaml_text import LIST_COLUMN, dumped
from evac.studio.yaml_text import yaml as as_people_write

Lines = list[str]


def without(text: str, keys: Sequence[str], at: int) -> str:
    """Return a text without an item of a list.

    Parameters
    ----------
    text
        Of a YAML file whose lines end in a line feed alone.
    keys
        What leads to the list.
    at
        The item.
    """
    lines = _lines(text)
    items = _items(lines, keys)
    if not items:

        def take_out(part: CommentedMap) -> None:
            del _list_in(part, keys)[at]

        return under(text, keys[0], take_out)
    first, end = items[at].start_mark.line, _end_line(lines, items[at])
    if len(items) == 1:
        name, _ = _pair(lines, keys)
        line = lines[name.end_mark.line]
        colon = line.index(":", name.end_mark.column) + 1
        return "".join([*lines[: name.end_mark.line], f"{line[:colon]} []{line[colon:]}",
                        *lines[name.end_mark.line + 1 : first], *lines[end:]])  # fmt: skip
    while at > 0 and lines[first - 1].startswith(f"{' ' * _column(lines, items[at])}#"):
        first -= 1
    return "".join([*lines[:first], *lines[end:]])


def with_added(text: str, keys: Sequence[str], item: CommentedMap) -> str:
    """Return a text with another item at the end of a list, as `without`."""
    lines = _lines(text)
    items = _items(lines, keys)
    if items:
        end = _end_line(lines, items[-1])
        return "".join([*lines[:end], _as_item(item, _column(lines, items[-1])), *lines[end:]])
    name, value = _pair(lines, keys)
    if name is not None and not value.value and value.end_mark.line == name.end_mark.line:
        return _with_first(lines, name, value, item)

    def put_in(part: CommentedMap) -> None:
        _list_in(part, keys).append(item)

    return under(text, keys[0], put_in)


def _with_first(lines: Lines, name: Any, value: Any, item: CommentedMap) -> str:
    """Return a text with an item in a list that is empty (`[]` or nothing), after the comments under its key."""
    at, column = name.end_mark.line, name.start_mark.column
    colon = lines[at].index(":", name.end_mark.column) + 1
    key = lines[at][:colon] + lines[at][max(colon, value.end_mark.column) :]
    end = _past_comments(lines, at + 1, column)
    return "".join([*lines[:at], key, *lines[at + 1 : end], _as_item(item, column + LIST_COLUMN), *lines[end:]])


def with_changed(text: str, keys: Sequence[str], at: int, change: Callable[[CommentedSeq, int], None]) -> str:
    """Return a text with an item of a list changed, as `without`; `change` is told the list and the item's place."""
    lines = _lines(text)
    items = _items(lines, keys)
    if not items:
        return under(text, keys[0], lambda part: change(_list_in(part, keys), at))
    first, end = items[at].start_mark.line, _end_line(lines, items[at])
    alone = as_people_write().load(_moved("".join(lines[first:end]), LIST_COLUMN))  # comments keep their columns
    change(alone, 0)
    return "".join([*lines[:first], _moved(dumped(alone), _column(lines, items[at])), *lines[end:]])


def under(text: str, key: str, change: Callable[[CommentedMap], None], after: str | None = None) -> str:
    """Return a text with what stands under a key at its left edge changed, as `without`.

    `change` is told a document that holds this key alone, or no key where the text hasn't it yet: it is written after
    another one then, or at the end.
    """
    lines = _lines(text)
    root: Any = yaml.compose("".join(lines), yaml.SafeLoader)
    if root.flow_style or root.start_mark.column:
        first, end = 0, len(lines)
    else:
        places = {name.value: (name.start_mark.line, _end_of(value, name)) for name, value in root.value}
        first, end = places.get(key) or (places[after][1] if after else len(lines),) * 2
        end = _past_comments(lines, end, 0) if first < end else end
    part = as_people_write().load("".join(lines[first:end])) or CommentedMap()
    change(part)
    return "".join([*lines[:first], dumped(part) if part else "", *lines[end:]])


def _as_item(item: CommentedMap, column: int) -> str:
    return _moved(f"- {textwrap.indent(dumped(item), '  ').lstrip()}", column)


def _moved(block: str, column: int) -> str:
    """Return lines as they are from another column on."""
    return textwrap.indent(textwrap.dedent(block), " " * column)


def _list_in(document: CommentedMap, keys: Sequence[str]) -> CommentedSeq:
    """Return a list of a document, an empty one where there is none yet."""
    *outer, last = keys
    for key in outer:
        document = document[key]
    if not isinstance(document.get(last), CommentedSeq):
        document[last] = CommentedSeq()
    found: CommentedSeq = document[last]
    return found


def _lines(text: str) -> Lines:
    return (text if text.endswith("\n") else f"{text}\n").splitlines(keepends=True)


def _pair(lines: Lines, keys: Sequence[str]) -> tuple[Any, Any]:
    """Return the nodes of a key and its value; none where there is no such key in mappings of a line a key."""
    name, value = None, yaml.compose("".join(lines), yaml.SafeLoader)
    for key in keys:
        if not isinstance(value, yaml.MappingNode) or value.flow_style:
            return None, None
        name, value = next((pair for pair in value.value if pair[0].value == key), (None, None))
    return name, value


def _items(lines: Lines, keys: Sequence[str]) -> list[Any]:
    """Return the nodes of a list whose items begin in a line each; none where it is no such list."""
    _, node = _pair(lines, keys)
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        return []
    begin = (lines[item.start_mark.line][: item.start_mark.column] for item in node.value)
    return list(node.value) if all(words.strip() == "-" for words in begin) else []


def _column(lines: Lines, item: Any) -> int:
    """Return where an item's dash stands."""
    return int(lines[item.start_mark.line].find("-"))


def _end_line(lines: Lines, item: Any) -> int:
    """Return the line after an item and the comments within it."""
    return _past_comments(lines, _end_of(item, item), _column(lines, item))


def _past_comments(lines: Lines, at: int, column: int) -> int:
    """Return the first line from one on that is no comment beginning right of a column."""
    while at < len(lines) and lines[at].lstrip().startswith("#") and len(lines[at]) - len(lines[at].lstrip()) > column:
        at += 1
    return at


def _end_of(node: Any, begins: Any) -> int:
    """Return the line after the last of a node's own; what is empty ends where what it belongs to begins."""
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return int(node.end_mark.line)
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end_of(last[1], last[0]) if isinstance(last, tuple) else _end_of(last, last)
    if isinstance(node, yaml.ScalarNode) and not node.value and not node.style:
        return int(begins.end_mark.line) + 1
    return int(node.end_mark.line) + 1
