"""The study's script, whole, on the schematic map with a fortieth of its households."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
NAME = "mill-valley-schematic"
SHARE = 40


def small_town(folder: Path) -> Path:
    """Copy scenario and plans, with fewer households; return the scenario's folder."""
    shutil.copytree(ROOT / "plans" / NAME, folder / "plans" / NAME)
    shutil.copytree(ROOT / "scenarios" / NAME, folder / "scenarios" / NAME)
    zones = folder / "scenarios" / NAME / "data" / "zones.geojson"
    content = json.loads(zones.read_text())
    for feature in content["features"]:
        feature["properties"]["households"] = max(1, feature["properties"]["households"] // SHARE)
    zones.write_text(json.dumps(content))
    return folder / "scenarios" / NAME


@pytest.mark.slow
def test_the_study_writes_its_tables_and_figures(tmp_path: Path) -> None:
    scenario = small_town(tmp_path)
    command = [sys.executable, str(scenario / "study.py"), "--full", "--workspace", str(tmp_path)]
    path = {"PYTHONPATH": os.pathsep.join(filter(None, [str(scenario), os.environ.get("PYTHONPATH", "")]))}
    done = subprocess.run(
        command, env={**os.environ, **path}, capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = tmp_path / "reports" / NAME
    checks = pd.read_csv(report / "checks.csv")
    assert len(checks) == 9
    assert (checks["difference"] == 0).all()  # whoever is out has passed one of the four lanes
    areas = pd.read_csv(report / "areas.csv")
    assert (
        areas["vehicles"].sum()
        == checks.query("plan == 'baseline' and vehicles_per_household == 1.5")["evacuated"].iloc[0]
    )
    assert (report / "styles.md").read_text().count("| aggressive |") == 2
    assert (report / "side_by_side.md").read_text().count("\n") == 8
    figures = {file.name for file in (report / "figures").glob("study_*.png")}
    assert {"study_areas.png", "study_curves_final_against_preliminary.png"} <= figures
    assert (report / "index.html").is_file()
