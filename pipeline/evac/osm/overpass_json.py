"""Answers of Overpass as JSON (https://dev.overpass-api.de/output_formats.html#json), turned into OSM data."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import osmium
from osmium.osm.mutable import Node, Relation, Way

from evac.osm.source import SourceFacts, refusal, refuse_incomplete

_KINDS = {"node": "n", "way": "w", "relation": "r"}


def convert_answer(path: Path, target: Path) -> SourceFacts:
    """Write an answer as OSM data, in its own order, and return what it says of itself.

    Raises
    ------
    DataError
        It isn't an answer of Overpass, or not a whole one.
    """
    answer = _read(path)
    refuse_incomplete(path, str(answer.get("remark", "")))
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for number, element in enumerate(answer["elements"], start=1):
            try:
                _write(element, writer)
            except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
                what = f"element {number} isn't one that Overpass writes ({type(error).__name__}: {error})"
                raise refusal(path, what, "ask Overpass again, with `out body geom;`") from error
    about = answer.get("osm3s")
    date = about.get("timestamp_osm_base") if isinstance(about, dict) else None
    return SourceFacts(str(date) if date else None)


def _read(path: Path) -> dict[str, Any]:
    try:
        answer = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        raise refusal(path, f"isn't JSON, or breaks off ({error})", "ask Overpass again") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("elements"), list):
        what = "isn't an answer of Overpass: it has no list 'elements'"
        raise refusal(path, what, "take the extract as .osm.pbf or .osm, or ask Overpass for [out:json]")
    if not answer["elements"]:
        raise refusal(path, "is an answer of Overpass without any element", "check the area that was asked for")
    return answer


def _write(element: Mapping[str, Any], writer: osmium.SimpleWriter) -> None:
    kind, tags = element["type"], {str(key): str(value) for key, value in element.get("tags", {}).items()}
    if kind == "node":
        _write_node(element["id"], element, tags, writer)
    elif kind == "way":
        nodes = [int(ref) for ref in element.get("nodes", ())]
        for ref, place in zip(nodes, element.get("geometry", ()), strict=False):
            _write_node(ref, place or {}, {}, writer)
        writer.add_way(Way(id=int(element["id"]), nodes=nodes, tags=tags))
    elif kind == "relation":
        writer.add_relation(Relation(id=int(element["id"]), members=_members(element.get("members", ())), tags=tags))


def _write_node(ref: int, place: Mapping[str, Any], tags: Mapping[str, str], writer: osmium.SimpleWriter) -> None:
    if place.get("lon") is not None and place.get("lat") is not None:
        lon, lat = float(place["lon"]), float(place["lat"])
        if math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90:  # noqa: PLR2004  degrees
            writer.add_node(Node(id=int(ref), location=(lon, lat), tags=tags))


def _members(members: Iterable[Mapping[str, Any]]) -> list[tuple[str, int, str]]:
    return [(_KINDS[item["type"]], int(item["ref"]), str(item.get("role", ""))) for item in members]
