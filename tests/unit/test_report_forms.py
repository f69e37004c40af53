"""What forms ask: filled from the runs, blank with the reason; and what one car less per household buys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString

import report_data
from evac.audit.findings import Finding
from evac.report import advice, fewer_cars, forms, movement, nureg, results
from evac.report.catalogue import catalogue
from evac.report.hazard_answers import HazardAnswers, SafeOrders
from evac.report.inputs import ReportInput, ReportPlan
from evac.schema.places import Point
from evac.schema.refuge import Refuge, Walking
from evac.seals import sealed_directory
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


def test_the_neighbour_is_asked_for_the_busiest_hour_that_the_ways_out_have(report: ReportInput) -> None:
    """One page had two numbers for it: an hour by the clock, and any sixty minutes."""
    cases = results.case_results(report)
    centre = results.headline(report, cases)
    [busiest] = forms.routes([centre], centre).nlargest(1, "busiest_hour_veh").to_dict("records")
    (ask,) = (step for step in advice.next_steps(report, centre) if step.startswith("Ask the neighbour"))
    assert f"beyond “{busiest['exit']}”" in ask
    assert f"takes {busiest['busiest_hour_veh']:,} vehicles in an hour" in ask


def test_on_site_is_checked_what_most_vehicles_of_the_case_pass(report: ReportInput) -> None:
    """By the quickest way most would pass a road that the plan closes: nobody drives there."""
    centre = results.headline(report, results.case_results(report))
    driven = report.edges.geometry.iloc[0].interpolate(0.5, normalized=True)
    closed = report_data.spot("closed", 8, 8)
    findings = [
        Finding("warning", "lanes_guessed", f"{fact}; {share:.0%} of the vehicles pass here", lon, lat, share, (), fact)
        for fact, lon, lat, share in (
            ("Closed Road", closed.lon, closed.lat, 0.9), ("Mill Street", driven.x, driven.y, 0.3)
        )
    ]  # fmt: skip
    steps = advice.next_steps(replace(report, findings=tuple(findings)), centre)
    edges = pd.read_parquet(centre.run.folder / "edges.parquet")
    mine = edges[edges["edge"] == report.edges["edge"].iloc[0]]
    spans_s = (centre.run.manifest["end_s"] - mine["from_s"]).clip(upper=300)
    number = round((mine["flow_veh_per_h"] * spans_s / 3600).sum())
    assert f"Check on site: Mill Street; {number:,} vehicles pass there in this case." in steps


def test_the_last_window_of_a_run_is_as_long_as_the_run_lasts(tmp_path: Path) -> None:
    """128 vehicles on a road of which 5 pass it in the last minute, which is 300 an hour: "130 pass there"."""
    windows = {"edge": ["a", "a", "b"], "from_s": [0, 300, 0], "flow_veh_per_h": [123 * 12.0, 300.0, 12.0]}
    with sealed_directory(tmp_path / "run") as folder:
        pd.DataFrame(windows).to_parquet(folder / "edges.parquet")
    roads = [LineString([(9.5, lat), (9.501, lat)]) for lat in (47.0, 47.1)]
    edges = gpd.GeoDataFrame({"edge": ["a", "b"]}, geometry=roads, crs="EPSG:4326")
    case = SimpleNamespace(run=SimpleNamespace(folder=tmp_path / "run", manifest={"end_s": 360.0}))
    assert movement.passing(case, edges, [(9.5005, 47.0)]) == [pytest.approx(128.0)]


def test_what_dark_signals_cost_is_to_be_weighed_where_a_plan_has_them(report: ReportInput) -> None:
    centre = results.headline(report, results.case_results(report))
    found = {}
    for number in (0, 2):
        dark = replace(report, plans={"final": ReportPlan("final", "Signals dark", signals_off=number)})
        found[number] = [step for step in advice.next_steps(dark, centre) if "signals" in step]
    assert found[0] == []
    (step,) = found[2]
    assert step.startswith("“Signals dark” switches signals off, which may cost more than it buys")
    assert "“evac ablate SCENARIO final”" in step


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


def test_forms_know_refuges_and_who_walks_to_them(report: ReportInput) -> None:
    cases = results.case_results(report)
    asked = ("2.2", "4.4", "5.5")
    before = {item.section: item for item in nureg.checklist(report, cases) if item.section in asked}
    assert {section: item.state for section, item in before.items()} == {
        "2.2": "in part", "4.4": "no", "5.5": "does not apply"
    }  # fmt: skip
    refuge = Refuge(name="School", at=Point(lon=9.5, lat=47.0), vehicles=50, people=200)
    scenario = report.scenario.model_copy(update={"refuges": (refuge,), "walking": Walking(people_per_household=2.0)})
    walked = replace(report, scenario=scenario)
    after = {item.section: item for item in nureg.checklist(walked, cases) if item.section in asked}
    assert {section: item.state for section, item in after.items()} == dict.fromkeys(asked, "in part")
    assert "walks" in after["2.2"].where
    (rows,) = (rows for title, rows in forms.checklists(walked, cases).items() if "AB 747" in title)
    assert [row.state for row in rows if row.section == "(b)"] == ["in part"]


def test_the_latest_safe_orders_are_an_order_of_the_zones(report: ReportInput) -> None:
    found = SafeOrders({}, pd.DataFrame(), gpd.GeoDataFrame(), gpd.GeoDataFrame())
    answered = replace(report, answers=HazardAnswers(found))
    states = []
    for one in (report, answered):
        (rows,) = (rows for title, rows in forms.checklists(one, results.case_results(one)).items() if "USFA" in title)
        states += [(row.state, row.where) for row in rows if "which order" in row.asks]
    assert [state for state, _ in states] == ["no", "yes"]
    assert states[1][1].startswith("Until when each zone can be ordered out")


def test_every_text_of_the_forms_is_in_the_catalogue(report: ReportInput) -> None:
    cases, known = results.case_results(report), set(catalogue())
    items = [
        *nureg.checklist(report, cases),
        *(item for rows in forms.checklists(report, cases).values() for item in rows),
    ]
    assert [text for item in items for text in (item.asks, item.where) if text not in known] == []


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


def test_a_caveat_that_is_too_long_for_the_first_page_ends_with_a_whole_name(report: ReportInput) -> None:
    names = [f"Upper Canyon {number}" for number in range(30)]
    caveat = f"1,120 households would need a bus; of these {', '.join(f'9 in {name}' for name in names)}"
    runs = tuple(replace(run, ledger={**run.ledger, "caveats": [caveat]}) for run in report.runs)
    cases = results.case_results(replace(report, runs=runs))
    said = [sentence.words for sentence in advice.unknown(report, results.headline(report, cases))]
    (words,) = (item for item in said if item.startswith("1,120 households"))
    assert words.endswith(" …")
    shown = words.removesuffix(" …")
    assert caveat.startswith(f"{shown}, ")
    assert shown.rpartition(" in ")[2] in names
    assert len(shown) > 150


@pytest.mark.parametrize(("number", "words"), [(3, "1 more caveat is in"), (4, "2 more caveats are in")])
def test_caveats_without_room_on_the_first_page_are_counted(report: ReportInput, number: int, words: str) -> None:
    caveats = [f"street {index}: guessed" for index in range(number)]
    runs = tuple(replace(run, ledger={**run.ledger, "caveats": caveats}) for run in report.runs)
    cases = results.case_results(replace(report, runs=runs))
    said = [sentence.words for sentence in advice.unknown(report, results.headline(report, cases))]
    assert any(sentence.startswith(words) for sentence in said)
