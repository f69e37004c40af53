"""Contraflow doubles the discharge of a way out with one lane; a lane that is taken halves one with two."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from evac.errors import PlaceError, ScenarioError
from evac.network import read_net
from plan_town import Town, cars, discharge_veh_per_h, town

FAR = {"w": (0, 0), "v": (1500, 0), "u": (3000, 0), "a": (4500, 0)}
NODES = {**FAR, "b": (5500, 0), "n": (5500, 300), "d": (6500, 0)}


@pytest.fixture(scope="module")
def one_lane_out(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Wide Road has two lanes, Main Street one; Side Street comes in from the left, half-way."""
    folder = tmp_path_factory.mktemp("out")
    streets = [("w v u a", "Wide Road", 2), ("a b d", "Main Street", 1), ("n b", "Side Street", 1)]
    return town(folder, NODES, streets, {"east": "bd"}, speeds_mps=SLOW)


CONTRAFLOW = "  - do: contraflow\n    where: {street: Main Street, from: Wide Road, towards: east}\n"
# Main Street is slow, so that it and not the way onto it is the bottleneck, with one lane and with two.
SLOW = {"Main Street": 7.0}
# More than two lanes take, from driveways along three edges: one alone doesn't let enough in to fill two lanes.
DEMAND = pd.concat(
    [cars(edge, 400, every_s=1.0, length_m=1400.0, name=edge) for edge in ("wv", "vu", "ua")]
).sort_values("departure_s")


def test_contraflow_doubles_the_discharge_and_each_lane_carries_its_share(one_lane_out: Town) -> None:
    normal, _ = one_lane_out.drive(one_lane_out.normally(), DEMAND)
    turned, run = one_lane_out.drive(one_lane_out.under(CONTRAFLOW), DEMAND)
    assert normal["arrived_s"].notna().all()
    assert turned["arrived_s"].notna().all()
    assert discharge_veh_per_h(turned) / discharge_veh_per_h(normal) == pytest.approx(2.0, rel=0.05)
    by_lane = turned["arrival_lane"].value_counts(normalize=True)
    assert set(by_lane.index) == {"bd_0", "bd_1"}
    assert by_lane.min() > 0.4
    assert json.loads((run / "gridlock.json").read_text()) == []


def test_side_street_still_gets_out_and_nobody_can_go_against_the_flow(one_lane_out: Town) -> None:
    overlay = one_lane_out.under(CONTRAFLOW)
    net = read_net(overlay.network.net_file)
    assert not net.hasEdge("db")
    assert {edge.getID() for edge in net.getEdge("nb").getOutgoing()} == {"bd"}
    side, _ = one_lane_out.drive(overlay, cars("nb", 20, every_s=5, length_m=280.0))
    assert side["arrived_s"].notna().all()
    lanes = {change.place: (change.before, change.after) for change in overlay.changes if change.kind == "lanes"}
    assert lanes == {"Main Street eastbound": ("1", "2"), "Main Street westbound": ("1", "0")}


def test_set_up_contraflow_drives_the_other_side_empty_first(one_lane_out: Town) -> None:
    timed = CONTRAFLOW + "    when: {from_min: 4, setup_min: 3}\n"
    inbound = cars("db", 30, every_s=8, length_m=900.0, name="in")
    inbound["exit"] = "west"
    with_west = Town(one_lane_out.folder, one_lane_out.network, (*one_lane_out.exits, _west(one_lane_out)))
    demand = pd.concat([DEMAND.assign(exit="east"), inbound]).sort_values("departure_s")
    trips, run = with_west.drive(with_west.under(timed, "timed"), demand)
    events = json.loads((run / "controls.json").read_text())
    opened = next(event["time_s"] for event in events if event["what"] == "opened")
    last_in = trips.loc[
        trips["vehicle"].str.startswith("in") & (trips["arrival_lane"].str[:2] == "vw"), "arrived_s"
    ].max()
    assert opened >= 7 * 60
    assert trips["arrived_s"].notna().all()
    reversed_use = trips[(trips["arrival_lane"] == "bd_1")]
    assert reversed_use["arrived_s"].min() > opened
    assert len(reversed_use) > 50
    assert (
        last_in < opened + 400
    )  # who was on the road got through (4.5 km more to drive); nobody entered it afterwards


def test_two_lanes_do_not_turn_into_one_at_the_end(tmp_path: Path) -> None:
    """At the signal where a contraflow ends, its lane in the middle turns left: nobody touches another."""
    nodes = {"w": (0, 0), "v": (1500, 0), "a": (3000, 0), "b": (3600, 0), "c": (4600, 0), "n": (3600, 900)}
    streets = [("w v a", "Wide Road", 2), ("a b", "Main Street", 1), ("b c", "East Street", 1)]
    place = town(
        tmp_path,
        {**nodes, "s": (3600, -900)},
        [*streets, ("n b s", "Cross Street", 1)],
        {"east": "bc", "north": "bn", "south": "bs"},
        kinds={"b": "traffic_light"},
    )
    out = pd.concat([cars(edge, 300, every_s=2.0, length_m=1400.0, name=edge) for edge in ("wv", "va")])
    out["exit"] = [("north", "east", "north", "south")[number % 4] for number in range(len(out))]
    demand = pd.concat([out, cars("sb", 150, every_s=8.0, length_m=800.0, name="x").assign(exit="north")])
    overlay = place.under(CONTRAFLOW)
    turning = read_net(overlay.network.net_file).getEdge("ab").getOutgoing()
    lanes = {edge.getID(): [item.getFromLane().getIndex() for item in items] for edge, items in turning.items()}
    assert lanes == {"bn": [1], "bc": [0, 1], "bs": [0]}
    trips, run = place.drive(overlay, demand.sort_values("departure_s"))
    assert trips["arrived_s"].notna().all()
    assert "collision" not in (run / "sumo" / "sumo.log").read_text()


