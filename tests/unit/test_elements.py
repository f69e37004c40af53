"""How much memory a clip takes: no more where a map's ids are high than where they are low."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Way

HIGHEST_ID = 13_000_000_000  # of OpenStreetMap's nodes in 2026
NODES = 20_000
MAX_MB = 600
CLIP = """
import re, sys
from pathlib import Path
import shapely
from evac.new.clip import clip_extract, look_at_extract
from evac.osm.tidy import tidied
source, target = map(Path, sys.argv[1:])
with tidied(source) as tidy:
    clip_extract(tidy.file, target, shapely.box(9.4, 47.0, 9.6, 47.2), look_at_extract(tidy))
# not ru_maxrss, which a child of a large process begins with
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def test_memory_grows_with_the_nodes_of_a_map_and_not_with_their_ids(tmp_path: Path) -> None:
    source, target = tmp_path / "map.osm.pbf", tmp_path / "clip.osm.pbf"
    ids = [HIGHEST_ID // NODES * (number + 1) for number in range(NODES)]
    with osmium.SimpleWriter(str(source)) as writer:
        for number, ref in enumerate(ids):
            writer.add_node(Node(id=ref, location=(9.45 + number / NODES / 10, 47.1)))
        for number in range(0, NODES - 10, 10):
            writer.add_way(Way(id=number + 1, nodes=ids[number : number + 11], tags={"highway": "residential"}))
    done = subprocess.run(
        [sys.executable, "-c", CLIP, source, target], check=True, capture_output=True, text=True, timeout=60
    )
    assert sum(1 for _ in osmium.FileProcessor(str(target), osmium.osm.NODE)) == NODES - 9
    assert int(done.stdout) < MAX_MB
