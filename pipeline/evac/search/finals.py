"""The best plans once more: with more seeds, fewer of them in each round, and with something going wrong.

Successive halving (Karnin, Koren and Somekh, "Almost optimal exploration in multi-armed bandits", ICML 2013): each
round simulates half as many plans with twice as many seeds, so that time goes where the ranking isn't settled. All
plans have the same seeds, so that chance cancels in their differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evac.schema.scenario import vehicles_label
from evac.search.attempts import Attempts, TimeIsUp
from evac.search.lazy import Chosen
from evac.statistics import Interval
from evac.study import Selection, Study, run_study
from evac.study.buying import Stressed, lay_over_each, worst_first
from evac.study.cases import mean_vehicles, vehicles_case
from evac.study.comparing import Cell, cells_of
from evac.study.under_plan import UnderPlan
from evac.study.variants import stresses

MOST = 10
"""Plans in the first round."""
_FIRST_SEEDS = 2
_STRESSED = 3


@dataclass
class Finals:
    """What came of the last plans.

    Parameters
    ----------
    cells
        By set, its runs over the seeds.
    stressed
        By set, what it is worth when something goes wrong, the worst first.
    cut_short
        Whether time was up before all was simulated.
    """

    cells: dict[Chosen, Cell] = field(default_factory=dict)
    stressed: dict[Chosen, list[Stressed]] = field(default_factory=dict)
    cut_short: bool = False

    def ranked(self) -> list[Chosen]:
        """Return the sets, first those with most seeds, and among these the quickest."""
        return sorted(self.cells, key=lambda chosen: (-len(self.cells[chosen].t90_s), *_slow(self.cells[chosen])))

    def saved(self, chosen: Chosen) -> Interval:
        """Return how much sooner than without any candidate 90 % are out (s), over the seeds that both have."""
        return self.cells[frozenset()].less(self.cells[chosen])

    def worst(self, chosen: Chosen) -> Stressed | None:
        """Return the worst that may happen to a set; None where that wasn't simulated."""
        rows = [row for row in self.stressed.get(chosen, []) if row.cell is not None]
        return rows[0] if rows else None

    def safest(self) -> Chosen | None:
        """Return the set that is best in its worst case."""
        known = {chosen: worst.cell for chosen in self.stressed if (worst := self.worst(chosen)) and worst.cell}
        return min(known, key=lambda chosen: _slow(known[chosen]), default=None)


def _slow(cell: Cell) -> tuple[int, int, float]:
    """Return what a plan is ranked by: runs that never got 90 % out, that aren't trusted, and the mean time (s)."""
    known = [time_s for time_s in cell.t90_s.values() if time_s is not None]
    mean_s = sum(known) / len(known) if known else float("inf")
    return len(cell.t90_s) - len(known), len(cell.untrusted), mean_s


def finalists(attempts: Attempts) -> list[Chosen]:
    """Return the sets for the first round: the best for each number of officers, then the best of all others."""
    by_score = sorted(attempts.scores, key=lambda chosen: (round(attempts.scores[chosen]), len(chosen), sorted(chosen)))
    best, fewest = [], float("inf")
    for chosen in by_score:
        if attempts.officers(chosen) < fewest:
            best.append(chosen)
            fewest = attempts.officers(chosen)
    kept = dict.fromkeys([frozenset[int](), *best, *by_score])
    return list(kept)[:MOST]


def play(attempts: Attempts, finals: Finals) -> None:
    """Simulate the last plans with more and more seeds, half as many each round; `finals` has what came out."""
    left, seeds = finalists(attempts), _FIRST_SEEDS
    try:
        while True:
            of_now = attempts.goal.seeds[:seeds]
            side_by_side = max(1, attempts.goal.width // len(of_now))
            for start in range(0, len(left), side_by_side):
                if finals.cells:  # what the others are compared with is there in any case
                    attempts.patience.check()
                _play_some(attempts, finals, left[start : start + side_by_side], of_now)
            if seeds >= len(attempts.goal.seeds) or len(left) <= 1:
                return
            nothing = frozenset[int]()
            known = [chosen for chosen in left if chosen in finals.cells and chosen != nothing]
            ranked = sorted(known, key=lambda chosen: _slow(finals.cells[chosen]))
            left, seeds = [nothing, *ranked[: max(1, len(ranked) // 2)]], seeds * 2
    except TimeIsUp:
        finals.cut_short = True


def _play_some(attempts: Attempts, finals: Finals, sets: Sequence[Chosen], seeds: Sequence[int]) -> None:
    """Simulate plans with some seeds; one whose runs all fail keeps what it has."""
    attempts.tell(f"with {len(seeds)} seeds: {'; '.join(attempts.words(chosen) for chosen in sets)}")
    by_key = {attempts.plan(chosen).key: chosen for chosen in sets}
    laid = {key: under for key, chosen in by_key.items() if (under := attempts.lay(chosen)) is not None}
    finals.cells |= {by_key[cell.plan]: cell for cell in cells_of(_study(attempts, laid, seeds).runs)}


def stress(attempts: Attempts, finals: Finals) -> None:
    """Let things go wrong with the best plans: set-up late, an officer missing, lanes and exits lost, more vehicles."""
    best = [chosen for chosen in finals.ranked() if chosen][:_STRESSED]
    try:
        for chosen in best:
            attempts.patience.check()
            attempts.tell(f"letting things go wrong with {attempts.words(chosen)}")
            finals.stressed[chosen] = _stressed(attempts, chosen)
    except TimeIsUp:
        finals.cut_short = True


def _stressed(attempts: Attempts, chosen: Chosen) -> list[Stressed]:
    plan, under_hazard = attempts.plan(chosen), attempts.prepared.loaded.model.hazard is not None
    failures = stresses(plan, attempts.prepared.exits, under_hazard=under_hazard)
    variants = {plan.key: plan, **{item.plan.key: item.plan for item in failures}}
    paces = {item.plan.key: item.pace for item in failures}
    laid, refused = lay_over_each(attempts.prepared, variants, attempts.cache, paces)
    study = _study(attempts, laid, attempts.goal.seeds[:1])
    return [*worst_first({plan.key: failures}, study, refused)[plan.key]]


def with_more_vehicles(attempts: Attempts, finals: Finals) -> dict[Chosen, Cell]:
    """Return what the plans that were stressed are worth with the scenario's largest number of vehicles."""
    model = attempts.prepared.loaded.model
    most = max(model.vehicles_per_household, key=lambda case: mean_vehicles(vehicles_case(model, vehicles_label(case))))
    label = vehicles_label(most)
    if label == attempts.goal.vehicles:
        return {}
    found: dict[Chosen, Cell] = {}
    try:
        for chosen in finals.stressed:
            attempts.patience.check()
            laid = attempts.lay(chosen)
            if laid is not None:
                plans = {attempts.plan(chosen).key: laid}
                for cell in cells_of(_study(attempts, plans, attempts.goal.seeds[:1], label).runs):
                    found[chosen] = cell
    except TimeIsUp:
        finals.cut_short = True
    return found


def _study(attempts: Attempts, laid: Mapping[str, UnderPlan], seeds: Sequence[int], vehicles: str = "") -> Study:
    goal = attempts.goal
    selection = Selection((vehicles or goal.vehicles,), (goal.departure,), tuple(seeds), sensitivity=False)
    return run_study(
        attempts.prepared, dict(laid), selection, attempts.cache, engine=attempts.engine, display=attempts.display
    )
