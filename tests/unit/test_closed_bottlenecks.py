"""A bottleneck that is named on a road which a plan closes is told, with the time; any other isn't."""

from __future__ import annotations

from pathlib import Path

import pytest

from evac.measure.bottlenecks import BottleneckLanes
from evac.network import read_net
from evac.study.closed_bottlenecks import closed_bottlenecks
from plan_town import Town, town

NODES = {"a": (0.0, 0.0), "b": (500.0, 0.0), "c": (1000.0, 0.0), "d": (1500.0, 0.0)}
NAMED = [BottleneckLanes("Bridge", "bc", (0,)), BottleneckLanes("Gate", "cd", (0,))]


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Town:
    folder: Path = tmp_path_factory.mktemp("road")
    streets = [("a b", "Main Street", 1), ("b c", "Bridge Street", 1), ("c d", "Far Street", 1)]
    return town(folder, NODES, streets, {"East": "cd"})


def _told(road: Town, when: str) -> list[str]:
    overlay = road.under(f"  - {{do: close, label: flood, where: {{street: Bridge Street}}{when}}}")
    net = read_net(overlay.network.net_file)
    return list(closed_bottlenecks(net, overlay.timetable, overlay.for_residents, NAMED))


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("", "closed from the order on"),
        (", when: {from_min: 10}", "from 0:10\u00a0h on"),
        (", when: {from_min: 10, until_min: 40}", "from 0:10\u00a0h until 0:40\u00a0h"),
    ],
)
def test_a_bottleneck_on_a_closed_road_is_told_with_the_time(road: Town, when: str, words: str) -> None:
    told = _told(road, when)
    assert len(told) == 1
    assert told[0].startswith("bottleneck 'Bridge'")
    assert words in told[0]


def test_without_a_plan_nothing_is_told(road: Town) -> None:
    overlay = road.normally()
    net = read_net(overlay.network.net_file)
    assert list(closed_bottlenecks(net, overlay.timetable, overlay.for_residents, NAMED)) == []
