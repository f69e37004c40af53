"""What no plan can beat, in the report: the sentence of the first page, and whether the simulation stays under it."""

from __future__ import annotations

import pandas as pd

from evac import clock
from evac.report import text
from evac.report.results import CaseResult
from evac.report.words import say
from evac.study.bounds import DECISIVE_PERCENT, Bounds


def at_best(bounds: Bounds | None) -> str:
    """Return how soon the share that decides could be out at best; nothing where it isn't known, or never could."""
    if bounds is None:
        return ""
    as_built, under_plan, reversible = (
        bound.earliest_s(DECISIVE_PERCENT) for bound in (bounds.as_built, bounds.under_plan, bounds.reversible)
    )
    if as_built is None or under_plan is None or reversible is None:
        return ""
    return say(
        "Whatever drivers and officers do, 90 % of these vehicles can't be out before {as_built} on the lanes as they "
        "are, before {under_plan} on those of this plan, and before {reversible} with every lane in either direction.",
        as_built=clock.clock(as_built),
        under_plan=clock.clock(under_plan),
        reversible=clock.clock(reversible),
    )


def broken_bound(bounds: Bounds | None, centre: CaseResult) -> str:
    """Return that the run shown is faster than any can be, a defect of the toolkit; nothing where it isn't."""
    if bounds is None or centre.shown.fidelity != "micro":
        return ""
    curve = pd.read_parquet(centre.run.folder / "curve.parquet", columns=["minute", "evacuated"])
    over = curve["evacuated"].to_numpy() - bounds.under_plan.by(curve["minute"].to_numpy())
    if over.max(initial=0) <= 0:
        return ""
    return say(
        "at minute {minute} of the simulation {number} vehicles more are out than can be: a defect, please report it",
        minute=int(curve["minute"].iloc[int(over.argmax())]), number=text.count(int(over.max())),
    )  # fmt: skip
