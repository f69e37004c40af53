"""When households leave: departure curves as distributions over the time since the order.

Times are drawn by inverse transform: each vehicle has a uniform number, and the curve says when that share of the
vehicles has left. Nobody leaves before the order.

The tails of the fitted curves are long, and some have no end: with a Rayleigh curve by which 90 % have left within 60
minutes, one vehicle in 10,000 leaves after 120 minutes. Such times are kept, not cut off, so the clearance of 100 % of
the vehicles depends on the tail; officials therefore decide by the 90 % time (NUREG/CR-7002).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from functools import cache
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from evac import clock
from evac.errors import DataError, Problem
from evac.schema.demand import (
    Activities,
    AllAtOnce,
    Departure,
    DepartureForm,
    Gamma,
    Logistic,
    Lognormal,
    Measured,
    Rayleigh,
    SimpleCurve,
    Uniform,
    Warned,
    Weibull,
)

ACTIVITIES = ("notified", "prepared", "left")
"""The activities of a departure by NUREG/CR-7002, in their order."""
_NAMES = {
    "rayleigh": "Rayleigh",
    "gamma": "Gamma",
    "lognormal": "Log-normal",
    "weibull": "Weibull",
    "logistic": "Logistic",
    "uniform": "Uniform",
    "all_at_once": "All at once",
    "warned": "Spread of the warning",
    "activities": "Sum of activities",
    "measured": "Measured",
}
_REMEDY = "two columns 'minute,left': rising minutes after the order, and the share that has left by then, up to 1"
_STEP_MIN = 0.05  # of the sum of activities: finer than SUMO's departures need
_TAIL = 1e-6  # share of an activity's longest times that the sum of activities leaves out
_STEEPEST = 250.0  # median over scale of a logistic curve whose 90 % time is 0.9 % after its median


class Curve(Protocol):
    """A distribution over minutes after the order, as scipy's frozen distributions are."""

    def cdf(self, minutes: np.ndarray) -> np.ndarray:
        """Return the share that has left by then."""
        ...

    def ppf(self, share: np.ndarray) -> np.ndarray:
        """Return the minutes by which that share has left."""
        ...


def curve_of(form: DepartureForm) -> Curve:
    """Return the distribution that a section of the scenario describes.

    Raises
    ------
    DataError
        A measured curve's file can't be read or isn't a curve.
    """
    if isinstance(form, Activities):
        return _activities(form)
    if isinstance(form, Measured):
        return _read_measured(form.file, form.content)
    return _simple(form)


def curve_problems(forms: Iterable[DepartureForm | None]) -> list[Problem]:
    """Return what is wrong with the files of measured curves, so that it is told before anything is simulated."""
    problems: list[Problem] = []
    for form in forms:
        try:
            if isinstance(form, Measured):
                curve_of(form)
        except DataError as error:
            problems += error.problems
    return problems


def draw_minutes(departure: Departure, numbers: dict[str, np.ndarray]) -> np.ndarray:
    """Return departure times (minutes after the order) by inverse transform.

    Parameters
    ----------
    departure
        The curve.
    numbers
        Uniform numbers in (0, 1), an array for each of `notified`, `prepared` and `left`. A sum of activities needs
        all three; any other curve takes those of `left`.
    """
    if isinstance(departure.curve, Activities):
        parts = [_simple(getattr(departure.curve, name)).ppf(numbers[name]) for name in ACTIVITIES]
        return np.asarray(np.sum(parts, axis=0))
    return np.asarray(curve_of(departure.curve).ppf(numbers["left"]))


def cdf(departure: Departure, minutes: np.ndarray) -> np.ndarray:
    """Return the share of vehicles that has left by each of the times (minutes after the order)."""
    return np.asarray(curve_of(departure.curve).cdf(np.asarray(minutes, dtype=float)))


def left_by(departure: Departure, share: float) -> float:
    """Return the minutes after the order by which a share of the vehicles has left."""
    return float(curve_of(departure.curve).ppf(np.array([share]))[0])


