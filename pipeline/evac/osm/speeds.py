"""Speed limits: what a `maxspeed` tag says, and what is usual in a country where there is none.

`speed_names.csv` beside this module holds the limits that go by a name (`GB:nsl_single`, `DE:rural`), by the country's
law; where it lacks one the limit is a guess. `speeds.csv` holds the usual limits by country and class of road, inside
and outside towns. Each row has its source. Where a country has no row the general one (`*`) serves. They are guesses
for the purpose of choosing a route; a queue's discharge hardly depends on them.

The named limits were held against OSM's wiki (https://wiki.openstreetmap.org/wiki/Default_speed_limits, revision
2607051, as westnordost/osm-legal-default-speeds has read it): all rows that both have agree but `FI:rural`, 100 km/h
there and 80 km/h in the law (https://finlex.fi/sv/laki/alkup/1988/19880263).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from evac.osm.access import Tags

_GENERAL = "*"
_KPH_PER_MPH = 1.609344
_KPH_PER_KNOT = 1.852
_WALK_KPH = 7.0  # walking pace, StVO sign 325.1, as German courts read it
_FASTEST_KPH = 160.0  # no limit on roads is higher (https://wiki.openstreetmap.org/wiki/Default_speed_limits)
_SPEED_KEYS = ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")
_NUMBER = re.compile(r"^(\d+(?:\.\d+)?)\s*(mph|kmh|km/h|kph|knots)?$")
_ZONE = re.compile(r"^[a-z]{2}(?:-[a-z]+)?:(?:zone:?)?(\d+)$")
_NAMED = re.compile(r"^([a-z]{2}(?:-[a-z]+)?):(.+)$")
_OTHER_CODES = {"uk": "gb"}  # what mappers write for the country's ISO 3166 code

# What a name stands for where the table of laws lacks it: class of road (None: its own), inside a town (None: as it
# lies).
_NAMED_LIMITS: Mapping[str, tuple[str | None, bool | None]] = {
    "urban": (None, True),
    "rural": (None, False),
    "nsl_single": (None, False),
    "trunk": ("trunk", False),
    "nsl_dual": ("trunk", False),
    "motorway": ("motorway", False),
    "living_street": ("living_street", True),
}


@dataclass(frozen=True)
class Speed:
    """A way's speed limit.

    Parameters
    ----------
    kph
        The limit in km/h.
    guessed
        It isn't tagged.
    """

    kph: float
    guessed: bool


def usual_speed(country: str | None, highway: str, *, in_town: bool) -> float:
    """Return the usual limit in km/h of a class of road without a `maxspeed` tag.

    Parameters
    ----------
    country
        ISO 3166 code, or None when it isn't known.
    highway
        Class of road. A link has the limit of its class unless the table says otherwise.
    in_town
        Inside a built-up area.
    """
    table = _table()
    for nation in (country, _GENERAL):
        for name in (highway, highway.removesuffix("_link")):
            row = table.get((nation or _GENERAL, name))
            if row is not None:
                return row[0] if in_town else row[1]
    raise KeyError(highway)


def has_country(country: str | None) -> bool:
    """Return whether the table knows a country; where it doesn't the general limits serve."""
    return any(nation == country for nation, _ in _table())


def read_speed(text: str | None, country: str | None, highway: str, *, in_town: bool) -> Speed:
    """Return the limit that a `maxspeed` value gives, or the usual one when it gives none.

    Parameters
    ----------
    text
        The tag's value (https://wiki.openstreetmap.org/wiki/Key:maxspeed), or None.
    country, highway, in_town
        As for `usual_speed`.
    """
    value = (text or "").strip().lower().split(";")[0]
    tagged = _tagged_kph(value)
    if tagged is not None and 0 < tagged <= _FASTEST_KPH:
        return Speed(tagged, guessed=False)
    place, name = _place_and_name(value)
    lawful = _law(place, name)
    if lawful is not None:
        return Speed(lawful, guessed=False)
    if name in _NAMED_LIMITS:
        other_class, town = _NAMED_LIMITS[name]
        usual = usual_speed(place[:2].upper(), other_class or highway, in_town=in_town if town is None else town)
        return Speed(usual, guessed=True)
    return Speed(usual_speed(country, highway, in_town=in_town), guessed=True)


def speed_tag(tags: Tags) -> str | None:
    """Return what a way's tags say of its limit in both directions, as `maxspeed` says it; None where they don't."""
    return next((tags[key] for key in _SPEED_KEYS if key in tags), None)


def is_unknown_law(text: str | None) -> bool:
    """Return whether a `maxspeed` value names a law that the table lacks, such as `US:urban`."""
    value = (text or "").strip().lower().split(";")[0]
    place, name = _place_and_name(value)
    return bool(name) and _tagged_kph(value) is None and _law(place, name) is None


def _place_and_name(value: str) -> tuple[str, str]:
    """Return the country or region, and the name, of a value such as `gb-wls:nsl_restricted`; twice nothing else."""
    named = _NAMED.match(value)
    if named is None:
        return "", ""
    country, dash, region = named.group(1).partition("-")
    return _OTHER_CODES.get(country, country) + dash + region, named.group(2)


def _law(place: str, name: str) -> float | None:
    """Return the limit in km/h by the law of a region, else of its country; None where the table has neither."""
    laws = _laws()
    return laws.get((place.upper(), name), laws.get((place[:2].upper(), name)))


def _tagged_kph(value: str) -> float | None:
    if value == "walk" or value.endswith(":walk"):
        return _WALK_KPH
    number = _NUMBER.match(value)
    if number:
        factor = {"mph": _KPH_PER_MPH, "knots": _KPH_PER_KNOT}.get(number.group(2) or "", 1.0)
        return float(number.group(1)) * factor
    zone = _ZONE.match(value)
    return float(zone.group(1)) if zone else None


@cache
def _laws() -> Mapping[tuple[str, str], float]:
    with files("evac.osm").joinpath("speed_names.csv").open(encoding="utf-8") as file:
        return {(row["country"], row["name"]): float(row["kph"]) for row in csv.DictReader(file)}


@cache
def _table() -> Mapping[tuple[str, str], tuple[float, float]]:
    with files("evac.osm").joinpath("speeds.csv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return {(row["country"], row["highway"]): (float(row["town_kph"]), float(row["rural_kph"])) for row in rows}
