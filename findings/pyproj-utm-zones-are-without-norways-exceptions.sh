#!/bin/sh
# geopandas 1.1.1, pyproj 3.7.2: `estimate_utm_crs` puts Bergen into zone 31 and Svalbard into zones that UTM doesn't have.
#
# UTM has exceptions: zone 32 is widened over the west of Norway (32V), and Svalbard has 31, 33, 35 and 37 only. Maps,
# survey data and every other converter follow them. A good guess: estimate_utm_crs, which asks PROJ's database of areas of
# use, follows them too, the more so as that is why it is slow. Seen: it gives the zone of six degrees everywhere, as
# arithmetic on the longitude does. A net of Bergen made with it lies 400 km from the city's own data, in a system that
# looks as good, and one that is made by the rule of zones doesn't meet one that PROJ has chosen.
#
# Seen: Bergen 32631 (UTM: 32632), Ny-Ålesund 32632 (32633), Nordaustlandet 32634 (32633), Oslo 32632 (32632).
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet geopandas==1.1.1 pyproj==3.7.2 shapely==2.1.2
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import geopandas, shapely

PLACES = {"Bergen": (5.32, 60.39, 32632), "Ny-Ålesund": (11.9, 78.9, 32633), "Nordaustlandet": (20.5, 79.5, 32633),
          "Oslo": (10.75, 59.9, 32632)}  # longitude, latitude, EPSG code of the zone that UTM has there
seen = {}
for name, (lon, lat, by_utm) in PLACES.items():
    seen[name] = geopandas.GeoSeries([shapely.Point(lon, lat)], crs=4326).estimate_utm_crs().to_epsg()
    print(name, seen[name], "UTM:", by_utm)
    assert seen[name] == 32600 + int((lon + 180) // 6) + 1, "the zone of six degrees"
assert [name for name, (_, _, by_utm) in PLACES.items() if seen[name] == by_utm] == ["Oslo"]
there, _ = geopandas.GeoSeries([shapely.Point(5.32, 60.39)], crs=4326).to_crs(32631).iloc[0].coords[0]
own, _ = geopandas.GeoSeries([shapely.Point(5.32, 60.39)], crs=4326).to_crs(32632).iloc[0].coords[0]
print(f"Bergen's easting: {there:,.0f} m in zone 31, {own:,.0f} m in its own")
assert 300_000 < there - own < 500_000
PY
