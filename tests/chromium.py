"""The browser of the tests: Debian's Chromium, without a graphics card and without a network of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    # WebGL without a graphics card, for the map. Not `--use-angle=swiftshader`, which puts the whole page together so:
    # it takes twice as long.
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


_OF_THE_BROWSER = "GPU stall due to ReadPixels"
"""What it says of itself: without a graphics card each picture of a map is read back into the page."""


def is_complaint(message: Any) -> bool:
    """Tell whether a message of the console is an error or a warning about the page."""
    return message.type in ("error", "warning") and _OF_THE_BROWSER not in message.text


@contextmanager
def launched() -> Iterator[Any]:
    """Run the browser while the block works."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - tests without it are skipped

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()
