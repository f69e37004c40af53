"""A made-up crossing with two exits and a dead end, its households, and a scenario for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import sumolib

from evac import sumo
from evac.schema.scenario import Scenario

# West Street (way 1, two-way) leads east to the crossing at lon 9.51; from there Main Street (way 2, two-way) on to the
# exit 'east' at lon 9.53, and North Street (way 3) to the exit 'north'. The Cul-de-sac (way 4) is one-way into a dead
# end: nobody gets out of it.
NODES = """<nodes>
    <node id="w" x="9.50" y="47.05"/><node id="x" x="9.51" y="47.05"/><node id="e" x="9.53" y="47.05"/>
    <node id="n" x="9.51" y="47.07"/><node id="s" x="9.51" y="47.04"/>
</nodes>"""
EDGES = (
    ("w_x", "w", "x", 1, "West Street"),
    ("x_w", "x", "w", 1, "West Street"),
    ("x_e", "x", "e", 2, "Main Street"),
    ("e_x", "e", "x", 2, "Main Street"),
    ("x_n", "x", "n", 3, "North Street"),
    ("x_s", "x", "s", 4, "Cul-de-sac"),
)


@dataclass(frozen=True)
class Exit:
    name: str
    edges: tuple[str, ...]


EXITS = (Exit("east & out", ("x_e",)), Exit("north", ("x_n",)))


def make_net(folder: Path, without: tuple[str, ...] = ()) -> sumolib.net.Net:
    edges = "".join(
        f'<edge id="{key}" from="{start}" to="{end}" numLanes="1" speed="13.89" name="{name}"'
        f' type="highway.residential"><lane index="0"><param key="origId" value="{way}"/></lane></edge>'
        for key, start, end, way, name in EDGES
        if key not in without
    )
    (folder / "n.nod.xml").write_text(NODES)
    (folder / "n.edg.xml").write_text(f"<edges>{edges}</edges>")
    sumo.run("netconvert", ["-n", "n.nod.xml", "-e", "n.edg.xml", "--proj.utm", "-o", "n.net.xml"], cwd=folder)
    return sumolib.net.readNet(str(folder / "n.net.xml"))


def make_homes(count: int = 40, **changes: object) -> pd.DataFrame:
    homes = pd.DataFrame(
        {
            "household": range(count),
            "zone": ["west", "main"] * (count // 2),
            "way_id": [1, 2] * (count // 2),
            "street": ["West Street", "Main Street"] * (count // 2),
            "street_lon": [9.505, 9.520] * (count // 2),
            "street_lat": 47.05,
            "connected": True,
            "reason": None,
        }
    )
    return homes.assign(**changes)


def scenario(**changes: object) -> Scenario:
    given = {"name": "x", "osm": {"file": "x.osm"}, "households": {"zones": {"file": "z.gpkg", "count": "n"}}}
    return Scenario.model_validate({**given, **changes})
