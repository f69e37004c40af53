"""SUMO's own accounts of a run, and what became of every vehicle of the demand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from evac.demand.background import ENGINE
from evac.demand.buses import PREFIX
from evac.demand.routes import leaves_s
from evac.errors import SimulationError
from evac.network.reach import ExitEdges

_TRIP_COLUMNS = {
    "vehicle": "str",
    "entered_s": "float64",
    "arrived_s": "float64",
    "arrival_lane": "str",
    "time_loss_s": "float64",
    "stopped_s": "float64",
    "taken_out": "bool",
}


def read_statistics(path: Path) -> dict[str, dict[str, float]]:
    """Read SUMO's statistic output: the numbers of each element by its tag."""
    return {
        element.tag: {key: float(value) for key, value in element.items()}
        for element in _parse(path).iter()
        if element.tag in ("performance", "vehicles", "teleports", "safety")
    }


def read_trips(path: Path) -> pd.DataFrame:
    """Read SUMO's tripinfo with unfinished and undeparted vehicles.

    Returns
    -------
    One row a vehicle: `vehicle`, `entered_s` (absent: never inserted), `arrived_s` (absent: no arrival),
    `arrival_lane`, `time_loss_s`, `stopped_s` (at stops), `taken_out` (removed from the simulation, or teleported past
    the exit line, without having crossed it).
    """
    rows = [
        (
            trip.get("id"),
            float(trip.get("depart", "nan")),
            float(trip.get("arrival", "nan")),
            trip.get("arrivalLane"),
            float(trip.get("timeLoss", "nan")),
            float(trip.get("stopTime", "nan")),
            trip.get("vaporized", "") not in ("", "end"),
        )
        for trip in _parse(path).iter("tripinfo")
    ]
    trips = pd.DataFrame(rows, columns=list(_TRIP_COLUMNS)).astype(_TRIP_COLUMNS)
    twice = trips.loc[trips["vehicle"].duplicated(), "vehicle"]
    if len(twice):
        raise SimulationError(f"{path}: has {len(twice):,} vehicles twice, such as {twice.iloc[0]!r}")
    trips["entered_s"] = trips["entered_s"].where(trips["entered_s"] >= 0)
    arrived = (trips["arrived_s"] >= 0) & ~trips["taken_out"]  # SUMO notes a removal as an arrival where it happened
    trips["arrived_s"] = trips["arrived_s"].where(arrived)
    return trips


