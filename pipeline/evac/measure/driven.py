"""What became of everybody in a run, as SUMO's trips and statistics say: read once, for whatever is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evac.demand.packets import Packets
from evac.measure.arrival import arrivals
from evac.measure.setup import Setup
from evac.measure.stranded import read_ending
from evac.measure.trips import read_statistics, read_trips, split_background, split_buses, vehicle_results
from evac.network.exits.drive_beyond import road_behind
from evac.network.reach import ExitEdges


@dataclass(frozen=True)
class Driven:
    """What became of everybody: SUMO's statistics, the vehicles of the demand, and others."""

    statistics: dict[str, dict[str, float]]
    done: pd.DataFrame
    passing: dict[str, int]
    arrived: dict[str, Any]
    buses: pd.DataFrame

    @property
    def planned(self) -> pd.DataFrame:
        """The vehicles of zones that are ordered to leave."""
        return self.done[self.done["ordered"]]

    @property
    def end_s(self) -> float:
        """When the run ended (s)."""
        return self.statistics["performance"]["end"]


def read_driven(run_dir: Path, vehicles: pd.DataFrame, exits: Sequence[ExitEdges], setup: Setup) -> Driven:
    """Read a run's trips; the parameters are those of `measure_run`."""
    statistics = read_statistics(run_dir / "sumo" / "statistics.xml")
    end_s = statistics["performance"]["end"]
    trips, buses = split_buses(read_trips(run_dir / "sumo" / "tripinfo.xml"))
    packets = Packets.read(run_dir)
    trips = packets.spread(trips, vehicles, end_s)
    trips, passing = split_background(trips, setup.background)
    lines, shelters = ([_with_stages(item, setup.roads) for item in items] for items in (exits, setup.refuges))
    at_home = read_ending(run_dir).at_home
    leaves = packets.leaves_s(vehicles)
    done = vehicle_results(vehicles, trips, lines, end_s, shelters, at_home=at_home, leaves=leaves)
    return Driven(statistics, done, passing, arrivals(done[done["ordered"]], setup.with_drives), buses)


@dataclass(frozen=True)
class _Exit:
    """An exit on the net of a run."""

    name: str
    edges: tuple[str, ...]


def _with_stages(item: ExitEdges, roads: Mapping[str, str]) -> _Exit:
    """Return an exit with the edges that are stages of its last roads, and the roads right behind its line."""
    edges = (*item.edges, *(edge for edge, road in roads.items() if road in item.edges))
    return _Exit(item.name, (*edges, *map(road_behind, edges)))


def reached_with_stages(setup: Setup) -> Mapping[str, float] | None:
    """Return when a hazard reaches each edge, with those that are stages of a road that it reaches (s)."""
    if setup.arrival_s is None:
        return None
    reached = setup.arrival_s
    return {**reached, **{edge: reached[road] for edge, road in setup.roads.items() if road in reached}}
