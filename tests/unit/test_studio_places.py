"""What the studio says of places, plans and runs is what the package says."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import evac
from evac.studio.at_place import checked
from evac.studio.workspace import Workspace
from studio_workspace import client_of, prepared_balzers

PLANS = ("flood", "contraflow-south")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_balzers(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with client_of(folder) as client:
        yield client


@pytest.fixture(scope="module")
def picture(client: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/api/places/balzers/picture").json()
    return answer


def test_the_places_of_the_workspace_are_listed(client: TestClient) -> None:
    (place,) = client.get("/api/places").json()["places"]
    assert (place["place"], place["name"], place["problem"]) == ("balzers", "Balzers", "")


def test_a_place_is_prepared_step_by_step(client: TestClient, picture: dict[str, Any]) -> None:
    assert picture["name"] == "Balzers"
    said = client.get("/api/places/balzers/prepare").text
    assert said.rstrip().splitlines()[-2:] == ["event: ready", "data: {}"]


def test_the_picture_is_drawn_from_the_place(folder: Path, picture: dict[str, Any]) -> None:
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    assert {item["properties"]["exit"] for item in picture["exits"]["features"]} == set(place.exits()["exit"])
    assert picture["households"] == 2000
    assert sum(item["properties"]["households"] for item in picture["zones"]["features"]) == 2000
    roads = picture["roads"]["features"]
    bridge = [item["properties"] for item in roads if item["properties"]["street"] == "Gagoz"]
    assert {item["towards"] for item in bridge} >= {"northwest", "southeast"} or len(bridge) > 1
    assert all(item["lanes"] == 1 for item in bridge)  # the map says nothing: one lane a direction
    west, south, east, north = picture["bounds"]
    assert 9.4 < west < east < 9.6
    assert 47.0 < south < north < 47.2


def test_a_browser_that_has_the_picture_is_told_so(client: TestClient, picture: dict[str, Any]) -> None:
    assert picture
    tag = client.get("/api/places/balzers/picture").headers["etag"]
    again = client.get("/api/places/balzers/picture", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_findings_are_those_of_the_place_in_their_order(client: TestClient, folder: Path) -> None:
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    said = [item["properties"]["text"] for item in client.get("/api/places/balzers/findings").json()["features"]]
    assert said == place.findings()["text"].tolist()
    assert len(said) > 5


def test_plans_are_listed_with_what_they_take(client: TestClient) -> None:
    plans = {item["plan"]: item for item in client.get("/api/places/balzers/plans").json()}
    assert list(plans) == ["baseline", "bridge-closed", "contraflow-south", "flood"]
    assert plans["flood"]["extends"] == "Rhine flood, nothing prepared"
    assert plans["flood"]["resources"]["cones"] == 120
    assert [item["do"] for item in plans["contraflow-south"]["actions"]] == ["contraflow"]


def test_a_plan_shows_what_it_changes(client: TestClient) -> None:
    diff = client.get("/api/places/balzers/plans/contraflow-south/diff").json()
    changes = [item["properties"] for item in diff["changes"]["features"]]
    assert [(item["before"], item["after"]) for item in changes] == [("1", "2"), ("1", "0")]
    assert diff["cut_off"]["features"] == []
    assert {item["geometry"]["type"] for item in diff["changes"]["features"]} == {"MultiLineString"}


def test_a_plan_shows_which_ways_out_it_closes_and_when(client: TestClient) -> None:
    """The flood takes the road to the bridge 20 minutes after the order, some way before the exit's own last piece."""
    closed = {plan: client.get(f"/api/places/balzers/plans/{plan}/diff").json()["closed_exits"] for plan in PLANS}
    assert closed == {
        "flood": [{"exit": "Rhine bridge to Trübbach", "from_s": 1200.0, "until_s": None}],
        "contraflow-south": [],
    }


def test_a_way_out_is_closed_for_the_time_at_which_nobody_reaches_it(folder: Path, tmp_path: Path) -> None:
    plan = tmp_path / "twice.yaml"
    plan.write_text(
        "name: Twice\nactions:\n"
        "  - {do: close, exit: North to Triesen, when: {from_min: 10, until_min: 30}}\n"
        "  - {do: close, exit: North to Triesen, when: {from_min: 30, until_min: 45}, label: on}\n"
        "  - {do: close, exit: South to St. Luzisteig}\n"
    )
    closed = evac.open(folder / "scenarios" / "balzers", workspace=folder).under(plan).closed_exits()
    assert sorted(closed.itertuples(index=False, name=None)) == [
        ("North to Triesen", 600.0, 2700.0),
        ("South to St. Luzisteig", 0.0, float("inf")),
    ]


def test_a_plan_that_is_wrong_is_told_with_its_line_and_hides_no_other(client: TestClient, folder: Path) -> None:
    path = folder / "plans" / "balzers" / "wrong.yaml"
    path.write_text("name: Wrong\nactions:\n  - do: contraflow\n    where: {street: Gagoz, towrads: west}\n")
    try:
        plans = {item["plan"]: item for item in client.get("/api/places/balzers/plans").json()}
        assert "towrads" in str(plans["wrong"]["problems"])
        assert plans["flood"]["problems"] == []
        answer = client.get("/api/places/balzers/plans/wrong/diff")
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["where"].startswith("plans/balzers/wrong.yaml:4")
    finally:
        path.unlink()


def test_a_scenario_that_is_wrong_is_told_in_the_list(client: TestClient, folder: Path) -> None:
    path = folder / "scenarios" / "odd" / "scenario.yaml"
    path.parent.mkdir()
    path.write_text("name: Odd\nroads: none\n")
    try:
        places = {item["place"]: item for item in client.get("/api/places").json()["places"]}
        assert "roads" in places["odd"]["problem"]
        assert client.get("/api/places/odd/picture").status_code == 422
    finally:
        path.unlink()
        path.parent.rmdir()


def test_without_runs_there_are_none_and_an_unknown_one_is_told(client: TestClient) -> None:
    assert client.get("/api/places/balzers/runs").json() == []
    assert client.get("/api/places/balzers/runs/0123").status_code == 422


def test_screening_is_fitted_to_the_baseline_whatever_is_screened(folder: Path) -> None:
    """So that the runs of every car that it is fitted to are the same for all plans."""
    place = evac.open(folder / "scenarios" / "balzers", workspace=folder)
    coarse = checked(place, {"plans": ["flood", "baseline"], "fidelity": "meso"})
    assert (coarse["plans"], coarse["names"]) == (["baseline", "flood"], ["Baseline", "Rhine flood, answered"])
    assert checked(place, {"plans": ["flood"]})["plans"] == ["flood"]


def test_what_nobody_looks_at_is_kept_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path)
    kept = [workspace.kept("picture", str(number)) for number in range(4)]
    kept[0].parent.mkdir(parents=True)
    for age_s, path in enumerate(reversed(kept)):
        path.write_bytes(b"x" * 100)
        os.utime(path, (time.time() - age_s, time.time() - age_s))
    os.utime(kept[0], (0, 0))
    workspace.prune()
    assert [path.exists() for path in kept] == [False, True, True, True]
    monkeypatch.setattr("evac.studio.workspace._MOST_KEPT_BYTES", 250)
    workspace.prune()
    assert [path.exists() for path in kept] == [False, False, True, True]  # the oldest goes first
