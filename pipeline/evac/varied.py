"""What came out of a plan's variants: what each of its actions buys, and what is left of it when something goes wrong.

Made by `Plan.ablate` and `Place.stress`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from evac.errors import Problem, UserError
from evac.plans import BASELINE
from evac.plans.reading import LoadedPlan
from evac.statistics import Interval
from evac.study.buying import Bought, Stressed, Weighed, lay_over_each, weigh_dark_signals, what_each_buys, worst_first
from evac.study.runs import Study
from evac.study.variants import ablations, always_there, instead_of_dark, stresses
from evac.watching import Progress, Watch

if TYPE_CHECKING:
    from evac.stages import Stages
    from evac.study.cases import Selection
    from evac.study.tasks import Engine


@dataclass(frozen=True)
class Variants:
    """Runs of variants of plans.

    Parameters
    ----------
    study
        The runs, and those that failed.
    """

    study: Study

    def doubts(self) -> dict[str, tuple[str, ...]]:
        """Return why runs aren't trusted: each reason once, with the variants that it is of."""
        plans: dict[str, list[str]] = {}
        for run in self.study.runs:
            if reasons := "; ".join(run.ledger()["reasons"]):
                plans.setdefault(reasons, []).append(run.case.plan)
        return {reasons: tuple(dict.fromkeys(keys)) for reasons, keys in plans.items()}


@dataclass(frozen=True)
class Ablated(Variants):
    """What each action of a plan buys.

    Parameters
    ----------
    bought
        An item an action.
    weighed
        What it costs or buys that the plan switches signals off, where it does.
    """

    bought: Sequence[Bought]
    weighed: Sequence[Weighed]

    def table(self) -> pd.DataFrame:
        """Return a row an action.

        Columns `action`, `officers`, `signs`, `cones`, `barricades`, `slower_without_s` (of the 90 % clearance, by the
        seeds' mean) with its 95 % interval `slower_without_low_s` and `_high_s` (missing with one seed), the same for
        `faster_alone`, and `refused` (why a number is missing).
        """
        rows = [
            {
                "action": item.ablation.action,
                **item.ablation.resources.model_dump(),
                **_ends("slower_without", item.dropped),
                **_ends("faster_alone", item.alone),
                "refused": item.refused,
            }
            for item in self.bought
        ]
        return pd.DataFrame(rows)


@dataclass(frozen=True)
class StressTest(Variants):
    """What is left of plans when something goes wrong.

    Parameters
    ----------
    plans
        What goes wrong with each plan, the worst first.
    always_there
        Actions of each plan that can't be late in the model: they hold from the order on.
    """

    plans: Mapping[str, Sequence[Stressed]]
    always_there: Mapping[str, tuple[str, ...]]

    def table(self) -> pd.DataFrame:
        """Return a row a plan and failure, the worst first.

        Columns `plan`, `failure`, `seeds`, `t90_s` (mean; missing where 90 % are never out), `t90_half_width_s` (of its
        95 % interval; missing with one seed), `untrusted` (number of runs), `refused` (why it has no number).
        """
        rows = []
        for plan, items in self.plans.items():
            for item in items:
                found = None if item.cell is None else item.cell.interval
                rows.append(
                    {
                        "plan": plan,
                        "failure": item.failure,
                        "seeds": len(item.cell.t90_s) if item.cell else 0,
                        "t90_s": found.mean if found else None,
                        "t90_half_width_s": found.half_width if found else None,
                        "untrusted": len(item.cell.untrusted) if item.cell else 0,
                        "refused": "" if item.cell else item.refused,
                    }
                )
        return pd.DataFrame(rows)


def ablate(stages: Stages, plan: LoadedPlan, selection: Selection, engine: Engine, watch: Watch) -> Ablated:
    """Run a plan without each of its actions, with each alone, and with something else at signals that it darkens."""
    (baseline,) = stages.plans([BASELINE])
    items, plans = ablations(plan, baseline)
    prepared = stages.prepared(watch)
    others = instead_of_dark(plan, prepared.loaded.model.traffic.country)
    plans |= {item.plan.key: item.plan for item in others}
    watch.send(Progress("laying plans", 0.0, "Laying the variants over the network"))
    laid, refused = lay_over_each(prepared, plans, stages.cache)
    if plan.key in refused:
        raise UserError(Problem(f"plan '{plan.key}'", f"can't be run: {refused[plan.key]}"))
    study = stages.run(laid, selection, engine, watch)
    bought = what_each_buys(items, study, refused, plan.key, baseline.key)
    return Ablated(study, bought, weigh_dark_signals(others, study, refused, plan.key))


def stress(
    stages: Stages, plans: Sequence[LoadedPlan], selection: Selection, engine: Engine, watch: Watch
) -> StressTest:
    """Run plans with each thing that may go wrong."""
    prepared = stages.prepared(watch)
    failures = {plan.key: stresses(plan, prepared.exits, stages.loaded.model.hazard) for plan in plans}
    variants = {plan.key: plan for plan in plans}
    variants |= {item.plan.key: item.plan for items in failures.values() for item in items}
    comes = {item.plan.key: item.coming for items in failures.values() for item in items}
    watch.send(Progress("laying plans", 0.0, "Laying the variants over the network"))
    laid, refused = lay_over_each(prepared, variants, stages.cache, comes)
    study = stages.run(laid, selection, engine, watch)
    late = {plan.key: tuple(always_there(plan)) for plan in plans}
    return StressTest(study, worst_first(failures, study, refused), late)


def _ends(name: str, found: Interval | None) -> dict[str, Any]:
    ends = (None, None, None) if found is None else (found.mean, found.low, found.high)
    return {f"{name}{end}_s": value for end, value in zip(("", "_low", "_high"), ends, strict=True)}
