"""What the commands share: the console, their usual arguments, and what several of them say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from evac.errors import Problem, UserError

if TYPE_CHECKING:
    from evac.place import Place
    from evac.schema.hazard import Hazard
    from evac.watching import OnProgress

console = Console(emoji=False)  # `lanes:bus:conditional` is a key of the map, and no picture of a bus

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


@contextmanager
def showing_steps() -> Iterator[OnProgress]:
    """Show, while the block works, how far a place is with its preparation and its plans."""
    with console.status("Preparing") as status:
        yield lambda event: status.update(escape(event.text))


def require_hazard(place: Place, otherwise: str) -> Hazard:
    """Return a scenario's hazard; without one, say what follows (`otherwise`) and where to read on."""
    if place.scenario.hazard is None:
        what = f"has no section 'hazard', so that {otherwise}"
        raise UserError(Problem(str(place.loaded.path), what, "add one: docs/hazards.md"))
    return place.scenario.hazard


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
