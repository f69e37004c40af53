"""A place of one road, with zones along it and one exit that a front may close: as a user writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import shapely
import yaml

from drawn_map import DrawnMap, box, degrees, straight

SPREAD_MIN = 1.0
END_M, ROAD_M = 2000.0, 2400.0


def one_road(folder: Path, households: Mapping[str, int], closes_min: float | None = None) -> Path:
    """Write a place: Main Road from the west to the exit in the east, which a front reaches behind the last homes."""
    folder.mkdir(parents=True)
    drawn = DrawnMap((-60.0, -200.0, ROAD_M, 200.0))
    drawn.road("Main Road", "secondary", straight((0, 0), (ROAD_M, 0)), lanes="2", maxspeed="50")
    for x in (0.0, END_M / 2.0, END_M):  # where a side street comes in, the road is reached piece by piece
        drawn.road(f"Lane {x:.0f}", "service", [(x, 0.0), (x, 60.0)])
    drawn.write(folder / "map.osm")
    middle = END_M / 2.0
    shapes = {"far": box(50.0, -40.0, middle - 50.0, 40.0), "near": box(middle + 50.0, -40.0, END_M - 50.0, 40.0)}
    rows = {"name": list(households), "households": list(households.values())}
    zones = gpd.GeoDataFrame(rows, geometry=[shapes[name] for name in households], crs="EPSG:4326")
    zones.to_file(folder / "zones.geojson")
    scenario = {
        "name": "One road",
        "osm": {"file": "map.osm"},
        "households": {
            "zones": {"file": "zones.geojson", "count": "households", "name": "name"},
            "dwellings": {"kind": "frontage"},
        },
        "exits": [{"name": "East", "street": "Main Road", "towards": "east"}],
        "traffic": {"country": "LI"},
        "vehicles_per_household": [1],
        "departures": [{"name": "at once", "curve": {"form": "uniform", "until_min": SPREAD_MIN}}],
        "seeds": [1],
        "simulation": {"end_h": 2},
    }
    if closes_min is not None:
        spot = shapely.Point(degrees((END_M + ROAD_M) / 2.0, 0.0))
        front = gpd.GeoDataFrame({"minute": [closes_min]}, geometry=[spot], crs="EPSG:4326")
        front.to_file(folder / "front.geojson")
        arrival = {"form": "points", "file": "front.geojson", "time": "minute", "written": "minutes", "reach_m": 50}
        scenario["hazard"] = {"name": "Fire", "arrival": arrival, "roads_within_m": 0}
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario, sort_keys=False))
    return folder
