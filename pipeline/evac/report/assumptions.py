"""What the numbers rest on: the scenario's settings and approximations in words."""

from __future__ import annotations

from evac.report import text
from evac.report.inputs import ReportInput
from evac.schema.places import FoundExits
from evac.schema.scenario import Scenario

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
        ("Homes", f"{_DWELLINGS[settings.dwellings.kind]}; the table of households by zone says what served each"),
        ("Farthest street", f"a home more than {settings.max_to_street_m:g} m from every street is not connected"),
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
