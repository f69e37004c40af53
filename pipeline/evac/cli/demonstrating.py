"""`evac demo`: the example that comes with the toolkit, run whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

import evac
from evac.cli.common import console
from evac.cli.running import run
from evac.errors import InstallationError, Problem

_PLACE = "balzers"
_PLANS = ["baseline", "bridge-closed", "flood"]
_VEHICLES = "2"
"""The case in which the flood costs the most, and its answer buys what one seed can show."""
_PARTS = (f"scenarios/{_PLACE}", f"plans/{_PLACE}")


def demo(
    folder: Annotated[
        Path,
        typer.Argument(help="Where scenario, plans and report go; finished runs there are used.", metavar="FOLDER"),
    ] = Path("evac-demo"),
) -> None:
    """Try it: evacuate Balzers, Liechtenstein, as it is, with its bridge flooded, and with a plan that answers that."""
    example = _example_folder()
    for part in _PARTS:
        shutil.copytree(example / part, folder / part, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py"))
    console.print(f"The scenario and its plans: {escape(str(folder))}", highlight=False, soft_wrap=True)
    run(folder / _PARTS[0], plan=_PLANS, vehicles=[_VEHICLES], sensitivity=False)


def _example_folder() -> Path:
    """Return the folder with the example: in the package, or in the checkout that the package is run from."""
    package = Path(evac.__file__).parent
    for folder in (package / "example", package.parents[1]):
        if all((folder / part).is_dir() for part in _PARTS):
            return folder
    raise InstallationError(Problem(str(package), "has no example", "install evac from its wheel, or from a checkout"))
