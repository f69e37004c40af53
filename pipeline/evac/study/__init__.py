"""Stage `study`: every case of a scenario run once, side by side, a failed run without losing the others."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from evac.demand import build_demand
from evac.demand.drivers import LESS_CAPACITY, MORE_CAPACITY, right_of_way_options
from evac.demand.orders import driver_under, staying
from evac.demand.routes import routing_options, write_exit_zones, write_trips
from evac.errors import EvacError, Problem, ScenarioError
from evac.files import digest_file
from evac.measure import measure_run
from evac.measure.bottlenecks import BottleneckLanes
from evac.plan import BASELINE
from evac.schema.demand import Departure, Measured, VehiclesPerHousehold
from evac.schema.scenario import Scenario, vehicles_label
from evac.simulate import JobInputs, Progress, process, run_job
from evac.simulate.job import Case, Job
from evac.study.prepare import Prepared
from evac.study.same_lanes import LANES, measure_same_lanes
from evac.study.under_plan import UnderPlan

_LOG = logging.getLogger(__name__)
_SECONDS_AN_HOUR = 3600
# What a run's result doesn't depend on.
_NOT_OF_A_RUN = {"name", "note", "report", "osm", "area", "households", "seeds", "vehicles_per_household", "departures"}
_HIERARCHIES = ("CH", "CCH")  # routers that don't see roads close
Plans = Mapping[str, UnderPlan]
"""The plans of a study by their keys, in the order in which they are compared."""


class Display(Protocol):
    """Where a study shows how far it is."""

    def begin(self, name: str, planned: int) -> None:
        """Show that a run has begun."""

    def update(self, name: str, state: Progress) -> None:
        """Show how far a run is."""

    def finish(self, name: str, result: str) -> None:
        """Show how a run ended."""


@dataclass(frozen=True)
class Selection:
    """Which part of a scenario's matrix to run; what is empty selects all.

    Parameters
    ----------
    vehicles, departures
        Names of vehicles-per-household cases and departure curves.
    seeds
        Seeds instead of the scenario's.
    sensitivity
        Whether to run the middle case at ± 15 % lane capacity as well.
    """

    vehicles: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    sensitivity: bool = True


@dataclass(frozen=True)
class Run:
    """A finished run: its case, its job's digest, its directory, and where its lanes are measured for comparison."""

    case: Case
    job: str
    folder: Path
    lanes_folder: Path

    def manifest(self) -> dict[str, Any]:
        """Return the run's manifest, with the lanes that all runs of the study are measured at."""
        manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text())
        return {**manifest, **json.loads((self.lanes_folder / LANES).read_text())}

    def ledger(self) -> dict[str, Any]:
        """Return the run's trust ledger."""
        ledger: dict[str, Any] = json.loads((self.folder / "ledger.json").read_text())
        return ledger


@dataclass(frozen=True)
class Failure:
    """A run that failed, and why."""

    case: Case
    message: str


@dataclass(frozen=True)
class Study:
    """The runs of a study, in the order of the matrix, and those that failed."""

    runs: tuple[Run, ...]
    failures: tuple[Failure, ...]


def cases_of(scenario: Scenario, selection: Selection, place: str, plans: Sequence[str] = (BASELINE,)) -> list[Case]:
    """Return the cases of a scenario: the selected matrix, then each plan's middle case at other lane capacities.

    Raises
    ------
    ScenarioError
        The selection names a case that the scenario doesn't have.
    """
    vehicles = _selected([vehicles_label(case) for case in scenario.vehicles_per_household], selection.vehicles, place)
    departures = _selected([item.name for item in scenario.departures], selection.departures, place)
    seeds = selection.seeds or scenario.seeds
    cases = [
        Case(vehicles_per_household=number, departure=departure, seed=seed, plan=plan)
        for plan, departure, number, seed in product(plans, departures, vehicles, seeds)
    ]
    if selection.sensitivity:
        middle = sorted(vehicles, key=lambda label: mean_vehicles(_vehicles_case(scenario, label)))[
            (len(vehicles) - 1) // 2
        ]
        cases += [
            Case(
                vehicles_per_household=middle,
                departure=departures[0],
                seed=seeds[0],
                plan=plan,
                capacity_factor=factor,
            )
            for plan, factor in product(plans, (LESS_CAPACITY, MORE_CAPACITY))
        ]
    return cases


def mean_vehicles(case: float | VehiclesPerHousehold) -> float:
    """Return the mean number of vehicles of all households."""
    if isinstance(case, VehiclesPerHousehold):
        return sum(number * share for number, share in case.distribution.items())
    return case


