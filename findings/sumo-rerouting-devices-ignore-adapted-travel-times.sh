#!/bin/sh
# eclipse-sumo 1.28.0, traci: `edge.adaptTraveltime` reaches `vehicle.rerouteTraveltime`, and no re-routing device.
#
# A short way over bd and a longer one over bc and cd; traci sets bd, or the inner edge of the turn into it, to 2,000 s, as
# a manual warning or a blocked turn would. Good guess: drivers with a re-routing device, who look for the quickest way
# every minute, take the other way. Seen: all of them still drive over bd, since devices have travel times of their own,
# the measured speeds. Only vehicles that traci re-routes itself (`rerouteTraveltime`) see the number.
#
# Seen, cars of 100 over bd: devices 100 whatever is set; re-routed by traci 100, and 0 with either edge set.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0 traci==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
import sumolib, traci
NETCONVERT, SUMO = sumolib.checkBinary("netconvert"), sumolib.checkBinary("sumo")
PLACES = {"a": (-500, 0), "b": (0, 0), "c": (300, 0), "d": (0, 600), "e": (0, 900)}
open("n.nod.xml", "w").write("<nodes>" + "".join(f'<node id="{n}" x="{x}" y="{y}"/>' for n, (x, y) in PLACES.items()) + "</nodes>")
open("n.edg.xml", "w").write("<edges>" + "".join(f'<edge id="{e}" from="{e[0]}" to="{e[1]}" numLanes="1" speed="13.9"/>'
                                                 for e in ("ab", "bd", "bc", "cd", "de")) + "</edges>")
subprocess.run([NETCONVERT, "-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "n.net.xml"], check=True, capture_output=True)
net = sumolib.net.readNet("n.net.xml", withInternal=True)
(turn,) = (link.getViaLaneID().rpartition("_")[0] for link in net.getEdge("ab").getOutgoing()[net.getEdge("bd")])
open("r.rou.xml", "w").write('<routes><flow id="f" from="ab" to="de" begin="0" end="1200" vehsPerHour="300"/></routes>')
DEVICES = ["--device.rerouting.probability", "1", "--device.rerouting.period", "60",
           "--device.rerouting.adaptation-interval", "10"]


def over_bd(slow, devices):
    """Return how many cars drive over bd."""
    traci.start([SUMO, "-n", "n.net.xml", "-r", "r.rou.xml", "--no-step-log", "--no-warnings", *(DEVICES if devices else ())],
                stdout=subprocess.DEVNULL)
    if slow:
        traci.edge.adaptTraveltime(slow, 2000.0)
    seen = set()
    while traci.simulation.getMinExpectedNumber():
        traci.simulationStep()
        for vehicle in () if devices else traci.simulation.getDepartedIDList():
            traci.vehicle.rerouteTraveltime(vehicle)
        seen |= set(traci.edge.getLastStepVehicleIDs("bd"))
    traci.close()
    return len(seen)


by_devices, by_traci = ([over_bd(slow, devices) for slow in ("", turn, "bd")] for devices in (True, False))
print("nothing set, the turn, the edge: devices", by_devices, "traci", by_traci)
assert by_devices == [100, 100, 100], "devices take no notice"
assert by_traci == [100, 0, 0], "who is re-routed by traci does"
PY
