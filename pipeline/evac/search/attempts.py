"""Sets of candidates as plans: laid over the net, bounded, and simulated once each; why those fail that do."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Literal

from evac.clock import clock
from evac.errors import EvacError, GivenUp, UserError
from evac.files import digest_json
from evac.plans import BASELINE
from evac.plans.action import Resources
from evac.plans.model import Plan
from evac.plans.reading import LoadedAction, LoadedPlan
from evac.seals import has_entry
from evac.search.candidates import Candidate
from evac.search.city import Budget
from evac.search.facts import Facts, keep_later_s, kept_facts, known_later_s
from evac.search.lazy import Chosen
from evac.simulate.job import Case, Job
from evac.study.bounds import DECISIVE_PERCENT, Bounds, earliest_under
from evac.study.ground import Ground, demand_of, ground_of
from evac.study.jobs import Deadline, job_of, run_folder
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
    late
        By set whose run was given up, than what the share that decides is later (s).
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
    late: dict[Chosen, float] = field(default_factory=dict)
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

        Only the last few are kept, those that are simulated and those that are next: the net of a town takes up to a
        hundred megabytes.
        """
        if (known := self._laid.get(chosen)) or chosen in self.refused:
            return known
        try:
            laid = self._laid[chosen] = under_plan(self.prepared, self.plan(chosen), self.cache)
        except UserError as error:
            self.refused[chosen] = "; ".join(problem.what for problem in error.problems)
            return None
        for old in [other for other in list(self._laid) if other][: -2 * self.goal.width]:
            del self._laid[old]
        return laid

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

    def judge(self, sets: Sequence[Chosen], by_s: float = math.inf) -> dict[Chosen, float]:
        """Return the scores of sets (s), simulating those that haven't been.

        Missing are sets that can't be, and those whose runs were given up, because the share that decides wasn't out by
        `by_s`. While some are simulated, the next are laid over the net.

        Raises
        ------
        TimeIsUp
            Some are left; what has been simulated is kept.
        """
        new = [chosen for chosen in dict.fromkeys(sets) if not self._is_known(chosen, by_s)]
        parts = [new[start : start + self.goal.width] for start in range(0, len(new), self.goal.width)]
        ahead = ThreadPoolExecutor(1)
        try:
            for part, following in zip_longest(parts, parts[1:], fillvalue=()):
                self.patience.check()
                worth_it = [chosen for chosen in part if self._is_worth_it(chosen)]
                laid = [ahead.submit(self.facts, chosen) for chosen in following]
                if worth_it:
                    words = "; ".join(self.words(chosen) for chosen in worth_it)
                    self.tell(f"{len(self.scores) + len(self.late)} plans tried, trying: {words}")
                    self._simulate(worth_it, by_s)
                for one in laid:
                    one.result()
        finally:
            ahead.shutdown(cancel_futures=True)
        return {chosen: self.scores[chosen] for chosen in sets if chosen in self.scores}

    def _is_known(self, chosen: Chosen, by_s: float) -> bool:
        known = chosen in self.scores or chosen in self.refused or chosen in self.pruned
        return known or self.late.get(chosen, -math.inf) >= by_s

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

    def _simulate(self, sets: Sequence[Chosen], by_s: float) -> None:
        """Simulate sets, and note what came of each; runs that are later than `by_s` are given up."""
        for chosen, outcome in self._run(sets, by_s):
            if isinstance(outcome, GivenUp):
                self.late[chosen] = outcome.by_s
            elif not isinstance(outcome, Path):
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

    def _run(self, sets: Sequence[Chosen], by_s: float) -> Iterator[tuple[Chosen, Outcome]]:
        """Yield the run directories of sets with the first seed, or why there is none."""
        known = {chosen: outcome for chosen in sets if (outcome := self._known_outcome(chosen, by_s))}
        yield from known.items()
        deadline = Deadline(DECISIVE_PERCENT, by_s) if math.isfinite(by_s) else None
        new = [chosen for chosen in sets if chosen not in known]
        tasks = {chosen: replace(self._task(chosen, self.goal.screen), deadline=deadline) for chosen in new}
        if tasks:
            by_job = {task.job: chosen for chosen, task in tasks.items()}
            with closing(self.engine.run(list(tasks.values()), self.cache, self.display)) as outcomes:
                for job, outcome in outcomes:
                    if isinstance(outcome, GivenUp):
                        keep_later_s(self.cache, job.digest, outcome.by_s)
                    yield by_job[job], outcome

    def _known_outcome(self, chosen: Chosen, by_s: float) -> Outcome | None:
        """Return what an earlier search has kept of a set's run: its directory, or that it is too late."""
        job = self.facts(chosen).job
        folder = self.cache / "runs" / job
        if has_entry(folder):
            return folder
        later_s = known_later_s(self.cache, job)
        return GivenUp(later_s) if later_s >= by_s else None

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
        if alone in self.pruned:
            return "can't be quicker than the plan without it, by its bound"
        if alone in self.late:
            return f"slower than the plan without it: {DECISIVE_PERCENT} % aren't out by {clock(self.late[alone])}"
        return self.refused.get(alone, "")


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
