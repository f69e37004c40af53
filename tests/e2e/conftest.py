"""What all end-to-end tests share.

A browser, and reports without what takes longest and has tests of its own: the PDF, the animation, and that figures
become pictures. They are drawn all the same, up to that.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from chromium import CHROMIUM, launched
from evac.report import drawing, publish

_WHOLE_REPORTS = ("test_report_page",)
_WITH_PICTURES = (*_WHOLE_REPORTS, "test_plan_commands", "test_safe_order")
_BLANK = {
    "png": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
    ),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
}
"""A picture of one pixel."""


@pytest.fixture(scope="module", autouse=True)
def _light_reports(request: pytest.FixtureRequest) -> Iterator[None]:
    module = request.module.__name__.rpartition(".")[2]
    with pytest.MonkeyPatch.context() as patch:
        if module not in _WHOLE_REPORTS:
            patch.setattr(publish, "print_html", lambda *_: "")
            patch.setattr(publish, "pdf_bytes", lambda _: b"%PDF")
            patch.setattr(publish, "animation", lambda *_: {"gif": b"GIF89a"})
        if module not in _WITH_PICTURES:
            patch.setattr(drawing, "_saved", lambda _, **options: _BLANK[options["format"]])
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
