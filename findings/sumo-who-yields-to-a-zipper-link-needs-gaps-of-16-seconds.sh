#!/bin/sh
# eclipse-sumo (sumo) 1.28.0: who has to let drivers of a zipper link pass needs gaps of 16 s, also without joining them.
#
# A main road, a side street, and a left turn off the main road across what comes the other way. A good guess: making the
# two links that merge (main road straight on, side street to the right) zipper links, as in `type="zipper"`, changes how
# these two share the lane, and nothing for who turns left, joins neither, and yields to the main road as before. Seen: a
# car every 12 s comes the other way, nobody is on the side street, and of a queue of left turns 42 an hour get through
# instead of 875. SUMO looks 16 s ahead before drivers of a zipper link, where it is 1 s (`jmTimegapMinor`) before others.
# So taking turns at a merge all but shuts the left turn that crosses it, and everybody behind waits on a road of one lane.
#
# Seen, left turns an hour by what comes every 12, 20 s: main road first 875, 1047; zipper 42, 172 (impatience off).
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, re, subprocess, sumo
import xml.etree.ElementTree as ET
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
import sumolib
NETCONVERT, SUMO = sumolib.checkBinary("netconvert"), sumolib.checkBinary("sumo")
NODES = {"w": (-600, 0), "c": (0, 0), "e": (600, 0), "s": (0, -600)}
ROADS = [(a + b, a, b, 3 if "s" in a + b else 9) for a, b in ("wc", "cw", "ec", "ce", "sc", "cs")]
open("n.nod.xml", "w").write("<nodes>" + "".join(f'<node id="{n}" x="{x}" y="{y}"/>' for n, (x, y) in NODES.items()) + "</nodes>")
open("n.edg.xml", "w").write("<edges>" + "".join(
    f'<edge id="{name}" from="{a}" to="{b}" numLanes="1" speed="13.89" priority="{rank}"/>' for name, a, b, rank in ROADS
) + "</edges>")
subprocess.run([NETCONVERT, "-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "first.net.xml", "--no-turnarounds", "true"],
               check=True, capture_output=True)
net = open("first.net.xml").read()
for start in ("wc", "sc"):  # both lead into ce
    net = re.sub(rf'(<connection from="{start}" to="ce"[^>]*state=")\w', r"\g<1>Z", net)
open("zipper.net.xml", "w").write(net)
FLOW = '<flow id="{}" type="v" from="{}" to="{}" begin="0" end="3600" period="{}" departSpeed="max"/>'


def left_turns(kind, every_s):
    """Return how many turn left in an hour, and how many come the other way."""
    flows = FLOW.format("on", "wc", "ce", every_s) + FLOW.format("left", "ec", "cs", 3)
    open("r.rou.xml", "w").write(f'<routes><vType id="v" impatience="off"/>{flows}</routes>')
    subprocess.run([SUMO, "-n", f"{kind}.net.xml", "-r", "r.rou.xml", "--end", "3600", "--tripinfo-output", "t.xml",
                    "--no-step-log", "true", "--time-to-teleport", "-1"], check=True, capture_output=True)
    names = [trip.get("id") for trip in ET.parse("t.xml").getroot().iter("tripinfo")]
    return sum(name.startswith("left") for name in names), sum(name.startswith("on") for name in names)


seen = {kind: [left_turns(kind, every_s) for every_s in (12, 20)] for kind in ("first", "zipper")}
print("left turns, others, an hour; others every 12 s, 20 s:", seen)
for (free, others), (turns, same) in zip(seen["first"], seen["zipper"]):
    assert abs(others - same) <= 1, "the same come the other way"
    assert turns < 0.2 * free
