"""What each change buys, and what a plan is worth when something goes wrong: studies of a plan's variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evac.errors import UserError
from evac.plans.reading import LoadedPlan
from evac.statistics import Interval
from evac.study.comparing import Cell, cells_of
from evac.study.prepare import Prepared
from evac.study.runs import Study
from evac.study.under_plan import UnderPlan, under_plan
from evac.study.variants import AS_GIVEN, Ablation, Coming, Instead, Stress

_FAILED = "its runs failed"


@dataclass(frozen=True)
class Bought:
    """What an action buys (s of the 90 % clearance), as far as it can be told.

    Parameters
    ----------
    ablation
        The action.
    dropped
        How much slower the plan is without it.
    alone
        How much faster than the baseline it is alone.
    refused
        Why a variant has no numbers: it can't be run, or its runs failed.
    dropped_untrusted, alone_untrusted
        How many runs of the two plans that are compared aren't trustworthy; they are in the numbers.
    """

    ablation: Ablation
    dropped: Interval | None
    alone: Interval | None
    refused: str
    dropped_untrusted: int = 0
    alone_untrusted: int = 0


@dataclass(frozen=True)
class Weighed:
    """By how much a plan is slower with something else at the signals that it switches off (s of the 90 % clearance).

    Parameters
    ----------
    action, holds
        The action, and what holds instead.
    slower
        The difference; None where the variant can't be run, or its runs failed: `refused` says why.
    untrusted
        How many runs of the two plans aren't trustworthy; they are in the number.
    """

    action: str
    holds: str
    slower: Interval | None
    refused: str
    untrusted: int


@dataclass(frozen=True)
class Stressed:
    """A plan with something going wrong, and its 90 % clearance (s); None where it can't be run."""

    plan: str
    failure: str
    cell: Cell | None
    refused: str = ""


def lay_over_each(
    prepared: Prepared, plans: Mapping[str, LoadedPlan], cache: Path, comes: Mapping[str, Coming] | None = None
) -> tuple[dict[str, UnderPlan], dict[str, str]]:
    """Lay variants over the scenario; those that make no sense are told, with the reason, and don't stop the others.

    `comes` has how the hazard comes under plans where that isn't as given.
    """
    laid: dict[str, UnderPlan] = {}
    refused: dict[str, str] = {}
    for key, plan in plans.items():
        try:
            coming = (comes or {}).get(key, AS_GIVEN)
            laid[key] = under_plan(_turned(prepared, coming.turned_deg), plan, cache, coming.pace)
        except UserError as error:
            refused[key] = "; ".join(problem.what for problem in error.problems)
    return laid, refused


def _turned(prepared: Prepared, clockwise_deg: float) -> Prepared:
    hazard = prepared.loaded.model.hazard
    return prepared.with_hazard(hazard.turned(clockwise_deg)) if hazard and clockwise_deg else prepared


def what_each_buys(
    ablations: Sequence[Ablation], study: Study, refused: Mapping[str, str], plan: str, baseline: str
) -> list[Bought]:
    """Return what each action of a plan buys, from the study of its variants."""
    cells = {cell.plan: cell for cell in cells_of(study.runs)}

    def less(ours: str, theirs: str) -> Interval | None:
        return cells[ours].less(cells[theirs]) if ours in cells and theirs in cells else None

    def untrusted(ours: str, theirs: str) -> int:
        return len(cells[ours].untrusted) + len(cells[theirs].untrusted) if ours in cells and theirs in cells else 0

    return [
        Bought(
            item,
            dropped=less(item.without, plan),
            alone=less(baseline, item.alone),
            refused="; ".join(
                f"{key}: {refused.get(key, _FAILED)}" for key in (item.without, item.alone) if key not in cells
            ),
            dropped_untrusted=untrusted(item.without, plan),
            alone_untrusted=untrusted(baseline, item.alone),
        )
        for item in ablations
    ]


def weigh_dark_signals(
    variants: Sequence[Instead], study: Study, refused: Mapping[str, str], plan: str
) -> list[Weighed]:
    """Return what it costs or buys that a plan switches signals off, from the study of its variants."""
    cells = {cell.plan: cell for cell in cells_of(study.runs)}
    found = []
    for item in variants:
        key = item.plan.key
        if key in cells and plan in cells:
            untrusted = len(cells[key].untrusted) + len(cells[plan].untrusted)
            found.append(Weighed(item.action, item.holds, cells[key].less(cells[plan]), "", untrusted))
        else:
            found.append(Weighed(item.action, item.holds, None, refused.get(key, _FAILED), 0))
    return found


def worst_first(
    stresses: Mapping[str, Sequence[Stress]], study: Study, refused: Mapping[str, str]
) -> dict[str, list[Stressed]]:
    """Return each plan's failures, the worst 90 % clearance first; those that can't be run last.

    A plan that isn't cleared is worse than any that is.
    """
    cells = {cell.plan: cell for cell in cells_of(study.runs)}
    found = {}
    for plan, items in stresses.items():
        rows = [Stressed(plan, "nothing goes wrong", cells.get(plan), refused.get(plan, _FAILED))]
        rows += [
            Stressed(plan, item.failure, cells.get(item.plan.key), refused.get(item.plan.key, _FAILED))
            for item in items
        ]
        found[plan] = sorted(rows, key=_badness, reverse=True)
    return found


def _badness(row: Stressed) -> tuple[bool, bool, float]:
    if row.cell is None:
        return False, False, 0.0
    mean_s = row.cell.interval.mean
    return True, mean_s is None, mean_s or 0.0
