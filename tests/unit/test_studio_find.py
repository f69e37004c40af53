"""A place is found by its name where a geocoder can be asked; where not, the page says so and what to do instead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from loopback import TOWN, Server, World, place, serve
from studio_workspace import client_of

NAME = "Testville, Marin County, California, United States"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(World(places=[place(NAME, 7, TOWN)])) as running:
        yield running


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with client_of(tmp_path) as client:
        yield client


def test_a_name_gives_its_area(client: TestClient, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, url in server.environment().items():
        monkeypatch.setenv(variable, url)
    found = client.post("/api/find", json={"name": " Testville "}).json()
    assert found["name"] == NAME
    assert found["bounds"] == pytest.approx(TOWN.bounds, abs=1e-5)
    (feature,) = found["area"]["features"]
    assert feature["geometry"]["type"] == "Polygon"
    answer = client.post("/api/find", json={"name": "Nowhereville"})
    (problem,) = answer.json()["problems"]
    assert (answer.status_code, problem["what"]) == (422, "no such place on OpenStreetMap")
    assert "--" not in problem["remedy"]  # there is no command line here


def test_without_the_internet_it_is_said_what_to_do_instead(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVAC_NOMINATIM_URL", "http://127.0.0.1:9")  # where nobody answers
    answer = client.post("/api/find", json={"name": "Testville"})
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert "draw the area" in problem["remedy"]
