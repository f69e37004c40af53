"""Outlines of census blocks, by TIGERweb's ArcGIS REST services."""

from __future__ import annotations

from pathlib import Path

import shapely

from evac.sources.endpoints import Endpoints
from evac.sources.fetch import PATIENCE, Patience


def is_in_us(polygon: shapely.Geometry, endpoints: Endpoints, cache: Path, *, patience: Patience = PATIENCE) -> bool:
    """Return whether the US census covers the middle of a polygon (WGS 84): states, D.C. and Puerto Rico.

    Far from the United States nobody is asked.

    Raises
    ------
    SourceError
        TIGERweb doesn't answer, or answers nothing usable.
    """
    raise NotImplementedError
