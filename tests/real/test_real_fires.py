"""Fires as others hand them on: a FlamMap raster of Roxborough Park, and the reports of the Camp Fire in Paradise."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import rasterio.features
import shapely
from pyproj import Transformer

from evac.cli import run_guarded
from evac.errors import DataError
from evac.hazards.arrivals import reached_roads
from evac.hazards.dated import PointFront
from evac.hazards.raster import RasterFront
from evac.hazards.sight import crosses_s
from evac.network.places import centre_line
from evac.scenario import load_scenario
from evac.schema.hazard import ArrivalRaster, DatedPoints
from evac.study.prepare import prepare

DATA = Path(__file__).parents[3] / "shared" / "data"
SCENARIOS = Path(__file__).parents[2] / "scenarios"
UTM_13N = "EPSG:32613"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real maps isn't beside the checkout"),
]


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    file = tmp_path / "fire_TOA.asc"
    with gzip.open(DATA / "roxborough" / "fire_TOA.asc.gz") as packed, file.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    return file


def _somewhere(raster: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places (lon, lat) in 2,000 cells, and the minutes that the raster has there, infinite without data."""
    with rasterio.open(raster) as grid:
        values = grid.read(1, masked=True).astype(float).filled(np.inf)
        rng = np.random.default_rng(1)
        rows, columns = rng.integers(0, grid.height, 2_000), rng.integers(0, grid.width, 2_000)
        x, y = grid.transform * (columns + 0.5, rows + 0.5)
    lon, lat = Transformer.from_crs(UTM_13N, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(lon), np.asarray(lat), values[rows, columns]


def test_a_fire_model_s_raster_is_read_as_it_is(raster: Path) -> None:
    lon, lat, minutes = _somewhere(raster)
    front = RasterFront(ArrivalRaster(form="raster", file=raster, unit="minutes", crs=UTM_13N), "fire", "TOA")
    found = front.arrivals(lon, lat, 0.0)
    assert np.isinf(found.time_s).sum() == np.isinf(minutes).sum() > 1_000
    assert np.allclose(found.time_s / 60.0, minutes)
    near = front.arrivals(lon, lat, 150.0)
    assert (near.time_s <= found.time_s).all()


@pytest.mark.parametrize("unit", ["hours", "seconds"])
def test_its_minutes_are_not_taken_for_another_unit(raster: Path, unit: str) -> None:
    lon, lat, _ = _somewhere(raster)
    settings = ArrivalRaster.model_validate({"form": "raster", "file": raster, "unit": unit, "crs": UTM_13N})
    with pytest.raises(DataError, match=f"in {unit}"):
        RasterFront(settings, "fire", "TOA").arrivals(lon, lat, 0.0)


def test_without_its_reference_system_it_is_refused(raster: Path) -> None:
    lon, lat, _ = _somewhere(raster)
    with pytest.raises(DataError, match="has no coordinate reference system"):
        RasterFront(ArrivalRaster(form="raster", file=raster, unit="minutes"), "fire", "TOA").arrivals(lon, lat, 0.0)


def _trigger_buffer(raster: Path, *, upside_down: bool) -> Path:
    """Return the trigger buffer of the data as polygons; it has the raster's cells, and no place of its own.

    Its rows run from south to north, as the model that made it counts them: read the other way, no fire crosses it.
    """
    buffer = raster.with_name("trigger_buffer.asc")
    with gzip.open(DATA / "roxborough" / "trigger_buffer.asc.gz") as packed, buffer.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    with rasterio.open(raster) as grid, rasterio.open(buffer) as marked:
        inside = (marked.read(1) == 1).astype("uint8")
        shapes = rasterio.features.shapes(inside[::-1] if upside_down else inside, transform=grid.transform)
        features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape, value in shapes if value == 1]
    found = gpd.GeoDataFrame.from_features(json.loads(json.dumps(features)), crs=UTM_13N)
    file = raster.with_name("trigger.gpkg")
    found.to_file(file)
    return file


