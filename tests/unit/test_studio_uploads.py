"""Files that are sent to the studio: of the right kind and size, packed and unpacked, under a name of their own."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from evac.studio import uploads
from studio_workspace import ROOT, balzers, client_of

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[9.48, 47.05], [9.52, 47.05], [9.52, 47.08], [9.48, 47.08], [9.48, 47.05]]],
}
AREA = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": SQUARE}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return balzers(tmp_path)


@pytest.fixture
def client(folder: Path) -> TestClient:
    return client_of(folder)


def _zip(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _sent(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".evac" / "studio" / "uploads").rglob("*") if path.is_file())


def test_a_file_is_taken_under_its_name(client: TestClient, folder: Path) -> None:
    pbf = (ROOT / "scenarios" / "balzers" / "data" / "balzers.osm.pbf").read_bytes()
    assert client.put("/api/uploads/extract/town.osm.pbf", content=pbf).status_code == 201
    assert client.get("/api/extracts").json() == ["town.osm.pbf"]
    assert _sent(folder) == ["town.osm.pbf"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("extract", "..%2f..%2fplan.osm.pbf"),
        ("extract", ".hidden.osm.pbf"),
        ("extract", "town.exe"),
        ("extract", "a" * 130 + ".osm"),
        ("area", "area.geojson%00.zip"),
        ("area", "-rf.geojson"),
        ("anything", "town.osm.pbf"),
    ],
)
def test_a_name_or_kind_that_is_none_is_refused(client: TestClient, folder: Path, kind: str, name: str) -> None:
    assert client.put(f"/api/uploads/{kind}/{name}", content=b"x").status_code in (404, 422)
    assert not (folder / ".evac" / "studio" / "uploads").exists() or _sent(folder) == []


def test_what_is_too_large_is_refused_and_leaves_nothing(
    client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", {"area": 1000})
    assert client.put("/api/uploads/area/a.geojson", content=b"x" * 1000).status_code == 201
    assert client.put("/api/uploads/area/b.geojson", content=b"x" * 1001).status_code == 413
    assert _sent(folder) == ["a.geojson"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.zip", _zip(a=b"0" * 3_000_000)),
        ("many.zip", _zip(**{f"f{number}": b"" for number in range(300)})),
        ("away.zip", _zip(**{"../../away.geojson": b"{}"})),
        ("root.zip", _zip(**{"/etc/away.geojson": b"{}"})),
        ("broken.zip", b"PK\x03\x04 no archive"),
    ],
)
def test_what_unpacks_to_too_much_or_elsewhere_is_refused(
    client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    monkeypatch.setattr(uploads, "MOST_UNPACKED_BYTES", {"area": 1_000_000, "extract": 1_000_000})
    answer = client.put(f"/api/uploads/area/{name}", content=content)
    assert answer.status_code == 422
    assert name in answer.json()["problems"][0]["where"]
    assert _sent(folder) == []


def test_an_extract_that_unpacks_to_too_much_is_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_UNPACKED_BYTES", {"extract": 1_000_000})
    assert client.put("/api/uploads/extract/a.osm.gz", content=gzip.compress(b" " * 900_000)).status_code == 201
    assert client.put("/api/uploads/extract/b.osm.gz", content=gzip.compress(b" " * 1_100_000)).status_code == 422


def test_an_extract_of_blocks_that_unpack_to_too_much_is_refused(
    client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Balzers' 87,237 bytes unpack to 135,893, by what its blocks say of themselves."""
    pbf = (ROOT / "scenarios" / "balzers" / "data" / "balzers.osm.pbf").read_bytes()
    monkeypatch.setattr(uploads, "MOST_UNPACKED_BYTES", {"extract": 135_893})
    assert client.put("/api/uploads/extract/a.osm.pbf", content=pbf).status_code == 201
    monkeypatch.setattr(uploads, "MOST_UNPACKED_BYTES", {"extract": 135_892})
    for name in ("b.osm.pbf", "B.PBF"):
        answer = client.put(f"/api/uploads/extract/{name}", content=pbf)
        assert answer.status_code == 422
        (problem,) = answer.json()["problems"]
        assert (problem["where"], problem["what"]) == (name, "unpacks to more than 135,892 bytes")
    assert _sent(folder) == ["a.osm.pbf"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"name": "Balzers"}, "already"),
        ({"name": "../.."}, "no letter from A to Z and no digit"),
        ({"extract": "none.osm.pbf"}, "no file 'none.osm.pbf'"),
        ({"area": "none.geojson"}, "no file 'none.geojson'"),
        ({"households": 0}, "1 or more"),
        ({"households": "../../scenario.yaml"}, "no file"),
        ({"households": True}, "1 or more"),
    ],
)
def test_a_place_that_cannot_be_made_is_told_at_once(client: TestClient, asked: dict[str, Any], words: str) -> None:
    client.put("/api/uploads/extract/town.osm.pbf", content=b"x")
    whole = {"name": "Town", "extract": "town.osm.pbf", "area": AREA, "households": 10, **asked}
    answer = client.post("/api/new", json=whole)
    assert answer.status_code == 422
    assert words in json.dumps(answer.json()["problems"])
    assert client.get("/api/jobs").json() == []
