"""What the last plans are worth when something goes wrong, and which of them is the best in its worst case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evac.plans.reading import LoadedPlan
from evac.schema.scenario import vehicles_label, vehicles_words
from evac.search.attempts import Attempts
from evac.search.finals import MOST, Finals, slow, study_of
from evac.search.goal import TimeIsUp
from evac.search.lazy import Chosen
from evac.study.buying import Stressed, lay_over_each
from evac.study.cases import mean_vehicles, vehicles_case
from evac.study.comparing import Cell, cells_of
from evac.study.under_plan import UnderPlan
from evac.study.variants import AS_GIVEN, Coming, stresses

NOTHING = "nothing goes wrong"
_TO_THE_END = 3  # plans with which all is tried that may go wrong
_FAILED = "its run failed"


@dataclass(frozen=True)
class _Trouble:
    """Something that goes wrong: what, the plan as it is then, when the hazard comes, and the vehicles per household.

    `vehicles` is empty where they are those that the search is for.
    """

    failure: str
    plan: LoadedPlan
    coming: Coming = AS_GIVEN
    vehicles: str = ""


def stress(attempts: Attempts, finals: Finals) -> None:
    """Let things go wrong with the last plans, and simulate that with the first seed.

    Set-up is late, officers, lanes or exits are missing, the hazard comes sooner, there are more vehicles. All of it
    with the best three; the others with the worst first, until a case shows that they aren't the best in their worst
    case.
    """
    known = [chosen for chosen in finals.ranked() if chosen][:MOST]
    try:
        for number, chosen in enumerate([*known, frozenset[int]()]):
            attempts.tell(f"letting things go wrong with {attempts.sets.words(chosen)}")
            finals.stressed[chosen] = _stressed(attempts, finals, chosen, to_the_end=number < _TO_THE_END)
    except TimeIsUp:
        finals.cut_short = True


def _stressed(attempts: Attempts, finals: Finals, chosen: Chosen, *, to_the_end: bool) -> list[Stressed]:
    """Return what a plan is worth in the cases that matter, the worst first.

    Raises
    ------
    TimeIsUp
        Before it is known whether this plan is the best in its worst case.
    """
    times = [(row.failure, slow(row.cell)) for rows in finals.stressed.values() for row in rows if row.cell]
    safest = finals.safest()
    limit = None if safest is None or to_the_end else finals.worst(safest)

    def was_worst(item: _Trouble) -> tuple[int, int, float]:
        return max((time for failure, time in times if failure.startswith(item.failure)), default=(0, 0, 0.0))

    troubles = sorted(_troubles(attempts, attempts.sets.plan(chosen)), key=was_worst, reverse=True)
    rows: list[Stressed] = []
    for start in range(0, len(troubles), attempts.sets.goal.width):
        attempts.patience.check()
        rows += _worth(attempts, troubles[start : start + attempts.sets.goal.width])
        cells = [row.cell for row in rows if row.cell]
        if limit and limit.cell and any(slow(cell) >= slow(limit.cell) for cell in cells):
            break
    return sorted(rows, key=lambda row: (row.cell is not None, slow(row.cell) if row.cell else ()), reverse=True)


def _troubles(attempts: Attempts, plan: LoadedPlan) -> Iterator[_Trouble]:
    """Yield what may go wrong with a plan; more vehicles than it was found for are among it."""
    yield _Trouble(NOTHING, plan)
    model, exits = attempts.sets.prepared.loaded.model, attempts.sets.prepared.exits
    for item in stresses(plan, exits, model.hazard):
        yield _Trouble(item.failure, item.plan, item.coming)
    most = max(model.vehicles_per_household, key=lambda case: mean_vehicles(vehicles_case(model, vehicles_label(case))))
    if (label := vehicles_label(most)) != attempts.sets.goal.vehicles:
        yield _Trouble(vehicles_words(label), plan, vehicles=label)


def _worth(attempts: Attempts, troubles: Sequence[_Trouble]) -> list[Stressed]:
    """Simulate a plan with something going wrong, each by itself."""
    laid: dict[str, UnderPlan] = {}
    refused: dict[str, str] = {}
    troubles = [_carried_out(attempts, item, laid, refused) for item in troubles]
    cells: dict[tuple[str, str], Cell] = {}
    for vehicles in dict.fromkeys(item.vehicles for item in troubles):
        keys = [item.plan.key for item in troubles if item.vehicles == vehicles]
        these = {key: laid[key] for key in keys if key in laid}
        if these:
            study = study_of(attempts, these, attempts.sets.goal.seeds[:1], vehicles)
            cells |= {(cell.plan, vehicles): cell for cell in cells_of(study.runs)}
    return [
        Stressed(key, item.failure, cells.get((key, item.vehicles)), refused.get(key, _FAILED))
        for item in troubles
        for key in [item.plan.key]
    ]


def _carried_out(
    attempts: Attempts, trouble: _Trouble, laid: dict[str, UnderPlan], refused: dict[str, str]
) -> _Trouble:
    """Lay a plan with something going wrong over the net; where it contradicts an action, without that action.

    Nobody reverses the lanes to an exit that is lost.
    """
    plan = trouble.plan
    own = [item for item in plan.actions if item not in attempts.sets.base.actions and item.label != trouble.failure]
    for left_out in (None, *own):
        actions = tuple(item for item in plan.actions if item is not left_out)
        now, failure = plan, trouble.failure
        if left_out is not None:
            now = replace(plan, key=f"{plan.key} · without {left_out.label}", actions=actions)
            failure = f"{trouble.failure}, and so no {left_out.label}"
        new, why = lay_over_each(attempts.sets.prepared, {now.key: now}, attempts.sets.cache, {now.key: trouble.coming})
        if new:
            laid |= new
            return replace(trouble, plan=now, failure=failure)
        refused.setdefault(plan.key, why[now.key])
    return trouble
