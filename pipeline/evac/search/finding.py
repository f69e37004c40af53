"""A search from the first run to the plan that is best in its worst case."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evac.clock import MINUTE_S
from evac.errors import EvacError, Problem, UserError
from evac.network.places import StreetIndex
from evac.search.attempts import Attempts, score_s
from evac.search.candidates import MOST, candidates_of
from evac.search.city import KINDS, RESOURCES, City, Sort
from evac.search.finals import Finals, confirm, play
from evac.search.first_run import FirstRun
from evac.search.goal import TimeIsUp
from evac.search.lazy import Chosen, Space, search
from evac.search.progress_page import ProgressPage
from evac.search.stressing import stress
from evac.statistics import Interval
from evac.study.bounds import Bounds, bounds_of
from evac.study.comparing import Cell
from evac.study.ground import ground_of

_SCREENING, _SEEDS, _FRESH = 0.6, 0.8, 0.9
"""By which share of the time screening, the finals, and the seeds that chose nothing must have ended."""


@dataclass(frozen=True)
class Found:
    """What a search gives.

    Parameters
    ----------
    attempts
        All that was tried.
    forbidden
        How many candidates of each kind the city forbids.
    finals
        The last plans.
    best
        The set of the best plan.
    bounds
        What no plan can beat, beside the best plan.
    cut_short
        Whether time was up before all of it was done.
    """

    attempts: Attempts
    forbidden: Mapping[str, int]
    finals: Finals
    best: Chosen
    bounds: Bounds
    cut_short: bool

    def frontier(self) -> pd.DataFrame:
        """Return the best plan for each number of officers, among the last plans: a row where one more helps.

        Columns `officers`, `cones`, `barricades`, `plan`, `actions` (labels), `t90_min`, `t90_low_min`, `t90_high_min`
        (of the 95 % interval), `seeds`, `saved_min` with its interval, `at_best_min` (of its own bound), `untrusted`,
        `left_behind`; with `fresh_` before them those of them that seeds tell which chose nothing, of the best two.
        """
        table = self.table()
        whole = [not self.finals.leaves(chosen) for chosen in self.finals.ranked()]
        return frontier_of(table[whole])

    def table(self) -> pd.DataFrame:
        """Return the last plans, the best first; the columns are those of `frontier`."""
        rows = pd.DataFrame([self._row(chosen) for chosen in self.finals.ranked()])
        times = {name: float for name in rows if str(name).endswith("_min")}
        return rows.astype({**times, **dict.fromkeys(("fresh_seeds", "fresh_untrusted", "fresh_left_behind"), "Int64")})

    def _row(self, chosen: Chosen) -> dict[str, object]:
        takes, finals = self.attempts.sets.takes(chosen), self.finals
        return {
            **{name: sum(getattr(item, name) for item in takes) for name in RESOURCES},
            "plan": self.attempts.sets.plan(chosen).key,
            "actions": self.attempts.sets.words(chosen),
            **_told(finals.cells[chosen], finals.saved(chosen), finals.left_behind[chosen]),
            "at_best_min": _min(self.attempts.sets.bound_s(chosen)),
            **self._fresh(chosen),
        }

    def _fresh(self, chosen: Chosen) -> dict[str, object]:
        """Return what seeds that chose nothing tell of a set; missing where it wasn't simulated with them."""
        finals = self.finals
        if chosen in finals.fresh:
            told = _told(finals.fresh[chosen], finals.fresh_saved(chosen), finals.fresh_left_behind[chosen])
        else:
            told = dict.fromkeys(_told(finals.cells[chosen], finals.saved(chosen), 0))
        return {f"fresh_{name}": value for name, value in told.items()}

    def candidates(self) -> pd.DataFrame:
        """Return what was thought of: `kind`, `action`, `reason`, what it takes, `alone_saves_min`, `why_not`."""
        start = self.attempts.scores[frozenset()]
        rows = []
        for number, item in enumerate(self.attempts.sets.candidates):
            score = self.attempts.scores.get(frozenset({number}))
            rows.append(
                {
                    "kind": item.kind,
                    "action": item.label,
                    "reason": item.reason,
                    **{name: getattr(item.takes, name) for name in RESOURCES},
                    "alone_saves_min": None if score is None else (start - score) / MINUTE_S,
                    "why_not": self.attempts.why_not(number),
                }
            )
        return pd.DataFrame(rows)

    def robustness(self) -> pd.DataFrame:
        """Return what the best plans are worth when something goes wrong: `plan`, `failure`, `t90_min`, `why_not`."""
        rows = [
            {
                "plan": self.attempts.sets.plan(chosen).key,
                "failure": row.failure,
                "t90_min": None if row.cell is None else _min(row.cell.interval.mean),
                "why_not": row.refused if row.cell is None else _never(row.cell),
            }
            for chosen, items in self.finals.stressed.items()
            for row in items
        ]
        return pd.DataFrame(rows, columns=["plan", "failure", "t90_min", "why_not"])


def frontier_of(plans: pd.DataFrame) -> pd.DataFrame:
    """Return the plans with fewest officers first, and of these only what is quicker than all with fewer.

    Columns `officers` and `t90_min` are needed; a plan that never gets 90 % out (missing) isn't among them.
    """
    rows = plans.sort_values(["officers", "t90_min"], ignore_index=True)
    time_min = rows["t90_min"].fillna(float("inf"))
    quicker = time_min < time_min.cummin().shift(fill_value=float("inf"))
    return rows[quicker].reset_index(drop=True)


