"""The accounts of the households: given = planned + named losses, zone by zone, whatever the zones and the map are."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from evac.audit import audit_accounts
from evac.errors import DataError
from evac.households.accounting import LOSSES, accounts_of, in_words
from evac.households.clipping import Ground, clip_zones
from evac.households.geometry import make_valid_polygons
from evac.households.zones import read_zones
from evac.schema.sources import Zones

UTM = "EPSG:32632"
EAST, NORTH = 500_000.0, 5_200_000.0
PATH = Path("zones.geojson")


def at(*numbers: float) -> shapely.Geometry:
    west, south, east, north = numbers
    return box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def street(*xy: float) -> shapely.Geometry:
    return shapely.LineString([(EAST + xy[0], NORTH + xy[1]), (EAST + xy[2], NORTH + xy[3])])


STREETS = gpd.GeoDataFrame(
    {"way_id": [1, 2], "measure": [1000.0, 1000.0], "known_everywhere": False},
    geometry=[street(0, 500, 1000, 500), street(500, 0, 500, 1000)],
    crs=UTM,
)


def homes(*points: tuple[float, float]) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(EAST + x, NORTH + y) for x, y in points]
    return gpd.GeoDataFrame(
        {"measure": 1.0, "known_everywhere": False}, index=range(len(shapes)), geometry=shapes, crs=UTM
    )


def zones(*rows: tuple[shapely.Geometry, float]) -> gpd.GeoDataFrame:
    frame = {
        "zone": [f"Z{number}" for number in range(len(rows))],
        "households_given": [float(households) for _, households in rows],
        "repaired": False,
    }
    return gpd.GeoDataFrame(frame, geometry=make_valid_polygons(gpd.GeoSeries([shape for shape, _ in rows], crs=UTM)))


def accounts(given_zones: gpd.GeoDataFrame, ground: Ground, **measures: list[gpd.GeoDataFrame]) -> pd.DataFrame:
    return accounts_of(clip_zones(given_zones, ground, STREETS, measures=measures, path=PATH))


MAP = at(-100, -100, 1100, 1100)
LAKE = at(0, 0, 400, 400)


def test_each_loss_has_its_name() -> None:
    rows = [
        (at(450, 450, 900, 900), 40),  # whole
        (at(900, 450, 1300, 900), 40),  # half of it off the map
        (at(5000, 0, 6000, 500), 7),  # all of it
        (shapely.Polygon(), 5),
        (at(10, 10, 300, 300), 3),  # in the lake
        (at(600, 10, 900, 300), 11),  # no street
    ]
    found = accounts(zones(*rows), Ground(MAP, water=LAKE)).set_index("zone")
    assert found["planned"].tolist() == [40, 20, 0, 0, 0, 0]
    assert found[["off_map"]].to_numpy().ravel().tolist() == [0, 20, 7, 0, 0, 0]
    assert found.loc["Z3", "no_geometry"] == 5
    assert found.loc["Z4", "over_water"] == 3
    assert found.loc["Z5", "no_street"] == 11
    assert found["given"].sum() == found["planned"].sum() + found[[*LOSSES]].to_numpy().sum()
    words = in_words(found.reset_index())
    assert words == (
        "106 households given: 60 planned, 5 in zones without a polygon, 27 off the map, 3 in zones over water, "
        "11 in zones without a street"
    )


def test_a_zone_that_only_touches_the_map_is_off_it_and_not_without_a_street() -> None:
    found = accounts(zones((at(450, 450, 900, 900), 40), (at(1000, 10, 5000, 410), 400)), Ground(MAP)).set_index("zone")
    assert found.loc["Z1", ["planned", "no_street", "off_map"]].tolist() == pytest.approx([0, 10, 390])


def test_an_ordered_area_cuts_by_dwellings_and_says_how_many_it_leaves_out() -> None:
    houses = homes((100, 100), (200, 100), (300, 100), (900, 100))
    found = accounts(zones((at(0, 0, 1000, 500), 100)), Ground(MAP, at(0, 0, 500, 500)), dwellings=[houses])
    assert (found["planned"].iloc[0], found["outside_area"].iloc[0]) == (75, 25)


def test_a_zone_that_reaches_out_to_sea_has_all_of_its_homes_ashore() -> None:
    ashore = homes(*[(20.0 * number, 480) for number in range(40)])
    block_group = zones((at(0, 0, 1000, 20_000), 40))
    assert accounts(block_group, Ground(MAP), dwellings=[ashore])["planned"].tolist() == [40]
    area = at(-50, -50, 1050, 1050)
    assert accounts(block_group, Ground(MAP, area), dwellings=[ashore])["planned"].tolist() == [40]


def test_water_is_no_area_to_share_by() -> None:
    zone = zones((at(0, 0, 800, 400), 100))  # its western half is the lake
    assert accounts(zone, Ground(MAP, at(400, 0, 1000, 1000), water=LAKE))["planned"].tolist() == [100]
    assert accounts(zone, Ground(MAP, at(400, 0, 1000, 1000)))["planned"].tolist() == [50]


def test_a_map_that_does_not_say_how_far_it_reaches_keeps_zones_that_are_nearly_on_it() -> None:
    zone = zones((at(0, 0, 1000, 1210), 100))  # 9 % beyond
    houses = {"dwellings": [homes((100, 100), (200, 100))]}
    assert accounts(zone, Ground(MAP, declared=False), **houses)["planned"].tolist() == [100]
    assert accounts(zone, Ground(MAP, declared=True), **houses)["planned"].tolist() == [91]
    assert accounts(zone, Ground(MAP, declared=False))["planned"].tolist() == [91]  # homes aren't mapped


def test_zones_that_lie_over_each_other_are_told() -> None:
    found = accounts(zones((at(0, 400, 500, 900), 38), (at(0, 400, 1000, 900), 76)), Ground(MAP))
    assert found["counted_twice"].tolist() == pytest.approx([0, 38])
    (finding,) = audit_accounts(found)
    assert "38 households of zone Z1 may be counted twice" in finding.text
    beside = accounts(zones((at(0, 400, 500, 900), 38), (at(500, 400, 1000, 900), 76)), Ground(MAP))
    assert beside["counted_twice"].tolist() == [0, 0]


def test_losses_are_found_with_what_to_do() -> None:
    found = accounts(zones((at(450, 450, 900, 900), 40), (shapely.Polygon(), 5)), Ground(MAP))
    (finding,) = audit_accounts(found)
    assert finding.severity == "warning"
    assert "5 of the 5 households of zone Z1 are not planned: in zones without a polygon" in finding.text


_METRES = st.integers(-500, 2000)


@st.composite
def _shape(draw: st.DrawFn) -> shapely.Geometry:
    """Draw a polygon: a box, two of them, one with a hole, one that crosses itself, one with heights, or none."""
    west, south = draw(_METRES), draw(_METRES)
    east, north = west + draw(st.integers(1, 1500)), south + draw(st.integers(1, 1500))
    plain = at(west, south, east, north)
    kind = draw(st.sampled_from(["plain", "plain", "multi", "hole", "bow tie", "heights", "none"]))
    if kind == "multi":
        return shapely.MultiPolygon([plain, at(east + 10, south, east + 300, north)])
    if kind == "hole":
        return plain.difference(plain.centroid.buffer(min(east - west, north - south) / 4))
    if kind == "bow tie":
        corners = shapely.get_coordinates(plain)[[0, 2, 1, 3, 0]]
        return shapely.Polygon(corners)
    if kind == "heights":
        return shapely.force_3d(plain, 400.0)
    return shapely.Polygon() if kind == "none" else plain


_COUNTS = st.one_of(st.just(0.0), st.integers(1, 400).map(float), st.floats(0.0, 50.0))
_GROUNDS = st.builds(
    Ground,
    st.just(MAP),
    st.one_of(st.none(), st.just(at(100, 100, 700, 900)), st.just(at(-50, 400, 1050, 600))),
    st.one_of(st.just(shapely.Polygon()), st.just(LAKE)),
    st.booleans(),
)
_HOMES = st.lists(st.tuples(st.integers(-90, 1090), st.integers(-90, 1090)), max_size=30).map(lambda xy: homes(*xy))


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(_shape(), _COUNTS), min_size=1, max_size=6),
    ground=_GROUNDS,
    houses=_HOMES,
    doubled=st.booleans(),
)
def test_nobody_vanishes(
    rows: list[tuple[shapely.Geometry, float]], ground: Ground, houses: gpd.GeoDataFrame, *, doubled: bool
) -> None:
    given_zones = zones(*rows, *(rows[:1] if doubled else []))
    measures = {"dwellings": [houses] if len(houses) else [], "frontage": [STREETS]}
    try:
        found = accounts(given_zones, ground, **measures)
    except DataError:  # no zone overlaps the map or the area
        return
    sums = found["planned"] + found[[*LOSSES, "rounding"]].sum(axis=1)
    assert sums.to_numpy() == pytest.approx(given_zones["households_given"].to_numpy())
    assert (found[[*LOSSES]].to_numpy() >= 0).all()
    assert abs(found["rounding"].sum()) <= 0.5 + 1e-6
    assert (found["counted_twice"] <= found["planned"]).all()


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_order_of_the_zones_changes_nothing(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(_shape(), st.integers(1, 50)), min_size=2, max_size=6))
    frame = gpd.GeoDataFrame(
        {"name": [f"Z{number}" for number in range(len(rows))], "households": [count for _, count in rows]},
        geometry=[shape for shape, _ in rows],
        crs=UTM,
    )
    if frame.is_empty.all():
        return
    order = data.draw(st.permutations(range(len(rows))))
    folder, found = tmp_path_factory.mktemp("order"), []
    for name, table in (("as given", frame), ("shuffled", frame.iloc[list(order)])):
        table.to_file(folder / f"{name}.gpkg")
        found.append(read_zones(Zones(file=folder / f"{name}.gpkg", count="households", name="name")))
    assert found[0]["zone"].tolist() == found[1]["zone"].tolist()
    assert shapely.equals_exact(found[0].geometry.to_numpy(), found[1].geometry.to_numpy(), 1e-9).all()


@pytest.mark.parametrize(
    ("households", "words"),
    [
        ([12_000_000, 1], "adds up to 12,000,001 households; more than 10,000,000 can't be"),
        ([900_000, 1], "more than 100,000 per km² can't be"),  # 0.84 km²
        ([0, 0], "is 0 in all 2 zones"),
    ],
)
def test_counts_that_cannot_be_are_refused_with_column_and_total(
    tmp_path: Path, households: list[int], words: str
) -> None:
    shapes = [box(9.5, 47.0, 9.51, 47.01), box(9.51, 47.0, 9.52, 47.01)]
    gpd.GeoDataFrame({"People": households}, geometry=shapes, crs="EPSG:4326").to_file(tmp_path / "zones.geojson")
    with pytest.raises(DataError, match="column 'People'") as caught:
        read_zones(Zones(file=tmp_path / "zones.geojson", count="People"))
    assert words in str(caught.value)


def test_a_feature_without_a_polygon_stays_in_the_table(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"name": ["Elm", "Prison"], "n": [38, 38]}, geometry=[box(9.5, 47, 9.51, 47.01), None])
    frame.set_crs("EPSG:4326").to_file(tmp_path / "zones.geojson")
    found = read_zones(Zones(file=tmp_path / "zones.geojson", count="n", name="name"))
    assert found["zone"].tolist() == ["Elm", "Prison"]
    assert found.is_empty.tolist() == [False, True]


def test_polygons_in_a_collection_are_read(tmp_path: Path) -> None:
    shape = shapely.GeometryCollection([box(9.5, 47.0, 9.51, 47.01), shapely.LineString([(9.5, 47.0), (9.6, 47.1)])])
    gpd.GeoDataFrame({"n": [4]}, geometry=[shape], crs="EPSG:4326").to_file(tmp_path / "zones.geojson")
    found = read_zones(Zones(file=tmp_path / "zones.geojson", count="n"))
    assert found.geom_type.tolist() == ["Polygon"]


def test_layers_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "zones.gpkg"
    for layer, households in (("counties", 9), ("blocks", 4)):
        frame = gpd.GeoDataFrame({"n": [households]}, geometry=[box(9.5, 47.0, 9.51, 47.01)], crs="EPSG:4326")
        frame.to_file(file, layer=layer)
    with pytest.raises(DataError, match="2 layers: 'counties', 'blocks'") as caught:
        read_zones(Zones(file=file, count="n"))
    assert "households.zones.layer" in str(caught.value)
    assert read_zones(Zones(file=file, count="n", layer="blocks"))["households_given"].tolist() == [4.0]
    with pytest.raises(DataError, match="no layer 'block'"):
        read_zones(Zones(file=file, count="n", layer="block"))


def test_a_table_beside_the_only_layer_of_polygons_is_no_second_one(tmp_path: Path) -> None:
    file = tmp_path / "zones.gpkg"
    frame = gpd.GeoDataFrame({"n": [4]}, geometry=[box(9.5, 47.0, 9.51, 47.01)], crs="EPSG:4326")
    frame.to_file(file, layer="blocks")
    gpd.GeoDataFrame({"style": ["red"]}, geometry=[None]).drop(columns="geometry").pipe(_write_table, file)
    assert read_zones(Zones(file=file, count="n"))["households_given"].tolist() == [4.0]


def _write_table(table: pd.DataFrame, file: Path) -> None:
    import pyogrio  # noqa: PLC0415

    pyogrio.write_dataframe(table, file, layer="layer_styles")


def test_unbalanced_accounts_are_refused() -> None:
    clipped = clip_zones(zones((at(450, 450, 900, 900), 40)), Ground(MAP), STREETS, measures={}, path=PATH)
    with pytest.raises(ValueError, match="don't balance"):
        accounts_of(clipped.assign(households_given=41.0, inside_share=np.array([40.0 / 41.0])))