def _west(place: Town):
    net = read_net(place.network.net_file)
    lon, lat = net.convertXY2LonLat(*net.getEdge("vw").getShape()[-1])
    return type(place.exits[0])("west", ("vw",), 2, lon, lat)


def test_prepared_net_without_the_action_discharges_like_the_baseline(one_lane_out: Town) -> None:
    never = one_lane_out.under(CONTRAFLOW + "    when: {from_min: 9000}\n", "never")
    demand = DEMAND[DEMAND["departure_s"] < 150]
    ratios = []
    for seed in range(10):
        plain, prepared = (
            one_lane_out.drive(overlay, demand, seed=seed)[0] for overlay in (one_lane_out.normally(), never)
        )
        ratios.append(discharge_veh_per_h(prepared) / discharge_veh_per_h(plain))
    assert sum(ratios) / len(ratios) == pytest.approx(1.0, abs=0.02)


def test_taken_lane_halves_the_discharge(tmp_path: Path) -> None:
    nodes = {**FAR, "d": (6000, 0)}
    place = town(
        tmp_path, nodes, [("w v u a", "Wide Road", 2), ("a d", "Main Street", 2)], {"east": "ad"}, speeds_mps=SLOW
    )
    taken = place.under("  - {do: take_lane, where: {street: Main Street, towards: east}}\n")
    both, one = (place.drive(overlay, DEMAND)[0] for overlay in (place.normally(), taken))
    assert discharge_veh_per_h(one) / discharge_veh_per_h(both) == pytest.approx(0.5, rel=0.05)
    assert set(one["arrival_lane"]) == {"ad_1"}


def test_a_centre_lane_serves_one_direction_and_only_where_the_map_has_one(tmp_path: Path) -> None:
    nodes = {**FAR, "d": (6000, 0)}
    streets = [("w v u a", "Wide Road", 2), ("a d", "Main Street", 1)]
    place = town(tmp_path, nodes, streets, {"east": "ad"}, speeds_mps=SLOW, with_centre_lane=["Main Street"])
    action = "  - {{do: use_centre_lane, label: {}, where: {{street: {}, towards: {}}}, when: {{{}}}}}\n"
    east = action.format("one", "Main Street", "east", "from_min: 0")
    before, after = (place.drive(overlay, DEMAND)[0] for overlay in (place.normally(), place.under(east)))
    assert discharge_veh_per_h(after) / discharge_veh_per_h(before) == pytest.approx(2.0, rel=0.05)
    assert read_net(place.under(east).network.net_file).getEdge("da").getLaneNumber() == 1
    with pytest.raises(ScenarioError, match="contradict each other on Main Street"):
        place.under(east + action.format("two", "Main Street", "west", "from_min: 20"), "both")
    place.under(
        action.format("one", "Main Street", "east", "until_min: 20")
        + action.format("two", "Main Street", "west", "from_min: 20"),
        "in turn",
    )
    with pytest.raises((PlaceError, ScenarioError), match=r"Wide Road .*has no centre turn lane on the map"):
        place.under(action.format("one", "Wide Road", "east", "from_min: 0"), "none")


def test_shoulder_adds_a_lane_at_the_kerb_that_is_used(tmp_path: Path) -> None:
    nodes = {**FAR, "b": (5200, 0), "s": (5200, -300), "d": (6000, 0)}
    streets = [("w v u a", "Wide Road", 2), ("a b d", "Main Street", 1), ("s b", "South Street", 1)]
    place = town(tmp_path, nodes, streets, {"east": "bd"}, speeds_mps=SLOW)
    wide = place.under("  - {do: use_shoulder, where: {street: Main Street, towards: east}}\n")
    before, after = (place.drive(overlay, DEMAND)[0] for overlay in (place.normally(), wide))
    assert discharge_veh_per_h(after) / discharge_veh_per_h(before) == pytest.approx(2.0, rel=0.05)
    assert after["arrival_lane"].value_counts(normalize=True).min() > 0.4
    south = read_net(wide.network.net_file).getEdge("sb")
    assert {item.getToLane().getIndex() for items in south.getOutgoing().values() for item in items} >= {0}


@pytest.mark.parametrize("part", ["lanes: 1", "keep_emergency_lane: true"])
@pytest.mark.parametrize("when", ["{}", "{from_min: 2, setup_min: 1}", "{from_min: 2, setup_min: 1, until_min: 30}"])
def test_the_direction_that_keeps_a_lane_still_gets_those_who_turn_into_it(
    tmp_path: Path, part: str, when: str
) -> None:
    """They turned into the lane in the middle of the road, which goes to the other direction."""
    nodes = {"w": (-800, 0), "b": (0, 0), "e": (800, 0), "s": (0, -500)}
    streets = [("w b e", "Main Street", 2), ("s b", "Side Street", 1)]
    place = town(tmp_path, nodes, streets, {"west": "bw"})
    action = f"  - {{do: contraflow, where: {{street: Main Street, towards: east}}, {part}, when: {when}}}\n"
    trips, _ = place.drive(place.under(action), cars("sb", 40, every_s=10.0, length_m=450.0), end_h=1.0)
    assert trips["arrived_s"].notna().all()
    assert trips["arrived_s"].max() < 700, "nobody waits for the contraflow to end"
