"""Kilometres or miles: what a report shows. Files keep SI units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from evac import clock
from evac.report.words import say

_M_PER_MILE = 1609.344
"""International mile (NIST SP 811, appendix B.8)."""
_M_PER_FOOT = 0.3048


@dataclass(frozen=True)
class Units:
    """Speeds, densities and lengths for people.

    Parameters
    ----------
    system
        `km` or `miles`.
    """

    system: Literal["km", "miles"] = "km"

    @property
    def is_metric(self) -> bool:
        """Whether lengths are in kilometres."""
        return self.system == "km"

    @property
    def speed_name(self) -> str:
        """The unit of speed."""
        return "km/h" if self.is_metric else "mph"

    @property
    def density_name(self) -> str:
        """The unit of density."""
        return say("vehicles per km") if self.is_metric else say("vehicles per mile")

    @property
    def speed_factor(self) -> float:
        """What a speed in m/s is multiplied with."""
        return clock.HOUR_S / (1000 if self.is_metric else _M_PER_MILE)

    @property
    def density_factor(self) -> float:
        """What a density in vehicles per km is multiplied with."""
        return 1.0 if self.is_metric else _M_PER_MILE / 1000

    def length(self, metres: float) -> str:
        """Return a length in words: `250 m`, `1.2 km`; `800 ft`, `0.7 mi`."""
        if self.is_metric:
            return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"  # noqa: PLR2004 - m in a km
        miles = metres / _M_PER_MILE
        return f"{metres / _M_PER_FOOT:.0f} ft" if miles < 0.2 else f"{miles:.1f} mi"  # noqa: PLR2004 - as road signs do

    def round_length(self, wanted_m: float) -> tuple[float, str]:
        """Return a round length that isn't longer than `wanted_m` (m), and what it is called: for a scale bar."""
        unit_m, name = (1000.0, "km") if self.is_metric else (_M_PER_MILE, "mi")
        if wanted_m < unit_m:
            unit_m, name = (1.0, "m") if self.is_metric else (_M_PER_FOOT, "ft")
        power = 10.0 ** math.floor(math.log10(wanted_m / unit_m))
        number = max(step * power for step in (1, 2, 5) if step * power * unit_m <= wanted_m)
        return number * unit_m, f"{number:g} {name}"
