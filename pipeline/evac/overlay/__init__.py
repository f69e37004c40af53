"""Stage `overlay`: a plan laid over the baseline's net.

The plan's places are found on the baseline's net, the plain XML is changed, and compiled as the baseline was. What
holds from the order to the end is in the net; what begins or ends during the evacuation is in a timetable that
`simulate.controller` carries out, on a net that has both states. A plan that opens roads that the map closes to cars
starts from the baseline's net with these roads added (`opening`).

Folder of the cache, beside the baseline's: `plain.*`, `net.net.xml`, `edges.parquet` as for any net, and
`plan.add.xml` (signal programs), `timetable.json`, `changes.json` (the diff). All of it opens in
netedit and sumo-gui.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
from sumolib.net import Net

from evac import sumo
from evac.files import digest_json, write_text
from evac.fingerprint import fingerprint
from evac.inputs import Watched
from evac.network import Network, compile_net, read_net
from evac.network.accounts import edge_table
from evac.network.dark_signals import dark_signal
from evac.network.exits import ResolvedExit
from evac.network.places import StreetIndex
from evac.overlay.compiling import Compiling
from evac.overlay.diff import Change, changes_between
from evac.overlay.limits import speed_signs
from evac.overlay.opening import Base, with_closed_roads
from evac.overlay.plain import PlainNet
from evac.overlay.reversing import TWIN
from evac.overlay.serving import require_served
from evac.overlay.where import Where
from evac.plans.model import Signal
from evac.plans.reading import LoadedAction, LoadedPlan, content_of
from evac.plans.timetable import Timetable
from evac.schema.driving import Traffic
from evac.seals import has_entry, sealed_directory

ADDITIONAL, TIMETABLE, CHANGES = "plan.add.xml", "timetable.json", "changes.json"
TWIN_EXIT_M = 1000.0
"""The two roadways of a road leave the map within this distance of each other."""


@dataclass(frozen=True)
class Overlay:
    """A plan on the net.

    Parameters
    ----------
    network
        The net after the plan; the baseline's own where the plan changes no road.
    timetable
        What it does while the simulation runs.
    changes
        What it changes, for people.
    added_lanes
        Lanes that it adds (contraflow, shoulders): each must serve somebody.
    for_residents
        Lanes that it closes to through traffic only.
    warnings
        What its author should look at, each beginning with the action's label.
    """

    network: Network
    timetable: Timetable
    changes: tuple[Change, ...]
    added_lanes: tuple[str, ...] = ()
    for_residents: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def additional(self) -> str | None:
        """Return SUMO's additional file of the plan: signal programs, and the signs with the speeds of its timetable.

        None where it needs none.
        """
        path = self.network.folder / ADDITIONAL
        programs = path.read_text(encoding="utf-8") if path.is_file() else _as_additional([])
        signs = list(speed_signs(self.timetable.states()))
        text = programs.replace("</additional>", "".join(f"    {sign}\n" for sign in signs) + "</additional>")
        return text if signs or path.is_file() else None


def lay_over(
    *,
    plan: LoadedPlan,
    base: Network,
    base_net: Net,
    streets: gpd.GeoDataFrame,
    closed: gpd.GeoDataFrame,
    exits: Sequence[ResolvedExit],
    traffic: Traffic,
    cache: Path,
) -> Overlay:
    """Compile a plan; one that the cache has isn't compiled again.

    Parameters
    ----------
    plan
        The plan.
    base, base_net
        The baseline's net, and the same read.
    streets, closed
        The streets of the map, and the roads that it closes to cars.
    exits
        The exits on the baseline's net.
    traffic
        Signals and right of way of the baseline.
    cache
        The cache's folder.

    Raises
    ------
    UserError
        A place isn't found, actions contradict each other, or an action makes no sense. All problems at once. Or a
        lane that the plan adds would serve nobody.
    SimulationError
        netconvert failed.
    """
    meant = (_by_law(item, traffic.country) for item in plan.actions if item.action.changes_roads)
    actions = sorted(meant, key=_whatever_the_order)
    if not actions:
        return Overlay(base, Timetable(), ())
    watched = Watched.of(plan.files)
    start = with_closed_roads(Base(base, base_net, streets), actions, closed, cache)
    key = {
        "base": start.network.digest,
        "actions": [content_of(item.action) for item in actions],
        "labels": [item.label for item in actions],
        "exits": [[item.name, list(item.edges)] for item in exits],
        "sumo": sumo.version(),
        "version": fingerprint(),
    }
    digest = digest_json(key)
    target = cache / "nets" / digest
    if not has_entry(target):
        compiling = Compiling(PlainNet.read(start.network.folder), Where(StreetIndex(start.net, start.streets)), exits)
        compiling.lay(actions)
        with sealed_directory(target) as folder:
            _write(folder, compiling, start, traffic)
            watched.require_unchanged()
    return _read(target, digest)


def exits_under(exits: Sequence[ResolvedExit], net: Net) -> tuple[ResolvedExit, ...]:
    """Return the exits on a plan's net: without edges that are gone, with the reversed roadways that lead out."""
    found = []
    ends = [
        edge for edge in net.getEdges(withInternal=False) if edge.getID().startswith(TWIN) and not edge.getOutgoing()
    ]
    for item in exits:
        edges = [edge for edge in item.edges if net.hasEdge(edge)]
        spot = net.convertLonLat2XY(item.lon, item.lat)
        for twin in ends:
            x, y = twin.getToNode().getCoord()[:2]
            nearest = min(exits, key=lambda other: _apart_m(net.convertLonLat2XY(other.lon, other.lat), (x, y)))
            if nearest is item and _apart_m(spot, (x, y)) <= TWIN_EXIT_M:
                edges.append(twin.getID())
        lanes = sum(lane.allows("passenger") for edge in edges for lane in net.getEdge(edge).getLanes())
        found.append(replace(item, edges=tuple(edges), lanes=lanes))
    return tuple(found)


