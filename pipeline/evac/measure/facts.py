"""What the stages before a simulation know that bears on trust."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CutOff:
    """Households from whom a plan takes the only way out, as it says that it may (`accept_cut_off`).

    Parameters
    ----------
    households
        How many.
    from_s
        Since when (s after the order).
    actions
        The labels of the plan's actions that do.
    """

    households: int
    from_s: float
    actions: tuple[str, ...]


@dataclass(frozen=True)
class RunFacts:
    """What the stages before the simulation know that bears on trust.

    Parameters
    ----------
    households
        Households of the scenario.
    unconnected_households
        Those that no street takes, or whose street has no way out; their vehicles are planned and have no route. Whom
        the plan or the hazard cuts off is none of them.
    lanes_guessed
        SUMO edges whose number of lanes OpenStreetMap doesn't tell.
    households_not_ordered
        Households that the plan doesn't order to leave (`demand.orders.staying`).
    households_defying
        Households that are ordered to leave and stay.
    without_vehicle
        By zone, households that would leave and take no vehicle.
    vehicles_left_at_home
        Vehicles that leaving households leave at home because the plan asks them to.
    misdirected
        Planned vehicles that have no way to the exit that they are held to, and one to another, by that exit
        (`demand.misdirected`).
    errands
        Vehicles that go on an errand before they leave, by its name.
    errands_not_made
        Vehicles that leave without the errand drawn for them, because they can't drive there.
    added_lanes
        Lanes that the plan adds (contraflow, shoulders).
    households_given
        Households that the zones give (may be in fractions).
    households_lost
        Those of them that aren't planned, by reason (`households.accounting.LOSSES`).
    households_cut_off
        Those from whom the plan takes the only way out (`study.accepted`).
    households_cut_off_by_hazard
        Those that have a way out under the plan and, from the order on, none at any time, because the hazard has closed
        their roads by then.
    households_counted_twice
        Planned households that two zones may both have given.
    doubts
        Reasons not to trust any number of the run, known before it.
    caveats
        What a reader of its numbers should know, known before it.
    """

    households: int = 0
    unconnected_households: int = 0
    lanes_guessed: frozenset[str] = frozenset()
    households_not_ordered: int = 0
    households_defying: int = 0
    without_vehicle: Mapping[str, int] = field(default_factory=dict)
    vehicles_left_at_home: int = 0
    misdirected: Mapping[str, int] = field(default_factory=dict)
    errands: Mapping[str, int] = field(default_factory=dict)
    errands_not_made: int = 0
    added_lanes: tuple[str, ...] = ()
    households_given: float = 0.0
    households_lost: Mapping[str, float] = field(default_factory=dict)
    households_cut_off: tuple[CutOff, ...] = ()
    households_cut_off_by_hazard: int = 0
    households_counted_twice: float = 0.0
    doubts: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
