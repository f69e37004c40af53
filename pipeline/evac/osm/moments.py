"""What holds at times: conditional tags, seasons and old hours of turn restrictions, decided for one date and hour.

`motor_vehicle:conditional=no @ (Nov 01-May 15)` becomes `motor_vehicle=no` when the moment lies in there. What can't be
decided, because no moment is given or the condition isn't one of the clock (ice, weather, permits), is handed back in
words, so that it can be told where traffic passes.

Sources: https://wiki.openstreetmap.org/wiki/Conditional_restrictions, Key:seasonal, and for the hours
https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification, read by opening-hours-py.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from evac.osm.access import ACCESS_KEYS, BACKWARD, FORWARD, Tags, car_access, closes
from evac.osm.passable import CAR

_SUFFIX = ":conditional"
_ACCESS = {f"{key}{suffix}" for key in ACCESS_KEYS for suffix in ("", FORWARD, BACKWARD)}
_CLOSING = re.compile(
    r"(temporary:)?(access|vehicle|motor_vehicle|motorcar)(:forward|:backward)?(:temporary)?(:conditional)?="
    r"|temporary:(construction|highway)|locked|opening_hours=|\w*season|\w+_road=|tidal="
)
_OTHER = re.compile(r"^(oneway|lanes|restriction|locked)(:|$)|:lanes(:|$)")
# What holds for now, https://wiki.openstreetmap.org/wiki/Key:temporary: over the tags that will hold again.
_TEMPORARY = re.compile(r"^temporary:(?P<key>[a-z_:]+)$|^(?P<its>[a-z_:]+):temporary$")
_FROM, _UNTIL = "temporary:date_on", "temporary:date_off"
_CLAUSE = re.compile(r"\s*([^@;()]+?)\s*@\s*(\((?:[^()]|\([^()]*\))*\)|[^;]*)")
_AND = re.compile(r"\s+AND\s+", re.IGNORECASE)
_COMPARISON = re.compile(r"^([a-z:_]+)\s*(<=|>=|<|>|=)\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip
# https://wiki.openstreetmap.org/wiki/Key:access#Transport_mode_restrictions
_CARS = {"vehicle", "motor_vehicle", "motorcar", "hov", "carpool"}
_NOT_CARS = {
    "hgv", "hgv_articulated", "bdouble", "goods", "bus", "minibus", "share_taxi", "coach", "tourist_bus", "psv", "taxi",
    "trailer", "double_trailer", "caravan", "motorhome", "motorcycle", "moped", "mofa", "speed_pedelec", "bicycle",
    "foot", "horse", "carriage", "agricultural", "forestry", "emergency", "hazmat", "hazmat:water", "tram", "atv",
    "ohv", "snowmobile", "golf_cart", "auto_rickshaw", "disabled",
}  # fmt: skip
_SEVERAL = re.compile(r"\s*[;,]\s*|\s+or\s+")
_RESIDENTS = {"residents", "destination", "customers", "private", "permit", "delivery"}
_VARYING = re.compile(r"\b(SH|dawn|dusk|sunrise|sunset|easter)\b")  # need a calendar, or the place
_HOLIDAYS = re.compile(r"\bPH\b")
_SEASONAL_KEYS = ("seasonal", "winter_road", "ice_road")
_TIDAL = "tidal"  # a causeway that the sea covers, by no calendar that a map has
_HOURS, _ALWAYS = "opening_hours", "24/7"
_STAFFED = {"toll_booth"}  # their hours say when somebody sits there, not when cars pass
_SEASONS = ("winter", "spring", "summer", "autumn")
_HALF_A_YEAR = 2  # seasons
_SHUT = {ACCESS_KEYS[-1]: "no"}  # what a way or a gate is while the tag of when it is open doesn't hold
_SHUT_FOR = {
    f"{key}{suffix}": f"{ACCESS_KEYS[-1]}{suffix}" for key in ACCESS_KEYS for suffix in ("", FORWARD, BACKWARD)
}
_FOR_NOW = {"construction", "highway"}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = {"monday": "Mo", "tuesday": "Tu", "wednesday": "We", "thursday": "Th", "friday": "Fr", "saturday": "Sa",
         "sunday": "Su"}  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """The date and hour for which a map is read.

    Parameters
    ----------
    at
        Local time; None when it isn't known.
    country
        ISO 3166 code, for public holidays; None when it isn't known.
    """

    at: datetime | None = None
    country: str | None = None

    def season(self, lat: float) -> str | None:
        """Return the season, by whole months, at a latitude (degrees)."""
        if self.at is None:
            return None
        number = self.at.month % 12 // 3
        return _SEASONS[number if lat >= 0 else (number + _HALF_A_YEAR) % len(_SEASONS)]


@dataclass(frozen=True)
class AtMoment:
    """Tags as they hold at a moment.

    Parameters
    ----------
    tags
        What holds, as far as that can be decided.
    undecided
        What can't, `key=value` as the map has it.
    otherwise
        The tags as they would be if it held, for each value that is undecided.
    """

    tags: Tags
    undecided: tuple[str, ...] = ()
    otherwise: tuple[Tags, ...] = ()


def tags_at(tags: Tags, moment: Moment, lat: float | None = None) -> AtMoment:
    """Return the tags of a way, a node or a relation as they hold at a moment.

    Parameters
    ----------
    tags
        Its tags.
    moment
        The moment.
    lat
        Where it is (degrees), for the seasons; None when that isn't known.
    """
    in_time = list(_in_time(tags))
    seasons, hours, tidal = _seasons_of(tags), _hours_of_passage(tags), tags.get(_TIDAL, "no") != "no"
    if not in_time and not seasons and hours is None and not tidal:
        return AtMoment(tags)
    now, undecided, changes = dict(tags), list[str](), list[dict[str, str]]()
    for said, base, value, condition in in_time:
        holds = condition is None or _holds(condition, moment, lat)
        if holds:
            now[base] = value
        elif holds is None and _changes(base, value, now):
            undecided.append(said)
            changes.append({base: value})
    when_open = [(_season_tag(tags), _is_in_season(seasons, moment, lat))] if seasons else []
    when_open += [(f"{_HOURS}={hours}", within(hours, moment))] if hours is not None else []
    when_open += [(f"{_TIDAL}={tags[_TIDAL]}", None)] if tidal else []
    for tag, holds in when_open:
        if holds is False:
            now |= _SHUT
        elif holds is None:
            undecided.append(tag)
            changes.append(_SHUT)
    return AtMoment(now, tuple(dict.fromkeys(undecided)), tuple(now | change for change in changes))


def _in_time(tags: Tags) -> Iterator[tuple[str, str, str, str | None]]:
    """Give what may hold at times: the map's words, key and value, and the condition; None where it holds for now."""
    for key, value in tags.items():
        if key.endswith(_SUFFIX) and _matters(key.removesuffix(_SUFFIX)):
            for given, condition in _clauses(value):
                yield f"{key}={value}", key.removesuffix(_SUFFIX), given, condition
    temporary = [(key, found) for key in tags if (found := _TEMPORARY.match(key))]
    for key, found in temporary:
        base = (found["key"] or found["its"]).removesuffix(_SUFFIX)
        if _matters(base) or base in _FOR_NOW:
            clauses: list[tuple[str, str | None]] = [*_clauses(tags[key])]
            for given, when in clauses or [(tags[key], _dates(tags))]:
                shut = base in _ACCESS and closes(given)  # over what the map says of cars in particular
                yield f"{key}={tags[key]}", _SHUT_FOR[base] if shut else base, given, when


