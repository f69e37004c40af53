"""A function or constant without an underscore is there for others: another module, a script or a test uses it.

What a module has for itself alone is underscored. Classes aren't held to it: whoever gets one from a function reads its
name without importing it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pipeline" / "evac"
USERS = (PACKAGE, ROOT / "tests", ROOT / "scenarios", ROOT / "benchmarks", ROOT / "setup")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def public_names(module: Path) -> Iterator[str]:
    """Yield the functions and constants of a module that look public, but those that a decorator hands on."""
    for statement in _tree(module).body:
        if isinstance(statement, ast.FunctionDef) and not statement.decorator_list:
            yield statement.name
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (item.id for item in targets if isinstance(item, ast.Name) and item.id.isupper())


def used_names(module: Path) -> Iterator[str]:
    """Yield what a module takes from others: what it imports, what it reads of them, and names in strings."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value


def test_what_a_module_has_for_itself_is_underscored() -> None:
    used: dict[str, set[Path]] = {}
    for module in (path for folder in USERS for path in folder.rglob("*.py")):
        for name in used_names(module):
            used.setdefault(name, set()).add(module)
    alone = [
        f"{module.relative_to(PACKAGE)}: {name}"
        for module in sorted(PACKAGE.rglob("*.py"))
        for name in public_names(module)
        if not name.startswith("_") and not used.get(name, set()) - {module} and name not in _FOUND_BY_NAME
    ]
    assert alone == []


_FOUND_BY_NAME = {"departure_sd_min"}
"""Measures of `evac.verify.measures` that a test's YAML may name and none of ours does."""
