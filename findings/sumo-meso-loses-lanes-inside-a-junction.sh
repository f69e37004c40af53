#!/bin/sh
# eclipse-sumo 1.28.0, mesoscopic model: a road whose lanes lead to two roads each, in turns, passes one lane's worth.
#
# A road of two lanes meets a junction from which two roads of two lanes go on, side by side; lane 0 leads to lane 0 of
# both, lane 1 to lane 1 of both. All 5,000 cars an hour take the first of them. Good guess: two lanes' worth pass, as
# with a single road behind, since the cars never use the other one. Seen, without a warning: inside the junction netconvert
# puts the four connections in order of the lanes, so each stretch of one road's connections is one lane wide, and the
# mesoscopic model, which has one edge per stretch, sends everybody over the first. With `--no-internal-links` both lanes
# count. (The microscopic model uses both lanes either way.)
#
# Seen, vehicles in minutes 5 to 14: one road behind 528, two side by side 282, two without internal links 528.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0 traci==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
import sumolib, traci
NETCONVERT, SUMO = sumolib.checkBinary("netconvert"), sumolib.checkBinary("sumo")
NODES = "".join(f'<node id="{name}" x="{500 * place}" y="0"/>' for place, name in enumerate("abcd"))
open("n.nod.xml", "w").write(f"<nodes>{NODES}</nodes>")
open("r.rou.xml", "w").write('<routes><route id="r" edges="in one out"/><flow id="f" route="r" begin="0" end="900" '
                             'vehsPerHour="5000" departLane="best" departSpeed="max"/></routes>')


def passed(roads, *options):
    ends = [("in", "a", "b"), *((road, "b", "c") for road in roads), ("out", "c", "d")]
    edges = "".join(f'<edge id="{name}" from="{a}" to="{b}" numLanes="2" speed="13.9"/>' for name, a, b in ends)
    links = "".join(f'<connection from="in" to="{road}" fromLane="{lane}" toLane="{lane}"/>'
                    f'<connection from="{road}" to="out" fromLane="{lane}" toLane="{lane}"/>'
                    for lane in (0, 1) for road in roads)
    open("n.edg.xml", "w").write(f"<edges>{edges}</edges>")
    open("n.con.xml", "w").write(f"<connections>{links}</connections>")
    subprocess.run([NETCONVERT, "-n", "n.nod.xml", "-e", "n.edg.xml", "-x", "n.con.xml", "-o", "n.net.xml"],
                   check=True, capture_output=True)
    traci.start([SUMO, "-n", "n.net.xml", "-r", "r.rou.xml", "--mesosim", "--no-step-log", "--no-warnings",
                 "--time-to-teleport", "-1", *options], stdout=subprocess.DEVNULL)
    count = 0
    for second in range(900):
        traci.simulationStep()
        count += traci.simulation.getArrivedNumber() if second >= 300 else 0
    traci.close()
    return count


alone, beside, without = passed(["one"]), passed(["one", "two"]), passed(["one", "two"], "--no-internal-links", "true")
print("one road behind", alone, "two side by side", beside, "two, no internal links", without)
assert beside < 0.6 * alone, "two roads side by side halve what the one passes"
assert abs(without - alone) < 0.05 * alone, "without internal links they don't"
PY
