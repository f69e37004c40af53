"""The reference pages: every key is there with its meaning, and the committed pages are those of the models."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import evac.errors
from evac.reference import SCHEMAS, json_schema_text, reference_text, takes

ROOT = Path(__file__).parents[2]


def test_the_reference_of_python_has_the_exported_names_and_no_others() -> None:
    page = (ROOT / "docs" / "python-reference.md").read_text()
    wanted = re.findall(r"^::: ([\w.]+)$", page, re.MULTILINE)
    documented = {name.rpartition(".")[2] for name in wanted} - {"errors"}
    documented |= {name for name in vars(evac.errors) if isinstance(getattr(evac.errors, name), type)}
    exported = {"open_place" if name == "open" else name for name in evac.__all__}
    assert documented >= exported
    assert exported >= {name.rpartition(".")[2] for name in wanted} - {"errors"}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_committed_pages_are_those_of_the_models(kind: str) -> None:
    assert (ROOT / "docs" / f"{kind}-reference.md").read_text() == reference_text(kind), "run `make docs`"
    assert (ROOT / "docs" / f"{kind}.schema.json").read_text() == json_schema_text(SCHEMAS[kind]), "run `make docs`"


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_key_of_every_model_has_a_row_with_a_meaning(kind: str) -> None:
    sections = {part.split("\n", 1)[0]: part for part in reference_text(kind).split("\n## ")[1:]}
    schema = SCHEMAS[kind].model_json_schema()
    for name, model in {schema["title"]: schema, **schema["$defs"]}.items():
        for key in model["properties"]:
            rows = [line for line in sections[name].splitlines() if line.startswith(f"| `{key}` |")]
            assert len(rows) == 1, f"{name}.{key}"
            assert rows[0].split(" | ")[-1].removesuffix("|").strip(), f"{name}.{key} has no docstring"


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"$ref": "#/$defs/Point"}, "[Point](#point)"),
        ({"type": "number", "exclusiveMinimum": 0.0, "maximum": 10080.0}, "number, above 0, at most 10,080"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        ({"enum": ["free", "assigned"], "type": "string"}, "`free` or `assigned`"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 1}, "list of whole number (at least 1)"),
        ({"type": "string", "format": "path"}, "file name"),
    ],
)
def test_types_are_told_in_words(node: dict[str, object], words: str) -> None:
    assert takes(node) == words
