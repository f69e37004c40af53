"""What the report is made from: the scenario, its runs, and the map. Nothing in here is changed or computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from evac.audit.findings import Finding
from evac.network.exits.record import WaysOutRecord
from evac.network.exits.resolved import ResolvedExit
from evac.overlay.diff import Change
from evac.report.danger import RoadsInDanger, no_front
from evac.report.hazard_answers import HazardAnswers
from evac.report.settings import ReportSettings
from evac.report.units import Units
from evac.schema.scenario import Scenario
from evac.simulate.job import Case
from evac.study.bounds import Bounds
from evac.study.closed_exits import ClosedExit
from evac.study.development import Development
from evac.study.precision import Shortfall, Unhelped
from evac.study.runs import BesideDark


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
class WaysOut:
    """The ways out, for their map.

    Parameters
    ----------
    record
        What was decided of the roads that leave the area.
    exits
        The exits, with what they take.
    """

    record: WaysOutRecord
    exits: tuple[ResolvedExit, ...]


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
class PlanPicture:
    """What the map of a plan shows. Geometry is in degrees (EPSG:4326).

    Parameters
    ----------
    name
        The plan.
    roads
        Pieces of road that change: `kind` (see `plan_map`), `street`, `towards` (`N`, `SW`), `words`, and `geometry`,
        lines in the direction of travel.
    spots
        Junctions and approaches that change: `kind`, `words`, `geometry`.
    cut_off
        Households that lose their only way out: `geometry`.
    exits
        The ways out: `name`, `closed` (when they are, in words), `geometry`.
    streets
        The streets table of the map.
    lefthand
        Whether traffic drives on the left.
    attribution
        Whose map data it is.
    """

    name: str
    roads: gpd.GeoDataFrame
    spots: gpd.GeoDataFrame
    cut_off: gpd.GeoDataFrame
    exits: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    lefthand: bool = False
    attribution: str = "Map data © OpenStreetMap contributors (ODbL)"

    @property
    def is_empty(self) -> bool:
        """Whether the plan changes nothing that a map shows."""
        return not any(len(part) for part in (self.roads, self.spots, self.cut_off))


@dataclass(frozen=True)
class ReportPlan:
    """A plan of the report.

    Parameters
    ----------
    key
        What results call it.
    name, note
        What people call it, and what its author says of it.
    actions
        What it does, an action each, in words.
    resources
        What it takes: `officers`, `signs` and so on, and how many.
    changes
        What it changes on the roads, read off the two nets.
    picture
        Its map; None when it changes nothing that a map shows.
    extends
        The key of the plan that it builds on.
    loses_roads, in_waves
        Whether traffic loses roads or lanes, but to contraflow, and whether zones are told to leave at different times.
    danger
        What the hazard does to the roads of its net; None without one.
    closed_exits
        The exits that it or the hazard closes, and when.
    signals_off
        How many of its actions switch a signal off, whatever holds at the junction then.
    """

    key: str
    name: str
    note: str = ""
    actions: tuple[str, ...] = ()
    resources: Mapping[str, int] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    picture: PlanPicture | None = None
    extends: str | None = None
    loses_roads: bool = False
    in_waves: bool = False
    danger: RoadsInDanger | None = None
    closed_exits: tuple[ClosedExit, ...] = ()
    signals_off: int = 0


@dataclass(frozen=True)
class FailedRun:
    """A run that isn't in the report, and why."""

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
        The edges of the baseline's net, and those that only a plan's net has: columns `edge` (id), `name` (of its
        street), `lanes`, `speed_kph` (limit), `length_m` and `geometry` (LineString, in the direction of travel).
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
    plans
        The plans of the runs by their keys.
    settings
        The city's title, logo, contact, units and words.
    failed
        Runs that aren't in the report, because they didn't end or weren't simulated.
    imprecise
        Where the precision that the study was asked for was not reached.
    attribution
        The map data's attribution, shown on the map.
    accounts
        The table `accounts.parquet`: what became of the households that each zone gives; empty where it isn't known.
    ways_out
        For the map of the ways out; None where it isn't known.
    bounds
        What no plan can beat, beside the run that the headline shows; None where it isn't known.
    answers
        Until when the zones can be ordered out, and how likely they are to get out.
    front_lines
        Where the hazard's front is over time: `minute`, `geometry`.
    development
        New homes, and what they do to the times; None where nobody asked.
    coarse
        Coarse runs that help to know the means of the others (`evac.mixed_fidelity`).
    has_signals
        Whether any net that was simulated has a signal.
    sequential
        Whether seeds were added until the means were known well enough (`evac.statistics.WIDENED`).
    moderated
        Whether its cases tell each other how much they vary over seeds (`evac.moderated`).
    unhelped
        The plans and cases whose means the coarse runs don't help to know.
    dark
        What dark signals cost or buy: two rows a plan that has some.
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
    plans: Mapping[str, ReportPlan] = field(default_factory=dict)
    settings: ReportSettings = field(default_factory=ReportSettings)
    failed: tuple[FailedRun, ...] = ()
    imprecise: tuple[Shortfall, ...] = ()
    attribution: str = "Map data © OpenStreetMap contributors (ODbL)"
    accounts: pd.DataFrame = field(default_factory=pd.DataFrame)
    ways_out: WaysOut | None = None
    bounds: Bounds | None = None
    answers: HazardAnswers = field(default_factory=HazardAnswers)
    front_lines: gpd.GeoDataFrame = field(default_factory=no_front)
    development: Development | None = None
    coarse: tuple[ReportRun, ...] = ()
    has_signals: bool = True
    sequential: bool = False
    moderated: bool = False
    unhelped: tuple[Unhelped, ...] = ()
    dark: tuple[BesideDark, ...] = ()

    @property
    def units(self) -> Units:
        """Kilometres or miles."""
        return Units(self.settings.units)

    def closed_exits(self, plan: str) -> tuple[ClosedExit, ...]:
        """Return the exits that are closed under a plan for a time or for good."""
        known = self.plans.get(plan)
        return known.closed_exits if known else ()
