"""The documentation: every YAML block is a valid piece of a scenario, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from evac import tables
from evac.plans.model import Plan
from evac.report import publish
from evac.report.settings import ReportSettings
from evac.schema.scenario import Scenario
from evac.yaml_file import read_yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("**/*.md"), *(ROOT / "scenarios").glob("**/*.md")])
LEAST: dict[str, Any] = {
    "name": "Least",
    "osm": {"file": "roads.osm"},
    "households": {"zones": {"file": "zones.geojson", "count": "households"}},
}

_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def _blocks() -> list[Any]:
    return [
        pytest.param(block, id=f"{page.name}:{number}")
        for page in (ROOT / "README.md", ROOT / "docs" / "how-to.md", ROOT / "docs" / "hazards.md")
        for number, block in enumerate(_BLOCK.findall(page.read_text()))
    ]


@pytest.mark.parametrize("block", _blocks())
def test_a_block_is_a_piece_of_a_scenario_or_a_plan(block: str, tmp_path: Path) -> None:
    path = tmp_path / "block.yaml"
    path.write_text(block)
    content = read_yaml(path).content
    if "actions" in content:
        Plan.model_validate(content)
    else:
        Scenario.model_validate({**LEAST, **content})


def _plans() -> list[Any]:
    blocks = _BLOCK.findall((ROOT / "docs" / "plans.md").read_text())
    return [pytest.param(block, id=f"plans.md:{number}") for number, block in enumerate(blocks)]


@pytest.mark.parametrize("block", _plans())
def test_a_block_on_plans_is_a_plan(block: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(block)
    Plan.model_validate(read_yaml(path).content)


def test_every_action_has_an_example() -> None:
    page = (ROOT / "docs" / "plans.md").read_text()
    actions = Plan.model_json_schema()["properties"]["actions"]["items"]["discriminator"]["mapping"]
    assert [name for name in actions if f"do: {name}" not in page] == []


@pytest.mark.parametrize(
    "schema", [tables.VEHICLES, tables.CURVE, tables.BOTTLENECKS, tables.EDGES, tables.EXPOSURE, publish._RESULTS]
)
def test_every_column_is_explained(schema: pa.Schema) -> None:
    page = (ROOT / "docs" / "results.md").read_text()
    assert [name for name in schema.names if f"`{name}`" not in page] == []


def test_the_settings_of_a_report_are_all_shown(tmp_path: Path) -> None:
    (block,) = _BLOCK.findall((ROOT / "docs" / "report.md").read_text())
    (tmp_path / "report.yaml").write_text(block)
    content = read_yaml(tmp_path / "report.yaml").content
    ReportSettings.model_validate(content)
    assert set(content) == set(ReportSettings.model_fields)


def test_there_are_blocks_and_links_to_check() -> None:
    assert len(_blocks()) > 20
    assert sum(len(_links(page)) for page in PAGES) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    for link in _links(page):
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name} links to {link}"
        if anchor and file.suffix == ".md":
            assert anchor in _anchors(file), f"{page.name} links to {link}"


def _links(page: Path) -> list[str]:
    found = [link or image for link, image in _LINK.findall(_CODE.sub("", page.read_text()))]
    return [link for link in found if not link.startswith(("http://", "https://"))]


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


WRITTEN = sorted([*PAGES, *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"))])
_LONGEST = 120
_MAY_BE_LONG = re.compile(r"^(\||!\[|<img|\s*(- |\d+\. )?\[[^\]]*\]\(\S+\)\S*$| {4})|https?://\S{40}")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_lines_are_short_but_for_tables_links_and_code(page: Path) -> None:
    prose = _FENCED.sub("", page.read_text(encoding="utf-8")).splitlines()
    assert [line for line in prose if len(line) > _LONGEST and not _MAY_BE_LONG.search(line)] == []
