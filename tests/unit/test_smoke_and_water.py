"""Smoke and water on roads: how dense, how deep, how slow, against what is known by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pydantic import ValidationError

from evac.errors import DataError
from evac.hazards.arrivals import Reached, front_of, reached_roads
from evac.hazards.effects import under_hazard
from evac.hazards.fronts import Arrivals
from evac.hazards.roads import points_along
from evac.hazards.slowing import STEP_S, fording_kph, share_of_speed_in_smoke
from evac.hazards.smoke import SmokeBehindFire, optical_density
from evac.network import read_net
from evac.plans.timetable import Limit, Timetable, at
from evac.schema.hazard import Hazard
from evac.schema.smoke import SmokeDownwind
from hazard_files import write_features, write_raster
from plan_town import Town, town

# A road of three pieces eastwards from x = 0, at 50 km/h.
NODES = {"a": (0.0, 0.0), "b": (1000.0, 0.0), "c": (2000.0, 0.0), "d": (3000.0, 0.0)}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return town(tmp_path_factory.mktemp("town"), NODES, [("a b c d", "Main", 1)], {"East": "cd"})


def _reached(place: Town, **settings: Any) -> Reached:
    hazard = Hazard.model_validate({"name": "Hazard", **settings})
    net = read_net(place.network.net_file)
    return reached_roads(hazard, place.network, net, place.folder / ".evac", where="scenario.yaml")


def _fire_in_the_east(folder: Path) -> dict[str, Any]:
    """A front that comes from the east and is at x = 2,500 after 100 minutes; it stops there."""
    file = write_raster(folder / "toa.tif", lambda x, _: np.where(x > 2500.0, 100.0 - (x - 2500.0) / 25.0, np.nan))
    return {"form": "raster", "file": file, "unit": "minutes"}


def _write(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def test_drivers_keep_the_share_of_their_speed_that_was_observed_in_smoke() -> None:
    density = np.linspace(0.0, 0.2, 50)
    share = share_of_speed_in_smoke(density)
    assert share[0] == 1.0
    assert (np.diff(share) < 0.0).all()
    assert share_of_speed_in_smoke(np.array([0.1, 0.2])) == pytest.approx([0.46518, 0.30954], abs=1e-5)
    assert share_of_speed_in_smoke(np.array([3.0])) == share[-1]  # denser smoke was not driven in


def test_extinction_is_to_the_base_e_and_optical_density_to_the_base_10() -> None:
    extinction = np.array([0.3])
    assert math.exp(-extinction[0] * 7.0) == pytest.approx(10.0 ** (-optical_density(extinction)[0] * 7.0))


def test_cars_keep_control_in_standing_water_at_the_published_speeds() -> None:
    expected = [math.inf, 86.9448 - 0.5529 * 100 + 9.0, 86.9448 - 0.5529 * 200 + 36.0]
    assert fording_kph(np.array([0.0, 0.1, 0.2])).tolist() == pytest.approx(expected)
    assert fording_kph(np.array([0.3, 0.4])).max() < 2.5


@pytest.mark.parametrize("column", ["optical_density_per_m", "extinction_per_m"])
def test_a_series_of_smoke_slows_all_roads_by_its_density_then(place: Town, tmp_path: Path, column: str) -> None:
    value = 0.1 if column.startswith("optical") else 0.1 * math.log(10.0)
    file = _write(tmp_path / "smoke.csv", f"minute,{column}\n0,0\n20,{value}\n60,{value}\n80,0\n")
    reached = _reached(place, arrival=_fire_in_the_east(tmp_path), smoke={"form": "series", "file": file})
    slowed = reached.slowed
    net = read_net(place.network.net_file)
    assert set(slowed["edge"]) == {edge.getID() for edge in net.getEdges()}
    ab = slowed[slowed["edge"] == "ab"]
    own_kph = 3.6 * net.getEdge("ab").getSpeed()
    held = ab[(ab["from_s"] <= 1200.0) & (ab["until_s"] >= 3600.0)]
    assert held["speed_kph"].tolist() == [round(2.0 * own_kph * 0.46518) / 2.0]
    for row in ab.itertuples():
        middle_min = (row.from_s + STEP_S / 2.0) / 60.0
        density = np.interp(middle_min, [0.0, 20.0, 60.0, 80.0], [0.0, 0.1, 0.1, 0.0])
        assert row.speed_kph == pytest.approx(own_kph * share_of_speed_in_smoke(density), abs=0.25)
    assert ab["until_s"].max() <= 80.0 * 60.0 + STEP_S  # and is gone afterwards


def test_smoke_in_an_area_slows_only_its_roads(place: Town, tmp_path: Path) -> None:
    area = write_features(tmp_path / "area.geojson", [shapely.box(1200.0, -100.0, 1800.0, 100.0)])
    file = _write(tmp_path / "smoke.csv", "minute,optical_density_per_m\n0,0.2\n")
    smoke = {"form": "series", "file": file, "area": area}
    slowed = _reached(place, arrival=_fire_in_the_east(tmp_path), smoke=smoke).slowed
    assert set(slowed["edge"]) == {"bc", "cb"}
    assert slowed["until_s"].isna().all()


class _Front:
    """A front from the west: at x metres east of longitude 9 after x / 10 s."""

    spacing_m = 100.0

    def arrivals(self, lon: np.ndarray, lat: np.ndarray, within_m: float) -> Arrivals:
        del within_m
        east_m = (lon - 9.0) * 111_320.0 * np.cos(np.radians(lat))
        time_s = np.where(east_m >= 0.0, east_m / 10.0, np.inf)
        return Arrivals(time_s, np.zeros(len(lon), dtype=bool))

    def at_s(self, lon: np.ndarray, lat: np.ndarray, within_m: float = 0.0) -> np.ndarray:
        return self.arrivals(lon, lat, within_m).time_s


def _densities(times_s: list[float], east_m: list[float], **settings: Any) -> np.ndarray:
    rule = {"form": "downwind", "wind": [{"blows_from_deg": 270}], "optical_density_per_m": 0.1, "reach_m": 1000.0}
    haze = SmokeBehindFire(SmokeDownwind.model_validate({**rule, **settings}), _Front(), 0.0)
    lon = 9.0 + np.array(east_m) / (111_320.0 * math.cos(math.radians(47.0)))
    return haze.densities(lon, np.full(len(east_m), 47.0), np.array(times_s))


def test_smoke_lies_downwind_of_the_front_and_thins_out_with_the_distance() -> None:
    ahead_m = np.array([0.0, 200.0, 500.0, 900.0, 1100.0])
    (density,) = _densities([100.0], (1000.0 + ahead_m).tolist(), spread_deg=0.0)  # the front is at x = 1,000
    step_m = 1000.0 / 24.0
    assert density == pytest.approx(np.maximum(0.1 * (1.0 - ahead_m / 1000.0), 0.0), abs=0.1 * step_m / 1000.0)
    (other,) = _densities([100.0], [990.0, *(1010.0 + ahead_m)], wind=[{"blows_from_deg": 90}])
    assert other[0] == pytest.approx(0.1)
    assert (other[1:] == 0.0).all()  # upwind of the fire the air is clear


def test_smoke_turns_with_the_wind_and_ends_with_the_fire() -> None:
    wind = [{"blows_from_deg": 270}, {"from_min": 3, "blows_from_deg": 90}]
    before, after = _densities([170.0, 190.0], [2100.0], wind=wind)
    assert before[0] > 0.0 == after[0]
    out = _densities([59.0, 400.0, 5000.0], [500.0], burns_min=60.0)
    assert out[0, 0] > 0.0
    assert out[1, 0] == pytest.approx(0.1)  # it burns here
    assert out[2, 0] == 0.0


def _gauge(folder: Path, rows: str = "0,1.0\n100,2.0\n200,2.0\n") -> dict[str, Any]:
    file = _write(folder / "gauge.csv", "minute,level_m\n" + rows)
    low = write_features(folder / "low.geojson", [shapely.box(1200.0, -100.0, 1800.0, 100.0)], floods_at_m=[1.5])
    return {"form": "gauge", "file": file, "areas": low}


def test_a_gauge_closes_low_roads_when_they_are_30_cm_under_water_and_slows_them_before(
    place: Town, tmp_path: Path
) -> None:
    """The level rises by 1 cm a minute, so the road floods at 50 min and is 30 cm under at 80 min."""
    reached = _reached(place, kind="flood", arrival=_gauge(tmp_path))
    assert reached.arrival_s == {"bc": pytest.approx(80.0 * 60.0), "cb": pytest.approx(80.0 * 60.0)}
    assert reached.roads["guessed"].all()
    own_kph = 3.6 * read_net(place.network.net_file).getEdge("bc").getSpeed()
    bc = reached.slowed[reached.slowed["edge"] == "bc"]
    for row in bc.itertuples():
        depth_m = ((row.from_s + STEP_S / 2.0) / 60.0 - 50.0) / 100.0
        assert row.speed_kph == pytest.approx(min(float(fording_kph(np.array(depth_m))), own_kph), abs=0.51)
        assert row.from_s >= 50.0 * 60.0
    assert bc["speed_kph"].is_monotonic_decreasing


def _depths(folder: Path, unit: str | None = "metres", scale: float = 1.0, **settings: Any) -> dict[str, Any]:
    """Water over x from 1,200 to 1,800: dry until 60 min, then half a metre more every hour."""

    def deep(minute: float) -> dict[str, Any]:
        def metres(x: np.ndarray, _: np.ndarray) -> np.ndarray:
            wet = (x > 1200.0) & (x < 1800.0)
            return np.where(wet, scale * (minute - 60.0) / 120.0, np.nan) if minute > 60.0 else np.full(x.shape, np.nan)

        return {"file": write_raster(folder / f"depth_{minute:.0f}.tif", metres), "minute": minute}

    return {"form": "depths", "files": [deep(60.0), deep(120.0)], "unit": unit, **settings}


def test_rasters_of_depths_close_and_slow_the_roads_under_water(place: Town, tmp_path: Path) -> None:
    reached = _reached(place, kind="flood", arrival=_depths(tmp_path))
    assert reached.arrival_s == {"bc": pytest.approx((60 + 36) * 60.0), "cb": pytest.approx((60 + 36) * 60.0)}
    assert set(reached.slowed["edge"]) == {"bc", "cb"}
    shallow = _reached(place, kind="flood", arrival=_depths(tmp_path, impassable_m=0.1))
    assert shallow.arrival_s["bc"] == pytest.approx((60 + 12) * 60.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"unit": "millimetres"}, "in millimetres half of its wet cells would be shallower than 0.0005 m"),
        ({"scale": 1000.0}, "in metres half of its wet cells would be deeper than 5e"),
        ({"scale": -1.0}, "has the depth -0.5: if that stands for dry land, it isn't declared as NODATA"),
        ({"unit": None}, "doesn't say the unit of its depths"),
        ({"crs": "EPSG:2056"}, "has the reference system"),
    ],
)
def test_depths_that_no_flood_has_are_refused(
    place: Town, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        _reached(place, kind="flood", arrival=_depths(tmp_path, **settings))


def test_depths_out_of_order_are_refused(tmp_path: Path) -> None:
    arrival = _depths(tmp_path)
    arrival["files"] = arrival["files"][::-1]
    with pytest.raises(ValidationError, match="'files' has minute 60 after minute 120"):
        Hazard.model_validate({"name": "Flood", "arrival": arrival})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("minute,density\n0,0.1\n", "has the columns minute, density"),
        ("minute,optical_density_per_m\n0,0.1\n0,0.2\n", "has minute 0 after minute 0"),
        ("minute,optical_density_per_m\n0,-0.1\n", "has no usable number in row 1"),
        ("minute,optical_density_per_m\n0,lots\n", "has no usable number in row 1"),
        ("minute,optical_density_per_m\n0,40\n", "smoke isn't so dense"),
        ("", "can't be read as a table"),
    ],
)
def test_a_series_that_is_none_is_refused(place: Town, tmp_path: Path, text: str, message: str) -> None:
    smoke = {"form": "series", "file": _write(tmp_path / "smoke.csv", text)}
    with pytest.raises(DataError, match=message):
        _reached(place, arrival=_fire_in_the_east(tmp_path), smoke=smoke)


def test_a_gauge_s_areas_have_levels(place: Town, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no column 'at'"):
        _reached(place, kind="flood", arrival={**_gauge(tmp_path), "floods_at": "at"})


def test_a_wind_is_given_from_the_order_on() -> None:
    with pytest.raises(ValidationError, match="'wind' begins with 'from_min: 0'"):
        SmokeDownwind.model_validate({"form": "downwind", "wind": [{"from_min": 5, "blows_from_deg": 0}]})


def test_smoke_and_a_plan_s_speed_limit_make_one_timetable_and_the_lower_one_holds(place: Town, tmp_path: Path) -> None:
    file = _write(tmp_path / "smoke.csv", "minute,optical_density_per_m\n0,0\n60,0.2\n")
    settings = {"name": "Fire", "arrival": _fire_in_the_east(tmp_path), "smoke": {"form": "series", "file": file}}
    plan = Timetable(limits=(Limit("30 km/h", 600.0, 5400.0, ("ab_0",), 30 / 3.6),))
    net = read_net(place.network.net_file)
    hazard = Hazard.model_validate(settings)
    joined = under_hazard(plan, hazard, _reached(place, **settings), net).states().limits["ab_0"]
    assert at(joined, 0.0) is None
    assert at(joined, 900.0) == pytest.approx(30 / 3.6)  # the smoke is thin
    assert at(joined, 5000.0) == pytest.approx(round(2.0 * 50.004 * 0.30954) / 2.0 / 3.6)
    assert front_of(hazard).arrivals(*_somewhere(place), 0.0).time_s.min() < np.inf


def _somewhere(place: Town) -> tuple[np.ndarray, np.ndarray]:
    points = points_along(read_net(place.network.net_file), 100.0)
    return points.lon, points.lat
