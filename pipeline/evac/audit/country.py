"""Findings on the country: where it was taken from the map's place, and may be another."""

from __future__ import annotations

import shapely

from evac.audit.findings import Finding, Severity
from evac.countries import UNCERTAIN_KM, Country, country_name
from evac.driving_side import drives_on_left
from evac.osm.speeds import has_country

_REMEDY = "Give 'traffic: {{country: {code}}}', or the other one"


def side_in_words(code: str | None) -> str:
    """Return the side of the road in words: `drives on the left`."""
    return f"drives on the {'left' if drives_on_left(code) else 'right'}"


def audit_country(country: Country | None, area: shapely.Geometry) -> list[Finding]:
    """Return a finding where a place is so near to another country that it may be in that one.

    Parameters
    ----------
    country
        The country as the place tells; None where the scenario gives it.
    area
        The area ordered to leave (EPSG:4326).
    """
    if country is None:
        return []
    at = area.representative_point()
    other_side = [code for code in country.near if drives_on_left(code) != drives_on_left(country.code)]
    other_law = [code for code in country.near if has_country(code) or has_country(country.code)]
    if not other_side and not other_law:
        return []
    severity: Severity = "warning" if other_side else "note"
    names = " or ".join(country_name(code) for code in other_side or other_law)
    what = f"where one {side_in_words(other_side[0])}" if other_side else "where other speed limits may hold"
    text = (
        f"The country is a guess: {country.name}, which {side_in_words(country.code)}, but the place is within "
        f"{UNCERTAIN_KM:g} km of {names}, {what}. {_REMEDY.format(code=country.code)}"
    )
    return [Finding(severity, "country_guessed", text, at.x, at.y, 1.0)]
