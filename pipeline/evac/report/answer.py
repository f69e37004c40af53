"""The answer in plain words: how long, how sure, and the lane that holds the city up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evac import clock
from evac.report import tables, text
from evac.report.at_best import at_best
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, counterpart, programs, same_case
from evac.report.words import mark, say

RESOURCES = (mark("officers"), mark("signs"), mark("cones"), mark("barricades"))
"""What a plan takes, as tables and sentences name it."""
_WITH_LANES = "micro"
"""The fidelity that knows lanes."""
_ONE = {
    "officers": mark("1 officer"), "signs": mark("1 sign"), "cones": mark("1 cone"), "barricades": mark("1 barricade"),
}  # fmt: skip
_REASONS = {
    "exit": mark("The way out itself takes no more."),
    "signal": mark("A signal lets no more through."),
    "plan's signal": mark("A signal lets no more through, which runs as the plan says."),
    "officer": mark("An officer lets no more through."),
    "lane drop": mark("A lane ends there."),
    "merge": mark("Streets merge there."),
    "slower road": mark("The road becomes slower there."),
    "junction": mark("A junction lets no more through."),
}
"""What holds traffic up at the head of a queue (`measure.bottlenecks.Reason`), in a sentence."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of the answer with the reason not to trust its numbers (empty: none is known)."""

    words: str
    doubt: str = ""


def ordered(report: ReportInput, centre: CaseResult) -> Sentence:
    """Return what was ordered out, and in which case."""
    not_ordered = int(centre.run.ledger["households_not_ordered"])
    words = say(
        "{place} is ordered out: {households} households with {vehicles} vehicles ({case}).",
        place=text.plain(report.scenario.name),
        households=text.count(int(report.zones["households"].sum()) - not_ordered),
        vehicles=text.count(centre.shown.planned),
        case=text.plain(centre.label),
    )
    return Sentence(words)


def how_long(report: ReportInput, centre: CaseResult) -> Sentence:
    """Return what the large number means, and when all are out."""
    shown, end_h = centre.shown, report.scenario.simulation.end_h
    most, last = centre.estimate(90), centre.estimate(100)
    if most.mean is None:
        share = text.percent(shown.evacuated / max(shown.planned, 1))
        return Sentence(say("By then {share} of the vehicles are out.", share=share), centre.doubt)
    words = say("after the order, 90 % of the vehicles are out.")
    if last.mean is None:
        words += " " + say("Not all: {not_cleared}.", not_cleared=text.clearance(None, end_h))
    else:
        words += " " + say("All of them: {time}.", time=text.estimated(last, end_h))
    return Sentence(words, centre.doubt)


def caught(report: ReportInput, centre: CaseResult) -> str:
    """Return whom the hazard leaves no way to safety, and who was in it; nothing where that is nobody."""
    manifest, words = centre.run.manifest, []
    if manifest.get("households_not_out"):
        households = int(report.zones["households"].sum()) - int(centre.run.ledger["households_not_ordered"])
        words.append(
            say(
                "{caught} of {households} households never get to safety.",
                caught=text.count(int(manifest["households_not_out"])),
                households=text.count(households),
            )
        )
    if manifest["exposed"]:
        words.append(
            say(
                "Vehicles on roads that the hazard had reached: {vehicles}, for {minutes} vehicle minutes.",
                vehicles=text.count(int(manifest["exposed"])),
                minutes=text.count(round(manifest["exposed_vehicle_min"])),
            )
        )
    return " ".join(words)


