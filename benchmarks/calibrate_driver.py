"""Calibrate the drivers once and write the table that the package carries (some five minutes on two cores).

    python benchmarks/calibrate_driver.py

The headway `tau` of the normal driver is fitted for each capacity factor, so that the queue discharge of one lane at
the reference speed is the target times the factor. Then every profile is measured, with other seeds than those of the
fit, at three speeds. The table is frozen: run this again only when SUMO or the drivers' parameters change, and say so.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import numpy as np

from evac.demand import drivers
from evac.demand.discharge import measure_discharge

TABLE = Path(__file__).parents[1] / "pipeline" / "evac" / "data" / "driver_calibration.csv"
SPEEDS_KPH = (40, 50, 80)
FIT_SEEDS = range(1, 11)
CHECK_SEEDS = range(101, 111)
FIT_ROUNDS = 4
FIRST_TAU_S = 1.4


def fit_tau(capacity_factor: float, folder: Path) -> float:
    """Return the normal driver's headway (s, to the hundredth) for a capacity factor.

    The mean headway at the stop line grows with `tau`, nearly one for one, so what is missing is added each round.
    """
    wanted_s = 3600.0 / (drivers.TARGET_VEH_PER_H * capacity_factor)
    tau_s = FIRST_TAU_S
    for _ in range(FIT_ROUNDS):
        flows = discharges("normal", tau_s, drivers.REFERENCE_SPEED_KPH, FIT_SEEDS, folder)
        tau_s = max(drivers.MIN_TAU_S, tau_s + wanted_s - 3600.0 / float(np.mean(flows)))
    return round(tau_s, 2)


def discharges(profile: drivers.Profile, tau_s: float, speed_kph: float, seeds: range, folder: Path) -> list[float]:
    """Return the queue discharge (veh/h) for each seed."""
    vtype = {**drivers.driver_attributes(profile), "tau": f"{tau_s:g}"}
    return [measure_discharge(vtype, speed_kph, seed, folder) for seed in seeds]


def measure_row(profile: drivers.Profile, capacity_factor: float, tau_s: float, folder: Path) -> dict[str, str]:
    """Return a row of the table: the profile's headway, and its discharge at each speed."""
    row = {"profile": profile, "capacity_factor": f"{capacity_factor:g}", "tau_s": f"{tau_s:g}"}
    for speed_kph in SPEEDS_KPH:
        flows = discharges(profile, tau_s, speed_kph, CHECK_SEEDS, folder)
        row[f"discharge_{speed_kph}_kph_veh_per_h"] = f"{np.mean(flows):.0f}"
        row[f"sd_{speed_kph}_kph_veh_per_h"] = f"{np.std(flows, ddof=1):.0f}"
    return row


def main() -> None:
    """Fit, measure, write the table."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for capacity_factor in drivers.CAPACITY_FACTORS:
            normal_s = fit_tau(capacity_factor, Path(name))
            for profile in drivers.PROFILES:
                tau_s = round(max(drivers.MIN_TAU_S, normal_s + drivers.HEADWAY_FROM_NORMAL_S[profile]), 2)
                rows.append(measure_row(profile, capacity_factor, tau_s, Path(name)))
                print(rows[-1], flush=True)
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
