"""What `evac safe-order` and `evac egress` have found, for the report: read where they write it, held against now.

An answer is shown where it is of a plan of the report and stands on the same scenario, plan, inputs and programs as the
report. Of an older one only that it is old is told: its numbers would be taken for those of this report.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from evac.schema.scenario import vehicles_label
from evac.study import Plans
from evac.study.ordering import stands_on
from evac.study.prepare import Prepared

ANSWER = "answer.json"
"""What the report reads of an answer."""
_NEEDED = {"plan", "vehicles_per_household", "departure", "share", "fidelity", "stands_on", "zones"}


@dataclass(frozen=True)
class SafeOrders:
    """The latest safe order of the zones.

    Parameters
    ----------
    about
        Of what it is (`study.ordering.about`), with `seeds`, `step_min`, `runs` and `together`.
    rows
        A row a zone, the most urgent first: the columns of docs/hazards.md, and `interval`, in words.
    zones, lines
        The zones with their answers, and the trigger lines (EPSG:4326).
    """

    about: Mapping[str, Any]
    rows: pd.DataFrame
    zones: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame


@dataclass(frozen=True)
class Chances:
    """How likely the zones are to get out under a plan: `about`, with `members` and `within`, and a row a zone."""

    about: Mapping[str, Any]
    rows: pd.DataFrame


@dataclass(frozen=True)
class HazardAnswers:
    """What has been found for a report's plans, and the folders of what is older than the report."""

    safe_orders: SafeOrders | None = None
    chances: tuple[Chances, ...] = ()
    older: tuple[str, ...] = ()


def read_answers(folder: Path, prepared: Prepared, plans: Plans) -> HazardAnswers:
    """Return the answers below a report's folder.

    Parameters
    ----------
    folder
        The report's folder.
    prepared, plans
        What the report stands on.
    """
    if prepared.loaded.model.hazard is None:
        return HazardAnswers()
    places = [folder / "safe-order", *(path.parent for path in sorted((folder / "egress").glob(f"*/{ANSWER}")))]
    found = {place: content for place in places if (content := _read(place / ANSWER, plans)) is not None}
    fresh = {place: content for place, content in found.items() if _is_of_now(content, prepared, plans)}
    older = tuple(place.relative_to(folder).as_posix() for place in found if place not in fresh)
    safe = fresh.pop(places[0], None)
    return HazardAnswers(
        None if safe is None else _safe_orders(places[0], safe),
        tuple(Chances(_about(content), pd.DataFrame(content["zones"])) for content in fresh.values()),
        older,
    )


def _read(path: Path, plans: Plans) -> dict[str, Any] | None:
    """Return an answer; None where there is none of these plans that can be read: it is no part of the report then."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    known = isinstance(content, dict) and set(content) >= _NEEDED
    return content if known and content["plan"] in plans else None


def _is_of_now(content: Mapping[str, Any], prepared: Prepared, plans: Plans) -> bool:
    model = prepared.loaded.model
    vehicles, departure = content["vehicles_per_household"], content["departure"]
    if vehicles not in {vehicles_label(case) for case in model.vehicles_per_household}:
        return False
    if departure not in {item.name for item in model.departures}:
        return False
    return bool(content["stands_on"] == stands_on(prepared, plans[content["plan"]], vehicles, departure))


def _safe_orders(folder: Path, content: dict[str, Any]) -> SafeOrders:
    zones, lines = (gpd.read_file(folder / f"{name}.geojson") for name in ("zones", "trigger_lines"))
    return SafeOrders(_about(content), pd.DataFrame(content["zones"]), zones, lines)


def _about(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "zones"}
