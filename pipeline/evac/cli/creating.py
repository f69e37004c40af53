"""`evac new` and `evac estimate`: a scenario from a place's name or a polygon, and its clearance time in one go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from evac.cli.checking import print_findings, print_summary, write_exits_map
from evac.cli.common import Workspace, console, nearest_workspace
from evac.cli.running import run
from evac.cli.studying import Jobs
from evac.errors import Problem, UserError

if TYPE_CHECKING:
    from evac.new import NewScenario, Request

_FINDINGS_SHOWN = 10
_MIDDLE_CASE = "1.5"

_OPTIONS = {
    "households.zones.name": "--name",
    "households.report_zones.file": "--zones",
    "households.report_zones.name": "--zone-name",
}
_File = {"exists": True, "dir_okay": False}
Osm = Annotated[Path | None, typer.Option(help="An OpenStreetMap extract.", show_default="fetched", **_File)]
Homes = Annotated[
    str | None,
    typer.Option(
        help="A file of polygons or points with household counts, a grid of people (.tif), or the total NUMBER.",
        show_default="US census, else (and with --osm) an estimate from buildings",
        metavar="FILE|NUMBER",
    ),
]
Count = Annotated[str | None, typer.Option(help="Column of --households with the counts.", show_default="households")]
NameColumn = Annotated[str | None, typer.Option("--name", help="Column of --households with the zones' names.")]
People = Annotated[
    float | None, typer.Option(help="--households counts people: so many live in a household.", min=1.0, max=20.0)
]
PerDwelling = Annotated[
    float | None, typer.Option(help="For the estimate from buildings.", show_default="0.9", min=0.01, max=10.0)
]
Country = Annotated[
    str | None,
    typer.Option(help="Two letters, such as US: speed limits and side of the road.", show_default="as found"),
]
As = Annotated[str | None, typer.Option("--as", help="What to call it.", show_default="the place, or the file's name")]
Force = Annotated[bool, typer.Option("--force", help="Replace the scenario that is there.")]
Beyond = Annotated[
    float | None,
    typer.Option(
        "--roads-beyond",
        help="How far the roads reach beyond the area (m).",
        show_default="past the next motorway or trunk road",
        min=0.0,
        max=50_000.0,
    ),
]


def new(
    place: Annotated[
        str | None, typer.Argument(help='A place, such as "Mill Valley, California, USA".', show_default=False)
    ] = None,
    *,
    polygon: Annotated[Path | None, typer.Option(help="The area as a file of polygons.", **_File)] = None,
    bbox: Annotated[str | None, typer.Option(help="The area as a box, in degrees.", metavar="W,S,E,N")] = None,
    osm: Osm = None,
    households: Homes = None,
    count: Count = None,
    name: NameColumn = None,
    people_per_household: People = None,
    households_per_dwelling: PerDwelling = None,
    zones: Annotated[
        Path | None, typer.Option(help="Your evacuation zones, to report by; also the area, if alone.", **_File)
    ] = None,
    zone_name: Annotated[str | None, typer.Option(help="Column of --zones with their names or ids.")] = None,
    exits: Annotated[
        Path | None,
        typer.Option(
            help="A YAML file with your exits, as 'exits' in a scenario, such as a ferry with its capacity.",
            show_default="those that are found",
            **_File,
        ),
    ] = None,
    exits_at_least: Annotated[
        str | None,
        typer.Option(
            help="Lowest class of road that is a way out, such as secondary.",
            show_default="secondary, tertiary where there is nothing else",
        ),
    ] = None,
    roads_beyond: Beyond = None,
    acs_year: Annotated[
        int | None,
        typer.Option(help="Year of the US census' vehicles available.", show_default="2023", min=2020, max=2100),
    ] = None,
    country: Country = None,
    called: As = None,
    force: Force = False,
    workspace: Workspace = None,
) -> None:
    """Write a scenario folder for a place: roads, households, exits, and what to check first."""
    from evac.new.request import HOUSEHOLDS_PER_DWELLING, Request  # noqa: PLC0415

    request = Request(
        place=place,
        polygon=polygon,
        bbox=_box(bbox),
        name=called,
        osm=osm,
        households=_file_or_total(households),
        count=count,
        count_name=name,
        people_per_household=people_per_household,
        households_per_dwelling=households_per_dwelling or HOUSEHOLDS_PER_DWELLING,
        zones=zones,
        zone_name=zone_name,
        country=country,
        exits=exits,
        exits_at_least=exits_at_least,
        roads_beyond_m=roads_beyond,
        acs_year=acs_year,
    )
    written = _write(request, workspace or nearest_workspace(), force=force)
    console.print(f"Next: evac run {escape(str(written.folder))}", highlight=False, soft_wrap=True)


def estimate(
    polygon: Annotated[Path, typer.Argument(help="The area as a file of polygons.", **_File)],
    *,
    osm: Osm = None,
    households: Homes = None,
    count: Count = None,
    name: NameColumn = None,
    people_per_household: People = None,
    households_per_dwelling: PerDwelling = None,
    roads_beyond: Beyond = None,
    country: Country = None,
    called: As = None,
    force: Force = False,
    jobs: Jobs = None,
    workspace: Workspace = None,
) -> None:
    """Draw a polygon, get a clearance time: a new scenario, its middle case run, and the report."""
    from evac.new.request import HOUSEHOLDS_PER_DWELLING, Request  # noqa: PLC0415

    request = Request(
        polygon=polygon,
        name=called,
        osm=osm,
        households=_file_or_total(households),
        count=count,
        count_name=name,
        people_per_household=people_per_household,
        households_per_dwelling=households_per_dwelling or HOUSEHOLDS_PER_DWELLING,
        country=country,
        roads_beyond_m=roads_beyond,
    )
    workspace = workspace or nearest_workspace()
    written = _write(request, workspace, force=force)
    console.print(
        f"Assumed: {_MIDDLE_CASE} vehicles per household, 90 % of them gone within 60 minutes, nobody stays, roads "
        "empty at the order, signals and untagged lanes guessed. The report lists it all.",
        highlight=False,
    )
    run(written.folder, vehicles=[_MIDDLE_CASE], jobs=jobs, workspace=workspace)
    console.print(
        f"All cases: evac run {escape(str(written.folder))}. Look at the findings above before you believe a number.",
        highlight=False,
        soft_wrap=True,
    )


def _write(request: Request, workspace: Path, *, force: bool) -> NewScenario:
    from evac.counted import counted  # noqa: PLC0415
    from evac.new import write_scenario  # noqa: PLC0415
    from evac.new.writing import exits_rule  # noqa: PLC0415

    with console.status("Beginning") as status, _keys_as_options():
        written = write_scenario(request, workspace, lambda step: status.update(escape(step)), force=force)
    facts = written.facts
    console.print(f"Written: {escape(str(written.folder / 'scenario.yaml'))}", highlight=False, soft_wrap=True)
    console.print(f"Roads: {escape(facts.roads)}; they reach {escape(facts.beyond)}", highlight=False)
    console.print(f"Households: {escape(facts.households)}", highlight=False)
    lesser = counted(len(facts.other_exits), "lesser road leads on too and is", "lesser roads lead on too and are")
    others = f"; {lesser} in the file" if facts.other_exits else ""
    which = "as you gave them" if facts.exits_given else f"{exits_rule(facts.exits_at_least)} that lead out and on"
    console.print(f"Exits: {which}{others}", highlight=False)
    for line in facts.mended.in_words():
        console.print(f"Mended: {line}", highlight=False)
    starts = written.prepared.starts["edge"]
    if starts.isna().any():
        left = (
            f"{starts.isna().sum():,} of {counted(len(starts), 'household')} still can't leave; the findings say where"
        )
        console.print(f"Not mended: {left}", highlight=False)
    print_summary(written.prepared)
    write_exits_map(written.prepared, written.folder / "exits.png")
    print_findings(written.prepared.findings, _FINDINGS_SHOWN)
    return written


@contextmanager
def _keys_as_options() -> Iterator[None]:
    """Name the options that were typed, and not the keys of the scenario that isn't there yet."""
    try:
        yield
    except UserError as error:
        for key, option in _OPTIONS.items():
            error.rename(f"'{key}'", f"'{option}'")
        raise


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        what = f"found '{text}', expected four numbers with commas between them"
        raise UserError(
            Problem("--bbox", what, "west,south,east,north in degrees: --bbox=-122.6,37.8,-122.5,37.9")
        ) from error
    return west, south, east, north


def _file_or_total(text: str | None) -> Path | int | None:
    if text is None:
        return None
    if re.fullmatch(r"\d[\d,_']*", text):
        return int(re.sub(r"\D", "", text))
    if re.fullmatch(r"[-+]?[\d.,]+", text):
        raise UserError(Problem("--households", f"found {text}, expected a whole number, 1 or more", "their total"))
    if not Path(text).is_file():
        raise UserError(Problem("--households", f"there is no file {text}", "give a file, or the total as a number"))
    return Path(text)
