"""Times of arrival read in tiles beside the raster read whole: CPU seconds and peak memory, each in its own process.

A raster of 4,000 by 4,000 cells of 30 m under a county: `roads` asks about points every 15 m along 100,000 pieces of
road, `smoke` when 100,000 households see smoke downwind of the fire. Run it as `python benchmarks/hazard_rasters.py`;
nothing is asserted.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from pyproj import Transformer
from rasterio.transform import from_origin

from evac.hazards.grids import opened, values_in
from evac.hazards.raster import RasterFront, nearest_minimum
from evac.hazards.sight import seen_s
from evac.hazards.smoke import SmokeBehindFire
from evac.schema.hazard import ArrivalRaster
from evac.schema.smoke import SmokeDownwind

CELLS, CELL_M, PIECES, WITHIN_M = 4_000, 30.0, 100_000, 100.0
WEST, NORTH = 500_000.0, 4_400_000.0


def write(file: Path) -> None:
    """Write a fire that spreads from the middle at about 20 m a minute."""
    rows, columns = np.mgrid[0:CELLS, 0:CELLS].astype(np.float32)
    minutes = np.hypot(rows - CELLS / 2, columns - CELLS / 2) * CELL_M / 20.0
    minutes += 5.0 * np.sin(rows / 40.0) * np.cos(columns / 30.0)
    where = from_origin(WEST, NORTH, CELL_M, CELL_M)
    profile = {"height": CELLS, "width": CELLS, "count": 1, "dtype": "float32", "crs": "EPSG:32613", "nodata": -9999.0}
    tiled = {} if file.suffix == ".asc" else {"tiled": True, "compress": "deflate"}
    driver = "AAIGrid" if file.suffix == ".asc" else "GTiff"
    with rasterio.open(file, "w", driver=driver, transform=where, **profile, **tiled) as grid:
        grid.write(minutes.astype(np.float32), 1)


def points() -> tuple[np.ndarray, np.ndarray]:
    """Return points every 15 m along pieces of road of 150 m in towns that lie about the county."""
    rng = np.random.default_rng(1)
    towns = rng.uniform(0.1, 0.9, (60, 2)) * CELLS * CELL_M
    start = towns[rng.integers(0, 60, PIECES)] + rng.normal(0.0, 2_500.0, (PIECES, 2))
    angle = rng.uniform(0.0, 2.0 * np.pi, PIECES)
    along = np.arange(0.0, 151.0, 15.0)
    x = WEST + (start[:, :1] + np.cos(angle)[:, None] * along).ravel()
    y = NORTH - (start[:, 1:] + np.sin(angle)[:, None] * along).ravel()
    lon, lat = Transformer.from_crs("EPSG:32613", "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(lon), np.asarray(lat)


def front(file: Path) -> RasterFront:
    """Return the front as the toolkit reads it."""
    return RasterFront(ArrivalRaster(form="raster", file=file, unit="minutes"), "fire", str(file))


@dataclass(frozen=True)
class WholeFront(RasterFront):
    """The same, read whole and kept."""

    @cached_property
    def whole(self) -> tuple[np.ndarray, Affine]:
        """All values, and where they are."""
        with opened(self.settings.file) as grid:
            return values_in(grid, None), grid.transform

    def at_s(self, lon: np.ndarray, lat: np.ndarray, within_m: float = 0.0) -> np.ndarray:
        """Look up the values at places."""
        values, where = self.whole
        near = nearest_minimum(values, within_m / CELL_M, within_m / CELL_M) if within_m else values
        x, y = Transformer.from_crs("EPSG:4326", "EPSG:32613", always_xy=True).transform(lon, lat)
        columns, rows = ~where * (np.asarray(x), np.asarray(y))
        inside = (rows >= 0) & (rows < CELLS) & (columns >= 0) & (columns < CELLS)
        found = np.full(len(lon), np.inf)
        found[inside] = near[rows[inside].astype(int), columns[inside].astype(int)]
        return 60.0 * found


def roads(there: RasterFront) -> None:
    """Ask about roads."""
    there.at_s(*points(), WITHIN_M)


def smoke(there: RasterFront) -> None:
    """Ask when households see smoke."""
    lon, lat = (part[::11] for part in points())
    rule = SmokeDownwind(form="downwind", wind=({"blows_from_deg": 270},))
    latest_s = there.at_s(lon, lat).max()
    seen_s(there, SmokeBehindFire(rule, there, latest_s), lon, lat, front_within_m=500.0, optical_density_per_m=0.02)


def main() -> None:
    """Print a row for each way to read and each format."""
    if len(sys.argv) > 1:
        started_s = time.process_time()
        file = Path(sys.argv[3])
        read = WholeFront(front(file).settings, "fire", str(file)) if sys.argv[2] == "whole" else front(file)
        {"roads": roads, "smoke": smoke}[sys.argv[1]](read)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
        print(
            f"{sys.argv[1]} {sys.argv[2]:6} {file.suffix:5} {time.process_time() - started_s:6.1f} s {peak_mb:7.0f} MB"
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".tif", ".asc"):
            file = Path(folder) / f"arrival{suffix}"
            write(file)
            settings = file.with_suffix(".prj")
            if suffix == ".asc" and not settings.exists():
                settings.write_text(rasterio.crs.CRS.from_epsg(32613).to_wkt())
            for asked, way in product(("roads", "smoke"), ("tiles", "whole")):
                subprocess.run([sys.executable, __file__, asked, way, str(file)], check=True)


if __name__ == "__main__":
    main()
