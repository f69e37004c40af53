"""From a case to its job: what the result depends on, the demand, and what SUMO is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from evac.demand import build_demand
from evac.demand.drivers import right_of_way_options
from evac.demand.orders import driver_under, staying
from evac.demand.routes import routing_options, write_exit_zones, write_trips
from evac.files import digest_file
from evac.measure import measure_run
from evac.schema.demand import Measured, VehiclesPerHousehold
from evac.simulate import JobInputs, Progress, run_job
from evac.simulate.job import Case, Job
from evac.study.cases import departure_of, vehicles_case
from evac.study.prepare import Prepared
from evac.study.under_plan import UnderPlan

_SECONDS_AN_HOUR = 3600
# What a run's result doesn't depend on.
_NOT_OF_A_RUN = {"name", "note", "report", "osm", "area", "households", "seeds", "vehicles_per_household", "departures"}


def job_of(prepared: Prepared, plan: UnderPlan, case: Case) -> Job:
    """Return the job of a case: what its result depends on, and nothing else."""
    model = prepared.loaded.model
    vehicles = vehicles_case(model, case.vehicles_per_household)
    departure = departure_of(model, case.departure)
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


def perform(
    prepared: Prepared,
    plan: UnderPlan,
    case: Case,
    cache: Path,
    *,
    begin: Callable[[int], None],
    update: Callable[[Progress], None],
) -> tuple[str, Path]:
    """Run one case, or find it in the cache; return its job's digest and its directory.

    `begin` is called with the number of planned vehicles when the run begins, `update` after each simulated minute.
    """
    job = job_of(prepared, plan, case)
    if (cache / "runs" / job.digest).is_dir():
        return job.digest, cache / "runs" / job.digest
    vehicles = _demand(prepared, plan, case)
    begin(int((vehicles["status"] == "planned").sum()))
    folder = run_job(
        job, _inputs(prepared, plan, case, vehicles), cache, update, _measuring(prepared, plan, case, vehicles)
    )
    return job.digest, folder


def _measuring(
    prepared: Prepared, plan: UnderPlan, case: Case, vehicles: pd.DataFrame
) -> Callable[[Path], dict[str, Any]]:
    """Return what measures the run of these vehicles."""
    model = prepared.loaded.model
    stays = staying(prepared.homes["zone"], vehicles_case(model, case.vehicles_per_household), case.seed, plan.orders)
    facts = replace(
        plan.facts,
        households_not_ordered=stays.households_not_ordered,
        vehicles_left_at_home=stays.vehicles_left_at_home,
    )
    return lambda run_dir: measure_run(
        run_dir, vehicles, plan.net, plan.exits, bottlenecks=plan.bottlenecks, trust=model.trust, facts=facts
    )


def _demand(prepared: Prepared, plan: UnderPlan, case: Case) -> pd.DataFrame:
    model = prepared.loaded.model
    return build_demand(
        prepared.homes,
        vehicles_per_household=vehicles_case(model, case.vehicles_per_household),
        departure=departure_of(model, case.departure),
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
