#!/bin/sh
# osmium (pyosmium) 4.3.1: where tags stand between nodes or members, everything after the first change is lost in silence.
#
# The OSM XML format asks for no order of the elements in a way or relation. A good guess: any order is read, or refused.
# Seen: all nodes (members) then all tags is read whole, and so is all tags first; but of nd, tag, nd, nd, tag only the
# first nd and the first tag are there, and of tag, nd, nd, nd, tag the last tag is missing. No error and no warning: a
# road ends at its first node, a turn restriction has one member. Python's own XML reader sees them all.
#
# Seen, as (nodes or members, tags) of 3 and 2: in order (3, 2); tags first (3, 2); between (1, 1); around (3, 1).
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet osmium==4.3.1
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import xml.etree.ElementTree as ET

import osmium

TAGS = ['<tag k="type" v="route"/>', '<tag k="name" v="Ring"/>']
PARTS = {"way": [f'<nd ref="{n}"/>' for n in (1, 2, 3)],
         "relation": [f'<member type="way" ref="{n}" role=""/>' for n in (1, 2, 3)]}

def read(kind, content):
    """Return how many nodes or members, and how many tags, osmium finds; and that the file has three and two."""
    open("x.osm", "w").write(f'<osm version="0.6"><{kind} id="1" version="1">{"".join(content)}</{kind}></osm>')
    there = [child.tag for child in ET.parse("x.osm").getroot()[0]]
    assert (len(there) - there.count("tag"), there.count("tag")) == (3, 2)
    for item in osmium.FileProcessor("x.osm"):
        return len(item.nodes if kind == "way" else list(item.members)), len(item.tags)

for kind, (one, *rest) in PARTS.items():
    seen = {
        "in order": read(kind, [one, *rest, *TAGS]),
        "tags first": read(kind, [*TAGS, one, *rest]),
        "between": read(kind, [one, TAGS[0], *rest, TAGS[1]]),
        "around": read(kind, [TAGS[0], one, *rest, TAGS[1]]),
    }
    print(kind, seen)
    assert seen == {"in order": (3, 2), "tags first": (3, 2), "between": (1, 1), "around": (3, 1)}
PY
