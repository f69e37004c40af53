"""What a plan's signals do to the traffic: each mode has the effect that it is chosen for."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from signal_town import corridor, crossing, drive, programs

CROSSING = {"main": ("wc", "ce", 500.0), "back": ("ec", "cw", 300.0), "side": ("nc", "cs", 150.0)}
WAY = ["wa", "ab", "bc", "ce"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("signals")


@pytest.fixture(scope="module")
def signals(folder):
    return crossing(folder / "signals")


@pytest.fixture(scope="module")
def runs(folder, signals):
    """The same traffic with signs, signals that are off and flashing signals."""
    signs = drive(folder / "signs", crossing(folder / "signs", "priority"), CROSSING)
    modes = ("unregulated", "flashing")
    lights = {mode: drive(folder / mode, signals, CROSSING, programs(signals, mode=mode)) for mode in modes}
    return {"signs": signs, **lights}


@pytest.mark.parametrize("mode", ["unregulated", "flashing"])
def test_the_main_road_flows_as_with_priority_when_signals_are_off_or_flash(runs, mode):
    assert runs[mode].mean_s("main") == pytest.approx(runs["signs"].mean_s("main"), rel=0.05)
    assert runs[mode].mean_stops("main") < 0.05
    assert runs[mode].collisions == 0


def test_off_is_priority_for_the_side_road_as_well(runs):
    assert runs["unregulated"].mean_s("side") == pytest.approx(runs["signs"].mean_s("side"), rel=0.15)


def test_everybody_on_the_side_road_stops_at_flashing_red(runs):
    side = [count for name, count in runs["flashing"].stops.items() if name.startswith("side.")]
    assert len(side) > 50
    assert min(side) >= 1
    assert runs["flashing"].mean_stops("side") > runs["unregulated"].mean_stops("side")


def test_all_green_lets_the_named_flow_and_those_who_merge_wait_for_a_gap(folder, signals):
    flows = {"main": ("wc", "ce", 700.0), "merge": ("sc", "ce", 150.0), "across": ("nc", "cs", 100.0)}
    chosen = programs(signals, mode="all_green", movements=[{"from": "Main Street"}])
    run = drive(folder / "green", signals, flows, chosen, end_s=2400)
    assert run.mean_stops("main") < 0.1
    merged = [count for name, count in run.stops.items() if name.startswith("merge.")]
    assert len(merged) > 50
    assert min(merged) >= 1
    assert run.out_by("across", 2400) == 0
    assert run.collisions == 0


@pytest.mark.parametrize("main_s", [20, 40])
def test_fixed_timing_passes_the_share_of_its_green(folder, signals, main_s):
    """Both streets have queues all the time: cars a street go as green a cycle."""
    stages = [
        {"movements": [{"from": street}], "green_s": green_s}
        for street, green_s in (("Main Street", main_s), ("Side Street", 60 - main_s))
    ]
    flows = {"main": ("wc", "ce", 1800.0), "side": ("nc", "cs", 1800.0)}
    run = drive(folder / f"fixed{main_s}", signals, flows, programs(signals, mode="fixed", stages=stages), end_s=1800)
    share = run.out_by("main", 1800) / (run.out_by("main", 1800) + run.out_by("side", 1800))
    assert share == pytest.approx(main_s / 60, abs=0.03)


def test_coordination_saves_stops_along_the_corridor(folder):
    """Against the same programs with offsets of zero, and reversed."""
    net = corridor(folder / "corridor")
    flows = {"main": ("wa", "ce", 500.0), **{f"side{n}": (f"n{n}_{n}", f"{n}_s{n}", 100.0) for n in "abc"}}
    chosen = programs(net, ["a", "b", "c"], WAY, mode="coordinated", cycle_s=80)
    shifts = [_offset_s(item.logic) for item in chosen]
    assert shifts == pytest.approx([0, 400 / 13.89, 800 / 13.89], abs=2)
    stops = {
        name: drive(folder / name, net, flows, _shifted(chosen, offsets), watched="a").mean_stops("main")
        for name, offsets in (("planned", shifts), ("zero", [0, 0, 0]), ("reversed", [-shift for shift in shifts]))
    }
    assert stops["planned"] < 0.75 * stops["zero"]
    assert stops["planned"] < 0.75 * stops["reversed"]


def _offset_s(logic):
    return float(re.search(r'offset="(-?[\d.]+)"', logic).group(1))


def _shifted(chosen, offsets):
    return [
        replace(item, logic=re.sub(r'offset="[^"]*"', f'offset="{offset % 80:g}"', item.logic))
        for item, offset in zip(chosen, offsets, strict=True)
    ]
