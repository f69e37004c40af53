"""`evac check`: what to look at before anything is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

from evac.cli.common import ScenarioPath, Workspace, console, prepare_scenario
from evac.scenario import load_scenario

if TYPE_CHECKING:
    from evac.audit.findings import Finding
    from evac.study.prepare import Prepared

_FINDINGS_SHOWN = 30


def check(scenario: ScenarioPath, *, workspace: Workspace = None) -> None:
    """Check a scenario without simulating it: roads, exits, households, and what to look at first."""
    loaded = load_scenario(scenario)
    prepared = prepare_scenario(loaded, workspace or loaded.workspace)
    with console.status("Reading the map a second time"):
        from evac.audit.second_reading import second_reading  # noqa: PLC0415 - OSMnx takes seconds to import

        again = second_reading(prepared.street_map.roads_file, prepared.net)
    print_summary(prepared)
    console.print(str(again), highlight=False, soft_wrap=True)
    print_findings([*again.findings(), *prepared.findings], _FINDINGS_SHOWN)


def print_summary(prepared: Prepared) -> None:
    """Print the side of the road, how many households there are, and each exit with a map link."""
    from evac.network.places import map_url  # noqa: PLC0415

    _print_country(prepared)
    homes = prepared.homes
    console.print(
        f"{len(homes):,} households in {homes['zone'].nunique()} zones, {int(homes['connected'].sum()):,} on a street"
    )
    for item in prepared.exits:
        console.print(
            f"exit {escape(item.name)}: {item.lanes} lane{'s' if item.lanes > 1 else ''}, "
            f"{map_url(item.lon, item.lat, zoom=17)}",
            highlight=False,
            soft_wrap=True,
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
    shown = f" (the first {most})" if len(findings) > most else ""
    console.print(f"{len(findings)} findings, those that touch most vehicles first{shown}:")
    for finding in findings[:most]:
        console.print(
            f"{finding.severity:>8}  {escape(finding.text)}\n          {finding.map_url}",
            highlight=False,
            soft_wrap=True,
        )
