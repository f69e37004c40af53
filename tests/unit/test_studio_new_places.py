"""What the page learns of a place before it is made: its area as it is understood, and all that is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from evac.new_place import extract_towns
from studio_workspace import client_of

SQUARE = ((9.50, 47.10), (9.52, 47.10), (9.52, 47.12), (9.50, 47.12))
BOW_TIE = ((9.50, 47.10), (9.52, 47.12), (9.52, 47.10), (9.50, 47.12))
SQUARE_KM2 = 3.37
"""0.02 degrees of latitude by 0.02 of longitude at 47.11 degrees: 2.224 by 1.518 km (WGS 84)."""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with client_of(tmp_path) as client:
        yield client


def _collection(kind: str, coordinates: Any) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": geometry}]}


def _polygon(corners: tuple[tuple[float, float], ...]) -> dict[str, Any]:
    return _collection("Polygon", [[*corners, corners[0]]])


def test_towns_are_named_the_larger_kinds_first(tmp_path: Path) -> None:
    """What is no town has no name on the map, and one that is there twice has it once."""
    path = tmp_path / "map.osm"
    places = (("hamlet", "Au"), ("town", "Bern"), ("locality", "Moor"), ("village", "Zug"), ("village", "Zug"))
    nodes = "".join(
        f'<node id="{number}" version="1" lat="47.1" lon="9.5">'
        f'<tag k="place" v="{kind}"/><tag k="name" v="{name}"/></node>'
        for number, (kind, name) in enumerate((*places, ("town", "")), start=1)
    )
    path.write_text(f'<osm version="0.6">{nodes}<node id="9" version="1" lat="47.1" lon="9.5"/></osm>')
    assert extract_towns(path)["town"].tolist() == ["Bern", "Zug", "Au"]


def test_a_drawn_area_is_told_with_its_size(client: TestClient) -> None:
    found = client.post("/api/areas", json={"area": _polygon(SQUARE)}).json()
    assert found["crossings"] == []
    assert found["km2"] == pytest.approx(SQUARE_KM2, rel=0.01)
    assert found["bounds"] == pytest.approx([9.50, 47.10, 9.52, 47.12])


def test_where_an_outline_crosses_itself_is_told(client: TestClient) -> None:
    found = client.post("/api/areas", json={"area": _polygon(BOW_TIE)}).json()
    assert found["crossings"] == [pytest.approx([9.51, 47.11])]
    assert found["km2"] == pytest.approx(SQUARE_KM2 / 2, rel=0.01)


def test_a_file_without_polygons_is_refused_as_the_command_does(client: TestClient) -> None:
    points = json.dumps(_collection("Point", [9.5, 47.1])).encode()
    assert client.put("/api/uploads/area/points.geojson", content=points).status_code == 201
    answer = client.post("/api/areas", json={"area": "points.geojson"})
    (problem,) = answer.json()["problems"]
    assert answer.status_code == 422
    assert problem["what"] == "expected polygons, feature 1 is a Point"
    assert problem["where"].endswith("points.geojson")


def test_a_name_in_other_letters_is_told_what_its_file_needs(client: TestClient) -> None:
    (problem, *_) = client.post("/api/new", json={"name": "東京"}).json()["problems"]
    assert problem["where"] == "the place's name"
    assert "'東京' has no letter from A to Z" in problem["what"]


def test_all_that_is_missing_is_told_at_once(client: TestClient) -> None:
    answer = client.post("/api/new", json={"name": " ", "area": None, "households": 0, "extract": "nowhere.osm.pbf"})
    assert answer.status_code == 422
    told = {problem["where"] for problem in answer.json()["problems"]}
    assert told == {"the place's name", "the area", "the extract", "the households"}
    assert client.get("/api/jobs").json() == []
