"""The façade: a place, a plan laid over it, a run, a study and its report, as a few nouns that give tables.

>>> import evac
>>> town = evac.open("scenarios/balzers")
>>> town.name, town.vehicles, town.plan_names
('Balzers', ('1', '1.5', '2'), ('baseline', 'bridge-closed', 'contraflow-south', 'flood'))
>>> flood = town.under("flood", vehicles=1.5)
>>> flood.actions()[["label", "officers"]]
                          label  officers
0           Rhine bridge closes         1
1  contraflow on the road south         2
2     officer at Palduinstrasse         1
>>> print(flood.run().clearance(0.9))  # doctest: +SKIP
1:07:00

Opening is cheap: a scenario's file is read and checked, and nothing else. The place is prepared when something that
needs it is asked for, once. Tables are pandas or geopandas (EPSG:4326) with units in the names of their columns. What
goes wrong is an error of `evac.errors`, with file, key or street and what to try.

**Stable.** The names that `evac` exports (`evac.__all__`), the public attributes, parameters and columns of their
classes, and the files of a report (docs/results.md): they change only with a note in CHANGELOG.md, and are kept one
release longer where that can be. Everything else in the package may change with any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal

from evac.errors import Problem, ScenarioError, UserError
from evac.plans.reading import BASELINE, LoadedPlan, load_plan, plan_names
from evac.scenario import LoadedScenario, load_scenario
from evac.schema.scenario import Scenario, vehicles_label
from evac.under import RESOURCES, Plan, points
from evac.watching import Cancel, OnProgress, Progress, Watch

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from evac.kept_run import KeptRun
    from evac.outcome import Study
    from evac.searching import Search
    from evac.study.cases import Selection
    from evac.study.prepare import Prepared
    from evac.study.under_plan import UnderPlan


def open_place(path: str | Path, *, workspace: str | Path | None = None) -> Place:
    """Open a scenario; its file is read and checked, and nothing else is done.

    Parameters
    ----------
    path
        A `scenario.yaml`, or the folder that holds it.
    workspace
        The folder with the cache `.evac/` and `reports/`. The one that holds `scenarios/` when left out; for a scenario
        elsewhere, the working folder.

    Raises
    ------
    ScenarioError
        With a problem for each key that is wrong, and each file that isn't there.
    """
    loaded = load_scenario(Path(path))
    return Place(loaded, (Path(workspace) if workspace else loaded.workspace).resolve())


@dataclass
class Place:
    """A place that may be evacuated: its roads, households, ways out, and plans. Opened with `evac.open`.

    Safe to use from several threads. It is what the scenario said when it was opened: open it again when that changes.

    Parameters
    ----------
    loaded
        The scenario's file, read.
    workspace
        The folder with the cache and `reports/`.
    """

    loaded: LoadedScenario
    workspace: Path
    _lock: RLock = field(default_factory=RLock, repr=False)
    _prepared: Prepared | None = field(default=None, repr=False)
    _laid: dict[str, tuple[list[Any], UnderPlan]] = field(default_factory=dict, repr=False)

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
        return self.workspace / ".evac"

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

    def prepare(self, on_progress: OnProgress | None = None, cancel: Cancel | None = None) -> Place:
        """Make what all runs share: map, network, households, ways out. Done when needed, if it isn't asked for before.

        Parameters
        ----------
        on_progress
            Takes a `Progress` at each step.
        cancel
            Asked at each step whether to end.

        Raises
        ------
        UserError
            An input is wrong.
        Cancelled
            It was called off.
        """
        self._ready(Watch(on_progress, cancel))
        return self

    def exits(self) -> gpd.GeoDataFrame:
        """Return the ways out: `exit`, `lanes`, `veh_per_h` (a limit such as a ferry's), `edges`, and points."""
        found = self._ready().exits
        columns: dict[str, list[Any]] = {
            "exit": [item.name for item in found],
            "lanes": [item.lanes for item in found],
            "veh_per_h": [item.veh_per_h for item in found],
            "edges": [item.edges for item in found],
        }
        return points(columns, [(item.lon, item.lat) for item in found])

    def roads_without_exit(self) -> gpd.GeoDataFrame:
        """Return the roads that leave the area and are no way out: `road`, `reason`, and points."""
        found = self._ready().ways_out.none
        columns = {"road": [item.label for item in found], "reason": [item.reason for item in found]}
        return points(columns, [(item.lon, item.lat) for item in found])

    def findings(self) -> gpd.GeoDataFrame:
        """Return what to look at before the answer is believed, the gravest first.

        Columns `severity` (`error`, `warning`, `note`), `kind`, `text`, `share` (of the evacuation that it touches),
        `ways` (of the map, where a correction of their tags would settle it), `map_url`, and points.
        """
        found = self._ready().findings
        names = ("severity", "kind", "text", "share", "ways", "map_url")
        return points(
            {name: [getattr(item, name) for item in found] for name in names}, [(i.lon, i.lat) for i in found]
        )

    def households(self) -> gpd.GeoDataFrame:
        """Return the households, a row each (docs/results.md): points, `zone`, `street`, `connected`, `reason`."""
        return self._ready().homes.copy()

    def zones(self) -> gpd.GeoDataFrame:
        """Return the zones with their counts of households (docs/architecture.md), and polygons."""
        return self._ready().households.zones()

    def streets(self) -> gpd.GeoDataFrame:
        """Return the streets that cars may use: `name`, `highway`, `lanes_forward`, `speed_kph` …, and lines."""
        return self._ready().street_map.streets()

    def roads(self) -> gpd.GeoDataFrame:
        """Return the network's roads for cars, a row a direction of travel between two junctions, with lines.

        Columns `edge`, `street`, `highway`, `way_ids`, `lanes`, `lanes_guessed`, `speed_kph`, `length_m`, `towards`.
        """
        from evac.road_tables import roads_of  # noqa: PLC0415

        ready = self._ready()
        return roads_of(ready.net, ready.network)

    def closed_roads(self) -> gpd.GeoDataFrame:
        """Return the roads that are closed to cars and that a plan may open: `name`, `highway`, and lines."""
        return self._ready().street_map.closed_roads()[["name", "highway", "geometry"]]

    def junctions(self) -> gpd.GeoDataFrame:
        """Return where roads meet or a signal stands: `streets` (their names), `signal`, and points.

        `arriving` and `leaving` have the arms: `street`, and `towards`, the compass point that traffic heads for there.
        """
        from evac.road_tables import junctions_of  # noqa: PLC0415

        return junctions_of(self._ready().net)

    def area(self) -> shapely.Geometry:
        """Return the area that is ordered to leave (EPSG:4326)."""
        return self._ready().area

    @property
    def input_files(self) -> tuple[Path, ...]:
        """The files that the place is made from: the scenario's, and those that it names."""
        from evac.archive.basis import input_files  # noqa: PLC0415

        return (self.loaded.path, *input_files(self.loaded.model))

    def under(
        self, plan: str | Path = BASELINE, *, vehicles: float | str | None = None, departure: str | None = None
    ) -> Plan:
        """Return the place under a plan, in one case of the scenario. The plan's file is read, and nothing else done.

        Parameters
        ----------
        plan
            A plan of the place by its name, or the path of a plan's file.
        vehicles
            The vehicles-per-household case; the middle one when left out.
        departure
            The departure curve; the first one when left out.

        Raises
        ------
        ScenarioError
            There is no such plan or case, or the plan's file is wrong.
        """
        from evac.study.cases import middle_vehicles  # noqa: PLC0415

        loaded = load_plan(str(plan), self.loaded.plans_folder)
        label = middle_vehicles(self.loaded.model, list(self.vehicles)) if vehicles is None else _label(vehicles)
        for wanted, known in ((label, self.vehicles), (departure, self.departures)):
            if wanted is not None and wanted not in known:
                problem = Problem(str(self.loaded.path), f"has no case '{wanted}'", f"known: {', '.join(known)}")
                raise ScenarioError(problem)
        return Plan(self, loaded, label, departure or self.departures[0])

    def study(
        self,
        plans: Iterable[str | Path] = (BASELINE,),
        *,
        vehicles: Iterable[float | str] = (),
        departures: Iterable[str] = (),
        seeds: Iterable[int] = (),
        sensitivity: bool = False,
        until: float | None = None,
        max_seeds: int = 30,
        fidelity: Literal["micro", "meso"] = "micro",
        part: tuple[int, int] | None = None,
        engine: str = "local",
        jobs: int | None = None,
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
    ) -> Study:
        """Run plans and cases of the scenario side by side. Finished runs are never run again.

        Parameters
        ----------
        plans
            The plans; the first is the one that the others are compared with.
        vehicles, departures, seeds
            Which cases; all of the scenario's where left out.
        sensitivity
            Whether to run the middle case at ± 15 % lane capacity as well.
        until, max_seeds
            Add seeds until the 95 % interval of the 90 % clearance is this narrow (0.05 is ± 5 %), up to so many.
        fidelity
            SUMO's model: `micro`, or `meso` for a coarse look.
        part
            Only the n-th of m parts, for the tasks of a batch system that share a cache.
        engine, jobs
            What runs them (`local`, `serial`, `dask`, `dask://host:port`), and how many side by side; all cores when
            left out.
        on_progress
            Takes a `Progress` at each step, and at each simulated minute of each run.
        cancel
            Asked at the same times whether to end.

        Raises
        ------
        UserError
            An input is wrong.
        Cancelled
            It was called off. Finished runs are kept.
        """
        from evac.study import Precision, Selection  # noqa: PLC0415

        selection = Selection(
            tuple(map(_label, vehicles)),
            tuple(departures),
            tuple(seeds),
            sensitivity=sensitivity,
            fidelity=fidelity,
            part=part,
            until=Precision(until, max_seeds) if until else None,
        )
        return self._run(self._load(plans), selection, engine, jobs, Watch(on_progress, cancel))

    def search(
        self,
        *,
        officers: int,
        cones: int = 0,
        barricades: int = 0,
        plan: str | Path = BASELINE,
        city: str | Path | None = None,
        within_s: float | None = None,
        screen: Literal["micro", "meso"] = "micro",
        seeds: int = 8,
        seed: int | None = None,
        vehicles: float | str | None = None,
        departure: str | None = None,
        engine: str = "local",
        jobs: int | None = None,
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
    ) -> Search:
        """Search for the best plan that so many officers, cones and barricades can carry out (docs/search.md).

        Interrupted or out of time, the same search goes on from there. How far it is stands in
        `reports/<place>/search/progress.html`; the rest is written by `Search.write`.

        Parameters
        ----------
        officers, cones, barricades
            What there is.
        plan
            A plan that holds in any case; what it takes counts.
        city
            A file with what the city forbids, and how long it takes to set things up.
        within_s
            How long it may take (s); as long as it takes when left out.
        screen
            SUMO's model for the first look.
        seeds, seed
            How many seeds the best plans are simulated with, and the first of them.
        vehicles, departure
            The case; the scenario's middle one when left out.
        engine, jobs, on_progress, cancel
            As for `study`.

        Raises
        ------
        UserError
            An input is wrong, or no action is of use: then the reasons are told by kind.
        Cancelled
            It was called off. What has been simulated is kept.
        """
        from evac.searching import Wish, search_in  # noqa: PLC0415

        under = self.under(plan, vehicles=vehicles, departure=departure)
        rules = None if city is None else Path(city)
        wish = Wish(officers, cones, barricades, rules, within_s, screen, seeds, seed, engine, jobs)
        return search_in(self, under, wish, Watch(on_progress, cancel))

    def _load(self, plans: Iterable[str | Path]) -> list[LoadedPlan]:
        """Read plans, and refuse one that is there twice."""
        found = [load_plan(str(name), self.loaded.plans_folder) for name in plans]
        keys = [plan.key for plan in found]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ScenarioError(Problem("plans", f"has {', '.join(map(repr, twice))} twice", "name each plan once"))
        return found

    def finished(
        self,
        plans: Iterable[str | Path] = (BASELINE,),
        *,
        vehicles: Iterable[float | str] = (),
        departures: Iterable[str] = (),
        seeds: Iterable[int] = (),
        sensitivity: bool = False,
    ) -> Study:
        """Return the same study from what has been run already; what is missing is among its failures.

        Nothing is simulated. The parameters and errors are those of `study`.
        """
        from evac.outcome import Study  # noqa: PLC0415
        from evac.report.from_cache import read_study  # noqa: PLC0415
        from evac.study import Selection  # noqa: PLC0415

        selection = Selection(tuple(map(_label, vehicles)), tuple(departures), tuple(seeds), sensitivity=sensitivity)
        watch = Watch()
        laid = self._lay(self._load(plans), watch)
        found = read_study(self._ready(watch), laid, selection, self.cache)
        return Study(self, laid, selection, found)

    def runs(self) -> pd.DataFrame:
        """Return all finished runs that studies of this place have asked for, a row each, the newest first.

        Columns `job`, `plan`, `vehicles_per_household`, `departure`, `seed`, `fidelity`, `capacity_factor`, `signals`,
        `planned`, `evacuated`, `in_refuge`, `driving`, `waiting`, `no_route` (vehicles), `mean_delay_s`, `t50_s`,
        `t90_s`, `t95_s`, `t100_s` (missing: not cleared), `trusted`, `reasons`, `ended` (UTC), `wall_s` (how long it
        took). Needs no preparation.
        """
        from evac.kept_run import kept_runs  # noqa: PLC0415

        return kept_runs(self.cache, self.key)

    def kept_run(self, job: str) -> KeptRun:
        """Return a finished run of this place by its `job`, as `runs` lists it. Needs no preparation.

        Raises
        ------
        UserError
            There is no such run.
        """
        from evac.kept_run import KeptRun  # noqa: PLC0415
        from evac.seals import has_entry  # noqa: PLC0415

        folder = self.cache / "runs" / job
        if job not in set(self.runs()["job"]) or not has_entry(folder):
            raise UserError(Problem(f"the runs of {self.key}", f"there is no run '{job}'", "Place.runs() lists them"))
        return KeptRun(folder)

    def _run(
        self, plans: Sequence[LoadedPlan], selection: Selection, engine: str, jobs: int | None, watch: Watch
    ) -> Study:
        from evac.outcome import Study  # noqa: PLC0415
        from evac.study import run_study  # noqa: PLC0415
        from evac.study.cases import cases_of  # noqa: PLC0415
        from evac.study.engines import cores, engine_of  # noqa: PLC0415

        runner = engine_of(engine, jobs or cores())
        prepared = self._ready(watch)
        laid = self._lay(plans, watch)
        watch.runs = len(cases_of(prepared.loaded.model, selection, str(self.loaded.path), list(laid)))
        found = run_study(prepared, laid, selection, self.cache, engine=runner, display=watch)
        return Study(self, laid, selection, found)

    def _ready(self, watch: Watch | None = None) -> Prepared:
        """Return the prepared scenario; it is made once, whoever asks first."""
        with self._lock:
            if self._prepared is None:
                from evac.report.settings import load_settings  # noqa: PLC0415

                load_settings(self.loaded.folder)  # a mistake in there is told before the long work
                watch = watch or Watch()
                watch.send(Progress("preparing", 0.0, "Preparing"))
                from evac.study.prepare import prepare  # noqa: PLC0415 - pandas and the rest take seconds to import

                self._prepared = prepare(self.loaded, self.cache, watch.preparing())
                for finding in self._prepared.unexpected:
                    watch.send(Progress("preparing", 1.0, f"Warning: {finding.text}", warning=True))
            return self._prepared

    def _lay(self, plans: Sequence[LoadedPlan], watch: Watch | None = None) -> dict[str, UnderPlan]:
        """Lay plans over the place, each as its file was when it was read; the plans by their keys."""
        from evac.study.under_plan import under_plan  # noqa: PLC0415

        prepared, watch = self._ready(watch), watch or Watch()
        found: dict[str, UnderPlan] = {}
        for number, plan in enumerate(plans):
            watch.send(Progress("laying plans", number / len(plans), f"Laying {plan.key} over the network"))
            with self._lock:
                document, known = plan.document(), self._laid.get(plan.key)
                if known is None or known[0] != document or known[1].plan != plan:
                    self._laid[plan.key] = document, under_plan(prepared, plan, self.cache)
                found[plan.key] = self._laid[plan.key][1]
        return found


_PLAN_COLUMNS = ["plan", "name", "note", "extends", "actions", *RESOURCES, "problem"]


def _label(vehicles: float | str) -> str:
    """Return a vehicles-per-household case as the scenario calls it."""
    return vehicles if isinstance(vehicles, str) else vehicles_label(vehicles)
