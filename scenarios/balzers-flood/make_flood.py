"""Draw the made-up flood: the Rhine breaks its dike and spreads east over Balzers, as perimeters with times.

Nothing of it was computed by a model of water. Run it again after a change:
python scenarios/balzers-flood/make_flood.py
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import shapely

FILE = Path(__file__).parent / "data" / "flood.geojson"
RHINE = shapely.LineString(
    [(9.4700, 47.0440), (9.4775, 47.0550), (9.4865, 47.0720), (9.4960, 47.0880), (9.5060, 47.1050)]
)
"""About where the dike is (longitude, latitude)."""
STEPS = {40: 200, 60: 500, 85: 900, 115: 1300, 150: 1700}
"""Minutes after the order, and how far east of the dike the water is then (m)."""
LV95 = "EPSG:2056"


def main() -> None:
    """Write the perimeters."""
    dike = gpd.GeoSeries([RHINE], crs="EPSG:4326").to_crs(LV95).iloc[0]
    shapes = [shapely.buffer(dike, -width_m, single_sided=True) for width_m in STEPS.values()]
    flood = gpd.GeoDataFrame({"minute": list(STEPS)}, geometry=shapes, crs=LV95).to_crs("EPSG:4326")
    flood.geometry = shapely.set_precision(flood.geometry.values, 1e-5)
    FILE.write_text(flood.to_json(drop_id=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
