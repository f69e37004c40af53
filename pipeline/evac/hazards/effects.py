"""What a hazard does to traffic: its spans of a timetable, joined with a plan's.

- A road that the front reaches closes for good, the notice before it arrives, in both directions and on all lanes,
  contraflow's too. Nobody may enter, residents and emergency services neither: whoever is on it drives on and off it.
- Smoke, and water that isn't too deep yet, lower the speed at which traffic drives (`evac.hazards.slowing`).
- A signal that the front reaches is left by its officer, or by whatever else a plan has there, at its arrival: it runs
  as under normal rules again.

No plan opens what a hazard closes: a lane is closed while any span closes it (`evac.plans.timetable`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sumolib.net import Net

from evac import clock
from evac.hazards.arrivals import Reached
from evac.hazards.refuges import ResolvedRefuge
from evac.plans.timetable import FLEEING, Closing, Limit, Program, Timetable
from evac.schema.hazard import Hazard

_FIRST_S = 1.0
"""A speed that holds from the order to the end would be looked for in the net, where a plan's is."""


def under_hazard(timetable: Timetable, hazard: Hazard, reached: Reached, net: Net) -> Timetable:
    """Return a plan's timetable with what the hazard does.

    Parameters
    ----------
    timetable
        The plan's.
    hazard
        The scenario's.
    reached
        When it reaches what of the plan's net.
    net
        The plan's net.
    """
    return replace(
        timetable,
        closings=(*timetable.closings, *_closings_of(hazard, reached, net)),
        limits=(*timetable.limits, *_limits_of(hazard, reached, net)),
        programs=tuple(_until_reached(timetable.programs, reached)),
    )


def _closing_s(hazard: Hazard, arrival_s: float) -> float:
    """Return when a road closes that is reached at a time: a whole second after the order, or the order."""
    return max(math.floor(arrival_s - 60.0 * hazard.notice_min), 0.0)


def _closings_of(hazard: Hazard, reached: Reached, net: Net) -> Iterator[Closing]:
    """Give the closures of all roads that a hazard reaches: one for all that close in the same second."""
    lanes: dict[float, list[str]] = defaultdict(list)
    for edge, arrival_s in reached.arrival_s.items():
        lanes[_closing_s(hazard, arrival_s)] += [lane.getID() for lane in net.getEdge(edge).getLanes()]
    for from_s, closed in sorted(lanes.items()):
        yield Closing(hazard.name, from_s, None, tuple(sorted(closed)), admits=(FLEEING,))


def _limits_of(hazard: Hazard, reached: Reached, net: Net) -> Iterator[Limit]:
    """Give the speeds of all roads that smoke or water slows: one for all lanes that are alike."""
    lanes: dict[tuple[float, float | None, float], list[str]] = defaultdict(list)
    for row in reached.slowed.to_dict("records"):
        until_s = None if math.isnan(row["until_s"]) else row["until_s"]
        for lane in net.getEdge(row["edge"]).getLanes():
            speed_mps = min(row["speed_kph"] / 3.6, lane.getSpeed())
            lanes[max(row["from_s"], _FIRST_S), until_s, speed_mps].append(lane.getID())
    for (from_s, until_s, speed_mps), slow in sorted(lanes.items(), key=lambda item: (item[0][0], item[0][2])):
        if until_s is None or until_s > from_s:
            yield Limit(hazard.name, from_s, until_s, tuple(sorted(slow)), speed_mps)


def _until_reached(programs: Iterable[Program], reached: Reached) -> Iterator[Program]:
    for item in programs:
        arrival_s = reached.signals_s.get(item.tls, math.inf)
        if item.from_s < arrival_s:
            yield replace(item, until_s=arrival_s) if arrival_s < item.end_s else item


def in_words(hazard: Hazard, reached: Reached, net: Net) -> str:
    """Return what a hazard does, in a line that begins with its name."""
    roads = reached.roads
    edges = [net.getEdge(edge) for edge in roads["edge"]]
    times_s = [_closing_s(hazard, arrival_s) for arrival_s in roads["arrival_s"]]
    guessed = f", {int(roads['guessed'].sum()):,} of them at a guessed time" if roads["guessed"].any() else ""
    km = sum(edge.getLength() for edge in edges) / 1000.0
    slowed = reached.slowed
    slow = f", slows {slowed['edge'].nunique():,}, to {slowed['speed_kph'].min():.0f} km/h" if len(slowed) else ""
    return (
        f"{hazard.name}: closes {len(edges):,} pieces of road ({km:.1f} km, each direction counted) "
        f"from {clock.hours_minutes(min(times_s))} to {clock.clock(max(times_s))} after the order{guessed}{slow}"
        + _unknown_words(reached, net)
        + (f". {hazard.note}" if hazard.note else "")
    )


def _unknown_words(reached: Reached, net: Net) -> str:
    """Return how many roads count as never reached because the hazard's rasters don't have them; empty without any."""
    km = sum(net.getEdge(edge).getLength() for edge in reached.unknown_edges) / 1000.0
    if not km:
        return ""
    return f". Its rasters lack {km:.1f} km of road wholly or in part, which count as never reached"


def refuges_in_words(hazard: Hazard, reached: Reached, refuges: Iterable[ResolvedRefuge]) -> list[str]:
    """Return a line for each refuge whose roads the hazard reaches: who is in it counts as safe all the same."""
    lines = []
    for item in refuges:
        arrival_s = min((reached.arrival_s.get(edge, math.inf) for edge in item.edges), default=math.inf)
        if math.isfinite(arrival_s):
            when = clock.clock(max(arrival_s, 0.0))
            lines.append(
                f"{hazard.name}: it is at the road of the refuge '{item.name}' {when} after the order; who is in the "
                "refuge counts as safe all the same: make sure that it is one in such a hazard"
            )
    return lines
