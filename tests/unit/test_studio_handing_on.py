"""What is handed on of a place: all that a scenario names, wherever it is, and how to get its runs again."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import evac
from studio_workspace import balzers, client_of


def _packed(folder: Path) -> zipfile.ZipFile:
    answer = client_of(folder).get("/api/places/balzers/folder")
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(answer.content))


def _moved(folder: Path, to: Path) -> str:
    """Move the scenario's map out of its folder, and return how the scenario names it then."""
    scenario = folder / "scenarios" / "balzers"
    to.parent.mkdir(parents=True, exist_ok=True)
    (scenario / "data" / "balzers.osm.pbf").rename(to)
    named = f"../../{to.relative_to(folder)}" if to.is_relative_to(folder) else str(to)
    text = (scenario / "scenario.yaml").read_text()
    (scenario / "scenario.yaml").write_text(text.replace("data/balzers.osm.pbf", named))
    return named


def test_it_holds_scenario_plans_data_and_a_readme(tmp_path: Path) -> None:
    folder = balzers(tmp_path / "here")
    report = folder / "reports" / "balzers"
    report.mkdir(parents=True)
    (report / "index.html").write_text("<h1>Report</h1>")
    (folder / "secret").write_text("secret")
    (report / "away").symlink_to(folder / "secret")
    packed = _packed(folder)
    names = set(packed.namelist())
    for part in ("scenarios", "plans"):
        assert {path.relative_to(folder).as_posix() for path in (folder / part).rglob("*") if path.is_file()} <= names
    assert "reports/balzers/index.html" in names
    assert "reports/balzers/away" not in names
    readme = packed.read("README.md").decode()
    assert "# Balzers" in readme
    assert "Nothing has been run yet: `evac run scenarios/balzers`" in readme
    for name in re.findall(r"`((?:scenarios|plans|reports)/[^`]*)`", readme):
        assert any(member.startswith(name) for member in names)
    packed.extractall(tmp_path / "elsewhere")
    assert evac.open(tmp_path / "elsewhere" / "scenarios" / "balzers").under("flood").key == "flood"


def test_data_elsewhere_in_the_workspace_are_in_it_and_are_found_again(tmp_path: Path) -> None:
    folder = balzers(tmp_path / "here")
    _moved(folder, folder / "extracts" / "balzers.osm.pbf")
    packed = _packed(folder)
    assert "extracts/balzers.osm.pbf" in packed.namelist()
    packed.extractall(tmp_path / "elsewhere")
    place = evac.open(tmp_path / "elsewhere" / "scenarios" / "balzers")
    assert all(path.is_file() for path in place.named_files)


def test_data_outside_of_the_workspace_are_told_not_left_out(tmp_path: Path) -> None:
    folder = balzers(tmp_path / "here")
    _moved(folder, tmp_path / "away" / "balzers.osm.pbf")
    answer = client_of(folder).get("/api/places/balzers/folder")
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert "away/balzers.osm.pbf" in problem["where"]
    assert "outside of the workspace" in problem["what"]
    assert not list((folder / ".evac" / "studio").glob(".packed.*"))
