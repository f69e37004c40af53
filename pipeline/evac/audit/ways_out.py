"""Findings about the ways out: roads that leave and are none, what the map's cut decided, what fewer exits cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import shapely

from evac import clock
from evac.audit.findings import Finding, Severity
from evac.audit.lanes import SATURATION_VEH_PER_H
from evac.network.exits import ResolvedExit
from evac.network.exits.graph import rank_of
from evac.network.exits.record import RoadOut, SharedRoad, WaysOutRecord
from evac.projection import grown
from evac.prose import begun
from evac.unnamed import beginning, in_prose

_GRAVE = rank_of("primary")  # such a road seldom ends, so its end is a gap of the map until somebody has looked
_FAR_M = 5_000  # beyond the area: some five minutes more on the road, and a queue there is one of another town (ours)
_LISTED = 5
_PRESUMED = "the file doesn't say where it was cut off"
_NOT_DRIVEN = {False: "which isn't simulated", True: "where nobody is driven any more"}
_TO_DRIVE_IT = {
    False: "take more of the map to have it simulated (evac new --roads-beyond)",
    True: "name an exit behind it instead of these to have it count",
}
_FAR = "the lines of these exits lie more than 5 km beyond the area"
_INSIDE = "the map ends inside the area at these exits"
_REST = "no road leads off the map, so these exits lead into the rest of it"


def audit_ways_out(
    record: WaysOutRecord,
    exits: Sequence[ResolvedExit],
    left_out: Sequence[ResolvedExit],
    vehicles: float,
    *,
    ended: Sequence[RoadOut] = (),
    far: Sequence[ResolvedExit] = (),
) -> list[Finding]:
    """Return what to look at about the ways out.

    Parameters
    ----------
    record
        What was decided on the whole map.
    exits
        The exits of the scenario.
    left_out
        Ways out that the scenario doesn't use.
    vehicles
        Vehicles that leave in the greatest case.
    ended
        Exits that the scenario names and behind which the road ends.
    far
        Exits whose lines lie far from the area (`far_from`).
    """
    shown = (*_ended(ended), *_far(far), *_none(record), *_ends(record), *_by_cut(record), *_presumed(record))
    more = (*_into_rest(record), *_shared(record, exits, vehicles), *_restricted(exits, left_out, vehicles))
    return [*shown, *more]


def far_from(area: shapely.Geometry, exits: Sequence[ResolvedExit]) -> tuple[ResolvedExit, ...]:
    """Return the exits whose lines lie more than 5 km beyond an area (WGS 84), so that times count the drive there."""
    near = grown(area, _FAR_M)
    return tuple(item for item in exits if not near.intersects(shapely.Point(item.lon, item.lat)))


def caveats(
    record: WaysOutRecord, *, ended: Sequence[RoadOut] = (), far: Sequence[ResolvedExit] = ()
) -> tuple[str, ...]:
    """Return what a reader of any result should know.

    Exits by the map's cut alone, or into the little that is left of the map, some that share a road farther on, some
    behind which it ends, and some whose lines are far away.
    """
    told = []
    if inside := [end.label for end in record.ends if end.inside]:
        told.append(f"{_INSIDE}, so who gets there counts as out and isn't: {_listed(inside)}")
    if cut := [end.label for end in record.ends if end.by_cut and not end.inside]:
        told.append(f"the map ends so near that only its cut tells whether these exits lead on: {_listed(cut)}")
    if presumed := [end.label for end in record.ends if end.presumed]:
        told.append(f"{_PRESUMED}: these exits are roads that just end near its edge: {_listed(presumed)}")
    if rest := [end.label for end in record.ends if end.into_rest]:
        told.append(f"{_REST}, which has less than ten times the area's roads: {_listed(rest)}")
    told += [f"{_shared_in_words(item)}, {_NOT_DRIVEN[item.simulated]}: times may be longer" for item in record.shared]
    if ended:
        told.append(f"the map shows no way on behind these exits: {_listed([item.label for item in ended])}")
    if far:
        told.append(f"{_FAR}, so that times count the drive there: {_listed([item.name for item in far])}")
    return tuple(told)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")


def _ended(ended: Sequence[RoadOut]) -> Iterator[Finding]:
    for item in ended:
        plain = (
            f"The scenario names the exit {item.label}, but the map shows no way on behind it: {item.reason}. "
            "Whoever gets there counts as out"
        )
        text = f"{plain}; see that the line is where people are safe, or give 'veh_per_h'"
        yield Finding("warning", "exit_ends", text, item.lon, item.lat, 0.0, plain=plain)


def _far(exits: Sequence[ResolvedExit]) -> Iterator[Finding]:
    for item in exits:
        text = (
            f"The line of the exit {item.name} lies more than 5 km beyond the area: times count the drive there. Cut "
            "the map nearer to the area, or name a point where people are safe before it"
        )
        yield Finding("note", "exit_far", text, item.lon, item.lat, 0.0)


def _none(record: WaysOutRecord) -> Iterator[Finding]:
    for item in record.none:
        severity: Severity = "warning" if rank_of(item.highway) <= _GRAVE else "note"
        text = f"{beginning(item.label)} ({item.highway}) leads away and is no exit: {item.reason}"
        yield Finding(severity, "no_exit", text, item.lon, item.lat, 0.0)


def _ends(record: WaysOutRecord) -> Iterator[Finding]:
    told = {(item.label, item.reason) for item in record.none}
    for item in record.ends_inside:
        if (item.label, item.reason) not in told:
            text = f"{beginning(item.label)} ({item.highway}) ends on the map and not at its edge: {item.reason}"
            yield Finding("warning", "road_ends", text, item.lon, item.lat, 0.0)


def _by_cut(record: WaysOutRecord) -> Iterator[Finding]:
    for end in record.ends:
        if end.inside:
            where = f"{beginning(end.label)} is an exit inside the area, where the map ends"
            plain = f"{where}: who gets there counts as out and isn't"
            text = f"{plain}; take a map that reaches beyond the area, or draw the area no farther than the map"
            yield Finding("warning", "exit_inside", text, end.lon, end.lat, 0.0, plain=plain)
        elif end.by_cut:
            why = f"{beginning(end.label)} is an exit because the map ends there, near the area"
            text = f"{why}: take a larger map to be sure"
            yield Finding("warning", "exit_by_cut", text, end.lon, end.lat, 0.0)


def _presumed(record: WaysOutRecord) -> Iterator[Finding]:
    for end in record.ends:
        if end.presumed:
            plain = f"{beginning(end.label)} is an exit because it just ends near the map's edge, and {_PRESUMED}"
            text = f"{plain}: see that it leads on, then name the exits in the scenario, without 'ways_out'"
            yield Finding("warning", "exit_presumed", text, end.lon, end.lat, 0.0, plain=plain)


def _into_rest(record: WaysOutRecord) -> Iterator[Finding]:
    for end in record.ends:
        if end.into_rest:
            text = (
                f"{beginning(end.label)} is an exit into the rest of a map that no road leads off, such as an island: "
                "see that there is room for so many, and that it is safe there"
            )
            yield Finding("warning", "exit_into_rest", text, end.lon, end.lat, 0.0)


def _shared_in_words(item: SharedRoad) -> str:
    """Return what exits share, with how many lanes: the beginning of a sentence."""
    names = list(dict.fromkeys(item.exits))
    which = f"the exits {_and(names)}" if len(names) > 1 else f"the roads of the exit {names[0]}"
    where = "behind their lines" if item.simulated else "behind the cut of the map"
    road = f"{in_prose(item.label)} with {_lanes(item.lanes)}"
    return f"{which} ({_lanes(item.exit_lanes)} together) meet again {where}, on {road}"


def _and(names: Sequence[str]) -> str:
    listed = list(names[:_LISTED]) + ([f"{len(names) - _LISTED} more"] if len(names) > _LISTED else [])
    return " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)


def _lanes(number: int) -> str:
    return "one lane" if number == 1 else f"{number} lanes"


def _shared(record: WaysOutRecord, exits: Sequence[ResolvedExit], vehicles: float) -> Iterator[Finding]:
    """Give what exits share behind the cut, and what it costs at least, as if all else were busy throughout."""
    used = _veh_per_h(exits)
    for item in record.shared:
        least = item.lanes * SATURATION_VEH_PER_H
        with_it = max(used - (item.exit_lanes - item.lanes) * SATURATION_VEH_PER_H, least)
        said = _shared_in_words(item)
        plain = (
            f"{begun(said)}: by all ways out at least {clock.clock(vehicles / with_it * clock.HOUR_S)} "
            f"for {vehicles:,.0f} vehicles at {SATURATION_VEH_PER_H:,.0f} an hour and lane, not "
            f"{clock.clock(vehicles / used * clock.HOUR_S)}"
        )
        text = f"{plain}; {_TO_DRIVE_IT[item.simulated]}"
        yield Finding("warning", "exits_share", text, item.lon, item.lat, 0.0, plain=plain)


def _restricted(exits: Sequence[ResolvedExit], left_out: Sequence[ResolvedExit], vehicles: float) -> Iterator[Finding]:
    """Give what the ways out that aren't used would save: a bound by capacity, as if all exits were busy throughout."""
    if not left_out or not exits:
        return
    used, more = _veh_per_h(exits), _veh_per_h(left_out)
    first = left_out[0]
    number = f"the {len(left_out)} roads" if len(left_out) > 1 else "one road"
    text = (
        f"with {number} left out that lead on too ({_listed([item.name for item in left_out])}), at least "
        f"{clock.clock(vehicles / used * clock.HOUR_S)} for {vehicles:,.0f} vehicles at {SATURATION_VEH_PER_H:,.0f} an "
        f"hour and lane; with them, at least {clock.clock(vehicles / (used + more) * clock.HOUR_S)}"
    )
    yield Finding("note", "exits_left_out", text, first.lon, first.lat, 0.0)


def _veh_per_h(exits: Sequence[ResolvedExit]) -> float:
    return sum(item.veh_per_h or item.lanes * SATURATION_VEH_PER_H for item in exits)
