"""The drive behind the exit lines, as roads of the net that drivers reckon with and nobody drives on.

SUMO's drivers choose the exit that is quickest to reach, so where the map is cut decides with it. Where a scenario says
how long the drive behind an exit takes, each exit gets a chain of roads behind its line. The exits' zones end there, so
the chain's time counts in the choice. Behind the line comes a long road first, so that nobody brakes for the slow ones,
and whoever is on it is taken out as arrived, within a second (`simulate.drive_times`). A rerouter that ends the ways at
the line instead would cost flow: a car whose way is replaced while it moves onto the last edge holds up the next (a
lane drop there passes 1,440 veh/h instead of 1,640, SUMO 1.28).

SUMO's drivers learn a road's travel time from cars on it, and nobody is on these. So a drive that takes another time
from a minute on has a chain for each of its times, of which one is open.

It is written into the compiled net, since netconvert, given a compiled net, leaves lanes without connections. The chain
goes off each lane of the exit's last edge as a link of its own that crosses no other.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evac.network.exits.resolved import ResolvedExit
from evac.tables import BEHIND_THE_EXITS

PIECES = 20
"""Roads that share the time of a drive: drivers misjudge each road by itself (`demand.routes`), a way of 20 by 4 %."""
_PIECE_M = 10.0
_AHEAD_M, _AHEAD_MPS = 500.0, 50.0  # farther than a driver looks ahead; 10 s, the same behind all exits
_NO_TIME_MPS = 50.0
SHUT = "rail"
"""The class of vehicles that a chain which is shut admits: nobody of it is about."""


@dataclass(frozen=True)
class DrivesBeyond:
    """The chains behind the exits of a run.

    Parameters
    ----------
    exits
        The exits, on the net that is driven on.
    """

    exits: Sequence[ResolvedExit]

    def ends(self, name: str) -> tuple[str, ...]:
        """Return the roads at the end of the chains behind an exit."""
        item = next(item for item in self.exits if item.name == name)
        return tuple(_name(edge, time_s, PIECES) for edge in item.edges for time_s in _times_s(item))

    def times_s(self) -> list[float]:
        """Return when any drive begins to take another time (s after the order)."""
        spells = [spell for item in self.exits for spell in item.beyond if spell.drive_s is not None]
        return sorted({time_s for spell in spells for time_s in (spell.from_s, spell.until_s) if time_s > 0.0})

    def drives_s(self, now_s: float) -> dict[str, float]:
        """Return how long the drive behind each exit's last edges takes who crosses the line now (s)."""
        return {edge: item.drive_at_s(now_s) for item in self.exits for edge in item.edges}

    def roads_behind(self) -> list[str]:
        """Return the roads right behind the lines: whoever is on one is out."""
        return [road_behind(edge) for item in self.exits for edge in item.edges]

    def gates(self, now_s: float) -> dict[str, bool]:
        """Return the first road of each chain of the exits whose drives change, and whether it is open now."""
        return {
            _name(edge, time_s, 1): time_s == item.drive_at_s(now_s)
            for item in self.exits
            for edge in item.edges
            for time_s in _times_s(item)
            if len(_times_s(item)) > 1
        }

    def write_net(self, net_file: Path, path: Path) -> None:
        """Write a net with the chains.

        Parameters
        ----------
        net_file
            The compiled net.
        path
            Where it goes.
        """
        tree = ET.parse(net_file)  # noqa: S314  netconvert's own output
        root = tree.getroot()
        edges = {item.attrib["id"]: item for item in root.iter("edge")}
        junctions = {item.attrib["id"]: item for item in root.iter("junction")}
        added: list[ET.Element] = []
        for item in self.exits:
            for edge in item.edges:
                junction = junctions[edges[edge].attrib["to"]]
                lanes = len(edges[edge].findall("lane"))
                _add_links(junction, lanes)
                added += _behind(item, edge, lanes, junction)
        for kind, before in (("edge", "junction"), ("junction", "connection")):  # SUMO reads them in this order
            place = next(number for number, item in enumerate(root) if item.tag == before)
            root[place:place] = [item for item in added if item.tag == kind]
        root.extend(item for item in added if item.tag == "connection")
        tree.write(path, encoding="utf-8", xml_declaration=True)


