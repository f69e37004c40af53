"""How a run was set up: what bears on its measures besides its demand, its net and its exits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from evac.demand.buses import BusService
from evac.hazards.refuges import ResolvedRefuge
from evac.measure.at_best import AtBest
from evac.measure.bottlenecks import BottleneckLanes
from evac.measure.control import Control
from evac.measure.facts import RunFacts
from evac.network.exits.resolved import ResolvedExit
from evac.schema.trust import Trust


@dataclass(frozen=True)
class Setup:
    """How a run was set up. What is left out wasn't there.

    Parameters
    ----------
    bottlenecks
        Lanes to measure in any case, before those that the run itself shows to hold it up.
    trust
        Limits of trust; the defaults when left out.
    facts
        What the stages before know that bears on trust.
    with_lanes
        Whether the run knows lanes. A mesoscopic one doesn't: no lane is measured then, and no bottleneck found.
    background
        Traffic that isn't evacuating (`demand.background`).
    arrival_s
        When a hazard reaches each edge that it ever reaches (s after the order), without notice; None without one.
    buses
        Buses for people without a car, and the people (`demand.buses`).
    walkers
        What becomes of the people who walk to refuges (`demand.walkers`).
    at_best
        What no run of these vehicles can beat; a run without lanes isn't held against it.
    roads
        The road of each edge of the mesoscopic model's net that is one of its stages (`evac.plans.stages`).
    refuges
        The refuges.
    with_drives
        The exits behind which a drive takes time.
    with_incidents
        Whether cars may have crashed or stalled.
    control
        What a plan does to signals, on the run's net; nothing when None.
    """

    bottlenecks: Sequence[BottleneckLanes] = ()
    trust: Trust = field(default_factory=Trust)
    facts: RunFacts = field(default_factory=RunFacts)
    with_lanes: bool = True
    background: pd.DataFrame | None = None
    arrival_s: Mapping[str, float] | None = None
    buses: BusService | None = None
    walkers: pd.DataFrame | None = None
    at_best: AtBest | None = None
    roads: Mapping[str, str] = field(default_factory=dict)
    refuges: Sequence[ResolvedRefuge] = ()
    with_drives: Sequence[ResolvedExit] = ()
    with_incidents: bool = False
    control: Control | None = None
