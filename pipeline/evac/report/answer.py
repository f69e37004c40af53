"""The answer in plain words: the report's first page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evac.report import tables, text
from evac.report.at_best import at_best, broken_bound
from evac.report.comparing import Comparison, plan_before, sooner_or_later
from evac.report.inputs import ReportInput
from evac.report.results import (
    CaseResult,
    best_plan,
    case_words,
    counterpart,
    headline,
    programs,
    same_case,
    vehicles_text,
)
from evac.report.words import mark, say
from evac.statistics import Interval
from evac.study.precision import Shortfall

_CAVEATS_IN_WORDS = 3
_BEST = {
    False: mark("The best plan is “{plan}”: {saves}"),
    True: mark("The best plan whose runs are trustworthy is “{plan}”: {saves}"),
}
_NONE_SOONER = {
    False: mark("No plan of this report has 90 % out sooner than “{plan}”."),
    True: mark("No plan of this report whose runs are trustworthy has 90 % out sooner than “{plan}”."),
}
"""Whether some plans are left out, because their runs aren't trustworthy."""
RESOURCES = (mark("officers"), mark("signs"), mark("cones"), mark("barricades"))
"""What a plan takes, as tables and sentences name it."""


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
        _how_long(report, cases, centre),
        _at_best(report, centre),
        _best(report, cases, centre),
        *_pairs(report, cases, centre),
        _holding_up(report, cases, centre),
        _one_vehicle(report, cases, centre),
        _how_sure(report, cases, centre),
        _signals(report, cases, centre),
        _seeds(cases, centre),
        _imprecise(report),
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
        (case.less, say("at 15 % less capacity")),
        (case.assumed if case.capacity_seed is not None else None, say("as assumed")),
        (case.more, say("at 15 % more capacity")),
    )
    return "; ".join(f"{words}: {result.doubt}" for result, words in parts if result is not None and result.doubt)


def _ordered(report: ReportInput, centre: CaseResult) -> Sentence:
    not_ordered = int(centre.run.ledger["households_not_ordered"])
    words = say(
        "{place} is ordered out: {households} households with {vehicles} vehicles ({case}).",
        place=text.plain(report.scenario.name),
        households=text.count(int(report.zones["households"].sum()) - not_ordered),
        vehicles=text.count(centre.shown.planned),
        case=case_words(report, centre),
    )
    return Sentence(words, "")


def _cut_off(report: ReportInput) -> Sentence | None:
    number = int((~report.households["connected"].astype(bool)).sum())
    if not number:
        return None
    if number == 1:
        words = say("1 household has no street that a car may leave from: its vehicles are never out, see the map.")
        return Sentence(words, "")
    words = say(
        "{number} households have no street that a car may leave from: their vehicles are never out, see the map.",
        number=text.count(number),
    )
    return Sentence(words, "")


def _not_ordered(centre: CaseResult) -> Sentence | None:
    ledger, shown = centre.run.ledger, centre.shown
    number = int(ledger["households_not_ordered"])
    if not number:
        return None
    unasked = int(ledger["households_unasked"])
    counts = {"number": text.count(number), "staying": text.count(number - unasked), "leaving": text.count(unasked)}
    if not unasked:
        return Sentence(say("{number} more households are not ordered to leave: {staying} stay.", **counts), "")
    words = say(
        "{number} more households are not ordered to leave: {staying} stay, {leaving} leave unasked with {vehicles} "
        "vehicles, which are in every queue but not in the clearance times.",
        **counts,
        vehicles=text.count(shown.shadow),
    )
    return Sentence(words, "")


