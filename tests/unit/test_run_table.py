"""The table of `evac run` in a terminal of 80 columns: names of plans stay apart, many seeds share a row."""

from __future__ import annotations

import io
from types import SimpleNamespace

from rich.console import Console

from evac.cli.run_table import print_runs


def _run(plan: str, t90_s: float | None = 3929.0, **others: object) -> SimpleNamespace:
    times = {"t50_s": 3000.0, "t90_s": t90_s, "t95_s": 3991.0, "t100_s": None}
    usual = {"vehicles": "1", "departure": "d", "seed": 1, "capacity_factor": 1.0, "signals": None, "reasons": []}
    return SimpleNamespace(plan=plan, manifest={"planned": 22800, **times}, **{**usual, **others})


def _printed(runs: list[SimpleNamespace]) -> list[str]:
    out = io.StringIO()
    print_runs(SimpleNamespace(runs=runs), Console(file=out, width=80))
    return out.getvalue().splitlines()


def _cases(*plans: str) -> list[SimpleNamespace]:
    return [
        _run(plan, vehicles=vehicles, capacity_factor=factor, signals=signals)
        for plan in plans
        for vehicles in ("1", "1.5")
        for factor, signals in ((1.0, None), (0.85, None), (1.0, "actuated"))
    ]


def test_plans_that_begin_alike_stay_apart() -> None:
    plans = ("preliminary-all-signals-off", "preliminary-all-signals-on")
    lines = _printed(_cases(*plans))
    assert max(len(line) for line in lines) <= 80
    names = "".join(line[:15].strip() for line in lines)
    assert all(plan in names for plan in plans)
    assert not [line for line in lines if "…" in line]
    assert sum("actuated" in line for line in lines) == sum("lanes pass 85%" in line for line in lines) == 4
    assert sum(line.rstrip().endswith("yes") for line in lines) == 12


def test_times_are_hours_and_minutes() -> None:
    (row, *_) = [line for line in _printed(_cases("a", "b")) if line.strip().startswith("a ")]
    assert row.split()[-5:] == ["0:50", "1:05", "1:07", "never", "yes"]


def test_many_seeds_share_a_row_with_their_median_and_how_far_they_are_apart() -> None:
    runs = [_run(plan, 3600.0 + 60.0 * seed, seed=seed) for plan in ("normal", "flood") for seed in range(21)]
    lines = _printed(runs)
    rows = [line.split() for line in lines if line.strip().startswith(("normal", "flood"))]
    assert [row[:2] for row in rows] == [["normal", "21"], ["flood", "21"]]
    assert rows[0][3:] == ["1:10", "1:00-1:20", "1:07", "never", "yes"]
    assert max(len(line) for line in lines) <= 80


def test_a_seed_that_is_never_out_or_not_trusted_stays_in_its_row() -> None:
    runs = [_run("a", 3600.0, seed=seed) for seed in range(28)]
    runs += [_run("a", None, seed=28, reasons=["39 have no way"]), _run("b", 3600.0, seed=1)]
    lines = _printed(runs)
    (row,) = [line.split() for line in lines if line.strip().startswith("a ")]
    assert row[3:] == ["1:00", "1:00-never", "1:07", "never", "28", "of", "29", "(1)"]
    assert "(1) not trustworthy: 39 have no way" in lines


def test_forty_runs_of_plans_vehicles_and_seeds_fit_with_nothing_cut() -> None:
    runs = [
        _run(plan, vehicles=vehicles, seed=seed, reasons=["39 have no way"] if (vehicles, seed) == ("2", 3) else [])
        for plan in ("bridge-closed", "flood", "contraflow-south")
        for vehicles in ("1", "1.5", "2")
        for seed in range(4)
    ]
    runs += [_run(plan, vehicles="1.5", capacity_factor=0.85) for plan in ("bridge-closed", "flood")]
    lines = _printed(runs)
    assert max(len(line) for line in lines) <= 80
    assert not [line for line in lines if "…" in line]
    assert sum(line.startswith(" contraflow-south ") for line in lines) == 3
    assert sum("1:05-1:05" in line for line in lines) == 11
    assert sum("3 of 4" in line for line in lines) == 3
    assert sum(line.rstrip().endswith("(1)") for line in lines) == 3


def test_few_seeds_and_many_cases_of_one_seed_have_a_row_a_run() -> None:
    few = _printed([_run("a", seed=seed) for seed in range(5)])
    many = _printed(_cases("a", "b", "c", "d", "e"))
    assert sum(line.rstrip().endswith("yes") for line in few) == 5
    assert sum(line.rstrip().endswith("yes") for line in many) == 30
