"""What each kind of action takes: officers, signs, cones and barricades.

Cones by the Manual on Uniform Traffic Control Devices (MUTCD 2009): no further apart than 2.0 feet for each mile an
hour of the speed limit along a lane (0.4 m for each km/h), half of it along a taper (section 6F.63), and a taper of
W S² / 60 feet up to 40 mph, W S above (table 6C-4). How many people a city posts is its own affair: an officer for a
junction, one at either end of reversed lanes, one where drivers are told where to go.
"""

from __future__ import annotations

import math

from evac.plans.action import Resources

_LANE_FT = 12.0
_MPH_A_KPH = 1.0 / 1.609344
_M_A_KPH = 0.4  # between cones along a lane
_LONG_TAPERS_FROM_MPH = 45.0

OFFICER = Resources(officers=1)
TURN_BAN = Resources(signs=1, barricades=1)
DIVERSION = Resources(signs=2)
PHASE = Resources()


def taper_cones(kph: float) -> int:
    """Return how many cones a taper over one lane takes at a speed limit (km/h)."""
    mph = kph * _MPH_A_KPH
    length_ft = _LANE_FT * mph if mph >= _LONG_TAPERS_FROM_MPH else _LANE_FT * mph**2 / 60.0
    return math.ceil(length_ft / mph) + 1


def contraflow(length_m: float, kph: float) -> Resources:
    """Return what reversed lanes take: cones along them and a taper, two barricades where nobody may drive in."""
    cones = math.ceil(length_m / (_M_A_KPH * kph)) + taper_cones(kph)
    return Resources(officers=2, signs=4, cones=cones, barricades=2)


def lane_led(kph: float) -> Resources:
    """Return what it takes to lead a lane: an officer who tells its drivers, and cones that keep them in it."""
    return Resources(officers=1, signs=1, cones=taper_cones(kph))
