"""Liechtenstein as files of a scenario: eleven municipalities that a made-up flood of the Rhine comes over.

    python benchmarks/country.py liechtenstein-2013-08-03.osm.pbf FOLDER

writes `FOLDER/scenario.yaml` and its data; the extract is test data of Debian's source package osm2pgsql. Then
`evac safe-order FOLDER --fidelity meso --step 20` says until when each municipality can be ordered out.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import geopandas as gpd
import osmium
import shapely

METRIC_CRS = "EPSG:32632"
PEOPLE = {
    "Balzers": 4600,
    "Eschen": 4300,
    "Gamprin": 1600,
    "Mauren": 4100,
    "Planken": 430,
    "Ruggell": 2100,
    "Schaan": 5900,
    "Schellenberg": 1050,
    "Triesen": 4900,
    "Triesenberg": 2600,
    "Vaduz": 5300,
}
"""About as many as lived in each municipality in 2013: approximate, no census."""
PEOPLE_A_HOUSEHOLD = 2.3
RHINE = shapely.LineString(
    [
        (9.4700, 47.0440), (9.4775, 47.0550), (9.4865, 47.0720), (9.4960, 47.0880), (9.5060, 47.1050),
        (9.5075, 47.1300), (9.4935, 47.1600), (9.4900, 47.1800), (9.4960, 47.2050), (9.5080, 47.2300),
        (9.5300, 47.2650),
    ]
)  # fmt: skip
"""About where the dike is, from south to north (longitude, latitude)."""
STEPS = {150: 200, 190: 500, 240: 900, 300: 1500, 380: 2500}
"""Minutes after the order, and how far east of the dike the water is then (m). Made up."""


def write_country(extract: Path, folder: Path) -> Path:
    """Write the scenario; return its file."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(extract, data / "liechtenstein.osm.pbf")
    (data / "zones.geojson").write_text(_zones(extract).to_crs(4326).to_json(drop_id=True))
    (data / "flood.geojson").write_text(_flood().to_crs(4326).to_json(drop_id=True))
    lines = [
        "name: Liechtenstein under a made-up flood",
        "note: The flood is made up, household counts are approximate. Roads of 2013, © OpenStreetMap contributors.",
        "osm: {file: data/liechtenstein.osm.pbf}",
        "households: {zones: {file: data/zones.geojson, count: households, name: name}, max_to_street_m: 1500}",
        "traffic: {country: LI}",
        "vehicles_per_household: [1]",
        "hazard:",
        "  name: Flood of the Rhine (made up)",
        "  kind: flood",
        "  arrival: {form: perimeters, file: data/flood.geojson, time: minute, written: minutes}",
        "  notice_min: 5",
    ]
    path = folder / "scenario.yaml"
    path.write_text("\n".join([*lines, ""]))
    return path


def _zones(extract: Path) -> gpd.GeoDataFrame:
    """Return the municipalities; only the largest part of each, the others are alps."""
    areas = osmium.FileProcessor(extract).with_areas().with_filter(osmium.filter.KeyFilter("admin_level"))
    shapes = areas.with_filter(osmium.filter.GeoInterfaceFilter(tags=["admin_level", "name"]))
    found = gpd.GeoDataFrame.from_features(shapes, crs="EPSG:4326").to_crs(METRIC_CRS)
    mine = found[(found["admin_level"] == "8") & found["name"].isin(list(PEOPLE))].dissolve("name").reset_index()
    mine.geometry = [
        max(shape.geoms, key=lambda part: part.area) if hasattr(shape, "geoms") else shape for shape in mine.geometry
    ]
    households = (mine["name"].map(PEOPLE) / PEOPLE_A_HOUSEHOLD).round().astype(int)
    return mine[["name", "geometry"]].assign(households=households)


def _flood() -> gpd.GeoDataFrame:
    dike = gpd.GeoSeries([RHINE], crs="EPSG:4326").to_crs(METRIC_CRS).iloc[0]
    shapes = [shapely.buffer(dike, -width_m, single_sided=True) for width_m in STEPS.values()]
    return gpd.GeoDataFrame({"minute": list(STEPS)}, geometry=shapes, crs=METRIC_CRS)


if __name__ == "__main__":
    print(write_country(Path(sys.argv[1]), Path(sys.argv[2])))
