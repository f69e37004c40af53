"""A place's name into its area, by Nominatim.

One question a place, so its rule of one question a second is kept (https://operations.osmfoundation.org/policies/nominatim/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
import shapely.geometry

from evac.errors import PlaceError, Problem
from evac.sources.checks import read_json
from evac.sources.endpoints import Endpoints
from evac.sources.fetch import PATIENCE, Answer, Patience, ask
from evac.sources.provenance import ODBL, OPENSTREETMAP, Provenance
from evac.sources.transfer import Question, Unusable

_POLYGONS = {"Polygon", "MultiPolygon"}
_PLACES = {"boundary", "place"}  # a town or a district, before the school or the park of the same name
_BY_ID = re.compile(r"^[rRwW]\d+$")
_LIMIT = 10
_OTHERWISE = "give --polygon FILE or --bbox instead of the name"

Candidate = Mapping[str, Any]


@dataclass(frozen=True)
class FoundArea:
    """The area that a name means.

    Parameters
    ----------
    name
        Its full name, such as `Mill Valley, Marin County, California, United States`.
    geometry
        Polygon or MultiPolygon in WGS 84.
    osm_type, osm_id
        The element of OpenStreetMap, such as `relation` and 112271.
    country
        ISO 3166 code of two letters, such as `US`, or None when the geocoder doesn't say.
    source
        Where the answer comes from.
    """

    name: str
    geometry: shapely.Geometry
    osm_type: str
    osm_id: int
    country: str | None
    source: Provenance


def find_area(name: str, endpoints: Endpoints, cache: Path, *, patience: Patience = PATIENCE) -> FoundArea:
    """Return the area that a place's name means.

    Parameters
    ----------
    name
        As people write it, the more exact the better; or the id of an OpenStreetMap relation or way, such as `R112271`.
    endpoints, cache, patience
        Whom to ask, where answers are kept, how long to wait.

    Raises
    ------
    PlaceError
        The name means nothing, only points, or several areas; the message lists the candidates.
    SourceError
        Nominatim doesn't answer, or answers nothing usable.
    """
    answer = ask(_question(name, endpoints), cache, lambda file: _check(name, file), patience=patience)
    return _found(_choose(name, answer.json()), endpoints, answer)


def _question(name: str, endpoints: Endpoints) -> Question:
    by_id = bool(_BY_ID.match(name.strip()))
    what = {"osm_ids": name.strip().upper()} if by_id else {"q": name.strip(), "limit": str(_LIMIT)}
    return Question(
        "nominatim",
        f"the area of {name!r}",
        f"{endpoints.nominatim}/{'lookup' if by_id else 'search'}",
        params={**what, "format": "jsonv2", "polygon_geojson": "1", "addressdetails": "1"},
        otherwise=_OTHERWISE,
    )


def _check(name: str, file: Path) -> None:
    """Refuse what isn't a list of places; an empty one ends the matter and isn't kept."""
    found = read_json(file)
    if not isinstance(found, list) or not all(isinstance(item, dict) and "display_name" in item for item in found):
        raise Unusable("the answer isn't a list of places")
    if not found:
        raise PlaceError(Problem(f"{name!r}", "no such place on OpenStreetMap", f"check the spelling, or {_OTHERWISE}"))


def _choose(name: str, candidates: Sequence[Candidate]) -> Candidate:
    """Return the candidate that a name means: the first area, unless another one lies elsewhere."""
    areas = [item for item in candidates if item.get("geojson", {}).get("type") in _POLYGONS]
    places = [item for item in areas if item.get("category") in _PLACES]
    best = candidates[0]
    if not areas or (not places and best not in areas and best.get("category") in _PLACES):
        what = f"OpenStreetMap has it as a point only, without a boundary: {_listed(candidates)}"
        raise PlaceError(Problem(f"{name!r}", what, f"{_OTHERWISE}, or name the city or district around it"))
    places = places or areas
    first = _outline(places[0])
    elsewhere = [item for item in places[1:] if not _outline(item).intersects(first)]
    if elsewhere:
        what = f"means more than one place: {_listed([places[0], *elsewhere])}"
        raise PlaceError(
            Problem(f"{name!r}", what, "add the county, state or country, or give the id, such as R112271")
        )
    return places[0]


def _listed(candidates: Sequence[Candidate]) -> str:
    return "; ".join(f"{item['display_name']} ({_short_id(item)})" for item in candidates)


def _short_id(item: Candidate) -> str:
    return f"{str(item.get('osm_type', '?'))[:1].upper()}{item.get('osm_id', '?')}"


def _outline(item: Candidate) -> shapely.Geometry:
    outline = shapely.make_valid(shapely.geometry.shape(item["geojson"]))
    parts = [part for part in shapely.get_parts(outline) if part.geom_type in _POLYGONS]
    return shapely.union_all(parts)


def _found(item: Candidate, endpoints: Endpoints, answer: Answer) -> FoundArea:
    country = item.get("address", {}).get("country_code")
    element = f"{item['osm_type']} {item['osm_id']}"
    source = Provenance(
        "area",
        f"{OPENSTREETMAP}, {element}: {item['display_name']}",
        f"{endpoints.nominatim}/lookup?osm_ids={_short_id(item)}&polygon_geojson=1",
        answer.retrieved[:10],
        ODBL,
    )
    return FoundArea(
        str(item["display_name"]),
        _outline(item),
        str(item["osm_type"]),
        int(item["osm_id"]),
        str(country).upper() if country else None,
        source,
    )