def test_the_trigger_buffer_of_roxborough_leaves_time_for_the_drill_s_90_per_cent_and_not_for_all(raster: Path) -> None:
    """The fire is in the buffer 93 minutes before the first home burns; the model of the drill needs 61 and 114."""
    front = RasterFront(ArrivalRaster(form="raster", file=raster, unit="minutes", crs=UTM_13N), "fire", "TOA")
    homes = pd.read_csv(DATA / "roxborough" / "households_1000.csv")
    reached = front.arrivals(homes["OriginLon"].to_numpy(), homes["OriginLat"].to_numpy(), 0.0)
    burnt_min = reached.time_s.min() / 60.0
    trigger_min = crosses_s(front, _trigger_buffer(raster, upside_down=True), None, "trigger") / 60.0
    assert burnt_min == pytest.approx(292.3, abs=0.1)
    assert trigger_min == pytest.approx(199.0, abs=10.0)  # a cell of 30 m at 3 m a minute
    assert 61.0 < burnt_min - trigger_min < 114.0
    assert np.isinf(crosses_s(front, _trigger_buffer(raster, upside_down=False), None, "trigger"))


def test_reports_of_the_camp_fire_count_from_the_first_order() -> None:
    file = DATA / "paradise" / "fire_reports.shp"
    reports = gpd.read_file(file).to_crs("EPSG:4326")
    settings = DatedPoints.model_validate({"form": "points", "file": file, "time": "start_time", "written": "hhmm"})
    front = PointFront(settings, datetime(2018, 11, 8, 7, 46), "reports")  # noqa: DTZ001 - local, as in the scenario
    found = front.arrivals(reports.geometry.x.to_numpy(), reports.geometry.y.to_numpy(), 0.0)
    own_s = (reports["start_time"] // 100 * 60 + reports["start_time"] % 100 - (7 * 60 + 46)).to_numpy() * 60.0
    assert (found.time_s <= own_s).all()  # a report nearby may be earlier
    assert found.time_s.min() == -81 * 60.0  # 06:25
    assert set(found.time_s) <= set(own_s)


def _scenario(name: str, folder: Path, *files: str) -> Path:
    """Copy a scenario of this repository, with files of the data where it wants them."""
    target = folder / name
    shutil.copytree(SCENARIOS / name, target, ignore=shutil.ignore_patterns("*.gz", "*.pbf", "*.shp"))
    for pattern in files:
        for file in DATA.glob(pattern):
            shutil.copy(file, target / "data")
    return target


@pytest.mark.slow
def test_roxborough_gets_out_before_the_fire_of_its_data_and_the_last_are_slowed_by_the_smoke(tmp_path: Path) -> None:
    """Ordered when the fire is at the trigger buffer, all get out; without smoke the last is out after 1:54 h."""
    scenario = _scenario("roxborough-2019", tmp_path, "roxborough/roxborough_colorado.osm.pbf")
    subprocess.run([sys.executable, scenario / "make_data.py", DATA / "roxborough"], check=True)
    options = ["--no-sensitivity", "--jobs", "1", "--workspace", str(tmp_path)]
    assert run_guarded(["run", str(scenario / "fire.yaml"), *options]) == 0
    (row,) = pd.read_csv(tmp_path / "reports" / "roxborough-2019-fire" / "results.csv").to_dict("records")
    assert row["evacuated"] == row["planned"] == 1000
    assert row["exposed"] == 0
    assert row["trusted"]
    assert row["t90_s"] / 60.0 == pytest.approx(61.0, abs=3.0)  # as in the drill's model: the smoke isn't dense yet
    assert 114.0 < row["t100_s"] / 60.0 < 150.0


@pytest.mark.slow
def test_roads_of_paradise_are_reached_where_fire_was_reported(tmp_path: Path) -> None:
    scenario = _scenario("paradise-2018", tmp_path, "paradise/*")
    loaded, cache = load_scenario(scenario / "fire.yaml"), tmp_path / ".evac"
    prepared = prepare(loaded, cache, lambda _: None)
    hazard, net = loaded.model.hazard, prepared.net
    assert hazard is not None
    reached = reached_roads(hazard, prepared.network, net, cache, where="fire.yaml")
    reports = gpd.read_file(DATA / "paradise" / "fire_reports.shp").to_crs("EPSG:4326")
    spots = np.array([net.convertLonLat2XY(point.x, point.y) for point in reports.geometry])
    tree = shapely.STRtree(shapely.points(spots))
    edges = net.getEdges(withInternal=False)
    near = tree.query(np.array([centre_line(edge) for edge in edges]), predicate="dwithin", distance=150.0)[0]
    within = {edges[number].getID() for number in near}
    both = within & set(reached.arrival_s)
    assert len(both) > 0.97 * max(len(within), len(reached.arrival_s))  # points lie along a road, and not everywhere
    assert max(reached.arrival_s.values()) / 60.0 == pytest.approx(374.0, abs=1.0)  # 14:00
