"""A scenario's file is changed as a person would change it: ways out, and what the map has wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import evac
from evac.errors import UserError
from evac.studio import scenario_file
from evac.studio.yaml_text import ChangedMeanwhileError, tag_of
from studio_workspace import client_of, prepared_balzers

PATH = "/api/places/balzers/scenario"
FEW = 0.2
LANE = {"along": "north", "against": "south", "bearing_deg": 10.0, "oneway": False, "name": "Main Street"}
HERE, REVERSED = {**LANE, "way": 1}, {**LANE, "way": 2, "bearing_deg": 200.0}
NOTHING = dict.fromkeys(("lanes_there", "lanes_back", "direction", "kph", "cars"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_balzers(tmp_path_factory.mktemp("workspace"), FEW)


@pytest.fixture(scope="module")
def client(folder: Path) -> TestClient:
    with client_of(folder) as client:
        yield client


@pytest.fixture
def scenario(folder: Path) -> Path:
    """Give the file, and make it again what it was."""
    path = folder / "scenarios" / "balzers" / "scenario.yaml"
    before = path.read_bytes()
    yield path
    path.write_bytes(before)


def _corrected(*ways: dict[str, Any], **asked: Any) -> list[dict[str, Any]]:
    return scenario_file.corrections_for(ways, {**NOTHING, "because": "seen", **asked})


def _changed(client: TestClient, **edit: Any) -> Any:
    tag = client.get(PATH).headers["etag"]
    return client.patch(PATH, json=edit, headers={"If-Match": tag})


@pytest.mark.parametrize(
    ("asked", "tags"),
    [
        ({"lanes_there": 2, "lanes_back": 2}, {"lanes": 4}),
        ({"lanes_there": 2, "lanes_back": 1}, {"lanes": 3, "lanes:forward": 2, "lanes:backward": 1}),
        ({"direction": "there", "lanes_there": 2}, {"oneway": "yes", "lanes": 2}),
        ({"direction": "back"}, {"oneway": "-1"}),
        ({"direction": "both"}, {"oneway": "no"}),
        ({"kph": 40}, {"maxspeed": 40}),
        ({"cars": "closed"}, {"motor_vehicle": "no"}),
        ({"cars": "open"}, {"motor_vehicle": "yes"}),
    ],
)
def test_what_is_known_of_a_road_is_written_as_openstreetmap_does(asked: dict[str, Any], tags: dict[str, Any]) -> None:
    assert _corrected(HERE, **asked) == [{"way": 1, "tags": tags, "because": "seen"}]


def test_a_piece_that_is_drawn_the_other_way_has_its_directions_turned() -> None:
    first, second = _corrected(HERE, REVERSED, direction="there", lanes_there=2)
    assert (first["tags"]["oneway"], second["tags"]["oneway"]) == ("yes", "-1")
    first, second = _corrected(HERE, REVERSED, lanes_there=3, lanes_back=1)
    assert first["tags"] == {"lanes": 4, "lanes:forward": 3, "lanes:backward": 1}
    assert second["tags"] == {"lanes": 4, "lanes:forward": 1, "lanes:backward": 3}


def test_a_whole_street_is_one_correction_where_its_directions_are_alike() -> None:
    (found,) = _corrected(HERE, REVERSED, lanes_there=2, lanes_back=2, whole_street=True)
    assert found == {"street": "Main Street", "tags": {"lanes": 4}, "because": "seen"}
    with pytest.raises(UserError, match="piece by piece"):
        _corrected(HERE, lanes_there=2, lanes_back=1, whole_street=True)


@pytest.mark.parametrize(
    "asked", [{}, {"kph": 0}, {"kph": "40"}, {"lanes_there": 99, "lanes_back": 1}, {"lanes_there": 2}, {"because": " "}]
)
def test_a_correction_that_makes_no_sense_is_told(asked: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        _corrected(HERE, **{"kph": None, **asked})


def test_a_correction_is_added_and_nothing_else_moves(client: TestClient, scenario: Path) -> None:
    before = scenario.read_text()
    place = evac.open(scenario)
    asked = {"do": "correct", "whole_street": True, "because": "seen on 3 May", "kph": 40}
    answer = _changed(client, **asked, ways=[_a_way(client, "Gagoz")])
    assert answer.status_code == 200
    added = "    - street: Gagoz\n      tags: {maxspeed: 40}\n      because: seen on 3 May\n"
    assert scenario.read_text() == before.replace("households:\n  zones", f"{added}households:\n  zones", 1)
    assert len(evac.open(scenario).scenario.osm.corrections) == len(place.scenario.osm.corrections) + 1
    assert _changed(client, do="uncorrect", at=4).status_code == 200
    assert scenario.read_text() == before
    assert _changed(client, do="uncorrect", at=4).status_code == 422


def _a_way(client: TestClient, street: str) -> int:
    roads = client.get("/api/places/balzers/picture").json()["roads"]["features"]
    return next(item["properties"]["way_ids"][0] for item in roads if item["properties"]["street"] == street)


def test_a_way_out_is_refused_limited_and_added_again(client: TestClient, scenario: Path) -> None:
    before = scenario.read_text()
    answer = _changed(client, do="capacity", exit="North to Triesen", veh_per_h=600)
    assert answer.status_code == 200
    line = "  - {name: North to Triesen, street: Landstrasse, towards: north}\n"
    assert scenario.read_text() == before.replace(line, line.replace("}", ", veh_per_h: 600}"))
    assert _changed(client, do="refuse", exit="North to Triesen").status_code == 200
    assert scenario.read_text() == before.replace(line, "")
    where = {"street": "Landstrasse", "towards": "north"}
    answer = _changed(client, do="add exit", name="North to Triesen", where=where)
    assert answer.status_code == 200
    names = [item.name for item in evac.open(scenario).scenario.exits]
    assert names[-1] == "North to Triesen"
    assert "# farms reach the nearest street by tracks" in scenario.read_text()


def test_ways_out_that_are_found_are_listed_when_one_is_changed(client: TestClient, scenario: Path) -> None:
    """What stands on the map is what is written down: the file says the same as before, but for the change."""
    named = scenario.read_text()
    head, _, tail = named.partition("exits:\n")
    scenario.write_text(head + tail[tail.index("traffic:") :])
    found = evac.open(scenario).exits()
    assert _changed(client, do="capacity", exit=found["exit"].iloc[0], veh_per_h=500).status_code == 200
    listed = evac.open(scenario).exits()
    assert sorted(map(tuple, listed["edges"])) == sorted(map(tuple, found["edges"]))
    assert listed["veh_per_h"].tolist()[0] == 500.0


_ODD = """\
osm:
  file: roads.osm.pbf  # of May
  corrections:
    #   - {street: Main Street, tags: {lanes: 4}, because: counted}
    - {way: 1, tags: {access: 'no'}, because: seen}   # by the police
    # the city's plan
    - way: 2
      tags: {lanes: 2}
      because: seen
    # more to come
