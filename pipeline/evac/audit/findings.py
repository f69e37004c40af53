"""Findings: what a person should look at on the map, how grave it is, and where it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from evac.network.places import map_url

Severity = Literal["error", "warning", "note"]

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}
_SHOWN_OF_A_KIND = 10


@dataclass(frozen=True)
class Finding:
    """One thing to look at.

    Parameters
    ----------
    severity
        `error`: the result would be wrong; `warning`: it may be wrong by much; `note`: worth knowing.
    kind
        What sort of thing, such as `no_way_out` or `lanes_guessed`.
    text
        One plain sentence.
    lon, lat
        Where it is (EPSG:4326).
    share
        The part of the evacuation that it touches (0 to 1): findings are ranked by it.
    ways
        The ways of the map that it is about, where a correction of their tags would settle it: their ids.
    fact
        What `text` says without how much of the traffic passes here, where findings are weighed by that (on everybody's
        quickest way); empty else.
    plain
        What `text` says without keys of files and commands, where it has some; empty else.
    """

    severity: Severity
    kind: str
    text: str
    lon: float
    lat: float
    share: float
    ways: tuple[int, ...] = ()
    fact: str = ""
    plain: str = ""

    @property
    def row(self) -> dict[str, object]:
        """Return what tables of findings have of it."""
        return {name: value for name, value in vars(self).items() if name not in ("fact", "plain")} | {
            "map_url": self.map_url
        }

    @property
    def map_url(self) -> str:
        """Return a link that shows the place on openstreetmap.org."""
        return map_url(self.lon, self.lat)


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that matter most first, at most ten of a kind and then how many more there are."""
    by_kind = sorted(findings, key=lambda item: (item.kind, *by_rank(item)))
    shown: list[Finding] = []
    for _, group in groupby(by_kind, key=lambda item: item.kind):
        shown.extend(_capped(list(group)))
    return sorted(shown, key=by_rank)


def _capped(findings: list[Finding]) -> list[Finding]:
    rest = findings[_SHOWN_OF_A_KIND:]
    if not rest:
        return findings
    more = f"and {len(rest)} more like this, the first of them here: "
    texts = {name: more + getattr(rest[0], name) for name in ("text", "fact", "plain") if getattr(rest[0], name)}
    first = replace(rest[0], **texts)
    return [*findings[:_SHOWN_OF_A_KIND], first]


def by_rank(finding: Finding) -> tuple[int, float, str, str]:
    """Return what findings are sorted by: severity, then the part of the evacuation that they touch."""
    return _ORDER[finding.severity], -finding.share, finding.kind, finding.text
