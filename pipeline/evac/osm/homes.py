"""Which buildings people live in, and how many dwelling units they hold, from their tags and size.

A building is a home by its type, one of a list of types (`apartments;retail`), by its use (`building:use`), or because
it is tagged with flats. `building=yes`, which is most of them (97 % of Balzers), is one unless its own tags, the ground
that it stands on or its size say otherwise. Nobody lives in what is abandoned, ruined or not yet built; and those who
live in dormitories, barracks, hotels and nursing homes are no households (group quarters of the US census).

Dwelling units, from the first that is known:

- `building:flats`, or the numbers in `addr:flats` (`flats`);
- a duplex, triplex or fourplex: two, three, four (`type`);
- `building:levels` of an apartment house, terrace or `residential` block, and of a `yes` with three levels or more:
  floor area / 100 m² (`levels`);
- an apartment house or terrace without levels: footprint / 100 m², two at least (`area`);
- else 1 (`none`).
"""

from __future__ import annotations

import re

from evac.osm.access import Tags

# https://wiki.openstreetmap.org/wiki/Key:building#Accommodation without group quarters, hotels and the like; and what
# mappers write for the same things (https://taginfo.openstreetmap.org/keys/building#values).
_MULTIPLE = frozenset({
    "apartment", "apartment_block", "apartment_building", "apartments", "block_of_flats", "condominium",
    "condominiums", "condos", "flats", "multi-family", "multi_family", "multifamily", "tenement", "terrace",
})  # fmt: skip
_PLEX = {"duplex": 2.0, "triplex": 3.0, "fourplex": 4.0, "quadplex": 4.0}
_RESIDENTIAL = _MULTIPLE | _PLEX.keys() | {
    "annexe", "bungalow", "cabin", "chalet", "cottage", "detached", "dwelling", "dwelling_house", "farm", "farmhouse",
    "flat", "ger", "home", "homestead", "house", "houseboat", "houses", "maisonette", "manor", "mansion",
    "manufactured_home", "mobile_home", "residence", "residential", "row_house", "rowhouse", "semi", "semi-detached",
    "semi_detached", "semidetached", "semidetached_house", "single_family", "static_caravan", "stilt_house",
    "terraced", "terraced_house", "townhouse", "trailer", "tree_house", "trullo", "villa",
}  # fmt: skip
_OUTBUILDINGS = {"carport", "garage", "garages", "parking", "shed"}  # their flats would be boxes
# Values of `building:use` that aren't types: https://wiki.openstreetmap.org/wiki/Key:building:use
_RESIDENTIAL_USE = _RESIDENTIAL | {"living", "mixed", "mixed_use", "yes"}
# No longer, or not yet, in use: https://wiki.openstreetmap.org/wiki/Lifecycle_prefix
_LIFECYCLE = (
    "abandoned", "collapsed", "construction", "demolished", "destroyed", "disused", "proposed", "razed", "ruined",
    "ruins",
)  # fmt: skip
_MANY_LEVELS = 3  # a plain building this high holds flats rather than one family
# Mean dwelling: 99 m² (Swiss Federal Statistical Office, Dwellings 2021); median new US apartment 1,050 sq ft = 98 m²
# (US Census Bureau, Characteristics of New Housing).
_DWELLING_M2 = 100.0
# A dwelling smaller than 400 sq ft is a "tiny house" (International Residential Code, appendix Q); smaller plain
# buildings are garages and sheds. Plain buildings above the upper limit are halls; no source, our choice.
_MIN_PLAIN_M2, _MAX_PLAIN_M2 = 37.0, 2000.0
_MAX_UNITS = 2000  # more in one building is a typing error: the largest apartment houses have about that many
# Tags on the building itself that say it isn't (only) a home.
_BUSINESS_KEYS = (
    "amenity", "shop", "office", "craft", "industrial", "man_made", "tourism", "leisure", "public_transport",
    "railway", "aeroway", "power", "military", "emergency", "healthcare",
)  # fmt: skip
# A business of these on the ground floor leaves the floors above to homes.
_ONE_FLOOR = {"shop", "craft"}
_ONE_FLOOR_AMENITIES = {"bank", "bar", "cafe", "fast_food", "pharmacy", "post_office", "pub", "restaurant"}
_WHOLE_HOUSE_SHOPS = {"department_store", "mall"}
_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)|([A-Za-z])\s*-\s*([A-Za-z])")


