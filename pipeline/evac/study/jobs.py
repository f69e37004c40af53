"""From a case to its job: what the result depends on, the demand, and what SUMO is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from evac.demand.errands import errands_not_made
from evac.demand.misdirected import misdirected
from evac.demand.orders import staying
from evac.demand.vehicles import household_keys
from evac.errors import GivenUp, Problem, ScenarioError
from evac.limits.signals import read_programs
from evac.measure import measure_run
from evac.measure.control import Control
from evac.measure.facts import RunFacts
from evac.measure.setup import Setup
from evac.schema.demand import Measured, VehiclesPerHousehold
from evac.simulate import run_job
from evac.simulate.driving import Progress
from evac.simulate.job import Case, Job
from evac.study.bounds import at_best_under
from evac.study.cases import background_of, departure_of, vehicles_case
from evac.study.ground import Ground, Terms, demand_of
from evac.study.others import Others, others_of
from evac.study.sumo_inputs import inputs_of

# What a run's result doesn't depend on.
_NOT_OF_A_RUN = {
    *("name", "note", "report", "osm", "area", "households", "seeds", "vehicles_per_household", "departures"),
    *("background", "hazard", "refuges"),  # that of the case, and the digest of the hazard's files, stand beside it
}


@dataclass(frozen=True)
class Deadline:
    """By when a share of the planned vehicles must be out for a run to be of use: one that is later isn't finished.

    Parameters
    ----------
    percent
        The share (%).
    by_s
        Seconds after the order.
    """

    percent: float
    by_s: float


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
    deadline: Deadline | None = None,
) -> Path:
    """Run a job, and return its directory.

    Raises `ScenarioError` where nobody leaves, and `GivenUp` where the deadline is missed: then there is no run.

    `begin` is called with the number of planned vehicles when the run begins, `update` after each simulated minute.
    """
    vehicles = demand_of(ground, job.case)
    if vehicles.empty:
        what = "nobody leaves in a vehicle, so there is nothing to simulate"
        raise ScenarioError(Problem("households", what, "look at 'compliance', 'vehicles_per_household' and the plan"))
    others = others_of(ground, job.case)
    begin(int((vehicles["status"] == "planned").sum()))
    inputs = inputs_of(ground.terms, job.case, vehicles, others)
    watched = update if deadline is None else _keeping(deadline, int(vehicles["ordered"].sum()), update)
    return run_job(job, inputs, cache, watched, _measuring(ground, job.case, vehicles, others))


def _keeping(deadline: Deadline, planned: int, update: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Return what gives a run up in the first look after the deadline, when too few are out by then.

    SUMO's count has everybody who has left the roads, through traffic too: never fewer than the planned vehicles.
    """
    needed = math.ceil(planned * deadline.percent / 100)

    def watched(state: Progress) -> None:
        if state.time_s >= deadline.by_s and state.out < needed:
            raise GivenUp(deadline.by_s)
        update(state)

    return watched


def _measuring(ground: Ground, case: Case, vehicles: pd.DataFrame, others: Others) -> Callable[[Path], dict[str, Any]]:
    """Return what measures the run of these vehicles."""
    facts = _facts(ground, case, vehicles)
    return lambda run_dir: measure_run(
        run_dir, vehicles, ground.net, ground.terms.exits, _setup(ground, case, vehicles, others, facts)
    )


def _facts(ground: Ground, case: Case, vehicles: pd.DataFrame) -> RunFacts:
    """Return what is known before the run that bears on trust: of the terms, and of the case's vehicles."""
    terms = ground.terms
    usual = vehicles_case(terms.model, case.vehicles_per_household)
    stays = staying(ground.homes["zone"], usual, case.seed, terms.orders, terms.model.compliance)
    keys = dict(zip(ground.homes["household"], household_keys(ground.homes["zone"]), strict=True))
    not_made = errands_not_made(vehicles, terms.model.before_leaving, vehicles["household"].map(keys), seed=case.seed)
    return replace(
        terms.facts,
        households_not_ordered=stays.households_not_ordered,
        households_defying=stays.households_defying,
        without_vehicle=stays.without_vehicle,
        vehicles_left_at_home=stays.vehicles_left_at_home,
        misdirected=misdirected(vehicles, ground.homes, ground.starts),
        errands_not_made=not_made,
        errands={str(name): int(number) for name, number in vehicles["errand"].value_counts().sort_index().items()},
    )


def _setup(ground: Ground, case: Case, vehicles: pd.DataFrame, others: Others, facts: RunFacts) -> Setup:
    """Return how the run of these vehicles is set up; what no run can beat takes a while to find."""
    terms, with_lanes = ground.terms, ground.terms.meso is None
    return Setup(
        bottlenecks=terms.bottlenecks,
        trust=terms.model.trust,
        facts=facts,
        with_lanes=with_lanes,
        background=others.background,
        arrival_s=terms.arrival_s,
        buses=others.buses,
        walkers=others.walkers,
        at_best=at_best_under(ground, case, vehicles) if with_lanes else None,
        roads=terms.staged.stages.roads if terms.staged else {},
        refuges=terms.refuges,
        with_drives=[item for item in terms.exits if item.has_drive],
        with_incidents=terms.model.incidents is not None and with_lanes,
        control=Control(ground.net, terms.timetable.states(), read_programs([terms.additional or ""])),
    )
