"""Verification: every planned vehicle is accounted for, and one bottleneck clears as deterministic queueing says.

A queue that is let go past a lane whose speed limit is v discharges c = 3600 / (tau + (length + minGap) / v) vehicles
an hour (sigma 0, speedDev 0). N vehicles that are all there from the start pass it one at a time, so that the k-th is
out k / c after the first, and the last N / c. The area between the arrival and the discharge curve is the delay.
"""

from __future__ import annotations

import json

import pandas as pd
import pytest

from evac import tables
from evac.errors import SimulationError
from evac.measure.bottlenecks import BottleneckLanes
from evac.measure.clearance import STATUSES
from small_runs import EXACT_DRIVER, SmallRun, Way, demand, run_small, write_net

VEHICLES = 300
SLOW_MPS = 8.0
DISCHARGE_VEH_PER_S = 1 / (EXACT_DRIVER["tau"] + (EXACT_DRIVER["length"] + EXACT_DRIVER["minGap"]) / SLOW_MPS)
NODES = {"a": (0, 0), "b": (3000, 0), "c": (3300, 0), "d": (3600, 0)}
EDGES = [
    {"id": "ab", "from": "a", "to": "b", "numLanes": 1, "speed": 15},
    {"id": "bc", "from": "b", "to": "c", "numLanes": 1, "speed": SLOW_MPS},
    {"id": "cd", "from": "c", "to": "d", "numLanes": 1, "speed": SLOW_MPS},
]
EXITS = (Way("out", ("cd",)),)
LANE = [BottleneckLanes("slow road", "bc", (0,))]


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    return write_net(tmp_path_factory.mktemp("net"), NODES, EDGES)


@pytest.fixture(scope="module")
def queue(net, tmp_path_factory) -> SmallRun:
    vehicles = demand([("ab", 0, "planned")] * VEHICLES)
    return run_small(tmp_path_factory.mktemp("queue") / "run", net, vehicles, EXITS)


def _accounts(manifest):
    assert sum(manifest[status] for status in STATUSES) == manifest["planned"]
    return tuple(manifest[status] for status in STATUSES)


def test_all_are_out(queue):
    manifest = queue.measure(bottlenecks=LANE)
    assert _accounts(manifest) == (VEHICLES, 0, 0, 0, 0)
    assert manifest["t100_s"] is not None


def test_an_end_in_mid_run_leaves_driving_waiting_and_not_yet_departed(net, tmp_path):
    departures = [("ab", 0, "planned")] * 300 + [("ab", 5000, "planned")] * 7 + [("far", 0, "no_route")] * 3
    manifest = run_small(tmp_path / "run", net, demand(departures), EXITS, end_s=350).measure(bottlenecks=LANE)
    evacuated, in_refuge, driving, waiting, no_route = _accounts(manifest)
    assert no_route == 3
    assert in_refuge == 0
    assert evacuated > 0
    assert driving > 0
    assert waiting > 7
    assert manifest["t95_s"] is None
    assert manifest["exits"] == {"out": evacuated}


def test_a_blocked_driveway_keeps_its_vehicles_waiting(tmp_path):
    """A vehicle stands for ever on the short street from which others want to leave."""
    stop = '<route edges="sb bc cd"/><stop lane="sb_0" duration="90000"/>'
    parked = f'<vehicle id="h0v0" type="car" depart="0">{stop}</vehicle>'
    nodes = {**NODES, "s": (3000, -12)}
    street = write_net(tmp_path, nodes, [*EDGES, {"id": "sb", "from": "s", "to": "b", "numLanes": 1}])
    vehicles = demand([("sb", 0, "planned"), ("sb", 10, "planned"), ("sb", 10, "planned"), ("ab", 0, "planned")])
    run = run_small(tmp_path / "run", street, vehicles, EXITS, end_s=1200, by_hand={"h0v0": parked})
    assert _accounts(run.measure(bottlenecks=LANE)) == (1, 0, 1, 2, 0)
    waited = tables.read_table(run.folder / "vehicles.parquet", tables.VEHICLES).set_index("vehicle")["delay_s"]
    assert waited["h1v0"] == 1190


