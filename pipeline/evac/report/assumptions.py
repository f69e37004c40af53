"""What the numbers rest on: the scenario's settings and approximations in words."""

from __future__ import annotations

from evac import clock
from evac.demand import departures
from evac.report import text
from evac.report.inputs import ReportInput
from evac.report.words import mark, say
from evac.schema.background import Background
from evac.schema.demand import AllAtOnce, Compliance, Departure, ExitChoice
from evac.schema.incidents import Incidents
from evac.schema.places import FoundExits
from evac.schema.scenario import Scenario
from evac.schema.sources import Households

_DWELLINGS = {
    "auto": mark("households are spread over given points, else buildings, else addresses, else residential streets"),
    "buildings": mark("households are spread over residential buildings on the map"),
    "addresses": mark("households are spread over address points on the map"),
    "points": mark("households are spread over given points"),
    "frontage": mark("households are spread along residential streets"),
}
_FORMS = {
    "rayleigh": mark("Rayleigh"),
    "gamma": mark("Gamma"),
    "lognormal": mark("Log-normal"),
    "weibull": mark("Weibull"),
    "logistic": mark("Logistic"),
    "uniform": mark("Uniform"),
    "all_at_once": mark("All at once"),
    "activities": mark("Sum of activities"),
    "measured": mark("Measured"),
}
_SIGNALS = {
    "actuated": mark("traffic-actuated programs, guessed: OpenStreetMap knows where signals are, not how they run"),
    "static": mark("fixed-time programs, guessed: OpenStreetMap knows where signals are, not how they run"),
    "off": mark("off; the law of the country says what holds: an all-way stop, or right of way by the signs"),
    "unregulated": mark("off; right of way by the signs"),
    "all_way_stop": mark("off; each junction is an all-way stop"),
}
_SOURCES = (mark("roads"), mark("households"), mark("dwellings"))
"""What inputs `ReportInput.sources` names."""
_RIGHT_OF_WAY = {
    "strict": mark("drivers on the minor road wait for a gap, however long"),
    "courteous": mark(
        "drivers who have waited long take smaller gaps, and now and then a crawling queue lets one in",
    ),
}
_MERGES = {
    "alternate": mark("queued drivers take turns, one by one, but in roundabouts"),
    "priority": mark("as right of way says"),
}


def assumptions(report: ReportInput) -> list[tuple[str, str]]:
    """Return pairs of what is assumed and how."""
    scenario = report.scenario
    seeds = ", ".join(str(seed) for seed in scenario.seeds)
    return [
        *_people(scenario),
        *_ways_out(report),
        *_changes_to_the_map(scenario),
        *_driving(scenario, has_signals=report.has_signals),
        *_errands(scenario),
        (say("Time zero"), say("the evacuation order")),
        *_background(scenario),
        (say("Crashes and stalled cars"), _incidents_text(scenario.incidents)),
        (say("End"), say("the simulation ends {time} after the order at the latest", time=_end(scenario))),
        (say("Chance"), say("seeds {seeds}: each seed is one draw of all chances", seeds=seeds)),
        *(
            (say("Source: {name}", name=say(text.plain(name))), text.plain(words, 600))
            for name, words in report.sources.items()
        ),
        *(
            (say("Version: {name}", name=text.plain(name)), text.plain(words))
            for name, words in report.versions.items()
        ),
    ]


def _errands(scenario: Scenario) -> list[tuple[str, str]]:
    """Return the trips before leaving."""
    return [
        (
            say("Before leaving"),
            say(
                "{name}: a car of {share} of the households first goes to one of {number} places for {minutes} min",
                name=text.plain(item.name), share=f"{item.share:.0%}", number=len(item.at),
                minutes=f"{item.stop_min:g}",
            ),
        )
        for item in scenario.before_leaving
    ]  # fmt: skip


def _background(scenario: Scenario) -> list[tuple[str, str]]:
    """Return who else is on the road, by departure curve where these differ."""
    own = {item.name: item.background for item in scenario.departures if item.background is not None}
    usual = [(say("Background traffic"), _background_text(scenario.background))]
    named = [
        (say("Background traffic, {departures}", departures=text.plain(name)), _background_text(background))
        for name, background in own.items()
    ]
    return named if len(own) == len(scenario.departures) else [*usual, *named]


def _background_text(background: Background) -> str:
    engines = [
        say(
            "{number} fire engines from {start}, the first {minute} min after the order",
            number=item.number, start=text.plain(item.from_exit), minute=f"{item.from_min:g}",
        )
        for item in background.engines
    ]  # fmt: skip
    if not background.through and not background.local_trips_per_household_h:
        return "; ".join([say("none: roads start empty, and no traffic passes through from elsewhere"), *engines])
    parts = [
        say(
            "{flow} vehicles per hour from {start} to {end}",
            flow=f"{item.veh_per_h:g}", start=text.plain(item.from_exit), end=text.plain(item.to_exit),
        )
        for item in background.through
    ]  # fmt: skip
    if background.local_trips_per_household_h:
        parts.append(
            say("{trips} local trips per household and hour", trips=f"{background.local_trips_per_household_h:g}")
        )
    usual = say(
        "{traffic}; falls to nothing from {full} to {until} min after the order; in queues, in no clearance time",
        traffic="; ".join(parts), full=f"{background.until_min - background.fades_min:g}",
        until=f"{background.until_min:g}",
    )  # fmt: skip
    return "; ".join([usual, *engines])


def _incidents_text(incidents: Incidents | None) -> str:
    if incidents is None:
        return say("none, but those of a plan")
    return say(
        "{number} in a million vehicle-kilometres, each in its lane for {minutes} min; drawn with the seed",
        number=f"{incidents.per_million_vehicle_km:g}", minutes=f"{incidents.lasts_min:g}",
    )  # fmt: skip


