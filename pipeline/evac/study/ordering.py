"""The latest safe order of a scenario's zones under a plan: trials as runs, the formula's answer beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evac.clock import MINUTE_S
from evac.demand.orders import Orders
from evac.demand.starts import FREE_CHOICE
from evac.errors import Problem, ScenarioError, SimulationError
from evac.files import digest_json
from evac.plans.model import Phase
from evac.plans.reading import LoadedPlan
from evac.seals import has_entry
from evac.simulate.job import Case
from evac.simulate.meso import Meso
from evac.study.cases import case_name
from evac.study.ground import Ground, demand_of, ground_of
from evac.study.jobs import job_of, run_folder
from evac.study.prepare import Prepared
from evac.study.runs import Display, Silent, read_manifest
from evac.study.safe_order import (
    Latest,
    SafeOrder,
    Search,
    Trial,
    latest_orders,
    over_searches,
    sequence,
)
from evac.study.screening import coarse
from evac.study.tasks import Engine, Task
from evac.study.under_plan import UnderPlan, under_plan

_PACES = (0.7, 1.3)
"""How much earlier and later than given the front may come: fire models miss times of arrival by about that."""
_EXACT = 1e-9
_TO_DRIVE_H = 6.0  # for those who are ordered when the last road is reached: else the end of time would be the limit


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Parameters
    ----------
    vehicles_per_household, departure
        The case.
    seeds
        Replications.
    share
        Share of a zone's vehicles that must be safe.
    step_min
        To how many minutes the answer is found.
    coarse
        Whether to search with the mesoscopic model, unfitted; what is found is then tried with the microscopic one.
    """

    vehicles_per_household: str
    departure: str
    seeds: tuple[int, ...]
    share: float = 0.95
    step_min: float = 5.0
    coarse: bool = False


@dataclass(frozen=True)
class ZoneOrder:
    """A zone's answer.

    Parameters
    ----------
    order
        Its latest safe order.
    way_cut_min
        When the last way out of more of its vehicles is cut than may be unsafe; None when never.
    clearance_min
        How long after its order that share was out, ordered as the plan has it; None when it never was.
    confirmed
        Whether the microscopic model agrees, after a search with the coarse one; None where it wasn't asked.
    """

    order: SafeOrder
    way_cut_min: float | None
    clearance_min: float | None
    confirmed: bool | None = None

    @property
    def formula_min(self) -> float | None:
        """The common rule, clearance subtracted from arrival; None where either is missing."""
        if self.way_cut_min is None or self.clearance_min is None:
            return None
        return self.way_cut_min - self.clearance_min

    @property
    def formula_error_min(self) -> float | None:
        """By how much the formula is later than what was found: positive is dangerous."""
        if self.formula_min is None or self.order.latest.minute is None:
            return None
        return self.formula_min - self.order.latest.minute


@dataclass(frozen=True)
class Answer:
    """The answer for a plan: each zone's, the most urgent first, and when to order all of them so that all are safe.

    `together` is None where no order makes all of them safe.
    """

    zones: tuple[ZoneOrder, ...]
    together: Mapping[str, float] | None
    runs: int


