"""The answer in plain words, and the figures in words for those who don't see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd

from evac.report import tables, text
from evac.report.comparing import Comparison, plan_before
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, best_plan, case_words, counterpart, headline, same_case
from evac.report.words import say
from evac.statistics import Interval

_WORST_IN_WORDS = 3
_CAVEATS_IN_WORDS = 3


@dataclass(frozen=True)
class Sentence:
    """A sentence of the answer with the reason not to trust its numbers (empty: none is known)."""

    words: str
    doubt: str


def answer(report: ReportInput, cases: Sequence[CaseResult]) -> list[Sentence]:
    """Return the answer for the headline case: what was ordered, how long, what a plan saves, how sure, what isn't."""
    centre = headline(report, cases)
    sentences = [
        _ordered(report, centre),
        _how_long(report, centre),
        _best(report, cases, centre),
        *_pairs(report, cases, centre),
        _holding_up(centre),
        _one_vehicle(report, cases, centre),
        _how_sure(report, centre),
        _seeds(cases, centre),
        _left_over(centre),
        _not_ordered(centre),
        _cut_off(report),
        _missing(report),
        _caveats(centre),
    ]
    return [sentence for sentence in sentences if sentence is not None]


def range_doubt(case: CaseResult) -> str:
    """Return why the times at less and more lane capacity, and as assumed, aren't trusted; nothing when they are."""
    parts = (
        (case.less, "at 15 % less capacity"),
        (case.assumed if case.capacity_seed is not None else None, "as assumed"),
        (case.more, "at 15 % more capacity"),
    )
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
    found, last = centre.estimate(90), centre.estimate(100)
    if found.mean is None:
        share = text.percent(shown.evacuated / max(shown.planned, 1))
        words = f"The area is {text.clearance(None, end_h)}: by then {share} of the vehicles are out."
        return Sentence(words, centre.doubt)
    whole = f"all of them after {text.estimated(last, end_h)}"
    if last.mean is None:
        whole = f"but not all: {text.clearance(None, end_h)}"
    return Sentence(
        f"90 % of the vehicles are out {text.estimated(found, end_h)} after the order, {whole}.", centre.doubt
    )


def _seeds(cases: Sequence[CaseResult], centre: CaseResult) -> Sentence:
    number = len(centre.seeds)
    if number == 1:
        words = "Each case was simulated once: what chance changes isn't known until there are more seeds."
        return Sentence(words, "")
    words = (
        f"Times are means of {number} simulations that differ only by chance; in brackets the 95 % interval of the "
        f"mean. Curves, maps, lanes, zones and exits are those of one simulation, here seed {centre.shown.seed}"
    )
    same = same_case(cases, centre)
    if len(same) > 1:
        paired = len({case.shown.seed for case in same}) == 1
        words += ", under every plan" if paired else "; the plans have no seed in common, so these aren't compared"
    return Sentence(f"{words}.", centre.doubt)


def _missing(report: ReportInput) -> Sentence | None:
    number = len(report.failed)
    if not number:
        return None
    return Sentence(f"{text.count(number)} of the simulations that were asked for are missing from this report.", "")


def _caveats(centre: CaseResult) -> Sentence | None:
    found = [text.plain(caveat) for caveat in centre.shown.caveats]
    more = f"; and {len(found) - _CAVEATS_IN_WORDS} more in the trust ledger" if len(found) > _CAVEATS_IN_WORDS else ""
    return Sentence(f"To bear in mind: {'; '.join(found[:_CAVEATS_IN_WORDS])}{more}.", "") if found else None


def _how_sure(report: ReportInput, centre: CaseResult) -> Sentence | None:
    end_h = report.scenario.simulation.end_h
    parts = ((centre.less, "15 % less"), (centre.more, "15 % more"))
    times = [f"{text.clearance(one.t90_s, end_h)} if lanes pass {words}" for one, words in parts if one is not None]
    if not times:
        return None
    words = f"How many cars a lane passes is never known well: 90 % takes {text.listing(times)}"
    return Sentence(f"{words}{_same_seed(centre, end_h)}.", range_doubt(centre))


def _same_seed(centre: CaseResult, end_h: float) -> str:
    """Return what times of one seed are to be compared with, which isn't the mean of several."""
    if len(centre.seeds) == 1:
        return ""
    assumed = f", which takes {text.clearance(centre.assumed.t90_s, end_h)} as assumed" if centre.assumed else ""
    return f" (simulated with seed {centre.capacity_seed} only{assumed})"


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


