"""From a finished SUMO run to its result tables: clearance times, curves, lane rates, and what trust rests on.

Reads `sumo/` of a run directory (trips, statistics, lanes, log) and `gridlock.json`; writes `vehicles.parquet`,
`curve.parquet`, `bottlenecks.parquet`, `edges.parquet`, `ledger.json` and `manifest.json` beside them. Nothing in
these depends on the clock on the wall: the same run gives the same bytes.

Clearance times are seconds from the order until a share of *all planned vehicles* has crossed an exit line. A
vehicle that never left its driveway, has no route, or was taken out of the simulation never did. Planned are the
vehicles of zones that are ordered to leave; those that leave unasked (shadow evacuation) are traffic like any other,
in every queue and lane rate, but not in the headline, the curves, and the counts by zone and exit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import sumolib
from numpy.typing import NDArray

from evac import tables
from evac.errors import SimulationError
from evac.files import digest_file, write_text
from evac.measure.bottlenecks import (
    BottleneckLanes,
    FoundBottleneck,
    find_bottlenecks,
    lane_minutes,
    mean_rates,
    measured_lanes,
)
from evac.measure.ledger import RunFacts, build_ledger
from evac.measure.queues import Links, Queues
from evac.network.reach import ExitEdges
from evac.schema.trust import Trust

SCHEMA_VERSION = 2
SHARES_PERCENT = (50, 90, 95, 100)
STATUSES = ("evacuated", "driving", "waiting", "no_route")

_TABLES = {
    "vehicles.parquet": tables.VEHICLES,
    "curve.parquet": tables.CURVE,
    "bottlenecks.parquet": tables.BOTTLENECKS,
    "edges.parquet": tables.EDGES,
}
_SECONDS_A_MINUTE = 60
_EDGE_WINDOW_S = 300
_TRIP_COLUMNS = {
    "vehicle": "str",
    "entered_s": "float64",
    "arrived_s": "float64",
    "arrival_lane": "str",
    "time_loss_s": "float64",
    "taken_out": "bool",
}


def measure_run(
    run_dir: Path,
    vehicles: pd.DataFrame,
    net: sumolib.net.Net,
    exits: Sequence[ExitEdges],
    *,
    bottlenecks: Sequence[BottleneckLanes] = (),
    trust: Trust | None = None,
    facts: RunFacts | None = None,
) -> dict[str, Any]:
    """Measure a finished run, write its tables into the run directory, and return the manifest.

    Parameters
    ----------
    run_dir
        Holds `sumo/tripinfo.xml`, `sumo/statistics.xml`, `sumo/lanes.parquet`, `sumo/sumo.log` and `gridlock.json`.
    vehicles
        The demand: one row a vehicle.
    net
        The net that the run drove on.
    exits
        The exits, with the last edges that a vehicle drives on.
    bottlenecks
        Lanes to measure in any case, before those that the run itself shows to hold it up.
    trust
        Limits of trust; the defaults when left out.
    facts
        What the stages before know that bears on trust.

    Returns
    -------
    dict
        The content of `manifest.json`.

    Raises
    ------
    SimulationError
        SUMO's outputs are unreadable or don't account for every vehicle.
    """
    sumo_dir = run_dir / "sumo"
    statistics = read_statistics(sumo_dir / "statistics.xml")
    end_s = statistics["performance"]["end"]
    done = vehicle_results(vehicles, read_trips(sumo_dir / "tripinfo.xml"), exits, end_s)
    lanes = tables.read_lanes(sumo_dir / "lanes.parquet")
    queues = Queues.of(lanes, Links.of(net))
    found = find_bottlenecks(lanes, queues, net, int((done["status"] == "evacuated").sum()))
    minutes = lane_minutes(lanes, queues, measured_lanes(bottlenecks, [found]), end_s)
    planned = done[done["ordered"]]
    content = (done, curve(planned, end_s), minutes, edge_windows(lanes, net))
    for (name, schema), rows in zip(_TABLES.items(), content, strict=True):
        tables.write_table(rows, schema, run_dir / name)
    rates = mean_rates(minutes, clearance_s(planned["evacuated_s"].to_numpy(), 95) or end_s)
    ledger = build_ledger(
        run_dir, statistics, done=done, rates=rates, net=net, trust=trust or Trust(), facts=facts or RunFacts()
    )
    write_text(run_dir / "ledger.json", _json(ledger))
    manifest = {
        **headline(planned, end_s),
        **shadow_counts(done),
        "exits": exit_counts(planned, exits),
        "zones": zone_clearance(planned),
        "lanes": records(rates),
        "found_bottlenecks": [_found_record(item) for item in found],
        "trusted": ledger["trusted"],
        "tables": {name: digest_file(run_dir / name) for name in (*_TABLES, "ledger.json")},
        "schema_version": SCHEMA_VERSION,
    }
    write_text(run_dir / "manifest.json", _json(manifest))
    return manifest


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
    `arrival_lane`, `time_loss_s`, `taken_out` (removed from the simulation, or teleported past the exit line, without
    having crossed it).
    """
    rows = [
        (
            trip.get("id"),
            float(trip.get("depart", "nan")),
            float(trip.get("arrival", "nan")),
            trip.get("arrivalLane"),
            float(trip.get("timeLoss", "nan")),
            trip.get("vaporized", "") not in ("", "end"),
        )
        for trip in _parse(path).iter("tripinfo")
    ]
    trips = pd.DataFrame(rows, columns=list(_TRIP_COLUMNS)).astype(_TRIP_COLUMNS)
    twice = trips.loc[trips["vehicle"].duplicated(), "vehicle"]
    if len(twice):
        raise SimulationError(f"{path}: has {len(twice)} vehicles twice, such as {twice.iloc[0]!r}")
    trips["entered_s"] = trips["entered_s"].where(trips["entered_s"] >= 0)
    arrived = (trips["arrived_s"] >= 0) & ~trips["taken_out"]  # SUMO notes a removal as an arrival where it happened
    trips["arrived_s"] = trips["arrived_s"].where(arrived)
    return trips


