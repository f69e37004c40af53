"""Which of the last plans is best, and which is best in its worst case."""

from __future__ import annotations

from evac.search.finals import Finals
from evac.search.lazy import Chosen
from evac.study.buying import Stressed
from evac.study.comparing import Cell

NOTHING: Chosen = frozenset()
QUICK, SAFE, LEAVING = (frozenset({number}) for number in range(3))


def cell(*t90_s: float | None, untrusted: int = 0) -> Cell:
    seeds = dict(enumerate(t90_s, start=1))
    return Cell("plan", "1", "curve", "micro", seeds, frozenset(range(1, untrusted + 1)))


def stressed(**t90_s: float | None) -> list[Stressed]:
    return [Stressed("plan", failure, cell(time_s)) for failure, time_s in t90_s.items()]


def test_the_plan_that_is_best_in_its_worst_case_is_not_the_quickest_one() -> None:
    finals = Finals(
        stressed={
            QUICK: stressed(nothing=3000.0, late=3600.0, lost=9000.0),
            SAFE: stressed(nothing=3500.0, late=3700.0, lost=4000.0),
            NOTHING: stressed(nothing=5000.0, lost=None),  # never out is worse than any time
        }
    )
    assert finals.safest() == SAFE
    worst = [finals.worst(chosen) for chosen in (QUICK, SAFE, NOTHING)]
    assert [row.failure for row in worst if row] == ["lost"] * 3


def test_a_failure_that_could_not_be_simulated_is_no_worst_case() -> None:
    finals = Finals(stressed={QUICK: [*stressed(nothing=3000.0), Stressed("plan", "lost", None, "contradicts")]})
    worst = finals.worst(QUICK)
    assert worst
    assert worst.failure == "nothing"
    assert Finals().safest() is None


def test_who_leaves_vehicles_behind_is_last_however_quick() -> None:
    finals = Finals(
        cells={NOTHING: cell(5000.0, 5100.0), QUICK: cell(4000.0, 4100.0), LEAVING: cell(3000.0, 3100.0)},
        left_behind={NOTHING: 2, QUICK: 2, LEAVING: 3},
    )
    assert finals.ranked() == [QUICK, NOTHING, LEAVING]
    assert finals.quickest([LEAVING, QUICK, SAFE]) == [QUICK, LEAVING]
    assert finals.saved(QUICK).mean == 1000.0


def test_more_seeds_come_first_then_trusted_runs_then_time() -> None:
    cells = {NOTHING: cell(5000.0, 5000.0), QUICK: cell(4000.0), SAFE: cell(4500.0, 4500.0, untrusted=1)}
    finals = Finals(cells=cells, left_behind=dict.fromkeys(cells, 0))
    assert finals.ranked() == [NOTHING, SAFE, QUICK]
