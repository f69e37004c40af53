"""Findings on the accounts of the households: who isn't planned, and who may be counted twice."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from evac.audit.findings import Finding, Severity, ranked
from evac.counted import counted
from evac.households.accounting import LOSSES

_UNINTENDED = ("no_geometry", "off_map", "over_water", "no_street")  # an ordered area is meant to leave others out
_HALF = 0.5  # a household
_WHAT_TO_DO = {
    "no_geometry": "Give these zones a polygon, or leave them out of the table",
    "off_map": "Give an OSM file that covers the zones, or an area as far as the map goes",
    "over_water": "Look at the polygons: nobody lives there",
    "no_street": "Look at the map there, and at 'osm.min_road_class'",
}


def audit_accounts(accounts: pd.DataFrame) -> list[Finding]:
    """Return the households that aren't planned for want of a place, and those that may be counted twice.

    Parameters
    ----------
    accounts
        As from `Households.accounts`.
    """
    total = float(accounts["given"].sum())
    middle = accounts[["lon", "lat"]].mean()
    spots = accounts.fillna({"lon": middle["lon"], "lat": middle["lat"]})
    rows: list[dict[str, Any]] = [dict(row) for _, row in spots.iterrows()]
    findings = []
    for loss in _UNINTENDED:
        for row in (row for row in rows if row[loss] >= _HALF):
            lost = f"{row[loss]:,.0f} of the {counted(round(row['given']), 'household')} of zone {row['zone']}"
            verb = "is" if round(row[loss]) == 1 else "are"
            text = f"{lost} {verb} not planned: {LOSSES[loss]}. {_WHAT_TO_DO[loss]}"
            findings.append(_finding("households_lost", text, row, row[loss] / total))
    for row in (row for row in rows if row["counted_twice"] >= _HALF):
        number = counted(round(row["counted_twice"]), "household")
        text = f"Up to {number} of zone {row['zone']} may be counted twice: other zones lie over it"
        findings.append(_finding("zones_overlap", text, row, row["counted_twice"] / total))
    return ranked(findings)


def audit_repaired(zones: gpd.GeoDataFrame) -> list[Finding]:
    """Return a note for each zone whose polygon was invalid and has been repaired, if its households are planned."""
    repaired = zones[zones["repaired"] & (zones["households"] > 0)]
    total = max(1, int(zones["households"].sum()))
    findings = []
    for row in repaired.itertuples():
        at = row.geometry.representative_point()
        text = f"The polygon of zone {row.zone} crosses itself and was repaired: see that its shape is what is meant"
        findings.append(Finding("note", "zone_repaired", text, at.x, at.y, row.households / total))
    return ranked(findings)


def _finding(kind: str, text: str, row: dict[str, Any], share: float) -> Finding:
    severity: Severity = "warning"
    lon, lat = (0.0 if np.isnan(row[key]) else float(row[key]) for key in ("lon", "lat"))
    return Finding(severity, kind, text, lon, lat, share)
