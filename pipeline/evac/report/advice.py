"""What isn't known, and what to do next: read off the runs, for the first page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evac import clock
from evac.prose import begun
from evac.report import movement, tables, text
from evac.report.answer import Sentence, plan_name
from evac.report.dark_signals import state_of
from evac.report.inputs import ReportInput
from evac.report.results import CaseResult, vehicles_text
from evac.report.words import say
from evac.simulate.job import Case
from evac.study.cases import background_of
from evac.study.precision import Shortfall, Unhelped

MOST = 4
"""Sentences of each kind on the first page; more stand under “How sure are these numbers?”."""
_CAVEATS_IN_WORDS = 2
_CAVEAT_LENGTH = 200
_NOT_ON_SITE = ("much_traffic_for_the_lanes",)
"""Findings that reckon with everybody's quickest way: the simulation, in which drivers take others, answers them."""
_SEEDS = 5
"""Seeds that the advice asks for: the interval of a mean of five is 0.56 of that of three (Student's t)."""


def unknown(report: ReportInput, centre: CaseResult) -> list[Sentence]:
    """Return what isn't known or left out, what weighs most first."""
    found = (
        _missing(report), *_left_over(centre), _cut_off(report), *_caveats(centre), _imprecise(report),
        _unhelped(report), _not_ordered(centre), _behaviour(centre), _not_simulated(report, centre),
    )  # fmt: skip
    return [sentence for sentence in found if sentence is not None]


def cut_off(report: ReportInput) -> list[str]:
    """Return from how many households each plan takes the only way out, since when and by which actions."""
    plans = {run.case.plan: run.ledger.get("households_cut_off", []) for run in report.runs}
    return [_takes_the_way(plan_name(report, plan), **item) for plan, found in plans.items() for item in found]


def _takes_the_way(plan: str, households: int, from_min: float, actions: Sequence[str]) -> str:
    given = {"number": text.count(households), "plan": plan, "actions": text.plain(", ".join(actions))}
    if not from_min:
        return say("{number} households lose their only way out under “{plan}”, by {actions}.", **given)
    return say(
        "{number} households lose their only way out under “{plan}” from {time} on, by {actions}.",
        time=clock.clock(from_min * clock.MINUTE_S), **given,
    )  # fmt: skip


def next_steps(report: ReportInput, centre: CaseResult) -> list[str]:
    """Return what to do next, what weighs most first."""
    return [
        *_mend(centre),
        *_weigh(report),
        *_count(centre),
        *_look(report, centre),
        *_ask(centre),
        *_run(report, centre),
    ]


def _missing(report: ReportInput) -> Sentence | None:
    if not report.failed:
        return None
    number = text.count(len(report.failed))
    return Sentence(say("{number} of the simulations that were asked for are missing from this report.", number=number))


def _left_over(centre: CaseResult) -> Iterator[Sentence]:
    shown, left = centre.shown, []
    if shown.in_refuge:
        left.append(say("{number} are in a refuge, safe and not out,", number=text.count(shown.in_refuge)))
    if shown.no_route:
        left.append(say("{number} have no way out", number=text.count(shown.no_route)))
    if shown.waiting:
        left.append(say("{number} never get onto the street", number=text.count(shown.waiting)))
    if shown.driving:
        left.append(say("{number} are still on the road", number=text.count(shown.driving)))
    if left:
        yield Sentence(say("Of the vehicles, {these} at the end.", these=text.listing(left)), centre.doubt)


def _cut_off(report: ReportInput) -> Sentence | None:
    number = int((~report.households["connected"].astype(bool)).sum())
    if not number:
        return None
    if number == 1:
        return Sentence(say("1 household has no street that a car may leave from: its vehicles are never out."))
    words = say(
        "{number} households have no street that a car may leave from: their vehicles are never out.",
        number=text.count(number),
    )
    return Sentence(words)


