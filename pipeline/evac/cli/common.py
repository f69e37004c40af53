"""What the commands share: the console, their usual arguments, and the steps before a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from evac.errors import Problem, ScenarioError, UserError
from evac.plans.reading import LoadedPlan, load_plan
from evac.scenario import LoadedScenario

if TYPE_CHECKING:
    from evac.report.from_cache import Asked
    from evac.schema.hazard import Hazard
    from evac.study.prepare import Prepared
    from evac.study.under_plan import UnderPlan

console = Console()

ScenarioPath = Annotated[Path, typer.Argument(help="A scenario.yaml, or the folder that holds it.", metavar="SCENARIO")]
Workspace = Annotated[
    Path | None,
    typer.Option(
        help="Where reports/ and the cache .evac/ are.",
        show_default="the folder that holds scenarios/, else here",
        resolve_path=True,  # SUMO runs in a folder of its own
    ),
]


def nearest_workspace() -> Path:
    """Return the nearest folder, from here upwards, that holds `scenarios/`, else the working folder."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "scenarios").is_dir()), here)


def prepare_scenario(loaded: LoadedScenario, folder: Path) -> Prepared:
    """Prepare a scenario, and show how far it is. What its report looks like is read first: a mistake costs no time."""
    from evac.report.settings import load_settings  # noqa: PLC0415

    load_settings(loaded.folder)
    with console.status("Preparing") as status:
        from evac.study.prepare import prepare  # noqa: PLC0415

        return prepare(loaded, folder / ".evac", lambda step: status.update(escape(step)))


def load_plans(names: Sequence[str], loaded: LoadedScenario) -> list[LoadedPlan]:
    """Read the plans before any work is done; all problems of one plan come in one message."""
    found = [load_plan(name, loaded.plans_folder) for name in names]
    twice = sorted({item.key for item in found if [other.key for other in found].count(item.key) > 1})
    if twice:
        raise ScenarioError(Problem("--plan", f"names {', '.join(map(repr, twice))} twice", "name each plan once"))
    return found


def require_hazard(loaded: LoadedScenario, otherwise: str) -> Hazard:
    """Return a scenario's hazard; without one, say what follows (`otherwise`) and where to read on."""
    if loaded.model.hazard is None:
        what = f"has no section 'hazard', so that {otherwise}"
        raise UserError(Problem(str(loaded.path), what, "add one: docs/hazards.md"))
    return loaded.model.hazard


def lay_plans_over(prepared: Prepared, plans: Sequence[LoadedPlan], folder: Path) -> dict[str, UnderPlan]:
    """Lay each plan over the prepared scenario; the plans by their keys."""
    with console.status("Laying the plans over the network"):
        from evac.study.under_plan import under_plan  # noqa: PLC0415

        return {plan.key: under_plan(prepared, plan, folder / ".evac") for plan in plans}


def keep_other_report(asked: Asked, folder: Path) -> None:
    """Move the report of another study out of the way of a new one, and say where it is now."""
    from evac.report.from_cache import set_aside  # noqa: PLC0415

    tell_kept(set_aside(asked, folder))


def tell_kept(kept: Path | None) -> None:
    """Say where the report of another study is now."""
    if kept is not None:
        console.print(f"The report of another study is kept: {escape(str(kept))}", highlight=False, soft_wrap=True)


def tell_report(page: Path) -> None:
    """Say where a report is, and which file of it is missing because a program is."""
    from evac.report.moments import has_video  # noqa: PLC0415

    console.print(f"Report: {escape(str(page))}", highlight=False, soft_wrap=True)
    if not has_video():
        console.print("figures/animation.gif only, no MP4: ffmpeg isn't installed", highlight=False, soft_wrap=True)
