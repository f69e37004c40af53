"""The net that the mesoscopic model gets: each road with a type of its own, and once for each stage that it has.

A road's type is called like its edge, so that each road can have headways of its own (SUMO's `<type><meso/></type>`).

netconvert writes the plan's net as plain XML again, the roads that have stages (`evac.plans.stages`) are put in once
for each of them, and it is compiled as it was. The signals' programs and links stay as they are: the movements of all
stages show the signal of the road's own.
"""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr, unescape

from sumolib.net import Net

from evac import sumo
from evac.files import digest_json, write_text
from evac.fingerprint import fingerprint
from evac.network import Network, compile_net
from evac.plans.stages import JUNCTION, Stage, Stages, cleared_first, in_stages, opposed_in_stages, stages_of
from evac.plans.timetable import CLEAR_WITHIN_S, Opposed, Timetable, edge_of, is_timed
from evac.seals import has_entry, sealed_directory

_PLAIN = "plain"
_SETTINGS = "plain.netccfg"
_NET = "net.net.xml"
_LOOK_S = 10.0
"""How often officers look whether asphalt that changes its direction is empty (`evac.simulate.controller`)."""


@dataclass(frozen=True)
class Staged:
    """A plan's net and timetable as the mesoscopic model gets them.

    Parameters
    ----------
    network
        The net.
    timetable
        What the plan does on this net.
    stages
        The roads that have stages.
    """

    network: Network
    timetable: Timetable
    stages: Stages

    def additional(self, text: str | None) -> str | None:
        """Return SUMO's additional file of the plan for this net: its speed signs stand on all stages of a road."""
        if text is None or not self.stages:
            return text
        root = ET.fromstring(text)  # noqa: S314  the plan's own
        for sign in root.iter("variableSpeedSign"):
            lanes = [lane for old in sign.attrib["lanes"].split() for lane in self.stages.lanes(old)]
            sign.set("lanes", " ".join(lanes))
        return ET.tostring(root, encoding="unicode")


def stage_roads(network: Network, net: Net, timetable: Timetable, cache: Path, *, alternate: bool) -> Staged:
    """Return a plan's net as the mesoscopic model gets it; one that the cache has isn't compiled again.

    Parameters
    ----------
    network, net
        The plan's net, and the same read.
    timetable
        What the plan does while the simulation runs.
    cache
        The cache's folder.
    alternate
        Whether queued drivers take turns at merges.

    Raises
    ------
    SimulationError
        netconvert failed.
    """
    timed = [edge_of(lane) for lane, of_lane in timetable.states().lanes.items() if is_timed(of_lane)]
    lanes_of = {edge: _for_cars(net, edge) for edge in timed if not edge.startswith(JUNCTION)}
    stages = stages_of(timetable, lanes_of)
    turning = opposed_in_stages(timetable.states(), stages)
    timetable = cleared_first(timetable, {item: _clear_s(item, net) for item in turning})
    stages = stages_of(timetable, lanes_of)
    key = {
        "net": network.digest,
        "stages": {road: [list(map(str, (item.edge, *item.lanes))) for item in of] for road, of in stages.of.items()},
        "alternate": alternate,
        "sumo": sumo.version(),
        "version": fingerprint(),
    }
    digest = digest_json(key)
    target = cache / "nets" / digest
    if not has_entry(target):
        with sealed_directory(target) as folder:
            if stages:
                _build(network, stages, frozenset(timetable.states().normally_closed), folder, alternate=alternate)
            else:
                write_text(folder / _NET, network.net_file.read_text(encoding="utf-8"))
            _name_types(folder / _NET, stages)
    return Staged(Network(target, digest), in_stages(timetable, stages), stages)


def _name_types(net_file: Path, stages: Stages) -> None:
    """Give each road of a net a type of its own, which is called like the road."""

    def typed(found: re.Match[str]) -> str:
        edge = unescape(found["edge"], {"&quot;": '"'})
        kept = re.sub(r' type="[^"]*"', "", found["rest"])
        return f'<edge id="{found["edge"]}" type={quoteattr(stages.road(edge))}{kept}>'

    text = net_file.read_text(encoding="utf-8")
    write_text(net_file, re.sub(r'<edge id="(?P<edge>[^":][^"]*)"(?P<rest>[^>]*)>', typed, text))


def _for_cars(net: Net, edge: str) -> list[bool]:
    return [lane.allows(sumo.CAR_CLASS) for lane in net.getEdge(edge).getLanes()]


def _clear_s(item: Opposed, net: Net) -> float:
    """Return how long the traffic of one direction takes to leave the asphalt, were it free to (s)."""
    driven_s: list[float] = []
    for lanes in (item.lanes, item.reversed_lanes):
        # A direction that leads the other way from the order to the end isn't in the net, and nobody has to leave it.
        roads = [edge for edge in dict.fromkeys(map(edge_of, lanes)) if not edge.startswith(JUNCTION)]
        edges = [net.getEdge(edge) for edge in roads if net.hasEdge(edge)]
        driven_s.append(sum(edge.getLength() / edge.getSpeed() for edge in edges))
    return min(math.ceil(max(driven_s) / _LOOK_S) * _LOOK_S, CLEAR_WITHIN_S)


