from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from evac.demand.departures import ACTIVITIES, cdf, describe, draw_minutes, left_by
from evac.errors import DataError
from evac.schema.demand import Departure

RAYLEIGH = {"form": "rayleigh", "p90_min": 60}
CURVES = [
    RAYLEIGH,
    {"form": "gamma", "mean_min": 60, "sd_min": 30},
    {"form": "lognormal", "median_min": 30, "p90_min": 90},
    {"form": "weibull", "scale_min": 40, "shape": 1.5},
    {"form": "logistic", "median_min": 30, "p90_min": 60},
    {"form": "logistic", "median_min": 30, "p90_min": 98},
    {"form": "uniform", "from_min": 10, "until_min": 50},
    {"form": "activities", "notified": RAYLEIGH, "prepared": RAYLEIGH, "left": {"form": "all_at_once", "at_min": 5}},
]


def departure(**curve: object) -> Departure:
    return Departure.model_validate({"name": "curve", "curve": curve})


def measured(folder: Path, text: str) -> Departure:
    (folder / "curve.csv").write_text(text)
    return departure(form="measured", file=folder / "curve.csv")


def described(departure: Departure) -> str:
    return describe(departure).replace("\u00a0", " ")


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve["form"])
def test_percentiles_invert_the_curve(curve: dict[str, object]) -> None:
    given = departure(**curve)
    for share in (0.05, 0.5, 0.9, 0.99):
        assert cdf(given, np.array([left_by(given, share)]))[0] == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve["form"])
def test_nobody_leaves_before_the_order(curve: dict[str, object]) -> None:
    assert left_by(departure(**curve), 1e-9) >= 0.0
    assert cdf(departure(**curve), np.array([-1.0]))[0] == 0.0


@pytest.mark.parametrize(
    ("curve", "share", "minutes"),
    [
        (RAYLEIGH, 0.9, 60.0),
        ({"form": "lognormal", "median_min": 30, "p90_min": 90}, 0.5, 30.0),
        ({"form": "lognormal", "median_min": 30, "p90_min": 90}, 0.9, 90.0),
        ({"form": "logistic", "median_min": 30, "p90_min": 60}, 0.5, 30.0),
        ({"form": "logistic", "median_min": 30, "p90_min": 60}, 0.9, 60.0),
        ({"form": "weibull", "scale_min": 40, "shape": 1.5}, 1 - np.exp(-1), 40.0),
        ({"form": "uniform", "from_min": 10, "until_min": 50}, 0.25, 20.0),
        ({"form": "all_at_once", "at_min": 7}, 0.3, 7.0),
    ],
)
def test_parameters_mean_what_they_say(curve: dict[str, object], share: float, minutes: float) -> None:
    assert left_by(departure(**curve), share) == pytest.approx(minutes)


def test_gamma_has_the_given_mean_and_spread() -> None:
    numbers = (np.arange(200_000) + 0.5) / 200_000
    drawn = draw_minutes(departure(form="gamma", mean_min=60, sd_min=30), {"left": numbers})
    assert drawn.mean() == pytest.approx(60, rel=1e-3)
    assert drawn.std() == pytest.approx(30, rel=1e-2)


def test_logistic_with_a_tail_it_cannot_have_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"1\.01 to 3\.3 times"):
        departure(form="logistic", median_min=30, p90_min=120)


def test_all_at_once_is_a_step() -> None:
    at_once = departure(form="all_at_once", at_min=7)
    assert cdf(at_once, np.array([6.9, 7.0])).tolist() == [0.0, 1.0]
    assert described(at_once) == "All at once, 7 min after the order"


def test_description_gives_percentiles() -> None:
    assert described(departure(**RAYLEIGH)) == "Rayleigh: half have left by 0:33 h, 90 % by 1:00 h, 99 % by 1:25 h"


def test_activities_add_up_for_each_vehicle() -> None:
    given = departure(
        form="activities",
        notified={"form": "uniform", "until_min": 10},
        prepared={"form": "uniform", "until_min": 20},
        left={"form": "all_at_once", "at_min": 5},
    )
    numbers = {name: np.array([0.5, 0.1]) for name in ACTIVITIES}
    assert draw_minutes(given, numbers).tolist() == pytest.approx([20.0, 8.0])


def test_measured_curve_is_followed(tmp_path: Path) -> None:
    given = measured(tmp_path, "minute,left\n0,0\n10,0.5\n20,0.5\n40,1\n")
    assert left_by(given, 0.25) == pytest.approx(5.0)
    assert left_by(given, 0.75) == pytest.approx(30.0)  # nobody leaves while the curve is level
    assert cdf(given, np.array([15.0, 100.0])).tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("minute,left\n0,0\n10,0.6\n20,0.5\n30,1\n", "line 4", "falls from 0.6 to 0.5"),
        ("minute,left\n0,0\n10,0.6\n10,1\n", "line 4", "expected later times"),
        ("minute,left\n-5,0\n10,1\n", "line 2", "before the order"),
        ("minute,left\n0,0\n10,nan\n", "line 3", "expected a number"),
        ("minute,left\n0,0\n10,\n", "line 3", "expected a number"),
        ("minute,left\n0,0\n10,90\n", "line 3", "expected 0 to 1"),
        ("minute,left\n0,0\n10,0.9\n", "line 3", "ends at 0.9"),
        ("minute,left\n10,0.3\n20,1\n", "line 2", "already gone"),
        ("minute,left\n0,1\n", "curve.csv", "has 1 rows"),
        ("minute,gone\n0,0\n10,1\n", "line 1", "has the columns"),
    ],
)
def test_bad_measured_curve_names_line_and_fault(tmp_path: Path, text: str, where: str, what: str) -> None:
    with pytest.raises(DataError) as caught:
        left_by(measured(tmp_path, text), 0.5)
    assert where in str(caught.value)
    assert what in str(caught.value)
    assert "try:" in str(caught.value)


def test_missing_measured_curve_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        left_by(departure(form="measured", file=tmp_path / "none.csv"), 0.5)