def test_teleports_are_no_crossings_and_end_the_trust(tmp_path):
    nodes = {"a": (0, 0), "b": (200, 0, "priority"), "c": (400, 0), "s": (200, -200)}
    edges = [
        {"id": "ab", "from": "a", "to": "b", "numLanes": 1, "speed": 15, "priority": 9},
        {"id": "sb", "from": "s", "to": "b", "numLanes": 1, "speed": 15, "priority": 1},
        {"id": "bc", "from": "b", "to": "c", "numLanes": 1, "speed": 15, "priority": 9},
    ]
    vehicles = demand([("ab", n, "planned") for n in range(300)] + [("sb", 20, "planned")] * 5)
    run = run_small(
        tmp_path / "run", write_net(tmp_path, nodes, edges), vehicles, (Way("out", ("bc",)),),
        options=("--time-to-teleport", "30"),
    )  # fmt: skip
    manifest = run.measure(bottlenecks=[BottleneckLanes("side", "sb", (0,)), BottleneckLanes("exit", "bc", (0,))])
    ledger = json.loads((run.folder / "ledger.json").read_text())
    past_the_line = (run.folder / "sumo" / "sumo.log").read_text().count("teleports beyond arrival edge")
    assert past_the_line > 0
    assert _accounts(manifest) == (305 - past_the_line, 0, past_the_line, 0, 0)
    assert ledger["taken_out"] == past_the_line
    assert manifest["trusted"] is ledger["trusted"] is False
    side = manifest["lanes"][0]["vehicles"]
    lanes = pd.read_parquet(run.folder / "sumo" / "lanes.parquet")
    teleported = int(lanes.loc[lanes["lane_id"] == "sb_0", "lane_teleported"].sum())
    assert teleported > 0
    assert side + teleported == 5


@pytest.mark.parametrize("change", ["lost", "strange", "twice"])
def test_vehicles_that_dont_add_up_are_an_error(net, tmp_path, change):
    run = run_small(tmp_path / "run", net, demand([("ab", 0, "planned")] * 3), EXITS)
    trips = run.folder / "sumo" / "tripinfo.xml"
    words = {"lost": "1 planned vehicles are missing", "strange": "1 are not in the demand", "twice": "vehicles twice"}
    lines = trips.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if 'id="h1v0"' in line)
    lines[at : at + 1] = {
        "lost": [],
        "strange": [lines[at], lines[at].replace("h1v0", "h9v9")],
        "twice": [lines[at], lines[at]],
    }[change]
    trips.write_text("\n".join(lines))
    with pytest.raises(SimulationError, match=words[change]):
        run.measure(bottlenecks=LANE)


def test_percentiles_of_one_bottleneck(queue):
    """t_k - t_j = (k - j) / c, within one second of simulation step and 2 %."""
    manifest = queue.measure(bottlenecks=LANE)
    for early, late in ((50, 90), (50, 95), (50, 100)):
        expected_s = (late - early) / 100 * VEHICLES / DISCHARGE_VEH_PER_S
        assert manifest[f"t{late}_s"] - manifest[f"t{early}_s"] == pytest.approx(expected_s, rel=0.02, abs=1.0)
    free_s = 3000 / 15 + 600 / SLOW_MPS
    assert manifest["t100_s"] == pytest.approx(free_s + (VEHICLES - 1) / DISCHARGE_VEH_PER_S, rel=0.03)


def test_lane_rate_in_queue_is_the_discharge(queue):
    (lane,) = queue.measure(bottlenecks=LANE)["lanes"]
    assert lane["vehicles"] == VEHICLES
    minutes = tables.read_table(queue.folder / "bottlenecks.parquet", tables.BOTTLENECKS)
    full = minutes.loc[minutes["vehicles"] > 0, "vehicles"].iloc[1:-1]
    assert full.mean() == pytest.approx(60 * DISCHARGE_VEH_PER_S, rel=0.03)
    assert minutes["vehicles"].max() <= 36
    manifest = queue.measure(bottlenecks=LANE)
    assert lane["mean_veh_per_min"] == pytest.approx(60 * 0.95 * VEHICLES / manifest["t95_s"], rel=0.1)


def test_total_delay_is_the_area_between_the_curves(queue):
    """All want to leave at 0 and pass one every 1 / c: the mean delay is (N - 1) / 2c."""
    manifest = queue.measure(bottlenecks=LANE)
    assert manifest["mean_delay_s"] == pytest.approx((VEHICLES - 1) / 2 / DISCHARGE_VEH_PER_S, rel=0.03)
    done = tables.read_table(queue.folder / "vehicles.parquet", tables.VEHICLES)
    alone_s = 3000 / 15 + 600 / SLOW_MPS
    first = done.loc[done["evacuated_s"].idxmin()]
    assert first["delay_s"] < 5
    assert first["evacuated_s"] == pytest.approx(alone_s, rel=0.02)
