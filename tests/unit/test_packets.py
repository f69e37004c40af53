"""Packets of cars: everybody is in one, their kinds aren't mixed, and what becomes of a packet becomes of its cars."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evac.demand.packets import PACKETS, Packets, packet_size

KINDS = ("resident", "exit", "informed", "errand", "ordered")


def _vehicles(count: int, chance: random.Random) -> pd.DataFrame:
    def one(number: int) -> dict[str, Any]:
        return {
            "vehicle": f"v{number}",
            "zone": chance.choice("abc"),
            "resident": chance.random() < 0.1,
            "exit": chance.choice([None, None, "north"]),
            "informed": chance.random() < 0.8,
            "errand": None,
            "ordered": True,
            "departure_s": round(chance.uniform(0, 3600), 1),
            "held_until_s": chance.choice([float("nan"), float("nan"), 4000.0]),
            "status": chance.choice(["planned"] * 9 + ["no_route"]),
        }

    return pd.DataFrame([one(number) for number in range(count)])


@pytest.mark.parametrize("seed", range(30))
def test_every_car_that_drives_is_in_one_packet_with_its_like(seed: int) -> None:
    chance = random.Random(seed)
    vehicles, size = _vehicles(chance.randint(1, 400), chance), chance.randint(2, 6)
    packets = Packets.of(vehicles, size)
    cars = [car for leader, names in packets.followers.items() for car in (leader, *names)]
    going = vehicles[vehicles["status"] == "planned"].set_index("vehicle")
    assert sorted(cars) == sorted(going.index)
    assert max((1 + len(names) for names in packets.followers.values()), default=1) <= size
    held = going["held_until_s"].fillna(-1.0)
    for leader, names in packets.followers.items():
        for name in names:
            assert going.loc[name, list(KINDS)].isna().tolist() == going.loc[leader, list(KINDS)].isna().tolist()
            assert going.loc[name, list(KINDS)].dropna().equals(going.loc[leader, list(KINDS)].dropna())
            assert held[name] == held[leader]
    # No more packets than there have to be: one that isn't full for each kind at the most.
    kinds = going.assign(held=held).groupby([*KINDS, "held"], dropna=False).size()
    assert len(packets.followers) == sum(math.ceil(count / size) for count in kinds)
    leaders = packets.leaders(vehicles)
    assert set(leaders["vehicle"]) == set(packets.followers) | set(
        vehicles.loc[vehicles["status"] == "no_route", "vehicle"]
    )


def test_full_packets_are_of_one_zone_and_of_neighbours_in_time() -> None:
    vehicles = pd.DataFrame(
        {
            "vehicle": [f"v{number}" for number in range(11)],
            "zone": list("aaaaabbbbbb"),
            "resident": False,
            "exit": None,
            "informed": True,
            "errand": None,
            "ordered": True,
            "departure_s": [50.0, 40.0, 30.0, 20.0, 10.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            "held_until_s": float("nan"),
            "status": "planned",
        }
    )
    packets = Packets.of(vehicles, 4)
    assert {frozenset((leader, *names)) for leader, names in packets.followers.items()} == {
        frozenset({"v4", "v3", "v2", "v1"}),
        frozenset({"v5", "v6", "v7", "v8"}),
        frozenset({"v0", "v9", "v10"}),
    }
    assert set(packets.followers) == {"v1", "v8", "v0"}  # who leaves last leads


def test_cars_that_follow_come_as_much_later_as_they_leave_and_not_after_the_end() -> None:
    packets = Packets(3, {"a": ("b", "c"), "d": ("e",)})
    names = list("abcde")
    vehicles = pd.DataFrame(
        {"vehicle": names, "departure_s": [10.0, 5.0, 16.0, 0.0, 1.0], "held_until_s": float("nan")}
    )
    trips = pd.DataFrame(
        {
            "vehicle": ["a", "d"],
            "entered_s": [12.0, float("nan")],
            "arrived_s": [95.0, float("nan")],
            "arrival_lane": ["x_0", None],
        }
    )
    spread = packets.spread(trips, vehicles, 100.0).set_index("vehicle")
    assert spread["entered_s"].fillna(-1.0).to_dict() == {"a": 12.0, "b": 7.0, "c": 18.0, "d": -1.0, "e": -1.0}
    assert spread["arrived_s"].fillna(-1.0).to_dict() == {"a": 95.0, "b": 90.0, "c": 100.0, "d": -1.0, "e": -1.0}
    assert spread.loc["b", "arrival_lane"] == "x_0"
    assert packets.leaves_s(vehicles).tolist() == [10.0, 10.0, 10.0, 0.0, 0.0]
    assert packets.all_of(["a"]) == {"a", "b", "c"}


def test_a_run_tells_who_drove_for_whom(tmp_path: Path) -> None:
    assert Packets.read(tmp_path) == Packets()
    packets = Packets(2, {"a": ("b",), "c": ()})
    packets.write(tmp_path)
    assert (tmp_path / PACKETS).is_file()
    assert Packets.read(tmp_path) == packets
    assert Packets.of(_vehicles(50, random.Random(1)), 1) == Packets()


def test_small_towns_have_no_packets() -> None:
    assert [packet_size(vehicles) for vehicles in (0, 100, 4_000, 7_999, 8_000, 15_999, 23_773, 100_000)] == [
        1, 1, 1, 1, 2, 3, 4, 4,
    ]  # fmt: skip