@dataclass
class Trials:
    """Trials as runs of a scenario.

    Parameters
    ----------
    prepared, plan
        The scenario and the plan that orders the other zones.
    asked
        The case.
    cache, engine, display
        As for a study.
    """

    prepared: Prepared
    plan: LoadedPlan
    asked: Asked
    cache: Path
    engine: Engine
    display: Display
    runs: int = 0
    _grounds: dict[float, Ground] = field(default_factory=dict)
    _unders: dict[float, UnderPlan] = field(default_factory=dict)

    def under(self, pace: float = 1.0) -> UnderPlan:
        """Return the scenario under the plan, with the hazard at a pace."""
        if pace not in self._unders:
            self._unders[pace] = under_plan(self.prepared, self.plan, self.cache, pace)
        return self._unders[pace]

    def judge(self, trials: Sequence[Trial]) -> list[Mapping[str, float]]:
        """Return the share of each zone's vehicles that is safe in each trial."""
        return [
            {zone: item["safe"] / item["planned"] for zone, item in manifest["hazard_zones"].items()}
            for manifest in self.manifests(trials)
        ]

    def manifests(self, trials: Sequence[Trial]) -> list[dict[str, dict[str, dict[str, float]]]]:
        """Run what the cache doesn't have, side by side, and return the runs' manifests.

        Raises
        ------
        SimulationError
            A run failed.
        """
        wanted = [(self._ground(item), self._case(item)) for item in map(self._as_planned, trials)]
        jobs = [job_of(ground.terms, case) for ground, case in wanted]
        tasks = {
            job.digest: Task(job, ground)
            for job, (ground, _) in zip(jobs, wanted, strict=True)
            if not has_entry(run_folder(job, self.cache))
        }
        with closing(self.engine.run(list(tasks.values()), self.cache, Silent())) as outcomes:
            for job, outcome in outcomes:
                if not isinstance(outcome, Path):
                    raise SimulationError(f"a trial failed: {case_name(job.case)}: {outcome}") from outcome
                self.runs += 1
        self.display.tell(f"{self.runs} trials")
        return [read_manifest(run_folder(job, self.cache)) for job in jobs]

    def _as_planned(self, trial: Trial) -> Trial:
        """Return a trial without the zones that it orders when the plan does: that of all zones at once is one run."""
        offsets = {zone: phase.offset_min for phase in self.under(trial.pace).orders.phases for zone in phase.zones}
        moved = tuple((zone, minute) for zone, minute in trial.minutes if minute != offsets.get(zone, 0.0))
        return replace(trial, minutes=moved)

    def departures(self, seed: int) -> pd.DataFrame:
        """Return the planned vehicles of a seed, ordered as the plan has it: `household`, `zone`, `departure_s`."""
        trial = Trial((), seed)
        vehicles = demand_of(self._ground(trial), self._case(trial))
        return vehicles.loc[vehicles["ordered"], ["household", "zone", "departure_s"]]

    def _case(self, trial: Trial) -> Case:
        ordered = ", ".join(f"{zone} at {minute:g} min" for zone, minute in trial.minutes)
        pace = "" if trial.pace == 1.0 else f" · arrival at {trial.pace:.0%}"
        return Case(
            vehicles_per_household=self.asked.vehicles_per_household,
            departure=self.asked.departure,
            seed=trial.seed,
            plan=" · ".join(filter(None, [self.plan.key, ordered])) + pace,
            fidelity="meso" if self.asked.coarse else "micro",
        )

    def _ground(self, trial: Trial) -> Ground:
        if trial.pace not in self._grounds:
            ground = ground_of(self.prepared, self.under(trial.pace))
            self._grounds[trial.pace] = coarse(ground, Meso(), self.cache) if self.asked.coarse else ground
        ground = self._grounds[trial.pace]
        minutes = dict(trial.minutes)
        model = ground.terms.model
        end_h = max(model.simulation.end_h, _last_arrival_min(self, trial.pace) / 60.0 + _TO_DRIVE_H)
        terms = replace(
            ground.terms,
            model=model.model_copy(update={"simulation": model.simulation.model_copy(update={"end_h": end_h})}),
            orders=_ordered_at(ground.terms.orders, minutes),
            plan=(*ground.terms.plan, {"ordered_min": minutes}),
        )
        return replace(ground, terms=terms)


def about(trials: Trials) -> dict[str, Any]:
    """Return of what an answer is: the plan, the case, and `stands_on`, a digest of all that its runs depend on."""
    asked = trials.asked
    return {
        "plan": trials.plan.key,
        "vehicles_per_household": asked.vehicles_per_household,
        "departure": asked.departure,
        "share": asked.share,
        "fidelity": "meso" if asked.coarse else "micro",
        "stands_on": stands_on(trials.prepared, trials.under(), asked.vehicles_per_household, asked.departure),
    }


def stands_on(prepared: Prepared, under: UnderPlan, vehicles_per_household: str, departure: str) -> str:
    """Return a digest of what the runs of a case under a plan depend on, but for seeds and the model's grain."""
    case = Case(vehicles_per_household=vehicles_per_household, departure=departure, seed=0, plan=under.plan.key)
    return digest_json({"content": job_of(ground_of(prepared, under).terms, case).content})


def _ordered_at(orders: Orders, minutes: Mapping[str, float]) -> Orders:
    """Return a plan's orders with zones ordered at other minutes; each keeps its own departure curve."""
    curves = {zone: phase.curve for phase in orders.phases for zone in phase.zones}
    others = [
        phase.model_copy(update={"zones": kept})
        for phase in orders.phases
        if (kept := tuple(zone for zone in phase.zones if zone not in minutes))
    ]
    moved = [
        Phase(do="phase", zones=(zone,), offset_min=minute, curve=curves.get(zone)) for zone, minute in minutes.items()
    ]
    return replace(orders, phases=(*others, *moved))


