"""Nominatim: /search and /lookup, format jsonv2."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def answer(
    places: Sequence[Mapping[str, Any]], path: str, params: Mapping[str, str]
) -> tuple[int, str, bytes, dict[str, str]]:
    """Answer a question: places in whose full name all words of the query stand, the most important first."""
    if path == "lookup":
        wanted = params["osm_ids"]
        found = [place for place in places if f"{place['osm_type'][0].upper()}{place['osm_id']}" == wanted]
    elif path == "search":
        words = [word.strip().lower() for word in params["q"].split(",")]
        found = [place for place in places if all(word in place["display_name"].lower() for word in words)]
    else:
        return 404, "text/html", b"<html><body>Not found</body></html>", {}
    found = sorted(found, key=lambda place: -place["importance"])[: int(params.get("limit", "10"))]
    shown = [dict(place) for place in found]
    for place in shown:
        if params.get("polygon_geojson") != "1":
            del place["geojson"]
        if params.get("addressdetails") != "1":
            del place["address"]
    return 200, "application/json; charset=utf-8", json.dumps(shown).encode(), {}
