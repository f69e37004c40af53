"""A study as the cache has it: nothing is simulated, and what is missing is named."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from evac.archive.index import finished, indexed_runs
from evac.errors import Problem, UserError
from evac.files import digest_json, remove_directory, write_text
from evac.seals import has_entry, require_entry
from evac.simulate.job import Case
from evac.study.cases import Selection, case_name, cases_of, coarse_beside, from_few_to_many, middle_cases
from evac.study.comparing import cells_of
from evac.study.engines import Serial
from evac.study.ground import Ground, ground_of
from evac.study.jobs import Jobs
from evac.study.mixing import unhelped
from evac.study.plans import Plans, all_lanes
from evac.study.precision import Precision, Shortfall, shortfalls
from evac.study.prepare import Prepared
from evac.study.runs import Aside, Failure, Run, Silent, Study
from evac.study.same_lanes import measure_same_lanes
from evac.study.screening import Calibration, known_calibration, screened, town_of
from evac.study.signals import with_other_signals

_NOT_SIMULATED = "not simulated"
_FILE_NAME = "study.json"
_DIGITS = 6


@dataclass(frozen=True)
class Asked:
    """What a study was asked for: plans by name, part of the scenario's matrix, which two to compare, and new homes.

    Written beside the report, so that `evac report` knows which runs it is made of.
    """

    plans: tuple[str, ...]
    selection: Selection = field(default_factory=Selection)
    compare: tuple[str, str] | None = None
    new_homes: dict[str, int] = field(default_factory=dict)


def write_asked(asked: Asked, report_folder: Path) -> None:
    """Write down what a report is made of."""
    write_text(report_folder / _FILE_NAME, json.dumps(asdict(asked), indent=1, ensure_ascii=False) + "\n")


def read_asked(report_folder: Path) -> Asked | None:
    """Return what the report in a folder is made of; None where there is none."""
    path = report_folder / _FILE_NAME
    if not path.is_file():
        return None
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        choice = content["selection"]
        parts: dict[str, Any] = {name: tuple(choice[name]) for name in ("vehicles", "departures", "seeds")}
        added, coarse = (
            tuple((number, departure, int(seed)) for number, departure, seed in choice.get(name, ()))
            for name in ("added", "coarse")
        )
        model = {"sensitivity": choice["sensitivity"], "fidelity": choice["fidelity"]}
        until = Precision(**choice["until"]) if choice.get("until") else None
        shown, against = content.get("compare") or (None, None)
        compare = (str(shown), str(against)) if shown and against else None
        selection = Selection(**parts, **model, added=added, coarse=coarse, until=until)
        return Asked(tuple(content["plans"]), selection, compare, dict(content.get("new_homes") or {}))
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(Problem(str(path), f"can't be read ({error})", "remove it, or name the plans")) from error


def what_to_report(
    report_folder: Path,
    plans: tuple[str, ...],
    seeds: tuple[int, ...],
    all_plans: tuple[str, ...],
    compare: tuple[str, str] | None,
) -> Asked:
    """Return what a report is to be made of: these plans and seeds, else the last report's, else all plans.

    Raises
    ------
    UserError
        The two plans to compare are one.
    """
    last = read_asked(report_folder)
    asked = last if last and not plans and not seeds else None
    asked = asked or Asked(plans or (last.plans if last else all_plans), Selection(seeds=seeds))
    if compare is None:
        return asked
    if compare[0] == compare[1]:
        raise UserError(Problem("--compare", f"names '{compare[0]}' twice", "name two plans"))
    added = tuple(plan for plan in reversed(compare) if plan not in asked.plans)
    return replace(asked, plans=(*asked.plans, *added), compare=compare)


_ANSWERS = ("safe-order", "egress")
"""Folders in a report's folder that are no study's: what `evac safe-order` and `evac egress` found stays there."""


def set_aside(asked: Asked, report_folder: Path) -> Path | None:
    """Move the report in a folder beside it, if it is of another study than the one asked for.

    Returns
    -------
    pathlib.Path or None
        Where it is now: `<place>-<digits>`, which stand for what that study was asked for. An earlier report of that
        same study, kept there, goes.
    """
    try:
        last = read_asked(report_folder)
    except UserError:  # nobody can tell whose report it is
        return None
    if last is None or _digest(last) == _digest(asked):
        return None
    kept = report_folder.with_name(f"{report_folder.name}-{_digest(last)[:_DIGITS]}")
    if kept.is_dir():
        remove_directory(kept)
    report_folder.rename(kept)
    for name in _ANSWERS:
        if (kept / name).is_dir():
            report_folder.mkdir(exist_ok=True)
            (kept / name).rename(report_folder / name)
    return kept


def read_study(
    prepared: Prepared, plans: Plans, selection: Selection, cache: Path, aside: Plans | None = None
) -> Study:
    """Return the finished runs of a study; the others are its failures, `not simulated`.

    Parameters
    ----------
    prepared, plans, selection, aside
        As for `study.run_study`: the runs are found by the same addresses.
    cache
        The cache's folder.

    Raises
    ------
    ScenarioError
        The selection names a case that the scenario doesn't have.
    UserError
        The study has runs of the mesoscopic model, and the cache doesn't have what that was fitted by.
    """
    model, place, aside = prepared.loaded.model, str(prepared.loaded.path), aside or {}
    cases = cases_of(model, selection, place, list(plans))
    beside, of_variants = coarse_beside(selection, list(plans)), middle_cases(model, selection, place, list(aside))
    grounds = {key: ground_of(prepared, plan) for key, plan in plans.items()}
    fitted = _fitted(prepared, grounds, cases, cache) if beside or selection.fidelity == "meso" else None
    makers = {("micro", key): Jobs(ground.terms) for key, ground in grounds.items()}
    makers |= {(selection.model, key): Jobs(ground_of(prepared, plan).terms) for key, plan in aside.items()}
    if fitted is not None:
        screening = screened(grounds, fitted, cache)
        makers |= {("meso", key): Jobs(ground.terms) for key, ground in screening.items()}
    there, runs_folder = finished(cache), cache / "runs"
    read = ("manifest.json", "ledger.json")
    jobs: dict[Case, str] = {}
    folders: dict[str, Path] = {}

    def look_for(some: Sequence[Case]) -> None:
        of_some = {case: makers[case.fidelity, case.plan].of(case).digest for case in some}
        found = [job for job in of_some.values() if job in there and has_entry(runs_folder / job, read)]
        jobs.update(of_some)
        folders.update({job: runs_folder / job for job in found})

    look_for(cases)
    of_cases = {case: folders[job] for case, job in jobs.items() if job in folders}
    look_for(other_signals := with_other_signals(model, cases, of_cases))
    cases += other_signals
    look_for(beside)
    every = [*cases, *beside]
    nets = {jobs[case]: plans[case.plan].net for case in every if jobs[case] in folders}
    lanes = measure_same_lanes(all_lanes(plans), dict(folders), nets, cache)
    look_for(of_variants)
    runs, coarse = (
        tuple(Run(case, jobs[case], folders[jobs[case]], lanes[jobs[case]]) for case in some if jobs[case] in folders)
        for some in (cases, beside)
    )
    mixed = selection.fidelity == "mixed"
    return Study(
        runs,
        tuple(Failure(case, _NOT_SIMULATED) for case in (*every, *of_variants) if jobs[case] not in folders),
        (fitted.label, *fitted.doubts) if fitted is not None and not beside else (),
        _imprecise(selection, every, [*runs, *coarse], cache),
        coarse,
        sequential=selection.until is not None,
        moderated=mixed,
        unhelped=tuple(unhelped(cells_of(runs, coarse, moderated=mixed))),
        aside=tuple(Aside(case, jobs[case], folders[jobs[case]]) for case in of_variants if jobs[case] in folders),
    )


def _fitted(prepared: Prepared, grounds: Mapping[str, Ground], cases: Sequence[Case], cache: Path) -> Calibration:
    """Return the fit of the mesoscopic model that the study's runs were made with."""
    plain = [case for case in cases if case.is_as_assumed]
    town = town_of(grounds, plain[0], cache, Serial(), Silent())
    found = known_calibration(town, from_few_to_many(prepared.loaded.model, plain), plain[0])
    if found is None:
        remedy = "start evac run again as before: it does only what is missing, and reports"
        raise UserError(Problem("the study", "has coarse runs, and the cache has no fit of their model", remedy))
    return found


