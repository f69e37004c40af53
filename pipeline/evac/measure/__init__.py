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
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sumolib

from evac import tables
from evac.demand.packets import Packets
from evac.files import digest_file, write_text
from evac.measure.bottlenecks import FoundBottleneck, find_bottlenecks, lane_minutes, mean_rates, measured_lanes
from evac.measure.clearance import clearance_s, curve, exit_counts, headline, shadow_counts, zone_clearance
from evac.measure.control import Control
from evac.measure.driven import Driven, reached_with_stages, read_driven
from evac.measure.edges import edge_windows
from evac.measure.exposure import NOBODY
from evac.measure.extra_tables import (
    EXTRA_TABLES,
    write_exposure,
    write_incidents,
    write_passengers,
    write_refuges,
    write_walkers,
)
from evac.measure.full_junctions import junctions_off, let_in_beyond_gaps
from evac.measure.ledger import build_ledger
from evac.measure.queues import Links, Queues
from evac.measure.setup import Setup
from evac.measure.walkers import walkers_by_place
from evac.network.reach import ExitEdges, cost_by_exit

_SCHEMA_VERSION = 4

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
    setup: Setup | None = None,
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
    setup
        What else bears on the measures: a hazard, buses, refuges, what the stages before know.

    Returns
    -------
    dict
        The content of `manifest.json`.

    Raises
    ------
    SimulationError
        SUMO's outputs are unreadable or don't account for every vehicle.
    """
    setup = setup or Setup()
    control, arrival_s = setup.control or Control(net), reached_with_stages(setup)
    trips = read_driven(run_dir, vehicles, exits, setup)
    traffic = _on_lanes(run_dir, control, trips, setup) if setup.with_lanes else _on_edges(run_dir, setup)
    rates = mean_rates(traffic.minutes, clearance_s(trips.planned["evacuated_s"].to_numpy(), 95) or trips.end_s)
    out = curve(trips.planned, trips.end_s)
    content = (trips.done, out, traffic.minutes, edge_windows(traffic.rows, net))
    for (name, schema), rows in zip(_TABLES.items(), content, strict=True):
        tables.write_table(rows, schema, run_dir / name)
    extra = _extra(run_dir, net, trips, setup, arrival_s)
    at_best = setup.at_best if setup.with_lanes else None
    ledger = build_ledger(
        run_dir,
        trips.statistics,
        done=trips.done,
        rates=rates,
        driven=traffic.driven,
        control=control,
        trust=setup.trust,
        facts=setup.facts,
        exits=[item.name for item in exits],
        background=trips.passing,
        told={**trips.arrived, **extra.told, **traffic.off},
        hazard=extra.hazard,
        leads_out=_leads_out(net, exits, arrival_s, trips.end_s),
        **extra.fetched,
        passed=None if at_best is None else lambda moved: at_best.passed(out, traffic.rows, moved),
    )
    write_text(run_dir / "ledger.json", _json(ledger))
    manifest = {
        **_headline(trips, extra),
        "exits": exit_counts(trips.planned, exits),
        "refuges": write_refuges(run_dir, trips.done, setup.refuges),
        "on_foot": {} if setup.walkers is None else walkers_by_place(setup.walkers, setup.refuges),
        "at_best": None if at_best is None else at_best.times(),
        **_by_place(trips.planned, rates, traffic.found),
        "trusted": ledger["trusted"],
        **_digests(run_dir),  # of all tables, so it comes last
    }
    write_text(run_dir / "manifest.json", _json(manifest))
    return manifest


def _headline(trips: Driven, extra: _Extra) -> dict[str, Any]:
    """Return the run in numbers: who is out when, who drove besides, and what the hazard did."""
    return {
        **headline(trips.planned, trips.end_s),
        **shadow_counts(trips.done),
        **trips.passing,
        **trips.arrived,
        **{key: value for key, value in extra.told.items() if key != "incidents_at"},
        **(NOBODY if extra.hazard is None else extra.hazard),
    }


@dataclass(frozen=True)
class _Traffic:
    """What the roads carried: SUMO's rows, the lanes that held the run up, minute by minute, and those driven on."""

    rows: pd.DataFrame
    found: Sequence[FoundBottleneck]
    minutes: pd.DataFrame
    driven: Container[str]
    off: Mapping[str, Any] = field(default_factory=dict)
    """Junctions at which the run is known to be too fast or too slow."""


