#!/bin/sh
# eclipse-sumo (netconvert) 1.28.0: joining junctions undoes a turn ban that starts on the piece of road between them.
#
# Two one-way carriageways 20 m apart, crossed by a street; no left turn from the piece between them onto the far one, as
# nearly every dual carriageway has it. A good guess: --junctions.join keeps what may not be driven, and tells what it
# can't keep. Seen: without joining, the ban holds. With joining, the piece is swallowed by the joined junction, and the
# street's own connection onto the far carriageway stands there with the ban and without it alike. No warning names it.
#
# Seen, edges that lead onto the far carriageway (14): unjoined with the ban -16, 13; joined, with it and without, -16, 13, 17.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumo, sumolib, xml.etree.ElementTree as ET
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
NODES = {1001: (-200, 0), 1002: (0, 0), 1003: (200, 0), 1004: (200, 20), 1005: (0, 20), 1006: (-200, 20),
         1007: (0, -150), 1008: (0, 170)}  # metres
WAYS = {11: (1001, 1002), 12: (1002, 1003), 13: (1004, 1005), 14: (1005, 1006),  # the carriageways
        17: (1007, 1002), 15: (1002, 1005), 16: (1005, 1008)}  # the street
BAN = ('<relation id="1" version="1"><member type="way" ref="15" role="from"/><member type="node" ref="1005" role="via"/>'
       '<member type="way" ref="14" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/>'
       "</relation>")

def onto_14(ban, join):
    """Return which edges lead onto the far carriageway, and what netconvert warned of."""
    xml = "".join(f'<node id="{n}" version="1" lat="{47 + y / 111200:.7f}" lon="{9 + x / 75800:.7f}"/>'
                  for n, (x, y) in NODES.items())
    for way, ends in WAYS.items():
        oneway = '<tag k="oneway" v="yes"/>' if way < 15 else ""
        xml += (f'<way id="{way}" version="1">' + "".join(f'<nd ref="{end}"/>' for end in ends)
                + f'<tag k="highway" v="secondary"/>{oneway}</way>')
    open("x.osm", "w").write(f'<osm version="0.6">{xml}{ban}</osm>')
    done = subprocess.run([sumolib.checkBinary("netconvert"), "--osm-files", "x.osm", "-o", "x.net.xml",
                           "--no-turnarounds", "true", "--junctions.join", join], check=True, capture_output=True, text=True)
    net = ET.parse("x.net.xml").getroot()
    return sorted({c.get("from") for c in net.iter("connection") if c.get("to") == "14" and c.get("from")[0] != ":"}), done.stderr

apart, _ = onto_14(BAN, "false")
joined, said = onto_14(BAN, "true")
free, _ = onto_14("", "true")
print("apart, banned:", apart, " joined, banned:", joined, " joined, allowed:", free)
assert "15" not in apart and "17" not in apart, "the ban holds as long as nothing is joined"
assert "17" in joined and joined == free, "the ban has gone"
assert "restriction" not in said.lower() and "15" not in said, said
PY
