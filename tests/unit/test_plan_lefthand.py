"""Traffic that drives on the left: a plan does in a mirrored town what it does in the town, mirrored."""

from __future__ import annotations

from pathlib import Path

import pytest

from evac.network import read_net
from evac.overlay.plain import PlainNet
from plan_town import Town, town

NODES = {
    "w": (0, 0), "a": (600, 0), "b": (1200, 0), "c": (1800, 0), "d": (2400, 0), "n": (1200, 500), "s": (1800, -500)
}  # fmt: skip
AXIS_M = 500.0  # netconvert moves the southernmost point to 0
STREETS = [
    ("w a", "West Road", 2),
    ("a b c d", "Main Street", 2),
    ("n b", "North Lane", 1),
    ("s c", "South Lane", 1),
]
EAST = "where: {street: Main Street, towards: east}"
ARRIVING = "where: {street: Main Street, crossing: South Lane, towards: east}"
PLANS = {
    "contraflow": f"  - {{do: contraflow, {EAST}}}",
    "one": f"  - {{do: contraflow, {EAST}, lanes: 1, when: {{setup_min: 9}}}}",
    "shoulder": f"  - {{do: use_shoulder, {EAST}}}",
    "kerb": f"  - {{do: take_lane, {EAST}}}",
    "dedicate": f"  - {{do: dedicate, {ARRIVING}, lanes: [0], to: Main Street}}",
    "barricade": "  - {do: barricade, where: {street: Main Street, crossing: North Lane}, street: North Lane}",
}


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, Town]:
    """Return the town, and its mirror image, in which traffic drives on the left."""
    mirrored = {name: (x, -y) for name, (x, y) in NODES.items()}
    right = town(tmp_path_factory.mktemp("right"), NODES, STREETS, {"east": "cd"})
    left = town(tmp_path_factory.mktemp("left"), mirrored, STREETS, {"east": "cd"}, lefthand=True)
    return right, left


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_does_the_mirror_image(towns: tuple[Town, Town], name: str) -> None:
    overlays = [place.under(PLANS[name], name) for place in towns]
    right, left = (PlainNet.read(overlay.network.folder) for overlay in overlays)
    assert right.movements.keys() != PlainNet.read(towns[0].network.folder).movements.keys() or name == "kerb"
    assert right.movements.keys() == left.movements.keys()
    nets = [read_net(overlay.network.net_file) for overlay in overlays]
    for edge in nets[0].getEdges(withInternal=False):
        for lane, image in zip(edge.getLanes(), nets[1].getEdge(edge.getID()).getLanes(), strict=True):
            assert lane.allows("passenger") == image.allows("passenger")
            for (x, y), (image_x, image_y) in zip(lane.getShape(), image.getShape(), strict=True):
                assert (x, 2 * AXIS_M - y) == pytest.approx((image_x, image_y), abs=0.5)


def test_sides_are_told_apart(tmp_path: Path, towns: tuple[Town, Town]) -> None:
    """The same plan, with the traffic on the other side and the town as it is, gives other turns."""
    same = town(tmp_path, NODES, STREETS, {"east": "cd"}, lefthand=True)
    plan = PLANS["shoulder"]
    movements = [PlainNet.read(place.under(plan, "same").network.folder).movements.keys() for place in (towns[0], same)]
    assert movements[0] != movements[1]
