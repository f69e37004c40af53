"""What closes during the evacuation: nobody uses it any more, nobody is stranded, and nothing changes before."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from evac.errors import ScenarioError
from evac.network import read_net
from evac.tables import read_lanes
from plan_town import Town, cars, discharge_veh_per_h, town

CLOSES_S = 600.0
CLEAR_S = 1500 / 13.89 * 1.6  # from the last turn-off to the near exit, for a slow driver
CLOSE = "  - do: close\n    exit: near\n    when: {from_min: %g}\n"
DEMAND = cars("wa", 300, every_s=4.0, length_m=900.0)


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Two ways out: a near one along Main Street, and a far one by North Road; a side street half-way joins them."""
    nodes = {
        "w": (0, 0),
        "a": (1000, 0),
        "b": (1500, 0),
        "c": (2000, 0),
        "d": (3500, 0),
        "n": (1500, 1500),
        "m": (4000, 1500),
    }
    streets = [("w a b c d", "Main Street", 1), ("b n m", "North Road", 1), ("c n", "Link", 1)]
    return town(tmp_path_factory.mktemp("fork"), nodes, streets, {"near": "cd", "far": "nm"})


@pytest.mark.parametrize("router", ["CCH", "dijkstra", "astar"])
def test_exit_that_closes_gets_nobody_and_strands_nobody(fork: Town, router: str) -> None:
    trips, run = fork.drive(fork.under(CLOSE % 10, f"at10{router}"), DEMAND, router=router)
    near = trips[trips["arrival_lane"] == "cd_0"]
    assert trips["arrived_s"].notna().all()
    assert len(near) > 50
    assert near["arrived_s"].max() < CLOSES_S + CLEAR_S
    assert (trips["arrival_lane"] == "nm_0").sum() == len(DEMAND) - len(near)
    told = json.loads((run / "controls.json").read_text())[0]
    assert told["what"] == "closed"
    assert told["sent_elsewhere"] > 0


def test_who_waits_in_the_driveway_when_the_exit_closes_is_told_too(fork: Town) -> None:
    """Cars that want to leave twice as fast as the street takes them, and whose drivers never look for another way."""
    queue = cars("wa", 300, every_s=0.8, length_m=900.0).assign(informed=False)
    trips, run = fork.drive(fork.under(CLOSE % 3, "queue"), queue)
    entered_later = trips[(trips["entered_s"] > 180) & (trips["arrived_s"].notna())]
    assert len(entered_later) > 50
    assert trips["arrived_s"].notna().all()
    assert json.loads((run / "ending.json").read_text())["reason"] == "cleared"


def test_who_leaves_just_before_the_exit_closes_is_told_too(fork: Town) -> None:
    """Between two steps: SUMO has given such a car its way, and it is in no list yet."""
    between = DEMAND.assign(departure_s=DEMAND["departure_s"] + 3.3, informed=False)
    assert 599.3 in set(between["departure_s"].round(1))
    trips, _ = fork.drive(fork.under(CLOSE % 10, "between"), between)
    assert trips["arrived_s"].notna().all()


def test_everything_before_the_closure_is_as_if_it_never_came(fork: Town) -> None:
    closes, _ = fork.drive(fork.under(CLOSE % 10, "comes"), DEMAND)
    never, _ = fork.drive(fork.under(CLOSE % 9000, "never"), DEMAND)
    for column in ("entered_s", "arrived_s"):
        early = [
            item.loc[item[column] < CLOSES_S, ["vehicle", column]].sort_values("vehicle", ignore_index=True)
            for item in (closes, never)
        ]
        pd.testing.assert_frame_equal(*early)
    assert (never["arrival_lane"] == "cd_0").sum() > (closes["arrival_lane"] == "cd_0").sum()


def test_road_that_opens_again_is_used_again(fork: Town) -> None:
    where = "{street: Main Street, from: Link, towards: east}"
    text = f"  - do: close\n    where: {where}\n    when: {{from_min: 5, until_min: 10}}\n"
    trips, _ = fork.drive(fork.under(text, "reopens"), DEMAND)
    near = trips.loc[trips["arrival_lane"] == "cd_0", "arrived_s"]
    assert trips["arrived_s"].notna().all()
    assert not near.between(300 + CLEAR_S, 600).any()
    assert (near > 600).sum() > 50