def find(attempts: Attempts, city: City, within_s: float | None, page: Path | None = None) -> Found:
    """Search; interrupted and begun again it goes on from what has been simulated.

    Parameters
    ----------
    attempts
        What to search in; nothing has been tried yet.
    city
        What the city forbids.
    within_s
        How long it may take; as long as it takes when None.
    page
        The file of the page that shows how far it is; none when left out.

    Raises
    ------
    UserError
        No candidate is of use: the reasons are told by kind.
    """
    finals = Finals()
    shown = None if page is None else ProgressPage(page, attempts, finals, within_s)
    attempts.on_step = shown.write if shown else attempts.on_step
    try:
        found = _find(attempts, finals, city, within_s, shown.enter if shown else lambda _: None)
    except BaseException as error:
        if shown:
            shown.write("", ending=f"It stopped: {error}" if str(error) else "It was interrupted.")
        raise
    if shown:
        more = " before all was simulated: the same command goes on from here" if found.cut_short else ""
        shown.write("", ending=f"It is done{more}. The plans are beside this page.")
    return found


def _find(
    attempts: Attempts, finals: Finals, city: City, within_s: float | None, enter: Callable[[str], None]
) -> Found:
    began_s = time.monotonic()

    def until(share: float) -> float | None:
        return None if within_s is None else began_s + within_s * share

    forbidden = _gather(attempts, city)
    nothing: Chosen = frozenset()
    enter("sets")
    if nothing not in attempts.judge([nothing]):
        raise EvacError(f"the first run failed: {attempts.sets.refused[nothing]}")
    attempts.patience.until_s = until(_SCREENING)
    cut_short = _search_sets(attempts)
    _require_any(attempts, forbidden, cut_short=cut_short)
    enter("seeds")
    attempts.patience.until_s = until(_SEEDS)
    play(attempts, finals)
    enter("fresh")
    attempts.patience.until_s = until(_FRESH)
    confirm(attempts, finals)
    enter("stress")
    attempts.patience.until_s = until(1.0)
    stress(attempts, finals)
    ranked = finals.ranked()
    best = ranked[0] if len(ranked) > 1 else min(attempts.scores, key=lambda chosen: attempts.scores[chosen])
    laid = attempts.sets.lay(best)
    if laid is None:
        raise EvacError(attempts.sets.refused[best])
    bounds = bounds_of(attempts.sets.prepared, laid, attempts.sets.case(best, "micro"))
    return Found(attempts, forbidden, finals, best, bounds, cut_short or finals.cut_short)


def _search_sets(attempts: Attempts) -> bool:
    """Search over sets; return whether time was up before it was done."""
    budget, candidates = attempts.sets.goal.budget, attempts.sets.candidates
    numbers = [number for number in range(len(candidates)) if not attempts.why_not(number)]
    space = Space(attempts.judge, attempts.sets.fits, lambda one: budget.share(candidates[one].takes), 4)
    try:
        search(space, numbers)
    except TimeIsUp:
        return True
    return False


def _gather(attempts: Attempts, city: City) -> Mapping[str, int]:
    """Take the candidates that the city allows; return how many of each kind it forbids."""
    prepared, laid, folder = attempts.sets.prepared, attempts.sets.laid_base(), attempts.first_run()
    closed = ground_of(prepared, laid).closed
    attempts.bounds = bounds_of(prepared, laid, attempts.sets.case(frozenset(), "micro"))
    first = FirstRun(
        folder=folder,
        index=StreetIndex(laid.net, prepared.street_map.streets()),
        exits=[item for item in laid.exits if not closes(item.edges, closed, before_s=score_s(folder))],
        bounds=attempts.bounds,
        city=city,
    )
    known: dict[Sort, set[str]] = {
        "street": {name for edge in first.index.edges for name in first.index.names(edge)},
        "exit": {item.name for item in laid.exits},
        "zone": set(first.vehicles["zone"].astype(str)),
    }
    city.check(known, prepared.loaded.model.simulation.end_h, "the city's file")
    found = candidates_of(first)
    attempts.sets.candidates = [item for item in found if not city.forbids(item.kind, item.places)][:MOST]
    return Counter(str(item.kind) for item in found if city.forbids(item.kind, item.places))


def closes(edges: Sequence[str], closed: Sequence[tuple[float, frozenset[str]]], *, before_s: float) -> bool:
    """Return whether a road of some edges closes before a time, if only for a while.

    `closed` has the edges that are closed, from which second after the order on.
    """
    return any(from_s < before_s and shut.issuperset(edges) for from_s, shut in closed)


def _require_any(attempts: Attempts, forbidden: Mapping[str, int], *, cut_short: bool) -> None:
    """Refuse a search none of whose candidates wins anything."""
    start = attempts.scores.get(frozenset())
    if cut_short or start is None or any(score < start for chosen, score in attempts.scores.items() if chosen):
        return
    why = attempts.why_none()
    problems = []
    for kind in KINDS:
        reasons = [*why.get(kind, []), *([f"{forbidden[kind]}: the city forbids it"] if kind in forbidden else [])]
        problems.append(Problem(kind, "; ".join(reasons) or "nothing of this kind fits what the first run shows"))
    first = Problem("evac search", "no action makes it quicker than the plan without any; by kind:")
    raise UserError([first, *problems])


def _never(cell: Cell) -> str:
    return "90 % never get out" if cell.interval.mean is None else ""


def _told(cell: Cell, saved: Interval, left_behind: int) -> dict[str, object]:
    """Return the columns that runs over seeds give."""
    return {
        **_columns("t90", cell.interval),
        "seeds": len(cell.t90_s),
        **_columns("saved", saved),
        "untrusted": len(cell.untrusted),
        "left_behind": left_behind,
    }


def _columns(name: str, interval: Interval) -> dict[str, object]:
    ends = {"": interval.mean, "_low": interval.low, "_high": interval.high}
    return {f"{name}{end}_min": _min(value) for end, value in ends.items()}


def _min(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / MINUTE_S, 2)
