"""The world of the made-up town: its map, its place, its census."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loopback.census_api import census_grid
from loopback.server import World
from loopback.town import TOWN, place, write_town

NAME = "Testville, Marin County, California, United States"


def small_world(folder: Path, **changes: Any) -> World:
    """Return a world with the town; its map is written into a folder. `changes` replace fields of the `World`."""
    known: dict[str, Any] = {
        "map_file": write_town(folder / "world.osm.pbf"),
        "places": [place(NAME, 5, TOWN)],
        "census": census_grid((-122.53, 37.97, -122.47, 38.03), 12, 12),
        "page": 40,
    }
    return World(**{**known, **changes})
