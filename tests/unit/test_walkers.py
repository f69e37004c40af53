"""Who walks to which refuge, when they are there, and who finds no place: against arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from crossing import make_homes, scenario
from evac.demand.orders import NORMAL_RULES
from evac.demand.walkers import STATUSES, build_walkers
from evac.hazards.refuges import ResolvedRefuge
from evac.measure.walkers import walk_caveats, walker_counts, walkers_by_place
from evac.schema.demand import VehiclesPerHousehold
from evac.schema.refuge import Walking
from evac.schema.scenario import Scenario

NOBODY_DRIVES = VehiclesPerHousehold(name="none", distribution={0: 1.0})
METRES_A_DEGREE = 111_200.0


def _refuge(name: str, lon: float, people: int) -> ResolvedRefuge:
    return ResolvedRefuge(name, ("x_w",), 5, lon, 47.05, people)


def _walk(
    refuges: list[ResolvedRefuge], homes: pd.DataFrame, reached_s: float | np.ndarray = np.inf, **walking: Any
) -> pd.DataFrame:
    model = scenario()
    return build_walkers(
        Walking.model_validate({"people_per_household": 1.0, **walking}),
        refuges,
        homes,
        vehicles_per_household=NOBODY_DRIVES,
        departure=model.departures[0],
        seed=1,
        scenario=model,
        orders=NORMAL_RULES,
        reached_s=np.broadcast_to(reached_s, len(homes)),
    )


def test_people_are_there_after_the_way_at_walking_speed_and_only_within_their_reach() -> None:
    homes = make_homes()
    at = float(homes["street_lon"].iloc[0]) + 0.004
    found = _walk([_refuge("S", at, 1000), _refuge("no room on foot", at - 0.004, 0)], homes, at_most_m=600.0, kph=3.6)
    east_m = np.abs(homes["street_lon"] - at) * METRES_A_DEGREE * np.cos(np.radians(47.05))
    away_m = np.hypot(east_m, (homes["street_lat"] - 47.05) * METRES_A_DEGREE) * 4.0 / np.pi
    near = (away_m <= 600.0).to_numpy()
    assert near.any()
    assert not near.all()
    assert (found["status"] == np.where(near, "in_refuge", "too_far")).all()
    walked_s = (found["in_refuge_s"] - found["departure_s"])[near]
    assert walked_s.to_numpy() == pytest.approx(away_m[near].to_numpy(), rel=0.01, abs=0.2)  # one metre a second


def test_the_first_find_a_place_and_others_walk_on_to_the_next_or_find_all_full() -> None:
    homes = make_homes().iloc[:20].assign(street_lon=9.5, street_lat=47.05)
    refuges = [_refuge("near", 9.502, 7), _refuge("next", 9.505, 6)]
    found = _walk(refuges, homes, at_most_m=5000.0, kph=3.6).sort_values("departure_s")
    near_m, on_m = (4.0 / np.pi * METRES_A_DEGREE * np.cos(np.radians(47.05)) * d for d in (0.002, 0.003))
    assert found["refuge"].fillna("none").tolist() == ["near"] * 7 + ["next"] * 6 + ["none"] * 7
    assert (found["status"].iloc[13:] == "full").all()
    walked_s = (found["in_refuge_s"] - found["departure_s"]).to_numpy()
    assert walked_s[:7] == pytest.approx(near_m, rel=0.01)
    assert walked_s[7:13] == pytest.approx(near_m + on_m, rel=0.01)


def test_who_would_leave_after_the_front_is_at_the_house_stays() -> None:
    homes = make_homes()
    free = _walk([_refuge("S", 9.5, 1000)], homes, at_most_m=20_000.0)
    middle_s = float(free["departure_s"].median())
    caught = _walk([_refuge("S", 9.5, 1000)], homes, middle_s, at_most_m=20_000.0)
    assert (caught["status"] == np.where(free["departure_s"] < middle_s, "in_refuge", "cut_off")).all()
    assert 0 < (caught["status"] == "cut_off").sum() < len(homes)


@pytest.mark.parametrize("seed", range(8))
def test_everybody_is_in_one_state_and_no_refuge_has_more_than_its_room(seed: int) -> None:
    rng = np.random.default_rng(seed)
    homes = make_homes(60)
    refuges = [_refuge(f"R{k}", float(rng.uniform(9.495, 9.515)), int(rng.integers(0, 30))) for k in range(4)]
    found = _walk(
        refuges,
        homes,
        rng.uniform(0.0, 7200.0, len(homes)),
        people_per_household=float(rng.uniform(0.5, 4.0)),
        at_most_m=float(rng.uniform(100.0, 2000.0)),
    )
    counts, places = walker_counts(found), walkers_by_place(found, refuges)
    assert len(found) == len(homes)
    assert sum(counts[f"walk_people_{status}"] for status in STATUSES) == counts["walk_people"] == found["people"].sum()
    assert all(item["taken"] <= item["people"] for item in places["refuges"].values())
    assert sum(item["taken"] for item in places["refuges"].values()) == counts["walk_people_in_refuge"]
    assert sum(sum(zone.values()) for zone in places["zones"].values()) == counts["walk_people"]
    inside = found["status"] == "in_refuge"
    assert (found["refuge"].notna() == inside).all()
    assert (found.loc[inside, "in_refuge_s"] >= found.loc[inside, "departure_s"]).all()
    (text,) = walk_caveats(counts)
    assert text.startswith(f"{counts['walk_people_in_refuge']} of {counts['walk_people']} people")


def test_walking_needs_room_for_people_and_room_for_people_somebody_who_walks() -> None:
    given = {"name": "x", "osm": {"file": "x.osm"}, "households": {"zones": {"file": "z.gpkg", "count": "n"}}}
    refuge = {"name": "S", "at": {"lat": 47.0, "lon": 9.0}, "vehicles": 5}
    for sections in (
        {"walking": {"people_per_household": 2}},
        {"walking": {"people_per_household": 2}, "refuges": [refuge]},
        {"refuges": [{**refuge, "people": 10}]},
    ):
        with pytest.raises(ValidationError, match="'walking' and a refuge with room for 'people' go together"):
            Scenario.model_validate({**given, **sections})
