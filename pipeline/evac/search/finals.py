"""The best plans once more, with more seeds, fewer of them in each round; then the best two with seeds of their own.

Successive halving (Karnin, Koren and Somekh, "Almost optimal exploration in multi-armed bandits", ICML 2013): each
round simulates half as many plans with twice as many seeds, so that time goes where the ranking isn't settled. All
plans have the same seeds, so that chance cancels in their differences.

The best of several means is too good by chance, the more so the more plans there were (the optimizer's curse: Smith
and Winkler, Management Science 52, 2006). What a plan is worth is told by seeds that had no part in choosing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evac.search.attempts import Attempts, left_behind
from evac.search.goal import TimeIsUp
from evac.search.lazy import Chosen
from evac.statistics import Interval
from evac.study import Selection, Study, run_study
from evac.study.buying import Stressed
from evac.study.comparing import Cell, cells_of
from evac.study.under_plan import UnderPlan

MOST = 10
"""Plans in the first round."""
_FIRST_SEEDS = 2


@dataclass
class Finals:
    """What came of the last plans.

    Parameters
    ----------
    cells
        By set, its runs over the seeds.
    left_behind
        By set, the vehicles that weren't out at the end of the simulation (of the seed with most).
    stressed
        By set, what it is worth when something goes wrong; where another plan is better in its worst case than this
        one in some case, no more than what shows that.
    fresh, fresh_left_behind
        The same of the best two and of no candidate, over seeds that had no part in choosing them.
    cut_short
        Whether time was up before all was simulated.
    """

    cells: dict[Chosen, Cell] = field(default_factory=dict)
    left_behind: dict[Chosen, int] = field(default_factory=dict)
    fresh: dict[Chosen, Cell] = field(default_factory=dict)
    fresh_left_behind: dict[Chosen, int] = field(default_factory=dict)
    stressed: dict[Chosen, list[Stressed]] = field(default_factory=dict)
    cut_short: bool = False

    def ranked(self) -> list[Chosen]:
        """Return the sets, those with most seeds first, of these the quickest; last those that leave some behind."""
        return sorted(
            self.cells,
            key=lambda chosen: (self.leaves(chosen), -len(self.cells[chosen].t90_s), *slow(self.cells[chosen])),
        )

    def leaves(self, chosen: Chosen) -> bool:
        """Return whether a set leaves vehicles behind that get out without it."""
        return self.left_behind[chosen] > self.left_behind[frozenset()]

    def quickest(self, sets: Iterable[Chosen]) -> list[Chosen]:
        """Return those of some sets that have been simulated, the quickest first."""
        known = [chosen for chosen in sets if chosen in self.cells]
        return sorted(known, key=lambda chosen: (self.leaves(chosen), *slow(self.cells[chosen])))

    def saved(self, chosen: Chosen) -> Interval:
        """Return how much sooner than without any candidate 90 % are out (s), over the seeds that both have."""
        return self.cells[frozenset()].less(self.cells[chosen])

    def fresh_saved(self, chosen: Chosen) -> Interval:
        """Return the same (s) over the seeds that had no part in choosing."""
        return self.fresh[frozenset()].less(self.fresh[chosen])

    def worst(self, chosen: Chosen) -> Stressed | None:
        """Return the worst that may happen to a set; None where that wasn't simulated."""
        rows = [(slow(row.cell), row.failure, row) for row in self.stressed.get(chosen, []) if row.cell is not None]
        return max(rows, key=lambda item: item[:2])[2] if rows else None

    def safest(self) -> Chosen | None:
        """Return the set that is best in its worst case."""
        known = {chosen: worst.cell for chosen in self.stressed if (worst := self.worst(chosen)) and worst.cell}
        return min(known, key=lambda chosen: slow(known[chosen]), default=None)


def slow(cell: Cell) -> tuple[int, int, float]:
    """Return what a plan is ranked by: runs that never got 90 % out, that aren't trusted, and the mean time (s)."""
    known = [time_s for time_s in cell.t90_s.values() if time_s is not None]
    mean_s = sum(known) / len(known) if known else float("inf")
    return len(cell.t90_s) - len(known), len(cell.untrusted), mean_s