def _best(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Sentence | None:
    """Return what the best plan saves against the one that all are compared with."""
    same = same_case(cases, centre)
    against = next((case for case in same if case.shown.plan == report.compared_with), None)
    if against is None:
        return None
    best = best_plan(cases, centre)
    # An untrusted plan may be faster than the best: only those that are trusted are ranked, as long as there is one.
    ranked = " whose runs are trustworthy" if not best.doubt and any(case.doubt for case in same) else ""
    if best is against:
        words = f"No plan of this report{ranked} has 90 % out sooner than “{text.plain(against.shown.plan)}”."
        return Sentence(words, "; ".join(dict.fromkeys(case.doubt for case in same if case.doubt)))
    doubt = "; ".join(part for part in (best.doubt, against.doubt) if part)
    words = f"The best plan{ranked} is “{text.plain(best.shown.plan)}”: {_saved_words(report, best, against)}"
    return Sentence(f"{words}{_takes(report, best)}", doubt)


def _pairs(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> list[Sentence]:
    """Return what tells the headline's plan from the one compared with, if `_best` doesn't, and from the one before."""
    best = best_plan(cases, centre)
    known = {report.compared_with} if best is centre else {centre.shown.plan}
    others = (counterpart(report, cases, centre), plan_before(report, cases, centre))
    wanted = [other for other in others if other is not None and other.shown.plan not in known]
    found = [Comparison(other, centre, None) for other in wanted]
    told = {item.before.shown.plan: item for item in found}
    return [Sentence(say("By the 90 % time, {verdict}.", verdict=item.verdict), item.doubt) for item in told.values()]


def _saved_words(report: ReportInput, best: CaseResult, against: CaseResult) -> str:
    other, end_h = f"“{text.plain(against.shown.plan)}”", report.scenario.simulation.end_h
    if against.doubt:
        other += ", whose runs aren't trustworthy"
    saved = against.later_than(best, 90)
    if saved.mean is None:
        times = [text.estimated(one.estimate(90), end_h) for one in (best, against)]
        return f"90 % {times[0]}; with {other}: {times[1]}."
    words = f"90 % are out {_sooner(saved)} than with {other}"
    if saved.low is None or saved.high is None:
        alone = "One simulation of each: chance alone may make a difference of minutes."
        return f"{words} ({text.estimated(against.estimate(90), end_h)}). {alone}"
    return f"{words}." if saved.excludes_zero else f"{words}. It may be chance: more seeds are needed to tell."


def _sooner(saved: Interval) -> str:
    """Return a saving in words, `12 min sooner` or `10 min later`; with its interval where it is more than chance."""
    mean = saved.mean or 0.0
    words = f"{text.duration(abs(mean))} {'later' if mean < 0 else 'sooner'}"
    if saved.low is None or saved.high is None or not saved.excludes_zero:
        return words
    low, high = sorted((abs(saved.low), abs(saved.high)))
    return f"{words} (95 % interval {text.duration(low)} to {text.duration(high)})"


def _takes(report: ReportInput, case: CaseResult) -> str:
    plan = report.plans.get(case.shown.plan)
    needed = [f"{text.count(number)} {kind}" for kind, number in (plan.resources if plan else {}).items() if number]
    return f" It takes {text.listing(needed)}." if needed else ""


def _one_vehicle(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Sentence | None:
    """Return what one vehicle per household would save."""
    one = next((case for case in cases if _is_one_vehicle_of(case, centre)), None)
    if one is None:
        return None
    doubt = "; ".join(part for part in (one.doubt, centre.doubt) if part)
    time = text.estimated(one.estimate(90), report.scenario.simulation.end_h)
    saved = centre.later_than(one, 90)
    words = f"If every household took one vehicle ({centre.label} here), 90 % would be out after {time}"
    if saved.mean is not None and saved.mean > 0:
        words += f", {text.duration(saved.mean)} sooner"
    return Sentence(f"{words}.", doubt)


def _is_one_vehicle_of(case: CaseResult, centre: CaseResult) -> bool:
    same = all(getattr(case.shown, name) == getattr(centre.shown, name) for name in ("plan", "departure", "fidelity"))
    return same and case.shown.vehicles_per_household == "1" != centre.shown.vehicles_per_household


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
