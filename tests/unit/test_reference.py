"""The reference page: every key is there with its meaning, and the committed page is that of the models."""

from __future__ import annotations

from pathlib import Path

import pytest

from evac.reference import reference_text, takes
from evac.scenario import json_schema

ROOT = Path(__file__).parents[2]


def test_the_committed_page_is_that_of_the_models() -> None:
    assert (ROOT / "docs" / "scenario-reference.md").read_text() == reference_text(), "run `make docs`"


def test_every_key_of_every_model_has_a_row_with_a_meaning() -> None:
    sections = {part.split("\n", 1)[0]: part for part in reference_text().split("\n## ")[1:]}
    schema = json_schema()
    for name, model in {"Scenario": schema, **schema["$defs"]}.items():
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
