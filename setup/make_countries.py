"""Make `pipeline/evac/countries.parquet` from Natural Earth's boundaries of countries (for maintainers; run rarely).

Natural Earth 4.1.0, Admin 0 countries at 1:10 million, is in the public domain
(https://www.naturalearthdata.com/about/terms-of-use/). It is taken as TopoJSON from the npm package world-atlas 2.0.2:

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    uv run --with pycountry --with geopandas setup/make_countries.py package/countries-10m.json

The shared boundaries are simplified together, so that no gaps open between neighbours.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pycountry
import shapely

OUT = Path(__file__).parent.parent / "pipeline" / "evac" / "countries.parquet"
SIMPLIFIED_DEGREES = 0.03  # about 1 km; the source itself is drawn for maps on which that is 0.1 mm
GRID_DEGREES = 1 / 1024  # about 100 m; multiples of a power of two are short in binary, and the file a quarter smaller
_NAMES = {
    "XK": "Kosovo",
    "CD": "the Democratic Republic of the Congo",
    "VG": "the British Virgin Islands",
    "VI": "the US Virgin Islands",
    "GB": "the United Kingdom",
    "US": "the United States",
    "RU": "Russia",
}  # fmt: skip  ISO 3166's own are inverted or official
# Pieces that Natural Earth shows by themselves and ISO 3166 has no number for. Kosovo has the code XK that is in use;
# pieces of disputed sea and ice without roads are left out.
UNNUMBERED = {
    "Akrotiri": "CY", "Dhekelia": "CY", "N. Cyprus": "CY", "Cyprus U.N. Buffer Zone": "CY", "Somaliland": "SO",
    "Kosovo": "XK", "USNB Guantanamo Bay": "CU", "Baikonur": "KZ", "Indian Ocean Ter.": "CX", "Coral Sea Is.": "AU",
}  # fmt: skip
_RING = 4  # points of the smallest ring, the first of them twice


def main() -> None:
    """Write the table."""
    topology = json.loads(Path(sys.argv[1]).read_text())
    arcs = _arcs(topology)
    rows = [(_code(item), _shape(item, arcs)) for item in topology["objects"]["countries"]["geometries"]]
    found = gpd.GeoDataFrame([row for row in rows if row[0]], columns=["code", "geometry"], crs="EPSG:4326")
    found = found[~found.geometry.is_empty].dissolve("code").reset_index()
    found.geometry = shapely.coverage_simplify(found.geometry.values, SIMPLIFIED_DEGREES)
    found = found[~found.geometry.is_empty].assign(name=[_name(code) for code in found["code"]])
    found[["code", "name", "geometry"]].to_parquet(OUT, compression="brotli", compression_level=11, index=False)


def _arcs(topology: dict[str, Any]) -> list[np.ndarray]:
    scale, move = np.array(topology["transform"]["scale"]), np.array(topology["transform"]["translate"])
    exact = [np.cumsum(np.array(arc), axis=0) * scale + move for arc in topology["arcs"]]
    return [np.round(arc / GRID_DEGREES) * GRID_DEGREES for arc in exact]


def _shape(item: dict[str, Any], arcs: list[np.ndarray]) -> shapely.Geometry:
    polygons = item["arcs"] if item["type"] == "MultiPolygon" else [item["arcs"]]
    parts = []
    for rings in polygons:
        lines = [np.concatenate([arcs[arc] if arc >= 0 else arcs[~arc][::-1] for arc in ring]) for ring in rings]
        rings_left = [line for line in lines if len(line) >= _RING]  # the package's rounding leaves lines of islets
        parts += [shapely.Polygon(rings_left[0], rings_left[1:])] if len(lines[0]) >= _RING else []
    valid = shapely.get_parts(shapely.make_valid(shapely.MultiPolygon(parts)))
    return shapely.union_all([part for part in valid if part.geom_type.endswith("Polygon")])


def _code(item: dict[str, Any]) -> str | None:
    country = pycountry.countries.get(numeric=item["id"]) if "id" in item else None
    return country.alpha_2 if country else UNNUMBERED.get(item["properties"]["name"])


def _name(code: str) -> str:
    if code in _NAMES:
        return _NAMES[code]
    country = pycountry.countries.get(alpha_2=code)
    return str(getattr(country, "common_name", country.name)).split(",")[0]


if __name__ == "__main__":
    main()
