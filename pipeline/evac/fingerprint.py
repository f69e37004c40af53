"""What the toolkit is, as far as results depend on it: its version and what its stages do.

Cached maps, nets and runs carry it in their address, so a result of other code is never taken for one of this code.
Digested is what a run imports, directly or by others, as syntax: neither comments and docstrings nor modules that only
show results make runs old. So do none that only find the inputs of a scenario, whose content is hashed.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from evac import __version__
from evac.files import digest_file, digest_json, write_text

_PACKAGE = Path(__file__).parent
_DATA = (".csv", ".parquet", ".xml")
_MAKES_RUNS = (
    "evac.study.jobs",
    "evac.study.prepare",
    "evac.study.under_plan",
    "evac.study.same_lanes",
    "evac.study.screening",
    "evac.study.worker",
    "evac.simulate.launcher",
)
"""Where a run begins: its job, what it stands on, the lanes that it is measured at, the mesoscopic model's fit, the
worker on another machine, and the program that starts SUMO."""
_MAKES_NO_RUNS = (
    *("evac.acquire", "evac.archive", "evac.audit", "evac.sources"),
    *("evac.outcome", "evac.place", "evac.progress", "evac.searching", "evac.studied"),
    *("evac.under", "evac.varied", "evac.watching", "evac.written"),
)
"""What these import for people's eyes, to keep books, or to fetch files that are hashed afterwards."""


@cache
def fingerprint() -> str:
    """Return the toolkit's version and a digest of its stages, such as `0.1.0+3f2a…` (16 hex digits)."""
    return f"{__version__}+{_remembered(_PACKAGE)}"


def _remembered(package: Path) -> str:
    """Return the digest of a package's stages; worked out once for the same files, as Python compiles them once."""
    files = sorted(path for path in package.rglob("*") if path.suffix in (".py", *_DATA))
    raw = digest_json({path.relative_to(package).as_posix(): digest_file(path) for path in files})
    note = package / "__pycache__" / f"fingerprint.{sys.implementation.cache_tag}-{raw[:16]}.txt"
    with suppress(OSError):
        return note.read_text(encoding="ascii")
    digest = digest_stages(package)
    with suppress(OSError):  # where nothing may be written, it is worked out at each start
        for old in note.parent.glob(f"fingerprint.{sys.implementation.cache_tag}-*.txt"):
            old.unlink(missing_ok=True)
        write_text(note, digest)
    return digest


def digest_stages(package: Path) -> str:
    """Return a digest of what makes runs in a folder that holds the package: 16 hex digits."""
    modules = {_name(path, package): path for path in package.rglob("*.py")}
    code = dict(_reached(modules))
    folders = {modules[name].parent for name in code}
    data = {
        path.relative_to(package).as_posix(): digest_file(path)
        for path in package.rglob("*")
        if path.suffix in _DATA and path.parent in folders
    }
    return digest_json({"code": code, "data": data})[:16]


def _reached(modules: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Yield each module that a run imports, and its code without comments, docstrings and layout."""
    waiting, seen = list(_MAKES_RUNS), set(_MAKES_RUNS)
    while waiting:
        name = waiting.pop()
        imported, code = _read(modules[name].read_bytes())
        for found in _of_package((name, *imported), modules):
            if found not in seen and not _is_in(found, _MAKES_NO_RUNS):
                seen.add(found)
                waiting.append(found)
        yield name, code


def _read(source: bytes) -> tuple[tuple[str, ...], str]:
    """Return the names that a module imports, wherever in it, and its code without comments, docstrings and layout."""
    tree, names = ast.parse(source), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{item.name}" for item in node.names)]
    return tuple(names), ast.unparse(_Bare().visit(tree))


def _of_package(names: Iterable[str], modules: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules of the package among names, and the packages that they are in."""
    for full in names:
        parts = full.split(".")
        for length in range(1, len(parts) + 1):
            part = ".".join(parts[:length])
            if part in modules:
                yield part


def _is_in(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _name(path: Path, package: Path) -> str:
    """Return a module's name from its file's place in the package."""
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(("evac", *(parts[:-1] if parts[-1] == "__init__" else parts)))


class _Bare(ast.NodeTransformer):
    """Takes the strings out that stand alone, as docstrings do."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | ast.Pass:
        """Put nothing in the place of a docstring."""
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return ast.Pass() if is_text else node
