"""Which cases a study runs, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, Literal

from evac.demand.drivers import LESS_CAPACITY, MORE_CAPACITY
from evac.errors import Problem, ScenarioError
from evac.plans import BASELINE
from evac.schema.background import Background
from evac.schema.demand import Departure, VehiclesPerHousehold
from evac.schema.scenario import Scenario, case_label, vehicles_label, vehicles_words
from evac.simulate.job import Case
from evac.study.precision import Precision

_PROGRAMS = {"actuated": "actuated", "static": "fixed"}
"""Signal programs in words."""


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
        Whether to run the middle case at ± 15 % lane capacity as well, with other signal programs where a signal is at
        a bottleneck, and with something else at the signals that a plan switches off.
    fidelity
        SUMO's model; `mixed` is the microscopic one, with coarse runs beside it where `until` is reached sooner so.
    part
        Run only the n-th of m parts (from 1), for the tasks of a batch system that share a cache.
    added
        Single cases with another seed: vehicles per household, departure curve, seed (`study.precision` adds them).
    coarse
        The same of coarse runs beside microscopic ones (`study.mixing` adds them).
    until
        Add seeds until the clearance times are this precise.
    """

    vehicles: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    sensitivity: bool = True
    fidelity: Literal["micro", "meso", "mixed"] = "micro"
    part: tuple[int, int] | None = None
    added: tuple[tuple[str, str, int], ...] = ()
    coarse: tuple[tuple[str, str, int], ...] = ()
    until: Precision | None = None

    @property
    def model(self) -> Literal["micro", "meso"]:
        """SUMO's model in which the matrix is run."""
        return "meso" if self.fidelity == "meso" else "micro"


def cases_of(scenario: Scenario, selection: Selection, place: str, plans: Sequence[str] = (BASELINE,)) -> list[Case]:
    """Return the cases of a scenario: the selected matrix, the middle case at other lane capacities, what was added.

    Raises
    ------
    ScenarioError
        The selection names a case that the scenario doesn't have.
    """
    vehicles, departures, seeds = _asked(scenario, selection, place)
    cases = [
        Case(vehicles_per_household=number, departure=departure, seed=seed, plan=plan, fidelity=selection.model)
        for plan, departure, number, seed in product(plans, departures, vehicles, seeds)
    ]
    if selection.sensitivity:
        cases += [
            replace(case, capacity_factor=factor)
            for case, factor in product(middle_cases(scenario, selection, place, plans), (LESS_CAPACITY, MORE_CAPACITY))
        ]
    return cases + [
        Case(vehicles_per_household=number, departure=departure, seed=seed, plan=plan, fidelity=selection.model)
        for plan, (number, departure, seed) in product(plans, selection.added)
        if number in vehicles and departure in departures
    ]


def middle_cases(scenario: Scenario, selection: Selection, place: str, plans: Sequence[str]) -> list[Case]:
    """Return the one case of each plan that assumptions are varied in: the middle number of vehicles, the first seed.

    Raises
    ------
    ScenarioError
        The selection names a case that the scenario doesn't have.
    """
    vehicles, departures, seeds = _asked(scenario, selection, place)
    middle = Case(
        vehicles_per_household=middle_vehicles(scenario, vehicles),
        departure=departures[0],
        seed=seeds[0],
        fidelity=selection.model,
    )
    return [replace(middle, plan=plan) for plan in plans]


def coarse_beside(selection: Selection, plans: Sequence[str]) -> list[Case]:
    """Return the coarse cases that a selection has beside microscopic ones."""
    return [
        Case(vehicles_per_household=number, departure=departure, seed=seed, plan=plan, fidelity="meso")
        for plan, (number, departure, seed) in product(plans, selection.coarse)
    ]


def as_run(selection: Selection, scenario: Scenario, cases: Sequence[Case], coarse: Sequence[Case] = ()) -> Selection:
    """Return a selection with the seeds that it was run with: those asked for, and those added to single cases.

    `coarse` are the cases that were run coarsely beside microscopic ones.
    """
    seeds = tuple(selection.seeds or scenario.seeds)
    added, beside = (
        tuple(sorted({(case.vehicles_per_household, case.departure, case.seed) for case in some}))
        for some in ([case for case in cases if case.seed not in seeds], coarse)
    )
    return replace(selection, seeds=seeds, added=added, coarse=beside)


