"""A file of the cache is damaged: the same results come out again, and the entry that is made again is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from damage import DAMAGES, damage
from evac.archive.index import indexed_runs
from evac.archive.records import read_studies
from evac.archive.status import status_of
from evac.plans.reading import load_plan
from evac.report.from_cache import read_study
from evac.scenario import load_scenario
from evac.study import Selection, run_study
from evac.study.engines import Serial
from evac.study.prepare import prepare
from evac.study.runs import Silent
from evac.study.under_plan import under_plan

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
RESULTS = ("vehicles.parquet", "curve.parquet", "bottlenecks.parquet", "edges.parquet", "ledger.json", "manifest.json")
CLOSING = """name: Closing
actions:
  - {do: close, where: {street: Main Street, towards: east}, when: {from_min: 3, until_min: 9}}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    shutil.copytree(TOWN, folder, ignore=shutil.ignore_patterns("plans"), dirs_exist_ok=True)
    scenario = folder / "scenario.yaml"
    text = scenario.read_text().replace("{end_h: 4}", "{end_h: 0.2}")
    scenario.write_text(f"{text}departures: [{{name: d, curve: {{form: all_at_once}}}}]\n")
    (folder / "plans").mkdir()
    (folder / "plans" / "closing.yaml").write_text(CLOSING)
    return folder


def results(place: Path) -> dict[str, bytes | str]:
    """Run what the cache lacks, read it back as a report does, and return all that people are shown of it."""
    loaded, cache = load_scenario(place), place / "cache"
    prepared = prepare(loaded, cache, lambda _: None)
    plans = {"closing": under_plan(prepared, load_plan("closing", loaded.plans_folder), cache)}
    selection = Selection(vehicles=("1",), sensitivity=False)
    run_study(prepared, plans, selection, cache, engine=Serial(), display=Silent())
    (run,) = read_study(prepared, plans, selection, cache).runs
    (row,) = indexed_runs(cache)
    (record,) = read_studies(cache)
    (status,) = status_of(record, cache, record.basis)
    shown = {"row": {**row, "bytes": 0, "ended": 0, "wall_s": 0}, "state": status.state, "manifest": run.manifest()}
    tables = {name: (run.folder / name).read_bytes() for name in RESULTS}
    homes = {"homes": prepared.homes.to_json(), "zones": prepared.households.zones().to_json()}
    lanes = (run.lanes_folder / "bottlenecks.parquet").read_bytes()
    return {**tables, **homes, "lanes": lanes, "shown": json.dumps(shown, sort_keys=True, default=str)}


@pytest.fixture(scope="module")
def before(place: Path) -> dict[str, bytes | str]:
    return results(place)


def check(place: Path, before: dict[str, bytes | str], name: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """Damage a file, and demand the same results, and that what was made again is named."""
    cache = place / "cache"
    caplog.clear()
    damage(cache / name, kind)
    assert results(place) == before, f"{name}, {kind}"
    if name.parts[0] in ("studies", "index.parquet", "index.sha256"):
        return  # written anew by every start, or from the runs
    assert f"{cache.joinpath(*name.parts[:2])} is damaged" in caplog.text, f"{name}, {kind}"


def files_of(cache: Path) -> list[Path]:
    found = (path for path in cache.rglob("*") if path.is_file() and path.stat().st_size)
    return sorted(path.relative_to(cache) for path in found if path.relative_to(cache).parts[0] != "damaged")


def test_an_entry_of_each_kind_is_made_again(
    place: Path, before: dict[str, bytes | str], caplog: pytest.LogCaptureFixture
) -> None:
    firsts = {name.parts[0]: name for name in files_of(place / "cache")}
    assert {"maps", "nets", "households", "runs", "lanes", "studies", "index.parquet"} <= firsts.keys()
    for number, name in enumerate(firsts.values()):
        check(place, before, name, DAMAGES[number % len(DAMAGES)], caplog)


@pytest.mark.slow
@pytest.mark.parametrize("kind", DAMAGES)
def test_whatever_happens_to_any_file_the_same_comes_out(
    place: Path, before: dict[str, bytes | str], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    for name in files_of(place / "cache"):
        check(place, before, name, kind, caplog)
