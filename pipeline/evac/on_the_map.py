"""A place before anybody leaves: its scenario and plans, and the tables of what stands on its map."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evac.errors import Problem, UserError
from evac.files import state_of
from evac.plans.reading import LoadedPlan, load_plan, plan_names
from evac.scenario import LoadedScenario
from evac.schema.demand import Measured
from evac.schema.scenario import Scenario, vehicles_label
from evac.stages import Stages
from evac.under import RESOURCES, points

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from evac.audit.second_reading import SecondReading
    from evac.kept_run import KeptRun

_PLAN_COLUMNS = ["plan", "name", "note", "extends", "actions", *RESOURCES, "problem"]


@dataclass
class OnTheMap:
    """What can be asked of a place without running anything: the part of `Place` that has its tables.

    Parameters
    ----------
    loaded
        The scenario's file, read.
    workspace
        The folder with the cache and `reports/`.
    """

    loaded: LoadedScenario
    workspace: Path
    _documents: dict[str, tuple[object, list[Any]]] = field(default_factory=dict, init=False, compare=False)

    @cached_property
    def stages(self) -> Stages:
        """What the tables are made from; for the modules of this package."""
        return Stages(self.loaded, self.workspace)

    @property
    def key(self) -> str:
        """What folders of the place are called, such as `balzers`."""
        return self.loaded.place_id

    @property
    def name(self) -> str:
        """What people call it."""
        return self.loaded.model.name

    @property
    def scenario(self) -> Scenario:
        """The scenario's content (docs/scenario-reference.md)."""
        return self.loaded.model

    @property
    def cache(self) -> Path:
        """The folder of what can be made again."""
        return self.stages.cache

    @property
    def report_folder(self) -> Path:
        """Where its report is written."""
        return self.workspace / "reports" / self.key

    @property
    def vehicles(self) -> tuple[str, ...]:
        """The vehicles-per-household cases of the scenario."""
        return tuple(vehicles_label(case) for case in self.loaded.model.vehicles_per_household)

    @property
    def departures(self) -> tuple[str, ...]:
        """The departure curves of the scenario."""
        return tuple(item.name for item in self.loaded.model.departures)

    @property
    def plan_names(self) -> tuple[str, ...]:
        """What `under` takes: the baseline, and the files of the plans' folder, also of those that are wrong."""
        return tuple(plan_names(self.loaded.plans_folder))

    def plans(self) -> pd.DataFrame:
        """Return the plans, a row each; one that can't be read says why.

        Columns `plan`, `name`, `note`, `extends`, `actions` (number of them), `officers`, `signs`, `cones`,
        `barricades`, and `problem` (empty for a plan that is right).
        """
        import pandas as pd  # noqa: PLC0415 - opening is cheap

        return pd.DataFrame([self._plan_row(name) for name in self.plan_names], columns=_PLAN_COLUMNS)

    def _plan_row(self, name: str) -> dict[str, Any]:
        try:
            loaded = load_plan(name, self.loaded.plans_folder)
        except UserError as error:
            return {"plan": name, "problem": str(error)}
        model = loaded.model
        texts = {"name": model.name, "note": model.note, "extends": model.extends or "", "problem": ""}
        return {"plan": name, **texts, "actions": len(loaded.actions), **loaded.resources.model_dump()}

    def exits(self) -> gpd.GeoDataFrame:
        """Return the ways out: `exit`, `lanes`, `veh_per_h` (a limit such as a ferry's), `edges`, and points."""
        found = self.stages.prepared().exits
        columns: dict[str, list[Any]] = {
            "exit": [item.name for item in found],
            "lanes": [item.lanes for item in found],
            "veh_per_h": [item.veh_per_h for item in found],
            "edges": [item.edges for item in found],
        }
        return points(columns, [(item.lon, item.lat) for item in found])

    def refuges(self) -> gpd.GeoDataFrame:
        """Return the refuges: `refuge`, `vehicles` and `people` (how many it has room for), and points."""
        found = self.stages.prepared().refuges
        columns = {"refuge": [item.name for item in found]}
        rooms = {name: [getattr(item, name) for item in found] for name in ("vehicles", "people")}
        return points({**columns, **rooms}, [(item.lon, item.lat) for item in found])

    def bus_stops(self) -> gpd.GeoDataFrame:
        """Return where buses pick people up: `stop`, and points."""
        buses = self.loaded.model.buses
        found = buses.stops if buses else ()
        return points({"stop": [item.name for item in found]}, [(item.at.lon, item.at.lat) for item in found])

    def roads_without_exit(self) -> gpd.GeoDataFrame:
        """Return the roads that leave the area and are no way out: `road`, `reason`, and points."""
        found = self.stages.prepared().ways_out.none
        columns = {"road": [item.label for item in found], "reason": [item.reason for item in found]}
        return points(columns, [(item.lon, item.lat) for item in found])

    def findings(self) -> gpd.GeoDataFrame:
        """Return what to look at before the answer is believed, the gravest first.

        Columns `severity` (`error`, `warning`, `note`), `kind`, `text`, `plain` (the same without keys of files and
        commands, where it has some), `share` (of the evacuation that it touches), `ways` (of the map, where a
        correction of their tags would settle it), `map_url`, and points.
        """
        found = self.stages.prepared().findings
        names = ("severity", "kind", "text", "plain", "share", "ways", "map_url")
        return points(
            {name: [getattr(item, name) for item in found] for name in names}, [(i.lon, i.lat) for i in found]
        )

    def second_reading(self) -> SecondReading:
        """Return what OSMnx finds on the same map: a check by a reader that shares no code with the network's."""
        from evac.audit.second_reading import second_reading  # noqa: PLC0415

        ready = self.stages.prepared()
        return second_reading(ready.street_map.roads_file, ready.net)

    def households(self) -> gpd.GeoDataFrame:
        """Return the households, a row each (docs/results.md): points, `zone`, `street`, `connected`, `reason`."""
        return self.stages.prepared().homes.copy()

    def zones(self) -> gpd.GeoDataFrame:
        """Return the zones with their counts of households (docs/architecture.md), and polygons."""
        return self.stages.prepared().households.zones()

    def streets(self) -> gpd.GeoDataFrame:
        """Return the streets that cars may use: `name`, `highway`, `lanes_forward`, `speed_kph` …, and lines."""
        return self.stages.prepared().street_map.streets()

    def roads(self) -> gpd.GeoDataFrame:
        """Return the network's roads for cars, a row a direction of travel between two junctions, with lines.

        Columns `edge`, `street`, `highway`, `way_ids`, `lanes`, `lanes_guessed`, `speed_kph`, `length_m`, `towards`.
        """
        from evac.road_tables import roads_of  # noqa: PLC0415

        ready = self.stages.prepared()
        return roads_of(ready.net, ready.network)

    def closed_roads(self) -> gpd.GeoDataFrame:
        """Return the roads that are closed to cars and that a plan may open: `name`, `highway`, and lines."""
        return self.stages.prepared().street_map.closed_roads()[["name", "highway", "geometry"]]

    def junctions(self) -> gpd.GeoDataFrame:
        """Return where roads meet or a signal stands: `streets` (their names), `signal`, and points.

        `arriving` and `leaving` have the arms: `street`, and `towards`, the compass point that traffic heads for there.
        """
        from evac.road_tables import junctions_of  # noqa: PLC0415

        return junctions_of(self.stages.prepared().net)

    def area(self) -> shapely.Geometry:
        """Return the area that is ordered to leave (EPSG:4326)."""
        return self.stages.prepared().area

    @property
    def input_files(self) -> tuple[Path, ...]:
        """The files that the place is made from: the scenario's, and those that it names."""
        from evac.archive.basis import input_files  # noqa: PLC0415

        return (self.loaded.path, *input_files(self.loaded.model))

    @property
    def named_files(self) -> tuple[Path, ...]:
        """All files that the scenario names, with what belongs to each: `input_files`, and measured curves."""
        from evac.inputs import parts_of  # noqa: PLC0415

        curves = [item.curve.file for item in self.loaded.model.departures if item.curve.form == "measured"]
        return tuple(part for file in (*self.input_files, *curves) for part in parts_of(file))

    def runs(self) -> pd.DataFrame:
        """Return all finished runs that studies of this place have asked for, a row each, the newest first.

        Columns `job`, `plan`, `vehicles_per_household`, `departure`, `seed`, `fidelity`, `capacity_factor`, `signals`,
        `planned`, `evacuated`, `in_refuge`, `driving`, `waiting`, `no_route` (vehicles), `mean_delay_s`, `t50_s`,
        `t90_s`, `t95_s`, `t100_s` (missing: not cleared), `trusted`, `reasons`, `older` (the place, the plan or the
        toolkit has changed since), `ended` (UTC), `wall_s` (how long it took). Needs no preparation.
        """
        from evac.archive.basis import basis_of  # noqa: PLC0415
        from evac.kept_run import kept_runs  # noqa: PLC0415

        return kept_runs(self.cache, self.key, basis_of(self.loaded, dict(map(self._document, self.plan_names))))

    def _document(self, plan: str) -> tuple[str, list[Any]]:
        """Return a plan with its actions as runs of it stand on them; nothing where its file has a mistake.

        A plan that is one file is read again only when that file has changed: who changes one waits for no other.
        """
        path = self.loaded.plans_folder / f"{plan}.yaml"
        state = _state_of(path)
        known = self._documents.get(plan)
        if known is not None and known[0] == state:
            return plan, known[1]
        try:
            loaded = load_plan(plan, self.loaded.plans_folder)
        except UserError:
            return plan, []
        document = loaded.document()
        if _is_one_file(loaded) and _state_of(path) == state:
            self._documents[plan] = state, document
        return plan, document

    def kept_run(self, job: str) -> KeptRun:
        """Return a finished run of this place by its `job`, as `runs` lists it. Needs no preparation.

        Raises
        ------
        UserError
            There is no such run.
        """
        from evac.kept_run import KeptRun, asked_jobs, is_kept  # noqa: PLC0415

        folder = self.cache / "runs" / job
        if job not in asked_jobs(self.cache, self.key) or not is_kept(folder):
            raise UserError(Problem(f"the runs of {self.key}", f"there is no run '{job}'", "Place.runs() lists them"))
        return KeptRun(folder)


def _is_one_file(plan: LoadedPlan) -> bool:
    """Tell whether a plan is what its own file says: it extends no other, and its actions name no file."""
    curves = [getattr(item.action, "curve", None) for item in plan.actions]
    return plan.model.extends is None and not plan.files and not any(isinstance(curve, Measured) for curve in curves)


def _state_of(path: Path) -> tuple[int, ...] | None:
    """Return what changes whenever a file is written or replaced; None where there is none."""
    try:
        return state_of(path)
    except OSError:
        return None
