#!/bin/sh
# eclipse-sumo 1.28.0, traci: of who gets two new routes on one edge, the mesoscopic model records roads never driven.
#
# `vehicle.setRoute` gives a car on its fourth road another end of its way, and two seconds later, on the same road, the
# first one again. Good guess, and what the microscopic model does: the route keeps the roads behind the car
# (`getRouteIndex` stays 3), and the vehroute output has each road that it drove once, with the time at which it left
# it. Seen in the mesoscopic model: the car is on the first road of its route again (index 0), which the output learns
# of only on the next road. The three roads that it had driven when it got the first new route are taken from that one
# once more. So it has roads twice, all times behind that are beside the wrong road, and the last three are missing
# (-1), although the car has arrived. Whoever measures by that file who was where has to make sure in that model that
# nobody gets a second route, from whomever (rerouting devices as well), before being on another road; nor must the
# route between the two be shorter than what was driven before.
#
# Seen, roads driven and roads recorded: microscopic 13 and 13; mesoscopic 13 and 16, the last three without a time.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0 traci==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumo
import xml.etree.ElementTree as ET
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
import sumolib, traci
NETCONVERT, SUMO = sumolib.checkBinary("netconvert"), sumolib.checkBinary("sumo")
ROADS = [f"e{number}" for number in range(12)]
nodes = [(f"n{number}", 500 * number, 0) for number in range(13)] + [("x", 6000, 500), ("y", 6000, -500)]
edges = [(name, f"n{number}", f"n{number + 1}") for number, name in enumerate(ROADS)]
edges += [("left", "n12", "x"), ("right", "n12", "y")]
open("n.nod.xml", "w").write("<nodes>" + "".join(f'<node id="{n}" x="{x}" y="{y}"/>' for n, x, y in nodes) + "</nodes>")
open("n.edg.xml", "w").write("<edges>" + "".join(f'<edge id="{e}" from="{a}" to="{b}" numLanes="1" speed="13.9"/>'
                                                 for e, a, b in edges) + "</edges>")
subprocess.run([NETCONVERT, "-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "n.net.xml"], check=True, capture_output=True)
open("r.rou.xml", "w").write(f'<routes><vehicle id="v" depart="0"><route edges="{" ".join(ROADS)} left"/></vehicle>'
                             '</routes>')


def driven_and_recorded(*model):
    """Return the roads that the car was seen on, those of its record, and the times beside them."""
    traci.start([SUMO, "-n", "n.net.xml", "-r", "r.rou.xml", "--no-step-log", "--no-warnings", "--vehroute-output",
                 "v.xml", "--vehroute-output.exit-times", *model], stdout=subprocess.DEVNULL)
    seen = []
    for second in range(700):
        traci.simulationStep()
        if "v" not in traci.vehicle.getIDList():
            break
        road = traci.vehicle.getRoadID("v")
        if not road.startswith(":") and road not in seen:
            seen.append(road)
        if second in (120, 122):
            ahead = traci.vehicle.getRoute("v")[traci.vehicle.getRouteIndex("v"):]
            traci.vehicle.setRoute("v", [*ahead[:-1], "right" if second == 120 else "left"])
    traci.close()
    route = ET.parse("v.xml").findall(".//route")[-1]
    return seen, route.get("edges").split(), route.get("exitTimes").split()


(micro, of_micro, _), (meso, of_meso, times) = driven_and_recorded(), driven_and_recorded("--mesosim", "true")
print("microscopic", len(micro), len(of_micro), "mesoscopic", len(meso), len(of_meso), times[-3:])
assert micro == of_micro == [*ROADS, "left"], "the record is what was driven"
assert meso == [*ROADS, "left"] and of_meso == [*ROADS[:6], *ROADS[3:], "left"], "three roads are there twice"
assert times[-3:] == ["-1"] * 3, "the last three have no time"
PY
