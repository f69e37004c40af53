"""The best plans once more: with more seeds, fewer of them in each round, and with something going wrong.

Successive halving (Karnin, Koren and Somekh, "Almost optimal exploration in multi-armed bandits", ICML 2013): each
round simulates half as many plans with twice as many seeds, so that time goes where the ranking isn't settled. All
plans have the same seeds, so that chance cancels in their differences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evac.schema.scenario import vehicles_label
from evac.search.lazy import Chosen
from evac.search.trials import TimeIsUp, Trials
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


def finalists(trials: Trials) -> list[Chosen]:
    """Return the sets for the first round: the best for each number of officers, then the best of all others."""
    by_score = sorted(trials.scores, key=lambda chosen: (round(trials.scores[chosen]), len(chosen), sorted(chosen)))
    best, fewest = [], float("inf")
    for chosen in by_score:
        if trials.officers(chosen) < fewest:
            best.append(chosen)
            fewest = trials.officers(chosen)
    kept = dict.fromkeys([frozenset[int](), *best, *by_score])
    return list(kept)[:MOST]


def play(trials: Trials, finals: Finals) -> None:
    """Simulate the last plans with more and more seeds, half as many each round; `finals` has what came out."""
    left, seeds = finalists(trials), _FIRST_SEEDS
    try:
        while True:
            of_now = trials.asked.seeds[:seeds]
            side_by_side = max(1, trials.asked.width // len(of_now))
            for start in range(0, len(left), side_by_side):
                if finals.cells:  # what the others are compared with is there in any case
                    trials.patience.check()
                _play_some(trials, finals, left[start : start + side_by_side], of_now)
            if seeds >= len(trials.asked.seeds) or len(left) <= 1:
                return
            nothing = frozenset[int]()
            known = [chosen for chosen in left if chosen in finals.cells and chosen != nothing]
            ranked = sorted(known, key=lambda chosen: _slow(finals.cells[chosen]))
            left, seeds = [nothing, *ranked[: max(1, len(ranked) // 2)]], seeds * 2
    except TimeIsUp:
        finals.cut_short = True


def _play_some(trials: Trials, finals: Finals, sets: Sequence[Chosen], seeds: Sequence[int]) -> None:
    """Simulate plans with some seeds; one whose runs all fail keeps what it has."""
    trials.display.tell(f"with {len(seeds)} seeds: {'; '.join(trials.words(chosen) for chosen in sets)}")
    by_key = {trials.plan(chosen).key: chosen for chosen in sets}
    laid = {key: under for key, chosen in by_key.items() if (under := trials.lay(chosen)) is not None}
    finals.cells |= {by_key[cell.plan]: cell for cell in cells_of(_study(trials, laid, seeds).runs)}


def stress(trials: Trials, finals: Finals) -> None:
    """Let things go wrong with the best plans: set-up late, an officer missing, lanes and exits lost, more vehicles."""
    best = [chosen for chosen in finals.ranked() if chosen][:_STRESSED]
    try:
        for chosen in best:
            trials.patience.check()
            trials.display.tell(f"letting things go wrong with {trials.words(chosen)}")
            finals.stressed[chosen] = _stressed(trials, chosen)
    except TimeIsUp:
        finals.cut_short = True


def _stressed(trials: Trials, chosen: Chosen) -> list[Stressed]:
    plan, under_hazard = trials.plan(chosen), trials.prepared.loaded.model.hazard is not None
    failures = stresses(plan, trials.prepared.exits, under_hazard=under_hazard)
    variants = {plan.key: plan, **{item.plan.key: item.plan for item in failures}}
    paces = {item.plan.key: item.pace for item in failures}
    laid, refused = lay_over_each(trials.prepared, variants, trials.cache, paces)
    study = _study(trials, laid, trials.asked.seeds[:1])
    return [*worst_first({plan.key: failures}, study, refused)[plan.key]]


def with_more_vehicles(trials: Trials, finals: Finals) -> dict[Chosen, Cell]:
    """Return what the plans that were stressed are worth with the scenario's largest number of vehicles."""
    model = trials.prepared.loaded.model
    most = max(model.vehicles_per_household, key=lambda case: mean_vehicles(vehicles_case(model, vehicles_label(case))))
    label = vehicles_label(most)
    if label == trials.asked.vehicles:
        return {}
    found: dict[Chosen, Cell] = {}
    try:
        for chosen in finals.stressed:
            trials.patience.check()
            laid = trials.lay(chosen)
            if laid is not None:
                plans = {trials.plan(chosen).key: laid}
                for cell in cells_of(_study(trials, plans, trials.asked.seeds[:1], label).runs):
                    found[chosen] = cell
    except TimeIsUp:
        finals.cut_short = True
    return found


def _study(trials: Trials, laid: Mapping[str, UnderPlan], seeds: Sequence[int], vehicles: str = "") -> Study:
    asked = trials.asked
    selection = Selection((vehicles or asked.vehicles,), (asked.departure,), tuple(seeds), sensitivity=False)
    return run_study(trials.prepared, dict(laid), selection, trials.cache, engine=trials.engine, display=trials.display)
