"""The first page: question, answer, the lane that holds the city up, what plans buy, what isn't known, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evac import clock
from evac.report import advice, answer, dark_signals, text
from evac.report.answer import Sentence
from evac.report.doubted import doubted
from evac.report.effects import Effect, Lever, effects, levers, with_other_vehicles
from evac.report.inputs import ReportInput
from evac.report.ledger import Said
from evac.report.results import CaseResult

_MOST_LEVERS = 3


@dataclass(frozen=True)
class Bar:
    """A plan's row: what it takes, its effect, also with other vehicles, its bar as percentages of the longest."""

    name: str
    takes: str
    effect: Effect
    elsewhere: str
    time: str
    width_percent: float
    is_shown: bool


@dataclass(frozen=True)
class Front:
    """What the first page says, in words.

    Parameters
    ----------
    time, plan
        The large number, and the plan that it is of; no plan where the report has but one.
    caught
        Who never gets to safety, and who was in the hazard; empty where that is nobody.
    ordered, how_long, ranges
        What was ordered out, what the number means, how far it may be off.
    lane, lane_sentences
        The lane that holds the city up, and what is known of it.
    bars
        The plans.
    levers
        What would move the answer most.
    unknown, unknown_elsewhere
        What isn't known: on the page, and what has no room on it.
    steps
        What to do next.
    doubted
        Why cases aren't trusted.
    cut_off
        From how many households plans take the only way out.
    """

    time: str
    plan: str
    caught: str
    ordered: Sentence
    how_long: Sentence
    ranges: list[Sentence]
    lane: str
    lane_sentences: list[Sentence]
    bars: list[Bar]
    levers: list[Lever]
    unknown: list[Sentence]
    unknown_elsewhere: list[Sentence]
    steps: list[str]
    doubted: list[Said]
    cut_off: list[str]


def front(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> Front:
    """Return what the first page says."""
    found, unknown = effects(report, cases, centre), advice.unknown(report, centre)
    return Front(
        time=text.clearance(centre.estimate(90).mean, report.scenario.simulation.end_h),
        plan=answer.plan_name(report, centre.shown.plan) if len(found) > 1 else "",
        caught=answer.caught(report, centre),
        ordered=answer.ordered(report, centre),
        how_long=answer.how_long(report, centre),
        ranges=[*answer.ranges(report, cases, centre), *dark_signals.on_front(report, centre)],
        lane=answer.lane_words(centre),
        lane_sentences=answer.holding_up(report, cases, centre),
        bars=_bars(report, cases, found, centre),
        levers=_levers(report, cases, centre),
        unknown=unknown[: advice.MOST],
        unknown_elsewhere=unknown[advice.MOST :],
        steps=advice.next_steps(report, centre)[: advice.MOST],
        doubted=doubted(report, cases, centre),
        cut_off=advice.cut_off(report),
    )


def _levers(report: ReportInput, cases: Sequence[CaseResult], centre: CaseResult) -> list[Lever]:
    found = [*levers(cases, centre), *dark_signals.levers(report, centre)]
    return sorted(found, key=lambda lever: -lever.size_s)[:_MOST_LEVERS]


def _bars(report: ReportInput, cases: Sequence[CaseResult], found: Sequence[Effect], centre: CaseResult) -> list[Bar]:
    end_s = report.scenario.simulation.end_h * clock.HOUR_S
    times = [effect.case.estimate(90).mean or end_s for effect in found]
    return [
        Bar(
            name=answer.plan_name(report, effect.case.shown.plan),
            takes=_takes(report, effect),
            effect=effect,
            elsewhere=with_other_vehicles(cases, effect),
            time=text.estimated(effect.case.estimate(90), report.scenario.simulation.end_h),
            width_percent=round(100 * time_s / max(times), 1),
            is_shown=effect.case is centre,
        )
        for effect, time_s in zip(found, times, strict=True)
    ]


def _takes(report: ReportInput, effect: Effect) -> str:
    plan = report.plans.get(effect.case.shown.plan)
    return answer.resources_words(plan.resources) if plan else ""
