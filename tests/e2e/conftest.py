"""What all end-to-end tests share: reports without the PDF and the animation, which take longest and have a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evac.report import publish

_WHOLE_REPORTS = ("test_report_page",)


@pytest.fixture(scope="module", autouse=True)
def _light_reports(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if request.module.__name__.rpartition(".")[2] not in _WHOLE_REPORTS:
            patch.setattr(publish, "pdf_bytes", lambda _: b"%PDF")
            patch.setattr(publish, "animation", lambda *_: {"gif": b"GIF89a"})
        yield
