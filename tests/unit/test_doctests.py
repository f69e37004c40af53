"""The examples in docstrings give what they say."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "pipeline" / "evac"
_AS_SHOWN = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def test_the_examples_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with_examples = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
    assert PACKAGE / "place.py" in with_examples
    for path in with_examples:
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        result = doctest.testmod(import_module(name), optionflags=_AS_SHOWN)
        assert result.attempted > 0, f"no example of {name} is run"
        assert result.failed == 0
