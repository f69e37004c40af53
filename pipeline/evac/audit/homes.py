"""Findings on the households: can they get onto a street, are they as many as expected, are their homes on the map."""

from __future__ import annotations

import geopandas as gpd

from evac.audit.findings import Finding, Severity, ranked
from evac.counted import counted
from evac.households.mapped import ENOUGH
from evac.schema.sources import Expected

_WORTH_A_LOOK_M = 1000.0  # of residential streets: below, a gap of two lots decides the share
_ALONG = frozenset({"frontage", "zone"})


def audit_households(households: gpd.GeoDataFrame, unconnected_share: float) -> list[Finding]:
    """Return the households that no street takes, by zone and reason, the largest group first.

    Parameters
    ----------
    households
        The households table: `zone`, `connected`, `reason`, points in EPSG:4326.
    unconnected_share
        Limit of trust (0 to 1): more unconnected households than this share of all are an error.
    """
    lost = households[~households["connected"]]
    severity: Severity = "error" if len(lost) > unconnected_share * len(households) else "warning"
    findings = []
    for (zone, reason), group in lost.groupby(["zone", "reason"], dropna=False, sort=True):
        one = group.geometry.iloc[0]
        text = f"{counted(len(group), 'household')} of zone {zone} can't be connected to a street: {reason}"
        share = len(group) / len(households)
        findings.append(Finding(severity, "household_not_connected", text, float(one.x), float(one.y), share))
    return ranked(findings)


def audit_total(households: gpd.GeoDataFrame, expected: Expected | None) -> list[Finding]:
    """Return a warning when there are other than the expected number of households, within its tolerance.

    Parameters
    ----------
    households
        The households table: points in EPSG:4326.
    expected
        How many there should be, and who says so; nothing is checked without.
    """
    if expected is None or abs(len(households) - expected.households) <= expected.tolerance * expected.households:
        return []
    text = (
        f"{counted(len(households), 'household')} where {expected.households:,} ± {expected.tolerance:.0%} are "
        f"expected ({expected.because}): check the area and the counts"
    )
    west, south, east, north = households.total_bounds
    return [Finding("warning", "households_unexpected", text, (west + east) / 2, (south + north) / 2, 1.0)]


def audit_mapping(zones: gpd.GeoDataFrame) -> list[Finding]:
    """Return the zones along most of whose residential streets the map has no dwelling, the largest first.

    Parameters
    ----------
    zones
        The zones table: `zone`, `households`, `placed_on`, `mapped_share`, `residential_m`, `dwellings`, polygons in
        EPSG:4326.
    """
    bare = zones[
        (zones["mapped_share"] < ENOUGH) & (zones["residential_m"] >= _WORTH_A_LOOK_M) & (zones["households"] > 0)
    ]
    total = zones["households"].sum()
    findings = []
    for row in bare.itertuples():
        where = "are spread along its streets" if row.placed_on in _ALONG else "stand at those few"
        severity: Severity = "note" if row.placed_on in _ALONG else "warning"
        text = (
            f"The map has {counted(row.dwellings, 'dwelling')} in zone {row.zone}, beside {row.mapped_share:.0%} of "
            f"its residential streets: its {counted(row.households, 'household')} {where}, and a count made from "
            "dwellings would be too low. Give the households of each zone, or points of the homes"
        )
        at = row.geometry.representative_point()
        findings.append(Finding(severity, "dwellings_not_mapped", text, at.x, at.y, row.households / total))
    return ranked(findings)
