"""In random towns under random plans everybody is accounted for, and what mustn't decide doesn't.

No street of a car ever loses its way out, and each has hours: so all are out, each over an exit line, not before it
meant to leave. The order in which a plan names its actions decides nothing. Wider ways out don't make a town slower:
where drivers choose by what they know of the last minute, single runs may differ by chance, so a tenth is let pass.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import pandas as pd
import pytest

from evac.errors import UserError
from evac.measure.trips import read_statistics
from evac.network import read_net
from evac.overlay import Overlay, exits_under
from plan_town import Town
from random_plans import random_cars, random_plan, random_town, streets_of_cars

END_H = 3.0
_BY_CHANCE, _AT_LEAST_S = 1.10, 60.0


def driven(made: Town, overlay: Overlay, vehicles: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Drive the cars, check what holds in any run, and return their trips."""
    trips, run = made.drive(overlay, vehicles, seed=seed, end_h=END_H)
    both = vehicles.merge(trips, on="vehicle", how="outer", validate="1:1")
    assert len(both) == len(vehicles) == len(trips), f"town {seed}: cars are lost, or strange"
    assert not both["taken_out"].any(), f"town {seed}"
    assert read_statistics(run / "sumo" / "statistics.xml")["teleports"]["total"] == 0
    assert json.loads((run / "ending.json").read_text())["reason"] == "cleared", f"town {seed}"
    exits = exits_under(made.exits, read_net(overlay.network.net_file))
    lines = {edge for item in exits for edge in item.edges}
    assert set(both["arrival_lane"].str.rpartition("_")[0]) <= lines, f"town {seed}"
    assert (both["entered_s"] >= both["departure_s"] - 1.0).all(), f"town {seed}"
    assert (both["arrived_s"] > both["entered_s"]).all(), f"town {seed}"
    return trips


def check_accounts(folder: Path, seed: int) -> None:
    """Drive a random town under a random plan, and under the same with its actions the other way round."""
    chance = random.Random(f"accounts {seed}")
    made = random_town(folder, chance)
    overlay, text, streets = random_plan(made, chance)
    vehicles = random_cars(streets, chance)
    trips = driven(made, overlay, vehicles, seed)
    actions = text.split("\n")
    if len(actions) > 1:
        try:
            turned = made.under("\n".join(reversed(actions)), "turned")
        except UserError as error:
            raise AssertionError(f"town {seed}: refused the other way round: {error}\n{text}") from error
        pd.testing.assert_frame_equal(driven(made, turned, vehicles, seed), trips)


def check_wider(folder: Path, seed: int) -> None:
    """Drive a random town by normal rules, and the same with a lane more on each way out.

    No way out begins at a signal: netconvert gives those who turn left out of a wider road a stage of their own, and
    all others less green.
    """
    last_s, vehicles = [], None
    for name, more in (("as it is", 0), ("wider", 1)):
        chance = random.Random(f"wider {seed}")
        made = random_town(folder / name, chance, lanes_more=more, signals_at_exits=False)
        if vehicles is None:
            vehicles = random_cars(streets_of_cars(made.normally(), made.exits), chance)
        last_s.append(driven(made, made.normally(), vehicles, seed)["arrived_s"].max())
    assert last_s[1] <= max(_BY_CHANCE * last_s[0], last_s[0] + _AT_LEAST_S), f"town {seed}: {last_s}"


@pytest.mark.parametrize("seed", range(3))
def test_everybody_is_accounted_for_in_whatever_order_a_plan_is_written(tmp_path: Path, seed: int) -> None:
    check_accounts(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 100))
def test_everybody_is_accounted_for_in_many_towns(tmp_path: Path, seed: int) -> None:
    check_accounts(tmp_path, seed)


@pytest.mark.parametrize("seed", range(2))
def test_wider_ways_out_dont_make_a_town_slower(tmp_path: Path, seed: int) -> None:
    check_wider(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 60))
def test_wider_ways_out_dont_make_many_towns_slower(tmp_path: Path, seed: int) -> None:
    check_wider(tmp_path, seed)
