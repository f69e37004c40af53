"""Result tables against figures that can be counted by hand, and the bytes that must not change."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from evac import tables
from evac.errors import SimulationError
from evac.files import digest_file
from evac.limits.bound import Bound
from evac.measure.at_best import AtBest
from evac.measure.clearance import clearance_s, curve
from evac.measure.edges import edge_windows
from evac.measure.trips import read_trips, vehicle_results
from small_runs import SmallRun, Way, demand, run_small, write_net

EXITS = (Way("out", ("bc",)),)
FILES = ("vehicles.parquet", "curve.parquet", "bottlenecks.parquet", "edges.parquet", "ledger.json", "manifest.json")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    nodes = {"a": (0, 0), "b": (600, 0), "c": (900, 0)}
    edges = [
        {"id": "ab", "from": "a", "to": "b", "numLanes": 2, "speed": 13.9, "name": "Main Street"},
        {"id": "bc", "from": "b", "to": "c", "numLanes": 1, "speed": 13.9, "name": "Main Street"},
    ]
    trips = [("ab", 0.5 * number, "planned") for number in range(400)] + [("island", 5, "no_route")]
    return run_small(folder / "run", write_net(folder, nodes, edges), demand(trips), EXITS)


def _trips(rows):
    columns = ["vehicle", "entered_s", "arrived_s", "arrival_lane", "time_loss_s", "taken_out"]
    return pd.DataFrame(rows, columns=columns)


def test_clearance_counts_all_planned_vehicles():
    evacuated_s = np.array([10.0, 20.0, 30.0, 40.0, np.nan])
    assert clearance_s(evacuated_s, 50) == 30.0  # the third of five
    assert clearance_s(evacuated_s, 80) == 40.0
    assert clearance_s(evacuated_s, 90) is None
    assert clearance_s(np.array([]), 50) is None


def test_delay_is_the_wait_and_the_time_lost():
    vehicles = demand([("ab", 10, "planned"), ("ab", 20, "planned"), ("ab", 30, "planned"), ("ab", 40, "no_route")])
    trips = _trips(
        [
            ("h0v0", 15.0, 100.0, "bc_0", 7.0, False),
            ("h1v0", 25.0, None, "", 9.0, False),
            ("h2v0", None, None, "", 0.0, False),
        ]
    )
    done = vehicle_results(vehicles, trips, EXITS, 130.0)
    assert done["status"].tolist() == ["evacuated", "driving", "waiting", "no_route"]
    assert done["delay_s"].tolist()[:3] == [5 + 7, 5 + 9, 100]
    assert done["delay_s"].isna().tolist() == [False, False, False, True]
    assert done["exit"].tolist()[0] == "out"


def test_a_vehicle_taken_out_is_not_evacuated(tmp_path):
    trip = '<tripinfo id="h0v0" depart="1" arrival="50" arrivalLane="bc_0" timeLoss="3" vaporized="traci"/>'
    (tmp_path / "t.xml").write_text(f"<tripinfos>{trip}</tripinfos>")
    done = vehicle_results(demand([("ab", 0, "planned")]), read_trips(tmp_path / "t.xml"), EXITS, 60.0)
    assert done["status"].tolist() == ["driving"]
    assert done["exit"].isna().all()


def test_an_end_that_is_no_exit_is_an_error():
    trips = _trips([("h0v0", 0.0, 9.0, "ab_1", 0.0, False)])
    with pytest.raises(SimulationError, match="no exit and no refuge, such as 'ab'"):
        vehicle_results(demand([("ab", 0, "planned")]), trips, EXITS, 60.0)


def test_curve_counts_by_the_end_of_each_minute():
    done = pd.DataFrame(
        {
            "departure_s": [0.0, 60.0, 61.0],
            "entered_s": [0.0, 70.0, None],
            "evacuated_s": [120.0, None, None],
            "in_refuge_s": [None, 100.0, None],
        }
    )
    rows = curve(done, 130.0)
    assert rows["minute"].tolist() == [0, 1, 2, 3]
    assert rows["departed"].tolist() == [1, 2, 3, 3]
    assert rows["entered"].tolist() == [1, 1, 2, 2]
    assert rows["evacuated"].tolist() == [0, 0, 1, 1]
    assert rows["in_refuge"].tolist() == [0, 0, 1, 1]


def test_tables_have_the_declared_columns_and_agree(run: SmallRun):
    manifest = run.measure()
    vehicles = tables.read_table(run.folder / "vehicles.parquet", tables.VEHICLES)
    minutes = tables.read_table(run.folder / "curve.parquet", tables.CURVE)
    lanes = tables.read_table(run.folder / "bottlenecks.parquet", tables.BOTTLENECKS)
    edges = tables.read_table(run.folder / "edges.parquet", tables.EDGES)
    assert manifest["planned"] == len(vehicles) == 401
    assert manifest["evacuated"] == minutes["evacuated"].iloc[-1] == manifest["exits"]["out"] == 400
    assert manifest["no_route"] == 1
    assert manifest["t95_s"] == vehicles["evacuated_s"].nsmallest(381).iloc[-1]
    assert manifest["t100_s"] is None  # one has no route
    assert manifest["zones"]["zone ab"]["t100_s"] == vehicles["evacuated_s"].max()
    assert minutes["departed"].iloc[-1] == 401
    assert lanes.groupby("edge")["vehicles"].sum().to_dict() == {"ab": 400}
    assert round((edges.loc[edges["edge"] == "bc", "flow_veh_per_h"] / 12).sum()) >= 400 - 1


def test_measuring_twice_gives_the_same_bytes(run: SmallRun):
    run.measure()
    before = [digest_file(run.folder / name) for name in FILES]
    run.measure()
    assert [digest_file(run.folder / name) for name in FILES] == before


def test_lane_minutes_equal_an_induction_loop_at_the_lane_end(tmp_path):
    nodes = {"a": (0, 0), "b": (400, 0, "traffic_light"), "c": (700, 0), "s": (400, -300), "d": (900, 0)}
    edges = [
        {"id": "ab", "from": "a", "to": "b", "numLanes": 2, "speed": 13.9},
        {"id": "sb", "from": "s", "to": "b", "numLanes": 1, "speed": 13.9},
        {"id": "bc", "from": "b", "to": "c", "numLanes": 2, "speed": 13.9},
        {"id": "cd", "from": "c", "to": "d", "numLanes": 1, "speed": 13.9},
    ]
    loops = "".join(
        f'<e1Detector id="{lane}" lane="{lane}" pos="-0.01" period="60" file="loops.xml" friendlyPos="true"/>'
        for lane in ("ab_0", "ab_1", "sb_0", "bc_0", "bc_1")
    )
    vehicles = demand([(edge, number, "planned") for number in range(300) for edge in ("ab", "sb")])
    net = write_net(tmp_path, nodes, edges)
    run = run_small(tmp_path / "run", net, vehicles, (Way("out", ("cd",)),), driver={"sigma": 0.5}, add=loops)
    lanes = tables.read_lanes(run.folder / "sumo" / "lanes.parquet")
    measured = {(row.lane_id, row.minute): row.vehicles for row in lanes.itertuples() if row.vehicles}
    loop = pd.read_xml(run.folder / "sumo" / "loops.xml", parser="etree")
    counted = {(row.id, int(row.begin) // 60): row.nVehEntered for row in loop.itertuples() if row.nVehEntered}
    assert counted == {key: count for key, count in measured.items() if key[0] != "cd_0"}
    assert {lane for lane, _ in counted} >= {"ab_0", "ab_1", "sb_0", "bc_1"}
    assert sum(count for (lane, _), count in measured.items() if lane == "cd_0") == 600


def test_a_run_without_traffic_is_measured(tmp_path):
    net = write_net(tmp_path, {"a": (0, 0), "b": (99, 0)}, [{"id": "ab", "from": "a", "to": "b"}])
    run = run_small(tmp_path / "run", net, demand([("island", 0, "no_route")]), (Way("out", ("ab",)),), end_s=600)
    manifest = run.measure()
    assert (manifest["planned"], manifest["no_route"], manifest["t50_s"]) == (1, 1, None)
    assert len(tables.read_table(run.folder / "edges.parquet", tables.EDGES)) == 0


def test_edge_windows_add_lanes_and_minutes(run: SmallRun):
    rows = pd.DataFrame(
        {
            "edge": pd.Categorical(["ab"] * 4),
            "minute": [0, 0, 1, 4],
            "until_s": [60.0, 60.0, 120.0, 300.0],
            "vehicles": [3, 4, 5, 13],
            "sampled_s": [60.0, 120.0, 60.0, 60.0],
            "distance_m": [600.0, 600.0, 300.0, 300.0],
            "time_loss_s": [30.0, 60.0, 60.0, 0.0],
        }
    )
    (row,) = edge_windows(rows, run.net).to_dict("records")
    assert row["flow_veh_per_h"] == 25 * 12
    assert row["speed_mps"] == 6.0
    assert row["queue_veh"] == 0.5
    assert row["density_veh_per_km"] == pytest.approx(1.0 / (run.net.getEdge("ab").getLength() / 1000))


def test_another_table_is_refused(tmp_path):
    rows = pd.DataFrame({"minute": [0], "departed": 0, "entered": 0, "evacuated": 0, "in_refuge": 0})
    tables.write_table(rows, tables.CURVE, tmp_path / "c")
    with pytest.raises(SimulationError, match="has the columns"):
        tables.read_table(tmp_path / "c", tables.EDGES)
    with pytest.raises(SimulationError, match="can't be read"):
        tables.read_table(tmp_path / "none", tables.EDGES)


def test_a_run_that_passes_its_bound_or_a_lane_s_limit_is_a_defect_and_not_trusted(run: SmallRun):
    best = AtBest(Bound(401, np.array([0, 401])), {"ab_0": 3600.0, "bc_0": 3600.0})
    manifest = run.measure(at_best=best)
    ledger = json.loads((run.folder / "ledger.json").read_text())
    assert (ledger["bound_passed_by"], ledger["bound_passed_at_min"], ledger["lanes_over_limit"]) == (0, None, [])
    assert manifest["at_best"]["t90_s"] == 0.0
    assert not [reason for reason in ledger["reasons"] if "defect" in reason]
    out = pd.read_parquet(run.folder / "curve.parquet")["evacuated"].to_numpy()
    late = AtBest(Bound(401, np.concatenate([np.zeros(5, dtype=np.int64), out[:-5]])), {"bc_0": 600.0})
    run.measure(at_best=late)
    ledger = json.loads((run.folder / "ledger.json").read_text())
    assert ledger["trusted"] is False
    assert ledger["bound_passed_by"] > 0
    assert ledger["lanes_over_limit"] == ["bc_0"]
    assert len([reason for reason in ledger["reasons"] if "a defect of evac" in reason]) == 2


def test_vehicles_that_were_set_down_elsewhere_may_be_ahead(run: SmallRun):
    run.measure()
    curve, traffic = pd.read_parquet(run.folder / "curve.parquet"), tables.read_lanes(run.folder / "sumo/lanes.parquet")
    most = np.maximum(curve["evacuated"].to_numpy() - 3, 0)
    assert AtBest(Bound(401, most), {}).passed(curve, traffic, 2)["bound_passed_by"] == 1
    assert AtBest(Bound(401, most), {}).passed(curve, traffic, 3)["bound_passed_by"] == 0
