"""Which of the last plans is best, which is best in its worst case, and what chance has to do with that."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from evac.search import finals as finals_module
from evac.search.city import Budget
from evac.search.finals import Finals, confirm, play
from evac.search.goal import Goal, Patience, TimeIsUp
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


@dataclass
class Plans:
    """Plans that take nothing."""

    goal: Goal = field(default_factory=lambda: Goal("1", "curve", tuple(range(1, 9)), Budget(), "micro", 1))

    def officers(self, _: Chosen) -> int:
        return 0

    def words(self, chosen: Chosen) -> str:
        return str(sorted(chosen))


@dataclass
class Town:
    """Ten plans that are all worth the same as none, and seeds that scatter their times by a minute."""

    chance: random.Random
    sets: Plans = field(default_factory=Plans)
    patience: Patience = field(default_factory=Patience)
    scores: dict[Chosen, float] = field(default_factory=lambda: {frozenset({one}): 3000.0 for one in range(10)})
    times: dict[tuple[Chosen, int], float] = field(default_factory=dict)

    def tell(self, text: str) -> None:
        assert text

    def played(self, sets: Sequence[Chosen], seeds: Sequence[int]) -> tuple[dict[Chosen, Cell], dict[Chosen, int]]:
        for key in [(chosen, seed) for chosen in sets for seed in seeds]:
            self.times.setdefault(key, self.chance.gauss(3000.0, 60.0))
        cells = {
            chosen: Cell("", "1", "curve", "micro", {seed: self.times[chosen, seed] for seed in seeds}, frozenset())
            for chosen in sets
        }
        return cells, dict.fromkeys(sets, 0)


def test_chance_makes_the_plan_that_was_chosen_look_good_and_seeds_that_did_not_choose_it_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finals_module, "_played", lambda town, sets, seeds: town.played(sets, seeds))
    looked, was = [], []
    for number in range(200):
        town, finals = Town(random.Random(number)), Finals()
        play(town, finals)  # type: ignore[arg-type]
        confirm(town, finals)  # type: ignore[arg-type]
        best, second = finals.ranked()[:2]
        assert finals.fresh.keys() == {best, second, NOTHING}
        assert not set(finals.fresh[best].t90_s) & set(town.sets.goal.seeds)
        looked.append(finals.saved(best).mean or 0.0)
        was.append(finals.fresh_saved(best).mean or 0.0)
    assert sum(looked) / 200 > 20.0  # of a minute's scatter
    # Two means of five, each with a standard error of 27 s: over 200 towns the difference's is 2.7 s.
    assert abs(sum(was) / 200) < 8.0


def test_when_time_is_up_all_have_the_same_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    town, finals = Town(random.Random(1)), Finals()
    checks = iter([None, None, TimeIsUp()])

    def check() -> None:
        if (raised := next(checks)) is not None:
            raise raised

    monkeypatch.setattr(finals_module, "_played", lambda town, sets, seeds: town.played(sets, seeds))
    play(town, finals)  # type: ignore[arg-type]
    town.patience = SimpleNamespace(check=check)  # type: ignore[assignment]
    confirm(town, finals)  # type: ignore[arg-type]
    assert [sorted(cell.t90_s) for cell in finals.fresh.values()] == [[9, 10]] * 3
    assert finals.cut_short