def safe_orders(trials: Trials) -> Answer:
    """Find the latest safe order of each zone that the plan orders to leave, and of all of them together.

    Raises
    ------
    ScenarioError
        The scenario has no hazard.
    SimulationError
        A trial failed.
    """
    if trials.prepared.loaded.model.hazard is None:
        what = "has no section 'hazard', so that nothing limits when people may be ordered out"
        raise ScenarioError(Problem(str(trials.prepared.loaded.path), what, "add one: docs/hazards.md"))
    asked = trials.asked
    first = asked.seeds[0]
    (normally,) = trials.manifests([Trial((), first)])
    zones = sorted(normally["hazard_zones"])
    found: dict[Search, Latest] = {}
    for seed, pace in [*((seed, 1.0) for seed in asked.seeds), *((first, pace) for pace in _PACES)]:
        mine = [Search(zone, seed, pace) for zone in zones]
        known = {zone: found[Search(zone, first)].minute for zone in zones} if found else {}
        found |= latest_orders(
            mine,
            trials.judge,
            share=asked.share,
            highest_min=_last_arrival_min(trials, pace),
            step_min=asked.step_min,
            no_later_min=_no_later_min(trials, mine),
            guesses_min={item: pace * minute for item in mine if (minute := known.get(item.zone)) is not None},
        )
    orders = [over_searches(zone, found) for zone in zones]
    together = sequence(orders, trials.judge, seed=first, share=asked.share, step_min=asked.step_min)
    confirmed = _confirmed(trials, orders) if asked.coarse else {}
    answers = [
        ZoneOrder(
            order,
            _way_cut_min(trials, order.zone),
            _clearance_min(normally, trials.under().orders, order.zone, asked.share),
            confirmed.get(order.zone),
        )
        for order in orders
    ]
    return Answer(tuple(sorted(answers, key=_urgency)), together, trials.runs)


def _urgency(answer: ZoneOrder) -> tuple[float, str]:
    latest = answer.order.latest
    minute = {"too late": -math.inf, "no limit": math.inf}.get(latest.ending, latest.minute or 0.0)
    return minute, answer.order.zone


def _last_arrival_min(trials: Trials, pace: float) -> float:
    """Return when nothing is left to be reached."""
    reached = trials.under(pace).reached
    last_s = max(reached.arrival_s.values()) if reached else 0.0
    return max(math.ceil(last_s / MINUTE_S), trials.asked.step_min)


def _no_later_min(trials: Trials, searches: Sequence[Search]) -> dict[Search, float]:
    """Return from when on an order of each zone can't be safe, whatever the traffic: too many have no way out then.

    Who leaves home after its last way out is cut doesn't get out. A zone without such a time is left out; so are all
    where that isn't so: people may leave unasked before they are ordered, or drive to a refuge.
    """
    under = trials.under(searches[0].pace)
    if under.orders.watching is not None or under.refuges:
        return {}
    cut_s = _cut_for_good_s(under, len(trials.prepared.homes))
    vehicles = trials.departures(searches[0].seed)
    offsets = {zone: phase.offset_min for phase in trials.under().orders.phases for zone in phase.zones}
    found = {}
    for item in searches:
        mine = vehicles[vehicles["zone"].astype(str) == item.zone]
        after_order_s = mine["departure_s"].to_numpy() - MINUTE_S * offsets.get(item.zone, 0.0)
        slack_s = np.sort(cut_s[mine["household"].to_numpy()] - after_order_s)[::-1]
        limit_s = slack_s[max(math.ceil(trials.asked.share * len(slack_s) - _EXACT), 1) - 1]
        if np.isfinite(limit_s):
            found[item] = max(float(limit_s) / MINUTE_S, 0.0)
    return found


def _cut_for_good_s(under: UnderPlan, households: int) -> NDArray[np.float64]:
    """Return from when on each household has no way out any more (s after the order); infinite: it always has one."""
    cut_s, gone = np.full(households, np.inf), np.ones(households, dtype=bool)
    for from_s, find in reversed(under.starts):
        gone &= find(FREE_CHOICE)["edge"].isna().to_numpy()
        cut_s[gone] = from_s
    return cut_s


def _way_cut_min(trials: Trials, zone: str) -> float | None:
    """Return when more of a zone's households have lost their last way out than may be unsafe."""
    homes = trials.prepared.homes
    mine = (homes["zone"].astype(str) == zone).to_numpy()
    for from_s, find in trials.under().starts:
        if find(FREE_CHOICE)["edge"].isna().to_numpy()[mine].mean() > 1.0 - trials.asked.share:
            return from_s / MINUTE_S
    return None


def _clearance_min(
    manifest: Mapping[str, Mapping[str, Mapping[str, float]]], orders: Orders, zone: str, share: float
) -> float | None:
    """Return how long after its order a share of a zone's vehicles was out; of the shares that are measured."""
    measured = [percent for percent in (50, 90, 95, 100) if percent >= 100.0 * share - 1e-9]
    out_s = manifest["zones"][zone][f"t{measured[0]}_s"]
    offset_min = next((phase.offset_min for phase in orders.phases if zone in phase.zones), 0.0)
    return None if out_s is None else out_s / MINUTE_S - offset_min


def _confirmed(trials: Trials, orders: Sequence[SafeOrder]) -> dict[str, bool]:
    """Return whether the microscopic model finds each zone safe at the minute that the coarse one found."""
    micro = replace(trials, asked=replace(trials.asked, coarse=False), _grounds={})
    wanted = [item for item in orders if item.latest.minute is not None]
    asked = [Trial(((item.zone, float(item.latest.minute or 0.0)),), trials.asked.seeds[0]) for item in wanted]
    judged = micro.judge(asked)
    trials.runs += micro.runs - trials.runs
    return {item.zone: shares[item.zone] >= trials.asked.share for item, shares in zip(wanted, judged, strict=True)}
