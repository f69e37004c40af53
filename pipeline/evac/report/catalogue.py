"""The catalogue: every text of the report's page, paper and figures, read from the code that says it.

docs/report-words.yaml has them, written by `make docs`; from it a city makes its own `words`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import jinja2
import yaml
from jinja2 import nodes

from evac.report.words import say
from evac.statistics import BY_OTHERS, VERDICTS

_SAYING = ("say", "mark")
_ITEM = "Item"
"""The checklist's items: `nureg` says their words."""
_IN_SCRIPT = re.compile(r'\bsay\(("(?:[^"\\\\]|\\\\.)*")')
_HEAD = """\
# Every text of a report's page, paper and figures, written from the code by `make docs`. To have a report in another
# language, copy what you translate into `words` of your report.yaml and change the right side (docs/report.md). What
# stands in braces is filled in by the report: it may move, and may be left out.
"""


@cache
def catalogue() -> tuple[str, ...]:
    """Return every text of the report, in English and in alphabetical order."""
    package = resources.files("evac.report")
    found = {*VERDICTS.values(), BY_OTHERS}
    for file in (*package.iterdir(), *(package / "templates").iterdir()):
        found.update(_texts(file))
    return tuple(sorted(found))


def words_of_script(name: str) -> dict[str, str]:
    """Return the texts of one of the page's scripts as the report says them, from the English ones."""
    source = (resources.files("evac.report") / "templates" / name).read_text(encoding="utf-8")
    return {english: say(english) for english in _in_script(source)}


def catalogue_text() -> str:
    """Return docs/report-words.yaml."""
    words = {english: english for english in catalogue()}
    return _HEAD + yaml.safe_dump(words, allow_unicode=True, width=1_000_000, sort_keys=False)


def _texts(file: Traversable) -> Iterator[str]:
    if file.name.endswith(".py"):
        yield from _in_python(file.read_text(encoding="utf-8"))
    elif file.name.endswith(".j2"):
        yield from _in_template(file.read_text(encoding="utf-8"))
    elif file.name.endswith(".js"):
        yield from _in_script(file.read_text(encoding="utf-8"))


def _in_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in _SAYING:
            yield from _constants(node.args[:1])
        elif node.func.id == _ITEM:
            yield from _constants([node.args[1], node.args[3]])


def _constants(arguments: Sequence[ast.expr]) -> Iterator[str]:
    """Yield the texts of arguments, of both ends of `… if … else …` too."""
    for argument in arguments:
        if isinstance(argument, ast.Constant):
            yield str(argument.value)
        elif isinstance(argument, ast.IfExp):
            yield from _constants([argument.body, argument.orelse])


def _in_template(source: str) -> Iterator[str]:
    tree = jinja2.Environment(autoescape=True).parse(source)
    for found in tree.find_all(nodes.Filter):
        if found.name == "t" and isinstance(found.node, nodes.Const):
            yield str(found.node.value)


def _in_script(source: str) -> Iterator[str]:
    for match in _IN_SCRIPT.finditer(source):
        yield json.loads(match[1])
