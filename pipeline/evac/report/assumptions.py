"""What the numbers rest on: the scenario's settings and approximations in words."""

from __future__ import annotations

from evac.report import text
from evac.report.inputs import ReportInput
from evac.schema.places import FoundExits
from evac.schema.scenario import Scenario
from evac.schema.sources import Households

_DWELLINGS = {
    "auto": "households are spread over given points, else buildings, else addresses, else residential streets",
    "buildings": "households are spread over residential buildings on the map",
    "addresses": "households are spread over address points on the map",
    "points": "households are spread over given points",
    "frontage": "households are spread along residential streets",
}
_SIGNALS = {
    "actuated": "traffic-actuated programs, guessed: OpenStreetMap knows where signals are, not how they run",
    "static": "fixed-time programs, guessed: OpenStreetMap knows where signals are, not how they run",
    "off": "off; right of way by the signs",
}
_RIGHT_OF_WAY = {
    "strict": "drivers on the minor road wait for a gap, however long",
    "courteous": "drivers who have waited long take smaller gaps, and now and then a crawling queue lets one in",
}


def assumptions(report: ReportInput) -> list[tuple[str, str]]:
    """Return pairs of what is assumed and how."""
    scenario = report.scenario
    return [
        *_people(scenario),
        *_ways_out(report),
        *_changes_to_the_map(scenario),
        *_driving(scenario),
        ("Time zero", "the evacuation order; roads start empty, and no traffic passes through from elsewhere"),
        ("End", f"the simulation ends {scenario.simulation.end_h:g} h after the order at the latest"),
        ("Chance", f"seeds {', '.join(str(seed) for seed in scenario.seeds)}: each seed is one draw of all chances"),
        *((f"Source: {text.plain(name)}", text.plain(words, 600)) for name, words in report.sources.items()),
        *((f"Version: {text.plain(name)}", text.plain(words)) for name, words in report.versions.items()),
    ]


def _people(scenario: Scenario) -> list[tuple[str, str]]:
    settings = scenario.households
    return [
        ("Households", f"counts by zone from {settings.zones.file.name}, column “{text.plain(settings.zones.count)}”"),
        *_reported_by(settings),
        ("Homes", f"{_DWELLINGS[settings.dwellings.kind]}; the table of households by zone says what served each"),
        ("Farthest street", f"a home more than {settings.max_to_street_m:g} m from every street is not connected"),
    ]


def _reported_by(settings: Households) -> list[tuple[str, str]]:
    if settings.report_zones is None:
        return []
    return [
        ("Zones", f"a household belongs to the zone of {settings.report_zones.file.name} that its dwelling stands in")
    ]


def _ways_out(report: ReportInput) -> list[tuple[str, str]]:
    exits, choice = report.scenario.exits, report.scenario.exit_choice
    found = "named"
    if isinstance(exits, FoundExits):
        found = f"found: roads of class {exits.at_least} or above that leave the map"
    free = "every driver takes the exit that is quickest to reach, and may change it on the way"
    assigned = f"drivers of {len(choice.by_zone)} zones are held to their zone's exit"
    return [
        ("Exits", f"{found}; a vehicle is evacuated when it crosses its exit line, and traffic flows freely beyond"),
        ("Choice of exit", free if choice.kind == "free" else assigned),
    ]


def _changes_to_the_map(scenario: Scenario) -> list[tuple[str, str]]:
    """Return what the scenario says that the map doesn't, each with its reason: corrections and forbidden exits."""
    changes = []
    for item in scenario.osm.corrections:
        where = f"“{text.plain(item.street)}”" if item.street is not None else f"way {item.way}"
        tags = ", ".join(f"{key} {'taken away' if value is None else value}" for key, value in item.tags.items())
        changes.append(("Map corrected", f"{where}: {text.plain(tags)}; because {text.plain(item.because, 300)}"))
    for closed in scenario.forbidden_exits:
        what = f"nobody leaves by {text.plain(closed.name)}: {text.plain(closed.because, 300)}"
        changes.append(("Forbidden exit", what))
    return changes


def _driving(scenario: Scenario) -> list[tuple[str, str]]:
    driver, traffic, simulation = scenario.driver, scenario.traffic, scenario.simulation
    gridlock = f"vehicles that block each other in a ring for {simulation.gridlock_after_s} s; each case is counted"
    after_s = simulation.teleport_after_s
    teleporting = (
        "off" if after_s is None else f"jammed vehicles jump ahead after {after_s} s, which flatters the answer"
    )
    return [
        ("Drivers", f"profile “{driver.profile}” (documented car-following and lane-changing parameters)"),
        (
            "Information",
            f"{driver.informed_share:.0%} of the drivers look for a faster route every {driver.reroute_every_s} s",
        ),
        ("Signals", _SIGNALS[traffic.signals]),
        ("Right of way", _RIGHT_OF_WAY[traffic.right_of_way]),
        ("Gridlock", gridlock),
        ("Teleporting", teleporting),
    ]