def _caveats(centre: CaseResult) -> Iterator[Sentence]:
    found = centre.shown.caveats
    yield from (Sentence(_whole(_shortened(caveat))) for caveat in found[:_CAVEATS_IN_WORDS])
    more = len(found) - _CAVEATS_IN_WORDS
    if more == 1:
        yield Sentence(say("1 more caveat is in the trust ledger."))
    elif more > 1:
        yield Sentence(say("{number} more caveats are in the trust ledger.", number=more))


def _shortened(caveat: str) -> str:
    """Return a caveat with so much of a long list as the page has room for, nothing cut in two; the ledger has all."""
    words = text.plain(caveat, len(caveat))
    head = words[:_CAVEAT_LENGTH]
    ends = max(head.rfind(", "), head.rfind("; "))
    return words if head == words else f"{head[:ends]} …" if ends > 0 else text.plain(caveat, _CAVEAT_LENGTH)


def _whole(words: str) -> str:
    """Return words as a sentence."""
    return f"{begun(words)}{'' if words.endswith('…') else '.'}"


def _imprecise(report: ReportInput) -> Sentence | None:
    if not report.imprecise:
        return None
    where = "; ".join(_shortfall(item) for item in report.imprecise)
    return Sentence(say("The times are less precise than the study was asked to make them: {where}.", where=where))


def _unhelped(report: ReportInput) -> Sentence | None:
    if not report.unhelped:
        return None
    where = "; ".join(_of_case(item.case, _follows(item)) for item in report.unhelped)
    return Sentence(say("Coarse simulations were tried, and don't help to know these times: {where}.", where=where))


def _follows(item: Unhelped) -> str:
    return say(
        "they explain {share} % of what differs from seed to seed (in {pairs} pairs)",
        share=f"{100 * item.explained:.0f}", pairs=text.count(item.pairs),
    )  # fmt: skip


def _shortfall(item: Shortfall) -> str:
    found = item.interval
    if found.missing:
        missing, runs = text.count(found.missing), text.count(found.missing + found.runs)
        got = say("90 % not reached in {missing} of {runs} runs", missing=missing, runs=runs)
    elif found.relative_half_width is None:
        got = say("no interval, runs: {runs}", runs=text.count(found.runs))
    else:
        share = f"{100 * found.relative_half_width:.1f}"
        got = say("± {share} % after {runs} seeds", share=share, runs=text.count(found.runs))
    return _of_case(item.case, got)


def _of_case(case: Case, got: str) -> str:
    return say(
        "{plan}, {vehicles}, {departure}: {got}",
        plan=text.plain(case.plan),
        vehicles=text.plain(vehicles_text(case.vehicles_per_household)),
        departure=text.plain(case.departure),
        got=got,
    )


def _not_ordered(centre: CaseResult) -> Sentence | None:
    ledger, shown = centre.run.ledger, centre.shown
    number = int(ledger["households_not_ordered"])
    if not number:
        return None
    unasked = int(ledger["households_unasked"])
    counts = {"number": text.count(number), "staying": text.count(number - unasked), "leaving": text.count(unasked)}
    if not unasked:
        return Sentence(say("{number} more households are not ordered to leave: {staying} stay.", **counts))
    words = say(
        "{number} more households are not ordered to leave: {staying} stay, {leaving} leave unasked with {vehicles} "
        "vehicles, which are in every queue but not in the clearance times.",
        **counts,
        vehicles=text.count(shown.shadow),
    )
    return Sentence(words)


def _behaviour(centre: CaseResult) -> Sentence:
    curve = text.plain(centre.shown.departure)
    words = say(
        "How people behave that day: when they leave (“{curve}”) and with how many cars is assumed.", curve=curve
    )
    return Sentence(words)


def _not_simulated(report: ReportInput, centre: CaseResult) -> Sentence:
    people = [say("visitors"), *([] if report.scenario.before_leaving else [say("schools")]), say("hospitals")]
    left_out = text.listing([*people, *([] if report.scenario.buses else [say("buses")])])
    if background_of(report.scenario, centre.shown.departure).is_nobody:
        return Sentence(say("Roads start empty, and {these} are not in it.", these=left_out))
    return Sentence(say("Not in it: {these}.", these=left_out))


