"""From a case to its job: what the result depends on, the demand, and what SUMO is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evac import clock
from evac.demand.background import ENGINE, build_background, engine_attributes, write_background
from evac.demand.buses import BusService, build_buses, write_bus_type
from evac.demand.drivers import right_of_way_attributes, right_of_way_options, vtype_attributes
from evac.demand.errands import errands_not_made
from evac.demand.incidents import Breakdowns, breakdowns
from evac.demand.misdirected import misdirected
from evac.demand.on_stages import on_stages
from evac.demand.orders import driver_under, staying
from evac.demand.routes import leaves_s, routing_options, write_exit_zones, write_trips
from evac.demand.starts import FREE_CHOICE
from evac.demand.vehicles import household_keys
from evac.demand.walkers import TOO_FAR, build_walkers
from evac.errors import Problem, ScenarioError
from evac.limits.signals import read_programs
from evac.measure import measure_run
from evac.measure.control import Control
from evac.network.exits.drive_beyond import DrivesBeyond
from evac.network.signal_programs import OTHER, other_programs
from evac.overlay.signals import OFF
from evac.overlay.staging import Staged
from evac.plans.stages import Stages
from evac.schema.demand import Measured, VehiclesPerHousehold
from evac.simulate import JobInputs, Progress, run_job
from evac.simulate.job import Case, Job
from evac.study.bounds import at_best_under
from evac.study.cases import background_of, departure_of, vehicles_case
from evac.study.ground import Ground, Terms, demand_of

# What a run's result doesn't depend on.
_NOT_OF_A_RUN = {
    *("name", "note", "report", "osm", "area", "households", "seeds", "vehicles_per_household", "departures"),
    *("background", "hazard", "refuges"),  # that of the case, and the digest of the hazard's files, stand beside it
}


@dataclass
class Jobs:
    """The jobs of cases under the same terms. What all seeds share is put together once: a study has thousands.

    Parameters
    ----------
    terms
        The terms.
    """

    terms: Terms
    _contents: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, case: Case) -> Job:
        """Return the job of a case."""
        shared = case.vehicles_per_household, case.departure
        if shared not in self._contents:
            self._contents[shared] = job_of(self.terms, case).content
        return Job(case, self._contents[shared])


def job_of(terms: Terms, case: Case) -> Job:
    """Return the job of a case: what its result depends on, and nothing else.

    Its content is the same for all cases of the same vehicles per household and departures.
    """
    vehicles = vehicles_case(terms.model, case.vehicles_per_household)
    departure = departure_of(terms.model, case.departure)
    inputs = {"net": terms.network.digest, "households": terms.households.digest}
    if terms.hazard is not None:
        inputs["hazard"] = terms.hazard
    if isinstance(departure.curve, Measured):
        inputs["departures"] = departure.curve.digest
        curve: dict[str, Any] = {"form": departure.curve.form}
    else:
        curve = departure.curve.model_dump(mode="json")
    settings = {
        "scenario": terms.model.model_dump(mode="json", exclude=_NOT_OF_A_RUN),
        "plan": list(terms.plan),
        "vehicles_per_household": vehicles.model_dump(mode="json")
        if isinstance(vehicles, VehiclesPerHousehold)
        else vehicles,
        "departure": curve,
        "background": background_of(terms.model, case.departure).model_dump(mode="json"),
        "exits": [
            [
                item.name,
                list(item.edges),
                *([item.veh_per_h] if item.veh_per_h else []),
                *(asdict(spell) for spell in item.beyond),
                *([{"drive_s": item.drive_s}] if item.drive_s else []),
            ]
            for item in terms.exits
        ],
        "bottlenecks": [[item.name, item.edge, list(item.lanes)] for item in terms.bottlenecks],
    }
    if terms.refuges:
        settings["refuges"] = [[item.name, list(item.edges), item.vehicles, item.people] for item in terms.refuges]
    if terms.meso is not None:
        settings["meso"] = {**asdict(terms.meso), "doubts": terms.facts.doubts, "caveats": terms.facts.caveats}
    return Job.of(case, settings=settings, inputs=inputs)


def run_folder(job: Job, cache: Path) -> Path:
    """Return where the run of a job is, or will be."""
    return cache / "runs" / job.digest


def perform(
    ground: Ground,
    job: Job,
    cache: Path,
    *,
    begin: Callable[[int], None],
    update: Callable[[Progress], None],
) -> Path:
    """Run a job, and return its directory.

    Raises `ScenarioError` where nobody leaves.

    `begin` is called with the number of planned vehicles when the run begins, `update` after each simulated minute.
    """
    vehicles = demand_of(ground, job.case)
    if vehicles.empty:
        what = "nobody leaves in a vehicle, so there is nothing to simulate"
        raise ScenarioError(Problem("households", what, "look at 'compliance', 'vehicles_per_household' and the plan"))
    others = _others(ground, job.case)
    begin(int((vehicles["status"] == "planned").sum()))
    inputs = _inputs(ground.terms, job.case, vehicles, others)
    return run_job(job, inputs, cache, update, _measuring(ground, job.case, vehicles, others))


@dataclass(frozen=True)
class _Others:
    """Who is under way beside the vehicles that evacuate: background traffic, buses, and people on foot."""

    background: pd.DataFrame
    buses: BusService | None
    walkers: pd.DataFrame | None


def _others(ground: Ground, case: Case) -> _Others:
    walkers = _walkers(ground, case)
    return _Others(_background(ground, case), _buses(ground, case, walkers), walkers)


def _measuring(ground: Ground, case: Case, vehicles: pd.DataFrame, others: _Others) -> Callable[[Path], dict[str, Any]]:
    """Return what measures the run of these vehicles."""
    terms = ground.terms
    usual = vehicles_case(terms.model, case.vehicles_per_household)
    stays = staying(ground.homes["zone"], usual, case.seed, terms.orders, terms.model.compliance)
    facts = replace(
        terms.facts,
        households_not_ordered=stays.households_not_ordered,
        households_defying=stays.households_defying,
        without_vehicle=stays.without_vehicle,
        vehicles_left_at_home=stays.vehicles_left_at_home,
        misdirected=misdirected(vehicles, ground.homes, ground.starts),
        errands_not_made=errands_not_made(
            vehicles,
            terms.model.before_leaving,
            vehicles["household"].map(
                dict(zip(ground.homes["household"], household_keys(ground.homes["zone"]), strict=True))
            ),
            seed=case.seed,
        ),
        errands={str(name): int(number) for name, number in vehicles["errand"].value_counts().sort_index().items()},
    )
    return lambda run_dir: measure_run(
        run_dir,
        vehicles,
        ground.net,
        terms.exits,
        bottlenecks=terms.bottlenecks,
        trust=terms.model.trust,
        facts=facts,
        with_lanes=terms.meso is None,
        background=others.background,
        arrival_s=terms.arrival_s,
        buses=others.buses,
        walkers=others.walkers,
        at_best=at_best_under(ground, case, vehicles) if terms.meso is None else None,
        roads=terms.staged.stages.roads if terms.staged else None,
        refuges=terms.refuges,
        with_incidents=terms.model.incidents is not None and terms.meso is None,
        with_drives=[item for item in terms.exits if item.has_drive],
        control=Control(ground.net, terms.timetable.states(), read_programs([terms.additional or ""])),
    )


def _background(ground: Ground, case: Case) -> pd.DataFrame:
    terms = ground.terms
    return build_background(
        background_of(terms.model, case.departure),
        ground.starts[0][1](FREE_CHOICE),
        ground.net,
        terms.exits,
        seed=case.seed,
        driver=driver_under(terms.orders, terms.model.driver),
        closed=ground.closed,
    )


def _walkers(ground: Ground, case: Case) -> pd.DataFrame | None:
    """Return what becomes of the people who walk to refuges, where the scenario lets them."""
    terms = ground.terms
    if terms.model.walking is None:
        return None
    beside = ground.starts[0][1](FREE_CHOICE)["edge"]
    return build_walkers(
        terms.model.walking,
        terms.refuges,
        ground.homes,
        vehicles_per_household=vehicles_case(terms.model, case.vehicles_per_household),
        departure=departure_of(terms.model, case.departure),
        seed=case.seed,
        scenario=terms.model,
        orders=terms.orders,
        reached_s=beside.map(terms.arrival_s or {}).astype(float).fillna(np.inf).to_numpy(),
    )


def _buses(ground: Ground, case: Case, walkers: pd.DataFrame | None) -> BusService | None:
    """Return the buses; the mesoscopic model has none, because it knows no lanes to stop beside."""
    terms = ground.terms
    if terms.model.buses is None or terms.meso is not None:
        return None
    return build_buses(
        terms.model.buses,
        ground.homes,
        vehicles_per_household=vehicles_case(terms.model, case.vehicles_per_household),
        departure=departure_of(terms.model, case.departure),
        seed=case.seed,
        scenario=terms.model,
        net=ground.net,
        exits=terms.exits,
        orders=terms.orders,
        on_foot=[] if walkers is None else walkers.loc[walkers["status"] != TOO_FAR, "household"].tolist(),
    )


def _breakdowns(terms: Terms, case: Case, vehicles: pd.DataFrame, background: pd.DataFrame) -> Breakdowns | None:
    """Return who crashes or stalls; nobody in the mesoscopic model, where a car on no lane takes none."""
    if terms.model.incidents is None or terms.meso is not None:
        return None
    return breakdowns(terms.model.incidents, [*vehicles["vehicle"], *background["vehicle"]], case.seed)


def _inputs(terms: Terms, case: Case, vehicles: pd.DataFrame, others: _Others) -> JobInputs:
    model, background, buses = terms.model, others.background, others.buses
    driver = driver_under(terms.orders, model.driver)
    staged = terms.staged or Staged(terms.network, terms.timetable, Stages())
    stages = staged.stages
    exits = [replace(item, edges=stages.edges_of(item.edges)) for item in terms.exits]
    refuges = tuple(replace(item, edges=stages.edges_of(item.edges)) for item in terms.refuges)
    vehicles = on_stages(vehicles, stages, leaves_s(vehicles), ("edge", "stop_edge"))
    background = on_stages(background, stages, background["departure_s"], ("edge", "to_edge"))
    additional = staged.additional(terms.additional)
    drives = DrivesBeyond(exits) if any(item.has_drive for item in exits) else None
    some_held = bool(refuges or vehicles["exit"].notna().any() or staged.timetable.states().approaches)

    def write_routes(path: Path) -> None:
        write_trips(
            vehicles,
            exits,
            path,
            driver=driver,
            traffic=model.traffic,
            capacity_factor=case.capacity_factor,
            refuges=refuges,
        )

    writers: dict[str, Callable[[Path], object]] = {
        "trips.rou.xml": write_routes,
        "exits.add.xml": lambda path: write_exit_zones(
            exits, path, some_held=some_held, refuges=refuges, drives=drives
        ),
    }
    if len(background):
        has_engines = (background["kind"] == ENGINE).any()
        follows = vtype_attributes(driver.profile, case.capacity_factor) | right_of_way_attributes(model.traffic)
        engine = engine_attributes(follows) if has_engines else None
        writers["background.rou.xml"] = lambda path: write_background(background, exits, path, engine=engine)
    if buses is not None:
        writers["buses.rou.xml"] = lambda path: write_bus_type(
            path, driver=driver, traffic=model.traffic, capacity_factor=case.capacity_factor
        )
    timetable = staged.timetable
    if case.signals is not None:
        text = other_programs(staged.network.net_file, case.signals)
        writers["signals.add.xml"] = lambda path: path.write_text(text, encoding="utf-8")
        # a signal that only the plan has stays off before and after
        programs = (item if item.normal == OFF else replace(item, normal=OTHER) for item in timetable.programs)
        timetable = replace(timetable, programs=tuple(programs))
    if terms.meso is not None and terms.meso.roads:
        writers["roads.add.xml"] = terms.meso.write_types
    if additional is not None:
        writers["plan.add.xml"] = lambda path: path.write_text(additional, encoding="utf-8")
    return JobInputs(
        net_file=staged.network.net_file,
        write=writers,
        end_s=model.simulation.end_h * clock.HOUR_S,
        gridlock_after_s=model.simulation.gridlock_after_s,
        teleport_after_s=model.simulation.teleport_after_s,
        extra_options=(
            *routing_options(model.simulation, driver),
            *right_of_way_options(model.traffic),
        ),
        timetable=timetable,
        exits={item.name: item.edges for item in exits},
        # The mesoscopic model's exits have headways instead (`study.screening`), and nobody is held at their lines.
        veh_per_h={item.name: item.veh_per_h for item in exits if item.veh_per_h and terms.meso is None},
        beyond={
            item.name: item.beyond
            for item in exits
            if any(spell.veh_per_h is not None for spell in item.beyond) and terms.meso is None
        },
        drives=drives,
        meso=terms.meso,
        buses=buses,
        breakdowns=_breakdowns(terms, case, vehicles, background),
        stages=stages,
        refuges=refuges,
    )
