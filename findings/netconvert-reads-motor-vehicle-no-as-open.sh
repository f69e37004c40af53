#!/bin/sh
# eclipse-sumo 1.28.0, netconvert on OpenStreetMap: who may drive is read the other way round for some tags, unasked.
#
# Nine roads between two nodes each, imported with the default type map. Good guesses after the OSM wiki: access tags of
# a narrower kind win over wider ones, so that motor_vehicle=no closes a road and access=no with motor_vehicle=yes opens
# it. Seen, without a warning: motor_vehicle=no, motorcar=no and vehicle=no stay open to cars in both directions;
# access=no + motor_vehicle=yes is closed; vehicle:backward=no and oneway:motor_vehicle=yes leave both directions open; of
# two lanes of which lanes:psv=1 says that one is for buses, cars get two; a service road is closed to cars.
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


OPEN = {"motor_vehicle": "no"}, {"motorcar": "no"}, {"vehicle": "no"}, {"access": "private"}, {"vehicle:backward": "no"}, \
       {"oneway:motor_vehicle": "yes"}
ROADS = [*({"highway": "residential", **tags} for tags in OPEN),
         {"highway": "residential", "access": "no", "motor_vehicle": "yes"}, {"highway": "service"},
         {"highway": "residential", "oneway": "yes", "lanes": "2", "lanes:psv": "1"}]
nodes = "".join(f'<node id="{2 * k + j + 1}" lat="{47 + k * 0.01:.2f}" lon="{9 + j * 0.01:.2f}" version="1"/>'
                for k in range(len(ROADS)) for j in (0, 1))
ways = "".join(f'<way id="{k + 1}" version="1"><nd ref="{2 * k + 1}"/><nd ref="{2 * k + 2}"/>'
               + "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items()) + "</way>"
               for k, tags in enumerate(ROADS))
open("a.osm", "w").write(f'<osm version="0.6">{nodes}{ways}</osm>')
call(NETCONVERT, "--osm-files", "a.osm", "-o", "a.net.xml")
net = sumolib.net.readNet("a.net.xml")

def car_lanes(number):
    found = [net.getEdge(edge) for edge in (f"{number + 1}", f"-{number + 1}") if net.hasEdge(edge)]
    return [sum(lane.allows("passenger") for lane in edge.getLanes()) for edge in found]

for number, tags in enumerate(ROADS):
    print(tags, "lanes for cars by direction:", car_lanes(number))
both_ways = [car_lanes(number) for number in range(len(OPEN))]
assert both_ways == [[1, 1]] * len(OPEN), both_ways
assert [car_lanes(number) for number in (6, 7, 8)] == [[0, 0], [0, 0], [2]]
PY
