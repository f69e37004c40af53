"""The notebooks run from top to bottom, on Balzers, as somebody who opens them does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import matplotlib as mpl
import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
_HOUSEHOLDS_SHARE = 0.04


def test_there_are_notebooks_and_they_show_what_they_gave() -> None:
    assert len(NOTEBOOKS) == 2
    for path in NOTEBOOKS:
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in cells), f"{path.name} was saved without its results"


@pytest.fixture(scope="module")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with Balzers where few of its households live, so that its runs take a second."""
    workspace = tmp_path_factory.mktemp("hamlet")
    for folder in ("scenarios", "plans"):
        shutil.copytree(ROOT / folder / "balzers", workspace / folder / "balzers")
    zones = workspace / "scenarios" / "balzers" / "data" / "zones.geojson"
    content = json.loads(zones.read_text(encoding="utf-8"))
    for feature in content["features"]:
        feature["properties"]["households"] = round(_HOUSEHOLDS_SHARE * feature["properties"]["households"])
    zones.write_text(json.dumps(content), encoding="utf-8")
    return workspace


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_cells_of_a_notebook_run_on_a_hamlet(path: Path, hamlet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hamlet)
    names: dict[str, Any] = {}
    with mpl.rc_context({"backend": "agg"}):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, path.name, "exec"), names)
    study = names["study"]
    assert {run.planned for run in study} <= set(range(60, 200))
    assert all(run.clearance() is not None for run in study)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=1800, resources={"metadata": {"path": str(FOLDER)}}).execute()
