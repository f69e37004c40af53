"""YAML files against models: every problem of a file in one message, with its line, the nearest key and the remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from evac.errors import Mend, Problem, ScenarioError, readable
from evac.files import is_file, why_no_file
from evac.schema.base import Model
from evac.yaml_file import YamlFile, read_yaml

M = TypeVar("M", bound=Model)

_LONGEST_QUOTE = 80  # characters
_MESSAGES = {
    "string_pattern_mismatch": "isn't written in the form that is expected here",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "int_parsing_size": "is a larger number than any that fits here",
    "finite_number": "expected a number that isn't infinite",
    "string_type": "expected text",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "path_type": "expected the name of a file",
    "dict_type": "expected keys and values",
    "model_type": "expected keys and values",
    "model_attributes_type": "expected keys and values",
    "list_type": "expected a list",
    "tuple_type": "expected a list",
    "too_short": "expected {min_length} or more entries",
}
"""Instead of pydantic's own messages, which show a regular expression, or speak of parsing and of Python's types."""
_NUMBERS = {"float_parsing", "int_parsing"}
_BOUNDS, _LONGITUDES_DEG = {"greater_than_equal", "less_than_equal"}, 180.0
_UNITS = {"_min": "in minutes", "_s": "in seconds", "_h": "in hours", "_m": "in metres", "_kph": "in km/h"}


def read_model(path: Path, model: type[M]) -> tuple[YamlFile, M]:
    """Read a YAML file as a model; file names in it are then relative to the working folder, no longer to the file.

    Raises
    ------
    ScenarioError
        With a `Problem` for every key that is unknown, missing or wrong.
    """
    document = read_yaml(path)
    try:
        found = model.model_validate(document.content)
    except ValidationError as error:
        raise ScenarioError([_problem(document, model, details) for details in _root_causes(error)]) from error
    if problems := [_truth_refused(document, model, keys) for keys in _truths_as_numbers(document.content, found)]:
        raise ScenarioError(problems)
    return document, _located(found, path.parent)


def missing_files(document: YamlFile, model: Model, fetchable: Collection[Path] = ()) -> list[Problem]:
    """Return a problem for every file that a model names and that isn't there, those that are fetched then aside."""
    return [
        Problem(
            f"{document.path}:{document.line_of(keys)}",
            f"'{'.'.join(map(str, keys))}': {_why_missing(file)}",
            f"give a path relative to {document.path.name}",
            Mend.FILE_BACK,
            keys=keys,
            told=_why_missing(file),
        )
        for keys, file in _files(model)
        if not is_file(file) and file not in fetchable
    ]


def _why_missing(file: Path) -> str:
    why = why_no_file(file)
    return f"there is no file {file}" if why == "there is no such file" else f"{file} {why}"


@cache
def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _root_causes(error: ValidationError) -> list[ErrorDetails]:
    """Return the errors without those of a list that is only too short because its items are wrong."""
    found = error.errors()

    def is_consequence(details: ErrorDetails) -> bool:
        here = details["loc"]
        return details["type"] == "too_short" and any(
            other["loc"][: len(here)] == here != other["loc"] for other in found
        )

    return [details for details in found if not is_consequence(details)]


def _problem(document: YamlFile, model: type[Model], details: ErrorDetails) -> Problem:
    keys = tuple(_keys_of_file(document.content, details["loc"]))
    where = f"{document.path}:{document.line_of(keys)}"
    dotted = ".".join(str(key) for key in keys) or "the file"
    if details["type"] == "union_tag_invalid":
        return _unknown_tag(document, keys, details)
    if details["type"] == "extra_forbidden":
        near = _near_keys(model, details["loc"], str(keys[-1]))
        return Problem(where, f"unknown key '{dotted}'", near, keys=keys, told="isn't known")
    if details["type"] in ("missing", "union_tag_not_found"):
        missing = dotted if details["type"] == "missing" else f"{dotted}.{_discriminator(details)}"
        return Problem(where, f"the key '{missing}' is missing", f"add '{missing}'", keys=keys, told="is missing")
    found = f", found {_quoted(details['input'])}" if _is_short(details["input"]) else ""
    message = _message(details)
    about = _describe(model, details["loc"])
    remedy = _number_remedy(details) if details["type"] in _NUMBERS else _swap_remedy(keys, details)
    told = f"{message}{found}" + (f" ({about})" if about else "")
    return Problem(where, f"'{dotted}': {told}", remedy, keys=keys, told=told)


def _message(details: ErrorDetails) -> str:
    if details["type"] in _MESSAGES:
        return _MESSAGES[details["type"]].format_map(details.get("ctx", {}))
    return details["msg"].removeprefix("Value error, ")


def _discriminator(details: ErrorDetails) -> str:
    """Return the key that says which of several kinds a section is (`do`, `form`)."""
    return str(details["ctx"]["discriminator"]).strip("'")


