"""What is digested is what was read: no input can change between its digest and its reading without being noticed."""

from __future__ import annotations

import pickle
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from evac import households, osm
from evac.errors import DataError
from evac.households import place_households
from evac.inputs import Watched, digest_dataset
from evac.osm import prepare_map
from evac.scenario import load_scenario
from evac.schema.demand import Measured

TOWN = Path(__file__).parents[1] / "fixtures" / "town"


def test_a_file_that_was_changed_and_restored_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "zones.geojson"
    file.write_text("as it was")
    watched = Watched.of([file])
    watched.require_unchanged()
    file.write_text("something else")
    file.write_text("as it was")
    with pytest.raises(DataError, match=r"zones\.geojson: was written while it was being read"):
        watched.require_unchanged()


def test_a_file_that_is_not_there_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.osm: there is no such file"):
        Watched.of([tmp_path / "gone.osm"])


@pytest.mark.parametrize("part", ["shp", "shx", "dbf", "prj", "cpg"])
def test_every_part_of_a_shapefile_counts(tmp_path: Path, part: str) -> None:
    file = tmp_path / "zones.shp"
    gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.box(9, 47, 10, 48)], crs="EPSG:4326").to_file(file)
    (tmp_path / "zones.geojson").write_text("another file")
    before, watched = digest_dataset(file), Watched.of([file])
    (tmp_path / "zones.geojson").write_text("has been edited")
    watched.require_unchanged()
    assert digest_dataset(file) == before
    with file.with_suffix(f".{part}").open("ab") as changed:
        changed.write(b" ")
    assert digest_dataset(file) != before
    with pytest.raises(DataError):
        watched.require_unchanged()


def test_a_projection_that_comes_later_counts(tmp_path: Path) -> None:
    file = tmp_path / "zones.shp"
    gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.box(9, 47, 10, 48)], crs="EPSG:4326").to_file(file)
    projection = file.with_suffix(".prj")
    with_it = digest_dataset(file)
    projection.unlink()
    without = digest_dataset(file)
    projection.write_text("another")
    assert len({with_it, without, digest_dataset(file)}) == 3


def test_a_measured_curve_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "curve.csv"
    file.write_text("minute,left\n0,0\n10,1\n")
    curve = Measured(form="measured", file=file)
    assert curve.digest == sha256(file.read_bytes()).hexdigest()
    there = pickle.loads(pickle.dumps(curve))
    file.unlink()
    assert there.content == curve.content == b"minute,left\n0,0\n10,1\n"
    assert there == curve


def test_nothing_is_kept_of_a_map_that_was_written_while_it_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "town.osm"
    file.write_bytes((TOWN / "town.osm").read_bytes())
    real = osm.read_settlement

    def editing(path: Path) -> object:
        found = real(path)
        path.write_bytes(path.read_bytes())
        return found

    with monkeypatch.context() as patched:
        patched.setattr(osm, "read_settlement", editing)
        with pytest.raises(DataError, match=r"town\.osm: was written while"):
            prepare_map(file, "residential", None, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
    assert prepare_map(file, "residential", None, tmp_path / "cache").info()["source"]["sha256"] == digest_dataset(file)


def test_nothing_is_kept_of_zones_that_were_written_while_they_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("scenario.yaml", "town.osm", "zones.geojson"):
        (tmp_path / name).write_bytes((TOWN / name).read_bytes())
    model = load_scenario(tmp_path).model
    street_map = prepare_map(model.osm.file, "residential", None, tmp_path / "cache")
    real = households.connect

    def editing(*given: object) -> object:
        (tmp_path / "zones.geojson").write_bytes((TOWN / "zones.geojson").read_bytes())
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(households, "connect", editing)
    with pytest.raises(DataError, match=r"zones\.geojson: was written while"):
        place_households(model.households, None, street_map, tmp_path / "cache")
    assert not (tmp_path / "cache" / "households").exists()
