"""Drivers who stand before a turn that nobody gets through take another way, and come back when it is free.

A road of two lanes ends at a junction: one lane turns left, the short way out (245 s in all on empty roads), the other
goes on by a longer way (296 s). From five minutes on the left turn's signal stays red. 900 vehicles an hour come, and
the lane of the longer way passes more than 1,400. Theory: nobody stays behind. Who knows of it at once (after two
minutes of standing, the minute of the travel times and the five between two looks) would have all out after half an
hour; drivers who try the short way again from time to time may take twice as long. Where the turn is green again after
15 minutes, both lanes pass three times what comes, and who leaves after 23 minutes drives the short way without a
queue.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evac.demand.routes import routing_options, write_exit_zones, write_trips
from evac.measure.trips import read_trips
from evac.schema.driving import Driver, Simulation, Traffic
from evac.simulate import run_job
from evac.simulate.job import Case, Job
from evac.simulate.job_inputs import JobInputs
from small_runs import Way, drivers, write_net

CARS, EVERY_S, RED_FROM_S = 400, 4.0, 300.0
KNOWN_AFTER_S = 120.0 + 60.0 + 300.0
LANE_VEH_PER_S = 1400.0 / 3600.0
SHORT_WAY_S, LONG_WAY_S = 245.0, 296.0
PLACES = {
    "o": (0, 0),
    "p": (300, 0),
    "j": (1000, 0, "traffic_light"),
    "a": (1000, 600),
    "b": (2500, -600),
    "c": (2500, 600),
    "d": (2800, 600),
}
LANES = {"op": 2, "pj": 2, "ja": 1, "jb": 1, "bc": 1, "ac": 1, "cd": 2}
PROGRAMS = """<additional>
<tlLogic id="j" type="static" programID="green" offset="0"><phase duration="90" state="GG"/></tlLogic>
<tlLogic id="j" type="static" programID="red" offset="0"><phase duration="90" state="Gr"/></tlLogic>
<WAUT id="w" refTime="0" startProg="green"><wautSwitch time="{red_from_s}" to="red"/>
<wautSwitch time="{red_until_s}" to="green"/></WAUT><wautJunction wautID="w" junctionID="j"/></additional>"""
DRIVER = Driver()
EXITS = (Way("out", ("cd",)),)


def _trips(folder: Path, red_until_s: float) -> pd.DataFrame:
    """Return each vehicle's `entered_s` and `arrived_s` when the turn is red until a time."""
    roads = [{"id": name, "from": name[0], "to": name[1], "numLanes": n, "speed": 13.89} for name, n in LANES.items()]
    vehicles = drivers("op", CARS, every_s=EVERY_S)
    signal = PROGRAMS.format(red_from_s=RED_FROM_S, red_until_s=red_until_s)
    inputs = JobInputs(
        net_file=write_net(folder, PLACES, roads),
        write={
            "exits.add.xml": lambda path: write_exit_zones(EXITS, path, some_held=False),
            "signal.add.xml": lambda path: path.write_text(signal),
            "trips.rou.xml": lambda path: write_trips(
                vehicles, EXITS, path, driver=DRIVER, traffic=Traffic(), capacity_factor=1.0
            ),
        },
        end_s=7200,
        gridlock_after_s=300,
        extra_options=tuple(routing_options(Simulation(), DRIVER)),
    )
    job = Job.of(Case(vehicles_per_household="1", departure="d", seed=1), settings={"signal": signal}, inputs={})
    return read_trips(run_job(job, inputs, folder / ".evac") / "sumo" / "tripinfo.xml")


def test_who_stands_before_a_turn_that_stays_red_goes_another_way(tmp_path: Path) -> None:
    trips = _trips(tmp_path, red_until_s=1e6)
    assert trips["arrived_s"].notna().sum() == CARS
    assert trips["arrived_s"].max() <= 2 * (RED_FROM_S + KNOWN_AFTER_S + CARS / LANE_VEH_PER_S)


def test_a_turn_that_is_green_again_is_taken_again(tmp_path: Path) -> None:
    trips = _trips(tmp_path, red_until_s=900.0)
    late = trips[trips["entered_s"] >= 900.0 + KNOWN_AFTER_S]
    assert len(late) > 30
    assert (late["arrived_s"] - late["entered_s"]).median() < (SHORT_WAY_S + LONG_WAY_S) / 2