def _truths_as_numbers(content: Any, found: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the keys at which a file has `true` or `false` and pydantic has made a number of it."""
    if isinstance(content, bool):
        if not isinstance(found, bool):
            yield keys
    elif isinstance(content, dict):
        values = _by_key(found)
        for key, inner in content.items():
            yield from _truths_as_numbers(inner, values.get(key), (*keys, key))
    elif isinstance(content, list):
        for index, (inner, value) in enumerate(zip(content, found, strict=True)):
            yield from _truths_as_numbers(inner, value, (*keys, index))


def _by_key(section: Any) -> Mapping[Any, Any]:
    """Return a section's values by the keys that the file has for them."""
    if not isinstance(section, Model):
        return dict(section)
    return {field.alias or name: getattr(section, name) for name, field in type(section).model_fields.items()}


def _truth_refused(document: YamlFile, model: type[Model], keys: Sequence[str | int]) -> Problem:
    where, dotted = f"{document.path}:{document.line_of(keys)}", ".".join(map(str, keys))
    about = _describe(model, keys)
    told = "'true' and 'false' are neither numbers nor text" + (f" ({about})" if about else "")
    return Problem(where, f"'{dotted}': {told}", keys=tuple(keys), told=told)


def _number_remedy(details: ErrorDetails) -> str:
    """Return how to write a number that was written as text: with a unit, a comma, as a time of day."""
    text, key = str(details["input"]).strip(), str(details["loc"][-1])
    unit = next((words for suffix, words in _UNITS.items() if key.endswith(suffix)), "")
    if re.fullmatch(r"\d+:\d\d(:\d\d)?", text):
        return f"write it {unit}, as one number" if unit else "write it as one number"
    if re.fullmatch(r"[-+]?\d+,\d+", text):
        return f"write {text.replace(',', '.')}, with a point"
    if found := re.fullmatch(r"([-+]?\d[\d.]*)\s*[^\d\s].*", text):
        return f"write the number alone{', ' + unit if unit else ''}, such as {found[1]}"
    return ""


def _swap_remedy(keys: Sequence[str | int], details: ErrorDetails) -> str:
    """Return what to do about a latitude that is none and, as a longitude, may be one."""
    if tuple(keys[-1:]) != ("lat",) or details["type"] not in _BOUNDS or abs(float(details["input"])) > _LONGITUDES_DEG:
        return ""  # the input may be a number in quotes
    return "latitude and longitude look swapped: swap 'lat' and 'lon'"


def _unknown_tag(document: YamlFile, keys: Sequence[str | int], details: ErrorDetails) -> Problem:
    """Return the problem of a section whose kind (`do`, `form`) isn't one that is known."""
    about = details["ctx"]
    key, known = _discriminator(details), about["expected_tags"].replace("'", "").split(", ")
    where = f"{document.path}:{document.line_of([*keys, key])}"
    told = f"there is no '{readable(about['tag'], _LONGEST_QUOTE)}'"
    near = difflib.get_close_matches(str(about["tag"]), known, n=1, cutoff=0.5)
    remedy = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
    what = f"'{'.'.join(map(str, [*keys, key]))}': {told}"
    return Problem(where, what, remedy, keys=(*keys, key), told=told)


def _quoted(value: object) -> str:
    return readable(repr(value), _LONGEST_QUOTE)


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


def _near_keys(model: type[Model], location: Sequence[str | int], key: str) -> str:
    known = _properties(model, location[:-1])
    inside = [name for name in known if key in _properties(model, [*location[:-1], name])]
    if inside:
        return f"it belongs under '{inside[0]}'"
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"


def _properties(model: type[Model], location: Sequence[str | int]) -> list[str]:
    return sorted({name for node in _schema_nodes(model, location) for name in node.get("properties", {})})


def _describe(model: type[Model], location: Sequence[str | int]) -> str:
    """Return the first sentence of the documentation of a field."""
    texts = [str(node["description"]) for node in _schema_nodes(model, location) if node.get("description")]
    return " ".join(texts[0].split()).split(". ")[0].rstrip(".") if texts else ""


def _schema_nodes(model: type[Model], location: Sequence[str | int]) -> list[dict[str, Any]]:
    """Return the parts of the JSON schema that describe a location, one for each alternative."""
    schema = _schema_of(model)
    nodes = _expand([schema], schema)
    for part in location:
        inner = _inner(nodes, part)
        nodes = _expand(inner, schema) if inner else _tagged(nodes, part)
    return nodes


def _tagged(nodes: list[dict[str, Any]], tag: str | int) -> list[dict[str, Any]]:
    """Return the alternative of a union that has a tag (`do: close`); all of them where none has it."""
    found = [node for node in nodes if any(item.get("const") == tag for item in node.get("properties", {}).values())]
    return found or nodes


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
    # Defaults name no file, and must not count as given.
    given = {name: _located_value(getattr(section, name), folder) for name in section.model_fields_set}
    return section.model_copy(update=given)


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