def _on_lanes(run_dir: Path, control: Control, trips: Driven, setup: Setup) -> _Traffic:
    rows = tables.read_lanes(run_dir / "sumo" / "lanes.parquet")
    queues = Queues.of(rows, Links.of(control.net))
    evacuated = int((trips.done["status"] == "evacuated").sum())
    found = find_bottlenecks(rows, queues, control, evacuated)
    beyond_gaps = let_in_beyond_gaps(rows, queues, control.net, evacuated)
    minutes = lane_minutes(rows, queues, measured_lanes(setup.bottlenecks, [found]), trips.end_s)
    driven = set(rows.loc[rows["sampled_s"] > 0, "lane_id"].unique())
    off = {"junctions_off": junctions_off(found, queues, control, rows), "let_in_beyond_gaps": beyond_gaps}
    return _Traffic(rows, found, minutes, driven, off)


def _on_edges(run_dir: Path, setup: Setup) -> _Traffic:
    """Return what a run without lanes knows; that nobody drove on a lane which the plan adds can't be told."""
    rows = tables.read_edges(run_dir / "sumo" / "edges.parquet", setup.roads, cars=Packets.read(run_dir).size)
    return _Traffic(rows, [], tables.empty_table(tables.BOTTLENECKS), set(setup.facts.added_lanes))


@dataclass(frozen=True)
class _Extra:
    """What ledger and manifest have of a hazard (None without one), of buses, and of what else some runs have."""

    hazard: dict[str, Any] | None
    fetched: dict[str, pd.DataFrame]
    told: dict[str, Any]


def _extra(
    run_dir: Path, net: sumolib.net.Net, trips: Driven, setup: Setup, arrival_s: Mapping[str, float] | None
) -> _Extra:
    hazard = None if arrival_s is None else write_exposure(run_dir, trips.done, arrival_s, trips.end_s)
    fetched = {} if setup.buses is None else write_passengers(run_dir, setup.buses, trips.buses)
    incidents = write_incidents(run_dir, net, trips.end_s) if setup.with_incidents else {}
    walked = {} if setup.walkers is None else write_walkers(run_dir, setup.walkers)
    return _Extra(hazard, fetched, {**incidents, **walked})


def _leads_out(
    net: sumolib.net.Net, exits: Sequence[ExitEdges], arrival_s: Mapping[str, float] | None, end_s: float
) -> frozenset[str]:
    """Return the edges from which a hazard has left a way out at the end of the run; none without a hazard."""
    if arrival_s is None:
        return frozenset()
    reached = {edge for edge, reached_s in arrival_s.items() if reached_s <= end_s}
    costs = cost_by_exit(net, exits, closed=reached)
    return frozenset(costs.index[np.isfinite(costs.to_numpy()).any(axis=1)])


def _by_place(planned: pd.DataFrame, rates: pd.DataFrame, found: Sequence[FoundBottleneck]) -> dict[str, Any]:
    return {
        "zones": zone_clearance(planned),
        "lanes": records(rates),
        "found_bottlenecks": [{**vars(item), "lanes": list(item.lanes)} for item in found],
    }


def _digests(run_dir: Path) -> dict[str, Any]:
    there = [name for name in (*_TABLES, *EXTRA_TABLES, "ledger.json") if (run_dir / name).is_file()]
    return {"tables": {name: digest_file(run_dir / name) for name in there}, "schema_version": _SCHEMA_VERSION}


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON has them: absent values are null, means are rounded to what they can mean."""
    plain = rows.round(3).astype(object)
    return [
        {str(key): value for key, value in row.items()} for row in plain.where(plain.notna(), None).to_dict("records")
    ]


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
