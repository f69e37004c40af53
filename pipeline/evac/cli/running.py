"""`evac run`: simulate every case of a scenario and write the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from evac.cli.common import (
    ScenarioPath,
    Workspace,
    console,
    keep_other_report,
    lay_plans_over,
    load_plans,
    prepare_scenario,
    tell_report,
)
from evac.cli.studying import (
    Departures,
    EngineName,
    Jobs,
    Plans,
    Seeds,
    Vehicles,
    read_part,
    read_share,
    require_no_failures,
)
from evac.errors import EvacError, Problem, UserError
from evac.plans.reading import BASELINE
from evac.progress import show_runs
from evac.scenario import load_scenario

if TYPE_CHECKING:
    from evac.study import Run, Selection, Study
    from evac.study.prepare import Prepared
    from evac.study.under_plan import UnderPlan


def run(
    scenario: ScenarioPath,
    *,
    plan: Plans = None,
    vehicles: Vehicles = None,
    departure: Departures = None,
    seed: Seeds = None,
    until: Annotated[
        str | None,
        typer.Option(help="Add seeds until the 95 % interval of the 90 % clearance is this narrow, such as `5%`."),
    ] = None,
    max_seeds: Annotated[int, typer.Option(min=2, help="With --until: seeds at most.")] = 30,
    fidelity: Annotated[
        Literal["micro", "meso"],
        typer.Option(help="SUMO's model: micro, or meso for a fast look, after a fit to a few micro runs."),
    ] = "micro",
    engine: EngineName = "local",
    jobs: Jobs = None,
    part: Annotated[
        str | None, typer.Option(help="Run only the N-th of M parts, such as `3/10`, and write no report.")
    ] = None,
    sensitivity: Annotated[bool, typer.Option(help="Also run the middle case at ± 15 % lane capacity.")] = True,
    workspace: Workspace = None,
) -> None:
    """Evacuate: simulate every case of a scenario and write the report."""
    loaded = load_scenario(scenario)
    folder = workspace or loaded.workspace
    share, precise = read_part(part), read_share(until, "--until")
    if share and precise:
        raise UserError(Problem("--part", "doesn't go with --until", "run the seeds that you want with --seed"))
    loaded_plans = load_plans(plan or [BASELINE], loaded)
    from evac.study import Precision, Selection, run_study  # noqa: PLC0415
    from evac.study.engines import cores, engine_of  # noqa: PLC0415

    selection = Selection(
        tuple(vehicles or ()),
        tuple(departure or ()),
        tuple(seed or ()),
        sensitivity=sensitivity,
        fidelity=fidelity,
        part=share,
        until=Precision(precise, max_seeds) if precise else None,
    )
    runner = engine_of(engine, jobs or cores())
    prepared = prepare_scenario(loaded, folder)
    for finding in prepared.unexpected:
        console.print(f"Warning: {escape(finding.text)}", highlight=False)
    plans = lay_plans_over(prepared, loaded_plans, folder)
    with show_runs(console) as display:
        study = run_study(
            prepared,
            plans,
            selection,
            folder / ".evac",
            engine=runner,
            display=display,
        )
    if not share:
        _report(prepared, plans, study, selection, folder)
    require_no_failures(study)


def _report(prepared: Prepared, plans: dict[str, UnderPlan], study: Study, selection: Selection, folder: Path) -> None:
    from evac.report import write_report  # noqa: PLC0415
    from evac.report.from_cache import Asked, write_asked  # noqa: PLC0415
    from evac.report.from_study import report_input  # noqa: PLC0415
    from evac.study.cases import as_run  # noqa: PLC0415
    from evac.study.comparing import means, verdicts  # noqa: PLC0415

    _require_runs(study)
    target = folder / "reports" / prepared.loaded.place_id
    cases = [*(item.case for item in study.runs), *(item.case for item in study.failures)]
    asked = Asked(tuple(plans), as_run(selection, prepared.loaded.model, cases))
    keep_other_report(asked, target)
    page = write_report(report_input(prepared, plans, study), target)
    write_asked(asked, target)
    _print_results(study)
    for line in (*study.notes, *(item.words for item in study.imprecise), *means(study), *verdicts(study)):
        console.print(escape(line), highlight=False, soft_wrap=True)
    tell_report(page)


def _require_runs(study: Study) -> None:
    if not study.runs:
        raise EvacError("no run has ended well: " + "; ".join({failure.message for failure in study.failures}))


def _print_results(study: Study) -> None:
    """Print a row a run; what is the same in all of them isn't repeated."""
    columns = {
        "plan": [item.case.plan for item in study.runs],
        "vehicles per household": [item.case.vehicles_per_household for item in study.runs],
        "departures": [item.case.departure for item in study.runs],
        "seed": [str(item.case.seed) for item in study.runs],
        "lane capacity": [f"{item.case.capacity_factor:.0%}" for item in study.runs],
    }
    varying = {name: values for name, values in columns.items() if len(set(values)) > 1}
    varying = varying or {"vehicles per household": columns["vehicles per household"]}
    table = Table(*varying, title="Clearance time: how long after the order a share of all planned vehicles is out")
    for name in ("vehicles", "50 %", "90 %", "95 %", "100 %"):
        table.add_column(name, justify="right")
    table.add_column("trusted")
    doubts: list[str] = []
    for number, item in enumerate(study.runs):
        table.add_row(*(escape(values[number]) for values in varying.values()), *_measures(item), _trust(item, doubts))
    console.print(table)
    for number, doubt in enumerate(doubts, start=1):
        console.print(f"({number}) not trustworthy: {escape(doubt)}", highlight=False)


def _measures(item: Run) -> list[str]:
    manifest = item.manifest()
    return [f"{manifest['planned']:,}", *(_hours(manifest[f"t{percent}_s"]) for percent in (50, 90, 95, 100))]


def _trust(item: Run, doubts: list[str]) -> str:
    """Return whether a run is trusted, with the number of the reason in `doubts` if not."""
    reasons = "; ".join(item.ledger()["reasons"])
    if not reasons:
        return "yes"
    if reasons not in doubts:
        doubts.append(reasons)
    return f"NO ({doubts.index(reasons) + 1})"


def _hours(seconds: float | None) -> str:
    if seconds is None:
        return "not cleared"
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02d} h"
