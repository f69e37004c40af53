"""Exit lines far beyond the area: the drive there is part of every clearance time, and that is told."""

from __future__ import annotations

import shapely
from pyproj import Geod

from evac.audit.ways_out import audit_ways_out, caveats, far_from
from evac.network.exits import ResolvedExit
from evac.network.exits.record import WaysOutRecord

AREA = shapely.box(9.50, 47.05, 9.52, 47.07)


def _exit(name: str, east_m: float) -> ResolvedExit:
    """Return an exit so far east of the area (m)."""
    lon, lat, _ = Geod(ellps="WGS84").fwd(9.52, 47.06, 90.0, east_m)
    return ResolvedExit(name, (name,), 1, lon, lat)


def test_lines_more_than_five_kilometres_beyond_the_area_are_far() -> None:
    exits = [_exit("inside", -500.0), _exit("near", 4_950.0), _exit("far", 5_050.0), _exit("farther", 60_000.0)]
    assert [item.name for item in far_from(AREA, exits)] == ["far", "farther"]


def test_a_far_line_is_a_finding_and_a_caveat_of_every_run() -> None:
    exits = [_exit("near", 900.0), _exit("far", 40_000.0)]
    far = far_from(AREA, exits)
    record = WaysOutRecord((), (), (), (), reach_m={}, declared=True, outline=AREA)
    found = [item for item in audit_ways_out(record, exits, (), 100.0, far=far) if item.kind == "exit_far"]
    assert [(item.lon, item.lat) for item in found] == [(far[0].lon, far[0].lat)]
    assert "exit far lies more than 5 km beyond the area" in found[0].text
    assert caveats(record, far=far) == (
        "the lines of these exits lie more than 5 km beyond the area, so that times count the drive there: far",
    )
    assert caveats(record) == ()