def _apart_m(one: Sequence[float], other: Sequence[float]) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)


def _whatever_the_order(item: LoadedAction) -> tuple[str, str]:
    """Return by what actions are sorted: their order in the file means nothing."""
    return item.action.model_dump_json(by_alias=True, exclude={"label"}), item.label


def _by_law(item: LoadedAction, country: str | None) -> LoadedAction:
    """Return an action with what the country's law says of dark signals in the place of `off`."""
    if isinstance(item.action, Signal) and item.action.mode == "off":
        return replace(item, action=item.action.model_copy(update={"mode": dark_signal(country)}))
    return item


def _write(folder: Path, compiling: Compiling, base: Base, traffic: Traffic) -> None:
    if compiling.lanes.for_residents:
        compiling.plain.admit_residents()
    compiling.plain.write(folder)
    log = compile_net(folder, folder / "net.net.xml", alternate=traffic.merges == "alternate")
    write_text(folder / "netconvert.log", log)
    net = read_net(folder / "net.net.xml")
    require_served(net, compiling.lanes.added)
    edge_table(net, base.streets).to_parquet(folder / "edges.parquet", compression="zstd", index=False)
    timetable, additional = compiling.finish(net, StreetIndex(net, base.streets), folder / "net.net.xml")
    if additional:
        write_text(folder / ADDITIONAL, _as_additional(additional))
    write_text(folder / TIMETABLE, json.dumps(timetable.document(), indent=1) + "\n")
    changes = changes_between(PlainNet.read(base.network.folder), compiling, base.net, net, timetable)
    document = {
        "changes": [item.record() for item in changes],
        "added_lanes": sorted(compiling.lanes.added),
        "for_residents": sorted(compiling.lanes.for_residents),
        "warnings": compiling.warnings,
    }
    write_text(folder / CHANGES, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _as_additional(elements: Sequence[str]) -> str:
    return "<additional>\n" + "".join(f"    {item}\n" for item in elements) + "</additional>\n"


def _read(folder: Path, digest: str) -> Overlay:
    timetable = Timetable.of(json.loads((folder / TIMETABLE).read_text(encoding="utf-8")))
    document = json.loads((folder / CHANGES).read_text(encoding="utf-8"))
    changes = tuple(Change(**item) for item in document["changes"])
    lanes = [tuple(document[name]) for name in ("added_lanes", "for_residents", "warnings")]
    return Overlay(Network(folder, digest), timetable, changes, *lanes)
