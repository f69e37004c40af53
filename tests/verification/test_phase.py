"""Waves and shadow evacuation, driven: a zone held back is out as much later; who leaves unasked is traffic only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crossing import make_homes, make_net, scenario
from evac import tables
from evac.demand import build_demand
from evac.demand.orders import orders_of, staying
from evac.measure.facts import RunFacts
from evac.plans.model import EvacuateOnly, Phase
from evac.schema.demand import Departure
from small_runs import SmallRun, Way, run_small

HELD_BACK_MIN = 30
FEW, MANY = 40, 600
EAST = (Way("east", ("x_e",)),)
SPREAD = Departure.model_validate({"name": "spread", "curve": {"form": "uniform", "until_min": 60}})
AT_ONCE = Departure.model_validate({"name": "at once", "curve": {"form": "all_at_once"}})


def drive(folder: Path, households: int, departure: Departure, *actions: Phase | EvacuateOnly) -> SmallRun:
    """Return a run of one car a household, half of them west of the crossing, all of them to the east."""
    folder.mkdir()
    net = make_net(folder)
    vehicles = build_demand(
        make_homes(households),
        vehicles_per_household=1.0,
        departure=departure,
        seed=1,
        scenario=scenario(),
        net=net,
        exits=EAST,
        orders=orders_of(actions),
    )
    return run_small(folder / "run", folder / "n.net.xml", vehicles, EAST)


def hold_back(*zones: str) -> Phase:
    return Phase(do="phase", zones=zones, offset_min=HELD_BACK_MIN)


def vehicles_of(run: SmallRun) -> pd.DataFrame:
    return tables.read_table(run.folder / "vehicles.parquet", tables.VEHICLES).set_index("vehicle")


@pytest.fixture(scope="module")
def empty_roads(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    run = drive(tmp_path_factory.mktemp("few") / "usual", FEW, SPREAD)
    run.measure()
    return run


def test_everybody_held_back_moves_the_curve(empty_roads: SmallRun, tmp_path: Path) -> None:
    later = drive(tmp_path / "later", FEW, SPREAD, hold_back("west", "main"))
    later.measure()
    before, after = (
        tables.read_table(run.folder / "curve.parquet", tables.CURVE).set_index("minute")
        for run in (empty_roads, later)
    )
    assert (after.loc[: HELD_BACK_MIN - 1] == 0).all().all()
    assert (after.iloc[HELD_BACK_MIN:].to_numpy() == before.iloc[:-HELD_BACK_MIN].to_numpy()).all()
    assert before["evacuated"].iloc[-1] == FEW


def test_a_zone_held_back_is_out_that_much_later_and_the_other_as_before(empty_roads: SmallRun, tmp_path: Path) -> None:
    later = drive(tmp_path / "later", FEW, SPREAD, hold_back("west"))
    manifest = later.measure()
    moved_s = vehicles_of(later)["evacuated_s"] - vehicles_of(empty_roads)["evacuated_s"]
    west = vehicles_of(later)["zone"] == "west"
    assert moved_s[west].to_numpy() == pytest.approx(60 * HELD_BACK_MIN, abs=5)  # a car more or less on the way
    assert moved_s[~west].to_numpy() == pytest.approx(0, abs=5)
    assert manifest["evacuated"] == FEW


def run_only_main(folder: Path, shadow_share: float) -> tuple[SmallRun, dict[str, Any]]:
    """Return a run in which those beyond the crossing are ordered to leave, and others come past them unasked."""
    only = EvacuateOnly(do="evacuate_only", zones=("main",), shadow_share=shadow_share)
    run = drive(folder, MANY, AT_ONCE, only)
    left = staying(make_homes(MANY)["zone"], 1.0, 1, orders_of([only]))
    return run, run.measure(facts=RunFacts(households=MANY, households_not_ordered=left.households_not_ordered))


def test_shadow_evacuees_slow_the_ordered_and_are_not_counted(tmp_path: Path) -> None:
    _, alone = run_only_main(tmp_path / "alone", 0.0)
    run, shared = run_only_main(tmp_path / "shared", 0.5)
    assert alone["planned"] == shared["planned"] == alone["evacuated"] == shared["evacuated"] == MANY / 2
    assert (alone["shadow"], alone["shadow_evacuated"]) == (0, 0)
    assert shared["shadow"] == shared["shadow_evacuated"] == pytest.approx(MANY / 4, abs=30)
    assert shared["t90_s"] > 1.2 * alone["t90_s"]
    assert list(shared["zones"]) == ["main"]
    assert shared["exits"] == {"east": MANY / 2}
    out = tables.read_table(run.folder / "curve.parquet", tables.CURVE)["evacuated"]
    assert out.iloc[-1] == MANY / 2
    done = vehicles_of(run)
    assert len(done) == shared["planned"] + shared["shadow"]
    assert done["status"].eq("evacuated").all()
    assert shared["t100_s"] == done.loc[done["ordered"], "evacuated_s"].max()
    assert shared["t50_s"] > done["evacuated_s"].median()
    street = tables.read_table(run.folder / "edges.parquet", tables.EDGES).query("edge == 'x_e'")
    assert (street["flow_veh_per_h"] / 12).sum() == pytest.approx(len(done), abs=1)
