"""Departures of a whole town follow the curve that the scenario names."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evac.demand.departures import ACTIVITIES, cdf, draw_minutes
from evac.demand.draws import uniform
from evac.schema.demand import Departure

VEHICLES = 20_000
KOLMOGOROV_1_PERCENT = 1.63 / np.sqrt(VEHICLES)
CURVES = [
    {"form": "rayleigh", "p90_min": 60},
    {"form": "gamma", "mean_min": 180, "sd_min": 60},
    {"form": "logistic", "median_min": 40, "p90_min": 80},
    {
        "form": "activities",
        "notified": {"form": "rayleigh", "p90_min": 20},
        "prepared": {"form": "lognormal", "median_min": 20, "p90_min": 60},
        "left": {"form": "uniform", "until_min": 10},
    },
]


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve["form"])
def test_drawn_departures_follow_the_curve(curve: dict[str, object]) -> None:
    departure = Departure.model_validate({"name": "curve", "curve": curve})
    numbers = {name: uniform(1, name, map(str, range(VEHICLES))) for name in ACTIVITIES}
    drawn = draw_minutes(departure, numbers)
    assert stats.kstest(drawn, lambda minutes: cdf(departure, minutes)).statistic < KOLMOGOROV_1_PERCENT


def test_activities_have_the_mean_and_variance_of_a_sum() -> None:
    departure = Departure.model_validate({"name": "curve", "curve": CURVES[-1]})
    minutes = np.linspace(0, 2_000, 200_001)
    left = cdf(departure, minutes)
    middle = (minutes[1:] + minutes[:-1]) / 2
    mean = float(np.sum(middle * np.diff(left)))
    variance = float(np.sum((middle - mean) ** 2 * np.diff(left)))
    parts = (
        stats.rayleigh(scale=20 / np.sqrt(2 * np.log(10))),
        stats.lognorm(np.log(3) / stats.norm.ppf(0.9), scale=20),
        stats.uniform(0, 10),
    )
    assert mean == pytest.approx(sum(part.mean() for part in parts), rel=2e-3)
    assert variance == pytest.approx(sum(part.var() for part in parts), rel=0.03)
