"""Packets of cars in the mesoscopic model pass, queue and wait at signals as single cars do, car by car in SUMO."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from evac.measure.stranded import read_ending
from evac.simulate.meso import Meso, RoadHeadway
from evac.study.capacities import headway_factor, lane_factor
from plan_town import Town, cars, discharge_veh_per_h, town

COARSE = Meso.of_lane("full", lane_factor("normal"))
ROAD = {"w": (0, 0), "v": (1500, 0), "b": (3000, 0), "d": (4000, 0)}


def _in_packets(size: int) -> Meso:
    return replace(COARSE, packet=size)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_a_road_passes_as_many_cars_in_packets_and_all_of_them(tmp_path: Path, size: int) -> None:
    place = town(tmp_path, ROAD, [("w v b d", "Main Street", 1)], {"east": "bd"})
    everybody = pd.concat([cars(edge, 301, every_s=1.0, length_m=1400.0, name=edge) for edge in ("wv", "vb")])
    trips, _ = place.drive(place.normally(), everybody.sort_values("departure_s"), meso=_in_packets(size))
    assert sorted(trips["vehicle"]) == sorted(everybody["vehicle"])
    assert trips["arrived_s"].notna().all()
    assert discharge_veh_per_h(trips) == pytest.approx(1615.0, rel=0.03)


FIXED = """
  - do: signal
    where: {street: Main Street, crossing: Side Street}
    mode: fixed
    stages:
      - {movements: [{from: Main Street}], green_s: 30}
      - {movements: [{from: Side Street}], green_s: 30}
"""
CROSSING = {"w": (0, 1000), "x": (1000, 1000), "e": (2000, 1000), "s": (1000, 0), "n": (1000, 2000)}


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> Town:
    streets = [("w x e", "Main Street", 1), ("s x n", "Side Street", 1)]
    kinds = {"x": "traffic_light"}
    return town(tmp_path_factory.mktemp("crossing"), CROSSING, streets, {"east": "xe", "north": "xn"}, kinds=kinds)


def _out_by(trips: pd.DataFrame, edge: str) -> int:
    """Count the cars of a street that are out in half an hour, from when the queues stand."""
    mine = trips[trips["vehicle"].str.startswith(edge)]
    return int(mine["arrived_s"].between(600, 2400).sum())


@pytest.mark.parametrize("side_every_s", [2.2, 12.0], ids=["both full", "one full"])
@pytest.mark.parametrize("program", ["as it is", "fixed times"])
def test_a_signal_passes_as_many_cars_in_packets_as_car_by_car(
    crossing: Town, side_every_s: float, program: str
) -> None:
    main = cars("wx", 1100, every_s=2.2, length_m=900.0, name="wx").assign(exit="east")
    side = cars("sx", int(2400 / side_every_s), every_s=side_every_s, length_m=900.0, name="sx").assign(exit="north")
    everybody = pd.concat([main, side]).sort_values("departure_s")
    overlay = crossing.normally() if program == "as it is" else crossing.under(FIXED, f"fixed-{side_every_s:g}")
    one_by_one, _ = crossing.drive(overlay, everybody, end_h=0.7)
    in_packets, _ = crossing.drive(overlay, everybody, end_h=0.7, meso=_in_packets(4))
    for edge in ("wx", "sx"):
        assert _out_by(in_packets, edge) == pytest.approx(_out_by(one_by_one, edge), rel=0.12), edge


def test_a_queue_of_packets_is_nearly_as_dense_as_one_of_cars(tmp_path: Path) -> None:
    """On a road before a lane that takes half of what a lane can: how far back a queue reaches is what it blocks."""
    nodes = {"w": (0, 0), "a": (2000, 0), "b": (2300, 0), "d": (2600, 0)}
    streets = [("w a", "Main Street", 1), ("a b d", "Bridge", 1)]
    everybody = cars("wa", 900, every_s=2.4, length_m=300.0)

    def on_the_road(name: str, meso: Meso | None, bridge_mps: float) -> int:
        place = town(tmp_path / name, nodes, streets, {"east": "bd"}, speeds_mps={"Bridge": bridge_mps})
        _, run = place.drive(place.normally(), everybody, end_h=0.5, meso=meso)
        return sum(edge == "wa" for edge, _ in read_ending(run).left.values())

    def before_a_bottleneck(size: int) -> Meso:
        slow = RoadHeadway("ab", headway_factor(807.0, 13.89, "normal", size))
        return replace(_in_packets(size), roads=(slow,))

    micro = on_the_road("micro", None, 2.9)
    packets = on_the_road("packets", before_a_bottleneck(4), 13.89)
    assert packets == pytest.approx(micro, rel=0.15)
