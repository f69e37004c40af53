"""Latest safe orders of towns drawn at random: what must hold whatever the traffic.

Asking for more of a zone's vehicles to be safe never gives it more time, nor does a front that comes earlier; an order
at the answer is safe, one a step later isn't; and the sequence names each zone that has an answer, and is safe in one
run.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evac.study.engines import Serial
from evac.study.ordering import Answer, safe_orders
from evac.study.runs import Silent
from evac.study.safe_order import Latest, Search, Trial
from evac.study.trials import Asked, Trials
from random_hazards import drawn

STEP_MIN = 10.0


def _trials(folder: Path, seed: int, share: float) -> tuple[Trials, str]:
    prepared, laid, told = drawn(folder, seed)
    asked = Asked("some", "curve", tuple(prepared.loaded.model.seeds), share, STEP_MIN)
    return Trials(prepared, laid.plan, asked, folder / ".evac", Serial(), Silent()), told


@pytest.mark.parametrize(
    ("seed", "fidelity", "cars"),
    [
        (1, "meso", 1),
        (1, "meso", 3),
        (5, "meso", 1),  # somebody leaves in the second in which the fire closes his street
        *(
            pytest.param(seed, of, cars, marks=pytest.mark.slow)
            for seed, of, cars in ((4, "micro", 1), (2, "meso", 2), (3, "meso", 4), (5, "meso", 3))
        ),
    ],
)
def test_a_trial_that_ends_when_its_zone_is_decided_says_what_the_whole_run_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, fidelity: str, cars: int
) -> None:
    """Orders at once, in between and too late: no verdict differs, and nothing of a run that was cut is left as one."""
    monkeypatch.setattr("evac.study.screening.packet_size", lambda _: cars)
    trials, told = _trials(tmp_path, seed, 0.95)
    trials.asked = replace(trials.asked, coarse=fidelity == "meso")
    runs, verdicts = tmp_path / ".evac" / "runs", tmp_path / ".evac" / "trials"
    for zone in ("East", "West"):
        for minute in (0.0, 20.0, 50.0):
            asked = Trial(((zone, minute),), trials.asked.seeds[0], about=(zone,))
            before = set(runs.glob("*")), set(verdicts.glob("*"))
            (cut,) = trials.judge([asked])
            new_runs, new_verdicts = (
                set(now.glob("*")) - old for now, old in zip((runs, verdicts), before, strict=True)
            )
            (manifest,) = trials.manifests([asked])
            whole = manifest["hazard_zones"][zone]
            known = whole["safe"] / whole["planned"] >= trials.asked.share
            assert (cut[zone] >= trials.asked.share) == known, f"{zone} at {minute}: {cut} {whole} {told}"
            assert len(new_runs) + len(new_verdicts) <= 1, told  # a verdict, or a whole run where that doesn't decide
            assert all((folder / "manifest.json").is_file() for folder in new_runs), told
    assert any(verdicts.glob("*/verdict.json"))


def _minutes(latest: Latest) -> float:
    return {"too late": -1.0, "no limit": float("inf")}.get(latest.ending, latest.minute or 0.0)


def check(folder: Path, seed: int) -> None:
    """Search a town for 80 and 95 per cent, and hold what comes out against each other and against runs."""
    trials, told = _trials(folder, seed, 0.95)
    strict, loose = safe_orders(trials), safe_orders(_trials(folder, seed, 0.8)[0])
    of_loose = {item.order.zone: item.order for item in loose.zones}
    for item in strict.zones:
        order, zone = item.order, item.order.zone
        assert _minutes(order.latest) <= _minutes(of_loose[zone].latest), f"{zone}: 95 % later than 80 % {told}"
        for found in (order, of_loose[zone]):
            by_pace = {search.pace: _minutes(latest) for search, latest in found.searches.items()}
            assert by_pace[0.7] <= by_pace[1.0] <= by_pace[1.3], f"{zone}: {by_pace} {told}"
        for search, latest in order.searches.items():
            if latest.minute is not None:
                _check_edge(trials, search, latest.minute, told)
    _check_together(trials, strict, told)


def _check_edge(trials: Trials, search: Search, minute: float, told: str) -> None:
    """The answer is safe, and the step after it isn't."""
    for at, safe in ((minute, True), (minute + STEP_MIN, False)):
        (shares,) = trials.judge([Trial(((search.zone, at),), search.seed, search.pace)])
        assert (shares[search.zone] >= trials.asked.share) == safe, f"{search} at {at} min: {shares} {told}"


def _check_together(trials: Trials, answer: Answer, told: str) -> None:
    limited = {
        item.order.zone: item.order.latest.minute for item in answer.zones if item.order.latest.minute is not None
    }
    if not limited or answer.together is None:
        return
    assert set(answer.together) == set(limited), told
    assert list(answer.together.values()) == sorted(answer.together.values()), told
    assert all(answer.together[zone] <= minute for zone, minute in limited.items()), told
    (shares,) = trials.judge([Trial(tuple(sorted(answer.together.items())), trials.asked.seeds[0])])
    assert all(shares[zone] >= trials.asked.share for zone in limited), told


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_latest_safe_orders_hold_together(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed)