@pytest.mark.parametrize("from_min", [0, 10])
def test_road_closed_to_through_traffic_serves_its_residents(fork: Town, from_min: int) -> None:
    where = "{street: Main Street, from: Link, towards: east}"
    text = f"  - do: close\n    where: {where}\n    admit: residents\n    when: {{from_min: {from_min}}}\n"
    overlay = fork.under(text, f"residents{from_min}")
    vehicles = DEMAND.assign(resident=[k % 3 == 0 for k in range(len(DEMAND))])
    trips, run = fork.drive(overlay, vehicles)
    late = trips[trips["entered_s"] > 60 * from_min].merge(vehicles[["vehicle", "resident"]], on="vehicle")
    assert trips["arrived_s"].notna().all()
    assert late.groupby("resident")["arrival_lane"].unique().map(list).to_dict() == {False: ["nm_0"], True: ["cd_0"]}
    told = json.loads((run / "controls.json").read_text())
    assert [item["what"] for item in told] == (["closed"] if from_min else [])
    assert [(change.before, change.after) for change in overlay.changes] == [("1", "1 for residents")]


def test_turn_ban_moves_the_flow_elsewhere(fork: Town) -> None:
    ban = (
        "  - do: ban_turn\n    where: {street: Main Street, crossing: Link}\n"
        "    movement: {from: Main Street, heading: east, to: Main Street}\n"
    )
    overlay = fork.under(ban, "ban")
    trips, _ = fork.drive(overlay, DEMAND)
    assert set(trips["arrival_lane"]) == {"nm_0"}
    assert [(change.kind, change.place) for change in overlay.changes] == [
        ("movement removed", "Main Street eastbound → Main Street eastbound")
    ]


def test_diversion_leads_its_share_to_the_exit(fork: Town) -> None:
    approach = "{street: Main Street, crossing: North Road, towards: east}"
    text = f"  - do: divert\n    to_exit: far\n    approach: {approach}\n    compliance: 0.5\n"
    normal, _ = fork.drive(fork.normally(), DEMAND)
    led, _ = fork.drive(fork.under(text, "led"), DEMAND)
    assert led["arrived_s"].notna().all()
    assert (normal["arrival_lane"] == "nm_0").mean() < 0.1
    assert (led["arrival_lane"] == "nm_0").mean() == pytest.approx(0.5, abs=0.1)


def test_diversion_by_a_named_road_uses_it(fork: Town) -> None:
    approach = "{street: Main Street, crossing: North Road, towards: east}"
    by = "{street: Link, towards: north}"
    text = f"  - do: divert\n    to_exit: far\n    approach: {approach}\n    by: {by}\n"
    trips, run = fork.drive(fork.under(text, "by"), DEMAND)
    passed = read_lanes(run / "sumo" / "lanes.parquet").groupby("edge", observed=True)["vehicles"].sum()
    assert set(trips["arrival_lane"]) == {"nm_0"}
    assert passed["cn"] == len(DEMAND)
    assert passed.get("bn", 0) == 0


