"""What forms ask: filled from the runs, blank with the reason; and what one car less per household buys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import report_data
from evac.report import fewer_cars, forms, nureg, results
from evac.report.inputs import ReportInput
from report_data import Case


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    return report_data.report_input(tmp_path_factory.mktemp("runs"))


def test_ways_out_carry_what_the_vehicles_say(report: ReportInput) -> None:
    cases = results.case_results(report)
    centre = results.headline(report, cases)
    routes = forms.routes(cases, centre).set_index("exit")
    vehicles = pd.read_parquet(centre.run.folder / "vehicles.parquet")
    for name, times in vehicles.dropna(subset="evacuated_s").groupby("exit")["evacuated_s"]:
        most = max(((times >= start) & (times < start + 3600)).sum() for start in times)
        assert routes.loc[str(name), ["vehicles", "busiest_hour_veh"]].tolist() == [len(times), most]
        assert routes.loc[str(name), "last_s"] == times.max()


def test_a_form_says_why_it_is_blank(report: ReportInput) -> None:
    found = forms.checklists(report, results.case_results(report))
    assert len(found) == len(forms.TITLES)
    items = [item for rows in found.values() for item in rows]
    assert all(item.where for item in items)
    assert all(item.where.startswith(("Blank: ", "No plan", "Only normal")) for item in items if item.state == "no")


def test_a_form_claims_no_lane_capacity_that_was_not_simulated(tmp_path: Path) -> None:
    factors = {"alone": (1.0,), "varied": (1.0, 0.85, 1.15)}
    said = {}
    for name, of_runs in factors.items():
        runs = tuple(report_data.write_run(tmp_path / name, Case(capacity_factor=factor)) for factor in of_runs)
        report = report_data.report_input(tmp_path / name, runs)
        cases = results.case_results(report)
        items = [item for rows in forms.checklists(report, cases).values() for item in rows]
        said[name] = " ".join(item.where for item in (*items, *nureg.checklist(report, cases)))
    assert "90 % at ± 15 % lane capacity" in said["varied"]
    assert "± 15 %" not in said["alone"]
    assert "stand for it" not in said["alone"].replace("would stand for it", "")


def test_exits_are_counted_per_thousand(report: ReportInput) -> None:
    households = int(report.zones["households"].sum())
    assert forms.per_thousand(report).startswith(
        f"{len(report.exits) / households * 1000:.1f} ways out per thousand house"
    )
    zones = report.scenario.households.zones.model_copy(update={"people_per_household": 2.5})
    model = report.scenario.households.model_copy(update={"zones": zones})
    counted = replace(report, scenario=report.scenario.model_copy(update={"households": model}))
    rate = len(report.exits) / (households * 2.5) * 1000
    assert forms.per_thousand(counted).startswith(f"{rate:.1f} ways out per thousand people")


def test_one_car_less_is_the_difference_of_the_two_cases(report: ReportInput) -> None:
    cases = results.case_results(report)
    said = fewer_cars.one_car_less(report, cases, results.headline(report, cases))
    less, more = (next(case for case in cases if case.shown.vehicles_per_household == label) for label in ("1", "2"))
    assert said is not None
    assert less.shown.t90_s is not None
    assert more.shown.t90_s is not None
    saved_min = round(more.shown.t90_s / 60) - round(less.shown.t90_s / 60)
    assert saved_min >= 60
    assert (
        f"buys {saved_min // 60}:{saved_min % 60:02d}\u00a0h: with 1 vehicle per household instead of 2" in said.words
    )


def test_cases_that_are_not_a_car_apart_say_nothing(tmp_path: Path) -> None:
    runs = tuple(report_data.write_run(tmp_path, Case(vehicles_per_household=label)) for label in ("1", "1.5"))
    report = report_data.report_input(tmp_path, runs)
    cases = results.case_results(report)
    assert fewer_cars.one_car_less(report, cases, cases[0]) is None
