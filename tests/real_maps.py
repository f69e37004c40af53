"""The real maps beside the checkout, which may not be copied, and what several tests read off them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import osmium
from osmium.filter import GeoInterfaceFilter, KeyFilter

DATA = Path(__file__).parents[2] / "shared" / "data"
LIECHTENSTEIN = DATA / "liechtenstein" / "liechtenstein-2013-08-03.osm.pbf"
MISSION_CANYON = DATA / "mission-canyon"


def municipalities() -> gpd.GeoDataFrame:
    """Return the eleven municipalities of Liechtenstein: `name`, `geometry` (WGS 84)."""
    keys = ["admin_level", "name"]
    areas = osmium.FileProcessor(LIECHTENSTEIN).with_areas().with_filter(KeyFilter("boundary"))
    shapes = gpd.GeoDataFrame.from_features(areas.with_filter(GeoInterfaceFilter(tags=keys)), crs="EPSG:4326")
    municipal = shapes[(shapes["admin_level"] == "8") & shapes["name"].notna()]
    return municipal[["name", "geometry"]].dissolve(by="name", as_index=False)
