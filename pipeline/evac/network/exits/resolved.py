"""An exit on a net."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spell:
    """A time in which the road behind an exit is another.

    Parameters
    ----------
    from_s, until_s
        When (s after the order).
    veh_per_h
        The most vehicles an hour that it takes; None where it takes what it always does.
    drive_s
        How long the drive behind the line takes (s); None where it takes what it always does.
    """

    from_s: float
    until_s: float
    veh_per_h: float | None = None
    drive_s: float | None = None


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
        When the road behind it takes less, or longer.
    drive_s
        How long the drive behind the line takes (s).
    """

    name: str
    edges: tuple[str, ...]
    lanes: int
    lon: float
    lat: float
    veh_per_h: float | None = None
    beyond: tuple[Spell, ...] = ()
    drive_s: float = 0.0

    @property
    def has_drive(self) -> bool:
        """Whether the drive behind its line takes any time, ever."""
        return bool(self.drive_s) or any(spell.drive_s for spell in self.beyond)

    def drive_at_s(self, time_s: float) -> float:
        """Return how long the drive behind the line takes who crosses it at a time (s)."""
        spells = (item.drive_s for item in self.beyond if item.from_s <= time_s < item.until_s)
        return next((drive_s for drive_s in spells if drive_s is not None), self.drive_s)