def describe(departure: Departure) -> str:
    """Return the curve in words, such as `Rayleigh: half have left by 0:33 h, 90 % by 1:00 h, 99 % by 1:25 h`."""
    name = _NAMES[departure.curve.form]
    if isinstance(departure.curve, AllAtOnce):
        return f"{name}, {clock.span(departure.curve.at_min * clock.MINUTE_S)} after the order"
    half, p90, p99 = (clock.clock(left_by(departure, share) * clock.MINUTE_S) for share in (0.5, 0.9, 0.99))
    return f"{name}: half have left by {half}, 90 % by {p90}, 99 % by {p99}"


def _simple(form: SimpleCurve) -> Curve:
    if isinstance(form, Rayleigh):
        return _Rayleigh(form.p90_min)
    from scipy import stats  # noqa: PLC0415  takes most of a second, and most scenarios have none of these

    curve: Curve
    match form:
        case Gamma():
            curve = stats.gamma((form.mean_min / form.sd_min) ** 2, scale=form.sd_min**2 / form.mean_min)
        case Lognormal():
            curve = stats.lognorm(math.log(form.p90_min / form.median_min) / stats.norm.ppf(0.9), scale=form.median_min)
        case Weibull():
            curve = stats.weibull_min(form.shape, scale=form.scale_min)
        case Logistic():
            curve = _Logistic(form)
        case Uniform():
            curve = stats.uniform(form.from_min, form.until_min - form.from_min)
        case AllAtOnce():
            curve = _AtOnce(form.at_min)
        case Warned():
            curve = _simple(form.spread)
    return curve


class _Rayleigh:
    """A Rayleigh distribution: F(t) = 1 - exp(-t² / 2s²)."""

    def __init__(self, p90_min: float) -> None:
        self._scale_min = p90_min / math.sqrt(2.0 * math.log(10.0))

    def cdf(self, minutes: np.ndarray) -> np.ndarray:
        return np.asarray(-np.expm1(-((np.maximum(minutes, 0.0) / self._scale_min) ** 2) / 2.0))

    def ppf(self, share: np.ndarray) -> np.ndarray:
        return np.asarray(self._scale_min * np.sqrt(-2.0 * np.log1p(-share)))


class _AtOnce:
    """Everybody at one moment."""

    def __init__(self, at_min: float) -> None:
        self._at_min = at_min

    def cdf(self, minutes: np.ndarray) -> np.ndarray:
        return np.where(minutes >= self._at_min, 1.0, 0.0)

    def ppf(self, share: np.ndarray) -> np.ndarray:
        return np.full(np.shape(share), self._at_min)


class _Points:
    """A curve through points, straight between them; a share at the first point leaves at that moment."""

    def __init__(self, minutes: np.ndarray, shares: np.ndarray) -> None:
        self._minutes = minutes
        self._shares = shares

    def cdf(self, minutes: np.ndarray) -> np.ndarray:
        return np.asarray(np.interp(minutes, self._minutes, self._shares, left=0.0))

    def ppf(self, share: np.ndarray) -> np.ndarray:
        return np.asarray(np.interp(share, self._shares, self._minutes))


class _Logistic:
    """A logistic distribution given that nobody has left before the order: F(t) = (e^(t/b) - 1) / (e^(t/b) + u)."""

    def __init__(self, form: Logistic) -> None:
        from scipy import optimize  # noqa: PLC0415  as in `_simple`

        ratio = form.p90_min / form.median_min
        steepness = float(optimize.brentq(lambda x: _logistic_ratio(x) - ratio, math.log(2.0), _STEEPEST))
        self._b = form.median_min / steepness
        self._u = math.exp(steepness) - 2.0

    def cdf(self, minutes: np.ndarray) -> np.ndarray:
        fading = np.exp(-np.maximum(minutes, 0.0) / self._b)
        return np.asarray((1.0 - fading) / (1.0 + self._u * fading))

    def ppf(self, share: np.ndarray) -> np.ndarray:
        return self._b * np.log((1.0 + self._u * share) / (1.0 - share))


def _logistic_ratio(steepness: float) -> float:
    """Return the 90 % time over the median, by the median over the scale b: from 3.32 (at log 2) down to 1."""
    return 1.0 + math.log(9.0 - 8.0 * math.exp(-steepness)) / steepness