def _build(network: Network, stages: Stages, normally_closed: frozenset[str], folder: Path, *, alternate: bool) -> None:
    options: list[str | Path] = ["--sumo-net-file", network.net_file.resolve(), "--plain-output-prefix", _PLAIN]
    log = sumo.run("netconvert", options, cwd=folder)
    settings = (network.folder / _SETTINGS).read_text(encoding="utf-8")
    write_text(folder / _SETTINGS, settings)
    plain = _Plain(folder, stages, normally_closed)
    plain.put_in_edges()
    plain.put_in_connections("con")
    plain.put_in_connections("tll")
    write_text(folder / "netconvert.log", log + compile_net(folder, folder / _NET, alternate=alternate))
    roads = {road: list(stages.edges(road)) for road in stages.of}
    write_text(folder / "stages.json", json.dumps(roads, indent=1) + "\n")


class _Plain:
    """The plain XML of a net into which stages are put."""

    def __init__(self, folder: Path, stages: Stages, normally_closed: frozenset[str]) -> None:
        self._folder = folder
        self._stages = stages
        self._normally_closed = normally_closed

    def put_in_edges(self) -> None:
        """Put a copy of each road that has stages in for each of them, with the lanes that it has."""
        root = self._read("edg")
        for element in list(root):
            road = element.get("id", "")
            if element.tag == "roundabout":
                element.set("edges", " ".join(self._stages.edges_of(element.attrib["edges"].split())))
            elif road in self._stages.of:
                place = list(root).index(element)
                root.remove(element)
                for number, stage in enumerate(self._distinct(road)):
                    root.insert(place + number, self._narrowed(element, road, stage))
        self._write(root, "edg")

    def _narrowed(self, element: ET.Element, road: str, stage: Stage) -> ET.Element:
        """Return a road with the lanes of a stage, open."""
        copy = deepcopy(element)
        copy.set("id", stage.edge)
        copy.set("numLanes", str(len(stage.lanes)))
        for lane in copy.findall("lane"):
            number = int(lane.attrib["index"])
            if number not in stage.lanes:
                copy.remove(lane)
                continue
            lane.set("index", str(stage.lanes.index(number)))
            if f"{road}_{number}" in self._normally_closed:
                for key in ("allow", "disallow"):
                    lane.attrib.pop(key, None)
        return copy

    def put_in_connections(self, kind: str) -> None:
        """Put the movements of roads that have stages in for each of their stages."""
        root = self._read(kind)
        for element in list(root):
            if element.tag != "connection" or not self._concerned(element):
                continue
            place = list(root).index(element)
            root.remove(element)
            for number, copy in enumerate(self._copies(element)):
                root.insert(place + number, copy)
        self._write(root, kind)

    def _concerned(self, element: ET.Element) -> bool:
        return element.get("from") in self._stages.of or element.get("to") in self._stages.of

    def _copies(self, element: ET.Element) -> Iterator[ET.Element]:
        """Give a movement for each stage of its roads; lanes that a stage doesn't have lead from or to its nearest one.

        Only who is still on a stage that is over needs the latter: there is no other way for them.
        """
        come_from, go_to = element.attrib["from"], element.get("to", "")
        for before in self._parts(come_from):
            for after in self._parts(go_to):
                lanes = self._lanes(element, before, after)
                if lanes is not None:
                    copy = deepcopy(element)
                    copy.set("from", before.edge if before else come_from)
                    for key, value in (("fromLane", lanes[0]), ("toLane", lanes[1])):
                        if key in copy.attrib:
                            copy.set(key, str(value))
                    if go_to:
                        copy.set("to", after.edge if after else go_to)
                    yield copy

    def _lanes(self, element: ET.Element, before: Stage | None, after: Stage | None) -> tuple[int, int] | None:
        """Return the lanes of a movement in stages; None where the two stages don't have it."""
        found = []
        for key, stage in (("fromLane", before), ("toLane", after)):
            number = int(element.get(key, "0"))
            if stage is None:
                found.append(number)
            elif number in stage.lanes or self._is_over(before, after):
                found.append(min(range(len(stage.lanes)), key=lambda place: abs(stage.lanes[place] - number)))
            else:
                return None
        return found[0], found[1]

    def _is_over(self, before: Stage | None, after: Stage | None) -> bool:
        """Return whether a stage never holds together with the one that it leads to."""
        if before is None or after is None:
            return False
        mine, theirs = (
            [stage for stage in self._stages.of[self._stages.road(item.edge)] if stage.edge == item.edge]
            for item in (before, after)
        )
        return not any(one.from_s < other.until_s and other.from_s < one.until_s for one in mine for other in theirs)

    def _parts(self, road: str) -> Sequence[Stage | None]:
        return self._distinct(road) if road in self._stages.of else [None]

    def _distinct(self, road: str) -> list[Stage]:
        """Return a stage for each edge of a road."""
        return list({stage.edge: stage for stage in self._stages.of[road]}.values())

    def _read(self, kind: str) -> ET.Element:
        return ET.parse(self._folder / f"{_PLAIN}.{kind}.xml").getroot()  # noqa: S314  netconvert's own output

    def _write(self, root: ET.Element, kind: str) -> None:
        ET.ElementTree(root).write(self._folder / f"{_PLAIN}.{kind}.xml", encoding="UTF-8", xml_declaration=True)
