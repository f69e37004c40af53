"""What the report is made from: the scenario, its runs, and the map. Nothing in here is changed or computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from evac.audit.findings import Finding
from evac.schema.scenario import Scenario
from evac.simulate.job import Case


class Located(Protocol):
    """A named spot on the map, in degrees (EPSG:4326)."""

    @property
    def name(self) -> str:
        """What the report calls it."""

    @property
    def lon(self) -> float:
        """Longitude."""

    @property
    def lat(self) -> float:
        """Latitude."""


@dataclass(frozen=True)
class ReportRun:
    """One finished run.

    Parameters
    ----------
    case
        Plan, vehicles per household, departure curve, seed, fidelity and capacity factor.
    job
        The job's hash: the name of its run directory.
    manifest
        The content of `manifest.json` (`measure.measure_run`).
    ledger
        The content of `ledger.json` (`ledger.build_ledger`).
    folder
        The run directory with `vehicles.parquet`, `curve.parquet` and `edges.parquet`.
    lanes_file
        `bottlenecks.parquet`: of the run, or of the lanes that all runs of the study are measured at.
    """

    case: Case
    job: str
    manifest: Mapping[str, Any]
    ledger: Mapping[str, Any]
    folder: Path
    lanes_file: Path


@dataclass(frozen=True)
class FailedRun:
    """A run that didn't end, and why."""

    case: Case
    message: str


@dataclass(frozen=True)
class ReportInput:
    """Everything that a report shows. Geometry is in degrees (EPSG:4326).

    Parameters
    ----------
    scenario
        The scenario's model.
    runs
        Finished runs; those with a capacity factor other than 1 serve the capacity sensitivity.
    streets, households, zones
        The tables `streets.parquet`, `households.parquet` and `zones.parquet`.
    edges
        Columns `edge` (id), `name` (of its street) and `geometry` (LineString, in the direction of travel).
    exits
        The ways out.
    findings
        The audit's findings.
    sources
        What each input is and where it is from (`roads` → text with origin, date and licence).
    versions
        Program → version.
    plan
        The plan that the headline and the figures show.
    compared_with
        The plan that they compare it with.
    area
        The area ordered to leave; the union of the zones when None.
    failed
        Runs that didn't end.
    attribution
        The map data's attribution, shown on the map.
    """

    scenario: Scenario
    runs: tuple[ReportRun, ...]
    streets: gpd.GeoDataFrame
    households: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    edges: gpd.GeoDataFrame
    exits: tuple[Located, ...]
    findings: tuple[Finding, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    plan: str = "baseline"
    compared_with: str | None = None
    area: BaseGeometry | None = None
    failed: tuple[FailedRun, ...] = ()
    attribution: str = "Map data © OpenStreetMap contributors (ODbL)"