def case_name(case: Case) -> str:
    """Return a case in words, for progress and messages."""
    parts = [f"{case.vehicles_per_household} vehicles per household", case.departure, f"seed {case.seed}"]
    if case.plan != BASELINE:
        parts.insert(0, case.plan)
    if case.capacity_factor != 1.0:
        parts.append(f"{case.capacity_factor - 1:+.0%} lane capacity")
    return " · ".join(parts)


def router_of(scenario: Scenario, plans: Plans) -> str:
    """Return the router of all runs: Dijkstra's where any plan opens or closes roads during the run.

    Hierarchies (CH, CCH) are built once and lead traffic to closed roads. All plans get the same router, since it
    changes results.
    """
    blind = scenario.simulation.router in _HIERARCHIES
    return "dijkstra" if blind and any(item.needs_dijkstra for item in plans.values()) else scenario.simulation.router


def with_router(prepared: Prepared, plans: Plans) -> Prepared:
    """Return the prepared scenario with the router that its plans need."""
    model = prepared.loaded.model
    simulation = model.simulation.model_copy(update={"router": router_of(model, plans)})
    return replace(prepared, loaded=replace(prepared.loaded, model=model.model_copy(update={"simulation": simulation})))


def run_study(
    prepared: Prepared, plans: Plans, selection: Selection, cache: Path, *, jobs: int, display: Display
) -> Study:
    """Run the selected cases that the cache doesn't have, at most `jobs` at a time.

    Parameters
    ----------
    prepared
        The scenario.
    plans
        The plans to compare, the baseline among them where it is wanted.
    selection
        Which cases to run.
    cache
        The cache's folder.
    jobs
        Simulations side by side.
    display
        Where progress is shown.

    Raises
    ------
    ScenarioError
        The selection names a case that the scenario doesn't have.
    KeyboardInterrupt
        All simulations have been ended, and nothing half-done is left that could be taken for done.
    """
    prepared = with_router(prepared, plans)
    cases = cases_of(prepared.loaded.model, selection, str(prepared.loaded.path), list(plans))
    folders: dict[Case, tuple[str, Path]] = {}
    failures: dict[Case, Failure] = {}
    for case, future in _finished(prepared, plans, cases, cache, jobs=jobs, display=display):
        try:
            folders[case] = future.result()
            display.finish(case_name(case), _in_words(folders[case][1]))
        except Exception as error:  # noqa: BLE001 - one run's failure, of whatever kind, must not lose the others
            _LOG.debug("run failed", exc_info=error)
            message = str(error) if isinstance(error, EvacError) else f"{type(error).__name__}: {error}"
            failures[case] = Failure(case, message)
            display.finish(case_name(case), f"failed: {message}")
    nets = {folder[0]: plans[case.plan].net for case, folder in folders.items()}
    lanes = measure_same_lanes(_all_lanes(plans), dict(folders.values()), nets, cache)
    runs = [Run(case, *folders[case], lanes[folders[case][0]]) for case in cases if case in folders]
    return Study(tuple(runs), tuple(failures[case] for case in cases if case in failures))


def _all_lanes(plans: Plans) -> list[BottleneckLanes]:
    """Return the scenario's bottlenecks with all lanes that they have under any plan."""
    lanes: dict[str, BottleneckLanes] = {}
    for item in (item for plan in plans.values() for item in plan.bottlenecks):
        known = lanes.get(item.name, item)
        lanes[item.name] = replace(known, lanes=tuple(sorted({*known.lanes, *item.lanes})))
    return list(lanes.values())


def _selected(known: Sequence[str], wanted: Sequence[str], place: str) -> Sequence[str]:
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ScenarioError(
            Problem(place, f"has no case {', '.join(map(repr, unknown))}", f"known: {', '.join(known)}")
        )
    return [name for name in known if name in wanted] if wanted else known


def _finished(
    prepared: Prepared, plans: Plans, cases: Sequence[Case], cache: Path, *, jobs: int, display: Display
) -> Iterator[tuple[Case, Future[tuple[str, Path]]]]:
    """Run the cases side by side, and yield each with its future when it has ended."""
    largest_first = sorted(cases, key=lambda case: -_mean_of(prepared, case))  # so that no long run is left for the end
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(_run, prepared, plans[case.plan], case, cache, display): case for case in largest_first}
        try:
            for future in as_completed(futures):
                yield futures[future], future
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            process.end_all()
            raise


def _mean_of(prepared: Prepared, case: Case) -> float:
    return mean_vehicles(_vehicles_case(prepared.loaded.model, case.vehicles_per_household))