def vehicle_results(
    vehicles: pd.DataFrame, trips: pd.DataFrame, exits: Sequence[ExitEdges], end_s: float
) -> pd.DataFrame:
    """Return the rows of `tables.VEHICLES`, one for each vehicle in the demand's order.

    `delay_s` is the wait from the intended departure until the street took the vehicle, and the time that it lost
    against driving its way at its own free speed; for one that isn't out it is the delay until the end of the run. A
    detour isn't delay, and a vehicle without a route has none.
    """
    _check_accounts(vehicles, trips, end_s)
    done = vehicles.rename(columns={"exit": "exit_assigned", "status": "planned"}).merge(
        trips, on="vehicle", how="left", validate="1:1"
    )
    routed = done["planned"] == "planned"
    done["evacuated_s"] = done["arrived_s"]
    done["exit"] = _exit_taken(done, exits)
    states = [~routed, done["evacuated_s"].notna(), done["entered_s"].notna()]
    done["status"] = np.select(states, ["no_route", "evacuated", "driving"], default="waiting")
    waited = (done["entered_s"].fillna(end_s) - done["departure_s"]).clip(lower=0.0)
    done["delay_s"] = (waited + done["time_loss_s"].fillna(0.0)).where(routed)
    return done


def _check_accounts(vehicles: pd.DataFrame, trips: pd.DataFrame, end_s: float) -> None:
    """Raise when SUMO's trips and the demand don't name the same vehicles, save those due to leave after the end."""
    due = set(vehicles.loc[vehicles["status"] == "planned", "vehicle"])
    in_time = set(vehicles.loc[(vehicles["status"] == "planned") & (vehicles["departure_s"] < end_s), "vehicle"])
    reported = set(trips["vehicle"])
    lost, strange = sorted(in_time - reported), sorted(reported - due)
    if lost or strange:
        raise SimulationError(
            f"SUMO's tripinfo and the demand disagree: {len(lost)} planned vehicles are missing {lost[:3]}, "
            f"{len(strange)} are not in the demand {strange[:3]}"
        )


def _exit_taken(done: pd.DataFrame, exits: Sequence[ExitEdges]) -> pd.Series:
    exit_of_edge = {edge: item.name for item in exits for edge in item.edges}
    last_edge = done["arrival_lane"].str.rpartition("_")[0].where(done["evacuated_s"].notna())
    taken = last_edge.map(exit_of_edge)
    elsewhere = last_edge[last_edge.notna() & taken.isna()]
    if len(elsewhere):
        raise SimulationError(
            f"{len(elsewhere)} vehicles ended their trips on edges that are no exit, such as {elsewhere.iloc[0]!r}"
        )
    return taken


def clearance_s(evacuated_s: NDArray[np.float64], percent: int) -> float | None:
    """Return when `percent` of all vehicles were out (s after the order), or None if they never were.

    Parameters
    ----------
    evacuated_s
        One value for each *planned* vehicle, absent where it didn't get out.
    percent
        Share of the planned vehicles (%).
    """
    out = np.sort(evacuated_s[~np.isnan(evacuated_s)])
    needed = math.ceil(len(evacuated_s) * percent / 100)
    return float(out[needed - 1]) if 0 < needed <= len(out) else None


