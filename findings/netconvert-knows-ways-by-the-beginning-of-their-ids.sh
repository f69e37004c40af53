#!/bin/sh
# eclipse-sumo (netconvert) 1.28.0: a turn ban is lost where another way's id begins like that of a way it names.
#
# Four ways meet at a node, and a restriction bans the left turn from way 12 to way 7. A good guess: ways are told apart by
# their ids, so what the other two are called changes nothing. Seen: a way is looked for by the beginning of its id. With
# way 12345 or way 77 at the same node the reference is "ambiguous" and the ban is left out with a warning, though ways 12
# and 7 are there. Seldom with ids of OpenStreetMap, which are of nearly the same length; usual in a file whose ids were
# counted anew from 1, as editors and extracts do.
#
# Seen, whether one may turn left from 12 to 7: beside ways 98 and 55 no; beside 12345 and 55 yes; beside 98 and 77 yes.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet eclipse-sumo==1.28.0 sumolib==1.28.0
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import os, subprocess, sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
import sumolib
import xml.etree.ElementTree as ET
PLACES = {1: (47.000, 9.500), 2: (47.000, 9.502), 3: (47.000, 9.504), 4: (47.001, 9.502), 5: (46.999, 9.502)}
BAN = ('<relation id="1" version="1"><member type="way" ref="12" role="from"/><member type="node" ref="2" role="via"/>'
       '<member type="way" ref="7" role="to"/><tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/></relation>')


def may_turn_left(ahead, right):
    """Return whether the net leads from way 12 to way 7, where two ways with these ids meet them."""
    ways = {12: (1, 2), 7: (2, 4), ahead: (2, 3), right: (2, 5)}
    xml = "".join(f'<node id="{node}" version="1" lat="{lat}" lon="{lon}"/>' for node, (lat, lon) in PLACES.items())
    for way, (start, end) in sorted(ways.items()):
        xml += (f'<way id="{way}" version="1"><nd ref="{start}"/><nd ref="{end}"/>'
                '<tag k="highway" v="residential"/></way>')
    open("a.osm", "w").write(f'<osm version="0.6">{xml}{BAN}</osm>')
    done = subprocess.run([sumolib.checkBinary("netconvert"), "--osm-files", "a.osm", "-o", "a.net.xml",
                           "--plain-output-prefix", "a"], check=True, capture_output=True, text=True)
    turns = {(link.get("from"), link.get("to")) for link in ET.parse("a.con.xml").getroot().iter("connection")}
    assert ("12", str(ahead)) in turns
    return ("12", "7") in turns, "Ambiguous way reference" in done.stderr


found = [may_turn_left(*others) for others in ((98, 55), (12345, 55), (98, 77))]
print("may turn left, warned: beside 98 and 55, beside 12345 and 55, beside 98 and 77", found)
assert found == [(False, False), (True, True), (True, True)]
PY
