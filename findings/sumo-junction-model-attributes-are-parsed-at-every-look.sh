#!/bin/sh
# eclipse-sumo 1.28.0: a vehicle type's jm… attributes stay text, which is turned into a number again whenever a driver
# looks at a junction; car-following and lane-changing attributes are read once.
#
# A grid of 25 junctions, 800 cars, run with a number and with the same number in 20,000 digits: the trips are equal to
# the byte. A good guess: both take as long, but for some milliseconds when the file is read. So it is for sigma and
# lcSpeedGain. With jmIgnoreFoeProb and jmStoplineGap the run takes several times as long. (A run of ours, of 3,000 cars
# with jmIgnoreFoeProb and jmIgnoreFoeSpeed, turned text into numbers 24 million times; a profiler found a sixth of all
# its time there. jmStoplineGap has its default here: spelling a default out is paid for as well.)
#
# Seen, CPU seconds with the short and the long spelling: sigma 0.83 0.87, lcSpeedGain 0.85 0.89, jmIgnoreFoeProb 0.78
# 15.19, jmStoplineGap 0.87 15.88.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, resource, subprocess, sumo, sumolib, xml.etree.ElementTree as ET
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
BINARY = os.path.join(sumo.SUMO_HOME, "bin", "sumo")

def call(*command):
    subprocess.run(command, check=True, capture_output=True)


call(sumolib.checkBinary("netgenerate"), "--grid", "--grid.number", "5", "--grid.length", "150", "-o", "g.net.xml")
ways = [(f"A{i}B{i}", f"D{4 - i}E{4 - i}") for i in range(5)]
ways += [(f"{a}0{a}1", f"{b}3{b}4") for a, b in zip("ABCDE", "EDCBA")]
FLOWS = "".join(f'<flow id="f{n}" type="t" from="{a}" to="{b}" begin="0" end="600" vehsPerHour="600"/>'
                for n, (a, b) in enumerate(ways))

def run(name, value):
    with open("g.rou.xml", "w") as file:
        file.write(f'<routes><vType id="t" {name}="{value}"/>{FLOWS}</routes>')
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    call(BINARY, "-n", "g.net.xml", "-r", "g.rou.xml", "--end", "1200", "--time-to-teleport", "-1",
         "--tripinfo-output", "t.xml", "--no-step-log", "true", "--no-warnings", "true")
    used_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return used_s, [sorted(trip.attrib.items()) for trip in ET.parse("t.xml").getroot()]

def longer(name, value):
    (short_s, trips), (long_s, same) = run(name, value), run(name, value + 20_000 * "0")
    print(f"{name}: {short_s:.2f} s, in 20,000 digits {long_s:.2f} s")
    assert trips and trips == same
    return long_s / short_s

assert longer("sigma", "0.5") < 2 and longer("lcSpeedGain", "1.0") < 2
assert longer("jmIgnoreFoeProb", "0.1") > 4 and longer("jmStoplineGap", "1.0") > 4
PY