def _activities(form: Activities) -> Curve:
    """Return the distribution of the sum: the activities' probabilities in small steps of time, convolved."""
    from scipy import signal  # noqa: PLC0415  as in `_simple`

    parts = [_simple(getattr(form, name)) for name in ACTIVITIES]
    longest_min = max(float(part.ppf(np.array([1.0 - _TAIL]))[0]) for part in parts)
    edges = np.arange(0.0, longest_min + 2.0 * _STEP_MIN, _STEP_MIN)
    total = np.ones(1)
    for part in parts:
        left = part.cdf(edges)
        left[0] = 0.0  # those who lose no time at all belong to the first step
        total = signal.fftconvolve(total, np.diff(left))
    # Each of the three parts stands for the middle of its step, so a sum of steps stands half a step later than 1.
    minutes = (np.arange(len(total) + 1) + (len(parts) - 1) / 2.0) * _STEP_MIN
    shares = np.maximum.accumulate(np.insert(np.cumsum(total), 0, 0.0))
    return _Points(minutes, shares / shares[-1])


@cache
def _read_measured(file: Path, content: bytes) -> Curve:
    rows = _read_rows(file, content)
    problems = [*_row_problems(file, rows), *_end_problems(file, rows)]
    if problems:
        raise DataError(problems)
    return _Points(np.array([minute for _, minute, _ in rows]), np.array([left for _, _, left in rows]))


def _read_rows(file: Path, content: bytes) -> list[tuple[int, float, float]]:
    """Return line number, minute and share of every row."""
    try:
        reader = csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""))
        if not {"minute", "left"} <= set(reader.fieldnames or ()):
            raise DataError(Problem(f"{file}, line 1", f"has the columns {reader.fieldnames}", _REMEDY))
        return [
            (reader.line_num, _number(file, reader, row, "minute"), _number(file, reader, row, "left"))
            for row in reader
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(Problem(str(file), f"can't be read as a departure curve ({error})", _REMEDY)) from error


def _number(file: Path, reader: csv.DictReader[str], row: dict[str, str], column: str) -> float:
    try:
        number = float(row[column])
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        where = f"{file}, line {reader.line_num}"
        raise DataError(Problem(where, f"'{column}' is {row[column]!r}, expected a number", _REMEDY))
    return number


def _row_problems(file: Path, rows: list[tuple[int, float, float]]) -> list[Problem]:
    problems = []
    for line, minute, left in rows:
        if minute < 0.0:
            problems.append(Problem(f"{file}, line {line}", f"minute {minute:g} is before the order", _REMEDY))
        if not 0.0 <= left <= 1.0:
            problems.append(Problem(f"{file}, line {line}", f"'left' is {left:g}, expected 0 to 1", _REMEDY))
    for (_, minute, left), (line, next_minute, next_left) in pairwise(rows):
        if next_minute <= minute:
            what = f"minute {next_minute:g} comes after minute {minute:g}, expected later times"
            problems.append(Problem(f"{file}, line {line}", what, _REMEDY))
        if next_left < left:
            what = f"'left' falls from {left:g} to {next_left:g}: nobody comes back"
            problems.append(Problem(f"{file}, line {line}", what, _REMEDY))
    return problems


def _end_problems(file: Path, rows: list[tuple[int, float, float]]) -> list[Problem]:
    if len(rows) < 2:  # noqa: PLR2004
        return [Problem(str(file), f"has {len(rows)} rows, a curve needs two or more", _REMEDY)]
    (first_line, first_minute, first_left), (last_line, _, last_left) = rows[0], rows[-1]
    problems = []
    if first_left > 0.0 and first_minute > 0.0:
        what = f"starts at minute {first_minute:g} with {first_left:g} of the vehicles already gone"
        problems.append(Problem(f"{file}, line {first_line}", what, "add a row before it that says since when: 0,0"))
    if last_left != 1.0:
        what = f"ends at {last_left:g} of the vehicles, expected 1"
        problems.append(Problem(f"{file}, line {last_line}", what, "divide 'left' by its last value, or add the rest"))
    return problems
