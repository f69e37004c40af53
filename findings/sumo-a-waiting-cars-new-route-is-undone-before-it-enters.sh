#!/bin/sh
# eclipse-sumo 1.28.0, traci: a route given to a car that waits to enter is undone, with periodic re-routing switched off.
#
# Sixty cars want to enter a road at once, so most wait. traci.vehicle.setRoute sends those that wait the long way round,
# as an officer or a controller would. A good guess: with `device.rerouting.period 0` a car looks for no other way, and
# what setRoute says stands. Seen: a car that waits looks for the quickest way each `device.rerouting.pre-period`, which
# is 60 s of its own whatever the period is, and drives the short way that it was sent away from; only those that get in
# within the minute obey. setRoute reports success, nothing is warned of, and setting the car's own device.rerouting.period
# to 0 changes nothing. With a pre-period of 0 all obey.
#
# Seen, cars sent the long way while they wait, and those that go there: 55 and 26; own period set to 0 as well 55 and 26;
# pre-period 0 55 and 55.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0 traci==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
import sumolib, traci
NETCONVERT, SUMO = sumolib.checkBinary("netconvert"), sumolib.checkBinary("sumo")
PLACES = {"a": (-500, 0), "b": (0, 0), "c": (300, 300), "d": (600, 0), "x": (300, -600), "e": (900, 0)}
open("n.nod.xml", "w").write("<nodes>" + "".join(f'<node id="{n}" x="{x}" y="{y}"/>' for n, (x, y) in PLACES.items()) + "</nodes>")
open("n.edg.xml", "w").write("<edges>" + "".join(f'<edge id="{e}" from="{e[0]}" to="{e[1]}" numLanes="1" speed="13.9"/>'
                                                 for e in ("ab", "bc", "cd", "bx", "xd", "de")) + "</edges>")
subprocess.run([NETCONVERT, "-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "n.net.xml"], check=True, capture_output=True)
open("r.rou.xml", "w").write('<routes><flow id="f" from="ab" to="de" begin="0" end="1" number="60" departSpeed="max"/></routes>')


def obeyed(*options, own_period=False):
    """Return how many waiting cars are sent over bx, the long way, and how many of them drive there."""
    traci.start([SUMO, "-n", "n.net.xml", "-r", "r.rou.xml", "--no-step-log", "--no-warnings",
                 "--device.rerouting.probability", "1", "--device.rerouting.period", "0", *options],
                stdout=subprocess.DEVNULL)
    sent, seen = set(), set()
    for second in range(900):
        traci.simulationStep()
        if second == 5:
            sent = set(traci.simulation.getPendingVehicles())
            for vehicle in sent:
                traci.vehicle.setRoute(vehicle, ["ab", "bx", "xd", "de"])
                if own_period:
                    traci.vehicle.setParameter(vehicle, "device.rerouting.period", "0")
        seen |= sent & set(traci.edge.getLastStepVehicleIDs("bx"))
    traci.close()
    return len(sent), len(seen)


found = [obeyed(), obeyed(own_period=True), obeyed("--device.rerouting.pre-period", "0")]
print("sent and there: period 0", found[0], "own period 0 as well", found[1], "pre-period 0", found[2])
assert all(there < 0.6 * sent for sent, there in found[:2]), "most of those that wait longer than a minute don't obey"
assert found[2][0] == found[2][1] >= 50, "all obey"
PY
