"""A lone car in smoke and in water drives as fast as the speed that was observed there says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evac.hazards.arrivals import reached_roads
from evac.hazards.effects import under_hazard
from evac.hazards.slowing import share_of_speed_in_smoke
from evac.network import read_net
from evac.overlay import Overlay
from evac.schema.hazard import Hazard
from hazard_files import write_raster
from plan_town import Town, cars, town

NODES = {"a": (0.0, 0.0), "b": (1000.0, 0.0), "c": (2000.0, 0.0), "d": (4000.0, 0.0)}


def _under(place: Town, smoke: str, folder: Path) -> Overlay:
    """Lay smoke over the road, and a fire that is far away."""
    file = folder / "smoke.csv"
    file.write_text("minute,optical_density_per_m\n" + smoke)
    raster = write_raster(folder / "toa.tif", lambda x, _: np.where(x > 3800.0, 600.0 + (4000.0 - x) / 9.0, np.nan))
    settings: dict[str, Any] = {
        "name": "Fire",
        "arrival": {"form": "raster", "file": raster, "unit": "minutes"},
        "smoke": {"form": "series", "file": file},
    }
    hazard = Hazard.model_validate(settings)
    normal, net = place.normally(), read_net(place.network.net_file)
    reached = reached_roads(hazard, place.network, net, place.folder / ".evac", where="scenario.yaml")
    return replace(normal, timetable=under_hazard(normal.timetable, hazard, reached, net))


def _drive_s(place: Town, overlay: Overlay) -> float:
    lone = cars("ab", 1, every_s=1.0, from_s=300.0, length_m=900.0).assign(speed_factor=1.0)
    trips, _ = place.drive(overlay, lone, router="CCH")
    return float((trips["arrived_s"] - trips["entered_s"]).iloc[0])


def test_a_lone_car_takes_longer_by_the_share_of_speed_that_drivers_keep(tmp_path: Path) -> None:
    place = town(tmp_path / "town", NODES, [("a b c d", "Main", 1)], {"East": "cd"})
    limit_mps = read_net(place.network.net_file).getEdge("ab").getSpeed()
    clear_s = _drive_s(place, place.normally())
    way_m = 4000.0 - 20.0
    dawdles_mps = limit_mps - way_m / clear_s  # drivers do, by as much under any limit; and setting off takes time
    for density in (0.05, 0.2):
        share = float(share_of_speed_in_smoke(np.array(density)))
        slow_s = _drive_s(place, _under(place, f"0,{density}\n", tmp_path))
        assert slow_s == pytest.approx(way_m / (share * limit_mps - dawdles_mps), rel=0.02)


def test_smoke_that_lifts_lets_cars_drive_as_before(tmp_path: Path) -> None:
    place = town(tmp_path / "town", NODES, [("a b c d", "Main", 1)], {"East": "cd"})
    clear_s = _drive_s(place, place.normally())
    lifted = _under(place, "0,0.2\n2,0.2\n3,0\n", tmp_path)  # gone before the car leaves, after 5 min
    assert _drive_s(place, lifted) == pytest.approx(clear_s, abs=1.0)
