"""Random timetables of several actions on one road, held against a running SUMO, minute by minute.

What `Timetable.states()` says of a lane is what SUMO answers when it is asked who may drive there; what actions say one
by one, put together by this test for itself, is what `states()` says; the order in the file, and cutting an action into
two that touch, change nothing; and when every action has ended everything is as it was.
"""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from evac.demand.drivers import CAR_CLASS
from evac.errors import UserError
from evac.network import read_net
from evac.plans.timetable import Timetable, admits_car, at, edge_of
from evac.simulate.control import controlled
from evac.simulate.controls import Controller
from plan_town import Town, town

NODES = {"a": (0, 0), "b": (500, 0), "c": (1000, 0), "d": (1500, 0), "s": (500, 400), "t": (1000, 400)}
STREETS = [("a b c d", "Main Street", 2), ("b s", "Brook Lane", 1), ("c t", "Mill Lane", 1)]
END_MIN = 30
DO = {
    "road": "do: close, where: {street: Main Street, towards: east}, accept_cut_off: true",
    "kerb": "do: close, where: {street: Main Street, towards: east}, lanes: [0]",
    "middle": "do: close, where: {street: Main Street, towards: east}, lanes: [1]",
    "taken": "do: take_lane, where: {street: Main Street, towards: east}, lanes: 1, side: kerb",
    "reversed": "do: contraflow, where: {street: Main Street, towards: east}",
    "half": "do: contraflow, where: {street: Main Street, towards: east}, lanes: 1",
    "shoulder": "do: use_shoulder, where: {street: Main Street, towards: east}",
    "slow": "do: speed, where: {street: Main Street, towards: east}, kph: 30",
}
CLOSES = {"road": {0, 1}, "kerb": {0}, "middle": {1}, "taken": {0}}
"""Lanes of the eastbound road that an action closes, where no other action adds a lane at the kerb."""


@st.composite
def actions(draw: Any, most: int = 4) -> list[tuple[str, int, int]]:
    """Draw what is done, from which minute until which."""
    found = []
    for _ in range(draw(st.integers(1, most))):
        begins = draw(st.integers(0, END_MIN - 4))
        found.append((draw(st.sampled_from(sorted(DO))), begins, draw(st.integers(begins + 1, END_MIN - 2))))
    return found


def text(some: list[tuple[str, int, int]]) -> str:
    """Return actions as a plan has them; the set-up of contraflow takes no time here."""
    lines = [
        f"  - {{{DO[kind]}, label: {kind} {number}, when: {{from_min: {begins}, until_min: {ends}}}}}"
        for number, (kind, begins, ends) in enumerate(some)
    ]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return town(tmp_path_factory.mktemp("road"), NODES, STREETS, {"east": "cd", "west": "ba"})


def laid(road: Town, some: list[tuple[str, int, int]]) -> Any:
    """Lay actions over the road, from an empty cache of its own, or return None where they contradict each other."""
    with tempfile.TemporaryDirectory(dir=road.folder) as folder:
        fresh = Town(Path(folder), road.network, road.exits)
        try:
            overlay = fresh.under(text(some))
        except UserError:
            return None
        return overlay.timetable, overlay.network.net_file.read_bytes(), str(overlay.additional)


def permissions(net: bytes, additional: str, timetable: Timetable, folder: Path) -> list[dict[str, bool]]:
    """Return whether cars may drive on each lane of the timetable in each minute, as SUMO answers."""
    (folder / "net.net.xml").write_bytes(net)
    files = ["--net-file", "net.net.xml", "--no-step-log", "true", "--end", str(60 * END_MIN)]
    if additional != "None":
        (folder / "plan.add.xml").write_text(additional)
        files += ["--additional-files", "plan.add.xml"]
    lanes = list(timetable.states().lanes)
    asked = []
    with controlled(files, folder, folder / "console.log") as connection:
        controller = Controller(connection, timetable, {"east": ["cd"], "west": ["ba"]}, 1)
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
            asked.append({lane: _admits(connection, lane) for lane in lanes})
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

    kind, begins, ends = some[0]
    if begins < cut < ends:
        pieces = laid(road, [(kind, begins, cut), (kind, cut, ends), *some[1:]])
        assert pieces is not None
        assert pieces[1] == net
        assert _who(pieces[0]) == _who(timetable)

    with tempfile.TemporaryDirectory(dir=road.folder) as folder:
        asked = permissions(net, additional, timetable, Path(folder))
        (Path(folder) / "again.net.xml").write_bytes(net)
        normally = read_net(Path(folder) / "again.net.xml", internal=True)
    for minute, lanes in enumerate(asked):
        said = {lane: admits_car(at(of_lane, 60.0 * minute + 30.0)) for lane, of_lane in states.lanes.items()}
        assert lanes == said, f"minute {minute}"
        if not any(kind in {"shoulder", "reversed", "half"} for kind, _, _ in some):
            closed = {lane for kind, begin, end in some if begin <= minute < end for lane in CLOSES.get(kind, ())}
            for lane in lanes:
                if edge_of(lane) in {"ab", "bc", "cd"}:
                    assert lanes[lane] == (int(lane[-1]) not in closed), f"{lane} in minute {minute}"
    assert asked[-1] == {lane: bool(normally.getLane(lane).allows(CAR_CLASS)) for lane in asked[-1]}


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


FEW = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
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
