"""Crafted roads on which plans are tried: plain XML as the network stage makes it, and runs to the last car."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from evac import sumo
from evac.demand.background import COLUMNS
from evac.demand.orders import Orders
from evac.hazards.refuges import ResolvedRefuge
from evac.households import Households
from evac.measure.facts import RunFacts
from evac.measure.trips import read_trips
from evac.network import Network, compile_net, read_net
from evac.network.exits import ResolvedExit
from evac.overlay import Overlay, exits_under, lay_over
from evac.overlay.staging import stage_roads
from evac.plans.reading import load_plan
from evac.plans.timetable import Timetable
from evac.schema.driving import Traffic
from evac.schema.scenario import Scenario
from evac.simulate import run_job
from evac.simulate.job import Case, Job
from evac.simulate.meso import Meso
from evac.study.ground import Terms
from evac.study.others import Others
from evac.study.sumo_inputs import inputs_of

_COLUMNS = ("way_id", "osm_way_id", "name", "ref", "highway", "lanes_forward", "lanes_backward")
STREETS = gpd.GeoDataFrame({name: [] for name in (*_COLUMNS, "centre_lane", "lanes_guessed", "speed_guessed")})
NOTHING_CLOSED = STREETS.assign(direction=[], nodes=[], speed_kph=[])
_NOBODY = Households(Path(), "")
_NO_OTHERS = Others(pd.DataFrame(columns=list(COLUMNS)).astype({"made": bool}), None, None)
_LOCATION = (
    '<location netOffset="-500000.00,-5200000.00" convBoundary="0.00,0.00,9000.00,9000.00" '
    'origBoundary="9,46.9,9.1,47" projParameter="+proj=utm +zone=32 +ellps=WGS84 +datum=WGS84 +units=m +no_defs"/>'
)
_SETTINGS = """<netconvertConfiguration>
    <input>
        <node-files value="plain.nod.xml"/><edge-files value="plain.edg.xml"/>
        <connection-files value="plain.con.xml"/><tllogic-files value="plain.tll.xml"/>
        <type-files value="plain.typ.xml"/>
    </input>
    <output><output.street-names value="true"/><output.original-names value="true"/></output>
    <processing><lefthand value="LEFTHAND"/></processing>
    <junctions><no-turnarounds value="true"/></junctions>
</netconvertConfiguration>
"""


@dataclass(frozen=True)
class Town:
    """A net with its exits, and a folder for what is made of it."""

    folder: Path
    network: Network
    exits: tuple[ResolvedExit, ...]
    streets: gpd.GeoDataFrame = field(default_factory=lambda: STREETS)
    closed: gpd.GeoDataFrame = field(default_factory=lambda: NOTHING_CLOSED)
    traffic: Traffic = field(default_factory=Traffic)

    def under(self, text: str, name: str = "plan") -> Overlay:
        """Lay a plan over the net; `text` has the actions as YAML."""
        path = self.folder / "plans" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"name: {name}\nactions:\n{text}\n")
        return lay_over(
            plan=load_plan(name, path.parent),
            base=self.network,
            base_net=read_net(self.network.net_file),
            streets=self.streets,
            closed=self.closed,
            exits=self.exits,
            traffic=self.traffic,
            cache=self.folder / ".evac",
        )

    def normally(self) -> Overlay:
        return Overlay(self.network, Timetable(), ())

    def drive(
        self,
        overlay: Overlay,
        vehicles: pd.DataFrame,
        *,
        seed: int = 1,
        router: str = "dijkstra",
        end_h: float = 4.0,
        meso: Meso | None = None,
        refuges: Sequence[ResolvedRefuge] = (),
    ) -> tuple[pd.DataFrame, Path]:
        """Run the vehicles; return a row each (`vehicle`, `entered_s`, `arrived_s`, `arrival_lane`), and the folder."""
        net, cache = read_net(overlay.network.net_file), self.folder / ".evac"
        case = Case(vehicles_per_household="1", departure="d", seed=seed)
        terms = Terms(
            model=_scenario(self.traffic, router, end_h),
            plan=(),
            network=overlay.network,
            households=_NOBODY,
            exits=exits_under(self.exits, net),
            bottlenecks=(),
            orders=Orders(),
            timetable=overlay.timetable,
            facts=RunFacts(),
            for_residents=overlay.for_residents,
            additional=overlay.additional,
            meso=meso,
            staged=stage_roads(overlay.network, net, overlay.timetable, cache, alternate=True) if meso else None,
            refuges=tuple(refuges),
        )
        inputs = inputs_of(terms, case, _whole(vehicles), _NO_OTHERS)
        settings: dict[str, Any] = {
            "timetable": overlay.timetable.document(),
            "router": router,
            "vehicles": vehicles.to_csv(),
        }
        settings |= {"meso": asdict(meso)} if meso else {}
        settings |= {"refuges": [asdict(item) for item in refuges]} if refuges else {}
        job = Job.of(case, settings=settings, inputs={"net": overlay.network.digest})
        run = run_job(job, inputs, cache)
        return inputs.packets.spread(read_trips(run / "sumo" / "tripinfo.xml"), vehicles, inputs.end_s), run


def _scenario(traffic: Traffic, router: str, end_h: float) -> Scenario:
    """Return a scenario of which the runs need the drivers, and how they are simulated."""
    return Scenario.model_validate(
        {
            "name": "A crafted town",
            "osm": {"file": "town.osm"},
            "households": {"zones": {"file": "zones.geojson", "count": "households"}},
            "driver": {"reroute_every_s": 60},
            "simulation": {"router": router, "end_h": end_h},
            "traffic": traffic.model_dump(),
        }
    )


def _whole(vehicles: pd.DataFrame) -> pd.DataFrame:
    """Return vehicles with the columns of the demand's table that tests leave out."""
    missing: dict[str, Any] = {"zone": "all", "ordered": True, "stop_edge": None}
    return vehicles.assign(**{name: value for name, value in missing.items() if name not in vehicles})


