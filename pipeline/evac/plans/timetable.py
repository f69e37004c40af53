"""What a plan does while the simulation runs: a timetable of lanes, signals and diversions, as plain values.

`simulate.controls` carries it out through traci. Whatever holds from the order to the end is in the net instead, and
needs none of this.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class LaneSpan:
    """Lanes that close to cars, or open to them, for a time.

    Parameters
    ----------
    label
        The action.
    at_s, until_s
        When it begins, and when normal rules return (s after the order); never when None.
    lanes
        SUMO lane ids.
    residents
        Whether residents may still drive there.
    """

    label: str
    at_s: float
    until_s: float | None
    lanes: tuple[str, ...]
    residents: bool = False


@dataclass(frozen=True)
class Reversal:
    """Lanes that close, drive empty, and serve the other direction as lanes of their own.

    Parameters
    ----------
    label
        The action.
    begin_s
        When nobody may enter the lanes any more.
    ready_s
        When the reversed lanes open at the earliest.
    until_s
        When they close again; the lanes return to their own direction when the last vehicle has left.
    lanes
        The lanes in their own direction.
    reversed_lanes
        The same in the other direction.
    """

    label: str
    begin_s: float
    ready_s: float
    until_s: float | None
    lanes: tuple[str, ...]
    reversed_lanes: tuple[str, ...]


@dataclass(frozen=True)
class SignalSwitch:
    """A signal that runs another program for a time, or is steered by an officer; `before`, `after`: for people."""

    label: str
    at_s: float
    until_s: float | None
    tls: str
    program: str
    normal: str
    officer: bool
    before: str
    after: str


@dataclass(frozen=True)
class Diversion:
    """Vehicles that pass an edge are sent to one exit.

    Parameters
    ----------
    label
        The action.
    at_s, until_s
        From when until when.
    edges
        Where they are told.
    exit_edges
        The exit's last edges.
    compliance
        Share of the vehicles that follow, drawn by the vehicle's name and the seed.
    by
        Edges, one of which the way to the exit uses; any way when empty.
    """

    label: str
    at_s: float
    until_s: float | None
    edges: tuple[str, ...]
    exit_edges: tuple[str, ...]
    compliance: float
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timetable:
    """All that a plan does while the simulation runs; lanes that open are closed in the net."""

    closings: tuple[LaneSpan, ...] = ()
    openings: tuple[LaneSpan, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    signals: tuple[SignalSwitch, ...] = ()
    diversions: tuple[Diversion, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything to do."""
        return any((self.closings, self.openings, self.reversals, self.signals, self.diversions))

    @property
    def changes_roads(self) -> bool:
        """Whether lanes open or close during the run: then drivers need a router that sees it."""
        return any((self.closings, self.openings, self.reversals))

    def document(self) -> dict[str, Any]:
        """Return the timetable as plain JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """Return the timetable of `document`."""
        kinds = {
            "closings": LaneSpan,
            "openings": LaneSpan,
            "reversals": Reversal,
            "signals": SignalSwitch,
            "diversions": Diversion,
        }
        return cls(
            **{
                name: tuple(kind(**{key: _tuples(value) for key, value in item.items()}) for item in document[name])
                for name, kind in kinds.items()
            }
        )


def edge_of(lane: str) -> str:
    """Return the id of a lane's edge; SUMO's lanes are called by their edge and their number."""
    return lane.rsplit("_", 1)[0]


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