def _run(prepared: Prepared, plan: UnderPlan, case: Case, cache: Path, display: Display) -> tuple[str, Path]:
    """Run one case, or find it in the cache."""
    job = job_of(prepared, plan, case)
    if (cache / "runs" / job.digest).is_dir():
        return job.digest, cache / "runs" / job.digest
    model = prepared.loaded.model
    vehicles = _demand(prepared, plan, case)
    display.begin(case_name(case), int((vehicles["status"] == "planned").sum()))
    stays = staying(prepared.homes["zone"], _vehicles_case(model, case.vehicles_per_household), case.seed, plan.orders)
    facts = replace(
        plan.facts,
        households_not_ordered=stays.households_not_ordered,
        vehicles_left_at_home=stays.vehicles_left_at_home,
    )
    folder = run_job(
        job,
        _inputs(prepared, plan, case, vehicles),
        cache,
        lambda state: display.update(case_name(case), state),
        lambda run_dir: measure_run(
            run_dir,
            vehicles,
            plan.net,
            plan.exits,
            bottlenecks=plan.bottlenecks,
            trust=model.trust,
            facts=facts,
        ),
    )
    return job.digest, folder


def _demand(prepared: Prepared, plan: UnderPlan, case: Case) -> pd.DataFrame:
    model = prepared.loaded.model
    return build_demand(
        prepared.homes,
        vehicles_per_household=_vehicles_case(model, case.vehicles_per_household),
        departure=_departure(model, case.departure),
        seed=case.seed,
        scenario=model,
        net=plan.net,
        exits=plan.exits,
        orders=plan.orders,
        starts=plan.starts,
    )


def _inputs(prepared: Prepared, plan: UnderPlan, case: Case, vehicles: pd.DataFrame) -> JobInputs:
    model = prepared.loaded.model
    driver = driver_under(plan.orders, model.driver)
    additional = plan.overlay.additional

    def write_routes(path: Path) -> None:
        write_trips(
            vehicles, plan.exits, path, driver=driver, traffic=model.traffic, capacity_factor=case.capacity_factor
        )

    writers: dict[str, Callable[[Path], object]] = {
        "trips.rou.xml": write_routes,
        "exits.add.xml": lambda path: write_exit_zones(plan.exits, path),
    }
    if additional is not None:
        writers["plan.add.xml"] = lambda path: path.write_text(additional, encoding="utf-8")
    return JobInputs(
        net_file=plan.overlay.network.net_file,
        write=writers,
        end_s=model.simulation.end_h * _SECONDS_AN_HOUR,
        gridlock_after_s=model.simulation.gridlock_after_s,
        teleport_after_s=model.simulation.teleport_after_s,
        extra_options=(*routing_options(model.simulation, driver), *right_of_way_options(model.traffic)),
        timetable=plan.overlay.timetable,
        exits={item.name: item.edges for item in plan.exits},
    )


def job_of(prepared: Prepared, plan: UnderPlan, case: Case) -> Job:
    """Return the job of a case: what its result depends on, and nothing else."""
    model = prepared.loaded.model
    vehicles = _vehicles_case(model, case.vehicles_per_household)
    departure = _departure(model, case.departure)
    inputs = {"net": plan.overlay.network.digest, "households": prepared.households.digest}
    if isinstance(departure.curve, Measured):
        inputs["departures"] = digest_file(departure.curve.file)
        curve: dict[str, Any] = {"form": departure.curve.form}
    else:
        curve = departure.curve.model_dump(mode="json")
    settings = {
        "scenario": model.model_dump(mode="json", exclude=_NOT_OF_A_RUN),
        "plan": plan.plan.document(),
        "vehicles_per_household": vehicles.model_dump(mode="json")
        if isinstance(vehicles, VehiclesPerHousehold)
        else vehicles,
        "departure": curve,
        "exits": [[item.name, list(item.edges)] for item in plan.exits],
        "bottlenecks": [[item.name, item.edge, list(item.lanes)] for item in plan.bottlenecks],
    }
    return Job.of(case, settings=settings, inputs=inputs)


def _vehicles_case(scenario: Scenario, label: str) -> float | VehiclesPerHousehold:
    return next(case for case in scenario.vehicles_per_household if vehicles_label(case) == label)


def _departure(scenario: Scenario, name: str) -> Departure:
    return next(item for item in scenario.departures if item.name == name)


def _in_words(folder: Path) -> str:
    manifest = json.loads((folder / "manifest.json").read_text())
    t90_s, t100_s = manifest["t90_s"], manifest["t100_s"]
    if t100_s is not None:
        return f"90 % out after {t90_s / _SECONDS_AN_HOUR:.2f} h, all after {t100_s / _SECONDS_AN_HOUR:.2f} h"
    return f"not cleared: {manifest['evacuated']:,} of {manifest['planned']:,} vehicles out by the end"
