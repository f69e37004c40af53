"""An officer at a four-way junction whose main street gets more cars than it can pass, against other control of it."""

from __future__ import annotations

import itertools

import pytest

from evac.simulate.officer import MAX_GREEN_S, MIN_GREEN_S, Officer
from signal_town import ARMS, Outcome, compiled, crossing, drive, programs

FLOWS = {
    "main": ("wc", "ce", 2000.0),
    "back": ("ec", "cw", 200.0),
    "turn": ("wc", "cn", 60.0),
    "side": ("nc", "cs", 150.0),
    "other": ("sc", "cn", 150.0),
    "left": ("nc", "ce", 60.0),
}
GREENS_S = [(30, 10), (60, 10), (60, 20), (90, 15), (90, 20), (120, 10), (120, 20), (120, 30)]


def fixed(net, main_s, side_s):
    stages = [("Main Street", main_s), ("Side Street", side_s)]
    listed = [{"movements": [{"from": street}], "green_s": green_s} for street, green_s in stages]
    return programs(net, mode="fixed", stages=listed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("officer")


@pytest.fixture(scope="module")
def signals(folder):
    return crossing(folder / "signals")


@pytest.fixture(scope="module")
def officer(folder, signals) -> Outcome:
    return drive(folder / "officer", signals, FLOWS, programs(signals, mode="officer"))


@pytest.fixture(scope="module")
def best_fixed(folder, signals) -> list[Outcome]:
    return [
        drive(folder / f"fixed{main_s}_{side_s}", signals, FLOWS, fixed(signals, main_s, side_s))
        for main_s, side_s in GREENS_S
    ]


def test_an_officer_serves_the_main_street_at_least_as_well_as_all_way_stop(folder, officer):
    all_way_stop = drive(folder / "stop", crossing(folder / "stop", "allway_stop"), FLOWS)
    assert officer.out_by("main", 1800) >= all_way_stop.out_by("main", 1800)
    assert officer.last_s() <= all_way_stop.last_s()
    assert officer.collisions == 0


def test_an_officer_clears_within_ten_percent_of_the_best_fixed_timing(officer, best_fixed):
    assert officer.last_s() <= 1.1 * min(run.last_s() for run in best_fixed)
    assert officer.last_s("main") <= 1.1 * min(run.last_s("main") for run in best_fixed)


def test_nobody_waits_much_longer_than_the_longest_green_of_others(officer):
    assert officer.mean_s("side") < 2 * MAX_GREEN_S
    assert officer.mean_s("left") < 2 * MAX_GREEN_S


def test_between_two_stages_are_yellow_and_all_red(officer):
    phases = [(state, len(list(same))) for state, same in itertools.groupby(officer.states)]
    greens = [number for number, (state, _) in enumerate(phases) if "G" in state]
    assert len(greens) > 10
    for one, other in itertools.pairwise(greens):
        assert other == one + 3
        assert set(phases[one + 1][0]) == {"y", "r"}
        assert 3 <= phases[one + 1][1] <= 5
        assert set(phases[one + 2][0]) == {"r"}
        assert phases[one + 2][1] >= 1
    assert all(MIN_GREEN_S <= phases[number][1] <= MAX_GREEN_S + 10 for number in greens[1:-1])


def test_an_officer_waits_for_a_gap_where_nobody_else_waits(folder, signals):
    alone = drive(folder / "alone", signals, {"main": ("wc", "ce", 400.0)}, programs(signals, mode="officer"))
    assert alone.mean_stops("main") < 0.05
    assert "y" not in "".join(alone.states)


def test_an_officer_sees_the_queue_round_a_short_approach(folder):
    """Sixty metres before the stop line the road is another edge: its cars count as well."""

    nodes = {"c": (0, 0), **ARMS, "m": (-60, 0)}
    edges = [(f"{a}{b}", a, b, "Side Street", 1, 3) for arm in "ns" for a, b in ((arm, "c"), ("c", arm))]
    edges += [(f"{a}{b}", a, b, "Main Street", 1, 9) for a, b in (("w", "m"), ("m", "c"), ("c", "e"), ("e", "c"))]
    net = compiled(folder / "short", nodes, edges, {"c": "traffic_light", "m": "priority"})
    seen: list[int] = []

    class Watched(Officer):
        def _look(self, lane):
            found = super()._look(lane)
            if lane == "mc_0":
                seen.append(found.queued)
            return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("signal_town.Officer", Watched)
        drive(folder / "short", net, {"main": ("wm", "ce", 1800.0), "side": ("nc", "cs", 400.0)},
              programs(net, mode="officer"), for_s=600)  # fmt: skip
    assert 10 < max(seen) <= 20


def test_no_stage_starves_where_there_are_more_than_two(folder):
    """Six arms make three stages and more; two have queues all the time, from the third comes a car now and then."""
    nodes = {"c": (0, 0), **ARMS, "x": (450, 450), "y": (-450, -450)}
    edges = [
        (f"{a}{b}", a, b, f"{arm} street", 1, 5) for arm in nodes if arm != "c" for a, b in ((arm, "c"), ("c", arm))
    ]
    net = compiled(folder / "star", nodes, edges, {"c": "traffic_light"})
    (program,) = programs(net, mode="officer")
    assert program.after.endswith("(stages: 3)")
    flows = {"main": ("wc", "ce", 1500.0), "side": ("nc", "cs", 1500.0), "seldom": ("xc", "cy", 40.0)}
    run = drive(folder / "star", net, flows, [program], for_s=1800, end_s=1800)
    took_s = [at - run.departs_s[name] for name, at in run.arrivals_s.items() if name.startswith("seldom.")]
    assert len(took_s) > 10
    assert max(took_s) < 540  # 240 s of waiting, another's 120 s of green, changes, and 90 s of driving
