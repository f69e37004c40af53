"""Trials of orders at other minutes than a plan's, as runs of a scenario."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from evac import tables
from evac.clock import MINUTE_S
from evac.counted import counted
from evac.demand.orders import Orders
from evac.errors import SimulationError
from evac.plans.model import Phase
from evac.plans.reading import LoadedPlan
from evac.plans.timetable import FLEEING
from evac.seals import has_entry
from evac.simulate.job import Case, Job
from evac.study.cases import case_name
from evac.study.ground import Ground, demand_of, ground_of
from evac.study.jobs import job_of, run_folder
from evac.study.prepare import Prepared
from evac.study.runs import Display, Silent, read_manifest
from evac.study.safe_order import Trial
from evac.study.screening import coarse, unfitted
from evac.study.tasks import Engine, Task
from evac.study.under_plan import UnderPlan, under_plan
from evac.study.verdicts import Question, read_verdict, verdict_folder

_GONE_BEFORE = 0.75
"""Who was out by this share of the time until others leave is gone then; a finer model may take a seventh longer."""
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
    made: set[str] = field(default_factory=set)
    """The jobs that were run, whole or until something was known; `used` has those that the cache knew as well."""
    used: set[str] = field(default_factory=set)
    out_s: dict[int, Mapping[str, float]] = field(default_factory=dict)
    """By seed, when the last vehicle of each zone was out, ordered as planned (s after the order); infinite: never."""
    _grounds: dict[float, Ground] = field(default_factory=dict)
    _unders: dict[float, UnderPlan] = field(default_factory=dict)

    def under(self, pace: float = 1.0) -> UnderPlan:
        """Return the scenario under the plan, with the hazard at a pace."""
        if pace not in self._unders:
            self._unders[pace] = under_plan(self.prepared, self.plan, self.cache, pace)
        return self._unders[pace]

    def judge(self, trials: Sequence[Trial]) -> list[Mapping[str, float]]:
        """Return the share of each zone's vehicles that is safe in each trial, as far as it says if enough are.

        A trial that asks about zones goes on only until that is known of them; trials of the same orders are one run.

        Raises
        ------
        SimulationError
            A run failed.
        """
        wanted = [self._wanted(item) for item in trials]
        zones: dict[str, set[str]] = defaultdict(set)
        for trial, (job, _) in zip(trials, wanted, strict=True):
            zones[job.digest].update(trial.about or self._zones)
        only = {job.digest: self._only(trial) for trial, (job, _) in zip(trials, wanted, strict=True)}
        questions = {
            digest: Question(tuple(sorted(about)), self.asked.share, only[digest]) for digest, about in zones.items()
        }
        tasks = {job.digest: Task(job, ground, question=questions[job.digest]) for job, ground in wanted}
        self._run([task for task in tasks.values() if self._known(task.job, questions[task.job.digest]) is None])
        known = {digest: self._known(task.job, questions[digest]) or {} for digest, task in tasks.items()}
        return [known[job.digest] for job, _ in wanted]

    def learn_who_is_gone(self, seed: int) -> None:
        """Look up in the run of a seed as planned when the last vehicle of each zone was out.

        A trial of zones that are ordered long after all others have left needs none of these.
        """
        job, _ = self._wanted(Trial((), seed))
        vehicles = tables.read_table(run_folder(job, self.cache) / "vehicles.parquet", tables.VEHICLES)
        drove = vehicles[vehicles["status"] != "no_route"]
        out_s = drove["evacuated_s"].fillna(math.inf)
        last_s = out_s.groupby(drove["zone"].astype(str)).max()
        self.out_s[seed] = dict(zip(last_s.index, last_s.tolist(), strict=True))

    def _only(self, trial: Trial) -> tuple[str, ...] | None:
        """Return the zones of a trial whose vehicles alone matter; None where those of others may be there as well.

        That the others are gone is known of the hazard at its given pace, and so of any other whose first closure comes
        after that.
        """
        moved, model = dict(self._as_planned(trial).minutes), self.prepared.loaded.model
        if not moved or trial.seed not in self.out_s or model.incidents or self.under(trial.pace).orders.watching:
            return None
        others_s = max((out_s for zone, out_s in self.out_s[trial.seed].items() if zone not in moved), default=math.inf)
        gone = others_s <= _GONE_BEFORE * MINUTE_S * min(moved.values())
        undisturbed = trial.pace == 1.0 or others_s <= min(self._first_closure_s(pace) for pace in (trial.pace, 1.0))
        return tuple(sorted(moved)) if gone and undisturbed else None

    def _first_closure_s(self, pace: float) -> float:
        closings = self.under(pace).overlay.timetable.closings
        return min((item.from_s for item in closings if item.admits == (FLEEING,)), default=math.inf)

    def _known(self, job: Job, question: Question) -> Mapping[str, float] | None:
        """Return the shares that the cache knows for a question; None where it doesn't."""
        run, verdict = run_folder(job, self.cache), verdict_folder(job, question, self.cache)
        if has_entry(run, ["manifest.json"]):
            zones = read_manifest(run)["hazard_zones"]
            return {zone: item["safe"] / item["planned"] for zone, item in zones.items()}
        if has_entry(verdict):
            shares = {zone: item.share(question.share) for zone, item in read_verdict(verdict).items()}
            return {zone: share for zone, share in shares.items() if share is not None}
        return None

    @cached_property
    def _zones(self) -> tuple[str, ...]:
        return tuple(sorted(self.prepared.homes["zone"].astype(str).unique()))

    def manifests(self, trials: Sequence[Trial]) -> list[dict[str, dict[str, dict[str, float]]]]:
        """Run what the cache doesn't have, side by side, and return the runs' manifests.

        Raises
        ------
        SimulationError
            A run failed.
        """
        wanted = [self._wanted(item) for item in trials]
        tasks = {job.digest: Task(job, ground) for job, ground in wanted}
        self._run([task for task in tasks.values() if not has_entry(run_folder(task.job, self.cache))])
        return [read_manifest(run_folder(job, self.cache)) for job, _ in wanted]

    def _wanted(self, trial: Trial) -> tuple[Job, Ground]:
        as_planned = self._as_planned(trial)
        ground = self._ground(as_planned)
        job = job_of(ground.terms, self._case(as_planned))
        self.used.add(job.digest)
        return job, ground

    def _run(self, tasks: Sequence[Task]) -> None:
        with closing(self.engine.run(tasks, self.cache, Silent())) as outcomes:
            for job, outcome in outcomes:
                if not isinstance(outcome, Path):
                    raise SimulationError(f"a trial failed: {case_name(job.case)}: {outcome}") from outcome
                self.made.add(job.digest)
                self.display.tell(counted(len(self.made), "trial"))

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
            if self.asked.coarse:
                ground = coarse(_by_the_minute(ground), unfitted(ground, self._case(trial)), self.cache)
            self._grounds[trial.pace] = ground
        ground = self._grounds[trial.pace]
        minutes = dict(trial.minutes)
        model = ground.terms.model
        end_h = max(model.simulation.end_h, last_arrival_min(self, trial.pace) / 60.0 + _TO_DRIVE_H)
        terms = replace(
            ground.terms,
            model=model.model_copy(update={"simulation": model.simulation.model_copy(update={"end_h": end_h})}),
            orders=_ordered_at(ground.terms.orders, minutes),
            plan=(*ground.terms.plan, {"ordered_min": minutes}),
        )
        return ground.under(terms)


def _by_the_minute(ground: Ground) -> Ground:
    """Return a ground where roads that a hazard closes do so at the whole minute before; exposure is by its arrival.

    A front closes a road every few seconds, and after each the coarse model's search for ways is prepared anew, which
    would take half of a trial. An answer is too early by a minute at the most.
    """
    timetable = ground.terms.timetable
    closings = tuple(
        replace(item, from_s=item.from_s // MINUTE_S * MINUTE_S) if item.admits == (FLEEING,) else item
        for item in timetable.closings
    )
    terms = replace(ground.terms, timetable=replace(timetable, closings=closings))
    return ground.under(replace(terms, plan=(*terms.plan, {"roads_close_every_s": MINUTE_S})))


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


def last_arrival_min(trials: Trials, pace: float) -> float:
    """Return when nothing is left to be reached."""
    reached = trials.under(pace).reached
    last_s = max(reached.arrival_s.values()) if reached else 0.0
    return max(math.ceil(last_s / MINUTE_S), trials.asked.step_min)
