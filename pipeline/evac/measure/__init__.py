"""From a finished SUMO run to its result tables: clearance times, curves, lane rates, and what trust rests on.

Reads `sumo/` of a run directory (trips, statistics, lanes, log) and `gridlock.json`; writes `vehicles.parquet`,
`curve.parquet`, `bottlenecks.parquet`, `edges.parquet`, `ledger.json` and `manifest.json` beside them, and
`exposure.parquet` where there is a hazard. Nothing in
these depends on the clock on the wall: the same run gives the same bytes.

Clearance times are seconds from the order until a share of *all planned vehicles* has crossed an exit line. A
vehicle that never left its driveway, has no route, or was taken out of the simulation never did. Planned are the
vehicles of zones that are ordered to leave; those that leave unasked (shadow evacuation) are traffic like any other,
in every queue and lane rate, but not in the headline, the curves, and the counts by zone and exit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import sumolib

from evac import tables
from evac.demand.buses import BusService
from evac.files import digest_file, write_text
from evac.hazards.refuges import ResolvedRefuge
from evac.measure.arrival import arrivals
from evac.measure.at_best import AtBest
from evac.measure.bottlenecks import (
    BottleneckLanes,
    FoundBottleneck,
    find_bottlenecks,
    lane_minutes,
    mean_rates,
    measured_lanes,
)
from evac.measure.clearance import clearance_s, curve, exit_counts, headline, shadow_counts, zone_clearance
from evac.measure.control import Control
from evac.measure.edges import edge_windows
from evac.measure.exposure import NOBODY, exposed_counts, exposures
from evac.measure.facts import RunFacts
from evac.measure.full_junctions import junctions_off, let_in_beyond_gaps
from evac.measure.incidents import incident_counts, incident_results
from evac.measure.ledger import build_ledger
from evac.measure.passengers import passenger_results, stranded_buses
from evac.measure.queues import Links, Queues
from evac.measure.sheltered import refuge_counts, refuge_results
from evac.measure.stranded import read_ending
from evac.measure.trips import read_statistics, read_trips, split_background, split_buses, vehicle_results
from evac.measure.walkers import walker_counts, walkers_by_place
from evac.network.exits.drive_beyond import road_behind
from evac.network.exits.resolved import ResolvedExit
from evac.network.reach import ExitEdges, cost_by_exit
from evac.schema.trust import Trust

_SCHEMA_VERSION = 4
_PASSENGERS = "passengers.parquet"
"""The table of people without a car, where the scenario has buses."""
_INCIDENTS = "incidents.parquet"
"""The table of cars that crashed or stalled in a lane by chance, where the scenario has `incidents`."""
_WALKERS = "walkers.parquet"
"""The table of people without a car who walk to refuges, where the scenario lets them."""
_REFUGES = "refuges.parquet"
"""The table of who came to refuges, where the scenario has any."""
EXPOSURE = "exposure.parquet"
"""The table of who was on roads that a hazard had reached, where the scenario has one."""

_TABLES = {
    "vehicles.parquet": tables.VEHICLES,
    "curve.parquet": tables.CURVE,
    "bottlenecks.parquet": tables.BOTTLENECKS,
    "edges.parquet": tables.EDGES,
}


def measure_run(
    run_dir: Path,
    vehicles: pd.DataFrame,
    net: sumolib.net.Net,
    exits: Sequence[ExitEdges],
    *,
    bottlenecks: Sequence[BottleneckLanes] = (),
    trust: Trust | None = None,
    facts: RunFacts | None = None,
    with_lanes: bool = True,
    background: pd.DataFrame | None = None,
    arrival_s: Mapping[str, float] | None = None,
    buses: BusService | None = None,
    walkers: pd.DataFrame | None = None,
    at_best: AtBest | None = None,
    roads: Mapping[str, str] | None = None,
    refuges: Sequence[ResolvedRefuge] = (),
    with_drives: Sequence[ResolvedExit] = (),
    with_incidents: bool = False,
    control: Control | None = None,
) -> dict[str, Any]:
    """Measure a finished run, write its tables into the run directory, and return the manifest.

    Parameters
    ----------
    run_dir
        Holds `sumo/tripinfo.xml`, `sumo/statistics.xml`, `sumo/lanes.parquet` (without lanes
        `sumo/edges.parquet`), `sumo/sumo.log`, `gridlock.json` and `ending.json`.
    vehicles
        The demand: one row a vehicle.
    net
        The net that the run drove on.
    exits
        The exits, with the last edges that a vehicle drives on.
    bottlenecks
        Lanes to measure in any case, before those that the run itself shows to hold it up.
    trust
        Limits of trust; the defaults when left out.
    facts
        What the stages before know that bears on trust.
    with_lanes
        Whether the run knows lanes. A mesoscopic one doesn't: no lane is measured then, and no bottleneck found.
    background
        Traffic that isn't evacuating (`demand.background`); nobody when left out.
    arrival_s
        When a hazard reaches each edge that it ever reaches (s after the order), without notice; None without one.
    buses
        Buses for people without a car, and the people (`demand.buses`); `passengers.parquet` is written with them.
    walkers
        What becomes of the people who walk to refuges (`demand.walkers`); `walkers.parquet` is written with them.
    at_best
        What no run of these vehicles can beat; a run without lanes isn't held against it.
    roads
        The road of each edge of the mesoscopic model's net that is one of its stages (`evac.plans.stages`).
    refuges
        The refuges; `refuges.parquet` is written with them.
    with_drives
        The exits behind which a drive takes time.
    with_incidents
        Whether cars may have crashed or stalled; `incidents.parquet` is written then.
    control
        What a plan does to signals; nothing when left out.

    Returns
    -------
    dict
        The content of `manifest.json`.

    Raises
    ------
    SimulationError
        SUMO's outputs are unreadable or don't account for every vehicle.
    """
    sumo_dir = run_dir / "sumo"
    statistics = read_statistics(sumo_dir / "statistics.xml")
    end_s = statistics["performance"]["end"]
    trips, driven_buses = split_buses(read_trips(sumo_dir / "tripinfo.xml"))
    trips, passing = split_background(trips, background)
    lines, shelters = ([_with_stages(item, roads or {}) for item in items] for items in (exits, refuges))
    done = vehicle_results(vehicles, trips, lines, end_s, shelters)
    planned = done[done["ordered"]]
    t95_s = clearance_s(planned["evacuated_s"].to_numpy(), 95)
    arrived = arrivals(planned, with_drives)
    facts, control = facts or RunFacts(), control or Control(net)
    evacuated = int((done["status"] == "evacuated").sum())
    off: dict[str, Any] = {}
    if with_lanes:
        traffic = tables.read_lanes(sumo_dir / "lanes.parquet")
        queues = Queues.of(traffic, Links.of(net))
        found = find_bottlenecks(traffic, queues, control, evacuated)
        beyond_gaps = let_in_beyond_gaps(traffic, queues, net, evacuated)
        off = {"junctions_off": junctions_off(found, queues, control), "let_in_beyond_gaps": beyond_gaps}
        minutes = lane_minutes(traffic, queues, measured_lanes(bottlenecks, [found]), end_s)
        driven = set(traffic.loc[traffic["sampled_s"] > 0, "lane_id"].unique())
    else:
        traffic = tables.read_edges(sumo_dir / "edges.parquet", roads)
        found, driven = [], set(facts.added_lanes)
        minutes = tables.empty_table(tables.BOTTLENECKS)
    rates = mean_rates(minutes, t95_s or end_s)
    out = curve(planned, end_s)
    content = (done, out, minutes, edge_windows(traffic, net))
    for (name, schema), rows in zip(_TABLES.items(), content, strict=True):
        tables.write_table(rows, schema, run_dir / name)
    held_against = at_best if with_lanes else None
    if arrival_s is not None and roads:
        arrival_s = {**arrival_s, **{edge: arrival_s[road] for edge, road in roads.items() if road in arrival_s}}
    hazard = None if arrival_s is None else _exposed(run_dir, done, arrival_s, end_s)
    leads_out = frozenset() if arrival_s is None else _leads_out(net, exits, arrival_s, end_s)
    fetched = {} if buses is None else _fetched(run_dir, buses, driven_buses)
    incidents = _incidents(run_dir, net, end_s) if with_incidents else {}
    walked = {} if walkers is None else _walked(run_dir, walkers)
    ledger = build_ledger(
        run_dir,
        statistics,
        done=done,
        rates=rates,
        driven=driven,
        control=control,
        trust=trust or Trust(),
        facts=facts,
        exits=[item.name for item in exits],
        background=passing,
        told={**arrived, **incidents, **walked, **off},
        hazard=hazard,
        leads_out=leads_out,
        **fetched,
        passed=None if held_against is None else lambda moved: held_against.passed(out, traffic, moved),
    )
    write_text(run_dir / "ledger.json", _json(ledger))
    counts = {
        **headline(planned, end_s),
        **shadow_counts(done),
        **passing,
        **arrived,
        **{key: incidents[key] for key in incidents if key != "incidents_at"},
        **walked,
        **(NOBODY if hazard is None else hazard),
    }
    counts["exits"] = exit_counts(planned, exits)
    counts["refuges"] = _sheltered(run_dir, done, refuges)
    counts["on_foot"] = {} if walkers is None else walkers_by_place(walkers, refuges)
    counts["at_best"] = None if held_against is None else held_against.times()
    manifest = {**counts, **_by_place(planned, rates, found), "trusted": ledger["trusted"], **_digests(run_dir)}
    write_text(run_dir / "manifest.json", _json(manifest))
    return manifest


@dataclass(frozen=True)
class _Exit:
    """An exit on the net of a run."""

    name: str
    edges: tuple[str, ...]


def _with_stages(item: ExitEdges, roads: Mapping[str, str]) -> _Exit:
    """Return an exit with the edges that are stages of its last roads, and the roads right behind its line."""
    edges = (*item.edges, *(edge for edge, road in roads.items() if road in item.edges))
    return _Exit(item.name, (*edges, *map(road_behind, edges)))


def _exposed(run_dir: Path, done: pd.DataFrame, arrival_s: Mapping[str, float], end_s: float) -> dict[str, Any]:
    """Write the table of who was on a road that a hazard had reached, and return what the manifest has of it."""
    exposed = exposures(run_dir / "sumo" / "vehroutes.xml", done, arrival_s, end_s)
    tables.write_table(exposed, tables.EXPOSURE, run_dir / EXPOSURE)
    return exposed_counts(exposed, done, read_ending(run_dir / "ending.json").turned_round)


def _fetched(run_dir: Path, buses: BusService, driven: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Write the table of people without a car, and return it and the buses that stand for good, for the ledger."""
    passengers = passenger_results(buses, run_dir / "buses.json", driven)
    tables.write_table(passengers, tables.PASSENGERS, run_dir / _PASSENGERS)
    left = stranded_buses(run_dir / "buses.json", read_ending(run_dir / "ending.json"))
    return {"passengers": passengers, "buses_left": left}


