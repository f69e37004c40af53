"""Liechtenstein, fetched from the loopback server in tiles: the osm stage finds the same in it as in the whole map."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from evac.osm import prepare_map
from evac.sources import fetch_map
from loopback import QUICK, World, breaks_off, busy, gateway_timeout, serve
from loopback.overpass import read_map

MAP = Path(__file__).parents[3] / "shared" / "data" / "liechtenstein" / "liechtenstein-2013-08-03.osm.pbf"
COUNTRY = shapely.box(9.47, 47.04, 9.64, 47.28)


@pytest.mark.real
@pytest.mark.skipif(not MAP.is_file(), reason="no folder shared/data with real maps beside the checkout")
def test_a_country_in_tiles_is_the_country(tmp_path: Path) -> None:
    read_map(MAP)  # now, and not while a question waits
    with serve(World(map_file=MAP)) as server:
        server.fails("overpass", None, gateway_timeout, None, busy("0"), None, breaks_off)
        fetched = fetch_map(
            COUNTRY, COUNTRY, tmp_path / "map.osm.pbf", server.endpoints, tmp_path, tell=lambda _: None, patience=QUICK
        )
    ours, whole = (
        prepare_map(file, "service", "LI", tmp_path / f"maps of {file.name}") for file in (fetched.file, MAP)
    )
    streets, expected = ours.streets(), whole.streets()
    assert len(streets) > 1500
    assert streets.drop(columns="way_id").equals(expected.drop(columns="way_id"))  # parts beyond a barrier have new ids
    assert ours.info()["counts"]["turn_restrictions"] == whole.info()["counts"]["turn_restrictions"]
    homes, all_homes = ours.dwellings(), whole.dwellings()
    assert len(homes) > 3000
    assert homes.equals(all_homes)
