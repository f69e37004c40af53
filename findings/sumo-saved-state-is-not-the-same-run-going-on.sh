#!/bin/sh
# eclipse-sumo 1.28.0: a run that goes on from a saved state, its random numbers included, isn't the run that was saved.
#
# 2,000 trips on a grid, saved after 600 s with --save-state.rng and twelve decimals, loaded and run to the end. A good
# guess from the name of the option: the rest of the run is the rest of the run. Seen: two whole runs are the same to the
# second, and it hangs on the seed whether the loaded run is: for one seed of three every vehicle arrives in the second
# in which it arrives in the whole run, for two a third of them do. A test with one seed proves nothing, and a study that
# branches from one saved state compares its branches with each other, not with the run that they branched from.
#
# Seen, share that arrives in the same second for seeds 1, 2, 3: 31 %, 34 %, 100 %.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumolib, xml.etree.ElementTree as ET
import sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
NETCONVERT, SUMO = sumolib.checkBinary("netconvert"), sumolib.checkBinary("sumo")
QUIET = ["--no-step-log", "true", "--no-warnings", "true", "--time-to-teleport", "-1"]

def call(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True)


import random
call(sumolib.checkBinary("netgenerate"), "--grid", "--grid.number", "5", "--grid.length", "200", "-o", "g.net.xml")
edges = sorted(edge.getID() for edge in sumolib.net.readNet("g.net.xml").getEdges())
draw = random.Random(1)
open("g.rou.xml", "w").write("<routes>" + "".join(
    f'<trip id="{k}" depart="{k * 1.5}" from="{draw.choice(edges)}" to="{draw.choice(edges)}"/>' for k in range(2000)
) + "</routes>")

def arrivals(seed, *option):
    call(SUMO, "-n", "g.net.xml", "-r", "g.rou.xml", "--tripinfo-output", "t.xml", "--seed", str(seed), "--end", "6000",
         "--precision", "6", *QUIET, *option)
    return {trip.get("id"): trip.get("arrival") for trip in ET.parse("t.xml").getroot()}

shares = []
for seed in (1, 2, 3):
    whole = arrivals(seed)
    assert arrivals(seed) == whole
    saved = arrivals(seed, "--save-state.times", "600", "--save-state.files", "s.xml", "--save-state.rng", "true",
                     "--save-state.precision", "12")
    assert saved == whole, "saving alone changes nothing"
    rest = arrivals(seed, "--load-state", "s.xml", "--begin", "600")
    same = sum(rest[k] == whole.get(k) for k in rest) / len(rest)
    print("seed", seed, len(rest), "vehicles of the loaded run,", f"{same:.0%} arrive in the same second")
    shares.append(same)
assert max(shares[:2]) < 0.6 and shares[2] == 1.0
PY
