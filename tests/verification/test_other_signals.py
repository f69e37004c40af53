"""Where a signal is at a bottleneck, the middle case is run with the other kind of programs as well."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from evac.network.signal_programs import other_programs
from evac.plans import BASELINE
from evac.plans.reading import load_plan
from evac.report.from_cache import read_study
from evac.scenario import load_scenario
from evac.study import Selection, Study, run_study
from evac.study.engines import Serial
from evac.study.plans import Plans
from evac.study.prepare import Prepared, prepare
from evac.study.runs import Silent
from evac.study.under_plan import under_plan
from small_studies import town_of

SIGNAL, NO_SIGNAL = "20-two-lanes-at-a-signal", "18-one-lane-bottleneck"


def _town(test: str, folder: Path, signals: str) -> tuple[Prepared, Plans]:
    town = town_of(test, folder)
    streets, zones = town / "map.osm", town / "zones.geojson"
    streets.write_text(streets.read_text().replace('v="secondary"', 'v="residential"'))  # people live there too
    zones.write_text(
        re.sub(r"47\.06\d+", "47.066", re.sub(r"47\.070\d+|47\.07\b", "47.074", zones.read_text())).replace(
            "9.5158078", "9.53"
        )
    )
    scenario = town / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("{country: LI}", f"{{country: LI, signals: {signals}}}"))
    loaded = load_scenario(scenario)
    prepared = prepare(loaded, folder / ".evac", lambda _: None)
    return prepared, {BASELINE: under_plan(prepared, load_plan(BASELINE, loaded.plans_folder), folder / ".evac")}


def _study(prepared: Prepared, plans: Plans, cache: Path, **changes: bool) -> Study:
    return run_study(prepared, plans, Selection(**changes), cache, engine=Serial(), display=Silent())  # type: ignore[arg-type]


def _evacuated(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "vehicles.parquet")[["vehicle", "entered_s", "evacuated_s"]]


@pytest.mark.parametrize(("signals", "other"), [("actuated", "static"), ("static", "actuated")])
def test_other_programs_are_those_of_the_net_compiled_with_them(tmp_path: Path, signals: str, other: str) -> None:
    """Whoever has the signals run the other way by the scenario gets the same run, vehicle by vehicle."""
    prepared, plans = _town(SIGNAL, tmp_path / "a", signals)
    study = _study(prepared, plans, tmp_path / "a" / ".evac")
    varied = [run for run in study.runs if run.case.signals is not None]
    assert [run.case.signals for run in varied] == [other]
    assert [run.case.capacity_factor for run in study.runs] == [1.0, 0.85, 1.15, 1.0]
    told = _study(*_town(SIGNAL, tmp_path / "b", other), tmp_path / "b" / ".evac", sensitivity=False)
    pd.testing.assert_frame_equal(_evacuated(varied[0].folder), _evacuated(told.runs[0].folder))
    assert not _evacuated(study.runs[0].folder).equals(_evacuated(varied[0].folder))
    found = read_study(prepared, plans, Selection(), tmp_path / "a" / ".evac")
    assert [run.case for run in found.runs] == [run.case for run in study.runs]


def test_without_a_signal_at_a_bottleneck_nothing_more_is_run(tmp_path: Path) -> None:
    study = _study(*_town(NO_SIGNAL, tmp_path, "actuated"), tmp_path / ".evac")
    assert [run.case.signals for run in study.runs] == [None, None, None]


def test_greens_of_fixed_programs_become_variable_and_nothing_else(tmp_path: Path) -> None:
    net = tmp_path / "net.net.xml"
    phases = '<phase duration="40" state="GGrr"/><phase duration="3" state="yyrr"/><phase duration="2" state="rrrr"/>'
    net.write_text(f'<net><tlLogic id="a" type="static" programID="0" offset="7">{phases}</tlLogic></net>')
    [program] = ET.fromstring(other_programs(net, "actuated"))
    assert program.attrib == {"id": "a", "type": "actuated", "programID": "other", "offset": "7"}
    assert [phase.attrib for phase in program] == [
        {"duration": "40", "state": "GGrr", "minDur": "5", "maxDur": "50"},
        {"duration": "3", "state": "yyrr"},
        {"duration": "2", "state": "rrrr"},
    ]