def told_apart(selection: Selection, scenario: Scenario) -> dict[str, Any]:
    """Return what tells a study from others of the same plans, as plain JSON values.

    Parts of a study belong to it, and so do the seeds that are added to make it precise.
    """
    content = asdict(selection)
    return {
        **{name: content[name] for name in ("vehicles", "departures", "sensitivity", "fidelity", "until")},
        "seeds": selection.seeds or scenario.seeds,
    }


def middle_vehicles(scenario: Scenario, labels: Sequence[str]) -> str:
    """Return the middle one of vehicles-per-household cases, by their means; the lower of two."""
    by_mean = sorted(labels, key=lambda label: mean_vehicles(vehicles_case(scenario, label)))
    return by_mean[(len(by_mean) - 1) // 2]


def one_case(scenario: Scenario, vehicles: str | None = None, departure: str | None = None) -> tuple[str, str]:
    """Return the case to run where only one is: as asked, else the middle number of vehicles and the first curve."""
    labels = [vehicles_label(case) for case in scenario.vehicles_per_household]
    return vehicles or middle_vehicles(scenario, labels), departure or scenario.departures[0].name


def mean_vehicles(case: float | VehiclesPerHousehold) -> float:
    """Return the mean number of vehicles of all households."""
    if isinstance(case, VehiclesPerHousehold):
        return sum(number * share for number, share in case.distribution.items())
    return case


def from_few_to_many(scenario: Scenario, cases: Sequence[Case]) -> list[str]:
    """Return the vehicles-per-household cases of some cases, from few vehicles to many."""
    labels = dict.fromkeys(case.vehicles_per_household for case in cases)
    return sorted(labels, key=lambda label: mean_vehicles(vehicles_case(scenario, label)))


def vehicles_case(scenario: Scenario, label: str) -> float | VehiclesPerHousehold:
    """Return a vehicles-per-household case by its label."""
    return next(case for case in scenario.vehicles_per_household if vehicles_label(case) == label)


def departure_of(scenario: Scenario, name: str) -> Departure:
    """Return a departure curve by its name."""
    return next(item for item in scenario.departures if item.name == name)


def background_of(scenario: Scenario, departure: str) -> Background:
    """Return the background traffic of a departure curve: its own, or the scenario's."""
    own = departure_of(scenario, departure).background
    return scenario.background if own is None else own


def case_name(case: Case) -> str:
    """Return a case in words, for progress and messages."""
    parts = [vehicles_words(case.vehicles_per_household), case.departure, f"seed {case.seed}"]
    if case.plan != BASELINE:
        parts.insert(0, case.plan)
    if case.fidelity != "micro":
        parts.append("coarse (mesoscopic)")
    if case.capacity_factor != 1.0:
        parts.append(f"lanes pass {case.capacity_factor:.0%}")
    if case.signals is not None:
        parts.append(f"{_PROGRAMS[case.signals]} signal programs")
    return " · ".join(parts)


def _asked(scenario: Scenario, selection: Selection, place: str) -> tuple[Sequence[str], Sequence[str], Sequence[int]]:
    """Return the vehicles-per-household cases, departure curves and seeds of a selection."""
    labels = [vehicles_label(case) for case in scenario.vehicles_per_household]
    vehicles = _selected(labels, [case_label(given) for given in selection.vehicles], place)
    departures = _selected([item.name for item in scenario.departures], selection.departures, place)
    return vehicles, departures, selection.seeds or scenario.seeds


def _selected(known: Sequence[str], wanted: Sequence[str], place: str) -> Sequence[str]:
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ScenarioError(
            Problem(place, f"has no case {', '.join(map(repr, unknown))}", f"known: {', '.join(known)}")
        )
    return [name for name in known if name in wanted] if wanted else known