def headline(planned: pd.DataFrame, end_s: float) -> dict[str, Any]:
    """Return the counts by status, which add up to `planned`, the clearance times, and the end of the run."""
    counts = {status: int((planned["status"] == status).sum()) for status in STATUSES}
    delay_s = planned["delay_s"].mean()
    return {
        "planned": len(planned),
        **counts,
        **_clearance_times(planned["evacuated_s"].to_numpy()),
        "mean_delay_s": None if math.isnan(delay_s) else round(float(delay_s), 3),
        "end_s": end_s,
    }


def _clearance_times(evacuated_s: NDArray[np.float64]) -> dict[str, float | None]:
    return {f"t{percent}_s": clearance_s(evacuated_s, percent) for percent in SHARES_PERCENT}


def shadow_counts(done: pd.DataFrame) -> dict[str, int]:
    """Return how many vehicles leave unasked, and how many of them got out."""
    shadow = done[~done["ordered"]]
    return {"shadow": len(shadow), "shadow_evacuated": int((shadow["status"] == "evacuated").sum())}


def exit_counts(planned: pd.DataFrame, exits: Sequence[ExitEdges]) -> dict[str, int]:
    """Return the planned vehicles that left by each exit, also by those that nobody took."""
    taken = planned["exit"].value_counts()
    return {item.name: int(taken.get(item.name, 0)) for item in exits}


def zone_clearance(planned: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return planned and evacuated vehicles and the clearance times of each zone, by its own planned vehicles."""
    codes, zones = pd.factorize(planned["zone"], sort=True)
    order = np.argsort(codes, kind="stable")
    parts = np.split(planned["evacuated_s"].to_numpy()[order], np.cumsum(np.bincount(codes))[:-1])
    return {
        str(zone): {"planned": len(out_s), "evacuated": int((~np.isnan(out_s)).sum()), **_clearance_times(out_s)}
        for zone, out_s in zip(zones, parts, strict=True)
    }


def curve(planned: pd.DataFrame, end_s: float) -> pd.DataFrame:
    """Return the rows of `tables.CURVE`: planned vehicles, cumulative, at each minute until the end of the run."""
    minute = np.arange(math.ceil(end_s / _SECONDS_A_MINUTE) + 1, dtype=np.int32)
    columns = {"departed": "departure_s", "entered": "entered_s", "evacuated": "evacuated_s"}
    counts = {
        name: np.searchsorted(np.sort(planned[column].dropna()), minute * _SECONDS_A_MINUTE, side="right")
        for name, column in columns.items()
    }
    return pd.DataFrame({"minute": minute, **counts})


def edge_windows(lanes: pd.DataFrame, net: sumolib.net.Net) -> pd.DataFrame:
    """Return the rows of `tables.EDGES`: flow, speed, density and queue of each edge in five minutes.

    Flow is over the edge's downstream end, density over all of its lanes. The queue is the delay per unit of time: a
    standing vehicle counts one, one at half its free speed a half, which is the length of the point queue of
    deterministic queueing (Newell, Applications of Queueing Theory, 1982).
    """
    window = lanes["minute"].to_numpy(dtype=np.int64) * _SECONDS_A_MINUTE // _EDGE_WINDOW_S
    rows = tables.sum_up(lanes, "edge", window, ["vehicles", "sampled_s", "distance_m", "time_loss_s"])
    rows["from_s"] = rows["window"] * _EDGE_WINDOW_S
    last_s = lanes["until_s"].max()
    span_s = np.minimum(_EDGE_WINDOW_S, last_s - rows["from_s"])
    length_km = rows["edge"].map(lambda edge: net.getEdge(edge).getLength() / 1000).astype(float)
    rows["flow_veh_per_h"] = rows["vehicles"] / span_s * 3600
    rows["speed_mps"] = rows["distance_m"] / rows["sampled_s"].where(rows["sampled_s"] > 0)
    rows["density_veh_per_km"] = rows["sampled_s"] / span_s / length_km
    rows["queue_veh"] = rows["time_loss_s"] / span_s
    return rows.astype({"edge": str}).sort_values(["edge", "from_s"], ignore_index=True)


def _found_record(item: FoundBottleneck) -> dict[str, Any]:
    return {**vars(item), "lanes": list(item.lanes)}


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON has them: absent values are null, means are rounded to what they can mean."""
    plain = rows.round(3).astype(object)
    return [
        {str(key): value for key, value in row.items()} for row in plain.where(plain.notna(), None).to_dict("records")
    ]


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _parse(path: Path) -> ET.Element:
    """Read one of SUMO's XML outputs; we wrote it ourselves, so it is no stranger's XML."""
    try:
        return ET.parse(path).getroot()  # noqa: S314
    except (OSError, ET.ParseError) as error:
        raise SimulationError(f"{path}: can't be read ({error}); run it again") from error
