"""Answers of a running simulation that `traci` decodes value by value, which took longer than the rest of the watch.

What many vehicles are asked goes in one message (SUMO answers as many commands as there are in it), and answers are
handed on as they came, so that only those are decoded that are looked into. Where all vehicles are is asked with a
context subscription. SUMO evaluates a lasting one in every simulated second, even when it is told to step by a minute,
which takes a third of its time; so this one begins and ends with each look. The records of its answer all have the same
form, and are read with one `struct` for each of their parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct
from typing import NamedTuple

import traci.constants as tc
from traci.connection import Connection
from traci.exceptions import TraCIException

_VARIABLES = (tc.VAR_WAITING_TIME, tc.VAR_LANE_ID, tc.VAR_LANEPOSITION)
_WHOLE_NET_M = 1e7
# The answer's records (https://sumo.dlr.de/docs/TraCI/Object_Context_Subscription.html): the vehicle's name, and each
# variable after three bytes for its number, status and type. Texts follow their length.
_LENGTH = Struct("!i")
_WAITED_AND_LENGTH = Struct("!3xd3xi")
_POSITION = Struct("!3xd")
# A question (https://sumo.dlr.de/docs/TraCI/Protocol.html): a length of 0, then the true one, the command, the variable
# and the name's length. Its answer: that it was understood, and a command with the value, whose type stands before it.
_QUESTION = Struct("!BiBBi")
_STATUS_AND_TEXT = Struct("!BBi")
_NAME_AND_TYPE = Struct("!BBi")
_ITEMS_AND_NUMBER = Struct("!iBi")
_AT_ONCE = 1000
"""Vehicles that are asked in one message, which the system takes as a whole."""


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


def vehicles_known(connection: Connection) -> tuple[str, ...]:
    """Return the vehicles in the network, as `getIDList` does."""
    answer = connection.vehicle._getCmd(tc.TRACI_ID_LIST, "")  # noqa: SLF001 (what `getIDList` decodes by value)
    answer.read("!B")  # a list of texts follows
    return texts(answer._content[answer._pos :])  # noqa: SLF001


def values_of(connection: Connection, variable: int, vehicles: Sequence[str]) -> list[bytes]:
    """Return a variable of each of some vehicles, as SUMO writes it.

    Raises
    ------
    TraCIException
        One of them isn't there.
    """
    values: list[bytes] = []
    for start in range(0, len(vehicles), _AT_ONCE):
        values += _values(connection, variable, vehicles[start : start + _AT_ONCE])
    return values


def texts(value: bytes) -> tuple[str, ...]:
    """Return the texts of a value that is a list of them."""
    unpack, size = _LENGTH.unpack_from, _LENGTH.size
    (count,) = unpack(value, 0)
    at, found = size, []
    for _ in range(count):
        end = at + size + unpack(value, at)[0]
        found.append(value[at + size : end].decode())
        at = end
    return tuple(found)


def text(value: bytes) -> str:
    """Return the text that a value is."""
    return value[_LENGTH.size :].decode()


def whole_number(value: bytes) -> int:
    """Return the number that a value is."""
    (number,) = _LENGTH.unpack(value)
    return int(number)


def number_of(value: bytes) -> int:
    """Return how many records a value has, such as the stops of a vehicle."""
    _, _, number = _ITEMS_AND_NUMBER.unpack_from(value, 0)
    return int(number)


def _values(connection: Connection, variable: int, vehicles: Sequence[str]) -> Iterator[bytes]:
    """Ask vehicles about a variable in one message."""
    names = [name.encode() for name in vehicles]
    command = tc.CMD_GET_VEHICLE_VARIABLE
    parts = [_QUESTION.pack(0, _QUESTION.size + len(name), command, variable, len(name)) + name for name in names]
    with connection._lock:  # noqa: SLF001 (what `_sendCmd` does for one command)
        connection._string = b"".join(parts)  # noqa: SLF001
        content = connection._sendExact()._content  # noqa: SLF001
    at = 0
    for name in names:
        start, end = _extent(content, at)
        _, failed, length = _STATUS_AND_TEXT.unpack_from(content, start)
        if failed:
            text = content[start + _STATUS_AND_TEXT.size :][:length].decode()
            raise TraCIException(text, command, str(failed))
        start, at = _extent(content, end)
        yield content[start + _NAME_AND_TYPE.size + len(name) + 1 : at]


def _extent(content: bytes, at: int) -> tuple[int, int]:
    """Return where the command that begins at a place has its number, and where it ends."""
    if content[at]:
        return at + 1, at + content[at]
    return at + 1 + _LENGTH.size, at + _LENGTH.unpack_from(content, at + 1)[0]


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
