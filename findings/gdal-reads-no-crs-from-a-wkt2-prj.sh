#!/bin/sh
# pyogrio 0.13.0 (GDAL 3.12): a shapefile whose .prj is WKT as pyproj writes it has no coordinate system, in silence.
#
# A .prj file holds a coordinate reference system as well-known text; pyproj's CRS.to_wkt() gives such a text, and GDAL
# reads it everywhere else. A good guess: the .prj is read, or there is a warning. Seen: WKT of version 2, which is what
# to_wkt() gives by default, is passed over: crs is None, with no warning though warnings are errors here, and whoever
# takes "no CRS" for degrees puts Swiss metres there. The same system as WKT 1, of GDAL's kind or ESRI's, is found.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyogrio==0.13.0 geopandas==1.1.1 pyproj==3.7.2 shapely==2.1.2
cd "$folder" && "$folder/venv/bin/python" -W error - <<'PY'
from pathlib import Path

import geopandas, pyogrio, shapely
from pyproj import CRS

SWISS = CRS("EPSG:2056")
seen = {}
for version in ("WKT2_2019", "WKT1_GDAL", "WKT1_ESRI"):
    geopandas.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(2_758_000, 1_214_000)], crs=SWISS).to_file("p.shp")
    Path("p.prj").write_text(SWISS.to_wkt(version))
    seen[version] = pyogrio.read_info("p.shp")["crs"], geopandas.read_file("p.shp").crs
    print(version, *seen[version])
assert SWISS.to_wkt() == SWISS.to_wkt("WKT2_2019"), "version 2 is the default"
assert seen["WKT2_2019"] == (None, None)
assert all(found == SWISS for version in ("WKT1_GDAL", "WKT1_ESRI") for found in seen[version])
PY
