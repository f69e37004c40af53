#!/bin/sh
# eclipse-sumo 1.28.0: with the router CCH and random travel times, renaming a vehicle type gives another run.
#
# `weights.random-factor` makes drivers see travel times that differ at random, so that not all take the same way. A good
# guess: the draw rests on --seed, and a type's name is a label; so it is with every other router (Dijkstra here). Seen:
# CCH draws its travel times from the type's id as well. The same net, trips, parameters and seed give another run when
# "driver" is called "car", and two types that differ in their name alone see two draws. Whoever splits a type in two to
# tell its vehicles apart, or counts them up in its name, compares runs of different luck.
#
# Seen, whether 300 trips over a grid end alike with the type called driver and car: Dijkstra yes; Dijkstra random yes;
# CCH yes; CCH random no.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, random, subprocess, sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
import sumolib
import xml.etree.ElementTree as ET
subprocess.run([sumolib.checkBinary("netgenerate"), "--grid", "--grid.number", "6", "--grid.length", "150", "-o", "n.net.xml"],
               check=True, capture_output=True)
draw = random.Random(1)
edges = sorted(edge.getID() for edge in sumolib.net.readNet("n.net.xml").getEdges())
TRIPS = [draw.sample(edges, 2) for _ in range(300)]


def arrivals(name, *options):
    """Return each trip's arrival and length where all are of a type of this name."""
    trips = "".join(f'<trip id="{number}" type="{name}" depart="{2 * number}" from="{start}" to="{end}"/>'
                    for number, (start, end) in enumerate(TRIPS))
    open("r.rou.xml", "w").write(f'<routes><vType id="{name}"/>{trips}</routes>')
    subprocess.run([sumolib.checkBinary("sumo"), "-n", "n.net.xml", "-r", "r.rou.xml", "--seed", "7", "--tripinfo-output",
                    "t.xml", "--no-step-log", "true", "--no-warnings", "true", "--device.rerouting.probability", "1",
                    "--device.rerouting.period", "300", *options], check=True, capture_output=True)
    return sorted((trip.get("id"), trip.get("arrival"), trip.get("routeLength")) for trip in ET.parse("t.xml").getroot())


CCH, RANDOM = ("--routing-algorithm", "CCH"), ("--weights.random-factor", "3")
alike = {words: arrivals("driver", *options) == arrivals("car", *options)
         for words, options in {"Dijkstra": (), "Dijkstra random": RANDOM, "CCH": CCH, "CCH random": (*CCH, *RANDOM)}.items()}
print(alike)
assert alike == {"Dijkstra": True, "Dijkstra random": True, "CCH": True, "CCH random": False}
PY
