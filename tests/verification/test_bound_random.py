"""In random towns under random plans no simulated curve passes the bound at any minute, and no lane its limit."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from evac import tables
from evac.limits.bound import fastest_of, reversible_town_of, town_of
from evac.limits.roads import Drivers, Rules
from evac.limits.signals import read_programs
from evac.network import read_net
from evac.overlay import exits_under
from evac.study.bounds import edges_kept_open
from random_plans import random_cars, random_plan, random_town

WINDOW_MIN = 5


def check(folder: Path, seed: int) -> None:
    """Drive a random town under a random plan, and hold it against the bounds."""
    chance = random.Random(seed)
    made = random_town(folder, chance)
    overlay, text, streets = random_plan(made, chance)
    net = read_net(overlay.network.net_file)
    exits = exits_under(made.exits, net)
    vehicles = random_cars(streets, chance)
    drivers = Drivers("normal", 1.0, fastest_of(vehicles))
    programs = read_programs([overlay.network.net_file.read_text(), overlay.additional or ""])
    kept_open = edges_kept_open(net, exits, overlay.timetable, vehicles)
    rules = Rules(overlay.timetable.states(), programs, kept_open, overlay.for_residents)
    problem = town_of(net, exits, vehicles, drivers, rules)
    bound = problem.bound()
    for percent in (1, 50, 90, 100):
        assert problem.earliest_s(percent) == bound.earliest_s(percent), f"town {seed}: {percent} %"
    trips, run = made.drive(overlay, vehicles, seed=seed, end_h=2.0)
    arrived_s = trips["arrived_s"].dropna().sort_values().to_numpy()
    minutes = np.arange(0, 121)
    out = np.searchsorted(arrived_s, 60.0 * minutes, side="right")
    over = out - bound.by(minutes)
    told = f"town {seed}, at minute {over.argmax()} {over.max()} more than can be out, under\n{text}"
    assert over.max() <= 0, told
    assert bound.out[-1] >= len(arrived_s)
    _check_lanes(run, net, drivers, seed)
    if overlay.network.digest == made.network.digest:
        most = reversible_town_of(net, exits, vehicles, drivers).bound()
        assert (bound.by(minutes) <= most.by(minutes)).all(), f"town {seed}: more with fewer lanes"


def _check_lanes(run: Path, net: object, drivers: Drivers, seed: int) -> None:
    lanes = tables.read_lanes(run / "sumo" / "lanes.parquet")
    window = (lanes["minute"] // WINDOW_MIN).to_numpy(dtype=np.int64)
    rates = tables.sum_up(lanes, "lane_id", window, ["vehicles"])
    for row in rates.itertuples():
        limit = drivers.lane_veh_per_h(max(net.getLane(row.lane_id).getSpeed(), 60 / 3.6))  # a plan may raise it to 60
        assert row.vehicles * 60 / WINDOW_MIN <= limit, f"town {seed}: {row.lane_id}"


@pytest.mark.parametrize("seed", range(4))
def test_no_curve_passes_the_bound(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 200))
def test_no_curve_passes_the_bound_in_many_towns(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed)
