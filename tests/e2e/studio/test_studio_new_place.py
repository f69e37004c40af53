"""From nothing to a clearance time, by clicks alone, in a real browser."""

from __future__ import annotations

import base64
import random
import time
from pathlib import Path
from typing import Any

import osmium
import osmium.osm.mutable
import pytest

from evac.new_place import extract_roads
from studio_page import context_of, draw_area, drawn_town, look_at
from studio_workspace import ROOT, served

pytestmark = pytest.mark.slow
BALZERS = ROOT / "scenarios" / "balzers" / "data" / "balzers.osm.pbf"
AREA = ((9.49, 47.06), (9.52, 47.06), (9.52, 47.08), (9.49, 47.08))
MEGABYTES = 60
LIECHTENSTEIN = ROOT.parent / "shared" / "data" / "liechtenstein" / "liechtenstein-2013-08-03.osm.pbf"
MOST_S = 180.0


def _padded(path: Path, megabytes: int) -> Path:
    """Write Balzers' map with as many nodes that mean nothing as make a file of some size."""
    noise, first = random.Random(1), 1 << 40
    source, padding = osmium.FileProcessor(BALZERS), megabytes * (1 << 20) // 190  # bytes that 255 such letters take
    with osmium.SimpleWriter(path) as writer:
        is_padded = False
        for item in source:
            if not item.is_node() and not is_padded:
                is_padded = True
                for number in range(padding):
                    tags = {"note": base64.b64encode(noise.randbytes(191)).decode()}
                    spot = (noise.uniform(9.46, 9.54), noise.uniform(47.05, 47.09))
                    writer.add_node(osmium.osm.mutable.Node(id=first + number, location=spot, tags=tags))
            writer.add(item)
    return path


def test_an_extract_of_60_megabytes_is_sent_and_an_area_drawn_on_it(browser: Any, tmp_path: Path) -> None:
    large = _padded(tmp_path / "large.osm.pbf", MEGABYTES)
    assert large.stat().st_size >= MEGABYTES * 1e6
    (tmp_path / "workspace").mkdir()
    with served(tmp_path / "workspace") as studio, context_of(browser, studio) as context:
        page = context.new_page()
        page.goto(str(studio.client.base_url))
        began = time.monotonic()
        page.get_by_label("Send a map file").set_input_files(large)
        page.locator(".area-said", has_text="first corner").wait_for()
        took_s = time.monotonic() - began
        roads = page.evaluate("document.querySelector('.map').placeMap.content.roads.features.length")
        look_at(page, 9.505, 47.07, zoom=14)
        draw_area(page, AREA)
        page.locator(".area-said", has_text="4 corners: 5").wait_for()  # 2.28 by 2.22 km
    assert roads == len(extract_roads(BALZERS))
    print(f"an extract of {MEGABYTES} MB, sent and drawn: {took_s:.0f} s")  # noqa: T201 - the figure of docs/studio.md


@pytest.mark.real
@pytest.mark.skipif(not LIECHTENSTEIN.is_file(), reason="needs the folder of real maps")
def test_a_town_is_drawn_and_its_clearance_time_known_in_three_minutes(browser: Any, tmp_path: Path) -> None:
    with served(tmp_path) as studio, context_of(browser, studio) as context:
        page = context.new_page()
        took_s = drawn_town(page, studio, LIECHTENSTEIN)
        assert "h until 90 % are out" in page.inner_text(".run")
        assert (tmp_path / "scenarios" / "triesen" / "scenario.yaml").is_file()
    print(f"from nothing to a clearance time: {took_s:.0f} s")  # noqa: T201 - the figure of docs/studio.md
    assert took_s < MOST_S
