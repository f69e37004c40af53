"""The references of scenario and plan files, written from the models: every key with its type, default and meaning.

`python -m evac.reference scenario` prints docs/scenario-reference.md, `plan` docs/plan-reference.md, and `words` every
text of the report, docs/report-words.yaml. The references are made from the JSON schema that editors get, so that the
two never say different things; the meaning of a key is the docstring under its field.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evac.plans.model import Plan
from evac.schema.base import Model
from evac.schema.scenario import Scenario

Node = Mapping[str, Any]

SCHEMAS: Mapping[str, type[Model]] = {"scenario": Scenario, "plan": Plan}
"""The model of each kind of file."""
_HEADS = {
    "scenario": """\
# Scenario reference

Every key of a `scenario.yaml`: what it takes, what it is when left out, and what it means. Written from the models by
`make docs`; change the docstrings in the models, not this page. Recipes are in [how-to.md](how-to.md). A key that isn't
listed here is refused. File names are relative to the scenario file.
""",
    "plan": """\
# Plan reference

Every key of a plan, `plans/<place>/<plan>.yaml`: what it takes, what it is when left out, and what it means. Written
from the models by `make docs`; change the docstrings in the models, not this page. How to write a plan, with an example
of each action, is in [plans.md](plans.md). A key that isn't listed here is refused. File names are relative to the
plan's file.
""",
}
_PLAIN = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
}


def json_schema_text(model: type[Model]) -> str:
    """Return the JSON schema of a kind of file as the text that is committed beside the documentation."""
    return json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def reference_text(kind: str) -> str:
    """Return a reference page (Markdown): a section for each model, in the order in which a file meets them.

    Parameters
    ----------
    kind
        A key of `SCHEMAS`.
    """
    schema = SCHEMAS[kind].model_json_schema()
    models = {schema["title"]: schema, **schema["$defs"]}
    sections = [_section(name, models) for name in _in_order(schema["title"], models)]
    return "\n".join([_HEADS[kind], *sections])


def _in_order(name: str, models: Mapping[str, Node]) -> list[str]:
    """Return the models that a model leads to, itself first, each once."""
    found = [name]
    for reached in found:  # grows as it is walked
        found += [other for other in dict.fromkeys(_references(models[reached])) if other not in found]
    return found


def _references(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        if "$ref" in node:
            yield _model(node)
        for key, inner in node.items():
            if key not in ("$defs", "discriminator"):
                yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)


def _model(node: Node) -> str:
    return str(node["$ref"]).rsplit("/", 1)[-1]


def _section(name: str, models: Mapping[str, Node]) -> str:
    model = models[name]
    rows = [_row(key, field, model, models) for key, field in model["properties"].items()]
    lines = [
        f"## {name}",
        "",
        str(model.get("description", "")),
        "",
        "| key | takes | when left out | meaning |",
        "|---|---|---|---|",
        *rows,
        "",
    ]
    return "\n".join(lines)


def _row(key: str, field: Node, model: Node, models: Mapping[str, Node]) -> str:
    default = "**required**" if key in model.get("required", ()) else _default(field)
    cells = (f"`{key}`", takes(field), default, _meaning(field, models))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _meaning(field: Node, models: Mapping[str, Node]) -> str:
    # Pydantic leaves out the description of a field that says the same as its model's.
    described = field if "description" in field or "$ref" not in field else models[_model(field)]
    return " ".join(str(described.get("description", "")).split())


def _default(field: Node) -> str:
    default = field.get("default")
    if default in (None, "", [], {}):
        return "-"
    if "$ref" in field:
        return f"defaults of {_link(field)}"
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def _link(node: Node) -> str:
    return f"[{_model(node)}](#{_model(node).lower()})"


def takes(node: Node) -> str:
    """Return in words what a node of the JSON schema takes: a link to a section, choices, or a type with its bounds."""
    if "$ref" in node:
        return _link(node)
    choices = [choice for choice in (*node.get("anyOf", ()), *node.get("oneOf", ())) if choice.get("type") != "null"]
    if choices:
        return _either([takes(choice) for choice in choices])
    if "const" in node or "enum" in node:
        return _either([f"`{value}`" for value in node.get("enum", [node.get("const")])])
    if node["type"] == "array":
        return _list_of(node)
    if node["type"] == "object":
        return f"mapping to {takes(node['additionalProperties'])}"
    return _plain(node)


def _list_of(node: Node) -> str:
    least = f" (at least {node['minItems']})" if "minItems" in node else ""
    return f"list of {takes(node['items'])}{least}"


def _plain(node: Node) -> str:
    if node.get("format") == "path":
        return "file name"
    name = _PLAIN[node["type"]]
    limits = [words.format(_number(node[key])) for key, words in _BOUNDS.items() if key in node]
    if "pattern" in node:
        limits.append(f"matching `{node['pattern']}`")
    return f"{name}, {', '.join(limits)}" if limits else name


def _number(value: float) -> str:
    return f"{value:,}".removesuffix(".0")


def _either(words: Sequence[str]) -> str:
    unique = list(dict.fromkeys(words))
    return unique[0] if len(unique) == 1 else f"{', '.join(unique[:-1])} or {unique[-1]}"


if __name__ == "__main__":
    from evac.report.catalogue import catalogue_text

    sys.stdout.write(catalogue_text() if sys.argv[1] == "words" else reference_text(sys.argv[1]))
