"""SUMO's input files for the demand: the exits as destinations, the driver types, a trip for each vehicle.

Which exit a vehicle takes is SUMO's choice, by travel time. An exit is a traffic assignment zone (TAZ) with its edges
as sinks; all exits together are one more (`_ANY_EXIT`). Measured with SUMO 1.28 (a short way to a slow exit and a
longer one to a fast exit, 400 cars): a trip with `toTaz` is routed at its departure, to the exit that is then quickest
in the traffic of the last minutes, and keeps that exit. It changes the exit on the way only with a re-routing period
and `--device.rerouting.with-taz`. A trip to a TAZ with one exit never changes it.

So drivers with information re-route with the scenario's period; those without look once, when they leave. Drivers of
both kinds who can't get into their street yet look again every minute (`--device.rerouting.pre-period`).

Insertion: a car enters its street beside its driveway (`departPos`), on a lane that leads on (`departLane="best"`), at
the speed that traffic there allows (`departSpeed="max"`). Measured with 60 driveways on a lane of 700 m and three times
as many cars as it passes: `max` lets 1,290 veh/h out, `0` 1,270, `avg` 1,180, `desired` 1,140.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pandas as pd

from evac.demand.drivers import packet_attributes, right_of_way_attributes, vtype_attributes
from evac.demand.starts import ANY_REFUGE
from evac.network.exits.drive_beyond import DrivesBeyond
from evac.network.reach import ExitEdges
from evac.schema.driving import Driver, Simulation, Traffic
from evac.sumo import CAR_CLASS, RESIDENT_CLASS

_ANY_EXIT = "any_exit"
"""The zone (TAZ) of all exits."""
_ANY_REFUGE = "any_refuge"
"""That of all refuges."""
_DRIVER = "driver"
"""The vehicle type. SUMO brings judged travel times up to date for each type by itself, so there is one for all drivers
of a vehicle class, and who isn't informed says so in his trip."""
_RESIDENT_SUFFIX = "_resident"
_LOOKS_ONCE = '<param key="device.rerouting.period" value="0"/>'
"""Of a driver who isn't informed: the option has the period of all others."""

# Drivers know the mean travel times of the last minute, taken once a minute. SUMO's default is three minutes and every
# second: news so old lets exits run dry before anybody turns to them.
_TRAVEL_TIMES_OVER_S = 60
_TRAVEL_TIMES_EVERY_S = 60
_FOR_EVER_S = 1_000_000
# Nobody judges travel times alike, so not all change their minds at once: stochastic user equilibrium (Sheffi, Urban
# Transportation Networks, 1985, chapter 11). Each driver takes each road for up to 2.3 times as slow as it is (uniform,
# a coefficient of variation of 0.23 a road), so no way that is 2.3 times as long as another one is taken on empty
# roads. There are 8 sets of such factors, drawn anew each time that travel times are taken. With factors that never
# change (SUMO draws them by the type's name) an exit's share hangs on luck: on the fork of docs/method.md 30 to 47 %
# over six names with 4 sets and a factor of 3, and 40 to 45 % so. `cch-update-threshold` would save a part of what 8
# sets cost, but with factors drawn anew it sends cars down dead ends and back. SUMO keeps the sets for CCH only; with
# other routers all judge alike.
_MISJUDGED_BY = 2.3
_OPINIONS = 8
# SUMO keeps such sets for each vehicle type there is, its own default types among them, whether or not anybody drives
# one. Where no road admits a type's class its sets never change and cost nothing. Of the default types' classes our
# roads admit these two's (`network/roads.typ.xml`), and they admit no ship.
_UNUSED_TYPES = ("DEFAULT_VEHTYPE", "DEFAULT_TAXITYPE")
_CLASS_OFF_ROADS = "ship"


