"""Sets of candidates as plans: laid over the net, bounded, and simulated once each; why those fail that do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from evac.errors import EvacError, UserError
from evac.files import digest_json
from evac.plans import BASELINE
from evac.plans.action import Resources
from evac.plans.model import Plan
from evac.plans.reading import LoadedAction, LoadedPlan
from evac.seals import has_entry
from evac.search.candidates import Candidate
from evac.search.city import Budget
from evac.search.facts import Facts, kept_facts
from evac.search.lazy import Chosen
from evac.simulate.job import Case, Job
from evac.study.bounds import DECISIVE_PERCENT, Bounds, earliest_under
from evac.study.ground import Ground, demand_of, ground_of
from evac.study.jobs import job_of, run_folder
from evac.study.prepare import Prepared
from evac.study.runs import Display, read_ledger, read_manifest
from evac.study.screening import Calibration, Town, calibrate, screened
from evac.study.tasks import Engine, Outcome, Task
from evac.study.under_plan import UnderPlan, under_plan

_DECISIVE = DECISIVE_PERCENT / 100.0
_MOST_FRESH_SEEDS = 5
_WITHOUT_RIGHT_OF_WAY = "the coarse model that fits this town has no right of way to keep: --screen micro judges it"


class TimeIsUp(Exception):  # noqa: N818 - nothing is wrong
    """The time that a search may take is over."""


@dataclass
class Patience:
    """How long a search may still take; for ever where `until_s` (of the steady clock) is None."""

    until_s: float | None = None

    def check(self) -> None:
        """Raise `TimeIsUp` when the time is over."""
        if self.until_s is not None and time.monotonic() >= self.until_s:
            raise TimeIsUp


@dataclass(frozen=True)
class Goal:
    """What a search is for.

    Parameters
    ----------
    vehicles, departure
        The case of the scenario.
    seeds
        The seeds, the first for screening, all for the last plans.
    budget
        What the city has.
    screen
        SUMO's model for screening.
    width
        How many runs go side by side.
    """

    vehicles: str
    departure: str
    seeds: tuple[int, ...]
    budget: Budget
    screen: Literal["micro", "meso"]
    width: int

    @property
    def fresh_seeds(self) -> tuple[int, ...]:
        """Seeds that have no part in choosing a plan: as many as have, five at most."""
        first = self.seeds[-1] + 1
        return tuple(range(first, first + min(len(self.seeds), _MOST_FRESH_SEEDS)))

    def case(self, plan: str, seed: int) -> Case:
        """Return the case of a plan and seed."""
        return Case(vehicles_per_household=self.vehicles, departure=self.departure, seed=seed, plan=plan)


@dataclass
class Attempts:
    """What has been tried.

    Parameters
    ----------
    prepared, base
        The scenario, and the plan that all others extend.
    goal
        What is searched for.
    cache
        The cache's folder: what has been simulated isn't again, whenever the search goes on.
    engine, display
        What runs plans, and where it is shown.
    patience
        How long it may take.
    candidates
        The candidates, by their numbers.
    scores
        By set, when the share that decides was out (s), in the screening runs.
    refused
        By set, why it can't be.
    pruned
        Sets that weren't simulated, because their bound says that they are no better than one that was.
    bounds
        What no plan can beat, beside the plan without candidates; None before the first run.
    on_step
        Takes what is tried next, in words.
    """

    prepared: Prepared
    base: LoadedPlan
    goal: Goal
    cache: Path
    engine: Engine
    display: Display
    patience: Patience = field(default_factory=Patience)
    candidates: Sequence[Candidate] = ()
    scores: dict[Chosen, float] = field(default_factory=dict)
    refused: dict[Chosen, str] = field(default_factory=dict)
    pruned: dict[Chosen, float] = field(default_factory=dict)
    bounds: Bounds | None = None
    on_step: Callable[[str], None] = lambda _: None
    _laid: dict[Chosen, UnderPlan] = field(default_factory=dict)
    _facts: dict[Chosen, Facts] = field(default_factory=dict)
    _trusted: bool = True  # the plan without candidates is
    _left_behind: int = 0  # vehicles that aren't out at the end under it

    def tell(self, text: str) -> None:
        """Tell what is tried next."""
        self.display.tell(text)
        self.on_step(text)

    def plan(self, chosen: Chosen) -> LoadedPlan:
        """Return a set of candidates as a plan; its key tells plans with other actions apart."""
        if not chosen:
            return self.base
        items = [self.candidates[number] for number in sorted(chosen)]
        model = Plan(
            name=f"{self.base.model.name} and {len(items)} more" if self.base.actions else f"{len(items)} actions",
            extends=None if self.base.key == BASELINE else self.base.key,
            actions=tuple(item.action for item in items),
        )
        own = (LoadedAction(item.action, f"candidate '{item.label}'", item.label) for item in items)
        plan = LoadedPlan("search", model, (*self.base.actions, *own))
        digest = digest_json({"actions": plan.document()})
        return replace(plan, key=f"search-{digest[:8]}")

    def takes(self, chosen: Chosen) -> list[Resources]:
        """Return what each action of a set takes, those of the plan that it extends too."""
        own = [self.candidates[number].takes for number in sorted(chosen)]
        return [self.base.resources, *own]

    def fits(self, chosen: Chosen) -> bool:
        """Return whether a set is within the budget."""
        return not self.goal.budget.over(self.takes(chosen))

    def words(self, chosen: Chosen) -> str:
        """Return a set in words."""
        return " + ".join(self.candidates[number].label for number in sorted(chosen)) or self.base.key

    def lay(self, chosen: Chosen) -> UnderPlan | None:
        """Return a set laid over the scenario; None where it can't be, which is noted.

        Only the last few are kept: the net of a town takes up to a hundred megabytes.
        """
        if chosen not in self._laid and chosen not in self.refused:
            try:
                self._laid[chosen] = under_plan(self.prepared, self.plan(chosen), self.cache)
            except UserError as error:
                self.refused[chosen] = "; ".join(problem.what for problem in error.problems)
            for old in [other for other in self._laid if other][: -self.goal.width]:
                del self._laid[old]
        return self._laid.get(chosen)

    def bound_s(self, chosen: Chosen) -> float:
        """Return before when the share that decides can't be out under a set, whatever drivers do (s)."""
        earliest_s = self.facts(chosen).bound_s
        return float("inf") if earliest_s is None else earliest_s

    def facts(self, chosen: Chosen) -> Facts:
        """Return what is known of a set before it is simulated; what an earlier search has found isn't found again."""
        if chosen not in self._facts:
            actions = self.plan(chosen).document()
            self._facts[chosen] = kept_facts(self.cache, self._start, actions, lambda: self._find_facts(chosen))
            if refused := self._facts[chosen].refused:
                self.refused[chosen] = refused
        return self._facts[chosen]

    def _find_facts(self, chosen: Chosen) -> Facts:
        blind = self.goal.screen == "meso" and self._calibration.meso.junctions == "free"
        if blind and any(self.candidates[number].kind == "officer" for number in chosen):
            return Facts(refused=_WITHOUT_RIGHT_OF_WAY)
        if self.lay(chosen) is None:
            return Facts(refused=self.refused[chosen])
        case, ground = self._case(chosen, "micro"), self._ground(chosen, "micro")
        earliest_s = earliest_under(ground, case, demand_of(ground, case))
        return Facts(job=self._task(chosen, self.goal.screen).job.digest, bound_s=earliest_s)

    def judge(self, sets: Sequence[Chosen]) -> dict[Chosen, float]:
        """Return the scores of sets (s), simulating those that haven't been; sets that can't be are missing.

        Raises
        ------
        TimeIsUp
            Some are left; what has been simulated is kept.
        """
        new = [chosen for chosen in dict.fromkeys(sets) if not self._is_known(chosen)]
        for start in range(0, len(new), self.goal.width):
            self.patience.check()
            part = [chosen for chosen in new[start : start + self.goal.width] if self._is_worth_it(chosen)]
            if part:
                self.tell(f"{len(self.scores)} plans tried, trying: {'; '.join(self.words(item) for item in part)}")
                self._simulate(part)
        return {chosen: self.scores[chosen] for chosen in sets if chosen in self.scores}

    def _is_known(self, chosen: Chosen) -> bool:
        return chosen in self.scores or chosen in self.refused or chosen in self.pruned

    def _is_worth_it(self, chosen: Chosen) -> bool:
        """Return whether a set can be, and its bound leaves it a chance to be quicker than what was tried."""
        if self.facts(chosen).refused:
            return False
        rivals = [score for other, score in self.scores.items() if self._is_rival(other, chosen)]
        if chosen and rivals and (bound_s := self.bound_s(chosen)) >= min(rivals):
            self.pruned[chosen] = bound_s
            return False
        return True

    def _is_rival(self, tried: Chosen, chosen: Chosen) -> bool:
        """Return whether a set that was tried makes another one needless where that is no quicker.

        An action alone is only held against none at all: it may still help others. A set is against all that take no
        more officers: for fewer of them it may be the best.
        """
        return not tried if len(chosen) == 1 else self.officers(tried) <= self.officers(chosen)

    def officers(self, chosen: Chosen) -> int:
        """Return how many officers a set takes."""
        return sum(item.officers for item in self.takes(chosen))

    def _simulate(self, sets: Sequence[Chosen]) -> None:
        for chosen, outcome in self._run(sets):
            if not isinstance(outcome, Path):
                self.refused[chosen] = f"its simulation failed: {outcome}"
            elif chosen and (reasons := self._new_doubts(outcome)):
                self.refused[chosen] = f"its simulation isn't trusted: {'; '.join(reasons)}"
            elif chosen and (more := left_behind(outcome) - self._left_behind) > 0:
                self.refused[chosen] = f"{more:,} vehicles that get out without it don't with it"
            else:
                self.scores[chosen] = score_s(outcome)
                if not chosen:
                    self._trusted, self._left_behind = bool(read_ledger(outcome)["trusted"]), left_behind(outcome)

    def _new_doubts(self, folder: Path) -> list[str]:
        """Return why a run isn't trusted, unless the plan without candidates isn't either."""
        return list(read_ledger(folder)["reasons"]) if self._trusted else []

    def laid_base(self) -> UnderPlan:
        """Return the plan without candidates, laid over the scenario; what is wrong with it is raised."""
        if frozenset() not in self._laid:
            self._laid[frozenset()] = under_plan(self.prepared, self.base, self.cache)
        return self._laid[frozenset()]

    def first_run(self) -> Path:
        """Return the run directory of the plan without candidates, vehicle by vehicle, running it where needed.

        Raises
        ------
        EvacError
            It failed.
        """
        self.laid_base()
        task = self._task(frozenset(), "micro")
        folder = run_folder(task.job, self.cache)
        if not has_entry(folder):
            self.tell("the first run, which shows where queues stand")
            with closing(self.engine.run([task], self.cache, self.display)) as outcomes:
                ((_, outcome),) = outcomes
            if not isinstance(outcome, Path):
                raise EvacError(f"the first run failed: {outcome}") from outcome
        return folder

    def _run(self, sets: Sequence[Chosen]) -> Iterator[tuple[Chosen, Outcome]]:
        """Yield the run directories of sets with the first seed, or why there is none."""
        folders = {chosen: self.cache / "runs" / self.facts(chosen).job for chosen in sets}
        done = [chosen for chosen, folder in folders.items() if has_entry(folder)]
        yield from ((chosen, folders[chosen]) for chosen in done)
        tasks = {chosen: self._task(chosen, self.goal.screen) for chosen in sets if chosen not in done}
        if tasks:
            by_job = {task.job: chosen for chosen, task in tasks.items()}
            with closing(self.engine.run(list(tasks.values()), self.cache, self.display)) as outcomes:
                for job, outcome in outcomes:
                    yield by_job[job], outcome

    def _case(self, chosen: Chosen, fidelity: Literal["micro", "meso"]) -> Case:
        return replace(self.goal.case(self.plan(chosen).key, self.goal.seeds[0]), fidelity=fidelity)

    def _ground(self, chosen: Chosen, fidelity: Literal["micro", "meso"]) -> Ground:
        laid = self.lay(chosen)
        if laid is None:
            raise EvacError(self.refused[chosen])
        ground = ground_of(self.prepared, laid)
        if fidelity == "micro":
            return ground
        (coarse,) = screened({"": ground}, self._calibration, self.cache).values()
        return coarse

    def _task(self, chosen: Chosen, fidelity: Literal["micro", "meso"]) -> Task:
        ground = self._ground(chosen, fidelity)
        return Task(job_of(ground.terms, self._case(chosen, fidelity)), ground)

    @cached_property
    def _start(self) -> Job:
        """The job of the plan without candidates in the first look: all that a set's job depends on but its actions."""
        return self._task(frozenset(), self.goal.screen).job

    @cached_property
    def _calibration(self) -> Calibration:
        """The coarse model, fitted to the plan without candidates; so is its error measured, with another seed."""
        ground, case = self._ground(frozenset(), "micro"), self._case(frozenset(), "micro")
        town = Town(ground, ground, self.base.key, self.cache, self.engine, self.display)
        return calibrate(town, [self.goal.vehicles], case)

    def why_none(self) -> Mapping[str, list[str]]:
        """Return by kind why none of its candidates is of use, each reason with how many it is of."""
        found: dict[str, dict[str, int]] = {}
        for number, item in enumerate(self.candidates):
            reasons = found.setdefault(item.kind, {})
            lacking = self.goal.budget.lacks(self.takes(frozenset({number})))
            over = f"takes more {' and '.join(lacking)} than there are" if lacking else ""
            reason = over or self.why_not(number) or "wins nothing alone"
            reasons[reason] = reasons.get(reason, 0) + 1
        return {kind: [f"{many}: {reason}" for reason, many in reasons.items()] for kind, reasons in found.items()}

    def why_not(self, number: int) -> str:
        """Return why a candidate can't be in any plan; nothing where it can."""
        alone: Chosen = frozenset({number})
        if lacking := self.goal.budget.over(self.takes(alone)):
            return f"takes more than there is: {lacking}"
        pruned = "can't be quicker than the plan without it, by its bound" if alone in self.pruned else ""
        return self.refused.get(alone, pruned)


def score_s(folder: Path) -> float:
    """Return when the share that decides was out in a run (s); for a run that never got there, as far as it got."""
    manifest = read_manifest(folder)
    if manifest["t90_s"] is not None:
        return float(manifest["t90_s"])
    out = manifest["evacuated"] / max(manifest["planned"] * _DECISIVE, 1.0)
    return float(manifest["end_s"] * (2.0 - out))


def left_behind(folder: Path) -> int:
    """Return how many planned vehicles weren't out at the end of a run."""
    manifest = read_manifest(folder)
    return int(manifest["planned"] - manifest["evacuated"])
