"""`evac run --plan` on the test town: plans beside the baseline, each with what it changes and nothing else."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from evac.cli import run_guarded
from evac.demand import build_demand
from evac.errors import ScenarioError
from evac.measure.facts import CutOff
from evac.plans.reading import LoadedPlan, load_plan
from evac.scenario import load_scenario
from evac.simulate.job import Case
from evac.study.ground import ground_of
from evac.study.jobs import job_of, perform
from evac.study.prepare import Prepared, prepare
from evac.study.under_plan import under_plan

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
TABLES = ("vehicles.parquet", "curve.parquet", "bottlenecks.parquet", "edges.parquet", "ledger.json")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    options = ["--vehicles", "1", "--no-sensitivity", "--workspace", str(folder)]
    plans = [item for name in ("baseline", "empty", "waves") for item in ("--plan", name)]
    assert run_guarded(["run", str(TOWN), *plans, *options]) == 0
    return folder


def _runs(workspace: Path) -> dict[str, Path]:
    results = pd.read_csv(workspace / "reports" / "town" / "results.csv")
    return {plan: workspace / ".evac" / "runs" / job for plan, job in zip(results["plan"], results["job"], strict=True)}


def test_empty_plan_gives_the_baselines_results_to_the_byte(workspace: Path) -> None:
    runs = _runs(workspace)
    for name in TABLES:
        assert (runs["empty"] / name).read_bytes() == (runs["baseline"] / name).read_bytes(), name


def test_every_household_of_the_baseline_departs_under_the_plan(workspace: Path) -> None:
    runs = _runs(workspace)
    households = [set(pd.read_parquet(runs[plan] / "vehicles.parquet")["household"]) for plan in ("baseline", "waves")]
    assert households[0] == households[1]
    assert (pd.read_parquet(runs["waves"] / "vehicles.parquet")["status"] == "evacuated").all()


def test_waves_come_later_by_their_offset(workspace: Path) -> None:
    runs = _runs(workspace)
    before, after = (pd.read_parquet(runs[plan] / "vehicles.parquet") for plan in ("baseline", "waves"))
    later = (after["departure_s"] - before["departure_s"]).round(1).groupby(before["zone"]).unique()
    assert sorted(float(value) for values in later for value in values) == [0.0, 1800.0]
    assert json.loads((runs["waves"] / "controls.json").read_text()) == []


def test_any_two_plans_are_compared_in_a_report(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--workspace", str(workspace)]
    assert run_guarded(["report", str(TOWN), "--compare", "waves", "empty", *options]) == 0
    page = workspace / "reports" / "town" / "index.html"
    compared = page.read_text()
    assert re.search(r"<b>([0-9:]+\s(min|h) later|no demonstrated benefit)</b>", compared)
    assert re.search(r"By the 90\s% time, waves is [0-9:]+\s(min|h) slower than empty with the one seed", compared)
    assert run_guarded(["report", str(TOWN), *options]) == 0
    assert page.read_text() == compared
    assert run_guarded(["report", str(TOWN), "--compare", "waves", "waves", *options]) == 2
    assert "names 'waves' twice" in capsys.readouterr().err


@pytest.fixture(scope="module")
def prepared(workspace: Path) -> Prepared:
    return prepare(load_scenario(TOWN), workspace / ".evac", lambda _: None)


def _plan(text: str, folder: Path) -> LoadedPlan:
    (folder / "p.yaml").write_text(f"name: p\nactions:\n{text}")
    return load_plan("p", folder)


def test_a_router_that_does_not_see_roads_close_is_refused_where_they_do(prepared: Prepared, tmp_path: Path) -> None:
    simulation = prepared.loaded.model.simulation.model_copy(update={"router": "CH"})
    model = prepared.loaded.model.model_copy(update={"simulation": simulation})
    blind = replace(prepared, loaded=replace(prepared.loaded, model=model))
    name = prepared.exits[0].name
    closes = f"  - {{do: close, exit: '{name}', when: {{from_min: 10}}, accept_cut_off: true}}\n"
    with pytest.raises(
        ScenarioError, match=r"simulation.router: 'CH' doesn't see .* under the plan 'p'\n *try: take 'CCH'"
    ):
        under_plan(blind, _plan(closes, tmp_path), tmp_path)
    under_plan(blind, load_plan("baseline", tmp_path), tmp_path)


def test_a_run_is_the_same_to_the_byte_alone_and_in_a_study_and_wherever_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The study has a plan that closes a road for a time, other vehicles and seeds, and is run from another folder."""
    town = shutil.copytree(TOWN, tmp_path / "elsewhere" / "town")
    closing = "{do: close, where: {street: Main Street, towards: east}, when: {from_min: 3, until_min: 9}}"
    (town / "plans" / "closing.yaml").write_text(f"name: closing\nactions:\n  - {closing}\n")
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    assert run_guarded(["run", str(TOWN), "--vehicles", "1", "--no-sensitivity", "--workspace", str(alone)]) == 0
    monkeypatch.chdir(town.parent)
    plans = ["--plan", "closing", "--plan", "baseline"]
    cases = ["--vehicles", "1.5", "--vehicles", "1", "--seed", "3", "--seed", "1"]
    assert run_guarded(["run", "town", *plans, *cases, "--jobs", "2", "--workspace", str(beside)]) == 0
    (run,) = (alone / ".evac" / "runs").iterdir()
    twin = beside / ".evac" / "runs" / run.name
    names = sorted(path.name for path in run.iterdir() if path.is_file())
    assert names == sorted(path.name for path in twin.iterdir() if path.is_file())
    assert {"job.json", "trips.rou.xml", "run.sumocfg", "ledger.json", *TABLES} <= set(names)
    for name in set(names) - {"seal.json"}:  # which covers SUMO's own outputs, and these say when they were written
        assert (twin / name).read_bytes() == (run / name).read_bytes(), name
    trips = [(folder / "sumo" / "tripinfo.xml").read_text() for folder in (run, twin)]
    with_no_clock = [re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL) for text in trips]
    assert with_no_clock[0] == with_no_clock[1]


