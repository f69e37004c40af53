"""When sets are held against their bounds before they are simulated, and what that spares."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from evac.search.attempts import Attempts
from evac.search.city import Budget
from evac.search.facts import Facts, kept_bound_s
from evac.search.goal import Goal
from evac.search.lazy import Chosen

NOTHING: Chosen = frozenset()
START_S = 1000.0
BOUNDS_S = {frozenset({1}): 1000.0, frozenset({2}): 900.0, frozenset({1, 2}): 960.0}


@dataclass
class Sets:
    """Three sets with known bounds; notes of which the bound is asked."""

    goal: Goal = field(default_factory=lambda: Goal("1", "curve", (1,), Budget(), "meso", 1))
    display: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(tell=lambda _: None))
    refused: dict[Chosen, str] = field(default_factory=dict)
    asked: list[Chosen] = field(default_factory=list)

    def facts(self, chosen: Chosen) -> Facts:
        return Facts(job=str(sorted(chosen)))

    def bound_s(self, chosen: Chosen) -> float:
        self.asked.append(chosen)
        return BOUNDS_S[chosen]

    def officers(self, _: Chosen) -> int:
        return 0

    def words(self, chosen: Chosen) -> str:
        return str(sorted(chosen))


def judged(monkeypatch: pytest.MonkeyPatch, earliest_s: float | None) -> tuple[Sets, dict[Chosen, float], Attempts]:
    """Judge the three sets, each of which is out after 950 s, where the town's own bound is `earliest_s`."""
    sets = Sets()
    attempts = Attempts(sets, scores={NOTHING: START_S})  # type: ignore[arg-type]
    attempts.bounds = SimpleNamespace(under_plan=SimpleNamespace(earliest_s=lambda _: earliest_s))  # type: ignore[assignment]
    monkeypatch.setattr(Attempts, "_simulate", lambda self, some, _: self.scores.update(dict.fromkeys(some, 950.0)))
    return sets, attempts.judge(list(BOUNDS_S)), attempts


def test_where_the_bound_is_near_a_set_that_can_not_be_quicker_is_not_simulated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sets, scores, attempts = judged(monkeypatch, earliest_s=600.0)
    assert set(sets.asked) == set(BOUNDS_S)
    # Alone an action is held against none at all, a set also against what was simulated before it.
    assert attempts.pruned == {frozenset({1}): 1000.0, frozenset({1, 2}): 960.0}
    assert scores == {frozenset({2}): 950.0}


@pytest.mark.parametrize("earliest_s", [None, 500.0])
def test_where_nobody_can_be_out_by_the_bound_or_it_is_at_half_of_the_time_bounds_are_asked(
    earliest_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(judged(monkeypatch, earliest_s)[0].asked) == set(BOUNDS_S)


def test_where_the_bound_is_far_below_none_is_asked_and_all_are_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    sets, scores, attempts = judged(monkeypatch, earliest_s=499.0)
    assert sets.asked == []
    assert scores == dict.fromkeys(BOUNDS_S, 950.0)
    assert attempts.pruned == {}


def test_a_bound_is_found_once_also_where_it_is_never(tmp_path: Path) -> None:
    found = iter([None, 700.0])
    assert kept_bound_s(tmp_path, "one", lambda: next(found)) == math.inf
    assert kept_bound_s(tmp_path, "one", lambda: next(found)) == math.inf
    assert kept_bound_s(tmp_path, "two", lambda: next(found)) == 700.0
