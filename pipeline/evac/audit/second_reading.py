"""The map read a second time, by OSMnx: a check on the net by a reader that shares no code with netconvert.

Both read the same `roads.osm.xml`. The street length by direction should agree within a few per cent (the two measure
on different earths, and netconvert closes the gaps inside the junctions that it joins).
Boeing, OSMnx: New methods for acquiring, constructing, analyzing, and visualizing complex street networks, 2017,
doi 10.1016/j.compenvurbsys.2017.05.004.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import osmnx
import shapely
from sumolib.net import Net

from evac.audit.findings import Finding

LENGTHS_AGREE = 0.03
"""Share by which the two lengths may differ. Measured: Balzers 0.5 %, Mission Canyon 0.2 %, Paradise 0.1 %."""
_METRES_A_KILOMETRE = 1000.0


@dataclass(frozen=True)
class SecondReading:
    """What OSMnx finds on the map, beside the net.

    Parameters
    ----------
    map_km, net_km
        Length of the streets by OSMnx and on the net, each direction by itself (km).
    hanging_together
        Share of the map's nodes in its largest part in which every node reaches every other one.
    lon, lat
        The middle of the map (EPSG:4326).
    """

    map_km: float
    net_km: float
    hanging_together: float
    lon: float
    lat: float

    @property
    def difference(self) -> float:
        """How much longer the net is than the map, as a share of the map."""
        return self.net_km / self.map_km - 1.0

    def __str__(self) -> str:
        """Return it in a line."""
        return (
            f"Read again by OSMnx, the map has {self.map_km:,.1f} km of street by direction, "
            f"the net {self.net_km:,.1f} km ({self.difference:+.1%}); "
            f"{self.hanging_together:.1%} of its nodes reach each other"
        )

    def findings(self) -> Iterator[Finding]:
        """Yield a warning where the two readings disagree."""
        if abs(self.difference) > LENGTHS_AGREE:
            text = f"{self}; more than {LENGTHS_AGREE:.0%} apart: netconvert has lost or made streets"
            yield Finding("warning", "second_reading", text, self.lon, self.lat, 1.0)


def second_reading(roads_file: Path, net: Net) -> SecondReading:
    """Read a map's roads with OSMnx and compare them with the net.

    Parameters
    ----------
    roads_file
        `StreetMap.roads_file`: the roads that netconvert read.
    net
        The net.
    """
    osmnx.settings.useful_tags_way = ["highway", "oneway"]
    streets = osmnx.graph_from_xml(roads_file, simplify=False, retain_all=True)
    map_m = sum(length for *_, length in streets.edges(data="length"))
    net_m = sum(shapely.LineString(edge.getRawShape()).length for edge in net.getEdges(withInternal=False))
    largest = max(nx.strongly_connected_components(streets), key=len)
    west, south, east, north = net.getBBoxXY()[0] + net.getBBoxXY()[1]
    lon, lat = net.convertXY2LonLat((west + east) / 2, (south + north) / 2)
    share = len(largest) / len(streets)
    return SecondReading(map_m / _METRES_A_KILOMETRE, net_m / _METRES_A_KILOMETRE, share, lon, lat)
