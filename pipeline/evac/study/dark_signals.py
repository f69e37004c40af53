"""What it costs or buys that a plan switches signals off: its middle case once more, signals left on, and officers.

What holds at a full junction decides more than most of what a plan does (docs/method.md), so it is told without being
asked. All of the signals that a plan switches off are changed at once; `evac ablate` takes them one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from evac.plans.reading import LoadedPlan
from evac.simulate.job import Case
from evac.study.buying import lay_over_each
from evac.study.cases import Selection, middle_cases
from evac.study.plans import Plans
from evac.study.prepare import Prepared
from evac.study.runs import BesideDark, Study, read_ledger, read_manifest
from evac.study.variants import Instead, all_instead_of_dark

_FAILED = "its run failed"


@dataclass(frozen=True)
class OtherControl:
    """The plans that tell what dark signals cost.

    Parameters
    ----------
    instead
        What could hold at dark signals, by the key of the plan that has them.
    laid
        Those of its plans that have to be run beside the study's, by their keys.
    refused
        Why some can't be, by their keys.
    """

    instead: Mapping[str, Sequence[Instead]] = field(default_factory=dict)
    laid: Plans = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


def other_control(prepared: Prepared, plans: Plans, selection: Selection, cache: Path) -> OtherControl:
    """Return what is to be run to tell what dark signals cost; nothing where no assumption is varied, or coarsely.

    Parameters
    ----------
    prepared, plans, selection, cache
        As for `study.run_study`.
    """
    if not selection.sensitivity or selection.model != "micro":
        return OtherControl()
    known = [under.plan for under in plans.values()]
    instead: dict[str, list[Instead]] = {}
    for plan in list(known):
        for item in all_instead_of_dark(plan):
            same = _same_as(item.plan, known)
            known.append(same)
            instead.setdefault(plan.key, []).append(replace(item, plan=same))
    wanted = {item.plan.key: item.plan for items in instead.values() for item in items if item.plan.key not in plans}
    return OtherControl(instead, *lay_over_each(prepared, wanted, cache))


def _same_as(plan: LoadedPlan, known: Sequence[LoadedPlan]) -> LoadedPlan:
    """Return a known plan that does the same, such as the baseline; the plan itself where there is none."""
    return next((other for other in known if other.document() == plan.document()), plan)


def beside_dark(found: OtherControl, study: Study, prepared: Prepared, selection: Selection) -> tuple[BesideDark, ...]:
    """Return what dark signals cost or buy, from a study and what was run beside it."""
    loaded = prepared.loaded
    runs = {run.case: (run.job, run.folder) for run in study.runs}
    runs |= {run.case: (run.job, run.folder) for run in study.aside}
    rows = []
    for plan, items in found.instead.items():
        (case,) = middle_cases(loaded.model, selection, str(loaded.path), [plan])
        for item in items:
            other = replace(case, plan=item.plan.key)
            row = BesideDark(plan, item.holds, case)
            if case in runs and other in runs:
                rows.append(_compared(row, *runs[case], *runs[other]))
            else:
                rows.append(replace(row, refused=found.refused.get(item.plan.key) or _why(study, (case, other))))
    return tuple(rows)


def _compared(row: BesideDark, job: str, folder: Path, other_job: str, other_folder: Path) -> BesideDark:
    reasons = [reason for each in (folder, other_folder) for reason in read_ledger(each)["reasons"]]
    return replace(
        row,
        dark_s=read_manifest(folder)["t90_s"],
        other_s=read_manifest(other_folder)["t90_s"],
        dark_job=job,
        other_job=other_job,
        doubts=tuple(dict.fromkeys(reasons)),
    )


def _why(study: Study, cases: Sequence[Case]) -> str:
    """Return why one of two cases has no run."""
    return next((item.message for item in study.failures if item.case in cases), _FAILED)
