"""Coarse runs in packets of cars, through the commands: nobody is lost, and answers are those of single cars."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from evac.cli import run_guarded
from one_road import one_road

TOWN = Path(__file__).parents[1] / "fixtures" / "town"


@pytest.fixture
def packets_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small town have what large ones have."""
    monkeypatch.setattr("evac.study.screening.packet_size", lambda _: 3)


@pytest.mark.usefixtures("packets_of_three")
def test_every_car_is_accounted_for_and_roads_carry_cars(tmp_path: Path) -> None:
    options = ["--vehicles", "1", "--no-sensitivity", "--fidelity", "meso", "--workspace", str(tmp_path)]
    assert run_guarded(["run", str(TOWN), *options]) == 0
    results = pd.read_csv(tmp_path / "reports" / "town" / "results.csv")
    assert results["evacuated"].tolist() == results["planned"].tolist() == [300]
    run = tmp_path / ".evac" / "runs" / results["job"][0]
    packets = json.loads((run / "packets.json").read_text())
    cars = [car for leader, names in packets["followers"].items() for car in (leader, *names)]
    vehicles = pd.read_parquet(run / "vehicles.parquet")
    assert sorted(cars) == sorted(vehicles["vehicle"])
    assert (run / "trips.rou.xml").read_text().count("<trip ") == len(packets["followers"]) < 110
    assert set(vehicles["status"]) == {"evacuated"}
    assert (vehicles["entered_s"] > vehicles["departure_s"] - 0.1).all()  # SUMO is told tenths
    # What crosses the exits' lines are cars; the last window is shorter than five minutes.
    exits = json.loads((run / "job.json").read_text())["settings"]["exits"]
    last = {edge for item in exits for edge in item[1]}
    edges = pd.read_parquet(run / "edges.parquet")
    crossed = edges.loc[edges["edge"].isin(last), "flow_veh_per_h"].sum() / 12
    assert crossed == pytest.approx(300, abs=10)
    ledger = json.loads((run / "ledger.json").read_text())
    assert any("cars in packets of 3" in text for text in ledger["caveats"])
    (fit,) = (json.loads(path.read_text()) for path in (tmp_path / ".evac" / "meso").iterdir())
    assert abs(fit["t90_error"]) < 0.1


def test_the_latest_safe_order_is_that_of_single_cars_and_micro_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(name: str) -> pd.DataFrame:
        workspace = tmp_path / name
        place = one_road(workspace / "road", {"near": 240, "far": 120}, 40.0)
        options = ["--step", "1", "--fidelity", "meso", "--jobs", "2", "--workspace", str(workspace)]
        assert run_guarded(["safe-order", str(place), *options]) == 0
        return pd.read_csv(workspace / "reports" / "road" / "safe-order" / "safe_order.csv").set_index("zone")

    single = asked("single")
    monkeypatch.setattr("evac.study.screening.packet_size", lambda _: 3)
    packed = asked("packed")
    columns = ["latest_safe_order_min", "interval_low_min", "interval_high_min"]
    assert (packed["latest_safe_order"] == single["latest_safe_order"]).all()
    assert ((packed[columns] - single[columns]).abs() <= 2.0).all(axis=None)
