"""The probability of getting out in time: who is counted as safe in how many members, and with which interval."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import matplotlib as mpl
import pandas as pd
import pytest
import shapely

from evac.measure.exposure import exposed_counts
from evac.report.egress import table
from evac.report.safe_order import draw
from evac.schema.hazard import Hazard
from evac.study.egress import ALL_ZONES, Member, egress, members_of, variants_of


class _Runs:
    """Stands for runs in which a later hazard leaves more safe, and `Hill` never has all of its people out."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def manifests(self, trials: list[Any]) -> list[dict[str, Any]]:
        self.asked += trials
        return [
            {
                "hazard_zones": {
                    "Hill": self._zone(100, 90),
                    "Brook": self._zone(200, 200 if item.pace >= 1.0 else 150),
                }
            }
            for item in trials
        ]

    def _zone(self, planned: int, safe: int) -> dict[str, float]:
        left = planned - safe
        return {"planned": planned, "safe": safe, "exposed": left, "exposed_vehicle_min": 2.0 * left,
                "households_not_out": left}  # fmt: skip


def test_a_zone_gets_out_in_the_members_in_which_the_asked_share_is_safe() -> None:
    members = [Member(k + 1, pace) for k, pace in enumerate([0.8, 0.9, 1.0, 1.1, 1.2, 1.0, 1.0, 1.0, 1.0, 1.0])]
    hill, brook, everybody = egress([_Runs()], members, 0.95)  # type: ignore[list-item]
    assert (hill.zone, brook.zone, everybody.zone) == ("Hill", "Brook", ALL_ZONES)  # the worst first
    assert hill.probability == everybody.probability == 0.0
    assert (brook.safe_members, brook.members, brook.probability) == (8, 10, 0.8)
    assert brook.interval == pytest.approx((0.490, 0.943), abs=0.001)  # Wilson's of 8 of 10
    assert hill.interval == pytest.approx((0.0, 0.278), abs=0.001)
    assert brook.safe_share == pytest.approx((8 + 2 * 0.75) / 10)
    assert brook.least_safe_share == 0.75
    assert brook.households_not_out == (0.0, 50)
    assert everybody.households_not_out == (10.0, 60)
    assert everybody.exposed_vehicle_min == pytest.approx(20.0 + 0.2 * 100.0)
    nine = egress([_Runs()], members, 0.9)  # type: ignore[list-item]
    assert {item.zone: item.probability for item in nine} == {"Hill": 1.0, "Brook": 0.8, ALL_ZONES: 0.8}
    assert list(table(nine)["zone"]) == ["Brook", "Hill", ALL_ZONES]


def test_members_are_drawn_by_their_number_alone() -> None:
    many = members_of(400, 0.3, 3)
    assert members_of(10, 0.3, 3) == many[:10]
    assert len({member.seed for member in many}) == 400
    paces = [member.pace for member in many]
    assert min(paces) >= 0.7
    assert max(paces) <= 1.3
    assert sum(paces) / len(paces) == pytest.approx(1.0, abs=0.03)
    assert [member.raster for member in many[:4]] == [0, 1, 2, 0]


def test_each_member_is_run_with_its_own_raster() -> None:
    runs = [_Runs(), _Runs()]
    members = members_of(5, 0.2, 2)
    egress(runs, members, 0.95)  # type: ignore[arg-type]
    for raster, item in enumerate(runs):
        expected = [(member.seed, member.pace) for member in members if member.raster == raster]
        assert [(trial.seed, trial.pace) for trial in item.asked] == expected


def test_a_hazard_with_several_rasters_is_as_many_hazards() -> None:
    arrival = {"form": "raster", "file": "a.tif", "unit": "minutes", "others": ["b.tif", "c.tif"]}
    hazard = Hazard.model_validate({"name": "Fire", "arrival": arrival})
    found = [item.arrival for item in variants_of(hazard)]
    assert [(str(item.file), item.others) for item in found] == [("a.tif", ()), ("b.tif", ()), ("c.tif", ())]  # type: ignore[union-attr]


def test_the_map_of_the_latest_safe_orders_shows_all_three_endings() -> None:
    shapes = [shapely.box(9.5 + x, 47.0, 9.51 + x, 47.01) for x in (0.0, 0.01, 0.02, 0.03)]
    rows = {"zone": ["A", "B", "C", "D"], "latest_safe_order": ["too late", "found", "no limit", "found"]}
    zones = gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326")
    zones["latest_safe_order_min"] = [None, 40.0, None, 0.0]
    zones["latest_safe_order_min"] = zones["latest_safe_order_min"].astype(float)
    lines = gpd.GeoDataFrame({"zone": [], "minute": []}, geometry=[], crs="EPSG:4326")
    streets = gpd.GeoDataFrame(
        {"name": ["Main"], "highway": ["primary"]}, geometry=[shapely.LineString([(9.5, 47), (9.53, 47)])], crs=4326
    )
    figure = draw(streets, zones, lines)
    said = {text.get_text() for text in figure.axes[0].texts}
    assert {"A: too late", "B: 0:40 h", "C: no limit", "D: at once"} <= said
    filled = [mpl.colors.to_hex(colour) for item in figure.axes[0].collections for colour in item.get_facecolor()]
    assert len(set(filled)) >= 3
    assert pd.notna(zones["latest_safe_order_min"]).sum() == 2


def test_who_turned_round_is_counted_by_zone_and_once() -> None:
    done = pd.DataFrame(
        {
            "vehicle": ["a", "b", "c", "d"],
            "household": [0, 1, 2, 3],
            "zone": ["Hill", "Hill", "Brook", "Brook"],
            "ordered": [True, True, True, False],
            "status": ["evacuated", "driving", "evacuated", "evacuated"],
        }
    )
    exposed = pd.DataFrame({"vehicle": ["b"], "zone": ["Hill"], "edge": ["x"], "minute": [3], "exposed_s": [30.0]})
    counts = exposed_counts(exposed, done, frozenset({"a", "c", "d"}))
    assert counts["turned_round"] == 2  # the one who isn't ordered is traffic
    zones = counts["hazard_zones"]
    assert {zone: item["turned_round"] for zone, item in zones.items()} == {"Hill": 1, "Brook": 1}
    assert zones["Hill"]["households_not_out"] == 1
    assert zones["Hill"]["exposed_vehicle_min"] == 0.5