def _imprecise(selection: Selection, cases: Sequence[Case], runs: Sequence[Run], cache: Path) -> tuple[Shortfall, ...]:
    """Return what lacks the precision that was asked for."""
    if selection.until is None:
        return ()
    t90_s = {row["job"]: row["t90_s"] for row in indexed_runs(cache, [run.job for run in runs])}
    known = {run.case: t90_s[run.job] for run in runs}
    return tuple(shortfalls(selection.until, cases, known, moderated=selection.fidelity == "mixed"))


def pick_run(study: Study, plan: str) -> Run:
    """Return the run of a plan that a command shows: the middle one by vehicles, of the first departures and seed.

    Raises
    ------
    UserError
        The cache has no such run; the message says what is missing.
    """
    runs = [run for run in study.runs if run.case.plan == plan]
    if not runs:
        missing = "; ".join(case_name(failure.case) for failure in study.failures if failure.case.plan == plan)
        raise UserError(Problem(f"plan '{plan}'", f"not simulated: {missing}", "simulate it: evac run"))
    first = runs[0].case
    alike = [run for run in runs if (run.case.departure, run.case.seed) == (first.departure, first.seed)]
    picked = alike[(len(alike) - 1) // 2]
    require_entry(picked.folder)
    return picked


def _digest(asked: Asked) -> str:
    """Return what stands for a study: its plans, and what was selected of the matrix."""
    homes = {"new_homes": asked.new_homes} if asked.new_homes else {}
    selection = asdict(replace(asked.selection, added=()))
    del selection["coarse"]
    return digest_json({"plans": sorted(asked.plans), "selection": selection, **homes})
