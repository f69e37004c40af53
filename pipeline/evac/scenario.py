"""Read and validate a scenario: every problem of the file in one message, before any work starts."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from evac.errors import Problem, ScenarioError
from evac.schema.base import Model
from evac.schema.places import FoundExits
from evac.schema.scenario import Scenario
from evac.yaml_file import YamlFile, read_yaml

FILE_NAME = "scenario.yaml"
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class LoadedScenario:
    """A valid scenario and where it came from.

    Parameters
    ----------
    path
        The scenario file.
    model
        Its content; file names in it are relative to the working folder, no longer to the scenario file.
    """

    path: Path
    model: Scenario

    @property
    def folder(self) -> Path:
        """The folder of the scenario file."""
        return self.path.parent

    @property
    def place_id(self) -> str:
        """Short name for folders: the scenario's `report`, else the name of its folder."""
        return self.model.report or self.folder.resolve().name


def load_scenario(path: Path) -> LoadedScenario:
    """Read a scenario file, or the `scenario.yaml` of a folder, and check all of it.

    Raises
    ------
    ScenarioError
        With a `Problem` for every key that is unknown, missing or wrong, and every file that isn't there.
    """
    path = path / FILE_NAME if path.is_dir() else path
    document = read_yaml(path)
    try:
        model = Scenario.model_validate(document.content)
    except ValidationError as error:
        raise ScenarioError([_problem(document, details) for details in _root_causes(error)]) from error
    model = _located(model, path.parent)
    problems = [*_missing_files(document, model), *_unknown_exits(document, model)]
    if problems:
        raise ScenarioError(problems)
    return LoadedScenario(path, model)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a scenario file, for editors."""
    return Scenario.model_json_schema()


def json_schema_text() -> str:
    """Return the JSON schema as the text that is committed beside the documentation."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _root_causes(error: ValidationError) -> list[ErrorDetails]:
    """Return the errors without those of a list that is only too short because its items are wrong."""
    found = error.errors()

    def is_consequence(details: ErrorDetails) -> bool:
        here = details["loc"]
        return details["type"] == "too_short" and any(
            other["loc"][: len(here)] == here != other["loc"] for other in found
        )

    return [details for details in found if not is_consequence(details)]


def _problem(document: YamlFile, details: ErrorDetails) -> Problem:
    keys = _keys_of_file(document.content, details["loc"])
    where = f"{document.path}:{document.line_of(keys)}"
    dotted = ".".join(str(key) for key in keys) or "the file"
    if details["type"] == "extra_forbidden":
        return Problem(where, f"unknown key '{dotted}'", _near_keys(details["loc"], str(keys[-1])))
    if details["type"] == "missing":
        return Problem(where, f"the key '{dotted}' is missing", f"add '{dotted}'")
    found = f", found {details['input']!r}" if _is_short(details["input"]) else ""
    message = details["msg"].removeprefix("Value error, ")
    about = _describe(details["loc"])
    return Problem(where, f"'{dotted}': {message}{found}" + (f" ({about})" if about else ""))


def _is_short(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _keys_of_file(content: object, location: Sequence[str | int]) -> list[str | int]:
    """Return the part of pydantic's location that the file has: without the tags of unions."""
    keys: list[str | int] = []
    here = content
    for index, part in enumerate(location):
        is_missing_key = index == len(location) - 1 and isinstance(part, str) and isinstance(here, Mapping)
        try:
            here = here[part]  # type: ignore[index]  # whatever the file has there
        except (KeyError, IndexError, TypeError):
            if not is_missing_key:
                continue
        keys.append(part)
    return keys


def _near_keys(location: Sequence[str | int], key: str) -> str:
    known = sorted({name for node in _schema_nodes(location[:-1]) for name in node.get("properties", {})})
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"


def _describe(location: Sequence[str | int]) -> str:
    """Return the first sentence of the documentation of a field."""
    texts = [str(node["description"]) for node in _schema_nodes(location) if node.get("description")]
    return " ".join(texts[0].split()).split(". ")[0].rstrip(".") if texts else ""


def _schema_nodes(location: Sequence[str | int]) -> list[dict[str, Any]]:
    """Return the parts of the JSON schema that describe a location, one for each alternative."""
    schema = json_schema()
    nodes = _expand([schema], schema)
    for part in location:
        inner = _inner(nodes, part)
        nodes = _expand(inner, schema) if inner else nodes  # a union's tag has no place in the schema
    return nodes


def _inner(nodes: Iterable[dict[str, Any]], part: str | int) -> list[dict[str, Any]]:
    if isinstance(part, int):
        return [node["items"] for node in nodes if isinstance(node.get("items"), dict)]
    return [node["properties"][part] for node in nodes if part in node.get("properties", {})]


def _expand(nodes: Iterable[dict[str, Any]], schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Follow references and alternatives until only plain schema nodes are left."""
    plain: list[dict[str, Any]] = []
    for node in nodes:
        plain.append(node)
        if "$ref" in node:
            plain += _expand([schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]], schema)
        for key in ("anyOf", "oneOf", "allOf"):
            plain += _expand(node.get(key, []), schema)
    return plain


def _located(section: M, folder: Path) -> M:
    """Return a section, and all in it, with file names that no longer depend on where the scenario file is."""
    return section.model_copy(update={name: _located_value(value, folder) for name, value in section})


def _located_value(value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, Model):
        return _located(value, folder)
    if isinstance(value, tuple):
        return tuple(_located_value(item, folder) for item in value)
    return value


def _files(value: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Path]]:
    """Yield every file that a section names, with its key."""
    if isinstance(value, Path):
        yield keys, value
    elif isinstance(value, Model):
        for name, inner in value:
            yield from _files(inner, (*keys, name))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _files(inner, (*keys, index))


def _missing_files(document: YamlFile, model: Scenario) -> list[Problem]:
    return [
        Problem(
            f"{document.path}:{document.line_of(keys)}",
            f"'{'.'.join(map(str, keys))}': there is no file {file}",
            "give a path relative to the scenario file",
        )
        for keys, file in _files(model)
        if not file.is_file()
    ]


def _unknown_exits(document: YamlFile, model: Scenario) -> list[Problem]:
    """Return a problem for every zone that is assigned an exit that the scenario doesn't name."""
    if isinstance(model.exits, FoundExits):
        return []  # their names are known when the network is
    names = [item.name for item in model.exits]
    problems = []
    for zone, exit_name in model.exit_choice.by_zone.items():
        if exit_name not in names:
            line = document.line_of(("exit_choice", "by_zone", zone))
            remedy = f"known exits: {', '.join(names)}"
            problems.append(
                Problem(f"{document.path}:{line}", f"zone '{zone}' is assigned unknown exit '{exit_name}'", remedy)
            )
    return problems
