"""The text of a new scenario: what was found, with comments for the person who edits it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml

from evac.network.exits.record import WaysOutRecord
from evac.new.mending import Mended
from evac.new.naming import Named
from evac.prose import begun

AREA, ROADS, WAYS_OUT = "data/area.geojson", "data/roads.osm.pbf", "data/ways_out.geojson"
_MEASURED = "vehicles available"
"""Name of the vehicles-per-household case with the counted distribution."""

_WIDTH = 116
_SHARE_DIGITS = 4


@dataclass(frozen=True)
class Facts:
    """What a new scenario says.

    Parameters
    ----------
    name
        The place.
    roads, households
        Where they come from, a sentence each.
    beyond
        How far the roads reach beyond the area, and why.
    section
        The section `households`.
    exits_at_least
        Lowest class of road that is a way out; None for the usual ones.
    ways_out
        What was decided on the whole map.
    exits, bottlenecks
        As found; before they are, the exits are left to be found.
    exits_given
        Whether a person has named the exits.
    other_exits
        Lesser roads that leave the map, for a person to choose from.
    country
        ISO 3166 code, if known.
    mended
        What was changed so that households can leave.
    shares
        Share of households by vehicles available, where counted.
    zone_shares
        The same by zone.
    fetch
        The section `fetch` of a scenario whose data can be fetched again.
    editor_line
        The file's first line, by which editors complete its keys, if any.
    """

    name: str
    roads: str
    households: str
    beyond: str
    section: Mapping[str, Any]
    exits_at_least: str | None
    ways_out: WaysOutRecord
    exits: list[Named] = field(default_factory=list)
    other_exits: list[Named] = field(default_factory=list)
    bottlenecks: list[Named] = field(default_factory=list)
    exits_given: bool = False
    country: str | None = None
    shares: Mapping[int, float] | None = None
    zone_shares: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    mended: Mended = field(default_factory=Mended)
    fetch: Mapping[str, Any] | None = None
    editor_line: str = ""


def scenario_text(facts: Facts) -> str:
    """Return the scenario as YAML with comments."""
    parts = [
        _head(facts),
        *([_fetch(facts.fetch)] if facts.fetch else []),
        _area_and_roads(facts),
        _households(facts),
        _exits(facts),
        _bottlenecks(facts),
        _cases(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _head(facts: Facts) -> str:
    note = (
        f"Roads: {facts.roads}. Households: {facts.households}. Exits, lanes and speeds are as evac new found them on "
        "the map: no person has checked them yet."
    )
    today = datetime.now(UTC).date().isoformat()
    lines = [
        f"# Written by `evac new` on {today}; yours to edit. `evac check` tells what to look at, `evac run` evacuates.",
        f"name: {_flow(facts.name)}",
        "note: >-  # shown with every result: say there what you have checked",
        textwrap.indent(textwrap.fill(note, _WIDTH, break_long_words=False, break_on_hyphens=False), "  "),
    ]
    return facts.editor_line + "\n".join(lines)


def _fetch(fetch: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            *_comment(
                "Files below that aren't there are downloaded before the first use. To get one anew, remove it and "
                "`.evac/fetched/`, where answers are kept."
            ),
            f"fetch: {_flow(fetch)}",
        ]
    )


def _area_and_roads(facts: Facts) -> str:
    return "\n".join(
        [
            *_comment("Who is ordered out. Edit the polygon in a GIS, then run again." + _left_out(facts.mended)),
            f"area: {_flow({'file': AREA})}",
            "",
            *_comment(
                f"The roads reach {facts.beyond}. Where the map is wrong, correct it here: lanes and speed limits on "
                "the ways out matter most."
            ),
            "osm:",
            f"  file: {ROADS}",
            *_corrections(facts.mended.closed_ways),
        ]
    )


def _left_out(mended: Mended) -> str:
    parts = mended.parts_left_out
    return f" Left out of it: {parts} separate part(s) without a road." if parts else ""


def _corrections(closed_ways: Iterable[int]) -> list[str]:
    example = "  #   - {street: Main Street, tags: {lanes: 4, maxspeed: 35 mph}, because: counted on site}"
    because = "leads to no exit on this map; its homes leave by the nearest other street (evac new; not checked)"
    closed = []
    for way in closed_ways:
        closed.append(f"    - {{way: {way}, tags: {{access: 'no'}}, because: {_flow(because)}}}")
        because = f"as way {min(closed_ways)}"
    return ["  corrections:", f"  {example}", *closed] if closed else ["  # corrections:", example]


def _households(facts: Facts) -> str:
    lines = _comment(f"{begun(facts.households)}.")
    lines.append("households:")
    lines += [f"  {key}: {_flow(value)}" for key, value in facts.section.items()]
    if facts.mended.max_to_street_m > Mended().max_to_street_m:
        lines.append(f"  max_to_street_m: {facts.mended.max_to_street_m:g}  # farms reach the nearest street by tracks")
    return "\n".join(lines)


def _exits(facts: Facts) -> str:
    which = f"{exits_rule(facts.exits_at_least)} that lead out of the area and on"
    how = (
        f"Ways out: {'as you gave them' if facts.exits_given else which}. A car is evacuated when it "
        "has crossed the exit line, past which traffic flows freely. Follow the links; take away what leads into the "
        "hazard, and close a road that nobody may take:"
    )
    example = '{name: Hill road, street: Hill Road, point: {lat: 0.0, lon: 0.0}, because: "leads into the fire"}'
    head = [*_comment(how), "# forbidden_exits:", f"#   - {example}"]
    if not facts.exits:
        return "\n".join([*head, f"exits: {_flow({'at_least': facts.exits_at_least})}", *_decided(facts)])
    others = [f"  # {line.strip()}" for line in _places(facts.other_exits)]
    if others:
        others = ["  # Lesser roads that lead on too; make them exits if people would take them:", *others]
    return "\n".join([*head, "exits:", *_places(facts.exits), *others, *_decided(facts)])


def _decided(facts: Facts) -> list[str]:
    """Tell of the roads that leave the area and are no way out, as the whole map has them, and where all of it is."""
    none = [f"#   - {item.label}: {item.reason}" for item in facts.ways_out.none]
    told = [*_comment("Roads that leave the area and are no way out:"), *none] if none else []
    where = "Decided on the whole map, before it was cut: every road that leaves the area, and why it is no way out."
    return [*told, *_comment(where), f"ways_out: {WAYS_OUT}"]


def exits_rule(at_least: str | None) -> str:
    """Return in words which roads are ways out."""
    if at_least is not None:
        return f"roads of class {at_least} or above"
    return "secondary and higher roads, tertiary ones where no higher road leads the same way,"


def _bottlenecks(facts: Facts) -> str:
    if not facts.bottlenecks:
        return "\n".join(
            _comment("No lane is narrow for one vehicle a household; those that hold a run up are found in the run.")
        )
    why = (
        "Lanes to measure: of each street the place that needs longest when everybody takes the quickest way over "
        "empty roads. Those that hold a run up are found and measured as well."
    )
    return "\n".join([*_comment(why), "bottlenecks:", *_places(facts.bottlenecks)])


def _places(places: Iterable[Named]) -> list[str]:
    return [f"  - {_flow(place.keys)}{'  # ' if place.about else ''}{place.about}" for place in places]


def _cases(facts: Facts) -> str:
    lines = _comment("Cases: vehicles per household. At 1.5 half of them take one and half take two.")
    lines += ["vehicles_per_household:", "  - 1", "  - 1.5", "  - 2"]
    if facts.shares:
        lines += [
            f"  - name: {_MEASURED}  # as counted; households without a vehicle need a bus, and none is simulated",
            f"    distribution: {_flow(_rounded(facts.shares))}",
            *(["    by_zone:"] if facts.zone_shares else []),
            *[f"      {_flow(zone)}: {_flow(_rounded(shares))}" for zone, shares in facts.zone_shares.items()],
        ]
    lines += [
        "",
        *_comment("When they leave, after the order. This curve is usual, not measured here."),
        "departures:",
        "  - {name: 90 % within 60 min, curve: {form: rayleigh, p90_min: 60}}",
        "",
    ]
    if facts.country is None:
        lines += _comment(
            "The side of the road, and speed limits where the map has none, go by the country that the place is in; "
            "`evac check` says which. Give it where that is wrong, such as country: US."
        )
        return "\n".join([*lines, "traffic: {}"])
    return "\n".join(
        [
            *lines,
            f"traffic: {_flow({'country': facts.country})}  # side of the road; speed limits where the map has none",
        ]
    )


def _rounded(shares: Mapping[int, float]) -> dict[int, float]:
    """Round shares so that they still add up to 1."""
    rounded = {number: round(share, _SHARE_DIGITS) for number, share in shares.items()}
    most = max(rounded, key=lambda number: rounded[number])
    rest = sum(share for number, share in rounded.items() if number != most)
    return {**rounded, most: round(1.0 - rest, _SHARE_DIGITS)}


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)]


def _flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...").strip()
