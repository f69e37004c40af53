"""UXsim beside the toolkit on verification tests that it can run: expected, ours, UXsim's, as a Markdown table.

    pip install uxsim==1.15.1
    python benchmarks/uxsim_beside.py verification.csv      # what `evac verify` has written

UXsim (Seo, Journal of Open Source Software 10(106), 2025) moves vehicles by Newell's simplified car-following. It is
given what the tests know: lengths, 50 km/h, times of signals, departures, and a reaction time that makes a lane pass
the 1,615 veh/h of the suite. Nothing here is part of the toolkit, which doesn't need UXsim.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import uxsim

SPEED_MPS = 50 / 3.6
LANE_VEH_PER_H = 1615.0
JAM_VEH_PER_M = 0.2  # UXsim's own
REACTION_S = 3600 / LANE_VEH_PER_H - 1 / (SPEED_MPS * JAM_VEH_PER_M)
"""Of a triangular fundamental diagram with this capacity."""
_HOUR_S = 3600.0
_RED_AND_CHANGE_S = 40


@dataclass(frozen=True)
class Road:
    """A road: from, to, length (m), lanes, and the stage of the signal at its end that lets it go."""

    start: str
    end: str
    length_m: float
    lanes: int = 1
    stage: int = 0


def drive(roads: list[Road], demand: list[tuple[str, str, float, int]], signals: tuple[str, ...] = ()) -> pd.DataFrame:
    """Run UXsim car by car; return a row a car: `start` (where), `departure_s`, `out_s`, `drive_s`."""
    world = uxsim.World(deltan=1, reaction_time=REACTION_S, tmax=4 * _HOUR_S, random_seed=1, print_mode=0, save_mode=0)
    ends = dict.fromkeys(name for road in roads for name in (road.start, road.end))
    for number, name in enumerate(ends):
        cycle = [_RED_AND_CHANGE_S, _RED_AND_CHANGE_S] if name in signals else [0]
        world.addNode(name, number * 1000.0, 0.0, signal=cycle)
    for number, road in enumerate(roads):
        world.addLink(
            f"{number}", road.start, road.end, road.length_m, free_flow_speed=SPEED_MPS,
            jam_density_per_lane=JAM_VEH_PER_M, number_of_lanes=road.lanes, signal_group=[road.stage],
        )  # fmt: skip
    for start, end, until_s, cars in demand:
        world.adddemand(start, end, 0, until_s, volume=cars)
    world.exec_simulation()
    cars_made = world.VEHICLES.values()
    left = np.array([car.departure_time * world.DELTAT for car in cars_made])
    drive_s = np.array([car.travel_time for car in cars_made], dtype=float)
    start = [car.orig.name for car in cars_made]
    return pd.DataFrame({"start": start, "departure_s": left, "out_s": left + drive_s, "drive_s": drive_s})


def flow(cars: pd.DataFrame) -> float:
    """Return what gets out an hour, from the moment when 20 % are out until 80 % are."""
    out_s = np.sort(cars["out_s"])
    first, last = int(0.2 * len(out_s)), int(0.8 * len(out_s)) - 1
    return float((last - first) / (out_s[last] - out_s[first]) * _HOUR_S)


def free_drive() -> dict[str, float]:
    """Drive 5,100 m alone."""
    return {"drive_mean_s": float(drive([Road("a", "b", 5100)], [("a", "b", 5400, 200)])["drive_s"].mean())}


def shorter_way() -> dict[str, float]:
    """Choose between 1,000 m and 2,059 m."""
    roads = [Road("a", "b", 1150), Road("b", "c", 1000), Road("b", "d", 1000), Road("d", "c", 1059)]
    return {"drive_mean_s": float(drive(roads, [("a", "c", 7200, 120)])["drive_s"].mean())}


def alike_exits() -> dict[str, float]:
    """Leave a town in its middle by two roads that are alike."""
    roads = [Road("town", "w", 1500), Road("town", "e", 1500), Road("w", "out", 50, 2), Road("e", "out", 50, 2)]
    return {"flow_veh_per_h": flow(drive(roads, [("town", "out", 300, 1600)]))}


def lane_drop() -> dict[str, float]:
    """Leave over a lane drop."""
    cars = drive([Road("a", "b", 1000, 2), Road("b", "c", 1000, 1)], [("a", "c", 300, 800)])
    return {"flow_veh_per_h": flow(cars), "clearance_min": float(cars["out_s"].max() / 60)}


def merge() -> dict[str, float]:
    """Let two full streets of one lane merge into one: what each passes from minute 8 to 32."""
    roads = [Road("north", "m", 1300), Road("south", "m", 1000), Road("m", "out", 600)]
    cars = drive(roads, [("north", "out", 300, 500), ("south", "out", 300, 500)])
    late = cars[cars["out_s"].between(8 * 60, 32 * 60)]
    return {"out_veh": float((late["start"] == "north").sum())}


def signal(lanes: int = 1) -> dict[str, float]:
    """Leave by a signal that is green half of the time."""
    roads = [Road("a", "b", 2000, lanes), Road("b", "c", 1500, lanes)]
    return {"flow_veh_per_h": flow(drive(roads, [("a", "c", 300, 500 * lanes)], signals=("b",)))}


def two_lanes() -> dict[str, float]:
    """Leave by two lanes at that signal."""
    return signal(2)


def delay() -> dict[str, float]:
    """Wait at that signal, which passes less than arrives."""
    cars = drive([Road("a", "b", 2000), Road("b", "c", 1500)], [("a", "c", 1200, 450)], signals=("b",))
    return {"delay_mean_s": float((cars["drive_s"] - 3500 / SPEED_MPS).mean())}


TESTS: dict[str, Callable[[], dict[str, float]]] = {
    "09-free-flow-drive": free_drive,
    "16-shortest-way": shorter_way,
    "17-two-alike-exits": alike_exits,
    "18-one-lane-bottleneck": lane_drop,
    "20-two-lanes-at-a-signal": two_lanes,
    "21-delay-at-a-bottleneck": delay,
    "22-fixed-time-signal": signal,
    "37-two-queues-merge": merge,
}


def main() -> None:
    """Run the tests and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verified", type=Path, help="verification.csv of `evac verify`")
    ours = pd.read_csv(parser.parse_args().verified)
    print("| test | measure | expected | toolkit | UXsim |\n|---|---|---:|---:|---:|")
    for name, run in TESTS.items():
        for measure, value in run().items():
            row = ours[(ours["test"] == name) & ours["measure"].str.startswith(measure)].iloc[0]
            print(f"| {name} | `{measure}` | {row['expected']:,.4g} | {row['got']:,.4g} | {value:,.4g} |")


if __name__ == "__main__":
    main()
