"""The search for the latest safe order, on zones whose limits are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from evac.study.safe_order import Latest, Search, Trial, confirm, latest_orders, over_searches, sequence


class _Known:
    """Zones that are safe when ordered before a minute, which moves with seed and pace."""

    def __init__(self, limits: Mapping[str, float]) -> None:
        self.limits, self.trials = limits, 0

    def __call__(self, trials: Sequence[Trial]) -> list[Mapping[str, float]]:
        self.trials += len(trials)
        return [
            {zone: 1.0 if dict(item.minutes).get(zone, 0.0) <= limit * item.pace + item.seed else 0.5
             for zone, limit in self.limits.items()}
            for item in trials
        ]  # fmt: skip


def _find(searches: Sequence[Search], judge: _Known, step_min: float = 5.0) -> dict[Search, Latest]:
    return latest_orders(searches, judge, share=0.95, highest_min=240.0, step_min=step_min)


@pytest.mark.parametrize(
    ("limit", "ending", "minute"),
    [
        (92.0, "found", 90.0),
        (0.0, "found", 0.0),
        (239.0, "found", 235.0),
        (-3.0, "too late", None),
        (500.0, "no limit", None),
    ],
)
def test_the_last_safe_step_is_found(limit: float, ending: str, minute: float | None) -> None:
    search = Search("A", 0)
    assert _find([search], _Known({"A": limit}))[search] == Latest(ending, minute)  # type: ignore[arg-type]


def test_a_search_takes_as_many_runs_as_halving_does() -> None:
    judge = _Known({"A": 92.0, "B": 500.0})
    _find([Search("A", 0), Search("B", 0)], judge)
    assert judge.trials <= 2 * 2 + 6  # both ends of both, and 48 steps by halves


def test_what_is_known_beforehand_saves_trials_and_changes_no_answer() -> None:
    """Bounds that hold and guesses, right or wrong: what is found is what halving alone finds."""
    rng = np.random.default_rng(7)
    saved = 0
    for _ in range(200):
        limits = {zone: float(rng.uniform(-40.0, 320.0)) for zone in "ABCD"}
        searches = [Search(zone, 0, 0.7) for zone in limits]
        true_min = {item: limits[item.zone] * item.pace for item in searches}
        halving, knowing = _Known(limits), _Known(limits)
        plain = _find(searches, halving)
        found = latest_orders(
            searches,
            knowing,
            share=0.95,
            highest_min=240.0,
            step_min=5.0,
            no_later_min={s: max(true_min[s] + rng.uniform(0.1, 30.0), 0.0) for s in searches if rng.random() < 0.7},
            guesses_min={s: float(rng.choice([true_min[s], rng.uniform(0.0, 240.0)])) for s in searches[:3]},
        )
        assert found == plain
        saved += halving.trials - knowing.trials
    assert saved > 0


def test_asking_for_more_or_an_earlier_front_never_gives_more_time() -> None:
    """Zones whose safe share falls with the minute, evenly and at any speed, whatever is guessed beforehand."""
    rng = np.random.default_rng(11)
    ranks = {"too late": -1.0, "no limit": 1e9}
    for _ in range(200):
        falls_per_min, whole_until = rng.uniform(0.001, 0.05), rng.uniform(-30.0, 250.0)

        def judge(trials: Sequence[Trial], falls: float = falls_per_min, until: float = whole_until) -> list[Any]:
            late = [dict(item.minutes).get("A", 0.0) - until * item.pace for item in trials]
            return [{"A": min(1.0, 1.0 - falls * minutes)} for minutes in late]

        found = {
            (share, pace): latest_orders(
                [Search("A", 0, pace)],
                judge,
                share=share,
                highest_min=240.0,
                step_min=5.0,
                guesses_min={Search("A", 0, pace): float(rng.uniform(0.0, 240.0))},
            )[Search("A", 0, pace)]
            for share in (0.8, 0.95)
            for pace in ((0.7, 1.0) if whole_until > 0.0 else (1.0,))
        }
        minutes = {key: ranks.get(latest.ending, latest.minute or 0.0) for key, latest in found.items()}
        for (share, pace), at in minutes.items():
            assert at <= minutes[0.8, pace]
            assert at <= minutes[share, 1.0]


def test_a_right_guess_and_a_bound_settle_a_search_with_three_trials() -> None:
    judge, search = _Known({"A": 92.0}), Search("A", 0)
    found = latest_orders(
        [search], judge, share=0.95, highest_min=240.0, step_min=5.0, no_later_min={search: 150.0},
        guesses_min={search: 90.0},
    )  # fmt: skip
    assert found == {search: Latest("found", 90.0)}
    assert judge.trials == 3  # at once, at the guess, and at the step after it


def test_seeds_and_paces_give_the_interval() -> None:
    searches = [Search("A", seed) for seed in (0, 10, 20)] + [Search("A", 0, pace) for pace in (0.7, 1.3)]
    found = over_searches("A", _find(searches, _Known({"A": 100.0})))
    assert found.latest == Latest("found", 110.0)
    assert (found.earliest_min, found.latest_min) == (70.0, 130.0)


def test_an_interval_without_a_limit_says_so() -> None:
    searches = [Search("A", 0), Search("A", 0, 1.3)]
    found = over_searches("A", _find(searches, _Known({"A": 200.0})))
    assert (found.latest.minute, found.latest_min) == (200.0, None)


def test_zones_that_compete_are_ordered_earlier_together() -> None:
    class Lane(_Known):
        """Two zones are safe when they leave on average before minute 60."""

        def __call__(self, trials: Sequence[Trial]) -> list[Mapping[str, float]]:
            return [dict.fromkeys(self.limits, float(sum(dict(t.minutes).values()) <= 120.0)) for t in trials]

    orders = [over_searches(zone, {Search(zone, 1): Latest("found", at)}) for zone, at in (("A", 120.0), ("B", 80.0))]
    found = sequence(orders, Lane({"A": 0.0, "B": 0.0}), seed=1, share=0.95, step_min=5.0)
    assert found is not None
    assert list(found) == ["B", "A"]
    assert sum(found.values()) == pytest.approx(115.0, abs=5.0)


def test_zones_that_cannot_all_be_safe_have_no_sequence() -> None:
    orders = [over_searches("A", {Search("A", 1): Latest("found", 30.0)})]
    assert sequence(orders, _Known({"A": -10.0}), seed=1, share=0.95, step_min=5.0) is None


def test_where_a_zone_s_limit_is_foreseen_below_its_bound_one_trial_beside_the_order_at_once_is_enough() -> None:
    judge, search = _Known({"A": 92.0}), Search("A", 0)
    found = latest_orders(
        [search],
        judge,
        share=0.95,
        highest_min=240.0,
        step_min=5.0,
        no_later_min={search: 94.0},
        guesses_min={search: 93.0},
    )
    assert found[search] == Latest("found", 90.0)
    assert judge.trials == 2


class _Fine:
    """Zones that the judge finds safe until a minute; ordered with others, `hurried` is only safe half as long."""

    def __init__(self, limits: Mapping[str, float], hurried: str) -> None:
        self.limits, self.hurried, self.asked = limits, hurried, list[Trial]()

    def __call__(self, trials: Sequence[Trial]) -> list[Mapping[str, float]]:
        self.asked += trials
        return [{zone: self._share(zone, dict(item.minutes)) for zone in self.limits} for item in trials]

    def _share(self, zone: str, minutes: Mapping[str, float]) -> float:
        hurries = zone == self.hurried and len(minutes) > 1
        return 1.0 if minutes.get(zone, 0.0) <= self.limits[zone] / (2.0 if hurries else 1.0) else 0.5


def test_what_another_judge_is_to_confirm_is_tried_in_one_run_and_alone_where_that_does_not() -> None:
    found = {
        "A": Latest("found", 30.0),
        "B": Latest("found", 40.0),
        "C": Latest("found", 50.0),
        "D": Latest("no limit"),
    }
    orders = [over_searches(zone, {Search(zone, 1): latest}) for zone, latest in found.items()]
    judge = _Fine({"A": 35.0, "B": 45.0, "C": 45.0, "D": 99.0}, hurried="B")
    assert confirm(orders, judge, seed=1, share=0.95) == {"A": True, "B": True, "C": False}
    assert [dict(trial.minutes) for trial in judge.asked] == [
        {"A": 30.0, "B": 40.0, "C": 50.0},
        {"B": 40.0},
        {"C": 50.0},
    ]
    assert confirm(orders[3:], judge, seed=1, share=0.95) == {}