def road_behind(edge: str) -> str:
    """Return the road right behind the line of an exit's last edge."""
    return f"{BEHIND_THE_EXITS}{edge}"


def _times_s(item: ResolvedExit) -> list[float]:
    """Return the times that the drive behind an exit takes, each once (s)."""
    return sorted({item.drive_s, *(spell.drive_s for spell in item.beyond if spell.drive_s is not None)})


def _name(edge: str, time_s: float, piece: int) -> str:
    return f"{BEHIND_THE_EXITS}{edge}.{time_s:g}.{piece}"


def _add_links(junction: ET.Element, number: int) -> None:
    """Give a junction's right of way more links, which yield to nobody and to which nobody yields."""
    requests = junction.findall("request")
    if not requests:
        return
    for request in requests:
        for key in ("response", "foes"):
            request.set(key, "0" * number + request.attrib[key])  # the last link stands first
    size = len(requests) + number
    for index in range(len(requests), size):
        junction.append(ET.Element("request", index=f"{index}", response="0" * size, foes="0" * size, cont="0"))


def _behind(item: ResolvedExit, edge: str, lanes: int, junction: ET.Element) -> Iterator[ET.Element]:
    """Return what is behind one of an exit's last edges: the long road, and the chains from its end."""
    first = road_behind(edge)
    yield from _road(first, edge, lanes, junction, (_AHEAD_M, _AHEAD_MPS))
    for time_s in _times_s(item):
        speed_mps = min(PIECES * _PIECE_M / time_s, _NO_TIME_MPS) if time_s else _NO_TIME_MPS
        before, end = first, _end_of(first, junction)
        for piece in range(1, PIECES + 1):
            name = _name(edge, time_s, piece)
            is_open = piece > 1 or time_s == item.drive_at_s(0.0)
            yield from _road(name, before, lanes, end, (_PIECE_M, speed_mps), allow="" if is_open else SHUT)
            before, end = name, _end_of(name, junction)


def _end_of(road: str, at: ET.Element) -> ET.Element:
    """Return the junction at the end of a road behind an exit; all of them are where the exit is."""
    return ET.Element("junction", id=f"{road}.end", x=at.attrib["x"], y=at.attrib["y"])


def _road(
    name: str, before: str, lanes: int, junction: ET.Element, metres_and_mps: tuple[float, float], *, allow: str = ""
) -> Iterator[ET.Element]:
    """Return a road from a junction on, with the junction at its end and a connection from each lane before it."""
    x, y = float(junction.attrib["x"]), float(junction.attrib["y"])
    end = _end_of(name, junction)
    end.attrib |= {"type": "dead_end", "incLanes": " ".join(f"{name}_{lane}" for lane in range(lanes))}
    end.attrib |= {"intLanes": "", "shape": ""}
    yield end
    road = ET.Element("edge", {"id": name, "from": junction.attrib["id"], "to": end.attrib["id"], "priority": "-1"})
    length_m, speed_mps = metres_and_mps
    for lane in range(lanes):
        limits = {"speed": f"{speed_mps:.6f}", "length": f"{length_m:g}", **({"allow": allow} if allow else {})}
        ET.SubElement(
            road, "lane", {"id": f"{name}_{lane}", "index": f"{lane}", **limits, "shape": f"{x},{y} {x + 1},{y}"}
        )
        link = {"from": before, "to": name, "fromLane": f"{lane}", "toLane": f"{lane}", "dir": "s", "state": "M"}
        yield ET.Element("connection", link)
    yield road
