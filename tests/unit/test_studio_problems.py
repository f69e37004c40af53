"""What is wrong with a plan has words for whoever has it on a map, where the command's are about keys of a file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import evac
from evac.errors import Mend, Problem, ScenarioError
from evac.plans.model import Plan
from evac.plans.reading import load_plan
from evac.studio.assets import PAGE
from evac.studio.told import problem_of

PACKAGE = Path(evac.__file__).parent
LAYING = (
    *sorted((PACKAGE / "overlay").glob("*.py")),
    PACKAGE / "network" / "places.py",
    PACKAGE / "study" / "under_plan.py",
    PACKAGE / "study" / "warned.py",
    PACKAGE / "demand" / "order_checks.py",
    PACKAGE / "plans" / "reading.py",
)
"""What finds fault with a plan once its file is read."""
REMEDY, MEND = 2, 3


def _keys_of_plans() -> set[str]:
    schema = Plan.model_json_schema()
    nodes = [schema, *schema["$defs"].values()]
    kinds = {item.get("const") for node in nodes for item in node.get("properties", {}).values()}
    return {name for node in nodes for name in node.get("properties", {})} | {str(kind) for kind in kinds}


def _texts(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def _speaking_of_keys() -> Iterator[tuple[str, bool]]:
    """Give each problem whose remedy names a key in quotes, and whether it says what to do on a map."""
    keys = _keys_of_plans()
    for path in LAYING:
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            said = {
                target.id: item.value
                for item in ast.walk(function)
                if isinstance(item, ast.Assign)
                for target in item.targets
                if isinstance(target, ast.Name)
            }
            for call in ast.walk(function):
                if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Problem"):
                    continue
                remedy = call.args[REMEDY] if len(call.args) > REMEDY else None
                parts = (
                    [remedy, *(said.get(part.id) for part in ast.walk(remedy) if isinstance(part, ast.Name))]
                    if remedy
                    else []
                )
                words = [text for part in parts if part is not None for text in _texts(part)]
                if keys & set(re.findall(r"'(\w+)", " ".join(words))):
                    yield f"{path.name}:{call.lineno}", len(call.args) > MEND


def test_a_remedy_that_names_a_key_says_what_to_do_on_a_map() -> None:
    found = dict(_speaking_of_keys())
    assert len(found) > 15  # or the test sees nothing
    assert [where for where, has_words in found.items() if not has_words] == []


def test_the_page_has_words_for_each_way_to_mend() -> None:
    script = (PAGE / "problems.js").read_text()
    table = script[script.index("const MEND") : script.index("};", script.index("const MEND"))]
    named = set(re.findall(r'^  "?([a-z ]+)"?: \(\) => say\(', table, re.MULTILINE))
    assert named == {str(mend) for mend in Mend}


def _problems(folder: Path, text: str) -> list[dict[str, Any]]:
    (folder / "plan.yaml").write_text(text)
    with pytest.raises(ScenarioError) as refused:
        load_plan("plan", folder)
    return [problem_of(problem, folder) for problem in refused.value.problems]


def test_a_mistake_in_a_file_is_told_with_and_without_its_key(tmp_path: Path) -> None:
    text = "name: Plan\nactions:\n  - {do: open, where: {street: A}}\n  - {do: speed, kph: fast, where: {street: A}}\n"
    (problem,) = _problems(tmp_path, text)
    assert problem["keys"] == ("actions", 1, "kph")
    assert problem["what"].startswith("'actions.1.kph': expected a number, found 'fast'")
    assert problem["told"].startswith("expected a number, found 'fast'")


def test_a_file_of_the_workspace_is_named_from_its_folder_on(tmp_path: Path) -> None:
    """Where the workspace lies is nothing to whoever looks at the page, and makes the line too long to read."""
    (problem,) = _problems(tmp_path, "name: [unclosed\n")
    assert problem["where"].startswith("plan.yaml")
    outside = Problem(f"{tmp_path}-elsewhere/map.osm.pbf", f"{tmp_path}/data/a.geojson isn't it", "")
    told = problem_of(outside, tmp_path)
    assert (told["where"], told["what"]) == (f"{tmp_path}-elsewhere/map.osm.pbf", "data/a.geojson isn't it")


def test_a_label_of_the_plan_below_is_told_at_its_action(tmp_path: Path) -> None:
    action = "{do: close, label: bridge, where: {street: A}}"
    (tmp_path / "below.yaml").write_text(f"name: Below\nactions:\n  - {action}\n")
    (problem,) = _problems(tmp_path, f"name: Plan\nextends: below\nactions:\n  - {action}\n")
    assert (problem["keys"], problem["mend"]) == (("actions", 0, "label"), Mend.OTHER_NAME)
