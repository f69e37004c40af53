"""A fire that is turned about where it begins, as if the wind blew from elsewhere: against geometry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from pydantic import ValidationError
from pyproj import Transformer

from evac.hazards.arrivals import front_of, haze_of
from evac.hazards.turned import TurnedFront
from evac.plans.model import Plan
from evac.plans.reading import LoadedPlan
from evac.schema.hazard import Hazard
from evac.study.variants import stresses
from hazard_files import CRS, EAST_M, NORTH_M, write_features, write_raster

ORIGIN = (2000.0, 2000.0)
KINDS = ("raster", "perimeters", "points")


def _hazard(folder: Path, form: str, turned_deg: float, **others: Any) -> Hazard:
    """A fire that begins at the origin and runs north, a kilometre in forty minutes, in a stripe 400 m wide."""
    x0, y0 = ORIGIN
    if form == "raster":

        def north(x: np.ndarray, y: np.ndarray) -> np.ndarray:
            away = np.hypot(x - x0, y - y0) / 25.0
            return np.where((np.abs(x - x0) < 200.0) & (y > y0 - 10.0), 30.0 + away, np.nan)

        arrival = {"form": form, "file": write_raster(folder / "toa.tif", north), "unit": "minutes"}
    elif form == "perimeters":
        boxes = [shapely.box(x0 - 200.0, y0 - d, x0 + 200.0, y0 + d) for d in (10.0,)]
        boxes.append(shapely.box(x0 - 200.0, y0 - 10.0, x0 + 200.0, y0 + 1500.0))
        file = write_features(folder / "p.geojson", boxes, minute=[30.0, 90.0])
        arrival = {"form": form, "file": file, "time": "minute", "written": "minutes", "between": "later"}
    else:
        shapes = [shapely.Point(x0, y0 + d) for d in (0.0, 500.0, 1000.0)]
        file = write_features(folder / "r.geojson", shapes, minute=[30.0, 50.0, 70.0])
        arrival = {"form": form, "file": file, "time": "minute", "written": "minutes", "reach_m": 300.0}
    return Hazard.model_validate({"name": "Fire", "arrival": arrival, "turned_deg": turned_deg, **others})


def _at_min(hazard: Hazard, east_m: float, north_m: float) -> float:
    x, y = EAST_M + ORIGIN[0] + east_m, NORTH_M + ORIGIN[1] + north_m
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)
    return float(front_of(hazard).at_s(np.array([lon]), np.array([lat]))[0]) / 60.0


@pytest.mark.parametrize("form", KINDS)
def test_what_ran_north_runs_where_it_is_turned_to(tmp_path: Path, form: str) -> None:
    north = _at_min(_hazard(tmp_path, form, 0.0), 0.0, 1000.0)
    assert np.isfinite(north)
    for turned_deg in (0.0, 45.0, -45.0, 90.0):
        hazard = _hazard(tmp_path, form, turned_deg)
        bearing = np.radians(turned_deg)
        there = _at_min(hazard, 1000.0 * np.sin(bearing), 1000.0 * np.cos(bearing))
        assert there == pytest.approx(north, abs=2.0)  # a cell or two, and the town's north isn't the grid's
        opposite = _at_min(hazard, -1000.0 * np.sin(bearing), -1000.0 * np.cos(bearing))
        assert np.isinf(opposite)
        if isinstance(front := front_of(hazard), TurnedFront):
            lon, lat = front.begins
            assert front.at_s(np.array([lon]), np.array([lat])) / 60.0 == pytest.approx(30.0, abs=1.0)


def test_the_smoke_lies_downwind_of_the_fire_as_it_is_turned(tmp_path: Path) -> None:
    smoke = {"form": "downwind", "wind": [{"blows_from_deg": 350}, {"from_min": 60, "blows_from_deg": 0}]}
    hazard = _hazard(tmp_path, "raster", 45.0, smoke=smoke)
    haze = haze_of(hazard, front_of(hazard), 3600.0)
    assert haze is not None
    assert [wind.blows_from_deg for wind in haze.settings.wind] == [35.0, 45.0]  # type: ignore[attr-defined]


def test_a_flood_isnt_turned(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="no wind turns a flood"):
        _hazard(tmp_path, "perimeters", 45.0, kind="flood")


def test_the_stress_test_lets_the_hazard_come_sooner_and_a_fire_from_elsewhere(tmp_path: Path) -> None:
    plan = LoadedPlan("final", Plan(name="Final"), ())
    fire = _hazard(tmp_path, "points", 0.0)
    found = {item.failure: item.coming for item in stresses(plan, (), fire)}
    assert [(it.pace, it.turned_deg) for it in found.values()] == [(0.7, 0.0), (1.0, 45.0), (1.0, -45.0)]
    assert len({item.plan.key for item in stresses(plan, (), fire)} | {plan.key}) == 4
    assert any("the wind turns 45\N{DEGREE SIGN} clockwise" in failure for failure in found)
    flood = stresses(plan, (), fire.model_copy(update={"kind": "flood"}))
    assert [item.coming.pace for item in flood] == [0.7]
    assert stresses(plan, ()) == []
