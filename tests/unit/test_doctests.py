"""The examples in the façade's docstrings give what they say."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ("evac.place", "evac.under", "evac.outcome", "evac.studied", "evac.varied", "evac.watching", "evac.written")
_AS_SHOWN = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def test_the_examples_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = [doctest.testmod(import_module(name), optionflags=_AS_SHOWN) for name in MODULES]
    assert sum(result.attempted for result in found) > 3, "no example is run"
    assert sum(result.failed for result in found) == 0
