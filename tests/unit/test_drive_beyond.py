"""The drive behind an exit: a chain of roads in the net, and when people have arrived."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from crossing import make_net
from evac import sumo
from evac.errors import ScenarioError
from evac.measure.arrival import arrivals
from evac.network.exits.drive_beyond import PIECES, DrivesBeyond
from evac.network.exits.resolved import ResolvedExit, Spell
from evac.schema.places import Exit
from evac.schema.scenario import Scenario

TWENTY_MIN, AN_HOUR = 1200.0, 3600.0
# West Street's end is in the middle of the map, at a crossing with rules of its own; Main Street's at its edge.
MIDDLE = ResolvedExit("middle", ("w_x",), 1, 9.51, 47.05, drive_s=TWENTY_MIN)
EDGE = ResolvedExit("edge", ("x_e",), 1, 9.53, 47.05, beyond=(Spell(600.0, 900.0, drive_s=AN_HOUR),))


def test_a_way_over_the_chain_takes_as_long_as_the_drive_and_leaves_the_crossing_as_it_was(tmp_path):
    make_net(tmp_path)
    drives = DrivesBeyond((MIDDLE, EDGE))
    drives.write_net(tmp_path / "n.net.xml", tmp_path / "with.net.xml")
    (end,) = drives.ends("middle")
    trips = f'<trip id="out" depart="0" from="w_x" to="{end}"/><trip id="on" depart="0" from="w_x" to="x_e"/>'
    (tmp_path / "t.xml").write_text(f"<routes>{trips}</routes>")
    options = ["--route-files", "t.xml", "-o", "out.xml", "--write-costs", "--no-step-log"]
    sumo.run("duarouter", ["-n", "with.net.xml", *options], cwd=tmp_path)
    cost = {item.attrib["id"]: item[0] for item in ET.parse(tmp_path / "out.xml").getroot().iter("vehicle")}
    roads = cost["out"].attrib["edges"].split()
    assert len([road for road in roads if ".1200." in road]) == PIECES
    first_s = 760 / 13.89  # West Street
    assert float(cost["out"].attrib["cost"]) - first_s == pytest.approx(TWENTY_MIN, rel=0.02)
    flows = '<flow id="f" from="w_x" to="x_e" begin="0" end="600" vehsPerHour="300"/>'
    for net in ("n.net.xml", "with.net.xml"):
        (tmp_path / "f.xml").write_text(f"<routes>{flows}</routes>")
        run = ["-n", net, "-r", "f.xml", "--tripinfo-output", f"{net}.out", "--no-step-log"]
        sumo.run("sumo", run, cwd=tmp_path)
    arrived = [
        [(item.attrib["id"], item.attrib["arrival"]) for item in ET.parse(tmp_path / f"{net}.out").getroot()]
        for net in ("n.net.xml", "with.net.xml")
    ]
    assert arrived[0] == arrived[1]
    assert len(arrived[0]) == 50


def test_the_chain_of_the_time_that_holds_is_open():
    drives = DrivesBeyond((MIDDLE, EDGE))
    assert drives.times_s() == [600.0, 900.0]
    for now_s, time_s in ((0.0, 0.0), (600.0, AN_HOUR), (899.0, AN_HOUR), (900.0, 0.0)):
        opened = [road for road, is_open in drives.gates(now_s).items() if is_open]
        assert opened == [f"beyond.x_e.{time_s:g}.1"]
        assert drives.drives_s(now_s) == {"w_x": TWENTY_MIN, "x_e": time_s}


def test_people_have_arrived_after_the_drive_that_holds_when_they_cross_the_line():
    planned = pd.DataFrame(
        {"exit": ["middle", "edge", "edge", None], "evacuated_s": [100.0, 500.0, 700.0, np.nan]}, index=[3, 5, 7, 9]
    )
    counts = arrivals(planned, (MIDDLE, EDGE))
    assert counts["arrived_t50_s"] == 1300.0  # 500, 100 + 1200, 700 + 3600
    assert counts["arrived_t90_s"] is None
    assert counts["drive_beyond_mean_s"] == pytest.approx((1200 + 0 + 3600) / 3)
    assert arrivals(planned, ()) == {}


def test_a_spell_that_changes_nothing_is_refused_and_so_is_a_router_that_would_not_see_it():
    with pytest.raises(ValueError, match="say what is different"):
        Exit.model_validate({"name": "x", "street": "s", "beyond": [{"until_min": 5}]})
    exits = [{"name": "x", "street": "s", "beyond": [{"beyond_min": 20, "until_min": 5}]}]
    zones = {"zones": {"file": "z.gpkg", "count": "n"}}
    given = {"name": "x", "osm": {"file": "x.osm"}, "households": zones, "exits": exits}
    Scenario.model_validate(given)
    with pytest.raises((ValueError, ScenarioError), match="'CH' doesn't see"):
        Scenario.model_validate({**given, "simulation": {"router": "CH"}})
