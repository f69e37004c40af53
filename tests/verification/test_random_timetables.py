"""Random timetables of several actions on one road, held against a running SUMO, minute by minute.

What `Timetable.states()` says of lanes, speed limits and signals is what SUMO answers when it is asked who may drive
there, how fast, and which program runs; what actions say one by one, put together by this test for itself, is what
`states()` says; the order in the file, and cutting an action into two that touch, change nothing, with cars neither;
everybody gets out; and when every action has ended everything is as it was.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sumolib
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from evac.errors import UserError
from evac.network import read_net
from evac.plans.timetable import Timetable, admits_car, at, edge_of
from evac.simulate.controller import Controller
from evac.simulate.conversation import controlled
from evac.simulate.kept_ways import KeptWays
from evac.study.ways_out import road_states
from evac.sumo import CAR_CLASS
from plan_town import Town, cars, town

NODES = {"a": (0, 0), "b": (500, 0), "c": (1000, 0), "d": (1500, 0), "s": (500, 400), "t": (1000, 400)}
STREETS = [("a b c d", "Main Street", 2), ("b s", "Brook Lane", 1), ("c t", "Mill Lane", 1)]
END_MIN = 30
AT_MILL_LANE = "where: {street: Main Street, crossing: Mill Lane}"
DO = {
    "road": "do: close, where: {street: Main Street, towards: east}, accept_cut_off: true",
    "kerb": "do: close, where: {street: Main Street, towards: east}, lanes: [0]",
    "middle": "do: close, where: {street: Main Street, towards: east}, lanes: [1]",
    "taken": "do: take_lane, where: {street: Main Street, towards: east}, lanes: 1, side: kerb",
    "reversed": "do: contraflow, where: {street: Main Street, towards: east}",
    "half": "do: contraflow, where: {street: Main Street, towards: east}, lanes: 1",
    "shoulder": "do: use_shoulder, where: {street: Main Street, towards: east}",
    "slow": "do: speed, where: {street: Main Street, towards: east}, kph: 30",
    "officer": f"do: signal, {AT_MILL_LANE}, mode: officer",
    "dark": f"do: signal, {AT_MILL_LANE}, mode: unregulated",
    "all stop": f"do: signal, {AT_MILL_LANE}, mode: all_way_stop",
    "fixed": f"do: signal, {AT_MILL_LANE}, mode: fixed, stages: [{{movements: [{{from: Main Street}}], green_s: 40}}, "
    "{movements: [{from: Mill Lane}], green_s: 20}]",
    "new officer": "do: signal, where: {street: Main Street, crossing: Brook Lane}, mode: officer",
    "divert": "do: divert, approach: {street: Mill Lane, crossing: Main Street}, to_exit: west, compliance: 0.5",
    "ban": "do: ban_turn, where: {street: Main Street, crossing: Brook Lane}, "
    "movement: {from: Main Street, heading: west, to: Brook Lane}",
}
WITH_CARS = DO | {
    "lane left": "do: contraflow, where: {street: Main Street, towards: west}, keep_emergency_lane: true",
    "a block": "do: close, where: {street: Main Street, from: Brook Lane, to: Mill Lane}, accept_cut_off: true",
    "residents": "do: close, where: {street: Main Street, towards: east}, admit: residents",
    "exit": "do: close, exit: east, accept_cut_off: true",
    "middle taken": "do: take_lane, where: {street: Main Street, towards: west}, side: middle",
    "corridor": "do: signal, corridor: {street: Main Street, towards: east}, mode: officer",
    "flashing": f"do: signal, {AT_MILL_LANE}, mode: flashing",
    "dedicated": "do: dedicate, where: {street: Main Street, crossing: Mill Lane, towards: east}, lanes: [1], "
    "to: Main Street",
}
ALWAYS = {"ban", "dedicated"}
"""What holds from the order to the end."""
SIGNALS = {"officer": "c", "dark": "c", "all stop": "c", "fixed": "c", "new officer": "b"}
CARS = pd.concat(
    [cars(edge, 60, every_s=30.0, length_m=400.0, name=edge) for edge in ("sb", "tc")], ignore_index=True
).assign(household=range(120))
CLOSES = {"road": {0, 1}, "kerb": {0}, "middle": {1}, "taken": {0}}
"""Lanes of the eastbound road that an action closes, where no other action adds a lane at the kerb."""


@st.composite
def actions(draw: Any, most: int = 4, kinds: Collection[str] = DO) -> list[tuple[str, int, int]]:
    """Draw what is done, from which minute until which."""
    found = []
    for _ in range(draw(st.integers(1, most))):
        begins = draw(st.integers(0, END_MIN - 4))
        found.append((draw(st.sampled_from(sorted(kinds))), begins, draw(st.integers(begins + 1, END_MIN - 2))))
    return found


def text(some: list[tuple[str, int, int]]) -> str:
    """Return actions as a plan has them; the set-up of contraflow takes no time here."""
    lines = []
    for number, (kind, begins, ends) in enumerate(some):
        when = "" if kind in ALWAYS else f", when: {{from_min: {begins}, until_min: {ends}}}"
        lines.append(f"  - {{{WITH_CARS[kind]}, label: {kind} {number}{when}}}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Town:
    exits = {"east": "cd", "west": "ba"}
    return town(tmp_path_factory.mktemp("road"), NODES, STREETS, exits, kinds={"c": "traffic_light"})


def laid(road: Town, some: list[tuple[str, int, int]]) -> Any:
    """Lay actions over the road, from an empty cache of its own, or return None where they contradict each other."""
    with tempfile.TemporaryDirectory(dir=road.folder) as folder:
        fresh = Town(Path(folder), road.network, road.exits)
        try:
            overlay = fresh.under(text(some))
        except UserError:
            return None
        return overlay.timetable, overlay.network.net_file.read_bytes(), str(overlay.additional)


@dataclass
class Asked:
    """What SUMO answers at one time: whether cars may drive on lanes, how fast, and which programs signals run."""

    lanes: dict[str, bool]
    limits: dict[str, float]
    signals: dict[str, str]


def ask(net: bytes, additional: str, timetable: Timetable, folder: Path) -> list[Asked]:
    """Carry a timetable out, and return what SUMO answers in the middle of each minute."""
    (folder / "net.net.xml").write_bytes(net)
    files = ["--net-file", "net.net.xml", "--no-step-log", "true", "--end", str(60 * END_MIN)]
    if additional != "None":
        (folder / "plan.add.xml").write_text(additional)
        files += ["--additional-files", "plan.add.xml"]
    states = timetable.states()
    asked = []
    with controlled(files, folder, folder / "console.log") as connection:
        kept = KeptWays(connection, coarse=False)
        controller = Controller(connection, timetable, {"east": ["cd"], "west": ["ba"]}, 1, kept)
        now_s = 0.0
        for minute in range(END_MIN):
            until_s = 60.0 * minute + 30.0
            controller.act(now_s)
            while (due_s := controller.next_s(now_s)) < until_s:
                now_s = float(due_s)
                connection.simulationStep(now_s)
                controller.act(now_s)
            now_s = until_s
            connection.simulationStep(now_s)
            asked.append(
                Asked(
                    {lane: _admits(connection, lane) for lane in states.lanes},
                    {lane: connection.lane.getMaxSpeed(lane) for lane in states.limits},
                    {tls: connection.trafficlight.getProgram(tls) for tls in states.signals},
                )
            )
    return asked


def _admits(connection: Any, lane: str) -> bool:
    allowed, disallowed = connection.lane.getAllowed(lane), connection.lane.getDisallowed(lane)
    return CAR_CLASS in allowed or (not allowed and CAR_CLASS not in disallowed)


def check(road: Town, some: list[tuple[str, int, int]], order: list[int], cut: int) -> None:
    found = laid(road, some)
    shuffled = [some[place] for place in order]
    assert (laid(road, shuffled) is None) == (found is None), "refused in one order and not in the other"
    assume(found is not None)
    timetable, net, additional = found
    states = timetable.states()

    other = laid(road, shuffled)
    assert other[1] == net
    assert _who(other[0]) == _who(timetable)

    split = pieces_of(some, cut)
    if split is not None:
        pieces = laid(road, split)
        assert pieces is not None
        assert pieces[1] == net
        assert _who(pieces[0]) == _who(timetable)

    with tempfile.TemporaryDirectory(dir=road.folder) as folder:
        asked = ask(net, additional, timetable, Path(folder))
        (Path(folder) / "again.net.xml").write_bytes(net)
        normally = sumolib.net.readNet(str(Path(folder) / "again.net.xml"), withInternal=True)
    for minute, said in enumerate(asked):
        time_s = 60.0 * minute + 30.0
        holds = {kind for kind, begins, ends in some if begins <= minute < ends}
        assert said.lanes == {lane: admits_car(at(of, time_s)) for lane, of in states.lanes.items()}, f"minute {minute}"
        if not any(kind in {"shoulder", "reversed", "half"} for kind, _, _ in some):
            closed = {lane for kind in holds for lane in CLOSES.get(kind, ())}
            for lane, is_open in said.lanes.items():
                if edge_of(lane) in {"ab", "bc", "cd"}:
                    assert is_open == (int(lane[-1]) not in closed), f"{lane} in minute {minute}"
        for lane, speed_mps in said.limits.items():
            normal_mps = normally.getLane(lane).getSpeed()
            limit_mps = at(states.limits[lane], time_s)
            assert speed_mps == pytest.approx(normal_mps if limit_mps is None else limit_mps, abs=0.01)
            assert speed_mps == pytest.approx(30 / 3.6 if "slow" in holds else normal_mps, abs=0.01)
        for tls, program in said.signals.items():
            assert program == at(states.signals[tls], time_s).program, f"{tls} in minute {minute}"
            by_plan = {kind for kind in holds if SIGNALS.get(kind) == tls}
            assert (program != ("0" if tls == "c" else "off")) == bool(by_plan), f"{tls} in minute {minute}"
    assert asked[-1].lanes == {lane: bool(normally.getLane(lane).allows(CAR_CLASS)) for lane in asked[-1].lanes}


def pieces_of(some: list[tuple[str, int, int]], cut: int) -> list[tuple[str, int, int]] | None:
    """Return actions with the first one cut into two that touch; None where the time isn't within it."""
    kind, begins, ends = some[0]
    return [(kind, begins, cut), (kind, cut, ends), *some[1:]] if begins < cut < ends and kind not in ALWAYS else None


