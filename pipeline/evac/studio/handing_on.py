"""What is handed on to whoever goes on with the command line: an archive that `evac` runs elsewhere.

It holds the scenario with all files that it names, the plans, the report if there is one, a table of the finished runs,
and a README.md that says which commands give them again.
"""

from __future__ import annotations

import os
import shlex
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

import evac
from evac.archive.records import read_studies
from evac.errors import Problem, UserError

_RUNS = "runs.csv"
_CASE = ["vehicles_per_household", "departure", "plan"]
_README = """\
# {name}

Handed on from `evac studio`, evac {version}, on {today}. Unpack it anywhere, install the same version of evac, and go
on in the folder that holds this file.

| what | where |
|---|---|
| the place: area, households, ways out, corrections of the map, assumptions | `scenarios/{place}/scenario.yaml` |
| its data, with where they come from | `scenarios/{place}/data/` |
| the plans | `plans/{place}/` |
| the report | {report} |
| the finished runs, a row each (times in seconds after the order) | `{runs}` |

## To go on

    evac check scenarios/{place}
    evac studio

{again}"""
_AGAIN = """\
## The same results again

{commands}

Each run is named after all that it depends on: one that is the same stands in `.evac/runs/` under the name in the
column `job` of `{runs}`, with the same tables to the byte. A run of another name is of another state of the place or
of the plan, or of another version of evac or SUMO: {runs} has those of earlier days too.
"""
_NOTHING_RUN = "Nothing has been run yet: `evac run scenarios/{place}` runs every case, and writes the report.\n"


class Member(NamedTuple):
    """A file of the archive: its name there, and where it is."""

    name: str
    path: Path


def pack(place: evac.Place, to: Path) -> None:
    """Write the archive of a place.

    Parameters
    ----------
    place
        The place, in a workspace.
    to
        The file.

    Raises
    ------
    UserError
        The scenario names files outside of the workspace, whose names would mean nothing elsewhere.
    """
    members = sorted(set(_members(place)))
    runs = place.runs()
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.md", _readme(place, runs))
        if len(runs):
            archive.writestr(_RUNS, _runs_table(runs))
        for member in members:
            archive.write(member.path, member.name)


def _members(place: evac.Place) -> Iterator[Member]:
    name = place.loaded.folder.name
    folders = {
        f"scenarios/{name}": place.loaded.folder,
        f"plans/{name}": place.loaded.plans_folder,
        f"reports/{place.key}": place.report_folder,
    }
    for inside, folder in folders.items():
        for path in folder.rglob("*") if folder.is_dir() else ():
            if path.is_file() and not path.is_symlink():
                yield Member(f"{inside}/{path.relative_to(folder).as_posix()}", path)
    yield from _named_members(place)


def _named_members(place: evac.Place) -> Iterator[Member]:
    """Yield the files that the scenario names, where it finds them: some may be elsewhere in the workspace."""
    scenario, outside = place.loaded.folder, []
    for path in place.named_files:
        name = os.path.normpath(f"scenarios/{scenario.name}/{os.path.relpath(path, scenario)}")
        if name.startswith(".."):
            outside.append(path)
        else:
            yield Member(name, path)
    if outside:
        what, remedy = "is outside of the workspace", f"copy it into scenarios/{scenario.name}/data/, and name it there"
        raise UserError([Problem(str(path), what, remedy) for path in outside])


def _runs_table(runs: pd.DataFrame) -> str:
    reasons = ["; ".join(found) for found in runs["reasons"]]
    return runs.assign(reasons=reasons).to_csv(index=False)


def _readme(place: evac.Place, runs: pd.DataFrame) -> str:
    name, folder = place.loaded.folder.name, place.report_folder
    report = f"`{folder.relative_to(place.workspace)}/index.html`" if folder.is_dir() else "none was written"
    commands = "\n".join(f"    {command}" for command in _commands(place, runs))
    again = _AGAIN.format(commands=commands, runs=_RUNS) if commands else _NOTHING_RUN.format(place=name)
    today = datetime.now(UTC).date().isoformat()
    return _README.format(
        name=place.name, version=evac.__version__, today=today, place=name, report=report, runs=_RUNS, again=again
    )


def _commands(place: evac.Place, runs: pd.DataFrame) -> list[str]:
    """Return the commands that make the runs again, but for those at another lane capacity: they come of themselves."""
    usual = runs[(runs["capacity_factor"] == 1.0) & runs["signals"].isna()]
    name = place.loaded.folder.name
    return [*_every_car(name, usual[usual["fidelity"] == "micro"]), *_coarse(place, name, set(usual["job"]))]


def _every_car(place: str, runs: pd.DataFrame) -> Iterator[str]:
    """Yield a command for all plans that were run in the same case with the same seeds."""
    found: dict[tuple[Any, ...], dict[str, None]] = {}
    for (vehicles, departure, plan), seeds in runs.groupby(_CASE, sort=False)["seed"]:
        found.setdefault((vehicles, departure, *sorted(set(seeds))), {})[str(plan)] = None
    for (vehicles, departure, *same), plans in found.items():
        yield _command(place, plan=plans, vehicles=[vehicles], departure=[departure], seed=same)


def _coarse(place: evac.Place, name: str, finished: set[str]) -> Iterator[str]:
    """Yield a command for each coarse study as it was asked for: by its plans the model's error is measured."""
    for record in reversed(read_studies(place.cache)):
        asked = record.selected
        is_mine = record.place == place.key and asked.get("fidelity") == "meso"
        if is_mine and not finished.isdisjoint(run.job for run in record.runs):
            cases = {"vehicles": asked["vehicles"], "departure": asked["departures"], "seed": asked["seeds"]}
            yield _command(name, plan=record.plans, **cases, fidelity=["meso"])


def _command(place: str, **options: Iterable[Any]) -> str:
    said = [f"--{option} {shlex.quote(str(value))}" for option, values in options.items() for value in values]
    return f"evac run scenarios/{place} {' '.join(said)} --no-sensitivity"
