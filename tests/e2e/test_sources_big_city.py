"""A big city's answer from Overpass, 100,000 buildings: fetched, put together and read by the osm stage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely

from loopback import World, big_city_extract, serve
from loopback.big_city import SOUTH_WEST

AREA = shapely.box(*SOUTH_WEST, -122.4001, 37.7999)
CHILD = """
import json, resource, sys
from pathlib import Path
import shapely
from evac.osm import prepare_map
from evac.sources import Endpoints, fetch_map
cache, area = Path(sys.argv[1]), shapely.from_wkt(sys.argv[2])
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
fetched = fetch_map(area, area, cache / "map.osm.pbf", Endpoints.from_environment(), cache, tell=lambda _: None)
fetch_cpu_s, fetch_mb = used()
homes = len(prepare_map(fetched.file, "service", "US", cache).dwellings())
cpu_s, mb = used()
print(json.dumps({**fetched.counts, "tiles": fetched.tiles, "homes": homes, "fetch_cpu_s": fetch_cpu_s,
                  "fetch_mb": fetch_mb, "cpu_s": cpu_s, "mb": mb}))
"""


@pytest.mark.slow
def test_a_hundred_thousand_buildings(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    city = big_city_extract(tmp_path / "city.osm")
    with serve(World(canned={"roads": city, "settlement": city})) as server:
        command = [sys.executable, "-c", CHILD, str(tmp_path / ".evac"), AREA.wkt]
        environment = {**os.environ, **server.environment()}
        (tmp_path / ".evac").mkdir()
        run = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(run.stdout)
    record_property("measured", found)
    assert found["tiles"] == 2
    assert found["buildings"] >= 100_000
    assert found["homes"] >= 100_000
    assert found["fetch_cpu_s"] < 60.0  # the issue gives two minutes to the households of such a city
    assert found["fetch_mb"] < 1024.0
    assert found["mb"] < 4096.0
