"""The example's data is what its script makes of the extract of Liechtenstein."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRACT = ROOT.parent / "shared" / "data" / "liechtenstein" / "liechtenstein-2013-08-03.osm.pbf"
SCENARIO = ROOT / "scenarios" / "balzers"


@pytest.mark.real
@pytest.mark.slow
def test_the_script_makes_the_committed_data_byte_for_byte(tmp_path: Path) -> None:
    if not EXTRACT.is_file():
        pytest.skip("the folder of real maps isn't there")
    subprocess.run([sys.executable, SCENARIO / "cut_extract.py", EXTRACT, tmp_path], check=True)
    for name in ("balzers.osm.pbf", "zones.geojson"):
        assert (tmp_path / name).read_bytes() == (SCENARIO / "data" / name).read_bytes()
