"""When a trial of an order may end: as soon as it is known whether enough of each zone are safe, and not before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from evac.measure.safety import Safety
from evac.simulate.fates import Fates, Group
from evac.study.verdicts import Question


@dataclass
class _Simulation:
    """Who is on which road, and who waits for one; it counts how often it is asked."""

    roads: dict[str, str] = field(default_factory=dict)
    pending: Sequence[str] = ()
    asked: int = 0

    @property
    def connection(self) -> Any:
        def on_road() -> list[str]:
            self.asked += 1
            return list(self.roads)

        vehicle = SimpleNamespace(getIDList=on_road, getRoadID=self.roads.__getitem__)
        return SimpleNamespace(vehicle=vehicle, simulation=SimpleNamespace(getPendingVehicles=lambda: self.pending))


@pytest.fixture(autouse=True)
def _asked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a simulation there is no message to put many questions in."""

    def values_of(connection: Any, _: int, vehicles: Sequence[str]) -> list[bytes]:
        roads = [connection.vehicle.getRoadID(vehicle).encode() for vehicle in vehicles]
        return [len(road).to_bytes(4) + road for road in roads]

    monkeypatch.setattr("evac.simulate.fates.values_of", values_of)
    monkeypatch.setattr("evac.simulate.fates.vehicles_known", lambda connection: connection.vehicle.getIDList())


def _group(leaves_s: Mapping[str, float], needed: int, lost: int = 0) -> Group:
    return Group(leaves_s, lost, needed)


def test_a_group_is_safe_once_as_many_as_needed_have_gone() -> None:
    town = _Simulation({"a": "street", "b": "street"}, ["c"])
    fates = Fates(town.connection, [_group({"a": 0.0, "b": 0.0, "c": 0.0, "d": 900.0}, 2)], {})
    assert not fates.are_known(60.0)  # two drive, one waits, one is at home
    town.roads.pop("a")
    assert not fates.are_known(120.0)
    town.pending = ()
    assert fates.are_known(180.0)  # c has been on the road and off it, or SUMO gave it up: the outputs will tell


def test_nobody_is_asked_before_enough_can_have_left() -> None:
    town = _Simulation({"a": "street"})
    fates = Fates(town.connection, [_group({"a": 0.0, "b": 600.0}, 2)], {"street": 900.0})
    assert not any(fates.are_known(60.0 * minute) for minute in range(1, 11))
    assert town.asked == 0
    assert not fates.are_known(660.0)
    assert town.asked == 1


def test_who_was_seen_on_a_reached_road_is_not_safe_when_gone() -> None:
    town = _Simulation({"a": "burning", "b": "street", "c": "street"})
    fates = Fates(town.connection, [_group({"a": 0.0, "b": 0.0, "c": 0.0}, 2)], {"burning": 100.0})
    assert not fates.are_known(120.0)
    town.roads = {"b": "street", "c": "street"}
    assert not fates.are_known(180.0)  # one may be lost; whether the others get out isn't known
    town.roads = {"c": "street"}
    assert not fates.are_known(240.0)
    town.roads = {}
    assert fates.are_known(300.0)


def test_too_many_on_reached_roads_is_too_late_at_once() -> None:
    town = _Simulation({"a": "burning", "b": "burning", "c": "street"})
    assert not Fates(town.connection, [_group({"a": 0.0, "b": 0.0, "c": 0.0}, 2)], {"burning": 100.0}).are_known(60.0)
    assert Fates(town.connection, [_group({"a": 0.0, "b": 0.0, "c": 0.0}, 2)], {"burning": 100.0}).are_known(120.0)


def test_a_group_of_which_too_many_have_no_way_is_known_beforehand() -> None:
    town, group = _Simulation(), _group({"a": 0.0}, 2, lost=1)
    assert group.is_lost
    assert Fates(town.connection, [group], {}).are_known(60.0)
    assert town.asked == 0


def test_all_groups_have_to_be_known() -> None:
    town = _Simulation({"b": "street"})
    fates = Fates(town.connection, [_group({"a": 0.0}, 1), _group({"b": 0.0}, 1)], {})
    assert not fates.are_known(60.0)
    town.roads = {}
    assert fates.are_known(120.0)


@pytest.mark.parametrize(
    ("safety", "share"),
    [
        (Safety(100, 95, 0), 0.95),  # enough, whatever becomes of five
        (Safety(100, 94, 0), None),
        (Safety(100, 10, 6), 0.94),  # too few, whatever becomes of the rest
        (Safety(100, 94, 6), 0.94),
        (Safety(100, 94, 5), None),
    ],
)
def test_a_share_is_told_only_where_it_decides(safety: Safety, share: float | None) -> None:
    assert safety.share(0.95) == share


@pytest.mark.parametrize("planned", [1, 3, 19, 20, 21, 100, 913, 2565])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95, 1.0])
def test_as_many_are_needed_as_make_the_share(planned: int, share: float) -> None:
    vehicles = pd.DataFrame(
        {"vehicle": [f"h{number}v0" for number in range(planned)], "zone": "A", "ordered": True, "status": "planned",
         "departure_s": 0.0, "held_until_s": float("nan"), "errand": None}
    )  # fmt: skip
    group = Question(("A",), share).groups(vehicles)["A"]
    assert group.needed / planned >= share
    assert (group.needed - 1) / planned < share
    assert group.spare == planned - group.needed
