#!/bin/sh
# osmium (pyosmium) 4.3.1: what an editor adds to a map is read without its place, and what it deletes is still there.
#
# A file as JOSM saves it: a road between two nodes with negative ids (not yet uploaded), and one with action="delete".
# Good guesses: node locations are found for every node of the file, or an error says that they aren't; a deleted road
# is told as deleted. Seen: with_locations() leaves the new road's nodes without a location, in silence, while it finds
# those of a road with positive ids; and the deleted road says deleted=False, visible=True, because only
# visible="false" is read. Of two <bounds>, which JOSM writes after two downloads, the header gives the first.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet osmium==4.3.1
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import osmium

def node(number):
    return f'<node id="{number}" version="1" lat="47.{abs(number)}" lon="9.5"/>'

def way(number, ends, more=""):
    refs = "".join(f'<nd ref="{end}"/>' for end in ends)
    return f'<way id="{number}" version="1" {more}>{refs}<tag k="highway" v="residential"/></way>'

open("josm.osm", "w").write(
    '<osm version="0.6"><bounds minlat="47" minlon="9" maxlat="48" maxlon="10"/>'
    '<bounds minlat="48" minlon="9" maxlat="49" maxlon="10"/>'
    + "".join(map(node, (-2, -1, 1, 2)))
    + way(-10, (-1, -2)) + way(10, (1, 2)) + way(11, (1, 2), 'action="delete"') + way(12, (1, 2), 'visible="false"')
    + "</osm>")
seen = {}
for item in osmium.FileProcessor("josm.osm").with_locations():
    if item.is_way():
        seen[item.id] = ([end.location.valid() for end in item.nodes], item.deleted, item.visible)
box = osmium.io.Reader("josm.osm").header().box()
print(seen, box)
assert seen[-10][0] == [False, False] and seen[10][0] == [True, True]
assert seen[11][1:] == (False, True) and seen[12][1:] == (True, False)
assert (box.bottom_left.lat, box.top_right.lat) == (47.0, 48.0)
PY