def ranges(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> list[Sentence]:
    """Return how far the 90 % time may be off: by chance, lanes and signals; and what no plan can beat."""
    best = at_best(report.bounds)
    return [
        _by_chance(centre),
        *_by_capacity(report, centre),
        *_by_signals(report, cases, centre),
        *([Sentence(best)] if best else []),
    ]


def _by_chance(centre: CaseResult) -> Sentence:
    found, number = centre.estimate(90), len(centre.seeds)
    if number == 1:
        return Sentence(say("One simulation: what chance changes isn't known until there are more seeds."))
    if found.low is None or found.high is None:
        return Sentence(say("{number} simulations; there is no mean, because not all get 90 % out.", number=number))
    time = text.time_range(found.low, found.high)
    if found.coarse:
        words = say(
            "Chance: {range} (95 % interval of the mean, from {number} simulations and {coarse} coarse ones together).",
            range=time, number=number, coarse=text.count(found.coarse),
        )  # fmt: skip
        return Sentence(words)
    if found.moderated:
        words = say(
            "Chance: {range} (95 % interval of the mean, from {number} seeds and from how much the other cases vary).",
            range=time, number=number,
        )  # fmt: skip
        return Sentence(words)
    return Sentence(say("Chance: {range} (95 % interval of the mean, {number} seeds).", range=time, number=number))


def _by_capacity(report: ReportInput, centre: CaseResult) -> Iterator[Sentence]:
    end_h, less, more = report.scenario.simulation.end_h, centre.less, centre.more
    times = []
    if more is not None:
        times.append(say("{time} if lanes pass 15 % more vehicles", time=text.clearance(more.t90_s, end_h)))
    if less is not None:
        times.append(say("{time} if they pass 15 % less", time=text.clearance(less.t90_s, end_h)))
    if times:
        words = say("Lanes: {times}{only}.", times=", ".join(times), only=_same_seed(centre, end_h))
        yield Sentence(words, range_doubt(centre))


def _by_signals(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Iterator[Sentence]:
    """Yield what another guess of the signals' programs does to the headline, and to which plan is the fastest."""
    if centre.signals is None or centre.signals.signals is None:
        return
    end_h = report.scenario.simulation.end_h
    words = say(
        "How the signals run is guessed, and a queue stands at one: {time} with {programs}{only}.",
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
        plans = {"plan": plan_name(report, then), "other": plan_name(report, usually)}
        words += " " + say("Then “{plan}” is the fastest plan, and not “{other}”.", **plans)
    yield Sentence(words, centre.signals.doubt)


def range_doubt(case: CaseResult) -> str:
    """Return why the times at less and more lane capacity, and as assumed, aren't trusted; nothing when they are."""
    parts = (
        (case.less, say("at 15 % less capacity")),
        (case.assumed if case.capacity_seed is not None else None, say("as assumed")),
        (case.more, say("at 15 % more capacity")),
    )
    return "; ".join(f"{words}: {result.doubt}" for result, words in parts if result is not None and result.doubt)


def _same_seed(centre: CaseResult, end_h: float) -> str:
    """Return what times of one seed are to be compared with, which isn't the mean of several."""
    if len(centre.seeds) == 1 or centre.assumed is None:
        return ""
    time = text.clearance(centre.assumed.t90_s, end_h)
    return " " + say("(seed {seed} only, which takes {time} as assumed)", seed=centre.capacity_seed, time=time)


def shown_seed(cases: Sequence[CaseResult], centre: CaseResult) -> str:
    """Return of which simulation curves, maps, lanes, zones and exits are; nothing where there is but one."""
    same, seed = same_case(cases, centre), centre.shown.seed
    if len(centre.seeds) == 1:
        return ""
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


def lane_words(centre: CaseResult) -> str:
    """Return the lane that holds the city up, by name; that there is none, or that the simulation knows no lanes."""
    if centre.shown.fidelity != _WITH_LANES:
        return say("Not known")
    worst = tables.holding_up(centre)
    return text.plain(worst.name) if worst else say("None")


def holding_up(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> list[Sentence]:
    """Return what holds the city up under the headline's plan, and under the one compared with."""
    if centre.shown.fidelity != _WITH_LANES:
        return [Sentence(say("A coarse simulation knows streets, not lanes: run this case car by car to see which."))]
    found, other = [Sentence(_holding_up_words(centre), centre.doubt)], counterpart(report, cases, centre)
    if other is None:
        return found
    plan, there = plan_name(report, other.shown.plan), tables.holding_up(other)
    words = say("With “{plan}” no queue costs people a minute.", plan=plan)
    if there is not None:
        values = {"plan": plan, "hours": text.count(round(there.delay_veh_h))}
        here = tables.holding_up(centre)
        if here is not None and here.name == there.name:
            words = say("With “{plan}” it is the same, and people lose {hours} hours.", **values)
        else:
            words = say(
                "With “{plan}” it is {lane}, where people lose {hours} hours.", **values, lane=text.plain(there.name)
            )
    return [*found, Sentence(words, other.doubt)]


def _holding_up_words(case: CaseResult) -> str:
    worst = tables.most_delay(case)
    if worst is None:
        return say("No queue stands anywhere for ten minutes or more.")
    if worst.is_slight:
        return say(
            "The queue that costs most time stands at {lane}: there people wait {seconds} seconds in the mean. When "
            "they leave, and how far they drive, decides how long it takes.",
            lane=text.plain(worst.name), seconds=text.count(round(worst.wait_s or 0.0)),
        )  # fmt: skip
    values = {
        "reason": say(_REASONS[worst.reason]),
        "queue": clock.span(worst.queue_min * clock.MINUTE_S),
        "hours": text.count(round(worst.delay_veh_h)),
    }
    if worst.queued_veh_per_min is None:
        return say(
            "{reason} It is the head of a queue for {queue}, in which people lose {hours} hours, all vehicles "
            "together.",
            **values,
        )
    return say(
        "{reason} It is the head of a queue for {queue} and passes {rate} vehicles per minute meanwhile. People lose "
        "{hours} hours in that queue, all vehicles together.",
        **values,
        rate=text.rate(worst.queued_veh_per_min),
    )


def resources_words(resources: Mapping[str, int]) -> str:
    """Return what a plan takes: `2 officers and 4 signs`."""
    parts = {kind: number for kind, number in resources.items() if number}
    return text.listing(
        [say(_ONE[kind]) if number == 1 else f"{text.count(number)} {say(kind)}" for kind, number in parts.items()]
    )


def plan_name(report: ReportInput, key: str) -> str:
    """Return what people call a plan; its key where the report doesn't have its name."""
    plan = report.plans.get(key)
    return text.plain(plan.name if plan and plan.name else key, 60)
