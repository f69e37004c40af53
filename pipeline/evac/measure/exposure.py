"""Who was on a road that the hazard had reached: by vehicle, road, zone and minute.

A vehicle is exposed from when the front reaches the road that it is on, or from when it drives onto such a road, until
it leaves it, or until the end of the run. Nobody is taken out of the simulation for it.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evac.clock import MINUTE_S
from evac.demand.packets import Packets
from evac.errors import SimulationError

_WAYS = Path("sumo", "vehroutes.xml")


def exposures(
    run_dir: Path,
    done: pd.DataFrame,
    arrival_s: Mapping[str, float],
    end_s: float,
    *,
    of: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return the rows of `tables.EXPOSURE`: how long each vehicle was exposed on each road in each minute.

    Parameters
    ----------
    run_dir
        Holds SUMO's vehroute output with exit times, `sumo/vehroutes.xml`.
    done
        `trips.vehicle_results` of the run; traffic that isn't evacuating has no zone.
    arrival_s
        When the front reaches each edge that it ever reaches (s after the order).
    end_s
        When the run ended.
    of
        The vehicles that are asked about; all when None.

    Raises
    ------
    SimulationError
        SUMO's output is unreadable.
    """
    zones = dict(zip(done["vehicle"], done["zone"], strict=True))
    first_s, packets = min(arrival_s.values(), default=math.inf), Packets.read(run_dir)
    asked = None if of is None else {packets.leader_of.get(name, name) for name in of}
    rows = [
        (car, zones.get(car), edge, minute, spent_s)
        for vehicle, edge, enters_s, leaves_s in _stays(run_dir / _WAYS, end_s, first_s, asked)
        if leaves_s > first_s and edge in arrival_s
        for minute, spent_s in _by_minute(max(enters_s, arrival_s[edge]), leaves_s)
        for car in packets.all_of([vehicle])
        if of is None or car in of
    ]
    found = pd.DataFrame(rows, columns=["vehicle", "zone", "edge", "minute", "exposed_s"])
    return found.sort_values(["minute", "edge", "vehicle"], ignore_index=True)


def exposed_counts(exposed: pd.DataFrame, done: pd.DataFrame, turned_round: Collection[str] = ()) -> dict[str, Any]:
    """Return what a run's manifest has of the hazard.

    `exposed`, vehicles that were on a road that the hazard had reached (the evacuation's and others), and their
    `exposed_vehicle_min`; by zone of the planned vehicles also `safe`, those out or in a refuge without that,
    `in_refuge`, `households_not_out`, those of which a vehicle is neither out nor in a refuge, and `turned_round`,
    vehicles that were on the way and had to take another one because the hazard closed a road (`turned_round` has their
    names).
    """
    on_it = set(exposed["vehicle"])
    planned = done[done["ordered"]]
    planned = planned.assign(
        out=planned["status"] == "evacuated",
        sheltered=planned["status"] == "in_refuge",
        exposed=planned["vehicle"].isin(on_it),
        turned=planned["vehicle"].isin(list(turned_round)),
        vehicle_min=planned["vehicle"].map(exposed.groupby("vehicle")["exposed_s"].sum()).fillna(0.0) / MINUTE_S,
    )
    zones = {
        str(zone): {
            "planned": len(rows),
            "safe": int(((rows["out"] | rows["sheltered"]) & ~rows["exposed"]).sum()),
            "in_refuge": int(rows["sheltered"].sum()),
            "exposed": int(rows["exposed"].sum()),
            "exposed_vehicle_min": round(float(rows["vehicle_min"].sum()), 2),
            "households_not_out": int(rows.loc[~(rows["out"] | rows["sheltered"]), "household"].nunique()),
            "turned_round": int(rows["turned"].sum()),
        }
        for zone, rows in planned.groupby("zone")
    }
    return {
        "exposed": len(on_it),
        "exposed_vehicle_min": round(float(exposed["exposed_s"].sum()) / MINUTE_S, 2),
        "households_not_out": sum(item["households_not_out"] for item in zones.values()),
        "turned_round": sum(item["turned_round"] for item in zones.values()),
        "hazard_zones": zones,
    }


NOBODY: Mapping[str, Any] = {"exposed": 0, "exposed_vehicle_min": 0.0}
"""What the manifest has of a run without a hazard."""


def _stays(
    path: Path, end_s: float, from_s: float, of: Collection[str] | None
) -> Iterator[tuple[str, str, float, float]]:
    """Give each stay of a vehicle on an edge: vehicle, edge, when it drove onto it and when off it (s).

    Who arrived before `from_s` is left out: of a whole country's vehicles few are on the road when a front comes.
    """
    try:
        for _, element in ET.iterparse(path):  # noqa: S314 (SUMO wrote it just now)
            if element.tag != "vehicle":
                continue
            ways = element.findall(".//route")  # those that were given up first
            enters_s, arrives_s = float(element.get("depart", "nan")), float(element.get("arrival", "inf"))
            is_asked = (of is None or element.get("id") in of) and not 0.0 <= arrives_s < from_s
            if ways and enters_s >= 0.0 and is_asked:
                route = ways[-1]
                times = (route.get("exitTimes") or "").split()
                for edge, text in zip((route.get("edges") or "").split(), times, strict=False):
                    leaves_s = float(text)
                    if leaves_s < 0.0:  # it is there at the end; what follows it hasn't reached
                        yield str(element.get("id")), edge, enters_s, end_s
                        break
                    yield str(element.get("id")), edge, enters_s, leaves_s
                    enters_s = leaves_s
            element.clear()
    except (OSError, ET.ParseError, ValueError) as error:
        raise SimulationError(f"{path}: can't be read ({error}); run it again") from error


def _by_minute(from_s: float, until_s: float) -> Iterator[tuple[int, float]]:
    """Give the minutes of a stay, each with the seconds in it."""
    if until_s <= from_s:
        return
    first, last = math.floor(from_s / MINUTE_S), math.ceil(until_s / MINUTE_S)
    starts = np.arange(first, last) * MINUTE_S
    spent = np.minimum(starts + MINUTE_S, until_s) - np.maximum(starts, from_s)
    yield from zip(range(first, last), spent.tolist(), strict=True)