def _incidents(run_dir: Path, net: sumolib.net.Net, end_s: float) -> dict[str, Any]:
    """Write the table of cars that crashed or stalled, and return what the ledger has of them."""
    incidents = incident_results(run_dir / "incidents.json", net)
    tables.write_table(incidents, tables.INCIDENTS, run_dir / _INCIDENTS)
    return incident_counts(incidents, end_s)


def _sheltered(run_dir: Path, done: pd.DataFrame, refuges: Sequence[ResolvedRefuge]) -> dict[str, dict[str, Any]]:
    """Write the table of who came to refuges, where there are any, and return what the manifest has of them."""
    if not refuges:
        return {}
    turned_on = read_ending(run_dir / "ending.json").turned_on
    tables.write_table(refuge_results(done, turned_on), tables.REFUGES, run_dir / _REFUGES)
    return refuge_counts(refuges, done, turned_on)


def _walked(run_dir: Path, walkers: pd.DataFrame) -> dict[str, int]:
    """Write the table of those who walk to refuges, and return what ledger and manifest have of them."""
    tables.write_table(walkers, tables.WALKERS, run_dir / _WALKERS)
    return walker_counts(walkers)


def _leads_out(
    net: sumolib.net.Net, exits: Sequence[ExitEdges], arrival_s: Mapping[str, float], end_s: float
) -> frozenset[str]:
    """Return the edges from which a hazard has left a way out at the end of the run."""
    reached = {edge for edge, reached_s in arrival_s.items() if reached_s <= end_s}
    return frozenset().union(*cost_by_exit(net, exits, closed=reached).values())


def _by_place(planned: pd.DataFrame, rates: pd.DataFrame, found: Sequence[FoundBottleneck]) -> dict[str, Any]:
    return {
        "zones": zone_clearance(planned),
        "lanes": records(rates),
        "found_bottlenecks": [{**vars(item), "lanes": list(item.lanes)} for item in found],
    }


def _digests(run_dir: Path) -> dict[str, Any]:
    names = (*_TABLES, EXPOSURE, _INCIDENTS, _PASSENGERS, _REFUGES, _WALKERS, "ledger.json")
    there = [name for name in names if (run_dir / name).is_file()]
    return {"tables": {name: digest_file(run_dir / name) for name in there}, "schema_version": _SCHEMA_VERSION}


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON has them: absent values are null, means are rounded to what they can mean."""
    plain = rows.round(3).astype(object)
    return [
        {str(key): value for key, value in row.items()} for row in plain.where(plain.notna(), None).to_dict("records")
    ]


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