def _end(scenario: Scenario) -> str:
    return f"{scenario.simulation.end_h:g} h"


def _people(scenario: Scenario) -> list[tuple[str, str]]:
    settings = scenario.households
    counts = say(
        "counts by zone from {file}, column “{column}”",
        file=settings.zones.file.name, column=text.plain(settings.zones.count),
    )  # fmt: skip
    spread = say(_DWELLINGS[settings.dwellings.kind])
    farthest = say(
        "a home more than {metres} m from every street is not connected", metres=f"{settings.max_to_street_m:g}"
    )
    return [
        (say("Households"), counts),
        *_reported_by(settings),
        *_compliance(scenario),
        (say("Homes"), say("{spread}; the table of households by zone says what served each", spread=spread)),
        (say("Farthest street"), farthest),
    ]


def _compliance(scenario: Scenario) -> list[tuple[str, str]]:
    """Return how many of those that are ordered to leave do, where not all do."""
    given = scenario.compliance
    parts = [say("{share} of the ordered households leave", share=f"{given.share:.0%}")]
    parts += [
        say("{share} in {zone}", share=f"{share:.0%}", zone=text.plain(zone)) for zone, share in given.by_zone.items()
    ]
    return [(say("Compliance"), "; ".join(parts))] if given != Compliance() else []


def _reported_by(settings: Households) -> list[tuple[str, str]]:
    if settings.report_zones is None:
        return []
    file = settings.report_zones.file.name
    return [
        (say("Zones"), say("a household belongs to the zone of {file} that its dwelling stands in", file=file)),
    ]


def _ways_out(report: ReportInput) -> list[tuple[str, str]]:
    exits, choice = report.scenario.exits, report.scenario.exit_choice
    found = say("named")
    if isinstance(exits, FoundExits):
        found = say("found: roads that lead out of the area and on, the greatest of each way")
        if exits.at_least is not None:
            found = say("found: roads of class {road} or above that lead out of the area and on", road=exits.at_least)
    line = say(
        "{found}; a vehicle is evacuated when it crosses its exit line, and traffic flows freely beyond", found=found
    )
    return [(say("Exits"), line), (say("Choice of exit"), _choice_of_exit(choice))]


def _choice_of_exit(choice: ExitChoice) -> str:
    """Return what decides which exit a driver takes."""
    if choice.kind == "free":
        return say("every driver takes the exit that is quickest to reach, and may change it on the way")
    parts = [say("drivers of {number} zones are held to their zone's exit", number=len(choice.by_zone))]
    if choice.shares:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in choice.shares.items())
        parts = [say("each household is bound for an exit that was drawn: {shares}", shares=shares)]
        parts += (
            [say("but in {number} zones for the zone's exit", number=len(choice.by_zone))] if choice.by_zone else []
        )
    return ", ".join(parts)


def _changes_to_the_map(scenario: Scenario) -> list[tuple[str, str]]:
    """Return what the scenario says that the map doesn't, each with its reason: corrections and forbidden exits."""
    changes = []
    for item in scenario.osm.corrections:
        where = f"“{text.plain(item.street)}”" if item.street is not None else say("way {way}", way=item.way)
        tags = ", ".join(f"{key} {say('taken away') if value is None else value}" for key, value in item.tags.items())
        words = say(
            "{where}: {tags}; because {reason}",
            where=where, tags=text.plain(tags), reason=text.plain(item.because, 300),
        )  # fmt: skip
        changes.append((say("Map corrected"), words))
    for closed in scenario.forbidden_exits:
        words = say(
            "nobody leaves by {exit}: {reason}", exit=text.plain(closed.name), reason=text.plain(closed.because, 300)
        )
        changes.append((say("Forbidden exit"), words))
    return changes


def _driving(scenario: Scenario, *, has_signals: bool) -> list[tuple[str, str]]:
    driver, traffic, simulation = scenario.driver, scenario.traffic, scenario.simulation
    after_s = simulation.teleport_after_s
    teleporting = say("off")
    if after_s is not None:
        teleporting = say("jammed vehicles jump ahead after {seconds} s, which flatters the answer", seconds=after_s)
    drivers = say("profile “{profile}” (documented car-following and lane-changing parameters)", profile=driver.profile)
    informed = say(
        "{share} of the drivers look for a faster route every {seconds} s",
        share=f"{driver.informed_share:.0%}", seconds=driver.reroute_every_s,
    )  # fmt: skip
    gridlock = say(
        "vehicles that block each other in a ring for {seconds} s; each case is counted",
        seconds=simulation.gridlock_after_s,
    )
    return [
        (say("Drivers"), drivers),
        (say("Information"), informed),
        (say("Signals"), say(_SIGNALS[traffic.signals]) if has_signals else say("none: no junction has a signal")),
        (say("Right of way"), say(_RIGHT_OF_WAY[traffic.right_of_way])),
        (say("Merges"), say(_MERGES[traffic.merges])),
        (say("Gridlock"), gridlock),
        (say("Teleporting"), teleporting),
    ]


def departure_words(departure: Departure) -> str:
    """Return a departure curve in words: its form, and when half, 90 % and 99 % are ready to leave."""
    form = say(_FORMS[departure.curve.form])
    if isinstance(departure.curve, AllAtOnce):
        return say(
            "{form}, {time} after the order", form=form, time=clock.span(departure.curve.at_min * clock.MINUTE_S)
        )
    half, most, last = (
        clock.clock(departures.left_by(departure, share) * clock.MINUTE_S) for share in (0.5, 0.9, 0.99)
    )
    return say(
        "{form}: half have left by {half}, 90 % by {most}, 99 % by {last}",
        form=form, half=half, most=most, last=last,
    )  # fmt: skip
