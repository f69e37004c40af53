"""An exit on a net."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spell:
    """A time in which an exit takes no more than a rate (s after the order; vehicles an hour)."""

    from_s: float
    until_s: float
    veh_per_h: float


@dataclass(frozen=True)
class ResolvedExit:
    """An exit on the net.

    Parameters
    ----------
    name
        What the report calls it.
    edges
        The last edges that an evacuated vehicle drives on; the exit line is at their downstream ends.
    lanes
        Lanes of these edges that cars may use.
    lon, lat
        Where the line is (EPSG:4326).
    veh_per_h
        The most vehicles an hour that it takes, such as a ferry; None where its lanes decide.
    beyond
        When the road behind it takes less.
    """

    name: str
    edges: tuple[str, ...]
    lanes: int
    lon: float
    lat: float
    veh_per_h: float | None = None
    beyond: tuple[Spell, ...] = ()
