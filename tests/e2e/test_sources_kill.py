"""A download that is killed in the middle: the next start asks only for what is missing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from evac.sources import fetch_map
from loopback import QUICK, TOWN, Server, serve, slow, small_world

CHILD = """
import json, sys
from pathlib import Path
import shapely
from evac.sources import Endpoints, fetch_map
cache, file, area = Path(sys.argv[1]), Path(sys.argv[2]), shapely.from_wkt(sys.argv[3])
fetch_map(area, area, file, Endpoints.from_environment(), cache)
"""
ANSWERED = 5  # of the eight tiles, before the one that is cut off


def test_killed_in_the_middle_of_a_tile(tmp_path: Path) -> None:
    cache, file = tmp_path / ".evac", tmp_path / "map.osm.pbf"
    with serve(small_world(tmp_path)) as server:
        server.fails("overpass", *[None] * ANSWERED, slow(60.0, pieces=600))
        _start_and_kill(server, cache, file)
        assert not file.exists()
        kept = [path for path in (cache / "fetched").iterdir() if not path.name.startswith(".")]
        assert len(kept) == ANSWERED
        assert all(json.loads((path / "about.json").read_text())["service"] == "overpass" for path in kept)
        server.questions.clear()
        fetched = fetch_map(TOWN, TOWN, file, server.endpoints, cache, tell=lambda _: None, patience=QUICK)
        assert server.asked("overpass") == fetched.tiles - ANSWERED == 3
        assert fetched.tiles_from_cache == ANSWERED
        again = fetch_map(TOWN, TOWN, tmp_path / "b.osm.pbf", server.endpoints, tmp_path / "b", patience=QUICK)
    assert file.read_bytes() == again.file.read_bytes()
    assert [path.name for path in (cache / "fetched").iterdir() if path.name.startswith(".")] == []


def _start_and_kill(server: Server, cache: Path, file: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(cache), str(file), TOWN.wkt]
    child = subprocess.Popen(command, env={**os.environ, **server.environment()}, stdout=subprocess.DEVNULL)
    try:
        _wait_for(server, cache, child)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


def _wait_for(server: Server, cache: Path, child: subprocess.Popen[bytes]) -> None:
    """Wait until the tile that will be cut off has begun to arrive."""
    until = time.monotonic() + 60.0
    while time.monotonic() < until and child.poll() is None:
        arriving = [path for path in cache.glob("fetched/.tmp.*/answer.osm") if path.stat().st_size > 0]
        if server.asked("overpass") > ANSWERED and arriving:
            return
        time.sleep(0.02)
    raise AssertionError(f"the child ended with {child.poll()}, or never came so far")
