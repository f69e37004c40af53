"""`evac plan show`, `evac plan list` and `evac schema plan` on the crafted town."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from evac.cli import run_guarded

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
PLAN = """\
name: Bypass south
note: Tried here.
actions:
  - do: contraflow
    label: contraflow on the bypass
    where: {street: Bypass, towards: east}
    when: {setup_min: 20}
    with: {officers: 2, cones: 80}
  - {do: close, where: {street: Hill Road}, when: {from_min: 30}, accept_cut_off: true, with: {officers: 1}}
  - {do: behaviour, at_most_vehicles: 1}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a scenario's folder with a plan beside it."""
    folder = tmp_path / "scenarios" / "town"
    shutil.copytree(TOWN, folder)
    (tmp_path / "plans" / "town").mkdir(parents=True)
    (tmp_path / "plans" / "town" / "bypass.yaml").write_text(PLAN)
    return folder


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join("".join(char for char in capsys.readouterr().out if char not in "│┃━─").split())


def test_show_tells_what_changes_and_draws_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["plan", "show", str(place), "bypass"]) == 0
    said = _said(capsys)
    for words in ("3 officers, 80 cones", "1 → 2", "from 0:20 h on", "at most 1 vehicle(s) a household"):
        assert words in said
    assert "by action" in said
    lanes = said[said.index("Lanes for cars") : said.index("https://")]
    assert lanes.count(" m 1 ") == 2, "both directions of the contraflow, by the first action"
    assert lanes.count(" m 2 ") == 2, "both directions of Hill Road, by the second"
    assert "120 households lose their only way out" in said
    assert "https://www.openstreetmap.org/?mlat=47.0" in said
    picture = place.parents[1] / "reports" / "town" / "plans" / "bypass.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in said


def test_show_draws_no_map_of_a_plan_without_changes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["plan", "show", str(place), "baseline"]) == 0
    assert "there is no map to draw" in _said(capsys)
    assert not (place.parents[1] / "reports").exists()


def test_list_has_each_plan_with_what_it_takes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["plan", "list", str(place)]) == 0
    said = _said(capsys)
    assert said.index("baseline") < said.index("bypass")
    assert "Tried here." in said
    assert "80 cones" in said


def test_the_schema_of_plans_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["schema", "plan"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Plan"