@pytest.fixture(scope="module")
def wide_fork(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Two lanes towards a fork whose roads, of one lane each, lead to an exit each."""
    nodes = {"w": (0, 0), "a": (1000, 0), "b": (1500, 0), "d": (3500, 0), "m": (3000, 1500)}
    streets = [("w a b", "Main Street", 2), ("b d", "Low Road", 1), ("b m", "High Road", 1)]
    return town(tmp_path_factory.mktemp("wide"), nodes, streets, {"low": "bd", "high": "bm"})


APPROACH = "{street: Main Street, crossing: High Road, towards: east}"
IN_WORDS = {0: "the lane at the kerb", 1: "lane 2 from the kerb"}
LED_BY_LANE = (
    f"  - {{do: divert, to_exit: low, approach: {APPROACH}, lanes: [0]}}\n"
    f"  - {{do: divert, to_exit: high, approach: {APPROACH}, lanes: [1]}}\n"
)


@pytest.mark.parametrize(
    ("lanes", "low", "changed_share"),
    [
        ({0: "low", 1: "high"}, 0.5, 0.0),
        ({0: "high", 1: "low"}, 0.5, 1.0),
        ({1: "low"}, 1.0, 0.5),
        ({0: "high"}, 0.0, 0.5),
    ],
)
def test_who_is_in_a_lane_is_led_to_its_exit(
    wide_fork: Town, lanes: dict[int, str], low: float, changed_share: float
) -> None:
    """Every second one is bound for the low road, from the kerb lane, the others for the high one."""
    half = DEMAND.assign(exit=["low", "high"] * (len(DEMAND) // 2))
    text = "".join(
        f"  - {{do: divert, to_exit: {name}, approach: {APPROACH}, lanes: [{lane}]}}\n" for lane, name in lanes.items()
    )
    overlay = wide_fork.under(text, "_".join(f"{name}{lane}" for lane, name in lanes.items()))
    trips, _ = wide_fork.drive(overlay, half)
    bound_low = set(half.loc[half["exit"] == "low", "vehicle"])
    changed = (trips["arrival_lane"] == "bd_0") != trips["vehicle"].isin(bound_low)
    assert changed.mean() == pytest.approx(changed_share, abs=0.05)
    assert (trips["arrival_lane"] == "bd_0").mean() == pytest.approx(low, abs=0.05)
    assert {change.after for change in overlay.changes} == {f"100% sent there from {IN_WORDS[lane]}" for lane in lanes}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (f"  - {{do: divert, to_exit: low, approach: {APPROACH}, lanes: [1]}}\n", "contradict each other"),
        (f"  - {{do: divert, to_exit: low, approach: {APPROACH}}}\n", "contradict each other"),
        (f"  - {{do: divert, to_exit: low, approach: {APPROACH}, lanes: [2]}}\n", "has the lanes 0 to 1"),
    ],
)
def test_a_lane_is_led_to_one_exit_and_must_be_there(wide_fork: Town, more: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        wide_fork.under(LED_BY_LANE + more, "wrong")


def test_smoke_slows_a_road_for_its_time(fork: Town) -> None:
    where = "{street: Main Street, towards: east}"
    smoke = f"  - do: speed\n    where: {where}\n    factor: 0.3\n    when: {{from_min: 10, until_min: 60}}\n"
    few = cars("wa", 40, every_s=60.0, length_m=900.0)
    few["exit"] = "near"
    clear, slow = (fork.drive(overlay, few)[0] for overlay in (fork.normally(), fork.under(smoke, "smoke")))
    took = {name: (item["arrived_s"] - item["entered_s"]) for name, item in (("clear", clear), ("slow", slow))}
    inside = slow["entered_s"].between(660, 3000)
    assert (took["slow"][inside] / took["clear"][inside]).median() > 2.5
    before = clear["arrived_s"] < 600
    pd.testing.assert_series_equal(took["slow"][before], took["clear"][before])


def test_dedicated_lane_leads_into_its_street_only(tmp_path: Path) -> None:
    nodes = {"w": (0, 0), "a": (1500, 0), "d": (2500, 0), "n": (1500, 1000)}
    place = town(
        tmp_path,
        nodes,
        [("w a", "Wide Road", 2), ("a d", "Main Street", 2), ("a n", "North Road", 1)],
        {"east": "ad", "north": "an"},
    )
    where = "{street: Wide Road, crossing: North Road, towards: east}"
    text = f"  - do: dedicate\n    where: {where}\n    lanes: [1]\n    to: North Road\n"
    overlay = place.under(text)
    demand = pd.concat(
        [
            cars("wa", 150, every_s=3.0, length_m=1400.0, name="e").assign(exit="east"),
            cars("wa", 150, every_s=3.0, length_m=1400.0, name="n").assign(exit="north"),
        ]
    ).sort_values("departure_s")
    trips, _ = place.drive(overlay, demand)
    assert trips["arrived_s"].notna().all()
    assert {change.kind for change in overlay.changes} <= {"movement removed", "movement added", "lane use"}
    out = read_net(overlay.network.net_file).getEdge("wa").getLane(1).getOutgoing()
    assert {item.getTo().getID() for item in out} == {"an"}
    assert discharge_veh_per_h(trips) > 500


def test_dedicated_lanes_lead_onto_the_lanes_that_the_plan_names(tmp_path: Path) -> None:
    nodes = {"w": (0, 0), "a": (1500, 0), "d": (2500, 0), "n": (1500, 1000)}
    streets = [("w a", "Wide Road", 2), ("a d", "Main Street", 2), ("a n", "North Road", 1)]
    place = town(tmp_path, nodes, streets, {"east": "ad"})
    contraflow = "  - {do: contraflow, where: {street: Main Street, towards: east}, lanes: 1}\n"
    dedicate = (
        "  - do: dedicate\n    where: {street: Wide Road, crossing: North Road, towards: east}\n"
        "    lanes: [0, 1]\n    to: Main Street\n    onto_lanes: [%d, %d]\n"
    )
    net = read_net(place.under(contraflow + dedicate % (1, 2), "inner").network.net_file)
    links = [link for links in net.getEdge("wa").getOutgoing().values() for link in links]
    assert {(link.getFromLane().getID(), link.getToLane().getID()) for link in links} == {
        ("wa_0", "ad_1"),
        ("wa_1", "ad_2"),
    }
    with pytest.raises(ScenarioError, match="has the lanes 0 to 2 under this plan, not 3"):
        place.under(contraflow + dedicate % (1, 3), "too many")


@pytest.mark.parametrize("lanes", ["", ", lanes: [0]"])
@pytest.mark.parametrize(("first", "second"), [((3, 8), (8, 15)), ((3, 10), (6, 15))])
def test_closures_that_touch_or_overlap_are_one_in_either_order(
    fork: Town, lanes: str, first: tuple[int, int], second: tuple[int, int]
) -> None:
    """As one closure over the whole time, to the vehicle; and nobody passes meanwhile."""

    def closing(name: str, *spans: tuple[int, int]) -> str:
        where = "where: {street: Main Street, from: Link, towards: east}"
        return "".join(
            f"  - {{do: close, label: {name} {a}, {where}{lanes}, when: {{from_min: {a}, until_min: {b}}}}}\n"
            for a, b in spans
        )

    found = []
    for number, text in enumerate((closing("A", first, second), closing("B", second, first), closing("C", (3, 15)))):
        name = f"union{len(lanes)}{first[1]}{second[0]}{number}"
        trips, run = fork.drive(fork.under(text, name), DEMAND)
        found.append(trips)
        assert not trips.loc[trips["arrival_lane"] == "cd_0", "arrived_s"].between(180 + CLEAR_S, 900).any()
        assert trips["arrived_s"].notna().all()
        assert [item["time_s"] for item in json.loads((run / "controls.json").read_text())] == [180, 900]
    pd.testing.assert_frame_equal(found[0], found[1])
    pd.testing.assert_frame_equal(found[0], found[2])


@pytest.mark.parametrize(
    "change",
    [
        "{do: close, where: {street: Main Street, towards: east}, lanes: [0], when: {from_min: 3, until_min: 20}}",
        "{do: take_lane, where: {street: Main Street, towards: east}, when: {from_min: 3}}",
        "{do: use_shoulder, where: {street: Main Street, towards: east}, when: {from_min: 3}}",
    ],
)
def test_lanes_that_alone_lead_into_a_street_are_not_all_closed(tmp_path: Path, change: str) -> None:
    """Cars bound for the side street stood on the lane beside for ever."""
    nodes = {"w": (-500, 0), "b": (0, 0), "e": (500, 0), "s": (0, -500)}
    place = town(tmp_path, nodes, [("w b e", "Main Street", 2), ("b s", "Brook Lane", 1)], {"south": "bs"})
    where = "where: {street: Main Street, crossing: Brook Lane, towards: east}"
    dedicate = f"  - {{do: dedicate, {where}, lanes: [%s], to: Brook Lane, exclusive: %s}}\n  - {change}\n"
    when = "at the order" if "shoulder" in change else "from 0:03\u00a0h on"
    with pytest.raises(ScenarioError, match=f"{when} no lane would lead there"):
        place.under(dedicate % ("0", "true"))
    for lanes, exclusive in (("0, 1", "true"), ("0", "false")):
        trips, _ = place.drive(place.under(dedicate % (lanes, exclusive)), cars("wb", 40, every_s=10.0, length_m=450.0))
        assert trips["arrived_s"].notna().all()
