#!/bin/sh
# eclipse-sumo 1.28.0, traci: a lane that closes lets those on it drive on, but in the mesoscopic model they stand for ever.
#
# `lane.setAllowed` closes a road of a kilometre to cars while some are on it. Good guess, and what the microscopic model
# does: nobody new drives onto it, and those who are on it leave it. Seen in the mesoscopic model: a long road is several
# segments, and each asks whether the lane admits the vehicle before it takes it from the one before, so everybody stops
# where the segment ends. There is no warning, and the road is blocked until the simulation ends. Whoever closes a road
# there has to give those on it a class that it still admits, and to take it back when they have left it.
#
# Seen, cars on the road when it closes, and those out 13 minutes later: microscopic 5 and 5; mesoscopic 7 and 0.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0 traci==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
import sumolib, traci
NETCONVERT, SUMO = sumolib.checkBinary("netconvert"), sumolib.checkBinary("sumo")
open("n.nod.xml", "w").write('<nodes><node id="a" x="0" y="0"/><node id="b" x="1000" y="0"/><node id="c" x="2000" y="0"/></nodes>')
open("n.edg.xml", "w").write('<edges><edge id="ab" from="a" to="b" numLanes="1" speed="13.9"/>'
                             '<edge id="bc" from="b" to="c" numLanes="1" speed="13.9"/></edges>')
subprocess.run([NETCONVERT, "-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "n.net.xml"], check=True, capture_output=True)
open("r.rou.xml", "w").write('<routes><route id="r" edges="ab bc"/><flow id="f" route="r" begin="0" end="115" '
                             'vehsPerHour="600" departSpeed="max"/></routes>')


def on_and_out(*model):
    """Return how many are on the road when it closes at 120 s, and how many of them are out at 900 s."""
    traci.start([SUMO, "-n", "n.net.xml", "-r", "r.rou.xml", "--no-step-log", "--no-warnings", "--time-to-teleport",
                 "-1", *model], stdout=subprocess.DEVNULL)
    there, out = set(), 0
    for second in range(900):
        traci.simulationStep()
        out += len(there & set(traci.simulation.getArrivedIDList()))
        if second == 120:
            there = set(traci.edge.getLastStepVehicleIDs("bc"))
            traci.lane.setAllowed("bc_0", ["bus"])
    traci.close()
    return len(there), out


micro, meso = on_and_out(), on_and_out("--mesosim", "true")
print("microscopic", micro, "mesoscopic", meso)
assert micro[0] >= 3 and micro[1] == micro[0], "those on the road drive on"
assert meso[0] >= 3 and meso[1] == 0, "nobody on the road drives on"
PY
