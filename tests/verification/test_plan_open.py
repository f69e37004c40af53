"""A road that a plan opens: nobody uses it before its time, and the net ready for it discharges as the baseline.

A fire road leaves a queue in the middle of a street for a second exit: once it is open, the queue discharges by two
exits.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evac.network import read_net
from gated_town import gated_town
from plan_town import Town, cars, discharge_veh_per_h

OPENS = "  - {do: open, where: {street: Ridge Fire Road}, when: {from_min: %d}}"
OPENS_S, NEVER_MIN = 600.0, 200
VEHICLES = 300


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return gated_town(tmp_path_factory.mktemp("gated"))


def _queue(town: Town) -> pd.DataFrame:
    """Return cars that come to Canyon Road faster than a lane of it takes them."""
    net = read_net(town.network.net_file)
    edge = min(net.getNode("5").getOutgoing(), key=lambda item: item.getID())
    return cars(edge.getID(), VEHICLES, every_s=1.5, length_m=edge.getLength())


def _passed(run: Path) -> pd.Series:
    """Return the vehicles that passed the fire road in each minute."""
    lanes = pd.read_parquet(run / "sumo" / "lanes.parquet")
    lanes = lanes[lanes["lane_id"].astype(str).str.contains("^-?opened\\.", regex=True)]
    return lanes.groupby(lanes["interval_begin"].astype(float))["lane_left"].sum()


def test_it_is_used_from_its_time_on_and_everything_before_is_as_if_it_never_opened(town: Town) -> None:
    trips, run = town.drive(town.under(OPENS % (OPENS_S / 60)), _queue(town))
    normal, normal_run = town.drive(town.under(OPENS % NEVER_MIN, "never"), _queue(town))
    assert _passed(normal_run).sum() == 0
    assert _passed(run)[lambda rows: rows.index < OPENS_S].sum() == 0
    assert _passed(run).sum() > 0.1 * VEHICLES
    both = trips.merge(normal, on="vehicle", suffixes=("", "_normal"))
    early = both[both["arrived_s_normal"] <= OPENS_S]
    assert len(early) > 0.2 * VEHICLES
    assert (early["arrived_s"] == early["arrived_s_normal"]).all()
    assert trips["arrived_s"].max() < normal["arrived_s"].max()


@pytest.mark.slow
def test_the_net_that_is_ready_for_it_discharges_like_the_baseline(town: Town) -> None:
    ready, plain = town.under(OPENS % NEVER_MIN, "never"), town.normally()
    rates = [
        [discharge_veh_per_h(town.drive(overlay, _queue(town), seed=seed)[0]) for overlay in (ready, plain)]
        for seed in range(10)
    ]
    means = np.mean(rates, axis=0)
    assert means[0] == pytest.approx(means[1], rel=0.02)
