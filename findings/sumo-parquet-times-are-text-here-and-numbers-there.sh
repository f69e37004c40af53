#!/bin/sh
# eclipse-sumo 1.28.0: the time columns of its Parquet outputs are text in some files and numbers in others.
#
# One run writes trip information, a summary, lane and edge data, trajectories and a detector's counts, all as Parquet. A
# good guess: a time is a number in all of them, so that they can be joined on it. Seen: begin and end of laneData and
# edgeData, and all times of tripinfo and summary, are text ("60.00"); those of fcd and of a detector are doubles. A join
# or a range query over two of them compares text with numbers. Nothing is compressed unless --output.compression asks.
#
# Seen with pyarrow 24.0.0: string for tripinfo_depart, step_time, interval_begin of lane and edge data; double for
# timestep_time of fcd and interval_begin of the detector; codec UNCOMPRESSED.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0 pyarrow==24.0.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumolib, xml.etree.ElementTree as ET
import sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
NETCONVERT, SUMO = sumolib.checkBinary("netconvert"), sumolib.checkBinary("sumo")
QUIET = ["--no-step-log", "true", "--no-warnings", "true", "--time-to-teleport", "-1"]

def call(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True)


import pyarrow.parquet as pq
call(sumolib.checkBinary("netgenerate"), "--grid", "--grid.number", "3", "-o", "g.net.xml")
open("g.rou.xml", "w").write('<routes><flow id="f" from="A0A1" to="C1C2" begin="0" end="300" vehsPerHour="600"/></routes>')
open("g.add.xml", "w").write("""<additional><edgeData id="d" file="edge.parquet" period="60"/>
    <laneData id="l" file="lane.parquet" period="60"/>
    <inductionLoop id="e1" lane="A0A1_0" pos="5" period="60" file="loop.parquet"/></additional>""")
call(SUMO, "-n", "g.net.xml", "-r", "g.rou.xml", "-a", "g.add.xml", "--end", "600", *QUIET,
     "--tripinfo-output", "trip.parquet", "--summary-output", "summary.parquet", "--fcd-output", "fcd.parquet")
COLUMNS = {"trip": "tripinfo_depart", "summary": "step_time", "edge": "interval_begin", "lane": "interval_begin",
           "fcd": "timestep_time", "loop": "interval_begin"}
seen = {name: str(pq.read_schema(f"{name}.parquet").field(column).type) for name, column in COLUMNS.items()}
codecs = {pq.ParquetFile(f"{name}.parquet").metadata.row_group(0).column(0).compression for name in COLUMNS}
print(seen, codecs)
assert {name for name, kind in seen.items() if kind == "string"} == {"trip", "summary", "edge", "lane"}
assert {name for name, kind in seen.items() if kind == "double"} == {"fcd", "loop"}
assert codecs == {"UNCOMPRESSED"}
PY
