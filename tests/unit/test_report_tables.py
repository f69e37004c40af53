"""The report's tables are the runs' numbers: counted again here, from the vehicles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import report_data
from evac import clock
from evac.overlay.diff import Change
from evac.report import comparing, estimates, movement, nureg, results, settings, sheets, units
from evac.report.inputs import ReportInput, ReportPlan
from evac.report.ledger import ledger, ledger_value
from report_data import Case


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportInput:
    """Return two plans with three seeds each; the plan is a fifth faster."""
    folder = tmp_path_factory.mktemp("runs")
    runs = tuple(
        report_data.write_run(folder, Case(plan=plan, seed=seed), speedup=speedup)
        for plan, speedup in (("baseline", 1.0), ("final", 1.25))
        for seed in (1, 2, 3)
    )
    plans = {"final": ReportPlan("final", "Final", resources={"officers": 3, "cones": 40})}
    return report_data.report_input(folder, runs, plan="final", compared_with="baseline", plans=plans)


def test_a_clearance_time_is_the_mean_of_the_seeds_with_its_interval(report: ReportInput) -> None:
    row = estimates.clearance_table(results.case_results(report)).set_index("plan").loc["baseline"]
    times = [run.manifest["t90_s"] for run in report.runs if run.case.plan == "baseline"]
    half = 4.302653 * np.std(times, ddof=1) / np.sqrt(3)  # Student's t, 2 degrees of freedom, 97.5 %
    assert row["t90_s"] == pytest.approx(np.mean(times))
    assert (row["t90_low_s"], row["t90_high_s"]) == pytest.approx((np.mean(times) - half, np.mean(times) + half))
    assert row["seeds"] == 3


def test_what_a_plan_saves_is_paired_by_seed(report: ReportInput) -> None:
    table = estimates.resources_table(report, results.case_results(report)).set_index("plan")
    by_seed = {(run.case.plan, run.case.seed): run.manifest["t90_s"] for run in report.runs}
    saved = [by_seed["baseline", seed] - by_seed["final", seed] for seed in (1, 2, 3)]
    assert table.loc["final", "saved_90_s"] == pytest.approx(np.mean(saved))
    assert table.loc["final", ["officers", "cones"]].tolist() == [3, 40]
    assert np.isnan(table.loc["baseline", "saved_90_s"])


def test_exits_by_hour_are_the_vehicles_that_left(report: ReportInput) -> None:
    table = movement.exits_by_hour(results.case_results(report))
    run = results.headline(report, results.case_results(report)).run
    vehicles = pd.read_parquet(run.folder / "vehicles.parquet")
    rows = table[table["plan"] == "final"]
    assert rows["vehicles"].sum() == vehicles["evacuated_s"].notna().sum()
    in_second = vehicles[(vehicles["exit"] == "Ridge") & vehicles["evacuated_s"].between(3600, 7199.999)]
    row = rows[(rows["exit"] == "Ridge") & (rows["from_h"] == 1)].iloc[0]
    assert row["vehicles"] == len(in_second)
    assert rows.groupby("from_h")["share_of_hour"].sum().to_numpy() == pytest.approx(1.0)
    assert rows["share_of_planned"].sum() == pytest.approx(1.0)


def test_trip_generation_counts_intended_departures(report: ReportInput) -> None:
    table = movement.trip_generation(results.case_results(report))
    row = table[(table["plan"] == "final") & (table["minute"] == 60)].iloc[0]
    run = results.headline(report, results.case_results(report)).run
    departures = pd.read_parquet(run.folder / "vehicles.parquet")["departure_s"]
    assert row["departed"] == (departures <= 3600).sum()
    assert row["departed_share"] == pytest.approx((departures <= 3600).mean())


def test_states_account_for_every_vehicle_that_meant_to_leave(report: ReportInput) -> None:
    table = movement.states(results.case_results(report), report.edges)
    row = table[(table["plan"] == "final") & (table["at_min"] == 60)].iloc[0]
    run = results.headline(report, results.case_results(report)).run
    curve = pd.read_parquet(run.folder / "curve.parquet").set_index("minute").loc[60]
    assert row["on_the_road"] + row["waiting_at_home"] + row["out"] == curve["departed"]
    assert row["mean_speed_mps"] == pytest.approx(4.0)  # of every edge in these made-up runs
    edges = pd.read_parquet(run.folder / "edges.parquet")
    assert row["in_queues_veh"] == pytest.approx(edges.loc[edges["from_s"] == 3300, "queue_veh"].sum())
    at_the_order = table[(table["plan"] == "final") & (table["at_min"] == 0)].iloc[0]
    assert (at_the_order["in_queues_veh"], at_the_order["on_the_road"]) == (0, 0)


def test_the_streets_of_a_state_are_those_with_the_longest_queues(report: ReportInput) -> None:
    table = movement.street_states(results.case_results(report), report.edges)
    rows = table[(table["plan"] == "final") & (table["at_min"] == 60)]
    assert rows["queue_veh"].is_monotonic_decreasing
    assert set(rows["street"]) <= {"Mill Street", "Shore Road", "Ridge Way"}


def test_a_zone_that_gains_is_told_from_one_that_loses(report: ReportInput) -> None:
    (found,) = comparing.comparisons(
        report, results.case_results(report), results.headline(report, results.case_results(report))
    )
    assert (found.gaining, found.losing) == (3, 0)
    assert found.seed == found.before.shown.seed == found.after.shown.seed
    assert sum(change.after for change in found.exits) == sum(change.before for change in found.exits) == 1200
    swapped = comparing.compare(found.after, found.before)
    assert (swapped.gaining, swapped.losing) == (0, 3)
    table = estimates.zone_table(report, results.case_results(report)).set_index(["plan", "zone"])
    (marsh,) = [zone for zone in found.zones if zone.zone == "Marsh"]
    assert marsh.after_s is not None
    assert marsh.before_s is not None
    assert table.loc[("final", "Marsh"), "later_90_s"] == pytest.approx(marsh.after_s - marsh.before_s)
    assert marsh.later_s == clock.between(marsh.after_s, marsh.before_s)


def test_the_checklist_says_what_is_not_there(report: ReportInput) -> None:
    items = {item.section: item for item in nureg.checklist(report, results.case_results(report))}
    assert items["4.2.3"].state == "yes"
    assert items["4.5"].state == "no"  # neither plan closes a road
    assert items["5.1"].state == "yes"
    assert all(item.where for item in items.values())
    alone = replace(report, runs=report.runs[:1], compared_with=None, plan="baseline", plans={})
    items = {item.section: item for item in nureg.checklist(alone, results.case_results(alone))}
    assert (items["4.2.3"].state, items["5.1"].state) == ("no", "no")


def test_csv_has_no_formulas_and_no_line_breaks() -> None:
    table = pd.DataFrame({"name": ["=HYPERLINK(1)", "a\nb", None, "\u202e@x"], "number": [-1.5, 2, 3, 4]})
    rows = sheets.csv_bytes(table).decode().splitlines()
    assert rows == ["name,number", "'=HYPERLINK(1),-1.5", "a b,2", ",3", "'@x,4"]


def test_settings_are_read_from_beside_the_scenario(tmp_path: Path) -> None:
    assert settings.load_settings(tmp_path).units == "km"
    (tmp_path / "logo.png").write_bytes(b"x")
    (tmp_path / "report.yaml").write_text("title: Ours\nunits: miles\nlogo: logo.png\n")
    found = settings.load_settings(tmp_path)
    assert (found.title, found.units, found.logo) == ("Ours", "miles", tmp_path / "logo.png")
    (tmp_path / "report.yaml").write_text("logo: logo.exe\n")
    with pytest.raises(settings.ScenarioError, match="there is no file"):
        settings.load_settings(tmp_path)
    (tmp_path / "logo.exe").write_bytes(b"x")
    with pytest.raises(settings.ScenarioError, match="use PNG, JPEG or SVG"):
        settings.load_settings(tmp_path)


def test_units_of_either_system() -> None:
    km, miles = units.Units("km"), units.Units("miles")
    assert 10 * km.speed_factor == pytest.approx(36.0)
    assert 10 * miles.speed_factor == pytest.approx(22.369, abs=1e-3)
    assert (km.length(250), km.length(1234), miles.length(250), miles.length(1609.344)) == (
        "250 m", "1.2 km", "820 ft", "1.0 mi",
    )  # fmt: skip


def test_a_lane_lost_to_contraflow_is_no_roadway_impact_and_a_street_called_later_no_stage(
    report: ReportInput,
) -> None:
    plan = ReportPlan(
        "p", "p", actions=("contraflow on Slater Avenue",), changes=(Change("lanes", "Slater Avenue", "1", "0"),)
    )
    for state, some in (("no", plan), ("yes", replace(plan, loses_roads=True, in_waves=True))):
        shown = replace(report, plans={"p": some})
        items = {item.section: item.state for item in nureg.checklist(shown, results.case_results(shown))}
        assert (items["1.3.1"], items["4.5"]) == (state, state)


def test_a_caveat_whose_numbers_differ_from_run_to_run_stands_once(report: ReportInput) -> None:
    """Of a place as well: a report of a real town had one junction's seven times, with seven numbers."""
    runs = tuple(
        replace(
            run,
            ledger={
                **run.ledger,
                "caveats": [f"{1000 * number} cars wait", f"Hill, 80 m after Mill Road: {number} cars more got in"],
            },
        )
        for number, run in enumerate(report.runs, start=1)
    )
    said = [item.words for item in ledger(replace(report, runs=runs)).caveats]
    assert said == ["some cars wait", "Hill, 80 m after Mill Road: some cars more got in"]


def test_numbers_of_the_ledger_have_commas_and_no_decimal_that_says_nothing() -> None:
    assert [ledger_value(value) for value in (2000, 2000.0, 1234.5, True)] == ["2,000", "2,000", "1,234.5", "True"]
