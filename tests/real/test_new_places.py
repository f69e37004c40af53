"""`evac new` on real extracts: the whole of Liechtenstein, Mission Canyon, and the ramps of Mill Valley."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from evac.cli import run_guarded
from evac.network import build_network, read_net
from evac.network.exits import Ground, resolve_exits
from evac.network.places import StreetIndex, way_ids
from evac.osm import prepare_map
from evac.scenario import load_scenario
from evac.schema.places import Place
from evac.study.prepare import Prepared, prepare
from real_maps import DATA, LIECHTENSTEIN, MISSION_CANYON, municipalities

HERE = Path(__file__).parent
MILL_VALLEY = HERE.parents[1] / "scenarios" / "mill-valley"
ROXBOROUGH = DATA / "roxborough"
MOST_MB = 600.0
"""What `evac new` may take at its peak on a map of some 20,000 nodes."""
_NEW = """
import re, resource, sys
from pathlib import Path
from evac.cli import run_guarded
status = run_guarded(sys.argv[1:])
own_kb = int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
print("peak", max(own_kb, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss), status)
"""

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="no folder shared/data with real maps beside the checkout"),
]


def _prepared(scenario: Path, cache: Path) -> Prepared:
    return prepare(load_scenario(scenario), cache, lambda _: None)


def _errors(town: Prepared) -> list[str]:
    return [finding.text for finding in town.findings if finding.severity == "error"]


@pytest.mark.slow
def test_a_whole_country_has_an_exit_at_every_border_road(tmp_path: Path) -> None:
    municipalities().to_file(tmp_path / "zones.gpkg")
    zones = ["--zones", str(tmp_path / "zones.gpkg"), "--zone-name", "name", "--as", "Liechtenstein"]
    more = ["--osm", str(LIECHTENSTEIN), "--households", "15000", "--country", "LI", "--workspace", str(tmp_path)]
    assert run_guarded(["new", *zones, *more]) == 0
    country = _prepared(tmp_path / "scenarios" / "liechtenstein", tmp_path / ".evac")
    assert len(country.homes) == 15_000
    assert country.homes["zone"].nunique() == 11
    # Five bridges over the Rhine, St. Luzisteig, and the two roads to Feldkirch.
    assert {item.name for item in country.exits} == {
        "Gagoz",
        "Liechtensteiner Straße",
        "Neue Churer Strasse",
        "Rheinbrücke",
        "Rheinstrasse",
        "Ruggellerstrasse",
        "Sebastian-Kneipp-Straße",
        "unnamed primary road off Schaaner Strasse",
    }
    assert _errors(country) == []
    assert set(country.homes["placed_on"]) == {"frontage"}  # the map has a quarter of the houses
    assert country.starts["edge"].notna().all()


@pytest.mark.slow
def test_mission_canyon_leaves_for_the_highway_and_loses_nobody(tmp_path: Path) -> None:
    (map_file,) = MISSION_CANYON.glob("*.osm.gz")
    homes = MISSION_CANYON / "residential_centroids.geojson"
    area = ["--polygon", str(HERE / "mission_canyon" / "area.geojson"), "--as", "Mission Canyon"]
    more = ["--osm", str(map_file), "--households", str(homes), "--country", "US", "--workspace", str(tmp_path)]
    assert run_guarded(["new", *area, *more]) == 0
    town = _prepared(tmp_path / "scenarios" / "mission-canyon", tmp_path / ".evac")
    assert len(town.homes) == 1282
    assert town.starts["edge"].notna().all()
    exits = {item.name for item in town.exits}
    assert {name for name in exits if name.startswith("El Camino Real")} == {
        "El Camino Real southeastbound",
        "El Camino Real westbound",
    }
    assert len(town.ways_out.ends) >= len(exits)
    assert all(not town.area.contains(shapely.Point(item.lon, item.lat)) for item in town.exits)
    assert _errors(town) == []
    by_hand = load_scenario(HERE / "mission_canyon" / "scenario.yaml").model.osm.corrections
    found = town.loaded.model.osm.corrections
    assert {item.way for item in found} == {item.way for item in by_hand}


def test_the_bottlenecks_of_mill_valley_are_on_the_ramps_that_they_name(tmp_path: Path) -> None:
    model = load_scenario(MILL_VALLEY).model
    street_map = prepare_map(DATA / "mill-valley" / "us101_marin.osm.gz", "service", "US", tmp_path)
    net = read_net(build_network(street_map, model.traffic, tmp_path).net_file)
    index = StreetIndex(net, street_map.streets())
    places = [Place.model_validate(item.model_dump(include=set(Place.model_fields))) for item in model.bottlenecks]
    found = [index.find(place, "bottlenecks") for place in places]
    assert [len(edges) for edges in found] == [1, 1, 1, 1]
    ramps = [12170231, 23797528, 620169746, 28971603]  # to San Francisco, to Eureka, from Seminary Drive, from CA 1
    assert [ramp in way_ids(edges[0]) for ramp, edges in zip(ramps, found, strict=True)] == [True] * 4
    assert [edges[0].getLaneNumber() for edges in found] == [1, 1, 1, 1]
    north, south = resolve_exits(Ground(index, None), model.exits)
    assert north.lat > 37.9 > south.lat


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc, which knows a process's peak memory")
def test_a_map_of_24_000_nodes_takes_no_more_memory_than_a_small_computer_has(tmp_path: Path) -> None:
    """Node ids of up to 10 digits: memory once grew with their height, to 1.9 GB."""
    homes = pd.read_csv(ROXBOROUGH / "households_1000.csv")
    points = gpd.GeoSeries(gpd.points_from_xy(homes["OriginLon"], homes["OriginLat"]), crs="EPSG:4326")
    area = points.to_crs(32613).union_all().convex_hull.buffer(200.0)
    gpd.GeoSeries([area], crs=32613).to_crs("EPSG:4326").to_file(tmp_path / "area.geojson")
    asked = ["--polygon", str(tmp_path / "area.geojson"), "--as", "Roxborough", "--households", "1000"]
    more = ["--osm", str(ROXBOROUGH / "roxborough_colorado.osm.pbf"), "--country", "US", "--workspace", str(tmp_path)]
    command = [sys.executable, "-c", _NEW, "new", *asked, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    _, peak_kb, status = done.stdout.split()[-3:]
    assert (int(peak_kb) / 1024.0 < MOST_MB, int(status)) == (True, 0), done.stdout
