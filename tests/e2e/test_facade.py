"""The façade: what a researcher and other programs use in Python, on a town that runs in seconds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pandas as pd
import pytest

import evac
from evac.archive.index import finished
from evac.files import live_temporaries

ROOT = Path(__file__).parents[2]
TOWN = ROOT / "tests" / "fixtures" / "town"

SLOW = """\
name: Slow on the bypass
actions:
  - {do: speed, where: {street: Bypass}, kph: 30, with: {signs: 4}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the town and its plans."""
    workspace = tmp_path_factory.mktemp("facade")
    shutil.copytree(TOWN, workspace / "scenarios" / "town", ignore=shutil.ignore_patterns("plans"))
    shutil.copytree(TOWN / "plans", workspace / "plans" / "town")
    (workspace / "plans" / "town" / "slow.yaml").write_text(SLOW)
    return workspace


@pytest.fixture(scope="module")
def town(folder: Path) -> evac.Place:
    return evac.open(folder / "scenarios" / "town")


@pytest.fixture(scope="module")
def events() -> list[evac.Progress]:
    return []


@pytest.fixture(scope="module")
def study(town: evac.Place, events: list[evac.Progress]) -> evac.Study:
    return town.study(["baseline", "waves"], vehicles=[1], on_progress=events.append)


@pytest.fixture(scope="module")
def run(study: evac.Study) -> evac.Run:
    return study.runs[0]


def test_one_is_given_as_several_are(town: evac.Place, study: evac.Study) -> None:
    one = town.finished("waves", vehicles=1, departures=study.runs[0].departure)
    assert [run.job for run in one] == [run.job for run in study if run.plan == "waves"]


@pytest.mark.parametrize(("seeds", "found"), [(5, "may be one seed, or so many"), ([1.5], "1.5 is no whole number")])
def test_seeds_that_may_mean_something_else_are_refused(town: evac.Place, seeds: Any, found: str) -> None:
    with pytest.raises(evac.UserError, match=found):
        town.study(seeds=seeds)


def test_what_a_notebook_shows_is_a_line(town: evac.Place, study: evac.Study, run: evac.Run) -> None:
    shown = [repr(item) for item in (town, town.under("waves"), study, run)]
    assert all(len(words) < 200 for words in shown)
    assert "baseline, waves in Test town; runs: 2, missing: 0" in shown[2]


def test_tables_without_rows_have_the_types_of_those_with_some(run: evac.Run) -> None:
    assert run.bottlenecks().dtypes[["delay_veh_h", "queue_min", "vehicles"]].tolist() == [float, int, int]
    assert run.lanes().dtypes[["lane", "queued_veh_per_min"]].tolist() == [int, float]


def test_importing_evac_imports_no_table_library() -> None:
    heavy = "{'pandas', 'geopandas', 'matplotlib', 'sumolib'}"
    code = f"import sys, evac; evac.open; print(*sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_no_run_beats_its_bounds(town: evac.Place, study: evac.Study) -> None:
    for plan, run in zip(("baseline", "waves"), study.runs, strict=True):
        bounds = town.under(plan, vehicles=1).bounds(seed=run.seed)
        times = bounds.table().set_index("bound")
        assert times.loc["under_plan", "t90_s"] <= run.clearance(0.9).total_seconds()
        # More lanes and no signals never take longer; the plan changes no road here.
        assert (times.loc["reversible"].to_numpy() <= times.loc["as_built"].to_numpy()).all()
        assert (times.loc["as_built"].to_numpy() <= times.loc["with_signals"].to_numpy()).all()
        curves = bounds.curves().set_index("minute")
        simulated = run.curve()
        assert (simulated["evacuated"] <= curves["under_plan"].reindex(simulated["minute"]).ffill().to_numpy()).all()
        assert curves["under_plan"].iloc[-1] == run.manifest["planned"] - run.manifest["no_route"]


def test_a_slower_road_makes_a_later_bound_and_the_streets_that_decide_are_named(study: evac.Study) -> None:
    town = study.place
    bounds = town.under("slow", vehicles=1).bounds()
    assert (bounds.under_plan.by(np.arange(200)) <= bounds.as_built.by(np.arange(200))).all()
    streets = set(town.streets()["name"].dropna())
    assert set(bounds.holding()["street"]) <= streets
    assert (bounds.holding()["earlier_min"] >= 0).all()


def test_every_public_name_is_there() -> None:
    assert {name for name in evac.__all__ if getattr(evac, name) is None} == set()
    with pytest.raises(AttributeError, match="nothing_like_it"):
        evac.nothing_like_it  # noqa: B018


def test_opening_does_no_work(folder: Path) -> None:
    place = evac.open(folder / "scenarios" / "town", workspace=folder / "elsewhere")
    assert (place.key, place.vehicles[0], place.plan_names[0]) == ("town", "1", "baseline")
    assert not place.cache.exists()


def test_a_scenario_that_is_not_there_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(evac.UserError) as raised:
        evac.open(tmp_path)
    assert "scenario.yaml" in raised.value.problems[0].where


@pytest.mark.parametrize("case", [{"vehicles": 7}, {"departure": "at once, all of them"}])
def test_a_case_that_the_scenario_lacks_is_refused_at_once(town: evac.Place, case: dict[str, object]) -> None:
    with pytest.raises(evac.ScenarioError, match="has no case"):
        town.under("waves", **case)


def test_a_bad_plan_hides_no_other(folder: Path, town: evac.Place) -> None:
    bad = folder / "plans" / "town" / "bad.yaml"
    bad.write_text("name: Bad\nactions: [{do: levitate}]\n")
    try:
        plans = town.plans().set_index("plan")
    finally:
        bad.unlink()
    assert "levitate" in plans.loc["bad", "problem"]
    assert plans.drop("bad")["problem"].eq("").all()
    assert len(plans) == len(town.plan_names) + 1


def test_a_share_of_the_vehicles_is_out_when_the_vehicles_say_so(run: evac.Run) -> None:
    """The clearance of a share is the time by which that many of all planned vehicles have crossed an exit line."""
    out_s = np.sort(run.vehicle_table()["evacuated_s"])
    for share in (0.25, 0.9, 1.0):
        found = run.clearance(share)
        assert isinstance(found, timedelta)
        assert (out_s <= found.total_seconds()).sum() >= share * run.planned
        assert (out_s < found.total_seconds()).sum() < share * run.planned


@pytest.mark.parametrize("share", [0.0, -1.0, 90, float("nan")])
def test_what_is_no_share_is_refused(run: evac.Run, share: float) -> None:
    with pytest.raises(evac.UserError, match="no share"):
        run.clearance(share)


def test_the_tables_of_a_run_tell_the_same_story(run: evac.Run) -> None:
    evacuated = int(run.vehicle_table()["evacuated_s"].notna().sum())
    assert evacuated == run.exits()["vehicles"].sum() == run.zones()["evacuated"].sum()
    assert evacuated == run.curve()["evacuated"].iloc[-1]
    lines = run.edges()
    assert lines.crs == "EPSG:4326"
    assert (lines["flow_veh_per_h"] >= 0).all()


def test_the_study_has_a_row_a_run_and_a_row_a_plan(study: evac.Study) -> None:
    results, clearance = study.results(), study.clearance().set_index("plan")
    assert set(results["job"]) == {run.job for run in study}
    assert clearance.loc["baseline", "saved_s"] == 0.0
    t90_s = results.set_index("plan")["t90_s"]
    assert clearance.loc["waves", "saved_s"] == pytest.approx(t90_s["baseline"] - t90_s["waves"])
    assert study.failures().empty


def test_progress_grows_from_the_roads_to_the_last_run(
    town: evac.Place, study: evac.Study, events: list[evac.Progress]
) -> None:
    phases = list(dict.fromkeys(event.phase for event in events))
    assert phases == ["preparing", "laying plans", "simulating"]
    simulated = [event for event in events if event.phase == "simulating"]
    fractions = [event.fraction for event in simulated]
    assert fractions == sorted(fractions)
    assert (fractions[-1], sum(event.ended for event in simulated)) == (1.0, len(study.runs))
    minutes = [event for event in simulated if event.time_s > 0]
    assert all(event.out + event.driving + event.waiting <= event.planned for event in minutes)
    assert max(event.driving for event in minutes) > 0
    length_m = town.roads().set_index("edge")["length_m"]
    for event in minutes:
        assert len(event.cars) <= event.driving  # the others are on junctions
        assert all(0.0 <= car.along_m <= length_m[car.edge] for car in event.cars)
    assert max(len(event.cars) for event in minutes) > 0


def test_a_finished_run_is_found_and_not_run_again(town: evac.Place, study: evac.Study) -> None:
    again: list[evac.Progress] = []
    found = town.under("waves", vehicles=1).run(on_progress=again.append)
    assert found.folder == study.runs[1].folder
    assert [event.ended for event in again if event.phase == "simulating"] == [True]
    listed = town.runs().set_index("job")
    assert set(listed.index) == {run.job for run in study}
    assert listed.loc[found.job, "t90_s"] == found.manifest["t90_s"]
    assert town.finished(["baseline", "waves"], vehicles=["1"]).failures().empty
    assert set(town.finished(["baseline"]).failures()["why"]) == {"not simulated"}


@pytest.mark.parametrize("engine", ["serial", "local"])
def test_a_study_that_is_called_off_ends_all_its_runs(town: evac.Place, engine: str) -> None:
    cancel, seen = Event(), []

    def stop(progress: evac.Progress) -> None:
        seen.append(progress)
        if progress.time_s > 0:
            cancel.set()

    before = finished(town.cache)
    with pytest.raises(evac.Cancelled):
        town.study(["baseline", "waves"], seeds=[71, 72], engine=engine, jobs=2, on_progress=stop, cancel=cancel)
    assert sum(event.time_s > 0 for event in seen) == 1
    assert finished(town.cache) == before
    assert live_temporaries(town.cache / "runs") == {}


def test_work_is_called_off_while_it_is_prepared(folder: Path, tmp_path: Path) -> None:
    place = evac.open(folder / "scenarios" / "town", workspace=tmp_path)
    with pytest.raises(evac.Cancelled):
        place.prepare(cancel=lambda: True)
    assert len(place.prepare().exits()) > 0


def test_a_plan_tells_what_it_takes_and_changes_as_data(town: evac.Place) -> None:
    plan = town.under("slow")
    changes = plan.changes()
    assert plan.resources == {"officers": 0, "signs": 4, "cones": 0, "barricades": 0}
    assert list(plan.actions()["do"]) == ["speed"]
    assert set(changes["kind"]) == {"speed"}
    assert set(changes.geom_type) == {"MultiLineString"}
    length_m = changes.to_crs(changes.estimate_utm_crs()).length
    assert list(length_m) == pytest.approx(list(changes["length_m"]), rel=0.05)  # the line is the road's
    assert plan.cut_off().empty
    assert len(town.under("baseline").changes()) == 0


def test_exits_and_findings_are_tables_on_the_map(town: evac.Place) -> None:
    exits = town.exits()
    assert list(exits["exit"]) == [item.name for item in town.scenario.exits]
    streets = town.streets()
    metres = streets.estimate_utm_crs()
    main_street = streets[streets["name"] == "Main Street"].to_crs(metres).union_all()
    assert (exits.to_crs(metres).distance(main_street) < 10).all()  # metres: half the road's width
    assert set(town.findings()["severity"]) <= {"error", "warning", "note"}
    assert isinstance(town.roads_without_exit()["reason"], pd.Series)


def test_the_only_action_of_a_plan_buys_what_lies_between_it_and_the_baseline(town: evac.Place) -> None:
    baseline, slow = (town.under(plan, vehicles=1) for plan in ("baseline", "slow"))
    seconds = [plan.run(seed=1).clearance(0.9).total_seconds() for plan in (baseline, slow)]
    (row,) = slow.ablate(seeds=[1], jobs=1).table().to_dict("records")
    assert row["signs"] == 4
    assert row["slower_without_s"] == row["faster_alone_s"] == pytest.approx(seconds[0] - seconds[1])


def test_nothing_goes_better_when_the_way_out_loses_a_lane(town: evac.Place) -> None:
    table = town.stress(["baseline"], vehicles=1, seeds=[1], jobs=1).table().set_index("failure")
    assert len(table) > 1
    lost = table[table.index.str.startswith("one lane lost")]["t90_s"]
    assert (lost >= table.loc["nothing goes wrong", "t90_s"]).all()


@pytest.fixture(scope="module")
def with_homes(town: evac.Place) -> evac.Study:
    return town.with_new_homes({"Hill": 60}).study(["baseline", "waves"], vehicles=[1])


def test_new_homes_leave_everybody_else_as_they_were(run: evac.Run, with_homes: evac.Study) -> None:
    before, after = run.vehicle_table(), with_homes.runs[0].vehicle_table()
    assert len(after) == len(before) + 60
    assert set(after["zone"].iloc[len(before) :]) == {"Hill"}
    common = ["household", "zone", "departure_s"]
    pd.testing.assert_frame_equal(before[common], after[common].head(len(before)))
    accounts = with_homes.place.stages.prepared().households.accounts()
    assert accounts.query("zone == 'Hill, new homes'")[["given", "planned"]].to_numpy().tolist() == [[60.0, 60]]


def test_new_homes_in_a_zone_that_is_not_there_are_refused(town: evac.Place) -> None:
    with pytest.raises(evac.DataError, match=r"no zone 'Nowhere'"):
        town.with_new_homes({"Nowhere": 5}).prepare()


def test_the_report_of_a_study_is_written_read_and_found_again(
    town: evac.Place, study: evac.Study, with_homes: evac.Study
) -> None:
    report = study.report(compare=("baseline", "waves"), with_homes=with_homes)
    (row, _) = report.table("development").to_dict("records")
    times = [item.runs[0].clearance(0.9).total_seconds() for item in (study, with_homes)]
    assert (row["plan"], row["new_homes"]) == ("baseline", 60)
    assert [row["t90_without_s"], row["t90_with_s"]] == pytest.approx(times)
    assert "With 60 new homes in Hill, 90\u00a0% are out after " in report.page.read_text()
    assert report.page.is_file()
    assert set(report.table("clearance")["plan"]) == {"baseline", "waves"}
    assert report.at_best.startswith("Whatever drivers and officers do, 90 % of these ")
    assert report.at_best.replace("'", "&#39;").replace(" %", "\u00a0%") in report.page.read_text()
    with pytest.raises(evac.UserError, match="known: "):
        report.table("nothing")
    again = town.reported()
    assert [item.job for item in again.with_homes] == [item.job for item in with_homes]
    assert [run.job for run in again] == [run.job for run in study]
    assert again.report_input().compared_with == "waves"
    assert town.finished_run("waves", vehicles=1).job in {run.job for run in study}
    with pytest.raises(evac.UserError, match="not simulated"):
        town.finished_run("waves", seed=77)


def test_a_run_is_handed_on(run: evac.Run, tmp_path: Path) -> None:
    run.export(tmp_path / "out")
    assert (tmp_path / "out" / "run.sumocfg").is_file()
    with pytest.raises(evac.UserError, match="is there already"):
        run.export(tmp_path / "out")
