#!/bin/sh
# eclipse-sumo 1.28.0, mesoscopic model: a lane that no car may use passes cars all the same, and opening it adds nothing.
#
# A road of two lanes leads onto one whose second lane admits SUMO's class `authority` only, as a lane does that a plan
# opens later; 5,000 cars an hour want to pass, and after 15 minutes traci opens the lane (`lane.setDisallowed` with
# nothing). Good guess: as in the microscopic model, what passes before is a lane's worth, and after it about twice as
# much. Seen, without a warning: capacity and headways of a segment are fixed when the net is loaded, from the lanes that
# admit anybody at all, so before the opening the road passes as much as a road of two lanes does, after it no more.
# Timed contraflow has no effect in the mesoscopic model; edges, instead of lanes, that close and open are obeyed.
#
# Seen, vehicles in minutes 5 to 14 and 20 to 29: closed until 15 min 528 and 528, open all the time 528 and 528, with a
# single lane 259 and 263.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0 traci==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
import sumolib, traci
NETCONVERT, SUMO = sumolib.checkBinary("netconvert"), sumolib.checkBinary("sumo")
NODES = "".join(f'<node id="{name}" x="{500 * place}" y="0"/>' for place, name in enumerate("abcd"))
open("n.nod.xml", "w").write(f"<nodes>{NODES}</nodes>")
open("r.rou.xml", "w").write('<routes><route id="r" edges="in mid out"/><flow id="f" route="r" begin="0" end="1800" '
                             'vehsPerHour="5000" departLane="best" departSpeed="max"/></routes>')


def passed(lanes, closed):
    kept = '<lane index="1" allow="authority"/>' if closed else ""
    edges = '<edge id="in" from="a" to="b" numLanes="2" speed="13.9"/>' + "".join(
        f'<edge id="{name}" from="{a}" to="{b}" numLanes="{lanes}" speed="13.9">{kept}</edge>'
        for name, a, b in (("mid", "b", "c"), ("out", "c", "d")))
    open("n.edg.xml", "w").write(f"<edges>{edges}</edges>")
    subprocess.run([NETCONVERT, "-n", "n.nod.xml", "-e", "n.edg.xml", "-o", "n.net.xml"], check=True,
                   capture_output=True)
    traci.start([SUMO, "-n", "n.net.xml", "-r", "r.rou.xml", "--mesosim", "--no-step-log", "--no-warnings",
                 "--time-to-teleport", "-1"], stdout=subprocess.DEVNULL)
    minutes = []
    for minute in range(30):
        if minute == 15 and closed:
            for lane in ("mid_1", "out_1"):
                traci.lane.setDisallowed(lane, [])
        count = 0
        for _ in range(60):
            traci.simulationStep()
            count += traci.simulation.getArrivedNumber()
        minutes.append(count)
    traci.close()
    return sum(minutes[5:15]), sum(minutes[20:30])


later, always, single = passed(2, True), passed(2, False), passed(1, False)
print("closed until 15 min", later, "open", always, "single lane", single)
assert 1.7 * single[0] < later[0] and abs(later[0] - always[0]) < 0.1 * always[0], "a closed lane passes cars"
assert abs(later[1] - later[0]) < 0.1 * later[0], "opening it adds nothing"
PY
