"""When a hazard reaches roads: rasters, perimeters and points with times, against times that are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pydantic import ValidationError
from pyproj import Transformer

from evac.errors import DataError
from evac.hazards.arrivals import Reached, reached_roads
from evac.hazards.effects import in_words, refuges_in_words
from evac.hazards.grids import opened, values_in
from evac.hazards.raster import RasterFront, nearest_minimum
from evac.hazards.refuges import ResolvedRefuge
from evac.network import read_net
from evac.schema.hazard import ArrivalRaster, Hazard
from hazard_files import CELL_M, write_features, write_raster
from plan_town import Town, town

# A road of four pieces eastwards from x = 0, one northwards from its second node.
NODES = {"a": (0.0, 0.0), "b": (1000.0, 0.0), "c": (2000.0, 0.0), "d": (3000.0, 0.0), "e": (1000.0, 2000.0)}
ROADS = [("a b c d", "Main", 1), ("b e", "Side", 1)]


@pytest.fixture
def place(tmp_path: Path) -> Town:
    return town(tmp_path / "town", NODES, ROADS, {"East": "cd", "North": "be"})


def _reached(place: Town, arrival: dict[str, Any], **others: Any) -> Reached:
    hazard = Hazard.model_validate({"name": "Fire", "arrival": arrival, **others})
    net = read_net(place.network.net_file)
    return reached_roads(hazard, place.network, net, place.folder / ".evac", where="scenario.yaml")


def _minutes(reached: Reached) -> dict[str, float]:
    return {edge: arrival_s / 60.0 for edge, arrival_s in reached.arrival_s.items()}


def _from_the_west(x: np.ndarray, _: np.ndarray) -> np.ndarray:
    """A straight front that runs east at 25 m a minute and is at x = 0 after 10 minutes."""
    return 10.0 + np.maximum(x, -200.0) / 25.0


@pytest.mark.parametrize("suffix", [".tif", ".asc"])
def test_a_road_is_reached_with_the_first_of_its_cells(place: Town, tmp_path: Path, suffix: str) -> None:
    file = write_raster(tmp_path / f"toa{suffix}", _from_the_west, nodata=-1e6)
    found = _minutes(_reached(place, {"form": "raster", "file": file, "unit": "minutes"}))
    half_a_cell_min = CELL_M / 2.0 / 25.0
    for edge, x in {"ab": 0.0, "bc": 1000.0, "cd": 2000.0, "be": 1000.0}.items():
        assert found[edge] == pytest.approx(10.0 + x / 25.0, abs=half_a_cell_min + 1e-4 + 0.4)  # and the junction
    assert found["ab"] == found["ba"]


def test_units_and_the_rasters_own_clock_count(place: Town, tmp_path: Path) -> None:
    file = write_raster(tmp_path / "toa.tif", lambda x, y: 60.0 * _from_the_west(x, y), nodata=-1e6)
    early = {"form": "raster", "file": file, "unit": "seconds", "starts_min": 5.0}
    minutes = {"form": "raster", "file": write_raster(tmp_path / "m.tif", _from_the_west), "unit": "minutes"}
    first, second = _minutes(_reached(place, early)), _minutes(_reached(place, minutes))
    assert first["cd"] == pytest.approx(second["cd"] + 5.0)


def test_cells_without_data_are_never_reached(place: Town, tmp_path: Path) -> None:
    def west_only(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where(x < 500.0, _from_the_west(x, y), np.nan)

    file = write_raster(tmp_path / "toa.tif", west_only)
    assert set(_reached(place, {"form": "raster", "file": file, "unit": "minutes"}).arrival_s) == {"ab", "ba"}


def test_roads_within_a_distance_are_reached_as_the_front_gets_there(place: Town, tmp_path: Path) -> None:
    def south_of_the_road(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where(y < -60.0, _from_the_west(x, y), np.nan)

    file = write_raster(tmp_path / "toa.tif", south_of_the_road)
    arrival = {"form": "raster", "file": file, "unit": "minutes"}
    with pytest.raises(DataError, match="never reaches a road"):
        _reached(place, arrival)
    found = _minutes(_reached(place, arrival, roads_within_m=100.0))
    assert set(found) == {"ab", "ba", "bc", "cb", "cd", "dc", "be", "eb"}
    # the nearest cells that burn are 60 to 80 m away, so those up to 100 m reach 60 to 80 m back along the road
    assert 10.0 + (2000.0 - 90.0) / 25.0 < found["cd"] < 10.0 + (2000.0 - 40.0) / 25.0


def test_a_road_closes_as_far_from_the_front_as_the_widest_fuel_beside_it_says(place: Town, tmp_path: Path) -> None:
    """Fuel 165 grows 100 m south of bc: that closes when the front is 200 m away, other roads when it is there."""
    raster = write_raster(tmp_path / "toa.tif", _from_the_west)
    arrival = {"form": "raster", "file": str(raster), "unit": "minutes"}
    plain = _minutes(_reached(place, arrival))

    def grown(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where((x > 1000.0) & (x < 1500.0) & (y < -100.0), 165.0, 101.0)

    fuel = str(write_raster(tmp_path / "fuel.tif", grown))
    by_fuel = _minutes(_reached(place, arrival, fuels={"file": fuel, "within_m": {165: 200.0, 101: 0.0}}))
    everywhere = _minutes(_reached(place, arrival, roads_within_m=200.0))
    assert by_fuel["bc"] == pytest.approx(everywhere["bc"])
    assert by_fuel["bc"] < plain["bc"]
    assert by_fuel["ab"] == pytest.approx(plain["ab"])
    assert _minutes(_reached(place, arrival, fuels={"file": fuel, "within_m": {101: 200.0}})) == everywhere
    beyond_it = _minutes(_reached(place, arrival, roads_within_m=200.0, fuels={"file": fuel, "within_m": {165: 0.0}}))
    assert beyond_it == everywhere  # no road lies in that fuel


def test_fuels_that_no_road_is_near_to_are_refused(place: Town, tmp_path: Path) -> None:
    raster = write_raster(tmp_path / "toa.tif", _from_the_west)
    fuel = str(write_raster(tmp_path / "fuel.tif", lambda x, _: np.full_like(x, 101.0)))
    arrival = {"form": "raster", "file": str(raster), "unit": "minutes"}
    with pytest.raises(DataError, match="has none of the codes of 'within_m' near roads; there it has 101"):
        _reached(place, arrival, fuels={"file": fuel, "within_m": {4: 60.0}})
    with pytest.raises(ValidationError, match="'fuels' is for fires"):
        _reached(place, arrival, kind="flood", fuels={"file": fuel, "within_m": {101: 60.0}})


def test_tiles_give_what_the_whole_raster_gives(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    hills = rng.random((2, 3))

    def winding(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return 600.0 + np.hypot(x, y) / 20.0 + 30.0 * np.sin(x / 150.0 * hills[0, 0] + y / 200.0 * hills[1, 1])

    file = write_raster(tmp_path / "toa.tif", winding, box=(0.0, 0.0, 14_000.0, 11_000.0), cell_m=10.0)
    settings = ArrivalRaster(form="raster", file=file, unit="minutes")
    with opened(file) as grid:
        whole = nearest_minimum(values_in(grid, None), 7.0, 7.0)
        rows, columns = rng.integers(0, grid.height, 4000), rng.integers(0, grid.width, 4000)
        x, y = grid.transform * (columns + 0.5, rows + 0.5)
    lon, lat = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True).transform(x, y)
    found = RasterFront(settings, "fire", "toa").arrivals(np.asarray(lon), np.asarray(lat), 70.0)
    assert np.allclose(found.time_s / 60.0, whole[rows, columns])


def test_the_minimum_around_a_cell_is_that_of_an_ellipse() -> None:
    values = np.random.default_rng(2).random((40, 50))
    found = nearest_minimum(values, 4.0, 6.0)
    rows, columns = np.mgrid[0:40, 0:50]
    for row, column in [(0, 0), (20, 25), (39, 49), (3, 47)]:
        near = ((rows - row) / 4.0) ** 2 + ((columns - column) / 6.0) ** 2 <= 1.0 + 1e-9
        assert found[row, column] == values[near].min()


def _square(x0: float, x1: float) -> shapely.Polygon:
    return shapely.box(x0, -500.0, x1, 500.0)


@pytest.mark.parametrize(("between", "minutes"), [("earlier", 30.0), ("distance", 45.0), ("later", 60.0)])
def test_between_two_perimeters_a_named_rule_decides_and_says_that_it_guesses(
    place: Town, tmp_path: Path, between: str, minutes: float
) -> None:
    shapes = [_square(-400.0, 500.0), _square(-450.0, 1500.0)]  # the piece from x = 1000 on lies half way between
    file = write_features(tmp_path / "p.geojson", shapes, hour=["2026-08-01 14:30", "2026-08-01 15:00"])
    found = _reached(
        place,
        {"form": "perimeters", "file": file, "time": "hour", "between": between},
        order_at="2026-08-01 14:00",
    )
    arrivals = _minutes(found)
    assert arrivals["ab"] == 30.0
    assert arrivals["bc"] == pytest.approx(minutes, abs=0.5)
    assert "cd" not in arrivals
    guessed = dict(zip(found.roads["edge"], found.roads["guessed"], strict=True))
    assert guessed["bc"]
    assert not guessed["ab"]


def test_a_report_holds_for_the_roads_around_it(place: Town, tmp_path: Path) -> None:
    shapes = [shapely.Point(2500.0, 60.0), shapely.Point(2600.0, 80.0), shapely.Point(500.0, 400.0)]
    file = write_features(tmp_path / "r.geojson", shapes, start=[1425, 1410, 1400])
    arrival = {"form": "points", "file": file, "time": "start", "written": "hhmm"}
    found = _reached(place, arrival, order_at="2026-08-01 13:50")
    assert _minutes(found) == {"cd": 20.0, "dc": 20.0}
    assert not found.roads["guessed"].any()


def test_between_reports_lie_guesses_on_triangles(place: Town, tmp_path: Path) -> None:
    shapes = [shapely.Point(x, y) for x in (-500.0, 3500.0) for y in (-500.0, 500.0)]
    file = write_features(tmp_path / "r.geojson", shapes, after=[0.0, 0.0, 400.0, 400.0])
    arrival = {"form": "points", "file": file, "time": "after", "written": "minutes", "between": "linear"}
    found = _reached(place, arrival)
    assert _minutes(found)["cd"] == pytest.approx(250.0, abs=1.5)  # 2,000 m of 4,000 m and 500 m on
    assert found.roads["guessed"].all()


def _plain(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _from_the_west(x, y)


@pytest.mark.parametrize(
    ("unit", "words"), [("hours", "in hours half of its front would be"), ("seconds", "m/min"), (None, "doesn't say")]
)
def test_units_that_make_no_front_are_refused(place: Town, tmp_path: Path, unit: str | None, words: str) -> None:
    def slow(x: np.ndarray, _: np.ndarray) -> np.ndarray:
        return (x + 200.0) / 4.0 + 30.0  # 4 m a minute, 17 hours in all: as hours 43 days, as seconds 240 m a minute

    file = write_raster(tmp_path / "toa.tif", slow)
    with pytest.raises(DataError) as caught:
        _reached(place, {"form": "raster", "file": file, **({"unit": unit} if unit else {})})
    assert words in str(caught.value) or (unit == "hours" and "days" in str(caught.value))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"crs": None}, "has no coordinate reference system"),
        ({"crs": "EPSG:32633"}, "(lon, lat), the roads"),
        ({"box": (9000.0, 9000.0, 9500.0, 9500.0)}, "(lon, lat), the roads"),
    ],
)
def test_rasters_of_no_place_or_another_are_refused(
    place: Town, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    file = write_raster(tmp_path / "toa.tif", _plain, **change)
    with pytest.raises(DataError) as caught:
        _reached(place, {"form": "raster", "file": file, "unit": "minutes"})
    assert words in str(caught.value)


def test_a_reference_system_may_be_told_and_must_be_one(place: Town, tmp_path: Path) -> None:
    file = write_raster(tmp_path / "toa.tif", _plain, crs=None)
    arrival = {"form": "raster", "file": file, "unit": "minutes"}
    assert "cd" in _reached(place, {**arrival, "crs": "EPSG:32632"}).arrival_s
    with pytest.raises(DataError, match="there is no reference system 'EPSG:1'"):
        _reached(place, {**arrival, "crs": "EPSG:1"})


def test_cells_that_stand_for_never_must_be_declared(place: Town, tmp_path: Path) -> None:
    def undeclared(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where(x > 2500.0, -1.0, _from_the_west(x, y))

    file = write_raster(tmp_path / "toa.tif", undeclared)
    with pytest.raises(DataError, match="has the time -1: if that stands for never"):
        _reached(place, {"form": "raster", "file": file, "unit": "minutes"})


def test_no_raster_at_all_is_refused(place: Town, tmp_path: Path) -> None:
    (tmp_path / "toa.asc").write_text("ncols 3\n")
    with pytest.raises(DataError, match="can't be read as a raster"):
        _reached(place, {"form": "raster", "file": tmp_path / "toa.asc", "unit": "minutes"})


def test_a_front_that_comes_before_the_order_is_refused_unless_it_is_so(place: Town, tmp_path: Path) -> None:
    file = write_raster(tmp_path / "toa.tif", _from_the_west, nodata=-1e6)
    arrival = {"form": "raster", "file": file, "unit": "minutes", "starts_min": -60.0}
    with pytest.raises(DataError, match=r"has reached .* when the order is given, the first 49.* min before: Main"):
        _reached(place, arrival)
    assert _reached(place, arrival, reached_before_order="closed").arrival_s["ab"] < 0.0


def test_roads_beyond_a_raster_s_edge_are_told(place: Town, tmp_path: Path) -> None:
    """The raster ends in the middle of the road b-c: its pieces from c on count as never reached, and that is said."""
    file = write_raster(tmp_path / "toa.tif", _from_the_west, box=(-200.0, -200.0, 1500.0, 400.0), nodata=-1e6)
    arrival = {"form": "raster", "file": file, "unit": "minutes"}
    found = _reached(place, arrival)
    assert set(found.arrival_s) == {"ab", "ba", "bc", "cb", "be", "eb"}
    assert set(found.unknown_edges) == {"cd", "dc"}
    hazard = Hazard.model_validate({"name": "Fire", "arrival": arrival})
    assert "Its rasters lack 2.0 km of road wholly or in part" in in_words(
        hazard, found, read_net(place.network.net_file)
    )


def test_a_refuge_whose_road_the_hazard_reaches_is_told(place: Town, tmp_path: Path) -> None:
    file = write_raster(tmp_path / "toa.tif", _from_the_west, nodata=-1e6)
    arrival = {"form": "raster", "file": file, "unit": "minutes"}
    found, hazard = _reached(place, arrival), Hazard.model_validate({"name": "Fire", "arrival": arrival})
    school, far = (ResolvedRefuge(name, (edge,), 5, 9.0, 47.0) for name, edge in (("School", "cd"), ("Far", "xy")))
    (line,) = refuges_in_words(hazard, found, [school, far])
    assert line.startswith("Fire: it is at the road of the refuge 'School' 1:")


def test_perimeters_out_of_order_are_refused(place: Town, tmp_path: Path) -> None:
    shapes = [_square(-400.0, 1500.0), _square(-400.0, 500.0)]
    file = write_features(tmp_path / "p.geojson", shapes, after=[30.0, 60.0])
    with pytest.raises(DataError, match=r"the perimeter of minute 60 lacks 53% of that of minute 30"):
        _reached(place, {"form": "perimeters", "file": file, "time": "after", "written": "minutes"})


@pytest.mark.parametrize(
    ("times", "values", "words"),
    [
        ({"time": "hours", "written": "minutes"}, [1.0], "has no column 'hours'"),
        ({"time": "hour", "written": "hhmm"}, [2460], "1 values that aren't written as 'hhmm': 2460 (feature 1)"),
        ({"time": "hour", "written": "hhmm"}, [5], "has 5 (feature 1): on the day of the order that is 14 h before it"),
        ({"time": "hour"}, ["2026-08-01"], "aren't written as 'date'"),
        ({"time": "hour"}, ["2026-08-01T15:00:00Z"], "aren't written as 'date'"),
        ({"time": "hour"}, ["2018-08-01 15:00"], "days from the order"),
        ({"time": "hour", "written": "hours"}, [None], "aren't written as 'hours'"),
    ],
)
def test_times_that_are_none_are_refused(
    place: Town, tmp_path: Path, times: dict[str, str], values: list[Any], words: str
) -> None:
    file = write_features(tmp_path / "p.geojson", [_square(0.0, 500.0)], hour=values)
    with pytest.raises(DataError) as caught:
        _reached(place, {"form": "perimeters", "file": file, **times}, order_at="2026-08-01 14:00")
    assert words in str(caught.value)


def test_dates_need_the_date_of_the_order(tmp_path: Path) -> None:
    arrival = {"form": "points", "file": tmp_path / "x.geojson", "time": "t", "written": "date"}
    with pytest.raises(ValidationError, match="need 'order_at'"):
        Hazard.model_validate({"name": "Fire", "arrival": arrival})


def test_a_file_that_changes_is_read_anew(place: Town, tmp_path: Path) -> None:
    file = write_raster(tmp_path / "toa.tif", _from_the_west, nodata=-1e6)
    arrival = {"form": "raster", "file": file, "unit": "minutes"}
    first = _reached(place, arrival)
    write_raster(file, lambda x, y: 5.0 + _from_the_west(x, y), nodata=-1e6)
    second = _reached(place, arrival)
    assert second.digest != first.digest
    assert _minutes(second)["cd"] == pytest.approx(_minutes(first)["cd"] + 5.0)
