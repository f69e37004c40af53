"""Whatever hazard comes over a town, every vehicle is accounted for once, and nobody drives into what it has reached.

Held against SUMO's own record of every vehicle's way, not against the tables that are checked.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from evac.measure.clearance import STATUSES
from evac.plans.timetable import FLEEING
from random_hazards import Driven, drive
from stays import stays

ON_A_JUNCTION_S = 15.0
"""Who is on a junction when the road behind it closes drives off the junction onto it."""


def check(folder: Path, seed: int) -> None:
    """Drive a town drawn at random, and hold its results against SUMO's record."""
    driven = drive(folder, seed)
    done = pd.read_parquet(driven.folder / "vehicles.parquet")
    _check_states(driven, done)
    _check_refuges(driven, done)
    _check_walkers(driven)
    _check_exposure(driven, done)
    _check_ways(driven)


def _check_states(driven: Driven, done: pd.DataFrame) -> None:
    """Each vehicle is in one state: out at an exit or in a refuge, on the road, at its driveway, or without a way."""
    manifest, told = driven.manifest, driven.told
    assert done["vehicle"].is_unique, told
    counts = done["status"].value_counts()
    assert {status: manifest[status] for status in STATUSES} == {s: counts.get(s, 0) for s in STATUSES}, told
    assert sum(manifest[status] for status in STATUSES) == manifest["planned"] == len(done), told
    exits = {edge: item.name for item in driven.laid.exits for edge in item.edges}
    refuges = {edge: item.name for item in driven.laid.refuges for edge in item.edges}
    recorded = {}
    for trip in ET.parse(driven.folder / "sumo" / "tripinfo.xml").iter("tripinfo"):
        entered, arrived = float(trip.get("depart", "-1")) >= 0, float(trip.get("arrival", "-1")) >= 0
        edge = trip.get("arrivalLane", "").rpartition("_")[0]
        there = "evacuated" if edge in exits else "in_refuge" if edge in refuges else f"ended on {edge}"
        assert not arrived or trip.get("vaporized", "") in ("", "end"), told  # nobody is taken out
        recorded[trip.get("id")] = there if arrived else "driving" if entered else "waiting"
    for row in done.itertuples():
        expected = {"waiting", "no_route"} if row.vehicle not in recorded else {recorded[row.vehicle]}
        assert row.status in expected, f"{row.vehicle} {told}"
    assert set(recorded) <= set(done["vehicle"]), told
    zones = manifest["zones"]
    for key in ("planned", "evacuated", "in_refuge"):
        assert sum(zone[key] for zone in zones.values()) == manifest[key], told
    assert sum(manifest["exits"].values()) == manifest["evacuated"], told


def _check_refuges(driven: Driven, done: pd.DataFrame) -> None:
    """No refuge takes more than it has room for, and all of them together have who is in one."""
    counts = driven.manifest["refuges"]
    assert all(item["taken"] <= item["vehicles"] for item in counts.values()), driven.told
    assert sum(item["taken"] for item in counts.values()) == driven.manifest["in_refuge"], driven.told
    for item in counts.values():
        assert sum(item["zones"].values()) == item["taken"], driven.told
    if counts:
        came = pd.read_parquet(driven.folder / "refuges.parquet")
        inside = set(came.loc[came["refuge"].notna(), "vehicle"])
        assert inside == set(done.loc[done["status"] == "in_refuge", "vehicle"]), driven.told
        rooms = {item.name: item.vehicles for item in driven.laid.refuges}
        assert all(number <= rooms[name] for name, number in came["refuge"].value_counts().items()), driven.told


def _check_walkers(driven: Driven) -> None:
    """Everybody who walks is in one state too, and no refuge has more people on foot than it has room for."""
    if "walk_people" not in driven.manifest:
        return
    walkers, on_foot = pd.read_parquet(driven.folder / "walkers.parquet"), driven.manifest["on_foot"]
    assert walkers["household"].is_unique, driven.told
    done = pd.read_parquet(driven.folder / "vehicles.parquet")
    assert not set(walkers["household"]) & set(done["household"]), driven.told  # nobody walks and drives
    people = driven.manifest["walk_people"]
    assert walkers["people"].sum() == people, driven.told
    assert sum(number for zone in on_foot["zones"].values() for number in zone.values()) == people, driven.told
    assert all(item["taken"] <= item["people"] for item in on_foot["refuges"].values()), driven.told


def _check_exposure(driven: Driven, done: pd.DataFrame) -> None:
    """The table, its sums by zone, and SUMO's record of who was where when tell the same."""
    exposed, zones = pd.read_parquet(driven.folder / "exposure.parquet"), driven.manifest["hazard_zones"]
    reached = driven.laid.reached
    assert reached is not None
    arrival_s = reached.arrival_s
    spent_s: Counter[str] = Counter()
    for vehicle, edge, enters_s, leaves_s in stays(driven.folder):
        spent_s[vehicle] += max(0.0, leaves_s - max(enters_s, arrival_s.get(edge, float("inf"))))
    table_s = exposed.groupby("vehicle")["exposed_s"].sum().to_dict()
    assert {name: round(s, 3) for name, s in spent_s.items() if s > 0.0} == {
        name: round(s, 3) for name, s in table_s.items()
    }, driven.told
    assert exposed.groupby(["vehicle", "minute"])["exposed_s"].sum().le(60.0 + 1e-6).all(), driven.told
    out = done["status"].isin(["evacuated", "in_refuge"])
    assert sum(zone["planned"] for zone in zones.values()) == len(done), driven.told
    assert sum(zone["exposed"] for zone in zones.values()) == driven.manifest["exposed"] == len(table_s), driven.told
    minutes = sum(zone["exposed_vehicle_min"] for zone in zones.values())
    assert minutes == pytest.approx(driven.manifest["exposed_vehicle_min"], abs=0.02), driven.told
    assert minutes == pytest.approx(sum(spent_s.values()) / 60.0, abs=0.02), driven.told
    safe = int((out & ~done["vehicle"].isin(list(table_s))).sum())
    assert sum(zone["safe"] for zone in zones.values()) == safe, driven.told
    households = done.loc[~out, "household"].nunique()
    assert sum(zone["households_not_out"] for zone in zones.values()) == households, driven.told


def _check_ways(driven: Driven) -> None:
    """Who drives onto a road once it is closed comes off another one that the hazard has closed, or off a junction."""
    closed_s: dict[str, float] = {}
    for item in driven.laid.overlay.timetable.closings:
        if item.admits == (FLEEING,):
            closed_s |= {lane.rpartition("_")[0]: item.from_s for lane in item.lanes}
    assert closed_s, driven.told
    before: dict[str, str] = {}
    for vehicle, edge, enters_s, _ in stays(driven.folder):
        came_from = before.get(vehicle)
        before[vehicle] = edge
        late_s = enters_s - closed_s.get(edge, float("inf"))
        flees = came_from is not None and closed_s.get(came_from, float("inf")) <= enters_s
        allowed_s = ON_A_JUNCTION_S if came_from is not None else 1.0
        assert late_s <= allowed_s or flees, f"{vehicle} enters {edge} {late_s} s late, from {came_from} {driven.told}"


@pytest.mark.parametrize("seed", range(4))
def test_everybody_is_accounted_for_and_nobody_drives_into_the_fire(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 44))
def test_everybody_is_accounted_for_in_many_towns(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed)
