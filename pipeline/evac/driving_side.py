"""On which side of the road a country drives."""

from __future__ import annotations

# ISO 3166 codes of countries that drive on the left: https://www.worldstandards.eu/cars/list-of-left-driving-countries/
_LEFT_HAND = frozenset({
    "AG", "AI", "AU", "BB", "BD", "BM", "BN", "BS", "BT", "BW", "CC", "CK", "CX", "CY", "DM", "FJ", "FK", "GB",
    "GD", "GG", "GY", "HK", "ID", "IE", "IM", "IN", "JE", "JM", "JP", "KE", "KI", "KN", "KY", "LC", "LK", "LS",
    "MO", "MS", "MT", "MU", "MV", "MW", "MY", "MZ", "NA", "NF", "NP", "NR", "NU", "NZ", "PG", "PK", "PN", "SB",
    "SC", "SG", "SH", "SR", "SZ", "TC", "TH", "TK", "TL", "TO", "TT", "TV", "TZ", "UG", "VC", "VG", "VI", "WS",
    "ZA", "ZM", "ZW",
})  # fmt: skip


def drives_on_left(country: str | None) -> bool:
    """Return whether traffic keeps to the left in a country (ISO 3166 code); not where the country isn't known."""
    return country in _LEFT_HAND
