#!/bin/sh
# osmium (pyosmium) 4.3.1: a file that Overpass writes with `out geom` can't be read as soon as it has one relation.
#
# With `out geom` the places stand inside the elements: `<nd ref lat lon>` in ways, and `<nd lat lon>` inside the members
# of relations. Good guess: osmium reads it, since it is the XML of the public Overpass servers, or leaves out what it
# doesn't know, as it does with `<bounds>` inside a way. Seen: ways with places are read; one relation whose member has
# its geometry ends the reading with "No element inside <member> allowed", and nothing after it is read. Whoever takes
# such files has to strip the members' content first.
#
# Seen: ways read; a relation without geometry read; a relation with it: RuntimeError, no line or id in its words.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet osmium==4.3.1
cd "$folder" && "$folder/venv/bin/python" - <<'PY'
import osmium

WAY = ('<way id="5" version="1"><bounds minlat="47.0" minlon="9.1" maxlat="47.0" maxlon="9.2"/>'
       '<nd ref="1" lat="47.0" lon="9.1"/><nd ref="2" lat="47.0" lon="9.2"/><tag k="highway" v="residential"/></way>')
RELATION = ('<relation id="6" version="1"><member type="way" ref="5" role="outer">{}</member>'
            '<tag k="type" v="multipolygon"/></relation>')
GEOMETRY = '<nd lat="47.0" lon="9.1"/><nd lat="47.0" lon="9.2"/>'


def read(content):
    """Return what osmium reads, or what it says."""
    open("x.osm", "w").write(f'<osm version="0.6" generator="Overpass API">{content}</osm>')
    try:
        return [item.id for item in osmium.FileProcessor("x.osm")]
    except RuntimeError as error:
        return str(error)


seen = read(WAY), read(WAY + RELATION.format("")), read(WAY + RELATION.format(GEOMETRY))
print(*seen, sep="\n")
assert seen[0] == [5], "a way with the places of its nodes is read"
assert seen[1] == [5, 6], "and a relation without geometry"
assert seen[2] == "No element inside <member> allowed", "but none with it"
PY
