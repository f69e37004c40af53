"""The parts of `evac new`: what is asked, how far roads reach, names for people, and the text that is written."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from evac.acquire import block_groups, group_name, vehicle_shares
from evac.cli import run_guarded
from evac.errors import UserError
from evac.network.exits.record import NONE, RoadOut, WaysOutRecord
from evac.new.beyond import FARTHEST_M, LEAST_BEYOND_M, reach_beyond
from evac.new.mending import Mended
from evac.new.naming import Named
from evac.new.request import Request, check_request, folder_name, ordered_area, title
from evac.new.writing import Facts, scenario_text
from evac.schema.scenario import Scenario
from evac.sources import Endpoints
from evac.validation import read_model

DEGREE_NORTH_M = 111_200  # of latitude
AREA = shapely.box(9.50, 47.00, 9.52, 47.02)


def _roads(*metres_north: float) -> gpd.GeoSeries:
    """Return roads from west to east that far north of the area."""
    heights = [47.02 + metres / DEGREE_NORTH_M for metres in metres_north]
    return gpd.GeoSeries([shapely.LineString([(9.50, y), (9.52, y)]) for y in heights], crs="EPSG:4326")


def test_roads_reach_past_the_nearest_highway() -> None:
    beyond = reach_beyond(AREA, _roads(3000, 5000))
    assert beyond.metres == pytest.approx(3000 + LEAST_BEYOND_M, abs=5)
    assert beyond.polygon.bounds[3] == pytest.approx(47.02 + 3500 / DEGREE_NORTH_M, abs=1e-4)
    assert reach_beyond(AREA, _roads(-500)).metres == LEAST_BEYOND_M


@pytest.mark.parametrize("roads", [_roads(), _roads(FARTHEST_M + 100)])
def test_without_a_highway_in_reach_roads_reach_as_far_as_the_farthest(roads: gpd.GeoSeries) -> None:
    beyond = reach_beyond(AREA, roads)
    assert beyond.metres == FARTHEST_M + LEAST_BEYOND_M


def test_a_wish_goes_first() -> None:
    assert reach_beyond(AREA, _roads(3000), given_m=1000.0).metres == 1000.0


_NONE = RoadOut("Alp: #1", "tertiary", 7, 9.5, 47.0, NONE, "it goes on as a track")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(), "found no areas, expected one"),
        (Request(place="A", bbox=(9, 47, 9.1, 47.1)), "found 2 areas, expected one"),
        (Request(place="A", zones=Path("z.geojson")), "needs --zone-name"),
        (Request(place="A", count="people", households=5), "names a column, but no file"),
        (Request(place="A", people_per_household=2.0), "needs people to divide"),
        (Request(place="A", country="USA"), "--country: found 'USA', expected the two letters"),
        (Request(place="A", exits_at_least="highway"), "--exits-at-least: found 'highway', which is no class of road"),
        (Request(place="A", acs_year=2022, osm=Path("a.osm")), "--acs-year: .* isn't asked with --osm"),
        (Request(place="A", acs_year=2022, households=5), "--acs-year: .* isn't asked with --households"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(request_: Request, words: str) -> None:
    with pytest.raises(UserError, match=words):
        check_request(request_)


def test_a_country_may_be_written_small(tmp_path: Path) -> None:
    request = Request(bbox=(9, 47, 9.1, 47.1), country="li", exits_at_least="residential")
    check_request(request)
    assert ordered_area(request, Endpoints(), tmp_path).country == "LI"


@pytest.mark.parametrize("year", ["2018", "2101"])
def test_a_survey_that_the_census_has_not_is_refused_at_once(year: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(["new", "A", "--acs-year", year]) == 2
    said = capsys.readouterr().err
    assert "--acs-year" in said
    assert "than or equal to" in said
    assert "Traceback" not in said


def test_names_for_people_and_for_folders() -> None:
    assert title("mission_canyon-2022") == "Mission Canyon 2022"
    assert folder_name("Zürich (Stadt)") == "zurich-stadt"
    assert folder_name("東京") == "area"
    assert group_name("060411262002") == "06041 tract 1262 group 2"
    assert group_name("060411262012") == "06041 tract 1262.01 group 2"


def _blocks() -> gpd.GeoDataFrame:
    counts = {f"vehicles_{number}": [0, 10] for number in range(5)}
    groups = {"block_group": ["060411262001", "060411262001"], **counts, "vehicles_5plus": [40, 10]}
    shapes = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    return gpd.GeoDataFrame(groups, geometry=shapes, crs="EPSG:4326")


def test_blocks_make_block_groups_and_shares_by_vehicles() -> None:
    groups = block_groups(_blocks())
    assert groups["name"].tolist() == ["06041 tract 1262 group 1"]
    assert groups.geometry.iloc[0].equals(shapely.box(0, 0, 2, 1))
    assert vehicle_shares(_blocks()) == {0: 0.1, 1: 0.1, 2: 0.1, 3: 0.1, 4: 0.1, 5: 0.5}


def test_the_text_is_a_scenario_with_everything_in_it(tmp_path: Path) -> None:
    """Whatever names there are: quotes, colons, `no`."""
    exits = [Named({"name": 'No: "1"', "street": "no", "towards": "east"}, "1 lane")]
    facts = Facts(
        name="O'Brien: town #1",
        roads="a map",
        households="a census",
        beyond="500 m beyond the area, as you asked",
        section={"zones": {"file": "data/zones.geojson", "count": "households"}},
        exits_at_least="tertiary",
        ways_out=WaysOutRecord((), (), (_NONE,), (), {"north": 1.0}, declared=True, outline=AREA),
        exits=exits,
        other_exits=[Named({"name": "lesser", "street": "Lane"}, "2 lanes")],
        bottlenecks=[Named({"name": "b", "way": 7, "towards": "west"}, "1.0 h")],
        country="NO",
        shares={0: 1 / 3, 1: 1 / 3, 2: 1 / 3},
        zone_shares={"no": {0: 1 / 3, 2: 2 / 3}, "7": {1: 1.0}},
        mended=Mended(500.0, (12, 34)),
        fetch={"roads_beyond_m": 500.0},
    )
    (tmp_path / "scenario.yaml").write_text(scenario_text(facts))
    model = read_model(tmp_path / "scenario.yaml", Scenario)[1]
    assert model.name == "O'Brien: town #1"
    assert [(item.name, item.street) for item in model.exits] == [('No: "1"', "no")]
    assert [item.way for item in model.bottlenecks] == [7]
    assert model.traffic.country == "NO"
    assert model.households.max_to_street_m == 500.0
    assert [(item.way, item.tags) for item in model.osm.corrections] == [(12, {"access": "no"}), (34, {"access": "no"})]
    assert sum(model.vehicles_per_household[-1].distribution.values()) == pytest.approx(1.0, abs=1e-9)
    assert model.vehicles_per_household[-1].by_zone == {"no": {0: 0.3333, 2: 0.6667}, "7": {1: 1.0}}
    assert "lesser" in (tmp_path / "scenario.yaml").read_text()
