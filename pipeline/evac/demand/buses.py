"""People without a car: who they are, which stop they walk to and when they are there; and the buses that fetch them.

A household leaves its door when it would have driven off: its departure is drawn from the same curve as everybody's.
It walks to the nearest stop. What the buses then do is decided while the simulation runs (`simulate.buses`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
import sumolib

from evac.clock import HOUR_S, MINUTE_S
from evac.demand.drivers import right_of_way_attributes, vtype_attributes
from evac.demand.entrances import entrance_if_any, exit_named
from evac.demand.kerbs import Kerbs
from evac.demand.on_foot import people_without_car, walk_m
from evac.demand.orders import Orders
from evac.network.reach import ExitEdges, road_graph, time_from, ways_out
from evac.schema.buses import Buses
from evac.schema.demand import Departure, VehiclesPerHousehold
from evac.schema.driving import Driver, Traffic
from evac.schema.scenario import Scenario
from evac.sumo import CAR_CLASS

PREFIX = "bus"
"""What the names of buses begin with, and SUMO's type of them."""
_LENGTH_M, _ACCEL_MPS2 = 12.0, 1.2  # SUMO's vehicle class `bus`: Vehicle_Type_Parameter_Defaults


@dataclass(frozen=True)
class Stop:
    """A stop on the net: its name, the edge, and the position on it (m)."""

    name: str
    edge: str
    pos_m: float


@dataclass(frozen=True)
class Line:
    """A fleet on the net.

    Parameters
    ----------
    name, number, capacity
        As the scenario has them.
    start
        The edge on which its buses come in; None where this plan lets nobody in there.
    exit_edges
        The last edges of the exit by which they leave.
    ready_s, beyond_s
        Seconds after the order, and from crossing the exit line until a bus is back.
    """

    name: str
    number: int
    capacity: int
    start: str | None
    exit_edges: tuple[str, ...]
    ready_s: float
    beyond_s: float


@dataclass(frozen=True)
class BusService:
    """Everything that the buses of a case need to know.

    Parameters
    ----------
    passengers
        A row a household without a vehicle: `household`, `zone`, `people`, `departure_s`, `stop` (missing: none within
        walking distance) and `at_stop_s` (s after the order).
    stops
        The stops.
    lines
        The fleets.
    boarding_s
        Seconds for each to get in.
    hold_s
        Seconds without anybody coming after which a bus leaves.
    """

    passengers: pd.DataFrame
    stops: tuple[Stop, ...]
    lines: tuple[Line, ...]
    boarding_s: float
    hold_s: float


def build_buses(
    buses: Buses,
    households: pd.DataFrame,
    *,
    vehicles_per_household: float | VehiclesPerHousehold,
    departure: Departure,
    seed: int,
    scenario: Scenario,
    net: sumolib.net.Net,
    exits: Sequence[ExitEdges],
    orders: Orders,
    on_foot: Collection[int] = (),
) -> BusService:
    """Return the buses of a case and the people whom they are for.

    Parameters
    ----------
    buses
        The scenario's.
    households
        The households' table (docs/architecture.md).
    vehicles_per_household, departure, seed
        The case: who has no vehicle, and when people leave.
    scenario
        For the share that leaves.
    net, exits
        The net after the plan, and the exits on it.
    orders
        What the plan changes about the demand.
    on_foot
        Households that walk to a refuge (`demand.walkers`).

    Raises
    ------
    PlaceError
        No street is near a stop, or there is no exit of a fleet's name.
    """
    lacking = people_without_car(
        households,
        buses.people_per_household,
        vehicles_per_household=vehicles_per_household,
        departure=departure,
        seed=seed,
        scenario=scenario,
        orders=orders,
    )
    waiting = lacking[~lacking["household"].isin(list(on_foot))].reset_index(drop=True)
    stops, lines = _on_net(buses, net, exits)
    return BusService(
        _passengers(waiting, buses),
        stops,
        lines,
        buses.boarding_s,
        MINUTE_S * buses.hold_min,
    )


def _passengers(homes: pd.DataFrame, buses: Buses) -> pd.DataFrame:
    """Return the households without a vehicle, with the stop of each and when it is there."""
    lon, lat = (homes[f"street_{axis}"].to_numpy(dtype=float) for axis in ("lon", "lat"))
    ways_m = np.array([walk_m(lon, lat, item.at.lon, item.at.lat) for item in buses.stops])
    nearest, way_m = ways_m.argmin(axis=0), ways_m.min(axis=0)
    near = way_m <= buses.walk_at_most_m  # not so where a household has no street
    names = np.array([item.name for item in buses.stops], dtype=object)
    at_stop_s = np.round(homes["departure_s"] + way_m / (1000.0 * buses.walk_kph / HOUR_S), 1)
    return pd.DataFrame(
        {
            "household": homes["household"],
            "zone": homes["zone"],
            "people": homes["people"],
            "departure_s": homes["departure_s"],
            "stop": np.where(near, names[nearest], None),
            "at_stop_s": np.where(near, at_stop_s, np.nan),
        }
    )


def _on_net(
    buses: Buses, net: sumolib.net.Net, exits: Sequence[ExitEdges]
) -> tuple[tuple[Stop, ...], tuple[Line, ...]]:
    """Return the stops and the fleets on the net; a stop is on the side of its street with the quickest round trip."""
    graph = road_graph(net)
    anywhere = ways_out(graph, [edge for item in exits for edge in item.edges])
    lines, round_trips_s = [], [np.full(len(graph.edges), np.inf)]
    for fleet in buses.fleets:
        where = f"buses, '{fleet.name}'"
        end = exit_named(fleet.exit, exits, where)
        start = entrance_if_any(end, net, anywhere) if end.edges else None  # it comes to the exit again, to leave
        if start is not None:
            round_trips_s.append(time_from(graph, start) + ways_out(graph, end.edges).cost_s)
        ready_s, beyond_s = MINUTE_S * fleet.ready_min, MINUTE_S * fleet.beyond_min
        lines.append(Line(fleet.name, fleet.number, fleet.capacity, start, end.edges, ready_s, beyond_s))
    quickest_s = np.min(round_trips_s, axis=0)
    kerbs = Kerbs(net, graph, quickest_s if np.isfinite(quickest_s).any() else anywhere.cost_s)
    return tuple(Stop(item.name, *kerbs.beside(item.at, f"buses, '{item.name}'")) for item in buses.stops), tuple(lines)


def write_bus_type(path: Path, *, driver: Driver, traffic: Traffic, capacity_factor: float) -> None:
    """Write SUMO's vehicle type of the buses: a car's rights and drivers, a bus's length and acceleration."""
    attributes = {
        **vtype_attributes(driver.profile, capacity_factor),
        **right_of_way_attributes(traffic),
        "id": PREFIX,
        "vClass": CAR_CLASS,
        "length": f"{_LENGTH_M:g}",
        "accel": f"{_ACCEL_MPS2:g}",
        "guiShape": "bus",
    }
    text = " ".join(f"{key}={quoteattr(value)}" for key, value in attributes.items())
    knows = {"has.rerouting.device": "true", "device.rerouting.period": f"{driver.reroute_every_s}"}
    parameters = "".join(f'<param key="{key}" value="{value}"/>' for key, value in knows.items())
    path.write_text(f"<routes>\n    <vType {text}>{parameters}</vType>\n</routes>\n", encoding="utf-8")
