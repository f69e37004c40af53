"""YAML files read strictly: plain data, no key twice, no aliases, and a line number for every complaint."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from evac.errors import Problem, ScenarioError, readable
from evac.files import is_file, why_no_file

# A scenario is a page or two; a file of megabytes is a mistake or an attack.
_MAX_BYTES = 1_000_000
_LONGEST_QUOTE = 60  # characters
_MAX_DEPTH = 30  # no model is nested deeper than ten levels
_TAG = "tag:yaml.org,2002:"
_QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # not every build of PyYAML has libyaml
_PLAIN = {  # the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), without octal and hexadecimal
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": ("true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?(?:0|[1-9][0-9]{0,29})", list("-+0123456789")),
    "float": (
        r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
}


def editor_line(folder: Path, kind: Literal["scenario", "plan"]) -> str:
    """Return the comment by which editors complete a file's keys, with its line's end.

    Nothing where the schema isn't found from the file's folder: it is there in a checkout of the toolkit, whose
    scenarios and plans are two folders deep, and an editor would complain of it elsewhere.
    """
    schema = Path("docs", f"{kind}.schema.json")
    is_there = (folder.absolute().parent.parent / schema).is_file()
    return f"# yaml-language-server: $schema=../../{schema.as_posix()}\n" if is_there else ""


class _Builder(Composer, SafeConstructor, Resolver):
    """Makes nodes and plain data of events, by YAML 1.2.

    `off`, `on`, `yes` and `no` are words, and so are dates, times (`1:30`) and codes (`06`): settings and map tags have
    such words, and zones have such codes.
    """

    yaml_implicit_resolvers = {}

    def __init__(self, events: Iterable[yaml.Event]) -> None:
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)
        self._events = deque(events)

    def check_event(self, *kinds: type[yaml.Event]) -> bool:
        """Return whether the next event is of one of some kinds."""
        return bool(self._events) and isinstance(self._events[0], kinds)

    def peek_event(self) -> yaml.Event:
        """Return the next event."""
        return self._events[0]

    def get_event(self) -> yaml.Event:
        """Take the next event."""
        return self._events.popleft()


for _name, (_pattern, _firsts) in _PLAIN.items():
    _Builder.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), _firsts)


@dataclass(frozen=True)
class YamlFile:
    """A YAML mapping and where its keys stand.

    Parameters
    ----------
    path
        The file.
    content
        The mapping as plain Python data.
    root
        PyYAML's node tree of the same text, which knows the lines.
    """

    path: Path
    content: dict[str, Any]
    root: yaml.Node

    def line_of(self, keys: Sequence[str | int]) -> int:
        """Return the line (from 1) of the deepest of `keys` that the file has."""
        node, line = self.root, self.root.start_mark.line
        for key in keys:
            found = _child(node, key)
            if found is not None:
                line, node = found
        return int(line) + 1


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML mapping.

    Raises
    ------
    ScenarioError
        The file isn't there or can't be read, is no YAML mapping, repeats a key, or uses tags or aliases.
    """
    text = _read_text(path)
    try:
        builder = _Builder(_plain_events(path, text))
        root = builder.get_single_node()
        content = None if root is None else builder.construct_document(root)
    except yaml.YAMLError as error:
        raise ScenarioError(_yaml_problem(path, text, error)) from error
    if not isinstance(content, dict) or root is None:
        raise ScenarioError(
            Problem(str(path), f"holds {_kind(content)}, expected keys and values", "start with: name: My town")
        )
    repeated = [
        Problem(f"{path}:{line}", f"the key '{key}' stands twice", "keep one of them") for key, line in _repeated(root)
    ]
    if repeated:
        raise ScenarioError(repeated)
    return YamlFile(path, content, root)


def _read_text(path: Path) -> str:
    if not is_file(path):
        raise ScenarioError(
            Problem(str(path), why_no_file(path), f"give a .yaml file, or the folder that holds {path.name}")
        )
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ScenarioError(
                Problem(str(path), f"is larger than {_MAX_BYTES:,} bytes", "keep data in files of their own")
            )
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(Problem(str(path), f"isn't UTF-8 text ({error.reason})", "save it as UTF-8")) from error
    except OSError as error:
        raise ScenarioError(
            Problem(str(path), f"can't be read ({error.strerror})", "look at its permissions")
        ) from error


def _plain_events(path: Path, text: str) -> list[yaml.Event]:
    """Return the events of a text: by libyaml, which is ten times as quick; by PyYAML for the words of its errors."""
    try:
        return _checked(path, yaml.parse(text, Loader=_QUICK))
    except yaml.YAMLError:
        return _checked(path, yaml.parse(text, Loader=yaml.SafeLoader))


def _checked(path: Path, given: Iterable[yaml.Event]) -> list[yaml.Event]:
    """Refuse aliases, tags, and what is nested so deep that reading it would never end, as soon as one comes."""
    events, depth = [], 0
    for event in given:
        where = f"{path}:{event.start_mark.line + 1}" if event.start_mark else str(path)
        if isinstance(event, yaml.AliasEvent):
            raise ScenarioError(Problem(where, f"uses the YAML alias '*{event.anchor}'", "write the value out"))
        if (tag := getattr(event, "tag", None)) is not None:
            what = f"uses the YAML tag '{readable(tag, _LONGEST_QUOTE)}'"
            raise ScenarioError(
                Problem(where, what, "leave the tag out; text that looks like a number is put in quotes")
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise ScenarioError(Problem(where, f"is nested deeper than {_MAX_DEPTH} levels", "check the brackets"))
        events.append(event)
    return events


def _yaml_problem(path: Path, text: str, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        what = f"has a control character (U+{ord(text[error.position]):04X})"
        return Problem(f"{path}:{line}", what, "take it out, or save the file as UTF-8 text")
    mark = getattr(error, "problem_mark", None)
    where = f"{path}:{mark.line + 1}" if mark else str(path)
    return Problem(
        where, f"isn't valid YAML: {getattr(error, 'problem', None) or error}", "check indentation, colons and quotes"
    )


def _kind(content: object) -> str:
    return "nothing" if content is None else f"a {type(content).__name__}"


def _child(node: yaml.Node, key: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value in node.value:
            if key_node.value == str(key):
                return key_node.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark.line, node.value[key]
    return None


def _repeated(node: yaml.Node) -> Iterator[tuple[str, int]]:
    """Yield each key that a mapping has a second time, with its line."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield readable(key.value, _LONGEST_QUOTE), key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
