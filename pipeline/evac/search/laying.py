"""Sets of candidates as plans: laid over the net, and what is known of them before they are simulated."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
from evac.search.candidates import Candidate
from evac.search.facts import Facts, kept_bound_s, kept_facts
from evac.search.goal import Goal
from evac.search.lazy import Chosen
from evac.simulate.job import Case, Job
from evac.study.bounds import earliest_under
from evac.study.ground import Ground, demand_of, ground_of
from evac.study.jobs import job_of
from evac.study.prepare import Prepared
from evac.study.runs import Display
from evac.study.screening import Calibration, Town, calibrate, screened
from evac.study.tasks import Engine, Task
from evac.study.under_plan import UnderPlan, under_plan

_WITHOUT_RIGHT_OF_WAY = "the coarse model that fits this town has no right of way to keep: --screen micro judges it"


@dataclass
class Sets:
    """Sets of candidates, each a plan.

    Parameters
    ----------
    prepared, base
        The scenario, and the plan that all others extend.
    goal
        What is searched for.
    cache
        The cache's folder: what has been laid isn't again, whenever the search goes on.
    engine, display
        What runs the coarse model's fit, and where it is shown.
    candidates
        The candidates, by their numbers.
    refused
        By set, why it can't be.
    """

    prepared: Prepared
    base: LoadedPlan
    goal: Goal
    cache: Path
    engine: Engine
    display: Display
    candidates: Sequence[Candidate] = ()
    refused: dict[Chosen, str] = field(default_factory=dict)
    _laid: dict[Chosen, UnderPlan] = field(default_factory=dict)
    _facts: dict[Chosen, Facts] = field(default_factory=dict)
    _bounds: dict[Chosen, float] = field(default_factory=dict)

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
        """Return before when the share that decides can't be out under a set, whatever drivers do (s).

        Infinity where it never can, or the set can't be laid over the net.
        """
        if self.facts(chosen).refused:
            return math.inf
        if chosen not in self._bounds:
            job = self.facts(chosen).job
            self._bounds[chosen] = kept_bound_s(self.cache, job, lambda: self._find_bound_s(chosen))
        return self._bounds[chosen]

    def _find_bound_s(self, chosen: Chosen) -> float | None:
        case, ground = self.case(chosen, "micro"), self._ground(chosen, "micro")
        return earliest_under(ground, case, demand_of(ground, case))

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
        return Facts(job=self.task(chosen, self.goal.screen).job.digest)

    def officers(self, chosen: Chosen) -> int:
        """Return how many officers a set takes."""
        return sum(item.officers for item in self.takes(chosen))

    def laid_base(self) -> UnderPlan:
        """Return the plan without candidates, laid over the scenario; what is wrong with it is raised."""
        if frozenset() not in self._laid:
            self._laid[frozenset()] = under_plan(self.prepared, self.base, self.cache)
        return self._laid[frozenset()]

    def case(self, chosen: Chosen, fidelity: Literal["micro", "meso"]) -> Case:
        """Return the case of a set with the first seed."""
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

    def task(self, chosen: Chosen, fidelity: Literal["micro", "meso"]) -> Task:
        """Return the run of a set with the first seed.

        Raises
        ------
        EvacError
            The set can't be.
        """
        ground = self._ground(chosen, fidelity)
        return Task(job_of(ground.terms, self.case(chosen, fidelity)), ground)

    @cached_property
    def _start(self) -> Job:
        """The job of the plan without candidates in the first look: all that a set's job depends on but its actions."""
        return self.task(frozenset(), self.goal.screen).job

    @cached_property
    def _calibration(self) -> Calibration:
        """The coarse model, fitted to the plan without candidates; so is its error measured, with another seed."""
        ground, case = self._ground(frozenset(), "micro"), self.case(frozenset(), "micro")
        town = Town(ground, ground, self.base.key, self.cache, self.engine, self.display)
        return calibrate(town, [self.goal.vehicles], case)
