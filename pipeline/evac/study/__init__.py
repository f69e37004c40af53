"""Stage `study`: every case of a scenario run once, side by side, a failed run without losing the others."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from evac.errors import EvacError
from evac.simulate import process
from evac.simulate.job import Case
from evac.study.cases import Selection, case_name, cases_of, mean_vehicles, vehicles_case
from evac.study.jobs import perform
from evac.study.plans import Plans, all_lanes, router_of, with_router
from evac.study.prepare import Prepared
from evac.study.runs import Display, Failure, Run, Study, in_words
from evac.study.same_lanes import measure_same_lanes

__all__ = ["Display", "Failure", "Plans", "Run", "Selection", "Study", "router_of", "run_study", "with_router"]

_LOG = logging.getLogger(__name__)


def run_study(
    prepared: Prepared, plans: Plans, selection: Selection, cache: Path, *, jobs: int, display: Display
) -> Study:
    """Run the selected cases that the cache doesn't have, at most `jobs` at a time.

    Parameters
    ----------
    prepared
        The scenario.
    plans
        The plans to compare, the baseline among them where it is wanted.
    selection
        Which cases to run.
    cache
        The cache's folder.
    jobs
        Simulations side by side.
    display
        Where progress is shown.

    Raises
    ------
    ScenarioError
        The selection names a case that the scenario doesn't have.
    KeyboardInterrupt
        All simulations have been ended, and nothing half-done is left that could be taken for done.
    """
    prepared = with_router(prepared, plans)
    cases = cases_of(prepared.loaded.model, selection, str(prepared.loaded.path), list(plans))
    folders: dict[Case, tuple[str, Path]] = {}
    failures: dict[Case, Failure] = {}
    for case, future in _finished(prepared, plans, cases, cache, jobs=jobs, display=display):
        try:
            folders[case] = future.result()
            display.finish(case_name(case), in_words(folders[case][1]))
        except Exception as error:  # noqa: BLE001 - one run's failure, of whatever kind, must not lose the others
            _LOG.debug("run failed", exc_info=error)
            message = str(error) if isinstance(error, EvacError) else f"{type(error).__name__}: {error}"
            failures[case] = Failure(case, message)
            display.finish(case_name(case), f"failed: {message}")
    nets = {folder[0]: plans[case.plan].net for case, folder in folders.items()}
    lanes = measure_same_lanes(all_lanes(plans), dict(folders.values()), nets, cache)
    runs = [Run(case, *folders[case], lanes[folders[case][0]]) for case in cases if case in folders]
    return Study(tuple(runs), tuple(failures[case] for case in cases if case in failures))


def _finished(
    prepared: Prepared, plans: Plans, cases: Sequence[Case], cache: Path, *, jobs: int, display: Display
) -> Iterator[tuple[Case, Future[tuple[str, Path]]]]:
    """Run the cases side by side, and yield each with its future when it has ended."""
    largest_first = sorted(cases, key=lambda case: -_mean_of(prepared, case))  # so that no long run is left for the end
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(_run, prepared, plans, case, cache, display): case for case in largest_first}
        try:
            for future in as_completed(futures):
                yield futures[future], future
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            process.end_all()
            raise


def _run(prepared: Prepared, plans: Plans, case: Case, cache: Path, display: Display) -> tuple[str, Path]:
    name = case_name(case)
    return perform(
        prepared,
        plans[case.plan],
        case,
        cache,
        begin=lambda planned: display.begin(name, planned),
        update=lambda state: display.update(name, state),
    )


def _mean_of(prepared: Prepared, case: Case) -> float:
    return mean_vehicles(vehicles_case(prepared.loaded.model, case.vehicles_per_household))