def _dates(tags: Tags) -> str | None:
    """Return the days between which temporary tags hold, as a condition; None where the map has none."""
    if _FROM not in tags and _UNTIL not in tags:
        return None
    try:
        days = [date.fromisoformat(tags.get(key, end)) for key, end in ((_FROM, "1900-01-01"), (_UNTIL, "2999-12-31"))]
    except ValueError:
        return f"{tags.get(_FROM, '')}-{tags.get(_UNTIL, '')}"  # told as it stands
    return "-".join(f"{day.year} {_MONTHS[day.month - 1]} {day.day:02}" for day in days)


def _hours_of_passage(tags: Tags) -> str | None:
    """Return the hours at which cars get along a road or through a gate, None where there are none."""
    hours = tags.get(_HOURS)
    passes = "highway" in tags or ("barrier" in tags and tags["barrier"] not in _STAFFED)
    return hours if hours is not None and hours.strip() != _ALWAYS and passes else None


def closes_at_times(said: str) -> bool:
    """Return whether what can't be decided (`AtMoment.undecided`) is when cars may pass, not how the road runs then."""
    return _CLOSING.match(said) is not None


def turns_at_times(said: str) -> bool:
    """Return whether what can't be decided is in which direction cars may drive."""
    return said.startswith("oneway")