exits:
  - {name: North, street: A, towards: north}
  # the bridge

  # the other one
  - {name: South, street: A, towards: south}  # may flood
# who lives there
households: {}
"""


def test_comments_in_odd_places_stay(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(_ODD)

    def after(**edit: Any) -> str:
        return scenario_file.edited(path, tag_of(_ODD), {"listed": [], **edit})

    first, other, second = (_ODD.splitlines(keepends=True)[at] for at in (4, 14, 15))
    assert after(do="refuse", exit="North") == _ODD.replace("  - {name: North, street: A, towards: north}\n", "")
    assert after(do="refuse", exit="South") == _ODD.replace(other + second, "")
    limited = second.replace("south}", "south, veh_per_h: 600}")
    now = after(do="capacity", exit="South", veh_per_h=600)
    assert now.replace("} # may", "}  # may") == _ODD.replace(second, limited)  # its column is another's now
    added = "  - {name: East, street: B}\n"
    assert after(do="add exit", exit={"name": "East", "street": "B"}) == _ODD.replace(second, second + added)
    assert after(do="uncorrect", at=0) == _ODD.replace(first, "")
    correction = {"street": "B", "tags": {"lanes": 2}, "because": "seen"}
    block = "    - street: B\n      tags: {lanes: 2}\n      because: seen\n"
    assert after(do="correct", corrections=[correction]) == _ODD.replace("    # more", f"{block}    # more")


def test_the_first_correction_stands_below_the_example_that_evac_new_writes(tmp_path: Path) -> None:
    path, example = tmp_path / "scenario.yaml", "    #   - {street: Main Street, tags: {lanes: 4}, because: counted}\n"
    before = f"osm:\n  file: roads.osm.pbf\n  corrections:\n{example}\n# Who.\nhouseholds: {{}}\n"
    path.write_text(before)
    edit = {"do": "correct", "corrections": [{"way": 1, "tags": {"lanes": 2}, "because": "seen"}]}
    block = "    - way: 1\n      tags: {lanes: 2}\n      because: seen\n"
    assert scenario_file.edited(path, tag_of(before), edit) == before.replace(example, example + block)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"do": "refuse", "exit": "Nowhere"}, "there is no 'Nowhere'"),
        ({"do": "capacity", "exit": "North to Triesen", "veh_per_h": -1}, "veh_per_h"),
        ({"do": "add exit", "name": "", "where": {"street": "Gagoz"}}, "has no name"),
        ({"do": "add exit", "name": "X", "where": {"edge": "none"}}, "isn't on the network"),
        ({"do": "add exit", "name": "X", "where": {"street": "Gagos"}}, "Gagoz"),
        ({"do": "add exit", "name": "X", "where": {}}, "name the place"),
        ({"do": "add exit", "name": "X", "where": {"street": "Landstrasse", "towards": "north"}}, "same end of a road"),
        ({"do": "correct", "ways": ["1"], "because": "x"}, "ids"),
        ({"do": "correct", "ways": [987654321], "because": "x", "kph": 30}, "isn't on the map"),
        ({"do": "sing"}, "sing"),
        ({"do": "text", "text": "name: [unclosed"}, "scenario.yaml"),
    ],
)
def test_what_makes_no_scenario_is_told_and_not_written(
    client: TestClient, scenario: Path, edit: dict[str, Any], words: str
) -> None:
    before = scenario.read_bytes()
    answer = _changed(client, **edit)
    assert answer.status_code == 422
    assert words in str(answer.json()["problems"])
    assert scenario.read_bytes() == before


@pytest.mark.usefixtures("scenario")
def test_the_last_way_out_is_not_refused(client: TestClient) -> None:
    for name in ("North to Triesen", "South to St. Luzisteig"):
        assert _changed(client, do="refuse", exit=name).status_code == 200
    answer = _changed(client, do="refuse", exit="Rhine bridge to Trübbach")
    assert answer.status_code == 422
    assert "the last one" in str(answer.json()["problems"])


def test_a_change_of_what_has_changed_is_refused(client: TestClient, scenario: Path) -> None:
    tag = client.get(PATH).headers["etag"]
    assert client.patch(PATH, json={"do": "text", "text": "x"}).status_code == 428
    scenario.write_text(scenario.read_text() + "# by hand\n")
    answer = client.patch(PATH, json={"do": "uncorrect", "at": 0}, headers={"If-Match": tag})
    assert answer.status_code == 412
    with pytest.raises(ChangedMeanwhileError):
        scenario_file.write(scenario, tag_of("other"), "name: x\n", lambda _: None)
