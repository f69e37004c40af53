"""When a run in which nothing moves ends: at once where nothing can change any more, else when that has happened."""

from __future__ import annotations

from types import SimpleNamespace

from evac.simulate.buses import Dispatcher
from evac.simulate.driving import POLL_S, drive
from evac.simulate.kept_ways import KeptWays
from evac.simulate.metering import Metering
from evac.simulate.refuges import Refuges

COUNTS = {"loaded": 10, "inserted": 9, "running": 9, "waiting": 1}


def ending(opens_s: float):
    """Drive nine cars that stand and one that waits; the timetable has a road that opens at `opens_s`."""
    simulation = SimpleNamespace(getParameter=lambda _, key: COUNTS[key.rpartition(".")[2]])
    nobody = SimpleNamespace(getIDList=tuple)
    connection = SimpleNamespace(simulation=simulation, simulationStep=lambda _: None, vehicle=nobody)
    watch = SimpleNamespace(
        cars=(), poll=lambda _: None, stands_still=lambda _: True, left=lambda _: {"h1v0": ("ab", 2000.0)}
    )

    class Controller:
        has_plans = True
        at_home: frozenset[str] = frozenset()

        def act(self, now_s):
            self.has_plans = now_s < opens_s

        def next_s(self, _):
            return float("inf")

    metering = Metering(connection, {}, {}, {})
    kept = KeptWays(connection, coarse=False)
    return drive(
        connection,
        watch,
        Controller(),
        (
            Dispatcher(connection, None, Controller(), {}),
            Refuges(connection, (), {}, kept),
        ),
        metering,
        end_s=7200.0,
        turns=None,
        report=lambda _: None,
    )


def test_a_standstill_ends_the_run_where_nothing_is_to_change():
    found = ending(opens_s=0.0)
    assert (found.reason, found.time_s) == ("standstill", POLL_S)
    assert found.left == {"h1v0": ("ab", 2000.0)}


def test_a_road_that_is_to_open_is_waited_for():
    found = ending(opens_s=3600.0)
    assert found.reason == "standstill"
    assert found.time_s >= 3600.0


def test_a_run_whose_time_is_over_says_so():
    assert ending(opens_s=9000.0).reason == "end of time"
