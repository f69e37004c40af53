"""A road is cut not far beyond what is kept of a map, however mappers have split it into ways."""

from __future__ import annotations

import random
from pathlib import Path

import osmium
import pytest
import shapely

from decided_exits import village
from drawn_map import DrawnMap, Spot, box, degrees, metres, straight
from evac.network.exits.decide import Decision
from evac.network.exits.record import WaysOutRecord
from evac.new.clip import look_at_extract
from evac.new.roads import _cut
from evac.osm import StreetMap, prepare_map
from evac.osm.far_ways import FAR_M
from evac.osm.tidy import tidied
from evac.schema.places import FoundExits

AREA = box(-50, -50, 450, 450)
KEPT_M = 550.0
KEPT = box(-KEPT_M, -KEPT_M, 400 + KEPT_M, 400 + KEPT_M)


def _cut_out(drawn: DrawnMap, folder: Path) -> tuple[WaysOutRecord, Path]:
    file, target = drawn.write(folder / "map.osm"), folder / "cut.osm.pbf"
    with tidied(file) as source:
        record = _cut(source, target, look_at_extract(source), KEPT, AREA, least=None)
    return record, target


def _places(record: WaysOutRecord) -> dict[str, Spot]:
    return {end.label: tuple(round(value) for value in metres(end.lon, end.lat)) for end in record.ends}


def _desert() -> DrawnMap:
    drawn = village((-5000, -5000, 5400, 5400))
    drawn.road("US 95", "trunk", straight((400, 200), (9400, 200), (40000, 3000), step=500))
    drawn.road("Valley Road", "secondary", straight((200, 0), (200, -1000), (200, -9000)))
    return drawn


def _split(drawn: DrawnMap, seed: int) -> DrawnMap:
    """Return a map whose ways are split at random nodes, some of them drawn the other way, in another order."""
    draw = random.Random(seed)
    found = DrawnMap(drawn.bounds, tags=drawn.tags)
    for tags, line in drawn.ways:
        cuts = sorted(draw.sample(range(1, len(line) - 1), k=min(3, len(line) - 2)))
        for first, last in zip([0, *cuts], [*cuts, len(line) - 1], strict=True):
            piece = list(line[first : last + 1])
            found.ways.append((tags, piece[::-1] if draw.random() < 0.5 and "oneway" not in tags else piece))
    draw.shuffle(found.ways)
    return found


def test_an_exit_line_lies_where_the_kept_roads_end_not_where_a_way_of_40_km_does(tmp_path: Path) -> None:
    record, target = _cut_out(_desert(), tmp_path)
    places = _places(record)
    assert places["US 95"] == (2400, 200)  # 500 m between nodes, the first beyond 400 + 550 + 1,000 m
    assert places["Valley Road"] == (200, -1600)
    nodes = [item.location for item in osmium.FileProcessor(str(target), osmium.osm.NODE)]
    assert max(metres(place.lon, place.lat)[0] for place in nodes) == pytest.approx(2400, abs=1)


@pytest.mark.parametrize("seed", range(4))
def test_how_ways_are_split_and_drawn_moves_no_exit_line_by_more_than_a_road_is_followed(
    tmp_path: Path, seed: int
) -> None:
    whole = _places(_cut_out(_desert(), tmp_path)[0])
    (tmp_path / "split").mkdir()
    split = _places(_cut_out(_split(_desert(), seed), tmp_path / "split")[0])
    assert split.keys() == whole.keys()
    for name, place in whole.items():
        assert shapely.Point(place).distance(shapely.Point(split[name])) <= FAR_M + 500.0, name


def test_a_road_that_comes_back_is_kept_whole_between(tmp_path: Path) -> None:
    drawn = _desert()
    drawn.road("Bow", "secondary", straight((0, 300), (-4000, 300), (-4000, 100), (0, 100)))
    _, target = _cut_out(drawn, tmp_path)
    nodes = [item.location for item in osmium.FileProcessor(str(target), osmium.osm.NODE)]
    assert min(metres(place.lon, place.lat)[0] for place in nodes) == pytest.approx(-4000, abs=1)