def is_tidal(said: str) -> bool:
    """Return whether what can't be decided is when the sea covers a road."""
    return said.startswith(f"{_TIDAL}=")


def changes_with_time(tags: Tags) -> bool:
    """Return whether any of the tags may hold at times only; most have none."""
    whole = {_HOURS, _TIDAL, *_SEASONAL_KEYS}
    return any(key.endswith(_SUFFIX) or key in whole or "temporary" in key for key in tags)


def hours_of(tags: Tags) -> str | None:
    """Return the hours of an old turn restriction (`day_on`, `hour_off` …) as a condition, None where it has none."""
    days = [_DAYS.get(tags.get(key, "").strip().lower()) for key in ("day_on", "day_off")]
    hours = [tags.get(key, "").strip() for key in ("hour_on", "hour_off")]
    found = [f"{days[0]}-{days[1]}"] if all(days) else []
    found += [f"{hours[0]}-{hours[1]}"] if all(hours) else []
    return " ".join(found) or None


def _matters(base: str) -> bool:
    return base in _ACCESS or _OTHER.search(base) is not None


def _changes(base: str, value: str, now: Tags) -> bool:
    """Return whether a value would change what cars may do."""
    if base in _ACCESS:
        given = car_access(now)
        return closes(value) != (given is not None and closes(given))
    return now.get(base) != value


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    for value, condition in _CLAUSE.findall(text):
        yield value.strip(), condition.strip().removeprefix("(").removesuffix(")").strip()


def _holds(condition: str, moment: Moment, lat: float | None) -> bool | None:
    """Return whether a condition holds for a family car at a moment; None when that can't be told."""
    found = [_part_holds(part.strip(), moment, lat) for part in _AND.split(condition)]
    if False in found:
        return False
    return None if None in found else True


def _part_holds(part: str, moment: Moment, lat: float | None) -> bool | None:
    word = part.lower()
    comparison = _COMPARISON.match(word)
    if comparison:
        name, sign, number = comparison.groups()
        own = CAR.get(name.removeprefix("max"))
        return None if own is None else _OPERATORS[sign](own, float(number))
    if _NOT_CARS.issuperset(_SEVERAL.split(word)):
        return False
    if word in _RESIDENTS or word in _CARS:
        return True
    if word in _SEASONS:
        return _is_in_season((word,), moment, lat)
    return within(part, moment)


def within(hours: str, moment: Moment) -> bool | None:
    """Return whether the moment lies in opening hours; None when it isn't known or they can't be read."""
    if moment.at is None or _VARYING.search(hours):
        return None
    from opening_hours import OpeningHours  # noqa: PLC0415  few maps need it

    with_holidays = _HOLIDAYS.search(hours) is not None
    try:
        parsed = OpeningHours(hours, country=moment.country) if with_holidays else OpeningHours(hours)
    except Exception:  # noqa: BLE001  ParserError and UnknownCountryError, which the package's types don't name
        return None
    if (with_holidays and moment.country is None) or parsed.is_unknown(moment.at):
        return None
    return bool(parsed.is_open(moment.at))


def _season_tag(tags: Tags) -> str:
    return next(f"{key}={tags[key]}" for key in _SEASONAL_KEYS if tags.get(key, "no") != "no")


def _seasons_of(tags: Tags) -> tuple[str, ...]:
    """Return the seasons in which a road may be used; `yes` when the map doesn't say which."""
    if tags.get("winter_road", "no") != "no" or tags.get("ice_road", "no") != "no":
        return ("winter",)
    given = tags.get("seasonal", "no")
    return () if given == "no" else tuple(part.strip().lower() for part in re.split("[;,]", given))


def _is_in_season(seasons: tuple[str, ...], moment: Moment, lat: float | None) -> bool | None:
    """Return whether a moment is in one of the seasons; in a season beside them nobody can tell.

    Snow keeps no calendar: a road for the summer is open in July and closed in January, here, and in April unknown.
    """
    now = moment.season(lat) if lat is not None else None
    if now is None or not set(seasons) <= set(_SEASONS):
        return None
    if now in seasons:
        return True
    place = _SEASONS.index(now)
    beside = {_SEASONS[place - 1], _SEASONS[(place + 1) % len(_SEASONS)]}
    return None if beside & set(seasons) else False
