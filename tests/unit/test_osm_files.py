"""OSM files as editors, servers and tools write them: what is read, and what is refused with advice that helps."""

from __future__ import annotations

import bz2
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import osmium
import pytest

from evac.errors import DataError
from evac.osm import StreetMap, prepare_map
from evac.osm.tidy import tidied

HEAD = '<osm version="0.6" generator="Overpass API">'
NODES = "".join(
    f'<node id="{number}" version="1" lat="47.{2000 + 10 * (number // 4)}" lon="9.{4900 + 40 * (number % 4)}"/>\n'
    for number in range(1, 13)
)
WAYS = """<way id="21" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/></way>
<way id="22" version="1"><nd ref="3"/><nd ref="7"/><nd ref="11"/><tag k="highway" v="residential"/></way>
"""
TOWN = f"{HEAD}\n{NODES}{WAYS}</osm>"
CUT = NODES.index('<node id="6"')
NORTH_OF_THE_POLE = r'<node id="2" version="1" lat="95"\1><tag k="barrier" v="gate"/></node>'
LENGTHS = {"21": 2, "22": 2}  # segments


def written(folder: Path, content: str | bytes, name: str = "map.osm") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def mapped(path: Path) -> StreetMap:
    return prepare_map(path, "service", "LI", path.parent / "cache")


def segments(street_map: StreetMap) -> dict[str, int]:
    streets = street_map.streets()
    return {str(way): len(line.coords) - 1 for way, line in zip(streets["osm_way_id"], streets.geometry, strict=True)}


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        mapped(path)
    assert caught.value.problems[0].remedy
    assert not (path.parent / "cache").exists()
    return str(caught.value)


def places_inside_ways(text: str) -> str:
    """Return the town as `out geom` gives it: no nodes, their places in the ways."""
    places = dict(re.findall(r'<node id="(\d+)" version="1" (lat="[\d.]+" lon="[\d.]+")/>', text))
    return (
        re.sub(r'<nd ref="(\d+)"/>', lambda found: f'<nd ref="{found[1]}" {places[found[1]]}/>', HEAD + WAYS) + "</osm>"
    )


def reversed_order(text: str) -> str:
    return "\n".join([HEAD, *reversed(re.findall("<node.*?/>|<way.*?</way>", text, re.DOTALL)), "</osm>"])


ORDERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "ways first": lambda _: f"{HEAD}{WAYS}{NODES}</osm>",
    "every id descending": reversed_order,
    "places inside ways": places_inside_ways,
    "in two parts": lambda _: f"{HEAD}{NODES[:CUT]}{WAYS}{NODES[CUT:]}</osm>",
    "nodes twice, once without their tags": lambda _: f"{HEAD}{NODES}{WAYS}{NODES}</osm>".replace(' version="1"', ""),
    "places inside ways and members": lambda text: places_inside_ways(text).replace(
        "</osm>",
        '<relation id="9"><member type="way" ref="21" role="from"><nd lat="47.2" lon="9.49"/></member>'
        '<tag k="type" v="route"/></relation></osm>',
    ),
}


@pytest.mark.parametrize("order", ORDERS)
def test_elements_in_any_order(order: str, tmp_path: Path) -> None:
    assert segments(mapped(written(tmp_path, ORDERS[order](TOWN)))) == LENGTHS


def renumbered(text: str, change: Callable[[int], int]) -> str:
    return re.sub(r'(\bid|ref)="(\d+)"', lambda found: f'{found[1]}="{change(int(found[2]))}"', text)


@pytest.mark.parametrize(
    "change",
    [lambda ref: -ref, lambda ref: -ref if ref in {3, 7, 22} else ref, lambda ref: 2**63 - 100 + ref],
    ids=["all negative", "some negative", "near 2^63"],
)
def test_ids_of_editors_and_of_no_meaning(change: Callable[[int], int], tmp_path: Path) -> None:
    found = mapped(written(tmp_path, renumbered(TOWN, change)))
    assert segments(found) == {str(change(21)): 2, str(change(22)): 2}
    assert len({node for line in found.streets().geometry for node in line.coords}) == 5  # they share the node


@pytest.mark.parametrize("mark", ['action="delete"', 'visible="true" action="delete"', 'visible="false"'])
@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress], ids=["", ".gz", ".bz2"])
def test_what_an_editor_has_deleted_is_not_there(mark: str, compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    suffix = {bytes: "", gzip.compress: ".gz", bz2.compress: ".bz2"}[compress]
    text = TOWN.replace('<way id="22"', f'<way id="22" {mark}')
    assert segments(mapped(written(tmp_path, compress(text.encode()), f"map.osm{suffix}"))) == {"21": 2}


def test_nodes_that_are_lacking_in_the_middle_cut_a_road_in_two(tmp_path: Path) -> None:
    way = WAYS.replace('<nd ref="2"/><nd ref="3"/>', "".join(f'<nd ref="{ref}"/>' for ref in (2, 91, 92, 3, 7, 93)))
    streets = mapped(written(tmp_path, f"{HEAD}{NODES}{way}</osm>")).streets()
    lines = streets.loc[streets["osm_way_id"] == 21].geometry
    assert [len(line.coords) for line in lines] == [2, 2]
    assert lines.iloc[0].coords[-1] != lines.iloc[1].coords[0]


def test_a_node_off_the_globe_is_lacking(tmp_path: Path) -> None:
    text = re.sub('<node id="2" version="1" lat="[^"]*"( lon="[^"]*")/>', NORTH_OF_THE_POLE, TOWN)
    assert text != TOWN
    assert segments(mapped(written(tmp_path, text))) == {"22": 2}


def test_the_boxes_of_several_downloads_count_together(tmp_path: Path) -> None:
    boxes = [(9.48, 47.19, 9.50, 47.21), (9.50, 47.19, 9.52, 47.21)]
    lines = "".join(f'<bounds minlon="{w}" minlat="{s}" maxlon="{e}" maxlat="{n}"/>' for w, s, e, n in boxes)
    path = written(tmp_path, TOWN.replace(HEAD, HEAD + lines))
    with tidied(path) as source:
        assert source.facts.boxes == tuple(boxes)
        assert source.facts.bounds == (9.48, 47.19, 9.52, 47.21)


def test_an_extract_that_is_in_order_is_read_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, TOWN)
    with tidied(path) as source:
        assert source.file == path