def _mend(centre: CaseResult) -> Iterator[str]:
    if centre.doubt:
        yield say("Mend first what makes the numbers not trusted (†).")


def _weigh(report: ReportInput) -> Iterator[str]:
    """Give the plans whose dark signals decide more than all else does, and may cost time, or do."""
    told = {row.plan for row in report.dark if not row.refused}
    costly = {row.plan for row in report.dark if state_of(row) == "costs"}
    found = [key for key in report.plans if key in costly]
    plans = text.listing([f"“{plan_name(report, key)}”" for key in found])
    commands = text.listing([f"“evac ablate SCENARIO {text.plain(key, 60)}”" for key in found])
    if len(found) == 1:
        yield say("Weigh the signals that {plan} switches off one at a time: {command}.", plan=plans, command=commands)
    elif found:
        yield say(
            "Weigh the signals that {plans} switch off one at a time: {commands}.", plans=plans, commands=commands
        )
    for key, plan in report.plans.items():
        if plan.signals_off and key not in told:
            yield say(
                "“{plan}” switches signals off, which may cost more than it buys: “evac ablate SCENARIO {key}” tells "
                "by how much, beside signals left on and beside officers.",
                plan=plan_name(report, key), key=text.plain(key, 60),
            )  # fmt: skip


def _count(centre: CaseResult) -> Iterator[str]:
    worst = tables.holding_up(centre)
    if worst is None:
        return
    if worst.queued_veh_per_min is None:
        yield say("Count the vehicles that {lane} passes from a queue.", lane=text.plain(worst.name))
    else:
        yield say(
            "Count the vehicles that {lane} passes from a queue: the answer rests on {rate} a minute.",
            lane=text.plain(worst.name), rate=text.rate(worst.queued_veh_per_min),
        )  # fmt: skip


def _look(report: ReportInput, centre: CaseResult) -> Iterator[str]:
    """Give the finding that touches most vehicles of this case: the audit knows only everybody's quickest way."""
    serious = [item for item in report.findings if item.severity != "note" and item.kind not in _NOT_ON_SITE]
    if not serious:
        return
    here = movement.passing(centre, report.edges, [(item.lon, item.lat) for item in serious])
    shares = [
        vehicles / max(centre.shown.planned, 1) if item.fact else item.share
        for item, vehicles in zip(serious, here, strict=True)
    ]
    weights = [(item.severity == "error", share) for item, share in zip(serious, shares, strict=True)]
    worst = max(range(len(serious)), key=lambda number: weights[number])
    if serious[worst].fact:
        yield say(
            "Check on site: {finding}; {number} vehicles pass there in this case.",
            finding=text.plain(serious[worst].fact, 300), number=text.count(round(here[worst])),
        )  # fmt: skip
    else:
        yield say("Check on site: {finding}.", finding=text.plain(serious[worst].text, 300).rstrip("."))


def _ask(centre: CaseResult) -> Iterator[str]:
    by_exit = movement.evacuated(centre).sort_values("evacuated_s").groupby("exit")["evacuated_s"]
    most = {str(name): movement.busiest_hour(times) for name, times in by_exit}
    if most:
        busiest = max(most, key=lambda name: most[name])
        yield say(
            "Ask the neighbour beyond “{exit}” whether the road there takes {number} vehicles in an hour.",
            exit=text.plain(busiest), number=text.count(most[busiest]),
        )  # fmt: skip


def _run(report: ReportInput, centre: CaseResult) -> Iterator[str]:
    if len(centre.seeds) < _SEEDS and len(report.plans) > 1:
        yield say("Run five seeds of each plan: only then is a small difference told from chance.")
    elif len(centre.seeds) < _SEEDS:
        yield say("Run five seeds: only then is it known what chance changes.")
    if centre.capacity_seed is None:
        yield say("Run the case with lanes that pass 15 % fewer and more vehicles.")
    if len(report.plans) < 2 and tables.holding_up(centre) is not None:  # noqa: PLR2004 - something to compare
        yield say("Write a plan for the lane that holds the city up, and see what it buys.")
