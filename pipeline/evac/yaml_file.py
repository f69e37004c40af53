"""YAML files read strictly: plain data, no key twice, no aliases, and a line number for every complaint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from evac.errors import Problem, ScenarioError

# A scenario is a page or two; a file of megabytes is a mistake or an attack.
_MAX_BYTES = 1_000_000
_BOOLEAN = "tag:yaml.org,2002:bool"


class _Loader(yaml.SafeLoader):
    """Plain data, in which `off`, `on`, `yes` and `no` are words, as in YAML 1.2: settings and map tags have them."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.add_implicit_resolver(_BOOLEAN, re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


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
        The file isn't there, is no YAML mapping, repeats a key, or uses aliases.
    """
    text = _read_text(path)
    try:
        _refuse_aliases(path, text)
        root = yaml.compose(text, Loader=_Loader)
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ScenarioError(_yaml_problem(path, error)) from error
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
    if not path.is_file():
        raise ScenarioError(
            Problem(str(path), "there is no such file", "give a scenario.yaml or the folder that holds it")
        )
    if path.stat().st_size > _MAX_BYTES:
        raise ScenarioError(
            Problem(str(path), f"is larger than {_MAX_BYTES:,} bytes", "keep data in files of their own")
        )
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(Problem(str(path), f"isn't UTF-8 text ({error.reason})", "save it as UTF-8")) from error


def _refuse_aliases(path: Path, text: str) -> None:
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ScenarioError(Problem(str(path), f"uses the YAML alias '*{event.anchor}'", "write the value out"))


def _yaml_problem(path: Path, error: yaml.YAMLError) -> Problem:
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
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
