"""Drivers as SUMO vehicle types: three profiles, their calibrated headways, and right of way in a queue.

The normal driver is calibrated once, to a discharge of 1,615 veh/h for a lane at 50 km/h (`TARGET_VEH_PER_H`):
the Highway Capacity Manual's base saturation flow of 1,900 pc/h per lane, less the 15 % by which urban evacuations are
reported to stay under routine peaks (TRID 1093433). The parameter that is fitted is the desired time headway `tau`.
Before the fit SUMO's default driver passes about 1,790 veh/h at 50 km/h.

The car-following model's discharge grows with speed, as 3600 / (tau + (length + minGap) / speed) does: the table has it
at 40, 50 and 80 km/h. `benchmarks/calibrate_driver.py` makes the table, a verification test measures it again.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from statistics import NormalDist
from types import MappingProxyType
from typing import Literal

import numpy as np

from evac.clock import HOUR_S
from evac.schema.driving import Traffic
from evac.sumo import CAR_CLASS

Profile = Literal["calm", "normal", "aggressive"]

_BASE_SATURATION_FLOW_VEH_PER_H = 1900.0
"""Passenger cars per hour and lane: Highway Capacity Manual (6th edition, chapter 19), 250,000 people or more."""
_EVACUATION_REDUCTION = 0.15
"""Urban evacuations stay this share under routine peaks (TRID 1093433: 10 % rural, 15 % urban)."""
TARGET_VEH_PER_H = _BASE_SATURATION_FLOW_VEH_PER_H * (1.0 - _EVACUATION_REDUCTION)
"""Queue discharge of a lane that the normal driver is calibrated to, at the reference speed: 1,615 veh/h."""
REFERENCE_SPEED_KPH = 50.0
"""Speed limit at which the discharge is the target: an urban street (31 mph)."""
REFERENCE_SPEED_MPS = REFERENCE_SPEED_KPH / 3.6
_ROOM = ("length", "minGap", "tau")
LESS_CAPACITY, MORE_CAPACITY = 0.85, 1.15
"""Lane capacity is the assumption that nobody measures: every report shows the 90 % clearance at both ends of ± 15 %,
the range of reductions reported for evacuations (TRID 1093433)."""
CAPACITY_FACTORS = (LESS_CAPACITY, 1.0, MORE_CAPACITY)
"""The cases of every report. The highest, 1,857 veh/h, is the routine saturation flow less 2 %."""
PROFILES: tuple[Profile, ...] = ("calm", "normal", "aggressive")
MIN_TAU_S = 1.0
"""SUMO's drivers act once a step of 1 s; with a shorter headway Krauss's model isn't free of collisions."""

_LETS_IN_BELOW_MPS = 5.0
"""A main road slower than this may let others in (18 km/h: stop-and-go)."""
_LETS_IN_SHARE = 0.1
"""Chance per simulated second that it does; chosen by measurement, see `right_of_way_attributes`."""
_IMPATIENT_AFTER_S = 40.0
"""Drivers who wait for a gap accept the smallest after this long (s). Fitted to the Highway Capacity Manual's two-way
stop (7th edition, chapter 20: critical headway 6.2 s, follow-up 3.3 s for a right turn), see `right_of_way_options`."""
_PASSED_AFTER_S = 60.0
"""Drivers find their way around a car that has stood on a junction for this long (s)."""

# Attributes that hold for all profiles. Length and gap: a jam spacing of 7.5 m, within 2 % of the 25 ft of the Highway
# Capacity Manual. Sigma: SUMO's 0.5 makes a platoon of drivers brake at random; with 0.2 the headway is carried by
# `tau`, whose calibrated value then lies in the 1 to 2 s that are observed (Treiber and Kesting, Traffic Flow Dynamics,
# 2013, chapter 11).
_CAR: Mapping[str, str] = MappingProxyType(
    {"vClass": CAR_CLASS, "carFollowModel": "Krauss", "length": "5.0", "sigma": "0.2"}
)
# Normal: SUMO's passenger car. Calm and aggressive move each parameter to an edge of what is reported for drivers
# (accelerations and gaps: Treiber and Kesting, 2013, chapter 11; lane changing: the scales that SUMO documents, 1 being
# its default), to bound the effect of driving style, not to portray a population.
_STYLES: Mapping[Profile, Mapping[str, str]] = MappingProxyType(
    {
        "calm": {
            "accel": "2.0",
            "decel": "4.0",
            "minGap": "3.0",
            "lcSpeedGain": "0.5",
            "lcAssertive": "0.8",
            "lcCooperative": "1.0",
        },
        "normal": {
            "accel": "2.6",
            "decel": "4.5",
            "minGap": "2.5",
            "lcSpeedGain": "1.0",
            "lcAssertive": "1.0",
            "lcCooperative": "1.0",
        },
        "aggressive": {
            "accel": "3.2",
            "decel": "5.0",
            "minGap": "2.0",
            "lcSpeedGain": "2.0",
            "lcAssertive": "1.5",
            "lcCooperative": "0.5",
        },
    }
)
HEADWAY_FROM_NORMAL_S: Mapping[Profile, float] = MappingProxyType({"calm": 0.3, "normal": 0.0, "aggressive": -0.3})
"""What the profile adds to the calibrated headway (s), down to `MIN_TAU_S`."""

