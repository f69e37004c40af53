"""Make the data of this scenario out of the drill's files: homes, their outline, observed departures, fire, smoke.

    python scenarios/roxborough-2019/make_data.py FOLDER

FOLDER has `households_1000.csv` and `departures_observed.csv`, from the example of github.com/bran-jnw/wuinity; for
`fire.yaml` also `fire_TOA.asc.gz` and `smoke_optical_density.csv`.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import geopandas as gpd
import pandas as pd

DATA = Path(__file__).parent / "data"
AROUND_DEG = 0.002
"""How far the area reaches beyond the homes, about 200 m."""


def main() -> None:
    """Write `homes.geojson`, `area.geojson` and `departures.csv`; `fire_TOA.asc` and `smoke.csv` where they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    table = pd.read_csv(folder / "households_1000.csv")
    homes = gpd.GeoDataFrame(geometry=gpd.points_from_xy(table["OriginLon"], table["OriginLat"]), crs="EPSG:4326")
    homes.to_file(DATA / "homes.geojson")
    outline = homes.geometry.union_all().convex_hull.buffer(AROUND_DEG)
    area = gpd.GeoDataFrame({"name": ["Roxborough"], "households": [len(homes)]}, geometry=[outline], crs="EPSG:4326")
    area.to_file(DATA / "area.geojson")
    left = pd.read_csv(folder / "departures_observed.csv", skipinitialspace=True)
    left.columns = ["minute", "left"]
    left.assign(minute=left["minute"] / 60).to_csv(DATA / "departures.csv", index=False)
    if (fire := folder / "fire_TOA.asc.gz").is_file():
        (DATA / "fire_TOA.asc").write_bytes(gzip.decompress(fire.read_bytes()))
    if (smoke := folder / "smoke_optical_density.csv").is_file():
        series = pd.read_csv(smoke, skipinitialspace=True)
        series.columns = ["minute", "optical_density_per_m"]
        series.assign(minute=series["minute"] / 60).to_csv(DATA / "smoke.csv", index=False)


if __name__ == "__main__":
    main()