def split_buses(trips: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the trips of cars, and those of buses."""
    are_buses = trips["vehicle"].str.startswith(PREFIX)
    return trips[~are_buses].reset_index(drop=True), trips[are_buses].reset_index(drop=True)


def split_background(trips: pd.DataFrame, background: pd.DataFrame | None) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the trips of the evacuation, and what became of the background traffic.

    Its vehicles are `background`; of these `background_arrived` reached their destination, `background_driving` were on
    the road at the end, `background_waiting` never got onto it, and `background_not_made` didn't begin: the plan or the
    hazard closes their way. Fire engines are counted apart, where there are any: `engines`, `engines_arrived` where
    they are bound for, `engines_turned_away` (a road closed before them), `engines_not_made`, and `engines_mean_s` and
    `engines_longest_s`, from when they came to where they are bound for.
    """
    if background is not None and (is_engine := background["kind"] == ENGINE).any():
        engines = background[is_engine]
        rest, counts = split_background(trips, background[~is_engine])
        came = trips[trips["vehicle"].isin(engines["vehicle"])]
        return rest[~rest["vehicle"].isin(came["vehicle"])].reset_index(drop=True), {
            **counts,
            **_engines(engines, came),
        }
    names = set() if background is None else set(background.loc[background["made"], "vehicle"])
    passing = trips[trips["vehicle"].isin(names)]
    arrived, entered = passing["arrived_s"].notna(), passing["entered_s"].notna()
    counts = {
        "background": 0 if background is None else len(background),
        "background_arrived": int(arrived.sum()),
        "background_driving": int((entered & ~arrived).sum()),
        "background_waiting": len(names) - int((arrived | entered).sum()),
        "background_not_made": 0 if background is None else len(background) - len(names),
    }
    return trips[~trips["vehicle"].isin(names)].reset_index(drop=True), counts


def _engines(engines: pd.DataFrame, trips: pd.DataFrame) -> dict[str, Any]:
    """Count fire engines and what became of them."""
    came = engines.merge(trips, on="vehicle")
    ended = came[came["arrived_s"].notna()]
    on = [str(lane).rpartition("_")[0] for lane in ended["arrival_lane"]]
    there = ended[ended["to_edge"].to_numpy() == np.array(on, dtype=object)]
    took_s = there["arrived_s"] - there["departure_s"]
    return {
        "engines": len(engines),
        "engines_arrived": len(there),
        "engines_turned_away": len(ended) - len(there),
        "engines_not_made": int((~engines["made"]).sum()),
        "engines_mean_s": round(float(took_s.mean()), 1) if len(there) else None,
        "engines_longest_s": round(float(took_s.max()), 1) if len(there) else None,
    }


def vehicle_results(
    vehicles: pd.DataFrame,
    trips: pd.DataFrame,
    exits: Sequence[ExitEdges],
    end_s: float,
    refuges: Sequence[ExitEdges] = (),
    *,
    at_home: Collection[str] = (),
    leaves: pd.Series | None = None,
) -> pd.DataFrame:
    """Return the rows of `tables.VEHICLES`, one for each vehicle in the demand's order, and those of `tables.REFUGES`.

    Of the latter these are `refuge` and `in_refuge_s`, missing for who is in none.

    `delay_s` is the wait from the intended departure until the street took the vehicle, and the time that it lost
    against driving its way at its own free speed; for one that isn't out it is the delay until the end of the run. A
    detour isn't delay, and a vehicle without a route has none. Who stayed `at_home` because a hazard closed the street
    that it waited for is in none of SUMO's trips; it waits there to the end.

    `leaves` has when SUMO lets each onto its street, where that isn't `routes.leaves_s` (s).
    """
    _check_accounts(vehicles, trips, end_s, at_home, leaves_s(vehicles) if leaves is None else leaves)
    done = vehicles.rename(columns={"exit": "exit_assigned", "status": "planned"}).merge(
        trips, on="vehicle", how="left", validate="1:1"
    )
    routed = done["planned"] == "planned"
    ended_on = _ended_on(done, [*exits, *refuges])
    done["refuge"] = ended_on.where(ended_on.isin([item.name for item in refuges]))
    sheltered = done["refuge"].notna()
    done["exit"] = ended_on.where(~sheltered)
    done["evacuated_s"] = done["arrived_s"].where(~sheltered)
    done["in_refuge_s"] = done["arrived_s"].where(sheltered)
    states = [~routed, sheltered, done["evacuated_s"].notna(), done["entered_s"].notna()]
    done["status"] = np.select(states, ["no_route", "in_refuge", "evacuated", "driving"], default="waiting")
    waited = (done["entered_s"].fillna(end_s) - done["departure_s"]).clip(lower=0.0)
    done["delay_s"] = (waited + done["time_loss_s"].fillna(0.0)).where(routed)
    return done


def _check_accounts(
    vehicles: pd.DataFrame, trips: pd.DataFrame, end_s: float, at_home: Collection[str], leaves: pd.Series
) -> None:
    """Raise when SUMO's trips and the demand don't name the same vehicles, save those due to leave after the end."""
    due = set(vehicles.loc[vehicles["status"] == "planned", "vehicle"])
    in_time = set(vehicles.loc[(vehicles["status"] == "planned") & (leaves < end_s), "vehicle"])
    reported = set(trips["vehicle"])
    lost, strange = sorted(in_time - reported - set(at_home)), sorted(reported - due)
    if lost or strange:
        raise SimulationError(
            f"SUMO's tripinfo and the demand disagree: {len(lost)} planned vehicles are missing {lost[:3]}, "
            f"{len(strange)} are not in the demand {strange[:3]}"
        )


def _ended_on(done: pd.DataFrame, destinations: Sequence[ExitEdges]) -> pd.Series:
    """Return the exit or refuge at which each vehicle's trip ended."""
    name_of_edge = {edge: item.name for item in destinations for edge in item.edges}
    last_edge = done["arrival_lane"].str.rpartition("_")[0].where(done["arrived_s"].notna())
    taken = last_edge.map(name_of_edge)
    elsewhere = last_edge[last_edge.notna() & taken.isna()]
    if len(elsewhere):
        raise SimulationError(
            f"{len(elsewhere):,} vehicles ended their trips on edges that are no exit and no refuge, "
            f"such as {elsewhere.iloc[0]!r}"
        )
    return taken


def _parse(path: Path) -> ET.Element:
    """Read one of SUMO's XML outputs; we wrote it ourselves, so it is no stranger's XML."""
    try:
        return ET.parse(path).getroot()  # noqa: S314
    except (OSError, ET.ParseError) as error:
        raise SimulationError(f"{path}: can't be read ({error}); run it again") from error
