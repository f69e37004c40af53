#!/bin/sh
# eclipse-sumo 1.28.0: a dark signal can be an all-way stop for an hour, with a letter and an attribute that go together.
#
# The letter "w" in a signal's state stands for an all-way stop. A good guess: a program of nothing but "w" makes any
# signal one while it runs. Seen: on a net as netconvert makes it such a program gives two approaches two thirds of what the
# others get; only if the node had rightOfWay="allwayStop" when the net was made, which nothing says belongs to
# signals, are the four served alike, and then it passes as much as a junction that is an all-way stop for good. The node's
# working programs aren't changed by the attribute.
#
# Seen, vehicles an hour, least and most of the four approaches: "w" alone 242 361 (1,201 in all); with the attribute 442 444 (1,772).
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumolib, xml.etree.ElementTree as ET
import sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
ARMS = {"n": (0, 300), "s": (0, -300), "e": (300, 0), "w": (-300, 0)}

def passed(state, right_of_way=""):
    nodes = f'<nodes><node id="c" x="0" y="0" type="traffic_light" {right_of_way}/>' + "".join(
        f'<node id="{a}" x="{x}" y="{y}"/>' for a, (x, y) in ARMS.items()) + "</nodes>"
    edges = "<edges>" + "".join(
        f'<edge id="{a}_in" from="{a}" to="c" numLanes="1" speed="13.9"/>'
        f'<edge id="{a}_out" from="c" to="{a}" numLanes="1" speed="13.9"/>' for a in ARMS) + "</edges>"
    open("c.nod.xml", "w").write(nodes); open("c.edg.xml", "w").write(edges)
    subprocess.run([sumolib.checkBinary("netconvert"), "-n", "c.nod.xml", "-e", "c.edg.xml", "-o", "c.net.xml",
                    "--no-turnarounds", "true"], check=True, capture_output=True)
    turn = {"n": "wse", "s": "enw", "e": "nws", "w": "sen"}
    flows = "".join(
        f'<flow id="{a}{k}" from="{a}_in" to="{t}_out" begin="0" end="3600" vehsPerHour="{v}" departSpeed="avg"/>'
        for a in ARMS for k, (t, v) in enumerate(zip(turn[a], (240, 1440, 240))))
    open("c.rou.xml", "w").write(f"<routes>{flows}</routes>")
    links = len(sumolib.net.readNet("c.net.xml", withPrograms=True).getTLS("c").getPrograms()["0"].getPhases()[0].state)
    open("c.add.xml", "w").write(f'<additional><tlLogic id="c" type="static" programID="dark"><phase duration="90" '
                                 f'state="{state * links}"/></tlLogic></additional>')
    subprocess.run([sumolib.checkBinary("sumo"), "-n", "c.net.xml", "-r", "c.rou.xml", "-a", "c.add.xml", "--end", "3600",
                    "--tripinfo-output", "t.xml", "--time-to-teleport", "-1", "--no-step-log", "true",
                    "--no-warnings", "true", "--max-depart-delay", "-1"], check=True, capture_output=True)
    trips = [t.get("id")[0] for t in ET.parse("t.xml").getroot()]
    return {a: trips.count(a) for a in ARMS}

plain, marked = passed("w"), passed("w", 'rightOfWay="allwayStop"')
print("w           ", plain, sum(plain.values()))
print("w, attribute", marked, sum(marked.values()))
assert min(marked.values()) > 0.9 * max(marked.values())
assert min(plain.values()) < 0.8 * max(plain.values())
assert sum(marked.values()) > 1.1 * sum(plain.values())
PY
