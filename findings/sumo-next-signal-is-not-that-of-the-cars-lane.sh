#!/bin/sh
# eclipse-sumo 1.28.0: vehicle.getNextTLS says green to a car that its lane's signal holds, or that can't go on at all.
#
# Two lanes at a signal, the kerb lane leads straight on and the other to the left. A car that has to turn left stands at
# the stop line of the kerb lane (it didn't get over). A good guess: getNextTLS tells the signal of the lane that the car
# is on, or that none lets it go. Seen: it gives the link of the lane that the car ought to be on, with that link's colour,
# and 0 m to go. Whoever counts queues by link, or waits for green, takes a stuck car for one that is about to leave.
#
# Seen: on ab_0, link 2 (of ab_1) is told, "G", 0.0 m ahead; after ten minutes the car is still there.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0 traci==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumo, sumolib, traci
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
open("n.nod.xml", "w").write(
    '<nodes><node id="a" x="0" y="0"/><node id="b" x="300" y="0" type="traffic_light"/><node id="c" x="600" y="0"/>'
    '<node id="d" x="300" y="300"/><node id="s" x="300" y="-300"/></nodes>')
open("n.edg.xml", "w").write(
    '<edges><edge id="ab" from="a" to="b" numLanes="2"/><edge id="bc" from="b" to="c"/><edge id="bd" from="b" to="d"/>'
    '<edge id="sb" from="s" to="b"/></edges>')
open("n.con.xml", "w").write(
    '<connections><connection from="ab" to="bc" fromLane="0" toLane="0"/><connection from="ab" to="bd" fromLane="1" '
    'toLane="0"/><connection from="sb" to="bd"/></connections>')
subprocess.run([sumolib.checkBinary("netconvert"), "-n", "n.nod.xml", "-e", "n.edg.xml", "-x", "n.con.xml", "-o", "n.net.xml"],
               check=True, capture_output=True)
open("n.rou.xml", "w").write(
    '<routes><vType id="stays" lcStrategic="-1" lcCooperative="-1"/><vehicle id="v" type="stays" depart="0" departLane="0">'
    '<route edges="ab bd"/></vehicle></routes>')
traci.start([sumolib.checkBinary("sumo"), "-n", "n.net.xml", "-r", "n.rou.xml", "--no-step-log", "true", "--no-warnings", "true",
             "--time-to-teleport", "-1"])
from_lane = [link[0][0] for link in traci.trafficlight.getControlledLinks("b")]
told = set()
for _ in range(600):
    traci.simulationStep()
    [(_, link, distance_m, colour)] = traci.vehicle.getNextTLS("v")
    if traci.vehicle.getWaitingTime("v") > 5:
        told.add((traci.vehicle.getLaneID("v"), from_lane[link], round(distance_m, 1), colour))
traci.close()
print(sorted(told))
assert {lane for lane, *_ in told} == {"ab_0"}, "it stands on the kerb lane to the end"
assert {of for _, of, *_ in told} == {"ab_1"}, "and is told the signal of the other lane"
assert ("ab_0", "ab_1", 0.0, "G") in told
PY
