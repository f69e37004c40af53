"""A search for a plan of a place: what is wanted, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from evac.errors import Problem, UserError
from evac.under import Plan
from evac.watching import Watch

if TYPE_CHECKING:
    import pandas as pd

    from evac.place import Place
    from evac.plans.reading import LoadedPlan
    from evac.search.finding import Found
    from evac.search.lazy import Chosen
    from evac.study.bounds import Bounds

PAGE = "progress.html"
"""The page of a search, in its folder."""
_MOST_SEEDS = 64
_LONGEST_S = 366 * 86_400.0
_LARGEST_SEED = 2**31 - 1  # that SUMO takes
_MOST_RUNS = 500  # more than most searches need, so that the part that is done is never too large


@dataclass(frozen=True)
class Wish:
    """What a search is for: the parameters of `Place.search`."""

    officers: int
    cones: int
    barricades: int
    city: Path | None
    within_s: float | None
    screen: Literal["micro", "meso"]
    seeds: int
    seed: int | None
    engine: str
    jobs: int | None


@dataclass(frozen=True)
class Search:
    """What a search for a plan has found. Made by `Place.search`.

    Parameters
    ----------
    place
        The place.
    found
        What was found, as the search has it; its type may change with any release.
    """

    place: Place
    found: Found

    @property
    def best(self) -> Plan:
        """The best plan: `best.run()` simulates it, `best.actions()` has what it does."""
        return self._plan(self.found.best)

    @property
    def safest(self) -> Plan | None:
        """The plan that is best in its worst case; None where time was up before anything went wrong."""
        chosen = self.found.finals.safest()
        return None if chosen is None else self._plan(chosen)

    @property
    def bounds(self) -> Bounds:
        """What no plan can beat, beside the best plan."""
        return self.found.bounds

    @property
    def cut_short(self) -> bool:
        """Whether time was up before all of it was done: the same search goes on from there."""
        return self.found.cut_short

    def frontier(self) -> pd.DataFrame:
        """Return the best plan for each number of officers, a row where one more helps.

        Columns `officers`, `cones`, `barricades`, `plan`, `actions`, `t90_min`, `saved_min` (sooner than without, seed
        by seed), each with `_low_` and `_high_` ends of its 95 % interval, `seeds`, `at_best_min` (the bound on the
        plan's lanes), `untrusted` (runs), `left_behind` (vehicles not out at the end, in the seed with most). Times and
        these two with `fresh_` before them are of seeds that had no part in choosing: of the best two plans, and
        without a new action.
        """
        return self.found.frontier()

    def plans(self) -> pd.DataFrame:
        """Return the last plans, the best first; the columns are those of `frontier`."""
        return self.found.table()

    def candidates(self) -> pd.DataFrame:
        """Return what was thought of.

        Columns `kind`, `action`, `reason`, `officers`, `cones`, `barricades`, `alone_saves_min` (missing where it
        wasn't simulated alone), `why_not` (why it can be in no plan).
        """
        return self.found.candidates()

    def robustness(self) -> pd.DataFrame:
        """Return what the last plans are worth with something going wrong: `plan`, `failure`, `t90_min`, `why_not`."""
        return self.found.robustness()

    def write(self, folder: str | Path | None = None) -> list[Path]:
        """Write the plans as YAML, the tables and the figure; return the files, first the best plan's.

        Parameters
        ----------
        folder
            Where; `reports/<place>/search` when left out.
        """
        from evac.search.writing import write_found  # noqa: PLC0415

        return write_found(self.found, _search_folder(self.place) if folder is None else Path(folder))

    def _plan(self, chosen: Chosen) -> Plan:
        goal = self.found.attempts.sets.goal
        return Plan(self.place, self.found.attempts.sets.plan(chosen), goal.vehicles, goal.departure)


def _search_folder(place: Place) -> Path:
    """Return where the results of a search of a place are."""
    return place.report_folder / "search"


def search_in(place: Place, under: Plan, wish: Wish, watch: Watch) -> Search:
    """Search for a plan of a place.

    Parameters
    ----------
    place
        The place.
    under
        The plan that all others extend, and the case.
    wish
        What is wanted.
    watch
        Whoever waits for it.

    Raises
    ------
    UserError
        An input is wrong, or no action is of use.
    """
    from evac.search.attempts import Attempts  # noqa: PLC0415
    from evac.search.city import budget_of, read_city  # noqa: PLC0415
    from evac.search.finding import find  # noqa: PLC0415
    from evac.search.goal import Goal  # noqa: PLC0415
    from evac.search.laying import Sets  # noqa: PLC0415
    from evac.study.engines import cores, engine_of  # noqa: PLC0415

    rules, budget = read_city(wish.city), budget_of(wish.officers, wish.cones, wish.barricades)
    base: LoadedPlan = under.loaded
    if lacking := budget.over([base.resources]):
        raise UserError(Problem(f"plan '{base.key}'", f"takes more than there is: {lacking}", "give it what it takes"))
    if wish.within_s is not None and not 0.0 < wish.within_s <= _LONGEST_S:
        raise UserError(Problem("within", f"expected up to a year, found {wish.within_s:g} s"))
    if wish.seeds not in range(1, _MOST_SEEDS + 1):
        raise UserError(Problem("seeds", f"expected 1 to {_MOST_SEEDS}, found {wish.seeds!r}"))
    first = place.scenario.seeds[0] if wish.seed is None else wish.seed
    if not isinstance(first, int) or not 0 <= first <= _LARGEST_SEED - 2 * _MOST_SEEDS:
        expected = f"expected 0 to {_LARGEST_SEED - 2 * _MOST_SEEDS:,}, as more follow the first"
        raise UserError(Problem("seed", f"{expected}, found {first!r}"))
    width = wish.jobs or cores()
    runner = engine_of(wish.engine, width)
    goal = Goal(under.vehicles, under.departure, tuple(range(first, first + wish.seeds)), budget, wish.screen, width)
    prepared = place.stages.prepared(watch)
    watch.runs = _MOST_RUNS
    page = _search_folder(place) / PAGE
    watch.tell(f"What it is trying: {page}")
    attempts = Attempts(Sets(prepared, base, goal, place.cache, runner, watch))
    return Search(place, find(attempts, rules, wish.within_s, page))