def test_what_the_author_should_look_at_stands_in_the_ledger(prepared: Prepared, tmp_path: Path) -> None:
    officer = "  - {do: signal, where: {street: Main Street, crossing: Brook Lane}, mode: officer}\n"
    under = under_plan(prepared, _plan(officer, tmp_path), tmp_path)
    assert any("takes no officers" in warning for warning in under.warnings)
    assert set(under.warnings) <= set(under.facts.caveats)


def test_where_a_plan_alone_has_signals_no_guess_of_programs_moves_a_run(prepared: Prepared, tmp_path: Path) -> None:
    """The town has none; the officer comes after ten minutes, and until then nobody has green."""
    officer = (
        "  - {do: signal, where: {street: Main Street, crossing: Brook Lane}, mode: officer, when: {from_min: 10}}\n"
    )
    ground = ground_of(prepared, under_plan(prepared, _plan(officer, tmp_path), tmp_path))
    usual = Case(plan="p", vehicles_per_household="1", departure=prepared.loaded.model.departures[0].name, seed=1)
    runs = [
        perform(ground, job_of(ground.terms, case), tmp_path, begin=lambda _: None, update=lambda _: None)
        for case in (usual, replace(usual, signals="static"))
    ]
    assert runs[0] != runs[1]
    for name in TABLES:
        assert (runs[0] / name).read_bytes() == (runs[1] / name).read_bytes(), name
    assert not any("is guessed" in caveat for caveat in json.loads((runs[0] / "ledger.json").read_text())["caveats"])


CLOSE = "  - {do: close, where: {street: %s}, accept_cut_off: %s}\n"


def test_cut_off_households_are_accepted_of_the_action_that_cuts_them_off(prepared: Prepared, tmp_path: Path) -> None:
    text = CLOSE % ("Hill Road", "true")
    hill = under_plan(prepared, _plan(text, tmp_path), tmp_path).cut_off
    assert set(hill["street"]) == {"Hill Road"}
    brook = CLOSE % ("Brook Lane", "false") + CLOSE % ("Mill Lane", "false")
    with pytest.raises(ScenarioError, match=r"p.yaml:4: close; .*p.yaml:5: close.*Brook Lane") as caught:
        under_plan(prepared, _plan(text + brook, tmp_path), tmp_path)
    assert "Hill Road" not in str(caught.value)
    both = under_plan(prepared, _plan(text + brook.replace("false", "true"), tmp_path), tmp_path)
    assert set(both.cut_off["street"]) == {"Hill Road", "Brook Lane"}
    later = CLOSE % ("Hill Road", "true, when: {from_min: 10}, label: the hill")
    under = under_plan(prepared, _plan(text.replace("{do", "{label: below, do", 1) + later, tmp_path), tmp_path)
    assert under.facts.households_cut_off == (CutOff(len(hill), 0.0, ("below",)),)
    under = under_plan(prepared, _plan(later, tmp_path), tmp_path)
    assert under.facts.households_cut_off == (CutOff(len(hill), 600.0, ("the hill",)),)
    for_a_time = CLOSE % ("Hill Road", "false, when: {from_min: 5, until_min: 10}")
    under = under_plan(prepared, _plan(for_a_time + later, tmp_path), tmp_path)
    assert under.facts.households_cut_off == (CutOff(len(hill), 300.0, ("the hill",)),)


