"""What no plan can beat, in the report: the sentence of the first page, and the streets that make it so."""

from __future__ import annotations

from dataclasses import fields

import pandas as pd

from evac import clock
from evac.report.words import say
from evac.study.bounds import DECISIVE_PERCENT, Bounds, HoldingStreet


def at_best(bounds: Bounds | None) -> str:
    """Return how soon the share that decides could be out at best; nothing where it isn't known, or never could."""
    if bounds is None:
        return ""
    as_built, under_plan, reversible = (
        bound.earliest_s(DECISIVE_PERCENT) for bound in (bounds.as_built, bounds.under_plan, bounds.reversible)
    )
    if as_built is None or under_plan is None or reversible is None:
        return ""
    vehicles = f"{bounds.as_built.planned:,}"
    times = {"as_built": clock.clock(as_built), "reversible": clock.clock(reversible)}
    if clock.minutes(as_built) == clock.minutes(under_plan) == clock.minutes(reversible):
        return say(
            "Whatever drivers and officers do, 90 % of these {vehicles} vehicles, leaving when they do here, can't be "
            "out before {time}, with this plan or any other use of the lanes.",
            vehicles=vehicles,
            time=clock.clock(as_built),
        )
    if bounds.is_normal and clock.minutes(as_built) == clock.minutes(reversible):
        return say(
            "Whatever drivers and officers do, 90 % of these {vehicles} vehicles, leaving when they do here, can't be "
            "out before {time}, however the lanes are used.",
            vehicles=vehicles,
            time=clock.clock(as_built),
        )
    if bounds.is_normal:
        return say(
            "Whatever drivers and officers do, 90 % of these {vehicles} vehicles, leaving when they do here, can't be "
            "out before {as_built} on the lanes as they are, and not before {reversible} with every lane in either "
            "direction.",
            vehicles=vehicles,
            **times,
        )
    return say(
        "Whatever drivers and officers do, 90 % of these {vehicles} vehicles, leaving when they do here, can't be "
        "out before {as_built} on the lanes as they are, before {under_plan} on those of this plan, and before "
        "{reversible} with every lane in either direction.",
        under_plan=clock.clock(under_plan),
        vehicles=vehicles,
        **times,
    )


def lane_more(earlier_min: int) -> str:
    """Return what one lane more along a street is worth at best."""
    if not earlier_min:
        return say("no earlier: others hold as many up")
    return say("{time} earlier", time=clock.span(earlier_min * clock.MINUTE_S))


def holding_table(bounds: Bounds | None) -> pd.DataFrame:
    """Return the streets that make the bound of the case that the report shows: the file `at_best_streets.csv`."""
    if bounds is None:
        return pd.DataFrame(columns=[item.name for item in fields(HoldingStreet)])
    return bounds.holding().assign(edges=[" ".join(street.edges) for street in bounds.streets])
