from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from evac.projection import utm_of

PLACES = {
    "Mill Valley": (-122.54, 37.9, 32610),
    "Balzers": (9.5, 47.07, 32632),
    "Bergen": (5.3, 60.4, 32631),
    "Sydney": (151.2, -33.9, 32756),
    "Suva": (178.44, -18.14, 32760),
    "east of the date line": (-179.99, 51.9, 32601),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_in_the_zone_that_geopandas_finds(place: str) -> None:
    lon, lat, zone = PLACES[place]
    here = gpd.GeoSeries([shapely.Point(lon, lat)], crs="EPSG:4326")
    for shapes in (here, here.to_crs("EPSG:3857")):
        assert utm_of(shapes).to_epsg() == zone
        assert utm_of(shapes) == shapes.estimate_utm_crs()
