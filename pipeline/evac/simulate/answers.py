"""Answers of a running simulation that `traci` decodes value by value, which took longer than the rest of the watch.

Where all vehicles are is asked with a context subscription. SUMO evaluates a lasting one in every simulated second,
even when it is told to step by a minute, which takes a third of its time; so this one begins and ends with each look.
The records of its answer all have the same form, and are read with one `struct` for each of their parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import NamedTuple

import traci.constants as tc
from traci.connection import Connection

_VARIABLES = (tc.VAR_WAITING_TIME, tc.VAR_LANE_ID, tc.VAR_LANEPOSITION)
_WHOLE_NET_M = 1e7
# The answer's records (https://sumo.dlr.de/docs/TraCI/Object_Context_Subscription.html): the vehicle's name, and each
# variable after three bytes for its number, status and type. Texts follow their length.
_LENGTH = Struct("!i")
_WAITED_AND_LENGTH = Struct("!3xd3xi")
_POSITION = Struct("!3xd")


class Standing(NamedTuple):
    """A vehicle in the network: seconds since it last moved, lane, and position of its front on the lane (m)."""

    waited_s: float
    lane: str
    pos_m: float


class Car(NamedTuple):
    """A vehicle on a road: the edge, metres along it, and whether it stands."""

    edge: str
    along_m: float
    stands: bool


def cars_on_roads(vehicles: Iterable[Standing]) -> tuple[Car, ...]:
    """Return the vehicles that are on an edge; those on junctions aren't."""
    return tuple(
        Car(at.lane.rpartition("_")[0], at.pos_m, at.waited_s > 0) for at in vehicles if not at.lane.startswith(":")
    )


def vehicles_in_network(connection: Connection, junction: str, now_s: float) -> dict[str, Standing]:
    """Return all vehicles that are on a lane.

    Parameters
    ----------
    connection
        Connection to the simulation.
    junction
        Any junction of the net.
    now_s
        Time of the simulation (s): the subscription begins and ends with it.
    """
    answer = connection._sendCmd(  # noqa: SLF001 (what `subscribeContext` calls, whose answer is decoded by value)
        tc.CMD_SUBSCRIBE_JUNCTION_CONTEXT,
        (now_s, now_s),
        junction,
        "uDu" + "u" * len(_VARIABLES),
        tc.CMD_GET_VEHICLE_VARIABLE,
        _WHOLE_NET_M,
        len(_VARIABLES),
        *_VARIABLES,
    )
    answer.readLength()
    answer.read("!B")  # the kind of answer
    answer.readString()  # the junction
    _, _, count = answer.read("!BBi")
    return {name: at for name, at in _records(answer._content, answer._pos, count) if at.lane}  # noqa: SLF001


def next_inner_lane(connection: Connection, vehicle: str) -> str:
    """Return the junction's inner lane that a vehicle drives onto next; empty where its route has no further junction.

    SUMO's answer (https://sumo.dlr.de/docs/TraCI/Vehicle_Value_Retrieval.html, next links) has all junctions of the
    route; only the first is decoded.
    """
    answer = connection.vehicle._getCmd(tc.VAR_NEXT_LINKS, vehicle)  # noqa: SLF001 (what `getNextLinks` decodes whole)
    answer.read("!BiB")  # a compound and its size; a number follows
    if not answer.readInt():
        return ""
    answer.readTypedString()  # the lane beyond the junction
    inner: str = answer.readTypedString()
    return inner


def _records(content: bytes, start: int, count: int) -> Iterator[tuple[str, Standing]]:
    """Decode the vehicles of an answer."""
    at = start
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        name = content[at : at + length].decode()
        waited_s, length_of_lane = _WAITED_AND_LENGTH.unpack_from(content, at + length)
        at += length + _WAITED_AND_LENGTH.size
        lane = content[at : at + length_of_lane].decode()
        (pos_m,) = _POSITION.unpack_from(content, at + length_of_lane)
        at += length_of_lane + _POSITION.size
        yield name, Standing(waited_s, lane, pos_m)
