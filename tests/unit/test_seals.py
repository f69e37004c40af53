"""Whatever is done to a file of an entry of the cache, it is noticed, named, and out of the way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from damage import DAMAGES, damage
from evac.archive.index import indexed_runs
from evac.errors import UserError
from evac.seals import SEAL, has_entry, read_record, require_entry, require_file, sealed_directory, write_record

FILES = ("table.parquet", "sumo/lanes.parquet", SEAL)


@dataclass(frozen=True)
class Record:
    place: str
    runs: list[object]


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    target = tmp_path / "runs" / "0123456789abcdef"
    with sealed_directory(target) as folder:
        (folder / "sumo").mkdir()
        (folder / "table.parquet").write_bytes(bytes(range(256)))
        (folder / "sumo" / "lanes.parquet").write_text("lanes")
    return target


def test_an_entry_as_it_was_made_is_there_and_one_that_is_not_made_is_not(entry: Path) -> None:
    assert has_entry(entry)
    assert has_entry(entry, ["table.parquet"])
    (entry / "what SUMO wrote when somebody looked").write_text("more")
    assert require_entry(entry) == entry
    assert not has_entry(entry.with_name("other"))


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_entry_is_named_and_set_aside(
    entry: Path, name: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    damage(entry / name, kind)
    assert not has_entry(entry)
    assert not entry.exists()
    assert f"{entry} is damaged: " in caplog.text
    assert name in caplog.text
    (aside,) = (entry.parents[1] / "damaged").iterdir()
    assert (aside / entry.name / "sumo").is_dir()


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_file_is_looked_at_when_it_is_used(entry: Path, kind: str) -> None:
    file = entry / "sumo" / "lanes.parquet"
    assert require_file(file) == file
    damage(file, kind)
    assert has_entry(entry, ["table.parquet"])
    with pytest.raises(UserError, match=r"sumo/lanes\.parquet.*; it has been set aside"):
        require_file(file)
    assert not entry.exists()


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_record_is_named_and_set_aside(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "studies" / "town.json"
    content = {"place": "Città", "runs": [1, 2.5, None]}
    write_record(file, content)
    assert read_record(file, lambda given: Record(**given)) == Record(**content)
    damage(file, kind)
    assert read_record(file, lambda given: Record(**given)) is None
    assert not file.exists()
    assert (str(file) in caplog.text) == (kind != "delete")


def test_a_record_of_an_older_toolkit_has_no_digest_and_must_be_one(tmp_path: Path) -> None:
    file = tmp_path / "failed" / "job.json"
    file.parent.mkdir()
    file.write_text('{"message": "the disk is full"}')
    assert read_record(file, lambda content: content["message"]) == "the disk is full"
    assert read_record(file, lambda content: content["other"]) is None
    assert not file.exists()


def write_run(cache: Path) -> Path:
    """Write what the index reads of a run."""
    rows = {"plan": "baseline", "vehicles_per_household": "1", "departure": "d", "seed": 1}
    case = {**rows, "fidelity": "micro", "capacity_factor": 1.0}
    counts = dict.fromkeys(("planned", "evacuated", "in_refuge", "driving", "waiting", "no_route"), 7)
    times = dict.fromkeys(("mean_delay_s", "t50_s", "t90_s", "t95_s", "t100_s", "end_s"), 60.0)
    files = {
        "job": {"case": case, "inputs": {"net": "n", "households": "h"}},
        "manifest": {**counts, **times},
        "ledger": {"trusted": True, "reasons": []},
    }
    target = cache / "runs" / "abc"
    with sealed_directory(target) as folder:
        for file, values in files.items():
            (folder / f"{file}.json").write_text(json.dumps(values))
    return target


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("name", ["index.parquet", "index.sha256"])
def test_a_damaged_index_is_made_again(tmp_path: Path, kind: str, name: str) -> None:
    write_run(tmp_path)
    (before,) = indexed_runs(tmp_path)
    assert before["t90_s"] == 60.0
    damage(tmp_path / name, kind)
    assert indexed_runs(tmp_path) == [before]


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_run_is_not_in_the_index(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    damage(write_run(tmp_path) / "manifest.json", kind)
    assert indexed_runs(tmp_path) == []
    assert "runs/abc is damaged: manifest.json" in caplog.text
