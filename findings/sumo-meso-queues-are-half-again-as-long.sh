#!/bin/sh
# eclipse-sumo 1.28.0: a mesoscopic queue needs half as much road again as the microscopic one before it; longer
# vehicles, which should need more, need less.
#
# A road of 2 km and one lane ends at one that takes 600 vehicles an hour; 1,500 come. Good guess: once the road is full,
# cars with a reaction time of 1 s stand in it as the fundamental diagram says, about 111 a km (133 a km stand still),
# whatever the model. Seen with the default headways (1.13, 1.13, 1.73, 1.4): the microscopic model has 115 a km, the
# mesoscopic one 74. Of its jammed segment the next vehicle is let in only after the gap that the last one left has
# travelled through all of it (`tau-jj` times the vehicles in it), one gap at a time; in truth many gaps travel at once.
# So queues reach back further, and over more junctions, than they would. That headway counts vehicles, and reckons with
# 7.5 m for each: of vehicles twice as long, with twice the headway, half as many are in a segment, so that it never
# grows: 60 of them stand on a km, which are the metres of 120 cars. `--meso-jam-threshold -0.5` (jammed from twice as
# many vehicles on) brings the cars to 115 a km, where the microscopic model has them.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumo
import xml.etree.ElementTree as ET
BIN = os.path.join(sumo.SUMO_HOME, "bin")
open("n.nod.xml", "w").write('<nodes><node id="a" x="0" y="0"/><node id="b" x="2000" y="0"/>'
                             '<node id="c" x="2300" y="0"/></nodes>')
PER_H, METRES = 600.0, 7.5
HEADWAY_S = 3600 / PER_H


def queue(name, length, *model, slow_mps=13.9):
    """Return the metres of vehicles, as cars, that stand on a km of the full road, and what gets out an hour."""
    many = length / 5.0
    open("e.edg.xml", "w").write('<edges><edge id="A" from="a" to="b" numLanes="1" speed="13.9"/>'
                                 f'<edge id="B" from="b" to="c" numLanes="1" speed="{slow_mps:.3f}" type="slow"/></edges>')
    subprocess.run([os.path.join(BIN, "netconvert"), "-n", "n.nod.xml", "-e", "e.edg.xml", "-o", "n.net.xml"],
                   check=True, capture_output=True)
    factor = HEADWAY_S - METRES / 13.9  # the headway of the road behind, but for the time that a vehicle takes to pass
    slow = f'<type id="slow"><meso tauff="{factor}" taufj="{factor}" taujf="{factor}" taujj="{factor}"/></type>'
    open("a.add.xml", "w").write(f'<additional>{slow if model else ""}<edgeData id="e" file="e.xml" begin="5400" '
                                 'end="7200"/></additional>')
    open("r.rou.xml", "w").write(f'<routes><vType id="v" length="{length}" minGap="{length / 2}" tau="{many}" sigma="0"/>'
                                 f'<flow id="f" type="v" begin="0" end="7200" vehsPerHour="{1500 / many}">'
                                 '<route edges="A B"/></flow></routes>')
    subprocess.run([os.path.join(BIN, "sumo"), "-n", "n.net.xml", "-r", "r.rou.xml", "-a", "a.add.xml", "--end", "7200",
                    "--no-step-log", "--no-warnings", "--time-to-teleport", "-1", *model], check=True)
    edge = next(e for e in ET.parse("e.xml").iter("edge") if e.get("id") == "A")
    found = float(edge.get("density")) * many, float(edge.get("left")) * 2 * many
    print(f"{name}: {found[0]:.0f} a km, {found[1]:.0f} get out an hour")
    return found


meso = ("--mesosim", "true")
micro = queue("microscopic", 5.0, slow_mps=METRES / (HEADWAY_S - 1.0))
single, double = queue("mesoscopic", 5.0, *meso), queue("vehicles twice as long", 10.0, *meso)
later = queue("jammed later", 5.0, *meso, "--meso-jam-threshold", "-0.5")
assert 105 < micro[0] < 120, "the fundamental diagram has 111"
assert single[0] < 0.7 * micro[0] and 580 < single[1] < 620, "a third fewer stand on the same road"
assert 115 < double[0] < 125 and 580 < double[1] < 620, "of long vehicles more metres stand on it"
assert 108 < later[0] < 122, "with a later jam as many as in the microscopic model"
PY
