"""What came out of a run, as tables with units in the names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evac import tables
from evac.errors import Problem, UserError
from evac.measure.clearance import clearance_s
from evac.study.cases import case_name
from evac.study.runs import Run as StudyRun

if TYPE_CHECKING:
    import geopandas as gpd

    from evac.studied import Study


@dataclass(frozen=True)
class Run:
    """A finished run: one plan, one case, one seed. Made by `Plan.run` and `Study.runs`.

    Parameters
    ----------
    study
        The study that it is of: its lanes are those that all runs of the study are measured at.
    """

    study: Study
    _run: StudyRun

    @property
    def plan(self) -> str:
        """The plan's key."""
        return self._run.case.plan

    @property
    def vehicles(self) -> str:
        """The vehicles-per-household case."""
        return self._run.case.vehicles_per_household

    @property
    def departure(self) -> str:
        """The departure curve."""
        return self._run.case.departure

    @property
    def seed(self) -> int:
        """The seed."""
        return self._run.case.seed

    @property
    def capacity_factor(self) -> float:
        """The lane capacity, as a share of the one assumed."""
        return self._run.case.capacity_factor

    @property
    def signals(self) -> str | None:
        """The kind of signal programs, where it is another one than the scenario's."""
        return self._run.case.signals

    @property
    def job(self) -> str:
        """The digest of all that the run depends on: the name of its folder."""
        return self._run.job

    @property
    def folder(self) -> Path:
        """The run directory (docs/results.md)."""
        return self._run.folder

    def __str__(self) -> str:
        """Return the case in words."""
        return case_name(self._run.case)

    def __repr__(self) -> str:
        """Return the case in words, too: its fields are pages long."""
        return f"Run({str(self)!r})"

    def clearance(self, share: float = 1.0) -> timedelta | None:
        """Return how long after the order a share of all planned vehicles is out; None where that is never reached.

        Parameters
        ----------
        share
            The share (above 0, up to 1).

        Raises
        ------
        UserError
            It is no share.
        """
        if not 0.0 < share <= 1.0:
            raise UserError(Problem("clearance", f"{share:g} is no share of the vehicles", "0.9 is 90 %"))
        vehicles = self.vehicle_table()
        found = clearance_s(vehicles.loc[vehicles["ordered"], "evacuated_s"].to_numpy(), 100.0 * share)
        return None if found is None else timedelta(seconds=found)

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """The headline numbers, as in `manifest.json`."""
        return self._run.manifest()

    @cached_property
    def ledger(self) -> Mapping[str, Any]:
        """What trust in the run rests on, as in `ledger.json`."""
        return self._run.ledger()

    @property
    def planned(self) -> int:
        """Vehicles that are to leave."""
        return int(self.manifest["planned"])

    @property
    def trusted(self) -> bool:
        """Whether the run is within the scenario's limits of trust."""
        return bool(self.ledger["trusted"])

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it isn't trusted; empty when it is."""
        return tuple(self.ledger["reasons"])

    def curve(self) -> pd.DataFrame:
        """Return `minute`, `departed`, `entered`, `evacuated`: planned vehicles, cumulative, after the order."""
        return tables.read_table(self.folder / "curve.parquet", tables.CURVE)

    def vehicle_table(self) -> pd.DataFrame:
        """Return a row a vehicle: `household`, `zone`, `departure_s`, `evacuated_s`, `exit` … (docs/results.md)."""
        return tables.read_table(self.folder / "vehicles.parquet", tables.VEHICLES)

    def exits(self) -> pd.DataFrame:
        """Return `exit` and `vehicles`: how many planned vehicles left by each."""
        counts = self.manifest["exits"]
        return pd.DataFrame({"exit": list(counts), "vehicles": list(counts.values())})

    def zones(self) -> pd.DataFrame:
        """Return `zone`, `planned`, `evacuated`, `t50_s`, `t90_s`, `t95_s`, `t100_s` (missing: not cleared)."""
        rows = pd.DataFrame([{"zone": zone, **row} for zone, row in self.manifest["zones"].items()])
        first = ["zone", "planned", "evacuated", "t50_s", "t90_s", "t95_s", "t100_s"]
        return rows[[*first, *(name for name in rows if name not in first)]]

    def bottlenecks(self) -> pd.DataFrame:
        """Return what holds the traffic up, the worst first.

        Columns `name`, `edge`, `lanes`, `place`, `reason`, `where`, `delay_veh_h`, `queue_min`, `vehicles`.
        """
        names = ["name", "edge", "lanes", "place", "reason", "where", "delay_veh_h", "queue_min", "vehicles"]
        rows = pd.DataFrame(self.manifest["found_bottlenecks"], columns=names)
        return rows.astype({"delay_veh_h": float, "queue_min": int, "vehicles": int})

    def lanes(self) -> pd.DataFrame:
        """Return what passes the lanes of the study's bottlenecks.

        Columns `bottleneck`, `edge`, `lane` (0 is at the kerb), `vehicles`, `mean_veh_per_min` (from the order until
        95 % are out), `queued_veh_per_min`, `highest_veh_per_h`, `queue_min`.
        """
        names = ["bottleneck", "edge", "lane", "vehicles", "mean_veh_per_min", "queued_veh_per_min"]
        rows = pd.DataFrame(self.manifest["lanes"], columns=[*names, "highest_veh_per_h", "queue_min"])
        rates = ("mean_veh_per_min", "queued_veh_per_min", "highest_veh_per_h")
        return rows.astype({**dict.fromkeys(rates, float), **dict.fromkeys(("lane", "vehicles", "queue_min"), int)})

    def lane_minutes(self) -> pd.DataFrame:
        """Return a row a lane and minute: `vehicles`, `speed_mps`, `occupancy_percent`, `queued`."""
        return tables.read_table(self._run.lanes_folder / "bottlenecks.parquet", tables.BOTTLENECKS)

    def edges(self) -> gpd.GeoDataFrame:
        """Return the streets every five minutes, with lines.

        Columns `edge`, `street`, `from_s`, `flow_veh_per_h`, `speed_mps`, `density_veh_per_km`, `queue_veh`.
        """
        rows = tables.read_table(self.folder / "edges.parquet", tables.EDGES)
        lines = self._edge_lines()[["edge", "name", "geometry"]].rename(columns={"name": "street"})
        return lines.merge(rows, on="edge")

    def export(self, folder: str | Path) -> Path:
        """Hand the run on: a new folder that plain SUMO runs by itself, with results and a GeoPackage.

        Raises
        ------
        UserError
            The folder is there already.
        """
        from evac.report.export import export_run  # noqa: PLC0415

        if Path(folder).exists():
            raise UserError(Problem(str(folder), "is there already", "name a folder that isn't"))
        return export_run(self.folder, Path(folder), self._edge_lines())

    def _edge_lines(self) -> gpd.GeoDataFrame:
        from evac.report.from_study import edge_lines  # noqa: PLC0415

        return edge_lines([self.study.laid[self.plan].net])
