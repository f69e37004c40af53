"""An extract that is cut to a polygon keeps every line that touches it, and land use that lies around it."""

from __future__ import annotations

from pathlib import Path

import osmium
import pytest
import shapely
from osmium.osm.mutable import Node, Relation, Way

from evac.new.clip import clip_extract, look_at_extract
from evac.osm.tidy import tidied

AREA = shapely.box(9.50, 47.00, 9.52, 47.02)
STREET, MOTORWAY, PASSING, AROUND, BESIDE, RING, OUTER, FAR_OUTER = 1, 2, 3, 4, 5, 6, 7, 8

LINES = {
    STREET: ({"highway": "residential"}, [(9.505, 47.01), (9.515, 47.01)]),
    MOTORWAY: ({"highway": "motorway"}, [(9.40, 47.01), (9.60, 47.01)]),  # 15 km without a node
    PASSING: ({"highway": "motorway"}, [(9.49, 47.015), (9.505, 47.03)]),  # its bounding box touches, it doesn't
    AROUND: ({"landuse": "residential"}, [(9.4, 46.9), (9.6, 46.9), (9.6, 47.1), (9.4, 47.1), (9.4, 46.9)]),
    BESIDE: ({"landuse": "farmland"}, [(9.48, 47.01), (9.48, 47.03), (9.505, 47.03), (9.48, 47.01)]),
    OUTER: ({}, [(9.501, 47.001), (9.502, 47.001), (9.502, 47.002), (9.501, 47.001)]),  # of a building with a yard
    FAR_OUTER: ({}, [(9.601, 47.001), (9.602, 47.001), (9.602, 47.002), (9.601, 47.001)]),
    RING: ({"highway": "primary"}, [(9.4, 46.9), (9.6, 46.9), (9.6, 47.1), (9.4, 47.1), (9.4, 46.9)]),
}


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    file = tmp_path / "map.osm.pbf"
    nodes: dict[tuple[float, float], int] = {}
    for _, corners in LINES.values():
        for corner in corners:
            nodes.setdefault(corner, len(nodes) + 1)
    with osmium.SimpleWriter(str(file)) as writer:
        for corner, number in nodes.items():
            writer.add_node(Node(id=number, location=corner))
        for way, (tags, corners) in LINES.items():
            writer.add_way(Way(id=way, nodes=[nodes[corner] for corner in corners], tags=tags))
        for number, way in enumerate((OUTER, FAR_OUTER), start=1):
            tags = {"type": "multipolygon", "building": "apartments"}
            writer.add_relation(Relation(id=number, tags=tags, members=[("w", way, "outer")]))
    return file


def test_a_line_without_a_node_inside_and_land_around_are_kept(extract: Path, tmp_path: Path) -> None:
    with tidied(extract) as source:
        clip_extract(source.file, tmp_path / "cut.osm.pbf", AREA, look_at_extract(source))
    found = {item.id for item in osmium.FileProcessor(str(tmp_path / "cut.osm.pbf"), osmium.osm.WAY)}
    assert found == {STREET, MOTORWAY, AROUND, OUTER}


def test_a_building_whose_outline_bears_no_tag_is_kept(extract: Path, tmp_path: Path) -> None:
    with tidied(extract) as source:
        clip_extract(source.file, tmp_path / "cut.osm.pbf", AREA, look_at_extract(source))
    assert [item.id for item in osmium.FileProcessor(str(tmp_path / "cut.osm.pbf"), osmium.osm.RELATION)] == [1]
