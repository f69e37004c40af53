"""Corrections of a scenario: tags of ways that the map lacks or has wrong, set before anything else reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evac.errors import DataError, Problem
from evac.osm.access import Tags
from evac.schema.sources import Correction

_ORIGINAL_ID = re.compile(r"-?\d+")
"""Way ids in an `osm:way_id` tag, as OSMnx writes it: one, or a list where a simplified graph has joined several."""


@dataclass
class Corrections:
    """The corrections, and how many ways each has met.

    Parameters
    ----------
    wanted
        The corrections, in the order in which they are made.
    ways
        Ways that each of `wanted` fitted.
    """

    wanted: Sequence[Correction]
    ways: list[int] = field(init=False)
    _of_way: dict[int, list[int]] = field(init=False)
    _of_streets: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Begin counting."""
        self.ways = [0] * len(self.wanted)
        self._of_way = {}
        for place, correction in enumerate(self.wanted):
            if correction.way is not None:
                self._of_way.setdefault(correction.way, []).append(place)
        self._of_streets = [place for place, correction in enumerate(self.wanted) if correction.way is None]

    def apply(self, way_id: int, tags: Tags) -> Tags:
        """Return a way's tags as the scenario wants them."""
        for place in self._candidates(way_id, tags):
            correction = self.wanted[place]
            if correction.way is None and not fits_street(str(correction.street), tags):
                continue
            self.ways[place] += 1
            changed = {**tags, **correction.tags}
            tags = {key: str(value) for key, value in changed.items() if value is not None}
        return tags

    def _candidates(self, way_id: int, tags: Tags) -> list[int]:
        """Return, in their order, the corrections of a way and those of streets, which may be this one's."""
        ids = {way_id, *map(int, _ORIGINAL_ID.findall(tags.get("osm:way_id", "")))}
        of_way = [place for number in ids for place in self._of_way.get(number, ())]
        return sorted([*of_way, *self._of_streets])

    def require_all_used(self, path: Path) -> None:
        """Refuse a correction that fits no way: a misspelt street would stay wrong in silence.

        Raises
        ------
        DataError
            With each correction that no way fits.
        """
        unused = [item for item, ways in zip(self.wanted, self.ways, strict=True) if not ways]
        if unused:
            raise DataError(
                [
                    Problem(
                        f"{path}: osm.corrections, {_named(item)}",
                        "fits no way with a 'highway' tag",
                        "check the spelling ('name' or 'ref') or the way's id",
                    )
                    for item in unused
                ]
            )


def fits_street(street: str, tags: Tags) -> bool:
    """Return whether a way is part of a street, named by name or road number."""
    return street.casefold() in {tags.get("name", "").casefold(), tags.get("ref", "").casefold()}


def _named(correction: Correction) -> str:
    return f"way {correction.way}" if correction.way is not None else f"street '{correction.street}'"
