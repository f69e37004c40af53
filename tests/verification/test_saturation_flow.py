"""A queue released on one lane discharges as theory says, and the calibrated drivers as their table says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evac.demand import drivers
from evac.demand.discharge import measure_discharge, release_queue

SPEEDS_KPH = (30, 50, 80)
QUEUE_VEH = 100
THEORY_DRIVER = {"sigma": "0", "speedFactor": "1", "speedDev": "0", "tau": "1", "length": "5", "minGap": "2.5"}


def theory_veh_per_h(speed_kph: float) -> float:
    """Pipes: 3600 / (tau + (length + minGap) / v)."""
    return 3600.0 / (1.0 + 7.5 / (speed_kph / 3.6))


@pytest.mark.parametrize("speed_kph", SPEEDS_KPH)
def test_discharge_is_that_of_theory(speed_kph: int, tmp_path: Path) -> None:
    measured = measure_discharge(THEORY_DRIVER, speed_kph, 1, tmp_path, QUEUE_VEH)
    assert measured == pytest.approx(theory_veh_per_h(speed_kph), rel=0.05)


@pytest.mark.parametrize("speed_kph", SPEEDS_KPH)
def test_queue_clears_in_vehicles_over_discharge(speed_kph: int, tmp_path: Path) -> None:
    passings_s = release_queue(THEORY_DRIVER, speed_kph, 1, tmp_path, QUEUE_VEH)
    assert len(passings_s) == QUEUE_VEH
    assert passings_s[-1] == pytest.approx(3600.0 * QUEUE_VEH / theory_veh_per_h(speed_kph), rel=0.05)


@pytest.mark.parametrize("capacity_factor", drivers.CAPACITY_FACTORS)
def test_normal_driver_discharges_the_target(capacity_factor: float, tmp_path: Path) -> None:
    vtype = drivers.vtype_attributes("normal", capacity_factor)
    flows = [measure_discharge(vtype, drivers.REFERENCE_SPEED_KPH, seed, tmp_path) for seed in range(201, 206)]
    assert np.mean(flows) == pytest.approx(drivers.TARGET_VEH_PER_H * capacity_factor, rel=0.03)


@pytest.mark.parametrize("capacity_factor", drivers.CAPACITY_FACTORS)
def test_table_says_the_normal_driver_is_within_two_percent(capacity_factor: float) -> None:
    row = drivers.calibration("normal", capacity_factor)
    discharge = row.discharge_veh_per_h[int(drivers.REFERENCE_SPEED_KPH)]
    assert discharge == pytest.approx(drivers.TARGET_VEH_PER_H * capacity_factor, rel=0.02)
    assert row.tau_s >= drivers.MIN_TAU_S


@pytest.mark.parametrize("profile", ["calm", "aggressive"])
def test_other_profiles_discharge_as_the_table_says(profile: drivers.Profile, tmp_path: Path) -> None:
    flows = [measure_discharge(drivers.vtype_attributes(profile), 40, seed, tmp_path) for seed in range(201, 204)]
    assert np.mean(flows) == pytest.approx(drivers.calibration(profile, 1.0).discharge_veh_per_h[40], rel=0.03)


def test_capacity_that_is_not_calibrated_is_refused() -> None:
    with pytest.raises(ValueError, match=r"capacity factor of 0\.9"):
        drivers.vtype_attributes("normal", 0.9)


def test_speed_factors_have_the_mean_and_spread_of_the_type() -> None:
    drawn = drivers.speed_factors("normal", (np.arange(10_000) + 0.5) / 10_000)
    assert drawn.mean() == pytest.approx(1.0, abs=1e-3)
    assert drawn.std() == pytest.approx(0.1, rel=0.02)
    assert (drawn.min(), drawn.max()) == (pytest.approx(0.7, abs=0.01), pytest.approx(1.3, abs=0.01))
