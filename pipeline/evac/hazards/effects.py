"""What a hazard does to traffic: its spans of a timetable, joined with a plan's.

- A road that the front reaches closes for good, the notice before it arrives, in both directions and on all lanes,
  contraflow's too. Nobody may enter, residents and emergency services neither: whoever is on it drives on and off it.
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

from evac.hazards.arrivals import Reached
from evac.plans.timetable import FLEEING, Closing, Program, Timetable
from evac.schema.hazard import Hazard


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


def _until_reached(programs: Iterable[Program], reached: Reached) -> Iterator[Program]:
    for item in programs:
        arrival_s = reached.signals_s.get(item.tls, math.inf)
        if item.from_s < arrival_s:
            yield replace(item, until_s=arrival_s) if arrival_s < item.end_s else item


def in_words(hazard: Hazard, reached: Reached, net: Net) -> str:
    """Return what a hazard does, in a line that begins with its name."""
    roads = reached.roads
    edges = [net.getEdge(edge) for edge in roads["edge"]]
    times_min = [_closing_s(hazard, arrival_s) / 60.0 for arrival_s in roads["arrival_s"]]
    guessed = f", {int(roads['guessed'].sum()):,} of them at a guessed time" if roads["guessed"].any() else ""
    km = sum(edge.getLength() for edge in edges) / 1000.0
    return (
        f"{hazard.name}: closes {len(edges):,} pieces of road ({km:.1f} km, each direction counted) "
        f"from {min(times_min):.0f} to {max(times_min):.0f} min after the order{guessed}"
        + (f". {hazard.note}" if hazard.note else "")
    )
