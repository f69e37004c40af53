"""`evac check`: what to look at before anything is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

import evac
from evac.cli.common import ScenarioPath, Workspace, console, showing_steps
from evac.clock import MINUTE_S

if TYPE_CHECKING:
    from evac.audit.findings import Finding
    from evac.network.exits.resolved import Spell
    from evac.study.prepare import Prepared

_FINDINGS_SHOWN = 30
_ZONES_SHOWN = 10


def check(scenario: ScenarioPath, *, workspace: Workspace = None) -> None:
    """Check a scenario without simulating it: roads, exits, households, and what to look at first."""
    place = evac.open(scenario, workspace=workspace)
    with showing_steps() as tell:
        prepared = place.prepare(tell).stages.prepared()
        of_hazard = place.under().prepare(tell).warnings if place.scenario.hazard else ()
    with console.status("Reading the map a second time"):
        again = place.second_reading()
    print_summary(prepared)
    for warning in of_hazard:
        console.print(escape(warning), highlight=False, soft_wrap=True)
    write_exits_map(prepared, place.report_folder / "exits.png")
    console.print(str(again), highlight=False, soft_wrap=True)
    print_findings([*again.findings(), *prepared.findings], _FINDINGS_SHOWN)


def print_summary(prepared: Prepared) -> None:
    """Print the side of the road, how many households there are, and each exit and refuge with a map link."""
    from evac.counted import counted  # noqa: PLC0415
    from evac.network.places import map_url  # noqa: PLC0415
    from evac.report.exits_map import reach_in_words  # noqa: PLC0415

    _print_country(prepared)
    _print_accounts(prepared)
    for item in prepared.exits:
        console.print(
            f"exit {escape(item.name)}: {item.lanes} lane{'s' if item.lanes > 1 else ''}, "
            + (f"{item.veh_per_h:g} vehicles an hour, " if item.veh_per_h else "")
            + (f"{item.drive_s / MINUTE_S:g} min beyond it, " if item.drive_s else "")
            + "".join(f"{_at_times(spell)}, " for spell in item.beyond)
            + map_url(item.lon, item.lat, zoom=17),
            highlight=False,
            soft_wrap=True,
        )
    for refuge in prepared.refuges:
        place = map_url(refuge.lon, refuge.lat, zoom=17)
        console.print(
            f"refuge {escape(refuge.name)}: room for {counted(refuge.vehicles, 'vehicle')}, {place}",
            highlight=False,
            soft_wrap=True,
        )
    for road in prepared.ways_out.none:
        console.print(escape(f"no exit {road.label}: {road.reason}"), highlight=False, soft_wrap=True)
    console.print(reach_in_words(prepared.ways_out), highlight=False, soft_wrap=True)


def _at_times(spell: Spell) -> str:
    rate = [] if spell.veh_per_h is None else [f"{spell.veh_per_h:g} vehicles an hour"]
    drive = [] if spell.drive_s is None else [f"{spell.drive_s / MINUTE_S:g} min beyond it"]
    return f"{' and '.join([*rate, *drive])} from {spell.from_s / MINUTE_S:g} to {spell.until_s / MINUTE_S:g} min"


def write_exits_map(prepared: Prepared, path: Path) -> None:
    """Draw the ways out of a scenario to a PNG, and say where it is."""
    from evac.osm import ATTRIBUTION  # noqa: PLC0415
    from evac.report.exits_map import draw_exits  # noqa: PLC0415

    streets = prepared.street_map.streets()
    notice = ATTRIBUTION.split(",", maxsplit=1)[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_exits(prepared.ways_out, prepared.exits, streets, prepared.area, notice).savefig(path, dpi=130)
    console.print(f"Map of the ways out: {escape(str(path))}", highlight=False, soft_wrap=True)


def _print_accounts(prepared: Prepared) -> None:
    """Print what became of the households given, the zones that lost most, and how many can leave."""
    from evac.counted import counted  # noqa: PLC0415
    from evac.households.accounting import LOSSES, in_words  # noqa: PLC0415

    accounts = prepared.households.accounts()
    console.print(in_words(accounts), highlight=False, soft_wrap=True)
    lost = (
        accounts.assign(lost=accounts[[*LOSSES]].sum(axis=1)).query("lost >= 0.5").sort_values("lost", ascending=False)
    )
    for _, row in lost.head(_ZONES_SHOWN).iterrows():
        reasons = ", ".join(f"{row[loss]:,.0f} {words}" for loss, words in LOSSES.items() if row[loss] >= 0.5)  # noqa: PLR2004
        line = f"  zone {row['zone']}: {row['given']:,.0f} given, {row['planned']:,} planned, {reasons}"
        console.print(escape(line), highlight=False, soft_wrap=True)
    if len(lost) > _ZONES_SHOWN:
        more = counted(len(lost) - _ZONES_SHOWN, "more zone", "more zones")
        console.print(f"  and {more} that lost fewer", highlight=False)
    homes, leaving = prepared.homes, int(prepared.starts["edge"].notna().sum())
    where = counted(homes["zone"].nunique(), "zone")
    console.print(
        f"{counted(len(homes), 'household')} in {where}, {leaving:,} can leave by a street",
        highlight=False,
    )


def _print_country(prepared: Prepared) -> None:
    """Print on which side of the road people drive, and how that is known."""
    from evac.audit.country import side_in_words  # noqa: PLC0415
    from evac.countries import country_name  # noqa: PLC0415

    code = prepared.loaded.model.traffic.country
    where = "a guess, because the place is in no country"
    if code is not None:
        where = f"{country_name(code)}, {'from the place on the map' if prepared.country else 'as the scenario says'}"
    console.print(f"{side_in_words(code)}: {where}", highlight=False, soft_wrap=True)


def print_findings(findings: Sequence[Finding], most: int) -> None:
    """Print the findings that touch most vehicles, each with a map link."""
    from evac.counted import counted  # noqa: PLC0415

    shown = f" (the first {most})" if len(findings) > most else ""
    order = ", those that touch most vehicles first" if len(findings) > 1 else ""
    console.print(f"{counted(len(findings), 'finding')}{order}{shown}:")
    for finding in findings[:most]:
        console.print(
            f"{finding.severity:>8}  {escape(finding.text)}\n          {finding.map_url}",
            highlight=False,
            soft_wrap=True,
        )
