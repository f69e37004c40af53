"""The docs site: every link leads somewhere, it loads nothing from elsewhere, and its search knows the pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import evac

ROOT = Path(__file__).parents[2]
_LOADED = re.compile(r"<(?:script|img|link)\b[^>]*\b(?:src|href)=\"(https?:)?//[^\"]*\"")


@pytest.fixture(scope="module")
def site() -> Path:
    build = [sys.executable, "setup/site.py"]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "site"


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    loaded = {page.name: found[0] for page in pages if (found := _LOADED.search(page.read_text(encoding="utf-8")))}
    assert loaded == {}


def test_the_reference_has_every_public_name_with_its_words(site: Path) -> None:
    page = (site / "python-reference" / "index.html").read_text(encoding="utf-8")
    for name in ("Place.under", "Place.study", "Plan.changes", "Run.clearance", "Study.report", "Report.table"):
        assert re.search(rf'id="evac\.\w+\.{re.escape(name)}"', page), name
    assert "share of all planned vehicles is out" in page
    exported = {"open_place" if name == "open" else name for name in evac.__all__}
    assert {name for name in exported if not re.search(rf'id="evac\.\w+\.{name}"', page)} == set()


@pytest.mark.usefixtures("site")
def test_every_page_is_in_the_navigation() -> None:
    listed = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "build" / "pages").as_posix() for path in (ROOT / "build" / "pages").rglob("*.md")]
    assert [page for page in pages if f": {page}\n" not in listed] == []


def test_the_search_finds_what_the_pages_say(site: Path) -> None:
    assert "contraflow" in (site / "search.json").read_text(encoding="utf-8").lower()
