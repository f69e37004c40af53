"""An officer at a four-way junction whose main street gets more cars than it can pass, against other control of it."""

from __future__ import annotations

import itertools
import math
import random
import xml.etree.ElementTree as ET

import pytest

from evac.simulate.officer import MAX_GREEN_S, MAX_WAIT_S, MIN_GREEN_S, Officer
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
        def _look(self):
            lanes = super()._look()
            seen.append(sum(car.queues for car in lanes.get("mc_0", ())))
            return lanes

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
    flows = {"main": ("wc", "ce", 1500.0), "side": ("nc", "cs", 1500.0), "seldom": ("xc", "cy", 40.0)}
    run = drive(folder / "star", net, flows, programs(net, mode="officer"), for_s=1800, end_s=1800)
    took_s = [at - run.departs_s[name] for name, at in run.arrivals_s.items() if name.startswith("seldom.")]
    assert len(took_s) > 10
    assert run.longest_first_s <= MAX_WAIT_S
    assert max(took_s) < MAX_WAIT_S + 110  # of driving


def with_stages(net_file, folder, *stages):
    """Replace the signal's program; a stage is the links (`wc ce`) that go, separated by commas."""
    tree = ET.parse(net_file)
    links = sorted((c for c in tree.iter("connection") if c.get("tl")), key=lambda c: int(c.get("linkIndex")))
    names = [f"{c.get('from')} {c.get('to')}" for c in links]
    logic = tree.find("tlLogic")
    logic[:] = []
    for stage in stages:
        state = "".join("G" if name in stage.split(", ") else "r" for name in names)
        ET.SubElement(logic, "phase", duration="30", state=state)
        ET.SubElement(logic, "phase", duration="3", state=state.replace("G", "y"))
    folder.mkdir()
    tree.write(folder / "net.net.xml")
    return folder / "net.net.xml"


def test_one_lane_with_two_movements_of_which_one_has_green_starves_nobody(folder, signals):
    """All from the west have one lane; the signal never lets those bound straight on go with those who turn left."""
    apart = with_stages(signals, folder / "apart", "wc ce, wc cs, ec cw, ec cn", "wc cn, ec cs", "nc cs, nc cw, nc ce",
                        "sc cn, sc ce, sc cw")  # fmt: skip
    flows = {**FLOWS, "main": ("wc", "ce", 700.0), "back": ("ec", "cw", 500.0), "side": ("nc", "cs", 500.0)}
    run = drive(folder / "apart", apart, flows, programs(apart, mode="officer"))
    assert set(run.departs_s) == set(run.arrivals_s)
    assert run.longest_first_s <= MAX_WAIT_S
    assert run.mean_s("turn") < 2 * run.mean_s("main")


def test_who_turns_left_across_a_stream_without_gaps_gets_a_turn(folder, signals):
    """Nobody else waits, and both of the signal's stages make left turns yield."""
    flows = {"stream": ("wc", "ce", 1800.0), "left": ("ec", "cs", 40.0)}
    run = drive(folder / "across", signals, flows, programs(signals, mode="officer"))
    assert run.longest_first_s <= MAX_WAIT_S
    assert run.collisions == 0


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 40))])
def test_nobody_is_passed_over_longer_than_the_longest_wait_whatever_the_layout(folder, seed):
    """Arms at random angles with one to three lanes, and flows from each to each, from none to more than fits."""
    draw = random.Random(seed)
    arms = {
        name: math.radians(360 / 5 * k + draw.uniform(-25, 25)) for k, name in enumerate("abdef"[: draw.randint(3, 5)])
    }
    nodes = {"c": (0, 0), **{name: (500 * math.cos(at), 500 * math.sin(at)) for name, at in arms.items()}}
    edges = [
        (f"{a}{b}", a, b, f"{name} street", draw.randint(1, 3), draw.choice([3, 6, 9]))
        for name in arms
        for a, b in ((name, "c"), ("c", name))
    ]
    net = compiled(folder / f"random{seed}", nodes, edges, {"c": "traffic_light"})
    flows = {
        f"{a}{b}": (f"{a}c", f"c{b}", draw.choice([0.5, 30.0, 300.0, 900.0])) for a in arms for b in arms if a != b
    }
    run = drive(
        folder / f"random{seed}",
        net,
        flows,
        programs(net, mode="officer", where={"street": "a", "crossing": "b"}),
        for_s=1500,
        end_s=1500,
    )
    assert 0 < run.longest_first_s <= MAX_WAIT_S
