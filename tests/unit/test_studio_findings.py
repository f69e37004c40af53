"""What the check finds has words for whoever has it on a map, where the command's are about files and options."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import evac
from evac.studio.assets import PAGE

AUDIT = sorted((Path(evac.__file__).parent / "audit").glob("*.py"))
OF_FILES = re.compile(r"'[a-z]+_[a-z_]+'|--[a-z]|\bevac [a-z]|\.yaml")


def _texts(node: ast.AST, constants: dict[str, ast.AST]) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value
        if isinstance(inner, ast.Name) and inner.id in constants:
            yield from _texts(constants[inner.id], {})


def _findings() -> Iterator[tuple[str, bool, bool]]:
    """Give the kind of each finding, whether its words are about files, and whether it has others."""
    for path in AUDIT:
        tree = ast.parse(path.read_text())
        constants = {
            target.id: item.value
            for item in tree.body
            if isinstance(item, ast.Assign)
            for target in item.targets
            if isinstance(target, ast.Name)
        }
        for function in [item for item in tree.body if isinstance(item, ast.FunctionDef)]:
            words = [ast.get_docstring(function) or ""]
            said = [text for text in _texts(function, constants) if text not in words]
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding" and call.args:
                    kind = getattr(call.args[1], "value", path.stem)
                    yield kind, any(map(OF_FILES.search, said)), any(item.arg == "plain" for item in call.keywords)


def test_a_finding_that_speaks_of_files_has_other_words() -> None:
    found = list(_findings())
    assert len(found) > 15  # or the test sees nothing
    assert any(is_of_files for _, is_of_files, _ in found)
    assert [kind for kind, is_of_files, has_plain in found if is_of_files and not has_plain] == []


def test_the_page_says_what_to_do_about_each_of_them() -> None:
    script = (PAGE / "findings.js").read_text()
    table = script[script.index("const ADVICE") : script.index("};", script.index("const ADVICE"))]
    assert set(re.findall(r"^  ([a-z_]+): \(\) => say\(", table, re.MULTILINE)) == {
        kind for kind, _, has_plain in _findings() if has_plain
    }
