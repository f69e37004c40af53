"""A studio on Balzers, and a page of it: what the tests of the studio share that need no workspace of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chromium import is_complaint
from studio_page import context_of
from studio_workspace import Served, prepared_balzers, served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a workspace with Balzers, where few have a car."""
    return prepared_balzers(tmp_path_factory.mktemp("workspace"), 0.2)


@pytest.fixture(scope="module")
def studio(folder: Path) -> Iterator[Served]:
    """Give a studio on the workspace."""
    with served(folder) as studio:
        yield studio


@pytest.fixture
def context(browser: Any, studio: Served) -> Iterator[Any]:
    """Give a user of the browser who has opened the studio."""
    with context_of(browser, studio) as context:
        yield context


def _is_noise(message: Any) -> bool:
    """Tell whether a message of the browser is none about what the studio has refused, which the page shows itself."""
    return is_complaint(message) and "status of 422" not in message.text


@pytest.fixture
def page(context: Any, studio: Served) -> Iterator[Any]:
    """Give a page that shows Balzers; it must be quiet, and ask nobody but the studio."""
    page = context.new_page()
    noise: list[str] = []
    address = str(studio.client.base_url)
    known = (address, "data:", "blob:")
    page.on("console", lambda message: noise.append(message.text) if _is_noise(message) else None)
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("dialog", lambda dialog: (noise.append("dialog"), dialog.dismiss()))
    page.on("request", lambda sent: None if sent.url.startswith(known) else noise.append(sent.url))
    page.goto(address)
    page.wait_for_selector("#studio[data-state=ready]")
    yield page
    page.close()
    assert noise == []