def _how_long(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Sentence:
    words = _how_long_words(report, centre)
    if len(same_case(cases, centre)) > 1:
        words = say("With the plan “{plan}”: {answer}", plan=text.plain(centre.shown.plan), answer=words)
    return Sentence(words, centre.doubt)


def _how_long_words(report: ReportInput, centre: CaseResult) -> str:
    shown, end_h = centre.shown, report.scenario.simulation.end_h
    most, last = centre.estimate(90), centre.estimate(100)
    if most.mean is None:
        share = text.percent(shown.evacuated / max(shown.planned, 1))
        return say(
            "The area is {not_cleared}: by then {share} of the vehicles are out.",
            not_cleared=text.clearance(None, end_h), share=share,
        )  # fmt: skip
    time = text.estimated(most, end_h)
    if last.mean is None:
        return say(
            "90 % of the vehicles are out {time} after the order, but not all: {not_cleared}.",
            time=time, not_cleared=text.clearance(None, end_h),
        )  # fmt: skip
    return say(
        "90 % of the vehicles are out {time} after the order, all of them after {last}.",
        time=time, last=text.estimated(last, end_h),
    )  # fmt: skip


def _at_best(report: ReportInput, centre: CaseResult) -> Sentence | None:
    words = at_best(report.bounds)
    return Sentence(words, broken_bound(report.bounds, centre)) if words else None


def _seeds(cases: Sequence[CaseResult], centre: CaseResult) -> Sentence:
    number = len(centre.seeds)
    if number == 1:
        words = say("Each case was simulated once: what chance changes isn't known until there are more seeds.")
        return Sentence(words, "")
    means = say(
        "Times are means of {number} simulations that differ only by chance; in brackets the 95 % interval of the "
        "mean.",
        number=number,
    )
    return Sentence(f"{means} {_shown_seed(cases, centre)}", centre.doubt)


def _shown_seed(cases: Sequence[CaseResult], centre: CaseResult) -> str:
    same, seed = same_case(cases, centre), centre.shown.seed
    if len(same) == 1:
        return say("Curves, maps, lanes, zones and exits are those of one simulation, here seed {seed}.", seed=seed)
    if len({case.shown.seed for case in same}) == 1:
        return say(
            "Curves, maps, lanes, zones and exits are those of one simulation, here seed {seed}, under every plan.",
            seed=seed,
        )
    return say(
        "Curves, maps, lanes, zones and exits are those of one simulation, here seed {seed}; the plans have no seed in "
        "common, so these aren't compared.",
        seed=seed,
    )


def _imprecise(report: ReportInput) -> Sentence | None:
    if not report.imprecise:
        return None
    where = "; ".join(_shortfall(item) for item in report.imprecise)
    return Sentence(say("The times are less precise than the study was asked to make them: {where}.", where=where), "")


def _shortfall(item: Shortfall) -> str:
    case, found = item.case, item.interval
    if found.missing:
        missing, runs = text.count(found.missing), text.count(found.missing + found.runs)
        got = say("90 % not reached in {missing} of {runs} runs", missing=missing, runs=runs)
    elif found.relative_half_width is None:
        got = say("no interval, runs: {runs}", runs=text.count(found.runs))
    else:
        share = f"{100 * found.relative_half_width:.1f}"
        got = say("± {share} % after {runs} seeds", share=share, runs=text.count(found.runs))
    return say(
        "{plan}, {vehicles}, {departure}: {got}",
        plan=text.plain(case.plan),
        vehicles=text.plain(vehicles_text(case.vehicles_per_household)),
        departure=text.plain(case.departure),
        got=got,
    )


def _missing(report: ReportInput) -> Sentence | None:
    if not report.failed:
        return None
    number = text.count(len(report.failed))
    words = say("{number} of the simulations that were asked for are missing from this report.", number=number)
    return Sentence(words, "")


def _caveats(centre: CaseResult) -> Sentence | None:
    found = [text.plain(caveat) for caveat in centre.shown.caveats]
    if not found:
        return None
    told, more = "; ".join(found[:_CAVEATS_IN_WORDS]), len(found) - _CAVEATS_IN_WORDS
    if more <= 0:
        return Sentence(say("To bear in mind: {caveats}.", caveats=told), "")
    words = say("To bear in mind: {caveats}; and {number} more in the trust ledger.", caveats=told, number=more)
    return Sentence(words, "")


def _how_sure(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Sentence | None:
    end_h = report.scenario.simulation.end_h
    times = []
    if centre.less is not None:
        times.append(say("{time} if lanes pass 15 % less", time=text.clearance(centre.less.t90_s, end_h)))
    if centre.more is not None:
        times.append(say("{time} if lanes pass 15 % more", time=text.clearance(centre.more.t90_s, end_h)))
    if not times:
        return None
    values = {"times": text.listing(times), "only": _same_seed(centre, end_h)}
    words = say("How many cars a lane passes is never known well: 90 % takes {times}{only}.", **values)
    if len(same_case(cases, centre)) > 1:
        words = say(
            "How many cars a lane passes is never known well: with “{plan}”, 90 % takes {times}{only}.",
            **values,
            plan=text.plain(centre.shown.plan),
        )
    return Sentence(words, range_doubt(centre))


def _signals(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Sentence | None:
    """Return what another guess of the signals' programs does to the headline, and to which plan is the fastest."""
    if centre.signals is None or centre.signals.signals is None:
        return None
    end_h = report.scenario.simulation.end_h
    words = say(
        "How the signals run is guessed, and a queue stands at one: with {programs} 90 % takes {time}{only}.",
        programs=programs(centre.signals.signals),
        time=text.clearance(centre.signals.t90_s, end_h),
        only=_same_seed(centre, end_h),
    )
    beside = [(case.assumed, case.signals, case) for case in same_case(cases, centre)]
    timed = [
        (usual.t90_s, other.t90_s, case.shown.plan)
        for usual, other, case in beside
        if usual is not None and other is not None and usual.t90_s is not None and other.t90_s is not None
    ]
    if len(timed) > 1 and (usually := min(timed)[2]) != (then := min(item[1:] for item in timed)[1]):
        plans = {"plan": text.plain(then), "other": text.plain(usually)}
        words += " " + say("Then “{plan}” is the fastest plan, and not “{other}”.", **plans)
    return Sentence(words, centre.signals.doubt)


def _same_seed(centre: CaseResult, end_h: float) -> str:
    """Return what times of one seed are to be compared with, which isn't the mean of several."""
    if len(centre.seeds) == 1:
        return ""
    seed = centre.capacity_seed
    if centre.assumed is None:
        return " " + say("(simulated with seed {seed} only)", seed=seed)
    time = text.clearance(centre.assumed.t90_s, end_h)
    return " " + say("(simulated with seed {seed} only, which takes {time} as assumed)", seed=seed, time=time)


def _holding_up(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Sentence:
    """Return what holds the city up under the headline's plan, and under the one compared with."""
    words, other = _holding_up_words(centre), counterpart(report, cases, centre)
    if other is None:
        return Sentence(words, centre.doubt)
    plans = {"plan": text.plain(centre.shown.plan), "other": text.plain(other.shown.plan)}
    there = tables.holding_up(other)
    beside = say("That is with “{plan}”; with “{other}” no queue stands for that long.", **plans)
    if there is not None:
        beside = say(
            "That is with “{plan}”; with “{other}” it is {lane}, where people lose {hours} hours.",
            **plans,
            lane=text.plain(there.name),
            hours=text.count(round(there.delay_veh_h)),
        )
    doubt = "; ".join(part for part in (centre.doubt, other.doubt) if part)
    return Sentence(f"{words} {beside}", doubt)


def _holding_up_words(case: CaseResult) -> str:
    worst = tables.holding_up(case)
    if worst is None:
        return say("No queue stands anywhere for ten minutes or more.")
    values = {
        "lane": text.plain(worst.name),
        "reason": text.plain(worst.reason),
        "queue": text.duration(worst.queue_min * 60),
        "hours": text.count(round(worst.delay_veh_h)),
    }
    if worst.queued_veh_per_min is None:
        return say(
            "The lane that holds the city up is {lane} ({reason}): it is the head of a queue for {queue}. In the "
            "queues behind it people lose {hours} hours, all vehicles together.",
            **values,
        )
    return say(
        "The lane that holds the city up is {lane} ({reason}): it is the head of a queue for {queue} and passes {rate} "
        "vehicles per minute meanwhile. In the queues behind it people lose {hours} hours, all vehicles together.",
        **values,
        rate=text.rate(worst.queued_veh_per_min),
    )


def _left_over(centre: CaseResult) -> Sentence | None:
    shown, left = centre.shown, []
    if shown.no_route:
        left.append(say("{number} have no way out", number=text.count(shown.no_route)))
    if shown.waiting:
        left.append(say("{number} never get onto the street", number=text.count(shown.waiting)))
    if shown.driving:
        left.append(say("{number} are still on the road", number=text.count(shown.driving)))
    words = say("Of the vehicles, {these} at the end.", these=text.listing(left))
    return Sentence(words, centre.doubt) if left else None


def _best(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Sentence | None:
    """Return what the best plan saves against the one that all are compared with."""
    same = same_case(cases, centre)
    against = next((case for case in same if case.shown.plan == report.compared_with), None)
    if against is None:
        return None
    best = best_plan(cases, centre)
    if best.estimate(90).mean == against.estimate(90).mean and not against.doubt:
        best = against  # a plan that changes nothing isn't better
    # An untrusted plan may be faster than the best: only those that are trusted are ranked, as long as there is one.
    ranked = not best.doubt and any(case.doubt for case in same)
    if best is against:
        doubt = "; ".join(dict.fromkeys(case.doubt for case in same if case.doubt))
        return Sentence(say(_NONE_SOONER[ranked], plan=text.plain(against.shown.plan)), doubt)
    doubt = "; ".join(part for part in (best.doubt, against.doubt) if part)
    words = say(_BEST[ranked], plan=text.plain(best.shown.plan), saves=_saved_words(report, best, against))
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
    end_h, other = report.scenario.simulation.end_h, say("“{plan}”", plan=text.plain(against.shown.plan))
    if against.doubt:
        other = say("“{plan}”, whose runs aren't trustworthy", plan=text.plain(against.shown.plan))
    saved, theirs = against.later_than(best, 90), text.estimated(against.estimate(90), end_h)
    if saved.mean is None:
        mine = text.estimated(best.estimate(90), end_h)
        return say("90 % {time}; with {other}: {theirs}.", time=mine, other=other, theirs=theirs)
    change = _change(saved)
    if saved.low is None or saved.high is None:
        return say(
            "90 % are out {change} than with {other} ({theirs}). One simulation of each: chance alone may make a "
            "difference of minutes.",
            change=change, other=other, theirs=theirs,
        )  # fmt: skip
    if saved.excludes_zero:
        return say("90 % are out {change} than with {other}.", change=change, other=other)
    return say(
        "90 % are out {change} than with {other}. It may be chance: more seeds are needed to tell.",
        change=change, other=other,
    )  # fmt: skip


def _change(saved: Interval) -> str:
    """Return a saving in words, `12 min sooner` or `10 min later`; with its interval where it is more than chance."""
    mean = saved.mean or 0.0
    words = sooner_or_later(-mean)
    if saved.low is None or saved.high is None or not saved.excludes_zero:
        return words
    low, high = sorted((abs(saved.low), abs(saved.high)))
    return f"{words} {say('(95 % interval {low} to {high})', low=text.duration(low), high=text.duration(high))}"


def _takes(report: ReportInput, case: CaseResult) -> str:
    plan = report.plans.get(case.shown.plan)
    needed = resources_words(plan.resources) if plan else ""
    return " " + say("It takes {resources}.", resources=needed) if needed else ""


def resources_words(resources: Mapping[str, int]) -> str:
    """Return what a plan takes: `2 officers and 4 signs`."""
    return text.listing([f"{text.count(number)} {say(kind)}" for kind, number in resources.items() if number])


def _one_vehicle(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Sentence | None:
    """Return what one vehicle per household would save."""
    one = next((case for case in cases if _is_one_vehicle_of(case, centre)), None)
    if one is None:
        return None
    doubt = "; ".join(part for part in (one.doubt, centre.doubt) if part)
    values = {
        "case": case_words(report, centre),
        "time": text.estimated(one.estimate(90), report.scenario.simulation.end_h),
    }
    saved = centre.later_than(one, 90)
    words = say("If every household took one vehicle ({case} here), 90 % would be out after {time}.", **values)
    if saved.mean is not None and saved.mean > 0:
        words = say(
            "If every household took one vehicle ({case} here), 90 % would be out after {time}, {saved} sooner.",
            **values,
            saved=text.duration(saved.mean),
        )
    return Sentence(words, doubt)


def _is_one_vehicle_of(case: CaseResult, centre: CaseResult) -> bool:
    same = all(getattr(case.shown, name) == getattr(centre.shown, name) for name in ("plan", "departure", "fidelity"))
    return same and case.shown.vehicles_per_household == "1" != centre.shown.vehicles_per_household
