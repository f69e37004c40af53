"""Who is left at the end of a run for another reason than the end of time, and where.

A run that ends because its time is over is a result. One in which nothing moves any more, or in which some stand for
good while others drive, shows a fault of the model, the map or the plan: its numbers can't be relied upon.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import sumolib

from evac.demand.packets import Packets
from evac.errors import SimulationError
from evac.network.street_names import street_of
from evac.plans.timetable import edge_of
from evac.simulate.gridlock import STANDSTILL_S

WAITING = "waiting at "
"""Before the street of vehicles that have not got onto it."""


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Parameters
    ----------
    reason
        `cleared`, `end of time` or `standstill`.
    left
        Who was on the road then: by vehicle the road, and for how long it hadn't moved (s).
    turned_round
        Vehicles that roads closed by a hazard had sent another way.
    turned_on
        By refuge the vehicles that found it full.
    at_home
        Vehicles that waited to get onto a street when a hazard closed it: they stay, and SUMO reports nothing of them.
    wait_s
        How long an exit that takes so many vehicles an hour lets nobody out between two, the longest of all exits.
    """

    reason: str
    left: Mapping[str, tuple[str, float]]
    turned_round: frozenset[str] = frozenset()
    turned_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    at_home: frozenset[str] = frozenset()
    wait_s: float = 0.0

    @property
    def for_good_s(self) -> float:
        """Return how long somebody has to stand to stand for good (s), not in the queue of such an exit."""
        return STANDSTILL_S + self.wait_s

    def stands_for_good(self, vehicle: str) -> bool:
        """Return whether a vehicle was on the road, and more time wouldn't have moved it."""
        if vehicle not in self.left:
            return False
        return self.reason == "standstill" or self.left[vehicle][1] >= self.for_good_s


def read_ending(run_dir: Path) -> Ending:
    """Read a run's `ending.json`, with the cars that follow others (`demand.packets`).

    Raises
    ------
    SimulationError
        It is no such file.
    """
    path, packets = run_dir / "ending.json", Packets.read(run_dir)
    try:
        ending = json.loads(path.read_text())
        left = {
            car: (str(road), float(stood_s))
            for name, (road, stood_s) in ending["left"].items()
            for car in packets.all_of([str(name)])
        }
        turned_on = {str(name): tuple(vehicles) for name, vehicles in ending.get("turned_on", {}).items()}
        turned_round, at_home = (frozenset(packets.all_of(ending.get(key, ()))) for key in ("turned_round", "at_home"))
        return Ending(ending["reason"], left, turned_round, turned_on, at_home, float(ending.get("wait_s", 0.0)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SimulationError(f"{path}: doesn't say how the run ended ({error!r}); run it again") from error


def stranded(done: pd.DataFrame, ending: Ending, end_s: float) -> pd.DataFrame:
    """Return the vehicles that more time wouldn't have helped: `edge`, where each stands or waits to enter, `status`.

    After a standstill these are all that aren't out. At the end of time they are those that haven't moved for
    `STANDSTILL_S`, and longer than an exit makes one wait; and where nobody has got out for as long, also those that
    have been on the way, or have waited to get onto the road, all that time.

    Parameters
    ----------
    done
        `trips.vehicle_results` of the run.
    ending
        How it ended.
    end_s
        When.

    Raises
    ------
    SimulationError
        The run says that all were out, and somebody isn't.
    """
    left = done[done["status"].isin(["driving", "waiting"])]
    if ending.reason == "cleared" and len(left):
        raise SimulationError(f"the run ended because all were out, and {len(left):,} vehicles aren't; run it again")
    at = [ending.left.get(name, (edge,))[0] for name, edge in zip(left["vehicle"], left["edge"], strict=True)]
    left = left.assign(edge=at)
    if ending.reason == "standstill":
        return left
    for_good = left["vehicle"].map(ending.stands_for_good).astype(bool)
    last_out_s = done["evacuated_s"].max()
    if for_good.any() and not end_s - last_out_s < ending.for_good_s:
        wants_since_s = left["entered_s"].fillna(left[["departure_s", "held_until_s"]].max(axis=1))
        for_good |= wants_since_s <= end_s - ending.for_good_s
    return left[for_good]


def streets_of(found: pd.DataFrame, net: sumolib.net.Net) -> dict[str, int]:
    """Return how many vehicles are on each street, most first; `waiting at …` for those not yet on it."""
    return _most_first(
        _street(net, edge) if status == "driving" else WAITING + _street(net, edge)
        for edge, status in zip(found["edge"], found["status"], strict=True)
    )


def lanes_by_street(lanes: Iterable[str], net: sumolib.net.Net) -> dict[str, int]:
    """Return how many lanes (of edges) are on each street, most first."""
    return _most_first(_street(net, edge_of(lane)) for lane in lanes)


def _most_first(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))


def _street(net: sumolib.net.Net, edge: str) -> str:
    return street_of(net.getEdge(edge)) if net.hasEdge(edge) else "road without a name"