# Desired speed over the speed limit: its mean by profile, its spread as SUMO's passenger cars have it, cut off at three
# standard deviations.
SPEED_FACTOR_MEAN: Mapping[Profile, float] = MappingProxyType({"calm": 0.95, "normal": 1.0, "aggressive": 1.1})
_SPEED_FACTOR_SD = 0.1
_SPEED_FACTOR_CUT_SD = 3.0


@dataclass(frozen=True)
class Calibrated:
    """A row of the calibration table.

    Parameters
    ----------
    tau_s
        Desired time headway (s).
    discharge_veh_per_h
        Mean queue discharge of a lane by speed limit (km/h).
    sd_veh_per_h
        Standard deviation of the discharge over seeds, by speed limit (km/h).
    """

    tau_s: float
    discharge_veh_per_h: Mapping[int, float]
    sd_veh_per_h: Mapping[int, float]


def vtype_attributes(profile: Profile, capacity_factor: float = 1.0) -> dict[str, str]:
    """Return the SUMO vehicle type of a profile, calibrated for a capacity factor.

    Parameters
    ----------
    profile
        Driving style.
    capacity_factor
        One of `CAPACITY_FACTORS`: the discharge of a lane, as a multiple of the normal driver's.

    Raises
    ------
    ValueError
        The capacity factor isn't calibrated.
    """
    return {**driver_attributes(profile), "tau": f"{calibration(profile, capacity_factor).tau_s:g}"}


def right_of_way_attributes(traffic: Traffic) -> dict[str, str]:
    """Return the SUMO vehicle type attributes that say how drivers on a minor road join a saturated main road.

    `strict`: they wait for a gap, however long. `courteous`: they accept smaller gaps the longer they wait (SUMO's
    impatience, which grows over `_IMPATIENT_AFTER_S`), and now and then go ahead of a main road that crawls below
    `_LETS_IN_BELOW_MPS`.

    Measured on a grid of 25 priority junctions, 2,000 cars: 95 % are out at 3,590 s with `strict`, at 2,790 s with
    `courteous`; all get out with both, and 4 and 5 cars touch another. Where one queue joins another, one lane each,
    the minor street gets nothing with `strict` or with impatience alone (a queue has no gaps), and 5 % of the flow with
    `courteous`. Drivers who let in everybody (`_LETS_IN_SHARE` 1) give it a third, but also enter junctions that they
    can't leave: on the grid 9 % of the cars then stay in gridlock. So an alternating merge is not a matter of drivers
    here, but of the junction (`network.merges`).
    """
    if traffic.right_of_way == "strict":
        return {"impatience": "off"}
    return {"jmIgnoreFoeSpeed": f"{_LETS_IN_BELOW_MPS:g}", "jmIgnoreFoeProb": f"{_LETS_IN_SHARE:g}"}


def right_of_way_options(traffic: Traffic) -> list[str]:
    """Return the options of `sumo` that go with `right_of_way_attributes`.

    `courteous` drivers get past a car that has stood on a junction for `_PASSED_AFTER_S`; SUMO's default is to wait for
    it for ever. Without it the joined junctions of real maps lock for good: in Balzers, 3,000 cars, 30 of them never
    got out; with 60, 30 or 10 s all did, with the same 95 % clearance time, and 0, 0 and 1 cars touched another.

    Impatience: into main roads with 300, 600, 900 and 1,200 veh/h the Highway Capacity Manual lets 744, 505, 340 and
    228 turn right in an hour. SUMO's default (180 s) lets 590, 346, 204 and 140, none at all (`off`) 922, 588, 368 and
    218, 60 s 712, 454, 290 and 192, 30 s 822, 530, 346 and 232; 40 s is between.
    """
    if traffic.right_of_way == "strict":
        return []
    return [
        *("--ignore-junction-blocker", f"{_PASSED_AFTER_S:g}"),
        *("--time-to-impatience", f"{_IMPATIENT_AFTER_S:g}"),
    ]


