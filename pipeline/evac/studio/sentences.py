"""What the toolkit says of a plan that is laid over the network: sentences that the page may say in another language.

They are read from the code that says them, so that none is forgotten; what is filled in stands in braces, under the
name that it has there. The page is given a sentence whole, in English, and finds it again by what doesn't change in it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

_SAID_IN = (
    "clock.py",
    "demand/order_checks.py",
    "hazards/effects.py",
    "network/places.py",
    "overlay",
    "plans",
    "study/closed_bottlenecks.py",
    "study/under_plan.py",
    "study/warned.py",
    "unnamed.py",
    "validation.py",
)
"""Modules and packages that lay a plan over the network, or read its file."""
_NO_SENTENCE = re.compile(r"\s*<|\^|.*\{\w+: ")
"""XML, patterns, and coordinates."""
_WORDS = re.compile(r"[^\W\d_]{2,}[ ,:]+[^\W\d_]{2,}|\{\w+\}[ ,:]+[^\W\d_]{2,}|[^\W\d_]{2,}[ ,:]+\{")
_PLACE = re.compile(r"\{\w+\}")
_FEWEST_LETTERS, _FEWEST_BEHIND_A_PLACE = 5, 10
"""Besides what is filled in: `{speed} on {where}` would be found in half of all that people call their actions."""


@cache
def sentences() -> tuple[str, ...]:
    """Return the sentences, those first that have the most words of their own: they are looked for in this order."""
    package = resources.files("evac")
    found = sorted({text for name in _SAID_IN for file in _scripts(package / name) for text in _texts(file)})
    alike = {_PLACE.sub("{}", text): text for text in reversed(found)}  # what differs in its places' names is one
    return tuple(sorted(alike.values(), key=lambda text: (-len(_own(text)), text)))


def _scripts(place: Traversable) -> Iterator[Traversable]:
    if place.is_file():
        yield place
    else:
        yield from (file for file in place.iterdir() if file.name.endswith(".py"))


def _texts(file: Traversable) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped = {id(part) for node in ast.walk(tree) for part in _no_texts_of(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            text = _with_places(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        letters = sum(letter.isalpha() for letter in _own(text))
        fewest = _FEWEST_BEHIND_A_PLACE if _PLACE.match(text) else _FEWEST_LETTERS
        if letters >= fewest and _WORDS.search(text) and not _NO_SENTENCE.match(text):
            yield text


def _no_texts_of(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is no sentence by itself: docstrings, parts of texts, and how numbers are written."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
        yield from ast.walk(node.format_spec)


def _with_places(text: ast.JoinedStr) -> str:
    """Return a text with its places: neighbours are one, and the second of a name has a 2."""
    parts: list[str] = []
    names: list[str] = []
    for part in text.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif not parts or not _PLACE.fullmatch(parts[-1]):
            name = _name_of(part)
            names.append(name)
            number = names.count(name)
            parts.append(f"{{{name}{number if number > 1 else ''}}}")
    return "".join(parts)


def _name_of(value: ast.expr) -> str:
    """Return what a value is called: by its variable, or by what it is made from."""
    match value:
        case ast.FormattedValue(value=inner) | ast.Subscript(value=inner):
            return _name_of(inner)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower()
        case ast.Call(args=[first, *_]):
            return _name_of(first)
        case ast.Call(func=called):
            return _name_of(called)
        case _:
            return "what"


def _own(text: str) -> str:
    return _PLACE.sub("", text)