@pytest.mark.parametrize("when", ["", ", when: {from_min: 10, until_min: 60}"])
@pytest.mark.parametrize(
    ("street", "homes_on"), [("Brook Lane", {"Brook Lane"}), ("Main Street", {"Hill Road", "Brook Lane"})]
)
def test_residents_leave_by_a_road_that_is_closed_to_through_traffic(
    prepared: Prepared, tmp_path: Path, street: str, homes_on: set[str], when: str
) -> None:
    text = f"  - {{do: close, where: {{street: {street}}}, admit: residents{when}}}\n"
    text += "  - {do: barricade, where: {street: Bypass, crossing: Mill Lane}, street: Mill Lane}\n"
    under = under_plan(prepared, _plan(text, tmp_path), tmp_path)
    homes = prepared.homes
    there = set(homes.loc[homes["street"].isin(homes_on), "household"])
    assert under.cut_off.empty
    assert under.orders.residents == there, "who lives there, and who has no other way"
    vehicles = build_demand(
        homes,
        vehicles_per_household=1,
        departure=prepared.loaded.model.departures[0],
        seed=1,
        scenario=prepared.loaded.model,
        net=under.net,
        exits=under.exits,
        orders=under.orders,
        starts=under.starts,
    )
    assert (vehicles["status"] == "planned").all()
    assert set(vehicles.loc[vehicles["resident"], "household"]) == there


def _closing_all_exits(prepared: Prepared, *, until: str) -> str:
    return "".join(
        f"  - {{do: close, exit: '{item.name}', accept_cut_off: true, when: {{from_min: 5{until}}}}}\n"
        for item in prepared.exits
    )


def test_who_is_to_leave_while_all_ways_out_are_closed_leaves_when_one_opens(
    prepared: Prepared, tmp_path: Path
) -> None:
    """The clock runs from the intended departure; nobody is without a route, and no household counts as cut off."""
    town = shutil.copytree(TOWN, tmp_path / "town")
    text = _closing_all_exits(prepared, until=", until_min: 15").replace(", accept_cut_off: true", "")
    (town / "plans" / "shut.yaml").write_text(f"name: shut\nactions:\n{text}")
    options = ["--vehicles", "1", "--no-sensitivity", "--workspace", str(tmp_path)]
    assert run_guarded(["run", str(town), "--plan", "shut", *options]) == 0
    (run,) = (tmp_path / ".evac" / "runs").iterdir()
    vehicles = pd.read_parquet(run / "vehicles.parquet")
    held = vehicles[vehicles["departure_s"].between(300, 899.9)]
    assert (vehicles["status"] == "evacuated").all()
    assert len(held) > 30
    assert held["entered_s"].min() >= 900
    assert (held["delay_s"] >= 900 - held["departure_s"]).all()
    ledger = json.loads((run / "ledger.json").read_text())
    assert ledger["unconnected_households"] == 0
    assert any(
        "no way out from 0:05\u00a0h until 0:15\u00a0h after the order" in caveat for caveat in ledger["caveats"]
    )


def test_who_has_no_way_out_any_more_has_no_route(prepared: Prepared, tmp_path: Path) -> None:
    under = under_plan(prepared, _plan(_closing_all_exits(prepared, until=""), tmp_path), tmp_path)
    assert len(under.cut_off) == len(prepared.homes)
    assert set(under.cut_off["from_s"]) == {300.0}
    vehicles = build_demand(
        prepared.homes,
        vehicles_per_household=1,
        departure=prepared.loaded.model.departures[0],
        seed=1,
        scenario=prepared.loaded.model,
        net=under.net,
        exits=under.exits,
        starts=under.starts,
    )
    late = vehicles["departure_s"] >= 300
    assert set(vehicles.loc[late, "status"]) == {"no_route"}
    assert set(vehicles.loc[~late, "status"]) == {"planned"}
    assert vehicles["held_until_s"].isna().all()


def test_who_never_gets_green_makes_a_run_untrusted_with_the_street(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = shutil.copytree(TOWN, tmp_path / "town")
    where = "{street: Main Street, crossing: Brook Lane}"
    ways = "[{from: Main Street, heading: east}, {from: Main Street, heading: west}]"
    action = f"{{do: signal, where: {where}, mode: all_green, movements: {ways}}}"
    (town / "plans" / "green.yaml").write_text(f"name: green\nactions:\n  - {action}\n")
    options = ["--vehicles", "1", "--no-sensitivity", "--workspace", str(tmp_path)]
    assert run_guarded(["run", str(town), "--plan", "green", *options]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "vehicles are stuck at the end, and more time would not help" in words
    (run,) = (tmp_path / ".evac" / "runs").iterdir()
    ledger = json.loads((run / "ledger.json").read_text())
    assert not ledger["trusted"]
    assert set(ledger["stuck_on"]) == {"Brook Lane", "waiting at Brook Lane"}
    assert sum(ledger["stuck_on"].values()) == ledger["still_driving"] + ledger["never_inserted"]
    page = (tmp_path / "reports" / "town" / "index.html").read_text()
    answer = page[page.index("The answer") : page.index("Clearance time: how long")]
    assert "vehicles are stuck at the end" in answer, "on the first page"
    options.remove("--no-sensitivity")
    for command in ("ablate", "stress"):
        assert run_guarded([command, str(town), "green", *options]) == 0
        words = " ".join(capsys.readouterr().out.split())
        assert re.search(r"not trustworthy: green\b.* vehicles are stuck at the end", words), command
