"""What all end-to-end tests share.

A browser, and reports without the PDF and the animation, which take longest and have a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chromium import CHROMIUM, launched
from evac.report import publish

_WHOLE_REPORTS = ("test_report_page",)


@pytest.fixture(scope="module", autouse=True)
def _light_reports(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if request.module.__name__.rpartition(".")[2] not in _WHOLE_REPORTS:
            patch.setattr(publish, "pdf_bytes", lambda _: b"%PDF")
            patch.setattr(publish, "animation", lambda *_: {"gif": b"GIF89a"})
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give one browser to all tests of a file: each opens pages, or contexts, of its own.

    Not one to all files: as long as Playwright is open, no other test of the process could run an event loop.
    """
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    with launched() as browser:
        yield browser
