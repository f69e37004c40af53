"""Zones in five formats of GDAL: they are read, and then placed on the town's map."""

from __future__ import annotations

import json
import random
import warnings
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

import fuzzing
from evac.households import place_households
from evac.households.reporting import read_report_zones
from evac.households.zones import read_area, read_zones
from evac.osm import StreetMap, prepare_map
from evac.schema.sources import Area, Households, ReportZones, Zones
from fuzzing.values import NUMBERS, WORDS, change_bytes, change_tree

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
_ZONES = json.loads((TOWN / "zones.geojson").read_text())


@cache
def street_map() -> StreetMap:
    """Return the town's map, made once."""
    return prepare_map(TOWN / "town.osm", "service", "LI", Path(mkdtemp()))


def _read(rng: random.Random, path: Path, folder: Path) -> None:
    """Read the file as one of those that a scenario has, and place its households."""
    fuzzing.spoil(rng, path)
    which = rng.randrange(6)
    if which == 0:
        read_area(Area(file=path))
    elif which == 1:
        read_report_zones(ReportZones(file=path, name="name"))
    else:
        settings = Zones(file=path, count="households", name="name" if which < 5 else None)
        if len(read_zones(settings)):
            place_households(Households(zones=settings), None, street_map(), folder / "cache")


def _geojson(rng: random.Random, folder: Path) -> None:
    path = folder / "zones.geojson"
    tree = change_tree(rng, _ZONES) if rng.random() < 0.8 else _ZONES
    content = json.dumps(tree, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    path.write_bytes(change_bytes(rng, content) if rng.random() < 0.25 else content)
    _read(rng, path, folder)


def _shape(rng: random.Random, shape: shapely.Geometry) -> Any:  # noqa: C901, PLR0911, PLR0912 - a table
    """Return a zone's shape as it should not be."""
    low, high = np.array(shape.bounds[:2]), np.array(shape.bounds[2:])
    match rng.randrange(14):
        case 0:
            return None
        case 1:
            return shapely.Polygon()
        case 2:
            return shapely.Point(low)
        case 3:
            return shapely.LineString([low, high])
        case 4:
            return shapely.Polygon([low, high, (low[0], high[1]), (high[0], low[1])])  # a bow tie
        case 5:
            return shapely.transform(shape, lambda xy: xy[:, ::-1])  # latitude first
        case 6:
            return shapely.transform(shape, lambda xy: xy * rng.choice([1e3, 1e-3, -1.0, 1e300]))
        case 7:
            return shapely.transform(
                shape, lambda xy: np.where(np.arange(len(xy))[:, None] == 1, rng.choice(NUMBERS[:9]), xy)
            )
        case 8:
            return shapely.GeometryCollection([shape, shapely.Point(low)])
        case 9:
            return shapely.Polygon([low, low, low, low])  # no area
        case 10:
            return shapely.MultiPolygon([shape, shape])
        case 11:
            return shapely.force_3d(shape, 1e9)
        case 12:
            return shapely.Polygon(shape.exterior, [shape.exterior])  # nothing is left of it
        case _:
            return shape


def _frame(rng: random.Random) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame.from_features(_ZONES, crs="EPSG:4326")
    shapes = [_shape(rng, shape) if rng.random() < 0.5 else shape for shape in frame.geometry]
    counts: list[Any] = list(frame["households"])
    names: list[Any] = list(frame["name"])
    if rng.random() < 0.4:
        counts[rng.randrange(len(counts))] = rng.choice([*NUMBERS[:9], float("nan"), float("inf"), None, -3.0])
    if rng.random() < 0.3:
        names[rng.randrange(len(names))] = rng.choice([*(word for word in WORDS if "\x00" not in word), None])
    if rng.random() < 0.1:
        counts = [rng.choice(["7", "many", "1,000", ""]) for _ in counts]
    crs = rng.choice(["EPSG:4326"] * 6 + ["EPSG:3857", "EPSG:2056", "EPSG:4978", None])
    columns = {rng.choice(["households"] * 9 + ["Households"]): counts, "name": names}
    found = gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)
    if rng.random() < 0.1:
        found = found[:0] if rng.random() < 0.3 else gpd.pd.concat([found, found])
    return found


def _written(driver: str, name: str) -> fuzzing.Try:
    def attempt(rng: random.Random, folder: Path) -> None:
        path = folder / name
        try:
            with warnings.catch_warnings(action="ignore"):  # a value too long for the format: GDAL cuts it
                pyogrio.write_dataframe(_frame(rng), path, driver=driver)
        except Exception:  # noqa: BLE001 - the format doesn't hold this
            gpd.read_file(TOWN / "zones.geojson").to_file(path, driver=driver)
        _damage_a_part(rng, path)
        _read(rng, path, folder)

    return attempt


def _damage_a_part(rng: random.Random, path: Path) -> None:
    """Damage the file, or one of a shapefile's, or take one away."""
    if rng.random() < 0.5:
        return
    part = rng.choice(sorted(path.parent.glob(f"{path.stem}.*")))
    if part != path and rng.random() < 0.3:
        part.unlink()
    else:
        part.write_bytes(change_bytes(rng, part.read_bytes()))


def _csv(rng: random.Random, folder: Path) -> None:
    path = folder / "zones.csv"
    frame = _frame(rng)
    shapes = [None if shape is None else shapely.to_wkt(shape) for shape in frame.geometry]
    text = gpd.pd.DataFrame(frame.drop(columns="geometry")).assign(WKT=shapes).to_csv(index=False)
    if rng.random() < 0.4:
        text = text.replace(
            *rng.choice([("))", ")"), ("POLYGON", "POLYGONE"), (",", ";"), ("9.5", "nan"), ("((", "(")])
        )
    content = text.encode("utf-8", "surrogatepass")
    path.write_bytes(change_bytes(rng, content) if rng.random() < 0.3 else content)
    if rng.random() < 0.5:
        path.with_suffix(".prj").write_text(frame.crs.to_wkt() if frame.crs else "nothing")
    _read(rng, path, folder)


KINDS = {
    "zones.geojson": _geojson,
    "zones.gpkg": _written("GPKG", "zones.gpkg"),
    "zones.shp": _written("ESRI Shapefile", "zones.shp"),
    "zones.csv": _csv,
    "zones.fgb": _written("FlatGeobuf", "zones.fgb"),
}
