"""A server on 127.0.0.1 that speaks as Overpass, Nominatim, the Census Data API and TIGERweb do, failures included.

    with serve(small_world(tmp_path)) as server:
        find_area("Testville", server.endpoints, cache, patience=QUICK)
        server.fails("overpass", None, gateway_timeout)  # the second question to Overpass from here on
        server.asked("overpass")                         # how many questions came

Answers have the shape of the real services' (from their documentation and recorded answers).
"""

from __future__ import annotations

from evac.sources import Patience
from loopback.big_city import big_city_extract
from loopback.census_api import CensusGrid, census_grid
from loopback.failures import (
    Failure,
    breaks_off,
    breaks_off_compressed,
    breaks_off_unnoticed,
    busy,
    empty,
    gateway_timeout,
    gives_up,
    reports_error,
    slow,
    web_page,
)
from loopback.server import Server, World, serve
from loopback.town import TOWN, place, write_town
from loopback.worlds import small_world

QUICK = Patience(connect_s=10.0, read_s=20.0, total_s=60.0, retries=2, pause_s=0.01)
"""Time limits for tests: no pauses, but room for a machine that has much to do."""

__all__ = [
    "QUICK",
    "TOWN",
    "CensusGrid",
    "Failure",
    "Server",
    "World",
    "big_city_extract",
    "breaks_off",
    "breaks_off_compressed",
    "breaks_off_unnoticed",
    "busy",
    "census_grid",
    "empty",
    "gateway_timeout",
    "gives_up",
    "place",
    "reports_error",
    "serve",
    "slow",
    "small_world",
    "web_page",
    "write_town",
]
