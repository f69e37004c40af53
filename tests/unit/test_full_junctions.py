"""Full junctions at which a run is known to be off: told of the run, by name and direction, and only there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evac.measure.full_junctions import gap_capacity_veh_per_h
from evac.scenario import load_scenario
from small_studies import run_folder_of, town_of


def ledger(test: str, folder: Path, plan: str = "baseline") -> dict:
    town_of(test, folder)
    path = plan if plan == "baseline" else str(folder / f"{plan}.yaml")
    return json.loads((run_folder_of(load_scenario(folder), folder / ".evac", path) / "ledger.json").read_text())


def test_gaps_are_those_of_the_manual() -> None:
    """Right turn into 300, 600, 900 and 1,200 veh/h: docs/method.md."""
    got = gap_capacity_veh_per_h(np.array([300.0, 600.0, 900.0, 1200.0]))
    assert got == pytest.approx([744, 505, 340, 228], abs=1)


def test_a_side_street_that_gets_in_beside_a_free_road_without_gaps_is_told(tmp_path: Path) -> None:
    """About 800 veh/h get in, where gaps let in 505, for about half an hour."""
    found = ledger("33-two-way-stop-with-turn-taking", tmp_path, "stream-600")
    ((place, number),) = found["let_in_beyond_gaps"].items()
    assert place == "Side Street into Main Road"
    assert 75 < number < 250
    assert any(text.startswith(f"{place}: {number} vehicles more got in") for text in found["caveats"])
    assert found["trusted"]


def test_two_queues_that_take_turns_are_nothing_to_tell(tmp_path: Path) -> None:
    assert ledger("37-two-queues-merge", tmp_path)["let_in_beyond_gaps"] == {}


def test_an_all_way_stop_that_holds_the_town_up_is_told_with_the_way_it_errs(tmp_path: Path) -> None:
    found = ledger("31-all-way-stop", tmp_path)
    assert set(found["junctions_off"].values()) == {"all-way stop"}
    assert any("all-way stop" in text and "clearance times are too short" in text for text in found["caveats"])