def routing_options(simulation: Simulation, driver: Driver) -> list[str]:
    """Return the options that SUMO needs for the trips of `write_trips` to choose their exits.

    The period is an option, and the trips of drivers who aren't informed override it with 0: CH rebuilds its hierarchy
    once a period, and without the option for every vehicle.
    """
    opinions = [
        *("--weights.random-factor", str(_MISJUDGED_BY), "--weights.random-factor.dynamic", "true"),
        *("--device.rerouting.cch-ensemble", str(_OPINIONS)),
    ]
    return [
        *("--routing-algorithm", simulation.router),
        *(opinions if simulation.router == "CCH" else ()),
        *("--device.rerouting.with-taz", "true"),
        *("--device.rerouting.period", str(driver.reroute_every_s)),
        *("--device.rerouting.adaptation-interval", str(_TRAVEL_TIMES_EVERY_S)),
        *("--device.rerouting.adaptation-steps", str(_TRAVEL_TIMES_OVER_S // _TRAVEL_TIMES_EVERY_S)),
    ]


def write_exit_zones(
    exits: Sequence[ExitEdges],
    path: Path,
    *,
    some_held: bool = True,
    refuges: Sequence[ExitEdges] = (),
    drives: DrivesBeyond | None = None,
) -> None:
    """Write SUMO's additional file with the exits as zones: one each, and one for all; and the same of refuges.

    Parameters
    ----------
    exits
        The exits.
    path
        The file to write.
    some_held
        Whether any vehicle is held to one exit, or led to one on the way. Then whoever drives onto the last edge of any
        exit is bound for its line: a way to another exit might lead over this line, and back in by a turn round behind
        it. Who may take any exit has no such way.
    refuges
        The refuges: a trip to one ends at the end of its edge, and others pass there.
    drives
        The drives behind the exits, where any takes time: the zones end behind these then, and nobody is sent to a
        line, because all who come to one are taken out there.
    """
    edges = [edge for item in exits for edge in item.edges]
    ends = {item.name: item.edges if drives is None else drives.ends(item.name) for item in exits}
    zones = [_zone(_ANY_EXIT, [edge for of_exit in ends.values() for edge in of_exit])]
    zones += [_zone(exit_zone(exits, name), of_exit) for name, of_exit in ends.items()]
    if refuges:
        zones.append(_zone(_ANY_REFUGE, [edge for item in refuges for edge in item.edges]))
        zones += [_zone(zone, item.edges) for item, zone in zip(refuges, _refuge_zones(refuges), strict=True)]
    sent = edges if some_held and drives is None else []
    lines = [_line(number, edge) for number, edge in enumerate(dict.fromkeys(sent))]
    path.write_text("\n".join(["<additional>", *zones, *lines, "</additional>", ""]), encoding="utf-8")


def _line(number: int, edge: str) -> str:
    """Return a rerouter that gives who comes onto an exit's last edge this edge as destination."""
    to_itself = f'<interval begin="0" end="{_FOR_EVER_S}"><destProbReroute id={quoteattr(edge)}/></interval>'
    return f'    <rerouter id="exit_line_{number}" edges={quoteattr(edge)}>{to_itself}</rerouter>'


def exit_zone(exits: Sequence[ExitEdges], name: str) -> str:
    """Return the zone (TAZ) of an exit: ids are numbered, because names may hold what SUMO's ids may not."""
    return f"exit_{[item.name for item in exits].index(name)}"


def exits_of_zones(exits: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Return the last edges of the exits of each zone (TAZ), from those of each exit by name."""
    numbered = {f"exit_{number}": edges for number, edges in enumerate(exits.values())}
    return {_ANY_EXIT: [edge for edges in exits.values() for edge in edges], **numbered}


def _refuge_zones(refuges: Sequence[ExitEdges]) -> list[str]:
    return [f"refuge_{number}" for number in range(len(refuges))]


def write_trips(
    vehicles: pd.DataFrame,
    exits: Sequence[ExitEdges],
    path: Path,
    *,
    driver: Driver,
    traffic: Traffic,
    capacity_factor: float,
    refuges: Sequence[ExitEdges] = (),
    cars: int = 1,
) -> None:
    """Write SUMO's route file: the driver types, and a trip for each planned vehicle that has a way out.

    Parameters
    ----------
    vehicles
        The demand's table.
    exits, refuges
        As given to `write_exit_zones`.
    path
        The file to write.
    driver, traffic
        The drivers, and right of way.
    capacity_factor
        One of `drivers.CAPACITY_FACTORS`.
    cars
        Cars that each vehicle has the room and the headway of (`demand.packets`).
    """
    with path.open("w", encoding="utf-8") as file:
        file.write("<routes>\n")
        residents = bool(vehicles["resident"].any())
        file.writelines(f'    <vType id="{name}" vClass="{_CLASS_OFF_ROADS}"/>\n' for name in _UNUSED_TYPES)
        for vclass in (CAR_CLASS, RESIDENT_CLASS) if residents else (CAR_CLASS,):
            file.write(_vehicle_type(vclass, driver, traffic, capacity_factor, cars))
        file.writelines(_trips(vehicles, exits, refuges))
        file.write("</routes>\n")


def _vehicle_type(vclass: str, driver: Driver, traffic: Traffic, capacity_factor: float, cars: int) -> str:
    attributes = {**vtype_attributes(driver.profile, capacity_factor), **right_of_way_attributes(traffic)}
    if cars > 1:
        room = packet_attributes(driver.profile, cars, capacity_factor)
        attributes |= {name: f"{value:.3f}" for name, value in room.items()}
    values = {"id": vehicle_type(vclass), **attributes, "vClass": vclass}
    return f"    <vType {' '.join(f'{key}={quoteattr(value)}' for key, value in values.items())}/>\n"


def _trips(vehicles: pd.DataFrame, exits: Sequence[ExitEdges], refuges: Sequence[ExitEdges]) -> Iterator[str]:
    zones = {item.name: exit_zone(exits, item.name) for item in exits}
    zones |= {
        ANY_REFUGE: _ANY_REFUGE,
        **dict(zip([item.name for item in refuges], _refuge_zones(refuges), strict=True)),
    }
    going = vehicles[vehicles["status"] == "planned"].assign(leaves_s=leaves_s)
    going = going.sort_values(["leaves_s", "household", "vehicle_number"])
    for row in going.to_dict("records"):
        to = f'toTaz="{zones.get(row["exit"], _ANY_EXIT)}"'
        kind = vehicle_type(RESIDENT_CLASS if row["resident"] else CAR_CLASS)
        yield trip(row, kind, row["leaves_s"], to, _stop_of(row))


def trip(row: Mapping[Hashable, Any], kind: str, depart_s: float, to: str, stop: str = "") -> str:
    """Return a trip as SUMO reads it: it enters its street beside its driveway, in the traffic that is there.

    Parameters
    ----------
    row
        The vehicle: `vehicle`, `edge`, `pos_m`, `speed_factor`, `informed`.
    kind
        Its vehicle type.
    depart_s
        When it wants to get onto the street (s).
    to
        The attribute that says where it is bound for.
    stop
        The element of a stop on the way.
    """
    children = stop if row["informed"] else _LOOKS_ONCE + stop
    end = f">{children}</trip>" if children else "/>"
    return (
        f'    <trip id={quoteattr(row["vehicle"])} type="{kind}" '
        f'depart="{depart_s:.1f}" from={quoteattr(row["edge"])} {to} '
        f'departPos="{row["pos_m"]:.2f}" departLane="best" departSpeed="max" '
        f'speedFactor="{row["speed_factor"]:.3f}"{end}\n'
    )


def _stop_of(row: Mapping[Hashable, Any]) -> str:
    """Return the element of the stop of a trip's errand, beside the road; none where it has no errand."""
    if pd.isna(row["errand"]):  # a column of names that lacks some has NaN there
        return ""
    stop = f'edge={quoteattr(row["stop_edge"])} endPos="{row["stop_pos_m"]:.2f}" duration="{row["stop_s"]:.0f}"'
    return f'<stop {stop} parking="true"/>'


def leaves_s(vehicles: pd.DataFrame) -> pd.Series:
    """Return when each vehicle wants to get onto the street (s): as intended, or when its way out opens."""
    return vehicles[["departure_s", "held_until_s"]].max(axis=1)


def vehicle_type(vclass: str) -> str:
    """Return the vehicle type of the drivers whose vehicles have a class."""
    return f"{_DRIVER}{_RESIDENT_SUFFIX}" if vclass == RESIDENT_CLASS else _DRIVER


def _zone(name: str, edges: Iterable[str]) -> str:
    sinks = "".join(f'<tazSink id={quoteattr(edge)} weight="1"/>' for edge in edges)
    return f'    <taz id="{name}">{sinks}</taz>'
