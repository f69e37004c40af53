"""The table of `evac run` in a terminal of 80 columns: names of plans stay apart, times are hours and minutes."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from evac.cli import running


def _printed(monkeypatch: pytest.MonkeyPatch, plans: tuple[str, ...]) -> list[str]:
    out = io.StringIO()
    monkeypatch.setattr(running, "console", Console(file=out, width=80))
    runs = [
        SimpleNamespace(
            plan=plan, vehicles=vehicles, departure="d", seed=1, capacity_factor=factor, signals=signals, reasons=[],
            manifest={"planned": 22800, "t50_s": 3000.0, "t90_s": 3929.0, "t95_s": 3991.0, "t100_s": None},
        )
        for plan in plans for vehicles in ("1", "1.5")
        for factor, signals in ((1.0, None), (0.85, None), (1.0, "actuated"))
    ]  # fmt: skip
    running._print_results(SimpleNamespace(runs=runs))
    return out.getvalue().splitlines()


def test_plans_that_begin_alike_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = ("preliminary-all-signals-off", "preliminary-all-signals-on")
    lines = _printed(monkeypatch, plans)
    assert max(len(line) for line in lines) <= 80
    names = "".join(line[:15].strip() for line in lines)
    assert all(plan in names for plan in plans)
    assert not [line for line in lines if "…" in line]
    assert sum("actuated" in line for line in lines) == sum("lanes pass 85%" in line for line in lines) == 4
    assert sum(line.rstrip().endswith("yes") for line in lines) == 12


def test_times_are_hours_and_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    (row, *_) = [line for line in _printed(monkeypatch, ("a", "b")) if line.strip().startswith("a ")]
    assert row.split()[-5:] == ["0:50", "1:05", "1:07", "never", "yes"]
