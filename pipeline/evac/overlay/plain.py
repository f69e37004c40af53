"""Plain XML of a net, for editing: lanes, movements and the signals' links stay consistent.

A patch that only raises `numLanes` leaves the new lane without connections: contraflow that adds no capacity. Here
every lane that is added is connected explicitly, and every movement that isn't named stays exactly as it was, turn bans
and turn lanes included. A signal's program keeps its stages: a link that is added shows what the link shows that it
goes along with, and a link that is removed drops out of every phase. Only where nothing goes along with an added link
is a program dropped, and netconvert guesses it anew.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from evac.overlay.movements import Movement, Movements
from evac.sumo import RESIDENT_CLASS

_FILES = {
    "nodes": "plain.nod.xml",
    "edges": "plain.edg.xml",
    "connections": "plain.con.xml",
    "signals": "plain.tll.xml",
}
_COPIED = ("plain.typ.xml", "plain.netccfg")
_ALL_CLASSES_BUT_CARS = "emergency authority army"
"""Who may use a lane that is closed to the traffic."""


class _Link(NamedTuple):
    """Where a movement is in a signal's program: the character that it shows in each phase of the original."""

    signal: str
    shows: int


@dataclass
class PlainNet:
    """A net as plain XML. Lanes are counted from the kerb (0), as SUMO does.

    Parameters
    ----------
    nodes, edges
        Elements by id, in the order of the files.
    movements
        Other attributes of each connection.
    links
        Signal link of each movement that has one.
    programs
        Signal programs by the signal's id.
    """

    nodes: dict[str, ET.Element]
    edges: dict[str, ET.Element]
    movements: Movements[dict[str, str]]
    links: Movements[_Link]
    programs: dict[str, list[ET.Element]]
    _roots: dict[str, ET.Element]
    _folder: Path
    _others: list[ET.Element] = field(default_factory=list)
    _led_on: set[str] = field(default_factory=set)
    _at_kerb: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> PlainNet:
        """Read the plain XML of a net's folder."""
        roots = {name: ET.parse(folder / file).getroot() for name, file in _FILES.items()}  # noqa: S314  our own files
        net = cls(
            nodes={node.attrib["id"]: node for node in roots["nodes"].iter("node")},
            edges={edge.attrib["id"]: edge for edge in roots["edges"].iter("edge")},
            movements=Movements(),
            links=Movements(),
            programs={},
            _roots=roots,
            _folder=folder,
        )
        net._read_movements()
        return net

    def _read_movements(self) -> None:
        for element in self._roots["connections"]:
            if element.tag != "connection" or "to" not in element.attrib:
                self._others.append(element)
                continue
            self.movements[_movement(element)] = _rest(element)
        for element in self._roots["signals"]:
            if element.tag == "tlLogic":
                self.programs.setdefault(element.attrib["id"], []).append(element)
            elif element.tag == "connection":
                link = _Link(element.attrib["tl"], int(element.attrib["linkIndex"]))
                self.links[_movement(element)] = link

    def write(self, folder: Path) -> None:
        """Write the plain XML, whole, into a folder."""
        for name in _COPIED:
            (folder / name).write_text((self._folder / name).read_text(encoding="utf-8"), encoding="utf-8")
        self._write("nodes", [*self._roots["nodes"].findall("location"), *self.nodes.values()], folder)
        first = [child for child in self._roots["edges"] if child.tag not in ("edge", "roundabout")]
        self._write("edges", [*first, *self.edges.values(), *self._roundabouts()], folder)
        connections = [_connection(movement, rest) for movement, rest in self.movements.items()]
        others = [item for item in self._others if item.get("from") not in self._led_on]
        self._write("connections", [*others, *connections], folder)
        self._write("signals", self._signal_elements(), folder)

    def _write(self, name: str, children: list[ET.Element], folder: Path) -> None:
        root = ET.Element(self._roots[name].tag, self._roots[name].attrib)
        root.extend(children)
        ET.indent(root)
        ET.ElementTree(root).write(folder / _FILES[name], encoding="UTF-8", xml_declaration=True)

    def _roundabouts(self) -> list[ET.Element]:
        """Return the roundabouts whose edges are all still there."""
        found = self._roots["edges"].findall("roundabout")
        return [item for item in found if set(item.attrib["edges"].split()) <= set(self.edges)]

    def _signal_elements(self) -> list[ET.Element]:
        elements, connections = [], []
        links_of: dict[str, list[tuple[Movement, int]]] = defaultdict(list)
        for movement, link in self.links.items():
            links_of[link.signal].append((movement, link.shows))
        for signal, programs in self.programs.items():
            links = links_of[signal]
            if not links:
                continue
            links.sort(key=lambda item: item[1])  # stable: added links follow the one that they go along with
            for program in programs:
                kept = deepcopy(program)
                for phase in kept.iter("phase"):
                    state = phase.attrib["state"]
                    phase.set("state", "".join(state[shows] for _, shows in links))
                elements.append(kept)
            connections += [
                _connection(movement, {"tl": signal, "linkIndex": str(index)})
                for index, (movement, _) in enumerate(links)
            ]
        return [*elements, *connections]

    @property
    def lefthand(self) -> bool:
        """Whether traffic drives on the left."""
        return '<lefthand value="true"/>' in (self._folder / "plain.netccfg").read_text(encoding="utf-8")

    def lanes(self, edge: str) -> int:
        """Return the number of lanes of an edge."""
        return int(self.edges[edge].attrib["numLanes"])

    def at_kerb(self, edge: str) -> int:
        """Return how many lanes an edge has got at the kerb."""
        return self._at_kerb.get(edge, 0)

    def lane_id(self, edge: str, lane: int) -> str:
        """Return SUMO's id of a lane, by its number before the edge got lanes at the kerb."""
        return f"{edge}_{lane + self.at_kerb(edge)}"

    def into(self, edge: str) -> list[Movement]:
        """Return the movements into an edge."""
        return self.movements.into(edge)

    def out_of(self, edge: str) -> list[Movement]:
        """Return the movements out of an edge."""
        return self.movements.out_of(edge)

    def between(self, from_edge: str, to_edge: str) -> list[Movement]:
        """Return the movements from one edge into another, from the kerb to the middle."""
        return sorted(item for item in self.out_of(from_edge) if item.to_edge == to_edge)

    def allow(self, movement: Movement, like: Movement | None) -> None:
        """Add a movement, which shows the same signal as `like`.

        Without `like`, at a junction with signals, the program is dropped: netconvert guesses it anew.
        """
        if movement in self.movements:
            return
        self.movements[movement] = {}
        self._led_on.add(movement.from_edge)
        if like is not None and like in self.links:
            self.links[movement] = self.links[like]
            return
        signal = self.nodes[self.edges[movement.from_edge].attrib["to"]].get("tl")
        if signal is not None:
            self.drop_program(signal)

    def forbid(self, movement: Movement) -> None:
        """Remove a movement."""
        self.movements.pop(movement, None)
        self.links.pop(movement, None)

    def drop_program(self, signal: str) -> None:
        """Leave a signal's program to netconvert's guess."""
        if self.programs.pop(signal, None) is not None:
            for movement in [movement for movement, link in self.links.items() if link.signal == signal]:
                del self.links[movement]

    def remove_edge(self, edge: str) -> None:
        """Remove an edge with all movements into and out of it."""
        for movement in [*self.into(edge), *self.out_of(edge)]:
            self.forbid(movement)
        del self.edges[edge]

    def split(self, edge: str, vertex: int, node: str, line: Sequence[tuple[float, float]]) -> str:
        """Split an edge where its line passes a node, and return the id of the first part; the second keeps the id.

        Traffic goes on straight, lane by lane; whoever leads in leads into the first part.
        """
        second, first = self.edges[edge], deepcopy(self.edges[edge])
        name = f"{edge}.{node}"
        first.set("id", name)
        first.set("to", node)
        second.set("from", node)
        for element, points in ((first, line[: vertex + 1]), (second, line[vertex:])):
            element.set("shape", " ".join(f"{x:.2f},{y:.2f}" for x, y in points))
        for element, key in ((first, "origTo"), (second, "origFrom")):
            for param in [item for item in element.findall("param") if item.get("key") == key]:
                element.remove(param)
        self._rename({movement: movement._replace(to_edge=name) for movement in self.into(edge)})
        self.edges[name] = first
        for lane in range(self.lanes(edge)):
            self.allow(Movement(name, lane, edge, lane), None)
        self._split_roundabouts(edge, name, node)
        return name

    def _split_roundabouts(self, edge: str, first: str, node: str) -> None:
        for item in self._roots["edges"].findall("roundabout"):
            edges = item.attrib["edges"].split()
            if edge in edges:
                edges.insert(edges.index(edge), first)
                item.set("edges", " ".join(edges))
                item.set("nodes", f"{item.get('nodes', '')} {node}".strip())

    def widen(self, edge: str, lanes: int, *, at_kerb: bool = False) -> None:
        """Add lanes in the middle of the road, or at the kerb (then the others' numbers move up by as many)."""
        element, old = self.edges[edge], self.lanes(edge)
        element.set("numLanes", str(old + lanes))
        if at_kerb:
            self._at_kerb[edge] = self.at_kerb(edge) + lanes
            for lane in element.iter("lane"):
                lane.set("index", str(int(lane.attrib["index"]) + lanes))
            self._renumber(edge, lanes)
        pattern = element.find("lane[@index='%d']" % (lanes if at_kerb else old - 1))  # noqa: UP031
        for number in range(lanes) if at_kerb else range(old, old + lanes):
            lane = deepcopy(pattern) if pattern is not None else ET.Element("lane")
            lane.set("index", str(number))
            element.append(lane)

    def _renumber(self, edge: str, by: int) -> None:
        self._rename(
            {
                movement: movement._replace(
                    from_lane=movement.from_lane + by if movement.from_edge == edge else movement.from_lane,
                    to_lane=movement.to_lane + by if movement.to_edge == edge else movement.to_lane,
                )
                for movement in self.movements.at([edge])
            }
        )

    def narrow(self, edge: str, lanes: int) -> None:
        """Take lanes in the middle of the road away; what they served moves to the next lane."""
        element, left = self.edges[edge], self.lanes(edge) - lanes
        element.set("numLanes", str(left))
        for lane in [lane for lane in element.iter("lane") if int(lane.attrib["index"]) >= left]:
            element.remove(lane)
        for movement in [*self.into(edge), *self.out_of(edge)]:
            moved = movement._replace(
                from_lane=min(movement.from_lane, left - 1) if movement.from_edge == edge else movement.from_lane,
                to_lane=min(movement.to_lane, left - 1) if movement.to_edge == edge else movement.to_lane,
            )
            if moved != movement and moved in self.movements:
                self.forbid(movement)
            elif moved != movement:
                self._rename({movement: moved})

    def _rename(self, names: Mapping[Movement, Movement]) -> None:
        self.movements.rename(names)
        self.links.rename(names)

    def set_lane(self, edge: str, lane: int, attributes: dict[str, str]) -> None:
        """Set attributes of one lane (`allow`, `disallow`, `speed`)."""
        element = self.edges[edge]
        found = next((item for item in element.iter("lane") if int(item.attrib["index"]) == lane), None)
        if found is None:
            found = ET.SubElement(element, "lane", index=str(lane))
        for key in ("allow", "disallow"):
            if {"allow", "disallow"} & set(attributes):
                found.attrib.pop(key, None)
        found.attrib.update(attributes)

    def close_lane(self, edge: str, lane: int, *, emergency: bool = True, residents: bool = False) -> None:
        """Close a lane to all but emergency vehicles and residents, or to all."""
        admitted = " ".join([_ALL_CLASSES_BUT_CARS] * emergency + [RESIDENT_CLASS] * residents)
        self.set_lane(edge, lane, {"allow": admitted} if admitted else {"disallow": "all"})

    def admit_residents(self) -> None:
        """Admit the class of residents wherever cars may drive."""
        for edge in self.edges.values():
            for element in (edge, *edge.iter("lane")):
                allowed = element.get("allow", "").split()
                if "passenger" in allowed and RESIDENT_CLASS not in allowed:
                    element.set("allow", " ".join([*allowed, RESIDENT_CLASS]))

    def make_signal(self, node: str) -> str:
        """Give a junction signals, if it has none, and return their id."""
        element = self.nodes[node]
        if element.get("tl") is None:
            element.set("type", "traffic_light")
            element.set("tl", node)
            element.set("tlType", "static")
        return element.attrib["tl"]

    def stop_all(self, signal: str) -> None:
        """Make the junctions of a signal all-way stops while it is off."""
        for element in self.nodes.values():
            if element.get("tl") == signal:
                element.set("rightOfWay", "allwayStop")


def _movement(element: ET.Element) -> Movement:
    attributes = element.attrib
    return Movement(attributes["from"], int(attributes["fromLane"]), attributes["to"], int(attributes["toLane"]))


def _rest(element: ET.Element) -> dict[str, str]:
    return {key: value for key, value in element.attrib.items() if key not in ("from", "to", "fromLane", "toLane")}


def _connection(movement: Movement, rest: dict[str, str]) -> ET.Element:
    places = {"from": movement.from_edge, "to": movement.to_edge}
    lanes = {"fromLane": str(movement.from_lane), "toLane": str(movement.to_lane)}
    return ET.Element("connection", {**places, **lanes, **rest})
