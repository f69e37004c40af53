"""The answer in plain words, and the figures in words for those who don't see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd

from evac.report import tables, text
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, case_words, counterpart, headline

_WORST_IN_WORDS = 3


@dataclass(frozen=True)
class Sentence:
    """A sentence of the answer with the reason not to trust its numbers (empty: none is known)."""

    words: str
    doubt: str


def answer(report: ReportInput, cases: Sequence[CaseResult]) -> list[Sentence]:
    """Return the answer for the headline case: what was ordered, how long, how sure, what holds it up."""
    centre = headline(report, cases)
    sentences = [
        _ordered(report, centre),
        _how_long(report, centre),
        _holding_up(centre),
        _how_sure(report, centre),
        _seeds(report, centre),
        _saved(report, cases, centre),
        _left_over(centre),
        _not_ordered(centre),
        _cut_off(report),
    ]
    return [sentence for sentence in sentences if sentence is not None]


def range_doubt(case: CaseResult) -> str:
    """Return why the times at less and more lane capacity aren't trusted; nothing when they are."""
    parts = ((case.less, "at 15 % less capacity"), (case.more, "at 15 % more capacity"))
    return "; ".join(f"{words}: {result.doubt}" for result, words in parts if result is not None and result.doubt)


def _ordered(report: ReportInput, centre: CaseResult) -> Sentence:
    not_ordered = int(centre.run.ledger["households_not_ordered"])
    households = text.count(int(report.zones["households"].sum()) - not_ordered)
    vehicles = text.count(centre.shown.planned)
    return Sentence(
        f"{text.plain(report.scenario.name)} is ordered out: {households} households with {vehicles} vehicles "
        f"({case_words(report, centre)}).",
        "",
    )


def _cut_off(report: ReportInput) -> Sentence | None:
    number = int((~report.households["connected"].astype(bool)).sum())
    if not number:
        return None
    words = (
        "household has no street that a car may leave from: its vehicles are"
        if number == 1
        else ("households have no street that a car may leave from: their vehicles are")
    )
    return Sentence(f"{text.count(number)} {words} not in these numbers, see the map.", "")


def _not_ordered(centre: CaseResult) -> Sentence | None:
    ledger, shown = centre.run.ledger, centre.shown
    number = int(ledger["households_not_ordered"])
    if not number:
        return None
    unasked = int(ledger["households_unasked"])
    words = f"{text.count(number)} more households are not ordered to leave: {text.count(number - unasked)} stay"
    if unasked:
        words += (
            f", {text.count(unasked)} leave unasked with {text.count(shown.shadow)} vehicles, which are in every queue "
            "but not in the clearance times"
        )
    return Sentence(f"{words}.", "")


def _how_long(report: ReportInput, centre: CaseResult) -> Sentence:
    shown, end_h = centre.shown, report.scenario.simulation.end_h
    if shown.t90_s is None:
        share = text.percent(shown.evacuated / max(shown.planned, 1))
        words = f"The area is {text.clearance(None, end_h)}: by then {share} of the vehicles are out."
        return Sentence(words, centre.doubt)
    words = f"90 % of the vehicles are out {text.duration(shown.t90_s)} after the order"
    last = (
        f"all of them after {text.duration(shown.t100_s)}"
        if shown.t100_s is not None
        else (f"but not all: {text.clearance(None, end_h)}")
    )
    return Sentence(f"{words}, {last}.", centre.doubt)


def _seeds(report: ReportInput, centre: CaseResult) -> Sentence | None:
    if len(centre.seeds) == 1:
        return None
    end_h = report.scenario.simulation.end_h
    shortest, longest = (text.clearance(time_s, end_h) for time_s in centre.spread(90))
    words = f"{len(centre.seeds)} simulations that differ only by chance gave {shortest} to {longest} for 90 %"
    return Sentence(f"{words}; the one in the middle is shown.", centre.doubt)


def _how_sure(report: ReportInput, centre: CaseResult) -> Sentence | None:
    end_h = report.scenario.simulation.end_h
    parts = ((centre.less, "15 % less"), (centre.more, "15 % more"))
    times = [f"{text.clearance(one.t90_s, end_h)} if lanes pass {words}" for one, words in parts if one is not None]
    if not times:
        return None
    words = f"How many cars a lane passes is never known well: 90 % takes {text.listing(times)}."
    return Sentence(words, range_doubt(centre))


