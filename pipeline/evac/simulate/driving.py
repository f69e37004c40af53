"""The conversation with a running simulation: step by step until it ends, with stops where somebody has to act."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields, replace
from typing import Literal, Protocol

from traci.connection import Connection

from evac.simulate.answers import Car
from evac.simulate.blocked_turns import TOLD_WITHIN_S, BlockedTurns
from evac.simulate.fates import Fates
from evac.simulate.gridlock import GridlockWatch
from evac.simulate.meso import MesoWatch
from evac.simulate.metering import Metering
from evac.simulate.ways import LONGEST_STOP_S

POLL_S = 60.0
"""Simulated seconds between two looks at a running simulation."""


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    time_s
        Simulated time since the order (s).
    out, driving, waiting
        Vehicles evacuated, in the network, and waiting to enter it after their intended departure.
    speed
        Simulated seconds per second of wall time, since the start.
    cars
        Vehicles on the roads; empty in the mesoscopic model, and in the last look at a run.
    """

    time_s: float
    out: int
    driving: int
    waiting: int
    speed: float
    cars: tuple[Car, ...] = ()


class Actor(Protocol):
    """Somebody who does things in a running simulation, at times of their own."""

    @property
    def has_plans(self) -> bool: ...  # noqa: D102  whether the simulation may not end yet
    def next_s(self, now_s: float) -> float: ...  # noqa: D102  when `act` has to be called next
    def act(self, now_s: float) -> None: ...  # noqa: D102  what is due is done


class Planned(Actor, Protocol):
    """Who carries out the timetable, and knows who doesn't leave home any more because of it."""

    @property
    def at_home(self) -> AbstractSet[str]: ...  # noqa: D102  they are neither in the network nor waiting


@dataclass(frozen=True)
class Counts:
    """SUMO's own totals (vehicles); loaded = inserted + waiting + not yet due."""

    loaded: int
    inserted: int
    running: int
    waiting: int


@dataclass(frozen=True)
class Ending:
    """Why and when a run ended, SUMO's totals then, and who was on the road: where, and standing for how long (s).

    `known` is the end of a run of which no more is asked than was known then (`simulate.fates`). `wait_s` is how long
    an exit lets nobody out between two vehicles, the longest of all exits then.
    """

    reason: Literal["cleared", "end of time", "standstill", "known"]
    time_s: float
    counts: Counts = field(repr=False)
    left: Mapping[str, tuple[str, float]] = field(repr=False, default_factory=dict)
    wait_s: float = 0.0


def drive(
    connection: Connection,
    watch: GridlockWatch | MesoWatch,
    plan: Planned,
    others: Sequence[Actor],
    metering: Metering,
    *,
    turns: BlockedTurns | None,
    end_s: float,
    report: Callable[[Progress], None],
    fates: Fates | None = None,
    cars: int = 1,
) -> Ending:
    """Step through the simulation until it ends: it may be over although the plan still has lanes to open or close.

    With `fates`, it ends when these are known. What is reported counts `cars` a simulated vehicle.
    """
    actors = [plan, *others]
    started_s = time.monotonic()
    now_s = 0.0
    while True:
        if turns and now_s + TOLD_WITHIN_S < end_s and turns.tell():
            now_s = _step(connection, actors, metering, now_s, now_s + TOLD_WITHIN_S)
            turns.end()
        now_s = _step(connection, actors, metering, now_s, min(POLL_S * (now_s // POLL_S + 1.0), end_s))
        counts = _counts(connection)
        speed = now_s / max(time.monotonic() - started_s, 1e-9)
        out, driving, waiting = counts.inserted - counts.running, counts.running, counts.waiting
        how_far = Progress(now_s, out * cars, driving * cars, waiting * cars, speed)
        if counts.running == 0 and counts.loaded == counts.inserted and not any(actor.has_plans for actor in others):
            report(how_far)
            return Ending("cleared", now_s, counts)
        if now_s >= end_s:
            report(how_far)
            return Ending("end of time", now_s, counts, watch.left(now_s), metering.longest_wait_s(now_s))
        if fates is not None and fates.are_known(now_s, plan.at_home):
            return Ending("known", now_s, counts)
        watch.poll(now_s)
        report(replace(how_far, cars=watch.cars))
        all_due = counts.loaded == counts.inserted + counts.waiting + len(plan.at_home)
        for_good = all_due and not any(actor.has_plans for actor in actors) and not metering.holds_anybody(now_s)
        if watch.stands_still(now_s) and for_good and not _anybody_drives_on(connection):
            return Ending("standstill", now_s, counts, watch.left(now_s))


def _step(
    connection: Connection,
    actors: Sequence[Actor],
    metering: Metering,
    now_s: float,
    until_s: float,
) -> float:
    """Step to a time, with stops where the plan or the buses have something to do; return the time."""
    for actor in actors:
        actor.act(now_s)
    while (due_s := min(actor.next_s(now_s) for actor in actors)) < until_s:
        _forward(connection, metering, now_s, math.ceil(due_s))
        now_s = float(math.ceil(due_s))
        for actor in actors:
            actor.act(now_s)
    _forward(connection, metering, now_s, until_s)
    return float(until_s)


def _forward(connection: Connection, metering: Metering, now_s: float, until_s: float) -> None:
    """Step to a time, second by second where an exit takes only so many vehicles an hour."""
    while metering.is_needed and now_s + 1.0 < until_s:
        now_s += 1.0
        connection.simulationStep(now_s)
        metering.act(now_s)
    connection.simulationStep(float(until_s))
    metering.act(float(until_s))


def _anybody_drives_on(connection: Connection) -> bool:
    """Return whether somebody stands at a stop that ends, such as one who fetches a child, whatever else moves."""
    ask = connection.vehicle
    stops = [ask.getStops(vehicle, 1)[0] for vehicle in ask.getIDList() if ask.isStopped(vehicle)]
    return any(0.0 < stop.duration < LONGEST_STOP_S for stop in stops)  # what is left of it


def _counts(connection: Connection) -> Counts:
    ask = connection.simulation.getParameter
    return Counts(**{item.name: int(ask("", f"stats.vehicles.{item.name}")) for item in fields(Counts)})