def answer(**changes: Any) -> dict[str, Any]:
    """Return the town as an answer of Overpass in JSON."""
    elements: list[dict[str, Any]] = [
        {"type": "way", "id": 21, "nodes": [1, 2, 3], "tags": {"highway": "primary"}},
        {"type": "way", "id": 22, "nodes": [3, 7, 11], "tags": {"highway": "residential", "lanes": 2}},
        *({"type": "node", "id": ref, "lat": 47.2 + ref / 1000, "lon": 9.5} for ref in (1, 2, 3, 7, 11)),
        {"type": "relation", "id": 1, "members": [{"type": "way", "ref": 21, "role": ""}], "tags": {}},
    ]
    return {"version": 0.6, "osm3s": {"timestamp_osm_base": "2026-01-01T00:00:00Z"}, "elements": elements} | changes


def test_json_of_overpass(tmp_path: Path) -> None:
    found = mapped(written(tmp_path, json.dumps(answer()), "map.json"))
    assert segments(found) == LENGTHS
    assert found.info()["source"]["data_timestamp"] == "2026-01-01T00:00:00Z"


def test_json_of_overpass_with_places_inside_ways(tmp_path: Path) -> None:
    elements = [
        {"type": "way", "id": 21, "nodes": [1, 2, 3], "tags": {"highway": "primary"},
         "geometry": [{"lat": 47.2, "lon": 9.5}, {"lat": 47.21, "lon": 9.5}, None]}
    ]  # fmt: skip
    assert segments(mapped(written(tmp_path, json.dumps(answer(elements=elements)), "map.json"))) == {"21": 1}


REFUSED = {
    "history": (
        "map.osm", TOWN.replace("</osm>", WAYS.replace('version="1"', 'version="2"') + "</osm>"), "history file",
    ),
    "history, by time": (
        "map.osm", TOWN.replace(WAYS, WAYS.replace("</way>\n", '</way>\n<way id="22" version="7" visible="false"/>')),
        "history file",
    ),
    "changes": ("map.osm", TOWN.replace("osm version", "osmChange version"), "osmium apply-changes"),
    "changes by name": ("map.osc.gz", b"\x1f\x8b", "gzip"),
    "history by name": ("map.osh.xml", TOWN, "osmium time-filter"),
    "web page": ("map.osm", "<!DOCTYPE html><html><body>The server is <b>too busy</b></body></html>", "too busy"),
    "cut-off answer": ("map.osm", TOWN.replace("</osm>", "<remark> runtime error: Query timed out </remark></osm>"),
                       "Query timed out"),
    "cut-off answer in JSON": ("map.json", json.dumps(answer(remark="runtime error: out of memory")), "out of memory"),
    "empty answer": ("map.json", json.dumps(answer(elements=[])), "without any element"),
    "another JSON": ("map.json", "[1, 2]", "isn't an answer of Overpass"),
    "half a JSON": ("map.json", json.dumps(answer())[:200], "isn't JSON"),
    "broken element": ("map.json", json.dumps(answer(elements=[{"type": "node", "id": "a"}, 7])), "element 2"),
    "JSON by another name": ("map.osm", json.dumps(answer()), "ends in .json"),
    "GeoJSON": ("map.osm", '{"type": "FeatureCollection", "features": []}', "is GeoJSON"),
    "gzip by another name": ("map.osm", gzip.compress(TOWN.encode()), ".osm.gz"),
    "XML by another name": ("map.osm.pbf", TOWN, "ends in .osm"),
    "archive": ("map.osm", b"PK\x03\x04", "unpack"),
    "pointer": ("map.osm.pbf", "version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "empty": ("map.osm", "", "is empty"),
    "track": ("map.osm", '<?xml version="1.0"?><gpx></gpx>', "its root is <gpx>"),
    "no number": ("map.osm", TOWN.replace('lon="9.4980"', 'lon="NaN"', 1), "degrees"),
    "no whole number": ("map.osm", TOWN.replace('<way id="21"', '<way id="99999999999999999999"'), "whole numbers"),
    "ways alone": ("map.osm", f"{HEAD}{WAYS}</osm>", "(._;>;); out body;"),
    "bounds off the globe": ("map.osm", TOWN.replace(
        HEAD, HEAD + '<bounds minlon="0" minlat="-91" maxlon="1" maxlat="1"/>'), "no box in degrees"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_name_what_the_file_is(case: str, tmp_path: Path) -> None:
    name, content, said = REFUSED[case]
    assert said in refusal(written(tmp_path, content, name))


def test_an_osm_file_named_as_pbf_by_a_tool_is_named(tmp_path: Path) -> None:
    pbf = tmp_path / "sound.osm.pbf"
    with osmium.SimpleWriter(str(pbf)) as writer:
        for item in osmium.FileProcessor(str(written(tmp_path, TOWN))):
            writer.add(item)
    assert ".osm.pbf" in refusal(written(tmp_path, pbf.read_bytes(), "other.osm"))
