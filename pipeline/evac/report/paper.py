"""The report on paper: the page's content as PDF, laid out by weasyprint."""

from __future__ import annotations

import logging
from typing import Any

from evac.errors import InstallationError, Problem

_FIXED_ID = b"evac"
"""In place of a random identifier, so that the same content gives the same bytes."""
_FRONT_SIZES_PT = (8.6, 8.1, 7.6, 7.1, 6.6)
"""Type sizes of the first page, tried until it is one page: names and plans may be many."""
_FIRST_BEHIND = "cases"
"""Where the page behind the first one begins: an anchor."""


def pdf_bytes(html: str) -> bytes:
    """Return a page as PDF, with bookmarks, tags and alternative texts for screen readers (PDF/UA).

    Nothing is fetched: a page that refers to anything outside of itself is refused.

    Raises
    ------
    InstallationError
        A system library of weasyprint (Pango) is missing.
    """
    try:
        import weasyprint  # noqa: PLC0415 - it loads Pango
    except OSError as error:
        remedy = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        raise InstallationError(Problem("report.pdf", f"a system library is missing ({error})", remedy)) from error
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    inside = weasyprint.URLFetcher(allowed_protocols={"data"}, fail_on_errors=True)
    page = weasyprint.HTML(string=html, url_fetcher=inside)
    for size_pt in _FRONT_SIZES_PT:
        style = weasyprint.CSS(string=f":root {{ --front-size: {size_pt}pt }}")
        document = page.render(stylesheets=[style], pdf_variant="pdf/ua-1")
        if _front_pages(document) <= 1:
            break
    written: bytes = document.write_pdf(pdf_identifier=_FIXED_ID, pdf_variant="pdf/ua-1")
    return written


def _front_pages(document: Any) -> int:
    """Return how many pages the first one takes; 1 for a page that has but one section."""
    return next((number for number, page in enumerate(document.pages) if _FIRST_BEHIND in page.anchors), 1)
