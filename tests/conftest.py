"""What holds for all tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)  # a slow machine is no fault of what is tested
settings.load_profile("any machine")

_LONGEST = (
    "tests/e2e/studio/",
    "test_right_values",
    "test_search.py",
    "test_report_page",
    "test_plan_closures",
    "test_verify.py",
    "test_cases.py",
)
"""What takes longest (half a minute of processor and more)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first: no worker is left with one of them when the others have ended."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    path = item.path.as_posix()
    return next((rank for rank, part in enumerate(_LONGEST) if part in path), len(_LONGEST))
