"""A place's name into its area, by Nominatim."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import shapely

from evac.sources.endpoints import Endpoints
from evac.sources.fetch import PATIENCE, Patience
from evac.sources.provenance import Provenance


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

    Raises
    ------
    PlaceError
        The name means nothing, only points, or several areas; the message lists the candidates.
    SourceError
        Nominatim doesn't answer, or answers nothing usable.
    """
    raise NotImplementedError
