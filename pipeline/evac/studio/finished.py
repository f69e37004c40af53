"""The finished runs of a place, and how far those of one plan lie apart: the range that belongs to an answer."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import evac
from evac.statistics import mean_interval
from evac.studio.as_json import plain

Row = Mapping[str, Any]
_ALIKE = ("plan", "departure", "fidelity", "capacity_factor", "signals")


def runs(place: evac.Place) -> list[dict[str, Any]]:
    """Return the finished runs of a place, the newest first: the columns of `Place.runs`, as JSON has them."""
    found = place.runs()
    found = found.assign(ended=[moment.isoformat() for moment in found["ended"]])
    return [plain(row) for row in found.to_dict("records")]


def with_ranges(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return runs with the `range` of those that stand on the same place and plan, as both are now.

    Parameters
    ----------
    rows
        As of `runs`.

    Returns
    -------
    list of dict
        The runs. `range` is None where the place or the plan has changed since. Else it has of all runs of its plan
        with its departures, its model and lanes and signals as in its own: `runs` (how many), `vehicles` (the cases of
        vehicles per household), `least_s` and `most_s` (90 % out; None where a run never gets that far), `untrusted`
        (how many of them aren't trustworthy). And of those with its own vehicles per household alone: `seeds` (how
        many), `mean_s`, `low_s`, `high_s` (the mean and its 95 % interval; None with one seed, or where one never gets
        90 % out).
    """
    plans: dict[Hashable, list[Row]] = {}
    for row in rows:
        if not row["older"]:
            plans.setdefault(_case(row), []).append(row)
    return [{**row, "range": None if row["older"] else _range(row, plans[_case(row)])} for row in rows]


def _case(row: Row) -> Hashable:
    """Return what runs have in common that lie apart by chance and by the number of vehicles alone."""
    return tuple(row[name] for name in _ALIKE)


def _range(row: Row, alike: Sequence[Row]) -> dict[str, Any]:
    times = [other["t90_s"] for other in alike]
    known = [time for time in times if time is not None]
    same = [other["t90_s"] for other in alike if other["vehicles_per_household"] == row["vehicles_per_household"]]
    mean = mean_interval(same)
    return {
        "runs": len(alike),
        "vehicles": sorted({str(other["vehicles_per_household"]) for other in alike}),
        "least_s": min(known, default=None),
        "most_s": max(known) if len(known) == len(times) else None,
        "untrusted": sum(not other["trusted"] for other in alike),
        "seeds": len(same),
        "mean_s": mean.mean,
        "low_s": mean.low,
        "high_s": mean.high,
    }