def check_with_cars(road: Town, some: list[tuple[str, int, int]], order: list[int], cut: int) -> None:
    """Let cars leave the two side streets all the time, under actions in any order and cut into pieces."""
    kinds = {"as listed": some, "shuffled": [some[place] for place in order]}
    split = pieces_of(some, cut)
    if split is not None:
        kinds["split"] = split
    found = {}
    with tempfile.TemporaryDirectory(dir=road.folder) as folder:
        for name, these in kinds.items():
            own = Path(folder) / name.replace(" ", "-")
            own.mkdir()
            place = Town(own, road.network, road.exits)
            try:
                overlay = place.under(text(these))
            except UserError:
                reject()
            net = read_net(overlay.network.net_file)
            ways_out = [{"bc", "cd"}, {"cb", "ba"}]
            closed = [state.closed for state in road_states(net, overlay.timetable)]
            assume(all(any(way.isdisjoint(shut) for way in ways_out) for shut in closed))
            found[name] = place.drive(overlay, CARS, router="CCH", end_h=2.0)[0]
    for trips in found.values():
        assert trips["arrived_s"].notna().all(), "everybody gets out"
        pd.testing.assert_frame_equal(trips, found["as listed"])


def _who(timetable: Timetable) -> dict[str, list[tuple[float, float, object]]]:
    """Return who may drive on which lane from when until when, without the actions' names; what is the same as one."""
    found: dict[str, list[tuple[float, float, object]]] = {}
    for lane, of_lane in timetable.states().lanes.items():
        spans = [(of_lane[0].from_s, of_lane[0].until_s, of_lane[0].holds)]
        for _, state in pairwise(of_lane):
            if state.holds == spans[-1][2]:
                spans[-1] = (spans[-1][0], state.until_s, state.holds)
            else:
                spans.append((state.from_s, state.until_s, state.holds))
        found[lane] = spans
    return found


FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
MANY = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(st.data())
def test_what_a_timetable_says_is_what_sumo_does(road: Town, data: Any) -> None:
    some = data.draw(actions())
    check(road, some, data.draw(st.permutations(range(len(some)))), data.draw(st.integers(1, END_MIN)))


@pytest.mark.slow
@MANY
@given(st.data())
def test_what_five_hundred_timetables_say_is_what_sumo_does(road: Town, data: Any) -> None:
    some = data.draw(actions(most=6))
    check(road, some, data.draw(st.permutations(range(len(some)))), data.draw(st.integers(1, END_MIN)))


@settings(FEW, max_examples=4)
@given(st.data())
def test_with_cars_the_order_in_the_file_and_cutting_in_two_change_nothing(road: Town, data: Any) -> None:
    some = data.draw(actions(kinds=WITH_CARS))
    check_with_cars(road, some, data.draw(st.permutations(range(len(some)))), data.draw(st.integers(1, END_MIN)))


@pytest.mark.slow
@settings(MANY, max_examples=60)
@given(st.data())
def test_with_cars_many_timetables_let_everybody_out(road: Town, data: Any) -> None:
    some = data.draw(actions(most=6, kinds=WITH_CARS))
    check_with_cars(road, some, data.draw(st.permutations(range(len(some)))), data.draw(st.integers(1, END_MIN)))