def _holding_up(centre: CaseResult) -> Sentence:
    worst = tables.holding_up(centre)
    if worst is None:
        return Sentence("No queue stands anywhere for ten minutes or more.", centre.doubt)
    rate = worst.queued_veh_per_min
    meanwhile = f" and passes {text.rate(rate)} vehicles per minute meanwhile" if rate is not None else ""
    words = (
        f"The lane that holds the city up is {text.plain(worst.name)} ({worst.reason}): it is the head of a queue for "
        f"{text.duration(worst.queue_min * 60)}{meanwhile}. In the queues behind it people lose "
        f"{text.count(round(worst.delay_veh_h))} hours, all vehicles together."
    )
    return Sentence(words, centre.doubt)


def _left_over(centre: CaseResult) -> Sentence | None:
    shown = centre.shown
    parts = (
        (shown.no_route, "have no way out"),
        (shown.waiting, "never get onto the street"),
        (shown.driving, "are still on the road"),
    )
    left = [f"{text.count(number)} {words}" for number, words in parts if number]
    return Sentence(f"Of the vehicles, {text.listing(left)} at the end.", centre.doubt) if left else None


def _saved(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Sentence | None:
    other = counterpart(report, cases, centre)
    if other is None:
        return None
    doubt = "; ".join(part for part in (centre.doubt, other.doubt) if part)
    plan, against, end_h = text.plain(centre.shown.plan), text.plain(other.shown.plan), report.scenario.simulation.end_h
    if centre.shown.t90_s is None or other.shown.t90_s is None:
        times = [text.clearance(one.shown.t90_s, end_h) for one in (centre, other)]
        return Sentence(f"90 % with “{plan}”: {times[0]}; with “{against}”: {times[1]}.", doubt)
    saved_s = other.shown.t90_s - centre.shown.t90_s
    change = f"{text.duration(abs(saved_s))} {'sooner' if saved_s >= 0 else 'later'}"
    words = f"With “{plan}”, 90 % are out {change} than with “{against}” ({text.duration(other.shown.t90_s)})."
    return Sentence(words, doubt)


def curves_alt(report: ReportInput, cases: Sequence[CaseResult]) -> str:
    """Return the curves in words."""
    end_h = report.scenario.simulation.end_h
    lines = []
    for case in cases:
        shown = case.shown
        times = {50: shown.t50_s, 90: shown.t90_s, 95: shown.t95_s, 100: shown.t100_s}
        words = ", ".join(f"{percent} % {text.clearance(time_s, end_h)}" for percent, time_s in times.items())
        doubt = f" (not trusted: {text.plain(case.doubt)})" if case.doubt else ""
        lines.append(f"{case_words(report, case)}: {words}{doubt}.")
    return " ".join(["Share of all planned vehicles that are out, by hours after the order.", *lines])


def lanes_alt(case: CaseResult) -> str:
    """Return the lanes' rates in words."""
    lines = [
        f"{text.plain(lane.name)}: mean {text.rate(lane.mean_veh_per_min)} vehicles per minute until 95 % are out, "
        f"queue for {text.duration(lane.queue_min * 60)}."
        for lane in tables.lane_rates(case.run)
    ]
    doubt = [f"Not trusted: {text.plain(case.doubt)}."] if case.doubt else []
    return " ".join(["Vehicles per minute on each bottleneck lane by hours after the order.", *lines, *doubt])


def map_alt(report: ReportInput, queued: gpd.GeoDataFrame) -> str:
    """Return the map in words."""
    exits = text.listing([text.plain(spot.name) for spot in report.exits])
    worst = [
        f"{text.plain(row['street'])} ({text.count(row['queue_veh'])} vehicles)"
        for row in tables.worst_streets(queued, _WORST_IN_WORDS)
    ]
    longest = f" Longest queues: {text.listing(worst)}." if worst else " No queues."
    cut_off = text.count(int((~report.households["connected"].astype(bool)).sum()))
    return (
        f"Map of {text.plain(report.scenario.name)}: {text.count(len(report.households))} households, {cut_off} of "
        f"them without a street. Exits: {exits}.{longest}"
    )