def driver_attributes(profile: Profile) -> dict[str, str]:
    """Return the SUMO vehicle type of a profile but for `tau`."""
    mean = SPEED_FACTOR_MEAN[profile]
    low, high = (mean + side * _SPEED_FACTOR_CUT_SD * _SPEED_FACTOR_SD for side in (-1.0, 1.0))
    return {**_CAR, **_STYLES[profile], "speedFactor": f"normc({mean:.2f},{_SPEED_FACTOR_SD:.2f},{low:.2f},{high:.2f})"}


def speed_factors(profile: Profile, numbers: np.ndarray) -> np.ndarray:
    """Return desired speed over the speed limit for uniform numbers in (0, 1), by the profile's distribution.

    Each vehicle's factor is written with its trip: SUMO's own draw would depend on who departs before it.
    """
    normal = NormalDist()  # the standard library's: scipy's takes most of a second to load
    least, most = normal.cdf(-_SPEED_FACTOR_CUT_SD), normal.cdf(_SPEED_FACTOR_CUT_SD)
    drawn = [normal.inv_cdf(share) for share in (least + numbers * (most - least)).tolist()]
    return np.asarray(SPEED_FACTOR_MEAN[profile] + _SPEED_FACTOR_SD * np.asarray(drawn, dtype=float))


def calibration(profile: Profile, capacity_factor: float) -> Calibrated:
    """Return the calibration table's row.

    Raises
    ------
    ValueError
        The capacity factor isn't calibrated.
    """
    row = _table().get((profile, capacity_factor))
    if row is None:
        raise ValueError(f"no driver is calibrated for a capacity factor of {capacity_factor:g}: {CAPACITY_FACTORS}")
    return row


def discharge_headway_s(profile: Profile, capacity_factor: float = 1.0) -> float:
    """Return the seconds between two cars of a queue that discharges on one lane at the reference speed."""
    return HOUR_S / calibration(profile, capacity_factor).discharge_veh_per_h[int(REFERENCE_SPEED_KPH)]


def packet_attributes(profile: Profile, cars: int, capacity_factor: float = 1.0) -> dict[str, float]:
    """Return `length`, `minGap` (m) and `tau` (s) of a packet of cars in the mesoscopic model; of a car for one.

    A packet has the room that its cars take in a queue that moves, not in one that stands: the model fills a queue up
    whatever it passes. How dense a queue is depends on its flow (Newell, A simplified car-following theory, 2002: each
    car needs its standing room, and its reaction time at the queue's speed); here it is one that passes half of what a
    lane can, as where two full lanes become one. At the reference speed packets discharge as the cars would.
    """
    car = {name: float(value) for name, value in vtype_attributes(profile, capacity_factor).items() if name in _ROOM}
    if cars == 1:
        return car
    standing_m, headway_s = car["length"] + car["minGap"], discharge_headway_s(profile, capacity_factor)
    reacts_s = headway_s - standing_m / REFERENCE_SPEED_MPS
    room_m = standing_m * 2.0 * headway_s / (2.0 * headway_s - reacts_s)
    tau_s = car["tau"] * (headway_s - room_m / REFERENCE_SPEED_MPS) / reacts_s
    return {"length": (room_m - car["minGap"]) * cars, "minGap": car["minGap"] * cars, "tau": tau_s * cars}


@cache
def _table() -> Mapping[tuple[str, float], Calibrated]:
    with files("evac.demand").joinpath("driver_calibration.csv").open(encoding="utf-8") as text:
        return {(row["profile"], float(row["capacity_factor"])): _calibrated(row) for row in csv.DictReader(text)}


def _calibrated(row: Mapping[str, str]) -> Calibrated:
    speeds = sorted(int(column.split("_")[1]) for column in row if column.startswith("discharge_"))
    return Calibrated(
        tau_s=float(row["tau_s"]),
        discharge_veh_per_h={speed: float(row[f"discharge_{speed}_kph_veh_per_h"]) for speed in speeds},
        sd_veh_per_h={speed: float(row[f"sd_{speed}_kph_veh_per_h"]) for speed in speeds},
    )
