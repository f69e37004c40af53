"""A town with roads that are closed to cars: a fire road, a locked gate on a street, and a track that leads nowhere.

`Canyon Road` runs west to an exit, slow for its last 150 m; `Valley Road`, 600 m south of it, to another. The fire road
leaves `Canyon Road` in the middle of a piece between two junctions and ends on `Valley Road`; `Back Lane` joins the two
streets, and has a locked gate.
"""

from __future__ import annotations

from pathlib import Path

from evac.network import build_network, read_net
from evac.network.exits import ResolvedExit
from evac.osm import prepare_map
from evac.schema.driving import Traffic
from plan_town import Town

_NODES = {
    1: (0, 600), 2: (300, 600), 3: (600, 600), 4: (1200, 600), 5: (1800, 600),
    11: (0, 0), 12: (300, 0), 13: (600, 0), 14: (1200, 0), 15: (1800, 0),
    21: (290, 300), 31: (1200, 200), 32: (1200, 300), 33: (1200, 400), 41: (600, 800), 51: (1500, 900), 61: (600, 450),
    9: (150, 600),
}  # fmt: skip
_WAYS = {
    101: ("Canyon Road", "residential", (5, 4, 3, 2, 9), {}),
    109: ("Canyon Road", "residential", (9, 1), {"maxspeed": "8"}),
    102: ("Valley Road", "residential", (15, 14, 13, 12, 11), {}),
    103: ("Hill Street", "residential", (3, 61), {}),
    104: ("Ridge Fire Road", "track", (2, 21, 12), {"access": "private"}),
    105: ("Back Lane", "residential", (4, 33, 32, 31, 14), {}),
    106: ("Lost Track", "track", (3, 41), {}),
    107: ("Garden Path", "footway", (5, 51), {}),
    108: ("Mine Road", "track", (41, 51), {}),
}
_TAGS = {32: {"barrier": "gate", "access": "no"}}
_LAT, _LON, _M_PER_DEG = 47.07, 9.50, (111_170.0, 75_900.0)


def place(node: int) -> tuple[float, float]:
    """Return longitude and latitude of a node (degrees)."""
    x_m, y_m = _NODES[node]
    return _LON + x_m / _M_PER_DEG[1], _LAT + y_m / _M_PER_DEG[0]


def write_osm(path: Path) -> None:
    lines = ["<osm version='0.6'>"]
    for node in sorted(_NODES):
        lon, lat = place(node)
        lines.append(
            f"<node id='{node}' version='1' lat='{lat:.7f}' lon='{lon:.7f}'>{_tags(_TAGS.get(node, {}))}</node>"
        )
    for way, (name, highway, nodes, tags) in sorted(_WAYS.items()):
        refs = "".join(f"<nd ref='{node}'/>" for node in nodes)
        all_tags = _tags({"highway": highway, "name": name, **tags})
        lines.append(f"<way id='{way}' version='1'>{refs}{all_tags}</way>")
    path.write_text("\n".join([*lines, "</osm>"]))


def _tags(tags: dict[str, str]) -> str:
    return "".join(f"<tag k='{key}' v='{value}'/>" for key, value in tags.items())


def gated_town(folder: Path) -> Town:
    """Build the town; its exits are the western ends of the two roads."""
    write_osm(folder / "town.osm")
    street_map = prepare_map(folder / "town.osm", "service", None, folder / ".evac")
    network = build_network(street_map, Traffic(), folder / ".evac")
    net = read_net(network.net_file)
    exits = []
    for name, node in (("canyon", 1), ("valley", 11)):
        lon, lat = place(node)
        edge = net.getNode(str(node)).getIncoming()[0].getID()
        exits.append(ResolvedExit(name, (edge,), 1, lon, lat))
    return Town(folder, network, tuple(exits), street_map.streets(), street_map.closed_roads())