def town(
    folder: Path,
    nodes: Mapping[str, tuple[float, float]],
    streets: Sequence[tuple[str, str, int]],
    exits: Mapping[str, str],
    *,
    kinds: Mapping[str, str] | None = None,
    speeds_mps: Mapping[str, float] | None = None,
    lefthand: bool = False,
    with_centre_lane: Collection[str] = (),
) -> Town:
    """Build a town.

    `nodes` are in metres; `streets` are the way along nodes (`a b c`; `a>b` one-way), the name and the lanes in each
    direction: edges are called `ab`; 50 km/h unless `speeds_mps` says otherwise by street. `exits` has the last edge by
    the exit's name.
    """
    base = folder / ".evac" / "nets" / "base"
    base.mkdir(parents=True)
    typed = {node: f' type="{kind}"' for node, kind in (kinds or {}).items()}
    points = "".join(f'<node id="{n}" x="{x}" y="{y}"{typed.get(n, "")}/>' for n, (x, y) in nodes.items())
    (base / "n.nod.xml").write_text(f"<nodes>{_LOCATION}{points}</nodes>")
    speeds = speeds_mps or {}
    edges = "".join(
        _edges(way, name, lanes, speeds.get(name, 13.89), number if with_centre_lane else None)
        for number, (way, name, lanes) in enumerate(streets)
    )
    (base / "n.edg.xml").write_text(f"<edges>{edges}</edges>")
    (base / "n.typ.xml").write_text(
        '<types><type id="highway.secondary" priority="9" numLanes="1" speed="13.89"/></types>'
    )
    files = ["-n", "n.nod.xml", "-e", "n.edg.xml", "-t", "n.typ.xml", "--plain-output-prefix", "plain"]
    options = ["--no-turnarounds.except-deadend", "--output.street-names", "--offset.disable-normalization"]
    sumo.run("netconvert", [*files, *options, *(["--lefthand"] if lefthand else [])], cwd=base)
    (base / "plain.netccfg").write_text(_SETTINGS.replace("LEFTHAND", str(lefthand).lower()))
    compile_net(base, base / "net.net.xml", alternate=True)
    net = read_net(base / "net.net.xml")
    found = []
    for name, edge in exits.items():
        lon, lat = net.convertXY2LonLat(*net.getEdge(edge).getShape()[-1])
        found.append(ResolvedExit(name, (edge,), net.getEdge(edge).getLaneNumber(), lon, lat))
    return Town(folder, Network(base, f"base-{folder.name}"), tuple(found), _table(streets, with_centre_lane))


def _table(streets: Sequence[tuple[str, str, int]], with_centre_lane: Collection[str]) -> gpd.GeoDataFrame:
    """Return the streets table, which is empty but where it has to tell of lanes in the middle."""
    if not with_centre_lane:
        return STREETS
    rows = [
        {"way_id": number, "osm_way_id": number, "name": name, "lanes_forward": lanes, "lanes_backward": lanes}
        for number, (_, name, lanes) in enumerate(streets)
    ]
    table = gpd.GeoDataFrame(rows).assign(ref=None, highway="secondary", lanes_guessed=False, speed_guessed=False)
    return table.assign(centre_lane=table["name"].isin(list(with_centre_lane)))


def _edges(way: str, name: str, lanes: int, speed_mps: float, way_id: int | None) -> str:
    one_way = ">" in way
    origin = "" if way_id is None else f'<lane index="0"><param key="origId" value="{way_id}"/></lane>'
    stops = way.replace(">", " ").split()
    pairs = list(pairwise(stops))
    if not one_way:
        pairs += [pair[::-1] for pair in pairs]
    return "".join(
        f'<edge id="{a}{b}" from="{a}" to="{b}" name="{name}" numLanes="{lanes}" speed="{speed_mps}" priority="9" '
        f'type="highway.secondary">{origin}</edge>'
        for a, b in pairs
    )


def cars(
    edge: str, count: int, *, every_s: float, from_s: float = 0.0, length_m: float = 500.0, name: str = "h"
) -> pd.DataFrame:
    """Return vehicles that leave driveways spread along an edge, one every `every_s`."""
    rows = range(count)
    return pd.DataFrame(
        {
            "vehicle": [f"{name}{k}v0" for k in rows],
            "household": list(rows),
            "vehicle_number": 0,
            "departure_s": [from_s + round(k * every_s, 1) for k in rows],
            "held_until_s": float("nan"),
            "edge": edge,
            "pos_m": [20.0 + (k * 37) % int(length_m - 40) for k in rows],
            "informed": [k % 5 != 0 for k in rows],
            "speed_factor": [1.0 + 0.1 * ((k * 7919) % 21 - 10) / 10 for k in rows],
            "exit": None,
            "errand": None,
            "status": "planned",
            "resident": False,
        }
    )


def discharge_veh_per_h(trips: pd.DataFrame) -> float:
    """Return the mean rate at which the middle 60 % of the vehicles arrived."""
    arrived = trips["arrived_s"].dropna().sort_values().to_numpy()
    first, last = int(0.2 * len(arrived)), int(0.8 * len(arrived))
    return float((last - first) / (arrived[last] - arrived[first]) * 3600.0)