def _finalists(attempts: Attempts) -> list[Chosen]:
    """Return the sets for the first round: the best for each number of officers, then the best of all others."""
    by_score = sorted(attempts.scores, key=lambda chosen: (round(attempts.scores[chosen]), len(chosen), sorted(chosen)))
    best, fewest = [], float("inf")
    for chosen in by_score:
        if attempts.sets.officers(chosen) < fewest:
            best.append(chosen)
            fewest = attempts.sets.officers(chosen)
    kept = dict.fromkeys([frozenset[int](), *best, *by_score])
    return list(kept)[:MOST]


def play(attempts: Attempts, finals: Finals) -> None:
    """Simulate the last plans with more and more seeds, half as many each round; `finals` has what came out."""
    left, seeds = _finalists(attempts), _FIRST_SEEDS
    try:
        while True:
            of_now = attempts.sets.goal.seeds[:seeds]
            side_by_side = max(1, attempts.sets.goal.width // len(of_now))
            for start in range(0, len(left), side_by_side):
                if finals.cells:  # what the others are compared with is there in any case
                    attempts.patience.check()
                _play_some(attempts, finals, left[start : start + side_by_side], of_now)
            if seeds >= len(attempts.sets.goal.seeds) or len(left) <= 1:
                return
            nothing = frozenset[int]()
            ranked = finals.quickest(chosen for chosen in left if chosen != nothing)
            left, seeds = [nothing, *ranked[: max(1, len(ranked) // 2)]], seeds * 2
    except TimeIsUp:
        finals.cut_short = True


def _play_some(attempts: Attempts, finals: Finals, sets: Sequence[Chosen], seeds: Sequence[int]) -> None:
    """Simulate plans with some seeds; one whose runs all fail keeps what it has."""
    attempts.tell(f"with {len(seeds)} seeds: {'; '.join(attempts.sets.words(chosen) for chosen in sets)}")
    cells, left = _played(attempts, sets, seeds)
    finals.cells |= cells
    for chosen, vehicles in left.items():
        finals.left_behind[chosen] = max(vehicles, finals.left_behind.get(chosen, 0))


def confirm(attempts: Attempts, finals: Finals) -> None:
    """Simulate the best two plans, and that without candidates, with seeds that had no part in choosing them.

    All of them with one seed, then with the next: when time is up all have the same.
    """
    nothing = frozenset[int]()
    sets = list(dict.fromkeys([nothing, *finals.ranked()[:2]]))
    seeds = attempts.sets.goal.fresh_seeds
    step = max(1, attempts.sets.goal.width // len(sets))
    try:
        for many in (*range(step, len(seeds), step), len(seeds)):
            attempts.patience.check()
            attempts.tell(
                f"with {many} of {len(seeds)} seeds that chose nothing: "
                f"{'; '.join(attempts.sets.words(chosen) for chosen in sets)}"
            )
            cells, left = _played(attempts, sets, seeds[:many])
            if cells.keys() != set(sets):
                return  # a run failed: of fewer plans there is nothing to compare
            finals.fresh, finals.fresh_left_behind = cells, left
    except TimeIsUp:
        finals.cut_short = True


def _played(
    attempts: Attempts, sets: Sequence[Chosen], seeds: Sequence[int]
) -> tuple[dict[Chosen, Cell], dict[Chosen, int]]:
    """Simulate plans with some seeds; return by set its runs, and the vehicles not out in the seed with most."""
    by_key = {attempts.sets.plan(chosen).key: chosen for chosen in sets}
    laid = {key: under for key, chosen in by_key.items() if (under := attempts.sets.lay(chosen)) is not None}
    runs = study_of(attempts, laid, seeds).runs
    left: dict[Chosen, int] = {}
    for run in runs:
        chosen = by_key[run.case.plan]
        left[chosen] = max(left_behind(run.folder), left.get(chosen, 0))
    return {by_key[cell.plan]: cell for cell in cells_of(runs)}, left


def study_of(attempts: Attempts, laid: Mapping[str, UnderPlan], seeds: Sequence[int], vehicles: str = "") -> Study:
    """Return the study of plans with some seeds; the vehicles per household are those of the search when left out."""
    sets = attempts.sets
    goal = sets.goal
    selection = Selection((vehicles or goal.vehicles,), (goal.departure,), tuple(seeds), sensitivity=False)
    return run_study(sets.prepared, dict(laid), selection, sets.cache, engine=sets.engine, display=sets.display)
