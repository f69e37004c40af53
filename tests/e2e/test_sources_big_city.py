"""A big city's answer from Overpass, 100,000 buildings: fetched, put together and read; and the whole of `evac new`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from loopback import Server, World, big_city_extract, census_grid, serve
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
INSIDE = (-122.4499, 37.7501, -122.4035, 37.7949)  # the city's avenues lead out of it
NEW = """
import json, resource, sys
from evac.cli import run_guarded
where = ["--bbox=" + sys.argv[2], "--roads-beyond", "100", "--workspace", sys.argv[1]]
status = run_guarded(["new", "--as", "Big city", *where])
usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu_s = sum(part.ru_utime + part.ru_stime for part in usage)
print(json.dumps({"status": status, "cpu_s": cpu_s, "mb": max(part.ru_maxrss for part in usage) / 1024}))
"""


@pytest.mark.slow
def test_a_hundred_thousand_buildings(tmp_path: Path) -> None:
    city = big_city_extract(tmp_path / "city.osm")
    (tmp_path / ".evac").mkdir()
    with serve(World(canned={"roads": city, "settlement": city})) as server:
        found = _in_a_process(CHILD, server, tmp_path / ".evac", AREA.wkt)
    assert found["tiles"] == 2
    assert found["buildings"] >= 100_000
    assert found["homes"] >= 100_000
    assert found["fetch_cpu_s"] < 60.0  # the issue gives two minutes to the households of such a city
    assert found["fetch_mb"] < 1024.0
    assert found["mb"] < 4096.0


@pytest.mark.slow
def test_a_scenario_of_a_big_city_in_two_minutes_of_computing(tmp_path: Path) -> None:
    city = big_city_extract(tmp_path / "city.osm")
    census = census_grid(shapely.box(*INSIDE).buffer(0.004).bounds, 40, 40, households_a_block=60)
    with serve(World(canned={"roads": city, "settlement": city}, census=census, page=2000)) as server:
        found = _in_a_process(NEW, server, tmp_path, ",".join(map(str, INSIDE)))
    assert found["status"] == 0
    data = tmp_path / "scenarios" / "big-city" / "data"
    assert gpd.read_file(data / "zones.geojson")["households"].sum() > 50_000
    assert found["cpu_s"] < 120.0  # net, audit and all; the issue gives the households alone two minutes
    assert found["mb"] < 4096.0


def _in_a_process(code: str, server: Server, *arguments: object) -> dict[str, float]:
    """Run Python that prints JSON in its last line, with a memory and a clock of its own."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = {**os.environ, **server.environment()}
    run = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return found
