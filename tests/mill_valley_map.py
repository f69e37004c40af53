"""A made-up map with Mill Valley's main streets: names as in OpenStreetMap, ramps where they are, all else approximate.

Camino Alto leads over the ridge to a second way onto US-101, which nobody may take.
"""

from __future__ import annotations

from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Way

Spot = tuple[float, float]  # latitude, longitude

DOWNTOWN: Spot = (37.9060, -122.5480)
CAMINO_ALTO: Spot = (37.9010, -122.5300)
TAM_HIGH: Spot = (37.8930, -122.5340)
TAM_JUNCTION: Spot = (37.8800, -122.5250)
SOUTH_BEGINS, NORTH_BEGINS = (37.90318, -122.51835), (37.90266, -122.51512)
MIDDLE_BEGINS, SHORELINE_ENDS = (37.88944, -122.51755), (37.87855, -122.51595)
NORTH_JOINS, SOUTH_JOINS = (37.9036, -122.51556), (37.9003, -122.5161)
MIDDLE_JOINS, SHORELINE_JOINS = (37.8888, -122.5170), (37.8777, -122.51346)
HAMILTON: Spot = (37.9030, -122.5200)
OVER_THE_RIDGE, CORTE_MADERA = (37.9195, -122.5255), (37.9200, -122.5116)

_HIGHWAY = {"highway": "motorway", "name": "Redwood Highway", "ref": "US 101", "oneway": "yes", "lanes": "4"}
_RAMP = {"highway": "motorway_link", "oneway": "yes", "lanes": "1"}
ROADS: list[tuple[dict[str, str], list[Spot]]] = [
    (
        _HIGHWAY,
        [(37.9260, -122.5115), (37.9138, -122.5124), (37.9065, -122.5153), (37.9036, -122.5159), SOUTH_JOINS,
         (37.8930, -122.5168), MIDDLE_JOINS, (37.8824, -122.5168), (37.8792, -122.5156), SHORELINE_JOINS,
         (37.8712, -122.5073), (37.8650, -122.5020)],
    ),
    (
        _HIGHWAY,
        [(37.8650, -122.5016), (37.8712, -122.5069), (37.8792, -122.5151), (37.8888, -122.5164), (37.9000, -122.5157),
         NORTH_JOINS, (37.9065, -122.5149), (37.9138, -122.5120), CORTE_MADERA, (37.9260, -122.5111)],
    ),
    (_RAMP, [SOUTH_BEGINS, (37.90264, -122.51755), (37.90162, -122.51646), SOUTH_JOINS]),
    (
        _RAMP,
        [NORTH_BEGINS, (37.90257, -122.51479), (37.90237, -122.51459), (37.90208, -122.5146), (37.90184, -122.51504),
         (37.90206, -122.5155), NORTH_JOINS],
    ),
    (_RAMP, [MIDDLE_BEGINS, (37.88944, -122.51723), (37.88938, -122.51706), MIDDLE_JOINS]),
    (_RAMP, [SHORELINE_ENDS, (37.87831, -122.51492), (37.87816, -122.51457), SHORELINE_JOINS]),
    (
        {"highway": "secondary", "name": "East Blithedale Avenue"},
        [DOWNTOWN, (37.9038, -122.5385), CAMINO_ALTO, (37.9016, -122.5245), HAMILTON, SOUTH_BEGINS,
         (37.90281, -122.51712), NORTH_BEGINS],
    ),
    ({"highway": "secondary", "name": "Miller Avenue"}, [DOWNTOWN, (37.8990, -122.5410), TAM_HIGH, TAM_JUNCTION]),
    (
        {"highway": "secondary", "name": "Camino Alto"},
        [TAM_HIGH, CAMINO_ALTO, (37.9085, -122.5290), (37.9125, -122.5286), OVER_THE_RIDGE],
    ),
    ({"highway": "primary", "name": "Tamalpais Drive"}, [OVER_THE_RIDGE, (37.9200, -122.5160), CORTE_MADERA]),
    (
        {"highway": "secondary", "name": "Shoreline Highway", "ref": "CA 1"},
        [(37.8700, -122.5600), (37.8760, -122.5520), (37.8783, -122.5490), (37.8815, -122.5420), TAM_JUNCTION,
         (37.8787, -122.5215), (37.87921, -122.51693), SHORELINE_ENDS],
    ),
    ({"highway": "tertiary", "name": "Redwood Highway Frontage Road"}, [HAMILTON, (37.8965, -122.5182), MIDDLE_BEGINS]),
]  # fmt: skip
NEIGHBOURHOODS: list[tuple[Spot, Spot]] = [
    (DOWNTOWN, (37.9100, -122.5600)),
    (DOWNTOWN, (37.9150, -122.5500)),
    ((37.9038, -122.5385), (37.9100, -122.5380)),
    (CAMINO_ALTO, (37.8985, -122.5240)),
    ((37.8990, -122.5410), (37.8960, -122.5550)),
    (TAM_HIGH, (37.8900, -122.5250)),
    (TAM_JUNCTION, (37.8850, -122.5200)),
    ((37.8815, -122.5420), (37.8740, -122.5400)),
    ((37.9085, -122.5290), (37.9090, -122.5210)),
]
HOUSES_A_STREET = 60


def write_map(path: Path) -> Path:
    """Write the map."""
    with osmium.SimpleWriter(osmium.io.File(str(path))) as writer:
        _Map(writer).write()
    return path


class _Map:
    def __init__(self, writer: osmium.SimpleWriter) -> None:
        self.writer = writer
        self.nodes: dict[Spot, int] = {}
        self.ways: list[tuple[list[int], dict[str, str]]] = []

    def node(self, spot: Spot) -> int:
        if spot not in self.nodes:
            self.nodes[spot] = len(self.nodes) + 1
            self.writer.add_node(Node(id=self.nodes[spot], location=(spot[1], spot[0])))
        return self.nodes[spot]

    def write(self) -> None:
        for tags, spots in ROADS:
            self.ways.append(([self.node(spot) for spot in spots], tags))
        for number, (start, end) in enumerate(NEIGHBOURHOODS, start=1):
            tags = {"highway": "residential", "name": f"Neighbourhood {number}"}
            self.ways.append(([self.node(start), self.node(end)], tags))
            for house in range(HOUSES_A_STREET):
                self.house(start, end, (house + 0.5) / HOUSES_A_STREET, 1 if house % 2 else -1)
        for number, (refs, tags) in enumerate(self.ways, start=1):
            self.writer.add_way(Way(id=number, nodes=refs, tags=tags))

    def house(self, start: Spot, end: Spot, share: float, side: int) -> None:
        """Add a house of 10 m beside a street, 20 m off."""
        lat, lon = (begin + share * (stop - begin) for begin, stop in zip(start, end, strict=True))
        lat += side * 0.00018
        corners = [(lat + y, lon + x) for y, x in ((0, 0), (0, 0.00012), (0.0001, 0.00012), (0.0001, 0))]
        refs = [self.node(corner) for corner in corners]
        self.ways.append(([*refs, refs[0]], {"building": "house"}))