def is_business(tags: Tags) -> bool:
    """Return whether tags are (also) those of a business, or of anything else than a home."""
    return any(key in tags for key in _BUSINESS_KEYS)


def why_no_home(tags: Tags, area_m2: float, *, on_business: bool) -> str | None:
    """Return why a building isn't a home; None for a home.

    Parameters
    ----------
    tags
        Its tags, `building` among them.
    area_m2
        Its footprint.
    on_business
        It stands on ground of a business.
    """
    kinds = _values(tags["building"])
    if any(tags.get(key, "no") != "no" or key in kinds for key in _LIFECYCLE):
        return "buildings out of use, or not yet in use"
    if _flats(tags) and not kinds <= _OUTBUILDINGS:
        return None
    if "building:use" in tags:
        return None if _values(tags["building:use"]) & _RESIDENTIAL_USE else "buildings used otherwise"
    if kinds & _RESIDENTIAL or (kinds == {"yes"} and _values(tags.get("residential", "")) & _RESIDENTIAL):
        return None
    if kinds != {"yes"}:
        return "other types of building"
    return _why_no_plain_home(tags, area_m2, on_business=on_business)


def _why_no_plain_home(tags: Tags, area_m2: float, *, on_business: bool) -> str | None:
    if is_business(tags) and not _has_homes_above(tags):
        return "plain buildings tagged as a business"
    if on_business:
        return "plain buildings on non-residential ground"
    if not _MIN_PLAIN_M2 <= area_m2 <= _MAX_PLAIN_M2:
        return "plain buildings too small or too large for a home"
    return None


def _has_homes_above(tags: Tags) -> bool:
    """Return whether a business takes the ground floor of a building that has three or more."""
    on_one_floor = all(
        key in _ONE_FLOOR or (key == "amenity" and tags[key] in _ONE_FLOOR_AMENITIES)
        for key in _BUSINESS_KEYS
        if key in tags
    )
    levels = _number(tags.get("building:levels"))
    return on_one_floor and tags.get("shop") not in _WHOLE_HOUSE_SHOPS and (levels or 0.0) >= _MANY_LEVELS


def units(tags: Tags, area_m2: float) -> tuple[float, str]:
    """Return the dwelling units of a home, and what they come from (see the module's first lines)."""
    flats, levels = _flats(tags), _number(tags.get("building:levels"))
    if flats:
        return min(flats, _MAX_UNITS), "flats"
    kinds = _values(tags["building"]) | _values(tags.get("residential", "")) | _values(tags.get("building:use", ""))
    plex = max((_PLEX[kind] for kind in kinds & _PLEX.keys()), default=0.0)
    if plex:
        return plex, "type"
    if len(_values(tags["building"])) > 1 or is_business(tags):
        return 1.0, "none"  # part of it is something else, and how much isn't known
    many = kinds & _MULTIPLE
    if levels and (many or "residential" in kinds or (kinds == {"yes"} and levels >= _MANY_LEVELS)):
        return min(max(1.0, round(levels * area_m2 / _DWELLING_M2)), _MAX_UNITS), "levels"
    if many:
        return min(max(2.0, round(area_m2 / _DWELLING_M2)), _MAX_UNITS), "area"
    return 1.0, "none"


def _values(text: str) -> set[str]:
    """Return the values of a tag that may be a list; a `yes` beside others says nothing more."""
    values = {value.strip().lower() for value in text.split(";")} - {""}
    return values - {"yes"} if len(values) > 1 else values


def _flats(tags: Tags) -> float | None:
    """Return how many flats the tags say, else None."""
    tagged = _number(tags.get("building:flats"))
    return tagged or _listed(tags.get("addr:flats")) or None


def _listed(text: str | None) -> float:
    """Return how many flats a list of their numbers names, such as `1-12` or `1;3;A-C`."""
    return float(sum(_in_range(part.strip()) for part in re.split("[;,]", text or "") if part.strip()))


def _in_range(part: str) -> int:
    found = _RANGE.fullmatch(part)
    if not found:
        return 1
    low, high = (int(found[1]), int(found[2])) if found[1] else (ord(found[3].upper()), ord(found[4].upper()))
    return high - low + 1 if low <= high else 1


def _number(text: str | None) -> float | None:
    found = re.match(r"\s*(\d+(?:\.\d+)?)", text or "")
    return float(found[1]) if found and float(found[1]) > 0 else None
