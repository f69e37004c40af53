"""The tables that only some runs have: exposure to a hazard, people in buses and on foot, refuges, incidents.

Each function writes its table into the run directory, and returns what ledger and manifest have of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import sumolib

from evac import tables
from evac.demand.buses import BusService
from evac.hazards.refuges import ResolvedRefuge
from evac.measure.exposure import exposed_counts, exposures
from evac.measure.incidents import incident_counts, incident_results
from evac.measure.passengers import passenger_results, stranded_buses
from evac.measure.sheltered import refuge_counts, refuge_results
from evac.measure.stranded import read_ending
from evac.measure.walkers import walker_counts

_EXPOSURE = "exposure.parquet"
_INCIDENTS = "incidents.parquet"
_PASSENGERS = "passengers.parquet"
_REFUGES = "refuges.parquet"
_WALKERS = "walkers.parquet"
EXTRA_TABLES = (_EXPOSURE, _INCIDENTS, _PASSENGERS, _REFUGES, _WALKERS)


def write_exposure(run_dir: Path, done: pd.DataFrame, arrival_s: Mapping[str, float], end_s: float) -> dict[str, Any]:
    """Write who was on a road that a hazard had reached; return the counts."""
    exposed = exposures(run_dir, done, arrival_s, end_s)
    tables.write_table(exposed, tables.EXPOSURE, run_dir / _EXPOSURE)
    return exposed_counts(exposed, done, read_ending(run_dir).turned_round)


def write_passengers(run_dir: Path, buses: BusService, driven: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Write who was fetched by bus; return the table and the buses that stand for good, as `build_ledger` takes them.

    `driven` has the buses' trips (`trips.split_buses`).
    """
    passengers = passenger_results(buses, run_dir / "buses.json", driven)
    tables.write_table(passengers, tables.PASSENGERS, run_dir / _PASSENGERS)
    left = stranded_buses(run_dir / "buses.json", read_ending(run_dir))
    return {"passengers": passengers, "buses_left": left}


def write_incidents(run_dir: Path, net: sumolib.net.Net, end_s: float) -> dict[str, Any]:
    """Write which cars crashed or stalled in a lane by chance; return the counts."""
    incidents = incident_results(run_dir / "incidents.json", net)
    tables.write_table(incidents, tables.INCIDENTS, run_dir / _INCIDENTS)
    return incident_counts(incidents, end_s)


def write_refuges(run_dir: Path, done: pd.DataFrame, refuges: Sequence[ResolvedRefuge]) -> dict[str, dict[str, Any]]:
    """Write who came to refuges, where there are any; return the counts by refuge."""
    if not refuges:
        return {}
    turned_on = read_ending(run_dir).turned_on
    tables.write_table(refuge_results(done, turned_on), tables.REFUGES, run_dir / _REFUGES)
    return refuge_counts(refuges, done, turned_on)


def write_walkers(run_dir: Path, walkers: pd.DataFrame) -> dict[str, int]:
    """Write who walks to refuges; return the counts."""
    tables.write_table(walkers, tables.WALKERS, run_dir / _WALKERS)
    return walker_counts(walkers)