def test_a_turn_restriction_where_nothing_is_kept_brings_no_road_back(tmp_path: Path) -> None:
    """At x = 5,400 m no left turn into Far Street: the junction is cut off, and so are its roads."""
    drawn = _desert()
    drawn.road("Far Street", "residential", straight((5400, 200), (5400, 900)))
    file = drawn.write(tmp_path / "map.osm")
    member = '<member type="way" ref="{}" role="{}"/>'
    text = file.read_text()
    ids = {tags.get("name"): number for number, (tags, _) in enumerate(drawn.ways, 1)}
    via = next(line.split('"')[1] for line in text.splitlines() if _is_at(line, 5400, 200))
    relation = (
        f'<relation id="1">{member.format(ids["US 95"], "from")}<member type="node" ref="{via}" role="via"/>'
        f'{member.format(ids["Far Street"], "to")}<tag k="type" v="restriction"/>'
        '<tag k="restriction" v="no_left_turn"/>'
        "</relation></osm>"
    )
    file.write_text(text.replace("</osm>", relation))
    target = tmp_path / "cut.osm.pbf"
    with tidied(file) as source:
        _cut(source, target, look_at_extract(source), KEPT, AREA, least=None)
    found = [(item.type_str(), item.tags.get("name")) for item in osmium.FileProcessor(str(target))]
    assert "r" not in {kind for kind, _ in found}
    assert ("w", "Far Street") not in found


def _is_at(line: str, x: float, y: float) -> bool:
    if not line.startswith("<node"):
        return False
    words = line.split('"')
    there = metres(float(words[5]), float(words[3]))
    return abs(there[0] - x) < 1 and abs(there[1] - y) < 1


def _as_given(drawn: DrawnMap, folder: Path, *named: Spot) -> StreetMap:
    """Prepare a map of a scenario that a person wrote: all of the file is simulated."""
    file = drawn.write(folder / "map.osm")
    return prepare_map(file, "service", "US", folder / "cache", named=[degrees(*spot) for spot in named])


def _farthest_m(street_map: StreetMap) -> float:
    return max(metres(*place)[0] for line in street_map.streets().geometry for place in line.coords)


def test_a_road_that_an_extract_has_far_beyond_its_bounds_is_cut_there(tmp_path: Path) -> None:
    """Tools that cut extracts keep ways whole: one of 40 km too, with nothing around it."""
    drawn = _desert()
    drawn.bounds = (-5600, -5600, 5600, 5600)
    street_map = _as_given(drawn, tmp_path)
    assert _farthest_m(street_map) == pytest.approx(6900, abs=1)  # the first node beyond 5,600 + 1,000 m
    places = _places(Decision(street_map.web(), AREA).record(FoundExits()))
    assert places == {"US 95": (6900, 200), "Valley Road": (200, -6700)}


def test_a_road_is_kept_as_far_as_the_scenario_names_a_place(tmp_path: Path) -> None:
    assert _farthest_m(_as_given(_desert(), tmp_path, (8900, 200))) == pytest.approx(9400, abs=1 + FAR_M)


def test_a_map_is_made_anew_only_for_places_beyond_its_bounds(tmp_path: Path) -> None:
    drawn = _desert()
    drawn.bounds = (-5600, -5600, 5600, 5600)
    plain = _as_given(drawn, tmp_path)
    assert _as_given(drawn, tmp_path, (1200, 200)) == plain
    assert _as_given(drawn, tmp_path, (8900, 200)) != plain


@pytest.mark.parametrize("bounds", [None, (20000, 20000, 21000, 21000)])
def test_bounds_that_arent_there_or_lie_elsewhere_cut_nothing(
    tmp_path: Path, bounds: tuple[float, float, float, float] | None
) -> None:
    drawn = _desert()
    drawn.bounds = bounds
    assert _farthest_m(_as_given(drawn, tmp_path)) == pytest.approx(40000, abs=1)


def test_a_map_that_evac_new_has_cut_isnt_cut_again(tmp_path: Path) -> None:
    _, target = _cut_out(_desert(), tmp_path)
    found = prepare_map(target, "service", "US", tmp_path / "cache")
    assert _farthest_m(found) == pytest.approx(2400, abs=1)
    named = prepare_map(target, "service", "US", tmp_path / "cache", named=[degrees(2400, 200), degrees(0, 0)])
    assert named == found  # `evac new` itself reads it before and after it names the exits
