"""What is handed on of a place: all that a scenario names, wherever it is, and how to get its runs again."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

import evac
from evac.archive.basis import Basis
from evac.archive.records import StudyRecord, Wanted, note_study
from evac.studio.handing_on import _commands
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


def _asked(cache: Path, plans: list[str], fidelity: str, vehicles: str, seeds: list[int]) -> list[dict[str, Any]]:
    """Note a study, and return its runs as the table has them."""
    jobs = [Wanted(f"{fidelity} {plan} {plans}", "", plan, vehicles, "usual") for plan in plans]
    selected = {"vehicles": [vehicles], "departures": ["usual"], "seeds": seeds, "fidelity": fidelity}
    begun = datetime(2026, 1, 1, len(list((cache / "studies").glob("*"))), tzinfo=UTC)
    basis = Basis({}, dict.fromkeys(plans, ""), {}, {})
    note_study(cache, StudyRecord("balzers", basis, begun, tuple(jobs), (), selected))
    case = {"vehicles_per_household": vehicles, "departure": "usual", "fidelity": fidelity, "capacity_factor": 1.0}
    return [{"job": job.job, "plan": job.plan, "seed": seed, "signals": None, **case} for job in jobs for seed in seeds]


def test_commands_put_together_what_may_be_and_keep_coarse_studies_as_they_were_asked_for(tmp_path: Path) -> None:
    place = evac.open(balzers(tmp_path) / "scenarios" / "balzers", workspace=tmp_path)
    rows = [
        *_asked(place.cache, ["baseline"], "micro", "1", [7]),
        *_asked(place.cache, ["flood"], "micro", "1", [7]),
        *_asked(place.cache, ["baseline", "flood"], "meso", "1", [1]),
        *_asked(place.cache, ["baseline", "contraflow-south"], "meso", "1", [1]),
    ]
    _asked(place.cache, ["baseline", "bridge-closed"], "meso", "1", [1])  # which was called off
    case, coarse = "--vehicles 1 --departure usual --seed", "--fidelity meso"
    assert _commands(place, pd.DataFrame(rows)) == [
        f"evac run scenarios/balzers --plan baseline --plan {plan} {case} {rest} --no-sensitivity"
        for plan, rest in (("flood", "7"), ("flood", f"1 {coarse}"), ("contraflow-south", f"1 {coarse}"))
    ]


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
